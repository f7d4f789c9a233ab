"""Hazard ratios of weighted patients: Cox's model of one contrast, stratified by group.

A patient of weight w counts as w patients.  Ties are Efron's: d events at one time share their mean
weight, and the k-th of them sees the risk set less k/d of the weights of all d (as in R's
`coxph(..., weights=)`; Therneau & Grambsch 2000, doi:10.1007/978-1-4757-3294-8, section 3.3).
Every group is a stratum with a baseline hazard of its own.

There is no error: weights are no numbers of patients.  Resample groups instead: the scores of
groups add up (`WeightedHazards.log_ratio`), so that a bootstrap over groups costs one matrix
product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rpoint.errors import RpointError
from rpoint.stats.survival_data import Floats, check_follow_up

LIMIT, STEP = 6.0, 0.05  # of ln hazard ratio: beyond e^6 = 403 it is called infinite
GRID = np.arange(-LIMIT, LIMIT + STEP / 2, STEP)
REFINEMENTS = 8  # Newton steps on the cubic between two points of the grid


@dataclass(frozen=True, eq=False)
class WeightedHazards:
    """Scores of the log partial likelihood of K groups over a grid of ln hazard ratios.

    Attributes
    ----------
    score, slope
        (K, G) derivatives of the log partial likelihood by the ln hazard ratio, first and second.
    """

    score: Floats
    slope: Floats

    def log_ratio(self, copies: ArrayLike) -> Floats:
        """(B,) ln hazard ratios where group k counts copies[b, k] times.

        Parameters
        ----------
        copies
            (B, K) not negative; a row of ones takes all groups, each as its own stratum.

        Returns
        -------
        numpy.ndarray
            Infinite where the likelihood has no maximum within e^±6 (events in one arm alone); NaN
            without a pair to compare.
        """
        times = np.asarray(copies, float)
        score, slope = times @ self.score, times @ self.slope
        place = np.clip((score > 0).sum(axis=1) - 1, 0, len(GRID) - 2)  # scores fall
        rows = np.arange(len(times))
        f0, f1 = score[rows, place], score[rows, place + 1]
        g0, g1 = STEP * slope[rows, place], STEP * slope[rows, place + 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            at = np.clip(f0 / (f0 - f1), 0.0, 1.0)
            for _ in range(REFINEMENTS):
                at = np.clip(at - _cubic(at, f0, f1, g0, g1) / _fall(at, f0, f1, g0, g1), 0.0, 1.0)
        found = GRID[place] + STEP * at
        found = np.where(score[:, -1] > 0, np.inf, np.where(score[:, 0] < 0, -np.inf, found))
        return np.where((slope == 0).all(axis=1), np.nan, found)


def _cubic(t: Floats, f0: Floats, f1: Floats, g0: Floats, g1: Floats) -> Floats:
    """Hermite's cubic through two values and slopes, 0 <= t <= 1."""
    return (
        f0 * (1 + 2 * t) * (1 - t) ** 2
        + g0 * t * (1 - t) ** 2
        + f1 * t**2 * (3 - 2 * t)
        + g1 * t**2 * (t - 1)
    )


def _fall(t: Floats, f0: Floats, f1: Floats, g0: Floats, g1: Floats) -> Floats:
    """Its slope."""
    return 6 * t * (1 - t) * (f1 - f0) + g0 * (1 - t) * (1 - 3 * t) + g1 * t * (3 * t - 2)


def weighted_hazards(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, weight: ArrayLike,
    group: ArrayLike | None = None, groups: int | None = None,
) -> WeightedHazards:  # fmt: skip
    """Scores of the hazard ratio of treated over other patients.

    Parameters
    ----------
    time, event
        (n,) follow-up, not negative, and 1 or True for an event.
    treated
        (n,) whether a patient is in the arm of the numerator.
    weight
        (n,) finite, not negative.
    group
        (n,) number of each patient's group, from 0; one group without it.
    groups
        How many there are; those that occur when left out.

    Raises
    ------
    RpointError
        For times, events or weights that cannot be.

    Examples
    --------
    >>> found = weighted_hazards([1, 2, 3, 4], [1, 1, 1, 1], [1, 0, 1, 0], [1.0, 1.0, 1.0, 1.0])
    >>> found.log_ratio([[1.0]]).round(4).tolist()
    [0.8959]
    """
    data = check_follow_up(time, event)
    weights, arm = np.asarray(weight, float), np.asarray(treated, bool)
    if weights.shape != (data.n,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise RpointError(
            "weights are one number a patient, not negative", where="weight",
            found=f"{weights.size} weights for {data.n} patients, least {weights.min(initial=0)}",
        )  # fmt: skip
    number = np.zeros(data.n, np.int64) if group is None else np.asarray(group, np.int64)
    count = int(number.max()) + 1 if groups is None else groups
    score, slope = np.zeros((2, count, len(GRID)))
    for k in range(count):
        mine = number == k
        score[k], slope[k] = _scores(
            data.time[mine], data.event[mine] > 0, arm[mine], weights[mine]
        )
    return WeightedHazards(score, slope)


def _scores(
    time: Floats, event: np.ndarray, arm: np.ndarray, weight: Floats
) -> tuple[Floats, Floats]:
    """(G,) score and its slope of one stratum, over `GRID`."""
    times, place = np.unique(time, return_inverse=True)
    size = len(times)

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(place, values, size).astype(float)

    died = event & (weight > 0)
    risk = [np.cumsum(total(weight * side)[::-1])[::-1] for side in (~arm, arm)]
    gone = [total(weight * (died & side)) for side in (~arm, arm)]
    deaths = total(died.astype(float)).astype(int)
    at = np.repeat(np.arange(size), deaths)  # one entry an event
    if not len(at):
        return np.zeros(len(GRID)), np.zeros(len(GRID))
    d = deaths[at]
    share = (np.arange(len(at)) - (np.cumsum(deaths) - deaths)[at]) / d
    left = [(risk[side][at] - share * gone[side][at])[:, None] for side in (0, 1)]
    mean = ((gone[0] + gone[1])[at] / d)[:, None]
    treated = np.exp(GRID)[None] * left[1]
    part = treated / (left[0] + treated)
    return gone[1].sum() - (mean * part).sum(axis=0), -(mean * part * (1.0 - part)).sum(axis=0)
