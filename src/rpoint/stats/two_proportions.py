"""Two proportions: their difference (Newcombe) and the 2 × 2 table (Fisher).

Sources: Newcombe 1998, Stat Med 17:873, method 10 (hybrid score, no continuity correction);
Fisher's exact test with the conditional maximum-likelihood odds ratio and its exact interval, as
R's `fisher.test` defines them, by SciPy (R's root finder is off by 0.7 % in the upper limit).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.stats._counts import check_counts, check_level
from rpoint.stats.proportions import limits


@dataclass(frozen=True)
class Difference:
    """Difference of two proportions with its interval, in percentage points.

    Attributes
    ----------
    x1, n1, x2, n2
        Counts of the first and the second group.
    points, lo, hi
        100 · (x1/n1 − x2/n2) and the limits.
    level
        Confidence level, 0–1.
    """

    x1: int
    n1: int
    x2: int
    n2: int
    points: float
    lo: float
    hi: float
    level: float = 0.95

    def summary(self) -> str:
        """The counts, the difference and its limits on one line."""
        return (
            f"{self.x1}/{self.n1} − {self.x2}/{self.n2} = {self.points:.1f} points "
            f"({self.lo:.1f} to {self.hi:.1f}), {100 * self.level:g} % Newcombe interval"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row with the fields as columns."""
        return pd.DataFrame([self.to_dict()])


def difference(x1: int, n1: int, x2: int, n2: int, level: float = 0.95) -> Difference:
    """Difference of two independent proportions with the Newcombe interval.

    Each limit joins the Wilson limits of both groups in quadrature, so it never leaves ±100
    points.

    >>> difference(56, 70, 48, 80).summary()
    '56/70 − 48/80 = 20.0 points (5.2 to 33.4), 95 % Newcombe interval'
    """
    x, n = check_counts([x1, x2], [n1, n2], rows=["first group", "second group"])
    lo, hi = limits(x, n, level=level, method="wilson")
    p = x / n
    gap = p[0] - p[1]
    below = np.hypot(p[0] - lo[0], hi[1] - p[1])
    above = np.hypot(hi[0] - p[0], p[1] - lo[1])
    points, low, high = (float(100 * v) for v in (gap, gap - below, gap + above))
    return Difference(
        int(x1), int(n1), int(x2), int(n2), points, low, high, check_level(level)
    )  # fmt: skip


@dataclass(frozen=True)
class Fisher:
    """Fisher's exact test of x1/n1 against x2/n2.

    Attributes
    ----------
    p, p_greater, p_less
        Two-sided p (tables no more likely than the one seen), and one-sided ones for a higher and
        a lower proportion in the first group.
    odds_ratio, lo, hi
        Conditional maximum-likelihood odds ratio and its exact interval; infinite or 0 where a
        group has all or no events, NaN if no table but this one has these margins.
    """

    x1: int
    n1: int
    x2: int
    n2: int
    p: float
    p_greater: float
    p_less: float
    odds_ratio: float
    lo: float
    hi: float
    level: float = 0.95

    def summary(self) -> str:
        """The counts, p, the odds ratio and its limits on one line."""
        return (
            f"{self.x1}/{self.n1} against {self.x2}/{self.n2}: p = {self.p:.4g}, "
            f"odds ratio {self.odds_ratio:.4g} ({self.lo:.4g} to {self.hi:.4g}), Fisher exact"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row with the fields as columns."""
        return pd.DataFrame([self.to_dict()])


def fisher_exact(x1: int, n1: int, x2: int, n2: int, level: float = 0.95) -> Fisher:
    """Fisher's exact test of two independent proportions.

    Raises
    ------
    RpointError
        For counts or a level that are not allowed.

    >>> fisher_exact(3, 4, 1, 4).summary()
    '3/4 against 1/4: p = 0.4857, odds ratio 6.408 (0.2117 to 626.2), Fisher exact'
    """
    x, n = check_counts([x1, x2], [n1, n2], rows=["first group", "second group"])
    check_level(level)
    table = np.array([x, n - x]).T
    p, greater, less = (
        float(stats.fisher_exact(table, alternative=kind).pvalue)
        for kind in ("two-sided", "greater", "less")
    )
    ratio, lo, hi = _odds_ratio(table, level)
    return Fisher(int(x1), int(n1), int(x2), int(n2), p, greater, less, ratio, lo, hi, float(level))


def _odds_ratio(table: np.ndarray, level: float) -> tuple[float, float, float]:
    if (table.sum(axis=0) == 0).any():  # all or none have the event: the data say nothing
        return np.nan, 0.0, np.inf
    found = stats.contingency.odds_ratio(table, kind="conditional")
    ends = found.confidence_interval(confidence_level=level)
    return float(found.statistic), float(ends.low), float(ends.high)
