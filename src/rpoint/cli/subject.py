"""The options that name a tumour and its arms, shared by `simulate` and `rank`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.errors import RpointError, shorten

if TYPE_CHECKING:
    from rpoint.tumour.noun import Tumour

TumourName = Annotated[
    str, typer.Option("--tumour", metavar="T", help="Tumour type; `rpoint list tumours`.")
]
Alterations = Annotated[
    list[str] | None,
    typer.Option("--alteration", metavar="G:S", help="As RB1:loss, MDM2:cn=12; may be repeated."),
]
Clones = Annotated[
    list[str] | None,
    typer.Option("--clone", metavar="NAME=SHARE", help="As RB1-loss=0.001; may be repeated."),
]

#: Said beside every result over the ensemble, until the calibration mends it.
KNOWN_FAULT = (
    "known fault: the parameter sets stand round one optimum, so ranges are too narrow "
    "(documentation, calibration)"
)


def make_tumour(
    kind: str, alterations: Iterable[str] | None, clones: Iterable[str] | None
) -> Tumour:
    """The tumour that the options name.

    Raises
    ------
    RpointError
        Unknown type, gene, state or clone; two states of one gene; shares beyond 1.
    """
    from rpoint.tumour.noun import tumour

    named = list(alterations or ())
    refuse_contradiction(named)
    made = tumour(kind).with_alterations(*named)
    shares = {name: share(name, text) for name, text in pairs(clones or (), "--clone").items()}
    return made.with_clones(shares) if shares else made


def refuse_contradiction(alterations: Iterable[str]) -> None:
    """Refuse two states of one gene."""
    states: dict[str, str] = {}
    for text in alterations:
        gene, _, state = text.upper().partition(":")
        if states.setdefault(gene, state) != state:
            raise RpointError(
                f"two states of {shorten(gene)}",
                where="--alteration",
                found=", ".join(t for t in alterations if t.upper().partition(":")[0] == gene),
                mend="name one state of a gene; give clones with --clone",
            )


def pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping; a name may occur once."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not (equals and name and value):
            raise RpointError(
                f"{option} needs NAME=VALUE", found=text, mend=f'write {option} "name=value"'
            )
        if name in found:
            raise RpointError(f"{option} names {shorten(name)!r} twice", mend="use two names")
        found[name] = value
    return found


def share(name: str, text: str) -> float:
    """A share of the tumour: above 0, at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1.0:
        raise RpointError(
            f"the share of clone {shorten(name)!r} is no number above 0 and at most 1",
            where="--clone",
            found=text,
        )
    return value


def make_arms(texts: Iterable[str]) -> Mapping[str, Any]:
    """Regimens by arm; an error in one says in which arm."""
    from rpoint.pharmacology.regimen import parse

    arms = {}
    for name, text in pairs(texts, "--arm").items():
        try:
            arms[name] = parse(text)
        except RpointError as error:
            error.where = error.where or f"--arm {shorten(name, 40)!r}"
            raise
    return arms
