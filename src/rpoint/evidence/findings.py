"""What an experiment found: quantities, criteria as data, and the verdict that follows.

A *criterion* names a quantity, an operator and a threshold, and where the threshold comes from.
A *check* is a criterion applied to the quantity's values over the ensemble.  A *finding* joins the
acceptance, the falsifier (what must vanish, checked in the same way) and what is only reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rpoint.errors import unknown_name
from rpoint.evidence._weighted import quantiles, share
from rpoint.evidence.registry import ORIGINS, Claim, studies
from rpoint.plots import Figure

# A claim counts as reproduced when acceptance and falsifier hold together in this share of the
# ensemble (weight).  Fixed on 2026-11-21, before the first run.
REQUIRED_SHARE = 0.8

OPERATORS: dict[str, Callable[[np.ndarray, Any], np.ndarray]] = {
    ">=": lambda x, at: x >= at,
    "<=": lambda x, at: x <= at,
    ">": lambda x, at: x > at,
    "<": lambda x, at: x < at,
    "within": lambda x, at: (x >= at[0]) & (x <= at[1]),
}


@dataclass(frozen=True)
class Criterion:
    """A threshold as data."""

    operator: str
    threshold: float | tuple[float, float]
    origin: str = "design"

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise unknown_name("operator", self.operator, OPERATORS)
        if self.origin not in ORIGINS:
            raise unknown_name("origin of a threshold", self.origin, ORIGINS)

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Whether each value meets the criterion; NaN never does."""
        return OPERATORS[self.operator](np.asarray(values, float), self.threshold)

    def __str__(self) -> str:
        if isinstance(self.threshold, tuple):
            return f"{self.threshold[0]:g} to {self.threshold[1]:g}"
        return f"{_SYMBOL[self.operator]} {self.threshold:g}"


_SYMBOL = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "within": "within"}


@dataclass(frozen=True)
class Check:
    """A quantity over the ensemble and, if it is judged, its criterion.

    Parameters
    ----------
    quantity
        In words, with the two things compared.
    values
        Shape (sets,), or a scalar for facts that no parameter changes.
    criterion
        None if the quantity is only reported.
    unit
        Empty for ratios.
    replicates
        Of a number of replicated trials: the number in each, shape (replicates,), for the range
        that is shown.  `values` is then one number of all of them, and that is judged.
    """

    quantity: str
    values: np.ndarray
    criterion: Criterion | None = None
    unit: str = ""
    replicates: np.ndarray | None = None

    def holds(self, sets: int) -> np.ndarray:
        """Booleans, shape (sets,)."""
        values = np.broadcast_to(np.asarray(self.values, float), (sets,))
        return np.ones(sets, bool) if self.criterion is None else self.criterion.holds(values)

    def record(self, weights: np.ndarray) -> dict[str, Any]:
        """The check as plain data: median, 5-95 % range, criterion, share."""
        values = np.broadcast_to(np.asarray(self.values, float), weights.shape)
        low, median, high = quantiles(values, weights)
        row: dict[str, Any] = {"quantity": self.quantity, "unit": self.unit}
        if self.replicates is not None:
            low, _, high = quantiles(self.replicates, np.ones(len(self.replicates)))
            row["replicates"] = len(self.replicates)
        row |= {"median": _plain(median), "lo": _plain(low), "hi": _plain(high)}
        if self.criterion is None:
            return row
        at = self.criterion.threshold
        return row | {
            "operator": self.criterion.operator,
            "threshold": list(at) if isinstance(at, tuple) else at,
            "origin": self.criterion.origin,
            "share": share(self.holds(len(weights)), weights),
        }


