"""What a trial may require of a genotype, as text: `TP53:wt`, `MDM2:cn>=12`, `RB1:mut|loss`.

    expression  =  choice { "|" choice }              any one of the choices suffices
    choice      =  [ GENE ":" ] STATE  |  GENE  |  "type:" TUMOUR
    STATE       =  wt | altered | mut | loss | amp | ... | cn OP NUMBER
    OP          =  ">=" | ">" | "<=" | "<"

A gene without a state takes the state of the next choice that has one (`AKT1|PIK3CA|PTEN:altered`);
a state without a gene takes the gene of the choice before it (`RB1:mut|loss`).  Letter case and
blanks do not matter; a gene may have any of its names (`HDM2:amp`).

=============  ============================================================================
state          holds where
=============  ============================================================================
``wt``         no mutation and no loss of the gene; for a gene that is only ever amplified
               (MDM2, CDK4), no amplification
``altered``    any alteration of the gene that the catalogue knows
``mut`` ...    that alteration
``cn>=12``     the assay's number of copies; 2 where the gene is not amplified
=============  ============================================================================

Not supported: "and" within one expression (give several: all of them must hold), variant names.

>>> str(parse_expression(" akt1 | PIK3CA | pten : altered "))
'AKT1:altered|PIK3CA:altered|PTEN:altered'
>>> parse_expression("MDM2:cn>=12").terms[0].number
12.0
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from rpoint import catalog
from rpoint.errors import RpointError, nearest_name, shorten, unknown_name
from rpoint.panel import genes
from rpoint.panel.states import MAX_COPIES

DAMAGE = ("mut", "loss", "null", "ko")  # states that contradict `wt`
VIRTUAL = ("wt", "altered")  # states that stand for others
TYPE = "type"  # the word before a tumour type
NEAR_NORMAL = 2.0  # copies of a gene that is not amplified
LONGEST = 400  # characters of one expression
OPERATORS: Mapping[str, Callable] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_COPIES = re.compile(r"cn(>=|<=|>|<|==|=)(\d{1,6}(?:\.\d{1,6})?)")


@dataclass(frozen=True)
class Term:
    """One choice of an expression.

    Attributes
    ----------
    gene
        HGNC symbol, or "type" where `state` is a tumour type.
    state
        "wt", "altered", a state of the catalogue, "cn", or the id of a tumour type.
    op, number
        Comparison and number of copies, for "cn".
    """

    gene: str
    state: str
    op: str = ""
    number: float = float("nan")

    def __str__(self) -> str:
        return f"{self.gene}:{self.state}" + (f"{self.op}{self.number:g}" if self.op else "")


@dataclass(frozen=True)
class Expression:
    """A condition on a tumour: one of `terms` must hold."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return "|".join(map(str, self.terms))

    @property
    def genes(self) -> tuple[str, ...]:
        """The genes that it names, each once."""
        return tuple(dict.fromkeys(t.gene for t in self.terms if t.gene != TYPE))

    @property
    def needs_copies(self) -> bool:
        """Whether it depends on a number of copies, and so on the assay that counts them."""
        return any(t.op for t in self.terms)

    def holds(
        self,
        has: Callable[[str, str], np.ndarray],
        copies: Callable[[str], np.ndarray],
        kind: Callable[[str], np.ndarray],
    ) -> np.ndarray:
        """Whether each tumour fulfils it.

        Parameters
        ----------
        has
            (gene, state of the catalogue) -> (n,) whether the tumour has that alteration.
        copies
            gene -> (n,) number of copies, as the assay in question reads it.
        kind
            id of a tumour type -> (n,) whether the tumour is of it.

        Returns
        -------
        numpy.ndarray
            (n,) bool.
        """
        found = [_term_holds(term, has, copies, kind) for term in self.terms]
        return np.logical_or.reduce(found)


def _term_holds(term: Term, has, copies, kind) -> np.ndarray:
    if term.gene == TYPE:
        return kind(term.state)
    if term.op:
        return OPERATORS[term.op](copies(term.gene), term.number)
    if term.state not in VIRTUAL:
        return has(term.gene, term.state)
    excluded = alterations_of(term.gene) if term.state == "altered" else damage(term.gene)
    any_of = np.logical_or.reduce([has(term.gene, state) for state in excluded])
    return any_of if term.state == "altered" else ~any_of


@cache
def states() -> dict[str, tuple[str, ...]]:
    """Gene -> the states of its alterations in the catalogue, `wt` and `cn` left out."""
    found: dict[str, list[str]] = {}
    for entry in catalog.alterations():
        found.setdefault(entry.gene, [])
        if entry.state not in ("wt", "cn"):
            found[entry.gene].append(entry.state)
    return {gene: tuple(kinds) for gene, kinds in sorted(found.items())}


def alterations_of(gene: str) -> tuple[str, ...]:
    """The states that `altered` stands for."""
    return states()[gene]


def damage(gene: str) -> tuple[str, ...]:
    """The states whose absence is `wt`: mutation and loss, else whatever the gene can have."""
    every = states()[gene]
    return tuple(s for s in every if s in DAMAGE) or every


