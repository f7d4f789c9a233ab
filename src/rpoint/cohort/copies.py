"""How many copies an amplified gene has, and how tests read them.

True copies c of an amplified gene follow P(copies > c) ~ c^-a from 5 to 200 copies; the exponents
a come from the copy numbers of 346 genotyped xenografts (`facts.yaml`).  MDM2's depends on CDK4,
which lies on the same amplicon, and rises by `mdm2_tp53_slope` where TP53 is mutated: so the log
odds of TP53 mutation fall linearly with ln(copies).  A test reads c exp(s z), z standard normal.  A
gene that is not amplified has 2 copies in every test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from rpoint.cohort.facts import fact, facts

POINTS = 2001  # of the grid of ln(copies)
LAW_OF = {"MDM2": ("TP53:mut", "CDK4:amp")}  # alterations that a gene's exponent depends on


def exponent(gene: str, other: Mapping[str, bool] | None = None) -> float:
    """The exponent a of a gene's copies.

    Parameters
    ----------
    other
        The alterations of `LAW_OF` that the tumour has.
    """
    other = other or {}
    if gene != "MDM2":
        name = f"copies_tail_{gene}"
        return fact(name if name in facts() else "copies_tail_other")
    law = "copies_tail_MDM2_with_CDK4" if other.get("CDK4:amp") else "copies_tail_MDM2"
    return fact(law) + (fact("mdm2_tp53_slope") if other.get("TP53:mut") else 0.0)


def at_least(copies: float, a: float) -> float:
    """P(true copies >= `copies`) of an amplified gene with exponent `a`.

    >>> round(at_least(10.0, 1.0), 4)
    0.4872
    """
    low, high = fact("copies_floor"), fact("copies_cap")
    c = min(max(copies, low), high)
    return float((c**-a - high**-a) / (low**-a - high**-a))


@dataclass(frozen=True)
class Assay:
    """The errors of the tests, SD of ln(copies read / true copies)."""

    local: float
    central: float

    @classmethod
    def shipped(cls, local: float | None = None, central: float | None = None) -> Assay:
        """Errors given, else those of `facts.yaml`."""
        return cls(
            fact("local_error_sd") if local is None else local,
            fact("central_error_sd") if central is None else central,
        )


@cache
def grid() -> np.ndarray:
    """(POINTS,) middles of equal steps of ln(copies) between floor and cap."""
    edges = np.linspace(np.log(fact("copies_floor")), np.log(fact("copies_cap")), POINTS + 1)
    return 0.5 * (edges[1:] + edges[:-1])


@cache
def law(a: float) -> np.ndarray:
    """(POINTS,) probability of each step of the grid."""
    weight = np.exp(-a * grid())
    return weight / weight.sum()


def read_between(low: float, high: float, sd: float) -> np.ndarray:
    """(POINTS,) P(low <= copies read < high) at each true number of copies; `low` may be 0."""
    with np.errstate(divide="ignore"):
        ends = np.log([low, high])
    if sd <= 0:
        return ((grid() >= ends[0]) & (grid() < ends[1])).astype(float)
    return ndtr((ends[1] - grid()) / sd) - ndtr((ends[0] - grid()) / sd)


def chance(low: float, high: float, a: float, sd: float) -> float:
    """P(low <= copies read < high) of an amplified gene with exponent `a`."""
    return float(law(a) @ read_between(low, high, sd))


def draw_true(u: np.ndarray, low: float, high: float, a: float, sd: float) -> np.ndarray:
    """True copies given that the local test reads low to high, by inverse distribution function."""
    edges = np.concatenate([[0.0], np.cumsum(law(a) * read_between(low, high, sd))])
    step = grid()[1] - grid()[0]
    places = np.concatenate([[grid()[0] - step / 2], grid() + step / 2])
    return np.exp(np.interp(u * edges[-1], edges, places))


def draw_read(
    u: np.ndarray, true: np.ndarray, sd: float, low: float = 0.0, high: float = np.inf
) -> np.ndarray:
    """Copies that a test reads, within low to high, given the true number."""
    if sd <= 0:
        return np.array(true, float)
    with np.errstate(divide="ignore"):
        ends = [(np.log(end) - np.log(true)) / sd for end in (low, high)]
    below, above = ndtr(ends[0]), ndtr(ends[1])
    share = np.clip(below + u * (above - below), 1e-12, 1 - 1e-12)
    return np.clip(true * np.exp(sd * ndtri(share)), low, high)


def unconfirmed(
    *,
    local_cut: float = 12.0,
    central_cut: float = 8.0,
    missing: float = 0.0,
    assay: Assay | None = None,
    a: float | None = None,
) -> float:
    """Share of tumours at `local_cut` copies or more that the central test does not confirm.

    Parameters
    ----------
    missing
        Share without a central test.
    assay
        Errors of the two tests.
    a
        Exponent of the copies; the larger, the more tumours lie just above the cut-off.

    >>> round(unconfirmed(missing=0.1, assay=Assay(0.0, 0.0)), 3)      # no error: the missing alone
    0.1
    """
    assay = assay or Assay.shipped()
    a = exponent("MDM2") if a is None else a
    entered = law(a) * read_between(local_cut, np.inf, assay.local)
    below = read_between(0.0, central_cut, assay.central)
    return float(missing + (1 - missing) * (entered @ below) / entered.sum())


def missing_for(share: float, **options) -> float:
    """Share without a central test at which `share` is unconfirmed; 0 if error alone exceeds it.

    >>> 0.1 < missing_for(9 / 40) < 0.2
    True
    """
    error = unconfirmed(**options)
    return max(0.0, (share - error) / (1 - error))