def _plain(value: float) -> float | str | None:
    """JSON has no infinity and no NaN."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(value)


@dataclass(frozen=True)
class Finding:
    """The outcome of one experiment.

    Parameters
    ----------
    ran
        What was run, in a sentence.
    acceptance
        All must hold.
    falsifier
        What must vanish when its cause is taken away, and does: all must hold.
    literal
        The document's own statement as a criterion, where a correction says that it is wrong.
        Required to be false if `literal_must_fail`, else its share is only reported.
    beside
        Quantities that are reported, not judged.
    figures, notes, assumptions
        For the report.
    waiting
        Not judged: the named part is missing.  What could be computed is still reported.
    """

    ran: str
    acceptance: Sequence[Check] = ()
    falsifier: Sequence[Check] = ()
    literal: Check | None = None
    literal_must_fail: bool = False
    beside: Sequence[Check] = ()
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()
    assumptions: Sequence[str] = ()
    waiting: str = ""
    tables: Sequence[tuple[str, Any]] = field(default=())

    def holds(self, sets: int) -> np.ndarray:
        """Whether acceptance, falsifier and correction hold, shape (sets,)."""
        judged = [check.holds(sets) for check in (*self.acceptance, *self.falsifier)]
        if self.literal is not None and self.literal_must_fail:
            judged.append(~self.literal.holds(sets))
        return np.logical_and.reduce(judged) if judged else np.zeros(sets, bool)


@dataclass(frozen=True)
class Verdict:
    """A claim, what was found and what follows."""

    claim: Claim
    verdict: str
    finding: Finding | None
    weights: np.ndarray
    seconds: float = 0.0

    @property
    def replicated(self) -> bool:
        """Whether numbers of replicated trials were judged, not parameter sets one by one."""
        judged = (*self.finding.acceptance, *self.finding.falsifier) if self.finding else ()
        return any(check.replicates is not None for check in judged)

    @property
    def share(self) -> float | None:
        """Share of the ensemble in which the whole claim holds; None if nothing was judged."""
        if self.finding is None or not (self.finding.acceptance or self.finding.falsifier):
            return None
        return share(self.finding.holds(len(self.weights)), self.weights)

    def record(self) -> dict[str, Any]:
        """The verdict as plain data, the fixed keys first."""
        found = self.finding
        rows = lambda checks: [check.record(self.weights) for check in checks]  # noqa: E731
        literal = found.literal if found else None
        return {
            "id": self.claim.id,
            "study": studies()[self.claim.study].name,
            "verdict": self.verdict,
            "observed": rows((*found.acceptance, *found.beside)) if found else [],
            "acceptance": {
                "text": self.claim.acceptance,
                "origin": self.claim.origin,
                "required_share": REQUIRED_SHARE,
                "criteria": rows(found.acceptance) if found else [],
            },
            "falsifier": rows(found.falsifier) if found else [],
            "seconds": round(self.seconds, 3),
            "share": self.share,
            "title": self.claim.title,
            "kind": self.claim.kind,
            "statement": self.claim.text,
            "correction": self.claim.correction,
            "literal": None if literal is None else literal.record(self.weights),
            "used_in_calibration": self.claim.calibrated,
            "ran": found.ran if found else "",
            "assumptions": list(found.assumptions) if found else [],
            "notes": list(found.notes) if found else [],
            "waits_for": (found.waiting if found else "") or self.claim.waits,
            "sources": list(self.claim.sources),
        }

    def __repr__(self) -> str:
        held = "" if self.share is None else f", holds in {self.share:.0%}"
        return f"Verdict({self.claim.id}: {self.verdict}{held})"


def judge(claim: Claim, finding: Finding | None, weights: np.ndarray, seconds: float) -> Verdict:
    """The verdict that follows from a finding.

    Returns
    -------
    Verdict
        "waiting" without a finding or where a part is missing, "corrected" where there is nothing
        to compute, the claim's own verdict if everything holds in the required share, "not
        testable" if the finding judges nothing, else "missed".
    """
    return Verdict(claim, _word(claim, finding, weights), finding, weights, seconds)


def _word(claim: Claim, finding: Finding | None, weights: np.ndarray) -> str:
    if claim.needs == "none":
        return "corrected"
    if finding is None or finding.waiting:
        return "waiting"
    if not finding.acceptance:
        return "not testable"
    held = share(finding.holds(len(weights)), weights)
    return claim.held if held >= REQUIRED_SHARE else "missed"