def allowed_states(gene: str) -> tuple[str, ...]:
    """Every state that an expression may name for a gene."""
    copies = ("cn>=N",) if "amp" in states()[gene] else ()
    return (*VIRTUAL, *states()[gene], *copies)


def parse_expression(text: object, *, where: str | None = None) -> Expression:
    """The expression that a text states.

    Parameters
    ----------
    text
        See the module.
    where
        File, line or key, for errors.

    Raises
    ------
    RpointError
        No expression, unknown gene, state or tumour type (with the nearest valid one), or a
        number of copies outside 0 to 200.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise RpointError(
            "no condition on a genotype",
            where=where,
            found=text,
            allowed="GENE:STATE, such as TP53:wt, MDM2:cn>=12, AKT1|PIK3CA|PTEN:altered",
        )
    pieces = [piece.strip() for piece in text.split("|")]
    if not all(pieces):
        raise RpointError("nothing stands beside a '|'", where=where, found=text)
    return Expression(tuple(dict.fromkeys(_terms(pieces, text, where))))


def parse_alteration(text: object, *, where: str | None = None) -> tuple[str, str]:
    """Gene and state of one alteration whose frequency can be set, such as `ESR1:mut`.

    Raises
    ------
    RpointError
        As `parse_expression`; also for `wt`, `altered`, `cn` and for several choices.
    """
    found = parse_expression(text, where=where)
    term = found.terms[0]
    if len(found.terms) > 1 or term.gene == TYPE or term.op or term.state in VIRTUAL:
        raise RpointError(
            "a frequency is that of one alteration",
            where=where,
            found=text,
            allowed="GENE:STATE with a state of the catalogue, such as ESR1:mut",
            mend="`rpoint list alterations` prints them",
        )
    return term.gene, term.state


def _terms(pieces: list[str], text: str, where: str | None) -> list[Term]:
    """The choices, each with its gene and state."""
    waiting: list[str] = []  # genes whose state is still to come
    found: list[Term] = []
    for piece in pieces:
        name, colon, state = (part.strip() for part in piece.partition(":"))
        if colon:
            found += [_term(g, state, text, where) for g in waiting]
            found.append(_term(name, state, text, where))
            waiting = []
        elif genes.gene(name) is None and found and not waiting:
            found.append(_term(found[-1].gene, name, text, where))
        else:
            waiting.append(name)
    if waiting:
        raise _without_state(waiting[-1], text, where)
    return found


def _without_state(name: str, text: str, where: str | None) -> RpointError:
    symbol = _symbol(name, text, where)
    return RpointError(
        f"{symbol} needs a state",
        where=where,
        found=text,
        allowed=", ".join(f"{symbol}:{s}" for s in allowed_states(symbol)),
    )


def _term(name: str, state: str, text: str, where: str | None) -> Term:
    if name.casefold() == TYPE:
        return Term(TYPE, _tumour_type(state, where))
    symbol = _symbol(name, text, where)
    key = re.sub(r"\s+", "", state).casefold().replace("≥", ">=").replace("≤", "<=")
    if key.startswith("cn"):
        return _copies_term(symbol, key, text, where)
    if key not in (*VIRTUAL, *states()[symbol]):
        found = [f"{symbol}:{s}" for s in allowed_states(symbol)]
        raise unknown_name("condition", f"{symbol}:{state}", found, where=where)
    return Term(symbol, key)


def _symbol(name: str, text: str, where: str | None) -> str:
    """The HGNC symbol of a gene that the catalogue has alterations of."""
    symbol = genes.gene(name)
    if symbol in states():
        return str(symbol)
    error = unknown_name("gene", name, states(), where=where)
    near = nearest_name(re.sub(r"[\s_\-]+", "", name), genes.gene_names())
    known = genes.gene(near) if near else None
    error.nearest = error.nearest or (known if known in states() else None)
    error.found = shorten(text)
    return _raise(error)


def _raise(error: RpointError) -> str:
    """Raise an error whose parts were changed, its text made again."""
    raise RpointError(error.what, **{k: getattr(error, k) for k in _PARTS})


_PARTS = ("where", "found", "allowed", "nearest", "mend")


def _copies_term(symbol: str, key: str, text: str, where: str | None) -> Term:
    if "amp" not in states()[symbol]:
        raise RpointError(
            f"copies of {symbol} are not counted",
            where=where,
            found=text,
            allowed=", ".join(f"{symbol}:{s}" for s in allowed_states(symbol)),
            nearest=f"{symbol}:altered",
        )
    match = _COPIES.fullmatch(key)
    if match is None or match.group(1) in ("=", "=="):
        number = match.group(2) if match else "12"
        raise RpointError(
            "a condition on copies compares with a number",
            where=where,
            found=text,
            allowed="cn>=N, cn>N, cn<=N, cn<N",
            nearest=f"{symbol}:cn>={number}",
        )
    number = float(match.group(2))
    if number > MAX_COPIES:
        raise RpointError(
            "number of copies out of range", where=where, found=text, allowed="0 to 200"
        )
    return Term(symbol, "cn", match.group(1), number)


def _tumour_type(name: str, where: str | None) -> str:
    from rpoint.cohort.types import cohort_type

    return cohort_type(name, where=where).id
