"""Effect sizes and their sampling variances, as a meta-analysis takes them in.

Proportions: logit, arcsine, Freeman–Tukey; two groups: log risk ratio, log odds ratio, risk
difference; a published ratio with its interval.  Definitions and the correction of ½ in studies
with an empty cell are those of metafor's `escalc` (Viechtbauer 2010, doi:10.18637/jss.v036.i03).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from rpoint.errors import RpointError
from rpoint.stats._counts import Floats, check_counts, check_level

Effects = tuple[Floats, Floats]


def logit(x: Any, n: Any, *, add: float = 0.5) -> Effects:
    """log(x/(n − x)) and 1/x + 1/(n − x); `add` goes to both cells where one is empty."""
    events, totals = (a.astype(float) for a in check_counts(x, n))
    others = totals - events
    empty = (events == 0) | (others == 0)
    events, others = np.where(empty, events + add, events), np.where(empty, others + add, others)
    return np.log(events / others), 1 / events + 1 / others


def arcsine(x: Any, n: Any) -> Effects:
    """asin √(x/n) and 1/(4n), in radians."""
    events, totals = check_counts(x, n)
    return np.arcsin(np.sqrt(events / totals)), 1 / (4 * totals)


def freeman_tukey(x: Any, n: Any) -> Effects:
    """½ [asin √(x/(n+1)) + asin √((x+1)/(n+1))] and 1/(4n + 2), in radians.

    Freeman & Tukey 1950 (doi:10.1214/aoms/1177729756).

    >>> y, v = freeman_tukey(12, 20)
    >>> print(f"{y:.7f} {v:.8f}")
    0.8813361 0.01219512
    """
    events, totals = check_counts(x, n)
    return _double_arcsine(events, totals), 1 / (4 * totals + 2)


def _double_arcsine(x: Any, n: Any) -> Floats:
    return (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2


def inverse_logit(y: Any) -> Floats:
    """1/(1 + e^−y)."""
    return special.expit(y)


def inverse_arcsine(y: Any) -> Floats:
    """sin² y, with y kept within 0 and π/2."""
    return np.sin(np.clip(y, 0, np.pi / 2)) ** 2


def inverse_freeman_tukey(y: Any, n: float) -> Floats:
    """The proportion whose Freeman–Tukey value in a sample of `n` is `y`.

    Miller 1978 (doi:10.1080/00031305.1978.10479283).  For a pooled value `n` is the harmonic mean
    of the sizes; values beyond those of 0/n and n/n give 0 and 1.
    """
    y = np.asarray(y, dtype=float)
    low, high = _double_arcsine(0.0, n), _double_arcsine(n, n)
    inside = np.clip(y, low, high)
    sine = np.sin(2 * inside)
    root = np.sqrt(np.clip(1 - (sine + (sine - 1 / sine) / n) ** 2, 0, None))
    found = (1 - np.sign(np.cos(2 * inside)) * root) / 2
    return np.where(y <= low, 0.0, np.where(y >= high, 1.0, found))


def _cells(x1: Any, n1: Any, x2: Any, n2: Any, add: float) -> tuple[Floats, ...]:
    a, first = (v.astype(float) for v in check_counts(x1, n1, where="first group"))
    c, second = (v.astype(float) for v in check_counts(x2, n2, where="second group"))
    b, d = first - a, second - c
    empty = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    return tuple(np.where(empty, cell + add, cell) for cell in (a, b, c, d))


def log_risk_ratio(x1: Any, n1: Any, x2: Any, n2: Any, *, add: float = 0.5) -> Effects:
    """log of (x1/n1)/(x2/n2) and its variance; `add` in all four cells where one is empty."""
    a, b, c, d = _cells(x1, n1, x2, n2, add)
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def log_odds_ratio(x1: Any, n1: Any, x2: Any, n2: Any, *, add: float = 0.5) -> Effects:
    """log of the odds ratio and its variance; `add` in all four cells where one is empty."""
    a, b, c, d = _cells(x1, n1, x2, n2, add)
    return np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d


def risk_difference(x1: Any, n1: Any, x2: Any, n2: Any, *, add: float = 0.5) -> Effects:
    """x1/n1 − x2/n2 and its variance; `add` in all four cells where one is empty.

    The difference itself is of the counts as they are; only the variance is corrected, which would
    be 0 otherwise.
    """
    a, b, c, d = _cells(x1, n1, x2, n2, add)
    variance = a * b / (a + b) ** 3 + c * d / (c + d) ** 3
    return a / (a + b) - c / (c + d), variance


def from_interval(estimate: Any, lo: Any, hi: Any, *, level: float = 0.95) -> Effects:
    """log of published ratios (hazard, risk, odds) and the variance that their intervals imply.

    Raises
    ------
    RpointError
        Unless 0 < lo ≤ estimate ≤ hi and lo < hi in every entry.
    """
    value, low, high = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (estimate, lo, hi))
    )
    fine = (low > 0) & (low <= value) & (value <= high) & (low < high) & np.isfinite(high)
    if not np.all(fine):
        first = int(np.flatnonzero(~fine.ravel())[0])
        shown = ", ".join(f"{a.ravel()[first]:g}" for a in (value, low, high))
        raise RpointError(
            "a ratio does not fit its interval",
            where=f"entry {first + 1}",
            found=f"estimate, lower, upper: {shown}",
            allowed="0 < lower ≤ estimate ≤ upper",
        )
    z = special.ndtri((1 + check_level(level)) / 2)
    return np.log(value), ((np.log(high) - np.log(low)) / (2 * z)) ** 2
