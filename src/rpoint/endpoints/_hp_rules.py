"""Rules of hyperprogression as data: comparisons of indices, joined with all, any, at least k.

A rule is judged in three values: 1 yes, 0 no, NaN unknown.  *All* is "no" as soon as one part is
false, *any* "yes" as soon as one is true, *at least k* is decided as soon as the known parts decide
it (Kleene's strong logic).  Comparisons allow 1e-9: 98/70 - 1 is below 0.40 in floating point.

A value known only as a lower limit (the time on a treatment that still runs) decides a comparison
where every larger value would decide it in the same way, and leaves it unknown elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Union

import numpy as np

from rpoint.errors import unknown_name

TOLERANCE = 1e-9

_COMPARE = {
    ">=": lambda x, at: x >= at - TOLERANCE,
    ">": lambda x, at: x > at + TOLERANCE,
    "<=": lambda x, at: x <= at + TOLERANCE,
    "<": lambda x, at: x < at - TOLERANCE,
    "is": lambda x, at: x == at,
}
# Suffix of the name under which `judge` finds the marks of values that are lower limits.
AT_LEAST = ":at_least"
_SIGN = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}


@dataclass(frozen=True)
class Is:
    """One comparison of an index with a threshold.

    Parameters
    ----------
    index
        Name of an index (see `rpoint.endpoints.hyperprogression`).
    operator
        ">=", ">", "<=", "<" or "is" (for yes/no facts: 1 or 0).
    threshold
        In the unit of the index.
    """

    index: str
    operator: str
    threshold: float

    def __post_init__(self) -> None:
        if self.operator not in _COMPARE:
            raise unknown_name("operator", self.operator, _COMPARE)

    def text(self) -> str:
        """In words, as "burden_change_pct > 50"."""
        if self.operator == "is":
            return self.index if self.threshold else f"not {self.index}"
        return f"{self.index} {_SIGN[self.operator]} {self.threshold:g}"


@dataclass(frozen=True)
class All:
    """Every part must hold."""

    parts: tuple[Rule, ...]

    def __init__(self, *parts: Rule) -> None:
        object.__setattr__(self, "parts", parts)

    def text(self) -> str:
        """The parts joined with "and"."""
        return " and ".join(_bracket(part) for part in self.parts)


@dataclass(frozen=True)
class AtLeast:
    """At least `k` of the parts must hold; `AtLeast(1, ...)` is "or"."""

    k: int
    parts: tuple[Rule, ...]

    def __init__(self, k: int, *parts: Rule) -> None:
        object.__setattr__(self, "k", k)
        object.__setattr__(self, "parts", parts)

    def text(self) -> str:
        """The parts joined with "or", or counted."""
        if self.k == 1:
            return " or ".join(_bracket(part) for part in self.parts)
        shown = "; ".join(part.text() for part in self.parts)
        return f"at least {self.k} of {len(self.parts)}: {shown}"


Rule = Union[Is, All, AtLeast]  # noqa: UP007  (a name used before its parts are defined)


def _bracket(part: Rule) -> str:
    return part.text() if isinstance(part, Is) else f"({part.text()})"


def leaves(rule: Rule) -> Iterator[Is]:
    """Every comparison of a rule, in order."""
    if isinstance(rule, Is):
        yield rule
        return
    for part in rule.parts:
        yield from leaves(part)


def optimistic(rule: Rule) -> Rule:
    """The rule with every comparison replaced by "is 1": can it hold where facts are known?"""
    if isinstance(rule, Is):
        return Is(rule.index, "is", 1)
    parts = [optimistic(part) for part in rule.parts]
    return All(*parts) if isinstance(rule, All) else AtLeast(rule.k, *parts)


def judge(rule: Rule, indices: Mapping[str, np.ndarray]) -> np.ndarray:
    """1 yes, 0 no, NaN unknown, for every patient.

    Parameters
    ----------
    indices
        Name -> values, shape (patients,), NaN where unknown.  Under the name with `AT_LEAST`
        added: whether a value is only a lower limit.

    Raises
    ------
    RpointError
        If the rule names an index that is not there.
    """
    if isinstance(rule, Is):
        if rule.index not in indices:
            raise unknown_name("index", rule.index, indices, where=f"rule '{rule.text()}'")
        value = np.asarray(indices[rule.index], float)
        with np.errstate(invalid="ignore"):
            held = _COMPARE[rule.operator](value, rule.threshold)
        known = ~np.isnan(value)
        if (limit := indices.get(rule.index + AT_LEAST)) is not None:
            settled = held if rule.operator in (">=", ">") else ~held
            known &= ~np.asarray(limit, bool) | (settled & (rule.operator != "is"))
        return np.where(known, held.astype(float), np.nan)
    parts = np.stack([judge(part, indices) for part in rule.parts])
    needed = len(parts) if isinstance(rule, All) else rule.k
    true, possible = (parts == 1).sum(0), (parts != 0).sum(0)
    return np.where(true >= needed, 1.0, np.where(possible < needed, 0.0, np.nan))
