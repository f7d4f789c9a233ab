"""Turnbull's estimate: a survival curve when an event is only known to lie between two scans.

The nonparametric maximum likelihood puts probability only on the innermost intervals: from a left
end to a right end with no other end between (Turnbull 1976; Peto 1973).  Inside such an interval
the data say nothing about where the probability lies, so the curve, and its median, are known up
to an interval: both edges are given, and no single value is invented between them.

The maximum is found by the constrained Newton method (Wang 2007,
doi:10.1111/j.1467-9868.2007.00583.x: quadratic model, non-negative least squares, line search),
and the result carries its proof: the gradient gap, which bounds how far the log likelihood is from
its maximum.

No confidence limits: the bootstrap is not valid for this estimator in general.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize

from rpoint.errors import RpointError
from rpoint.stats._counts import listed
from rpoint.stats.survival_data import Floats, Integers, join_ties

MAX_ITERATIONS = 200
GAP = 1e-8  # bound on the log likelihood that is still to be gained
SUM_WEIGHT = 1e4  # weight of the row that keeps the probabilities' sum at 1


@dataclass(frozen=True)
class Turnbull:
    """A survival curve from interval-censored times.

    Attributes
    ----------
    left, right
        (m,) ends of the innermost intervals that carry probability: the event lies in
        (left, right], or at left where both are equal; right is infinite for the part that is
        never seen.
    probability
        (m,) of each.
    n
        Patients.
    loglik, gap
        Log likelihood, and the most that any other distribution could add to it.
    status
        "converged" or "not converged".
    label
        Whose curve it is.
    """

    left: Floats
    right: Floats
    probability: Floats
    n: int
    loglik: float
    gap: float
    status: str
    label: str = ""

    def quantile_region(self, probability: float = 0.5) -> tuple[float, float]:
        """The interval in which the quantile lies.

        Returns
        -------
        tuple of float
            (earliest, latest): each value between them is the quantile of some distribution with
            the same, maximal likelihood.  The latest is infinite where it is not reached.
        """
        if not 0 < probability < 1:
            raise RpointError(
                "a quantile needs a probability", found=probability, allowed="between 0 and 1"
            )
        reached = np.cumsum(self.probability) >= probability - 1e-9
        first = int(np.argmax(reached)) if reached.any() else len(self.left) - 1
        return float(self.left[first]), float(self.right[first])

    @property
    def median_region(self) -> tuple[float, float]:
        """The interval in which the median lies."""
        return self.quantile_region(0.5)

    def survival_at(self, times: ArrayLike) -> pd.DataFrame:
        """Bounds of S: time, lowest (all probability early), highest (all of it late)."""
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        exact = self.left == self.right
        begun = asked[:, None] > self.left[None, :]  # the event may have happened
        begun |= exact[None, :] & (asked[:, None] >= self.left[None, :])
        done = asked[:, None] >= self.right[None, :]
        lowest, highest = (1.0 - flag @ self.probability for flag in (begun, done))
        return pd.DataFrame(
            {"time": asked, "lowest": lowest.clip(0, 1), "highest": highest.clip(0, 1)}
        )

    def to_frame(self) -> pd.DataFrame:
        """One row an interval: left, right, probability, survival (after it)."""
        after = (1.0 - np.cumsum(self.probability)).clip(0.0, 1.0)
        return pd.DataFrame(
            {
                "left": self.left,
                "right": self.right,
                "probability": self.probability,
                "survival": after,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "label": self.label,
            "n": self.n,
            "status": self.status,
            "loglik": self.loglik,
            "gap": self.gap,
            "median_region": list(self.median_region),
            "intervals": self.to_frame().to_dict("records"),
        }

    def summary(self) -> str:
        """One line: numbers and the region of the median."""
        lo, hi = self.median_region
        head = f"{self.label}: " if self.label else ""
        if not np.isfinite(hi):
            return f"{head}{self.n} patients, median not reached (after {lo:.4g})"
        where = f"at {lo:.4g}" if lo == hi else f"in ({lo:.4g}, {hi:.4g}]"
        return f"{head}{self.n} patients, median {where}"


def turnbull(left: Any, right: Any, *, label: str = "") -> Turnbull:
    """Turnbull's estimate for one group.

    Parameters
    ----------
    left
        (n,) last time known to be without the event (0 for none), not negative.
    right
        (n,) first time known to have it; infinite or missing for a censored patient.  Equal to
        `left` where the time is known exactly.
    label
        A name for the curve.

    Raises
    ------
    RpointError
        For ends that are no intervals, each row named.

    >>> turnbull([0, 2, 2, 4], [2, 4, 4, float("inf")]).median_region
    (2.0, 4.0)
    """
    lo, hi = _check(left, right)
    starts, ends = innermost(lo, hi)
    alike, weight = np.unique(np.column_stack([lo, hi]), axis=0, return_counts=True)
    holds = _holds(alike, starts, ends)
    p, loglik, gap = maximise(holds.astype(float), weight.astype(float))
    kept = p > 0
    status = "converged" if gap <= max(GAP, 1e-12 * len(lo)) else "not converged"
    return Turnbull(starts[kept], ends[kept], p[kept], len(lo), loglik, gap, status, label)


def _check(left: Any, right: Any) -> tuple[Floats, Floats]:
    lo = pd.to_numeric(pd.Series(np.asarray(left)), errors="coerce").to_numpy(np.float64)
    given = pd.Series(np.asarray(right))
    hi = pd.to_numeric(given, errors="coerce").to_numpy(np.float64)
    blank = given.isna().to_numpy()
    hi = np.where(blank, np.inf, hi)
    if len(lo) != len(hi) or not len(lo):
        raise RpointError(
            "each patient needs two ends",
            where="left and right",
            found=f"{len(lo)} left, {len(hi)} right",
        )
    bad = ~(np.isfinite(lo) & (lo >= 0) & (hi >= lo))
    if bad.any():
        rows = [f"row {i + 1}: left {lo[i]:g}, right {hi[i]:g}" for i in np.flatnonzero(bad)]
        raise RpointError(
            f"{len(rows)} {'row is' if len(rows) == 1 else 'rows are'} no interval",
            where=f"left and right\n{listed(rows)}",
            allowed="0 ≤ left ≤ right; right is blank or infinite for a censored patient",
        )
    seen = np.isfinite(hi)
    joined = join_ties(np.concatenate([lo, hi[seen]]))
    lo, hi[seen] = joined[: len(lo)], joined[len(lo) :]
    return lo, hi


def innermost(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """The innermost intervals: a left end followed directly by a right end.

    At equal times a right end of (l, r] comes before a left end of (r, s], and an exact time is
    a left end directly followed by its own right end, between the two.
    """
    exact = left == right
    values = np.concatenate([right[~exact], left[exact], right[exact], left[~exact]])
    rank = np.repeat([0, 1, 2, 3], [(~exact).sum(), exact.sum(), exact.sum(), (~exact).sum()])
    opens = (rank == 1) | (rank == 3)
    order = np.lexsort((rank, values))
    values, opens = values[order], opens[order]
    first = np.flatnonzero(opens[:-1] & ~opens[1:])
    return values[first], values[first + 1]


def _holds(patients: Floats, starts: Floats, ends: Floats) -> np.ndarray:
    """(patients, intervals): whether the patient's interval holds the innermost one."""
    lo, hi = patients[:, :1], patients[:, 1:]
    inside = (starts >= lo) & (ends <= hi)
    point = (starts == ends) & (starts == lo) & (lo != hi)  # (l, r] does not hold l itself
    return inside & ~point


