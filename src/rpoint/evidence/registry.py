"""The claims of the five founding documents, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rpoint.catalog._yaml import parse
from rpoint.errors import RpointError, unknown_name

NEEDS = ("cell", "tumour", "facts", "endpoints", "trial", "none")
ORIGINS = ("published", "computed", "design")
HELD = (
    "reproduced",
    "reproduced with correction",
    "reproduced under a stated assumption",
    "predicted",
    "corrected",
)


@dataclass(frozen=True)
class Claim:
    """One checkable statement of a founding document, in our own words.

    Attributes
    ----------
    id, study, title, kind
        Such as "A4", "vilgelm"; the kind is mechanism, preclinical, clinical number ...
    text
        What the document says.
    correction
        Where the document departs from its source; empty if it does not.
    show, acceptance, origin
        What has to be shown, when it counts, and who drew the line.
    sources
        Citations.
    needs, waits
        What the experiment runs on; what a claim that is not built yet waits for.
    held
        The verdict if acceptance and falsifier hold.
    calibrated
        The acceptance is among the demands on the ensemble: it shows that they can be met
        together, not that they were predicted.
    """

    id: str
    study: str
    title: str
    kind: str
    text: str
    show: str
    acceptance: str
    origin: str
    sources: tuple[str, ...]
    needs: str
    held: str
    correction: str = ""
    waits: str = ""
    calibrated: bool = False

    def __str__(self) -> str:
        return f"{self.id} {self.title}"


@dataclass(frozen=True)
class Study:
    """A founding document."""

    id: str
    name: str
    document: str


@cache
def data() -> dict[str, Any]:
    """The content of claims.yaml."""
    return parse((files("rpoint.evidence") / "claims.yaml").read_text(encoding="utf-8"))


@cache
def studies() -> dict[str, Study]:
    """The founding documents by id."""
    return {key: Study(key, **entry) for key, entry in data()["studies"].items()}


@cache
def claims() -> dict[str, Claim]:
    """Every claim by id, in the order of the documents."""
    return {key: _claim(key, entry) for key, entry in data()["claims"].items()}


def _claim(key: str, entry: dict[str, Any]) -> Claim:
    for field, allowed in (("needs", NEEDS), ("origin", ORIGINS), ("held", HELD)):
        if entry[field] not in allowed:
            raise unknown_name(f"value of '{field}'", entry[field], allowed, where=f"claim {key}")
    if entry["study"] not in studies():
        raise unknown_name("study", entry["study"], studies(), where=f"claim {key}")
    return Claim(id=key, **{**entry, "sources": tuple(entry["sources"])})


def find_study(name: str) -> Study:
    """A study by id, name or first letter of its claims.

    >>> find_study("Vilgelm 2019").id, find_study("e").id
    ('vilgelm', 'alves')
    """
    wanted = name.strip().casefold()
    for number, study in enumerate(studies().values()):
        if wanted in (study.id, study.name.casefold(), "abcde"[number]):
            return study
    raise unknown_name("study", name, [*studies(), *(s.name for s in studies().values())])


def find_claims(ids: str | Iterable[str]) -> list[Claim]:
    """Claims by id, letter case ignored; several may be joined with commas.

    Raises
    ------
    RpointError
        For an id that does not exist, or none at all.

    >>> [claim.id for claim in find_claims("a4, E3A")]
    ['A4', 'E3a']
    """
    wanted = ids.split(",") if isinstance(ids, str) else list(ids)
    names = [name.strip() for name in wanted if name.strip()]
    if not names:
        raise RpointError("no claim is named", allowed=", ".join(claims()), mend="name one, as A4")
    by_fold = {key.casefold(): claim for key, claim in claims().items()}
    for name in names:
        if name.casefold() not in by_fold:
            raise unknown_name("claim", name, claims())
    return list(dict.fromkeys(by_fold[name.casefold()] for name in names))


def select(study: str | None = None, claim: str | Iterable[str] | None = None) -> list[Claim]:
    """Claims of a study, some claims, or all."""
    chosen: Iterator[Claim] | list[Claim]
    chosen = list(claims().values()) if claim is None else find_claims(claim)
    if study is None:
        return chosen
    wanted = find_study(study).id
    kept = [one for one in chosen if one.study == wanted]
    if not kept:
        raise RpointError("none of these claims belongs to the study", found=claim, where=study)
    return kept
