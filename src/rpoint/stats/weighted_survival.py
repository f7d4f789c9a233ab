"""Kaplan–Meier curves of weighted patients, many groups at once.

A patient of weight w counts as w patients: at t the weights of those with a follow-up of t or
longer are at risk, and S(t) is the product of 1 - (weights of events) / (weights at risk).  With
weights of 1 it is the curve of `rpoint.stats.kaplan_meier`, whose conventions hold here, too.

There is no Greenwood error: weights are no numbers of patients.  Resample instead: curves of groups
add up (`WeightedCurves.mixed`), so that a bootstrap over groups costs two matrix products.  Source:
Xie & Liu 2005 (doi:10.1002/sim.2174), the weighted Kaplan–Meier estimator.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from rpoint.errors import RpointError
from rpoint.stats.km_limits import crossing
from rpoint.stats.survival_data import Floats, check_follow_up

EXHAUSTED = 1e-12  # below which a product of weights is 0 but for rounding


@dataclass(frozen=True, eq=False)
class WeightedCurves:
    """Kaplan–Meier curves of K groups on common times.

    Attributes
    ----------
    time
        (m,) distinct times of follow-up of all groups, ascending.
    at_risk, events
        (K, m) weights at risk, and of events, at each time.
    """

    time: Floats
    at_risk: Floats
    events: Floats

    @cached_property
    def survival(self) -> Floats:
        """(K, m) S(t), events at t included; past a group's last follow-up the last value."""
        some = self.at_risk > 0
        share = np.divide(self.events, self.at_risk, out=np.zeros(some.shape), where=some)
        found = np.cumprod(np.clip(1.0 - share, 0.0, 1.0), axis=1)
        return np.where(found < EXHAUSTED, 0.0, found)

    def survival_at(self, time: float) -> Floats:
        """(K,) S at a time; NaN past a group's last follow-up, unless it is 0 there."""
        step = int(np.searchsorted(self.time, time, side="right"))
        found = self.survival[:, step - 1] if step else np.ones(len(self.at_risk))
        later = int(np.searchsorted(self.time, time, side="left"))
        followed = self.at_risk[:, later] > 0 if later < len(self.time) else False
        return np.where(followed | (found == 0.0), found, np.nan)

    def median(self) -> Floats:
        """(K,) medians; NaN where they are not reached."""
        return np.array([crossing(self.time, curve, 0.5) for curve in self.survival])

    def mixed(self, copies: ArrayLike) -> WeightedCurves:
        """Curves of mixtures: group k counts copies[b, k] times in mixture b.

        Parameters
        ----------
        copies
            (B, K) not negative; a row of ones pools all groups.
        """
        times = np.asarray(copies, float)
        return WeightedCurves(self.time, times @ self.at_risk, times @ self.events)


def weighted_curves(
    time: ArrayLike, event: ArrayLike, weight: ArrayLike, group: ArrayLike | None = None,
    groups: int | None = None,
) -> WeightedCurves:  # fmt: skip
    """Kaplan–Meier curves of weighted patients.

    Parameters
    ----------
    time, event
        (n,) follow-up, not negative, and 1 or True for an event.
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
    >>> curves = weighted_curves([1, 2, 3], [1, 1, 1], [1.0, 2.0, 1.0])
    >>> curves.survival.tolist(), curves.median().tolist()
    ([[0.75, 0.25, 0.0]], [2.0])
    """
    data = check_follow_up(time, event)
    weights = np.asarray(weight, float)
    if weights.shape != (data.n,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise RpointError(
            "weights are one number a patient, not negative", where="weight",
            found=f"{weights.size} weights for {data.n} patients, least {weights.min(initial=0)}",
        )  # fmt: skip
    number = np.zeros(data.n, np.int64) if group is None else np.asarray(group, np.int64)
    times, place = np.unique(data.time, return_inverse=True)
    shape = (int(number.max()) + 1 if groups is None else groups, len(times))
    cell = number * len(times) + place
    size = shape[0] * shape[1]
    leaving = np.bincount(cell, weights, size).astype(float).reshape(shape)
    events = np.bincount(cell, weights * data.event, size).astype(float).reshape(shape)
    at_risk = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]
    return WeightedCurves(times, at_risk, events)