def maximise(holds: Floats, weight: Floats) -> tuple[Floats, float, float]:
    """Probabilities (m,) of highest likelihood, the log likelihood and its proven gap.

    Parameters
    ----------
    holds
        (patients, m) 0/1.
    weight
        (patients,) how often each occurs.
    """
    n, m = weight.sum(), holds.shape[1]
    p = np.full(m, 1.0 / m)
    loglik = float(weight @ np.log(holds @ p))
    gap = np.inf
    for _ in range(MAX_ITERATIONS):
        mixture = holds @ p
        gradient = holds.T @ (weight / mixture)
        gap = float(gradient.max() - n)
        if gap <= GAP:
            break
        goal = _newton_point(holds, weight, mixture, _candidates(p, gradient))
        p, better = _line(holds, weight, p, goal, loglik, float(gradient @ (goal - p)))
        if better <= loglik:
            p = p * gradient / n  # one step of the EM algorithm never lowers the likelihood
            better = float(weight @ np.log(holds @ p))
        loglik = better
    return p, loglik, max(gap, 0.0)


def _candidates(p: Floats, gradient: Floats) -> Integers:
    """Where probability is, and where the likelihood asks for more of it."""
    edge = np.concatenate([[-np.inf], gradient, [-np.inf]])
    peak = (gradient >= edge[:-2]) & (gradient >= edge[2:])
    return np.flatnonzero((p > 0) | peak)


def _newton_point(holds: Floats, weight: Floats, mixture: Floats, columns: Integers) -> Floats:
    """The maximum of the quadratic model of the log likelihood over probabilities (m,)."""
    root = np.sqrt(weight)
    scaled = holds[:, columns] * (root / mixture)[:, None]
    matrix = np.vstack([scaled, np.full(len(columns), SUM_WEIGHT)])
    found, _ = optimize.nnls(matrix, np.append(2.0 * root, SUM_WEIGHT))
    goal = np.zeros(holds.shape[1])
    goal[columns] = found / found.sum()
    return goal


def _line(
    holds: Floats, weight: Floats, p: Floats, goal: Floats, loglik: float, slope: float
) -> tuple[Floats, float]:
    size = 1.0
    for _ in range(40):
        moved = p + size * (goal - p)
        mixture = holds @ moved
        if (mixture > 0).all():
            found = float(weight @ np.log(mixture))
            if found >= loglik + 0.1 * size * max(slope, 0.0) and found > loglik:
                return moved, found
        size *= 0.5
    return p, loglik
