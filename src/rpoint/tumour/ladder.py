"""How a line that lives in drug for a year becomes resistant: fitting the cyclin E ladder.

The measured line (MCF-7, palbociclib 750 nM, re-plated every 28 days; He 2025) is the
`CyclinELadder` of `clones`: rungs of cyclin E expression between which cells step at one rate, up
and down alike, whatever the drug.  A cell on rung i grows at

    untreated   g0 (1 - cost i)
    in drug     g0 (1 - cost i) q(fold^i) + offset

with g0 the line's untreated rate and q(level) the share of its growth that the drug leaves to a
cell with that much cyclin E, both from the cell model.  A rung thus changes what the drug takes
away and costs a little growth; that more cyclin E would also speed up untreated cells is not let
through, since a line in culture has been selected for its growth.  Before treatment the rungs are
in balance of steps and cost.  Fitted: fold per rung, rate of a step, cost per rung, and one offset
of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.streams import stream
from rpoint.tumour.clones import neighbour_switching, stationary_mix

MONTH_H = 28 * 24.0  # He 2025 re-plated every 28 days
CAPACITY = 156.904  # plate capacity over the cells plated, He 2025 (k_carrying of its parameters)
RUNGS = 8
STEPS = 8  # of a month

# ln fold per rung; ln rate of a step (1/h); ln cost per rung; offset of this run (1/h)
LOW = np.array([np.log(1.05), np.log(1e-6), np.log(2e-3), -0.0045])
HIGH = np.array([np.log(1.8), np.log(3e-3), np.log(0.2), 0.0045])
RUN_SD_PER_H = 0.0015  # SD between runs of one treatment: months 1-4 of the two differ by 0.075/d
ROUNDS, DRAWS, KEEP = 7, 360, 12  # of the search
PROFILE = 1.353  # half of the 90 % quantile of chi-square with one degree of freedom


@dataclass(frozen=True)
class LadderFit:
    """The fitted ladder of one parameter set of the cell model.

    Attributes
    ----------
    fold
        Cyclin E of a rung over the one below.
    step_per_h
        Rate of one step, up or down, 1/h.
    cost
        Share of the untreated growth that a rung costs.
    offset_per_h
        What this run grows faster than the cell model says, 1/h (experiments differ).
    month, folds
        (M,) month and (M,) fold within it, as fitted or predicted.
    mixes
        (M, rungs) mix at the end of every month.
    start
        (rungs,) mix before treatment.
    lo, hi
        (M,) 90 % profile-likelihood interval of the folds, given the parameter set.
    cyclin_e_range
        The same interval of the cyclin E expression after the last month over that at the start.
    rms_log
        Root mean square of ln(model/measured) over the months fitted.
    """

    fold: float
    step_per_h: float
    cost: float
    offset_per_h: float
    month: np.ndarray
    folds: np.ndarray
    mixes: np.ndarray
    start: np.ndarray
    lo: np.ndarray
    hi: np.ndarray
    cyclin_e_range: tuple[float, float]
    rms_log: float

    @property
    def levels(self) -> np.ndarray:
        """Cyclin E expression of the rungs over the lowest."""
        return self.fold ** np.arange(len(self.start))

    def cyclin_e(self, mix: np.ndarray | None = None) -> float:
        """Mean expression of a mix (default: after the last month) over that before treatment."""
        mix = self.mixes[-1] if mix is None else mix
        return float(mix @ self.levels / (self.start @ self.levels))

    def __repr__(self) -> str:
        return (
            f"<LadderFit x{self.fold:.2f} per rung, step {24 * self.step_per_h:.2g}/d, cost "
            f"{100 * self.cost:.2g} % per rung, rms ln {self.rms_log:.2f}>"
        )


def monthly_folds(
    rates: np.ndarray,
    start: np.ndarray,
    switching: np.ndarray,
    months: int,
    capacity: float = CAPACITY,
) -> tuple[np.ndarray, np.ndarray]:
    """Fold in each month and the mix at its end, re-plated monthly on a plate with a capacity.

    Steps of half a week: half of the switching, growth, the other half.  With R = ln of the fold of
    a step without a capacity K, cells go from V to K V e^R / (K - V + V e^R); every clone grows by
    the share ln(V'/V)/R of its free growth, since a full plate stops selecting but not switching.

    Parameters
    ----------
    rates
        (..., C) net rates under the drug, 1/h.
    start
        (..., C) mix at the start.
    switching
        (..., C, C) symmetric switching rates, 1/h.
    months
        How many months of 28 days.

    Returns
    -------
    folds, mixes
        (..., months) and (..., months, C).
    """
    step = MONTH_H / STEPS
    values, vectors = np.linalg.eigh(switching)  # up and down alike: symmetric
    half = (vectors * np.exp(0.5 * step * values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    mix, growth = np.asarray(start, float), np.exp(rates * step)
    folds, mixes = [], []
    for _ in range(months):
        size = np.ones(mix.shape[:-1])
        for _ in range(STEPS):
            mix = np.maximum((half @ mix[..., None])[..., 0], 0.0)  # rounding may leave -1e-17
            free = (mix * growth).sum(axis=-1)
            grown = capacity * size * free / (capacity - size + size * free)
            log_free = np.log(free)
            still = np.abs(log_free) < 1e-9
            share = np.where(still, 1.0, np.log(grown / size) / np.where(still, 1.0, log_free))
            mix = mix * np.exp(rates * step * share[..., None])
            mix = np.maximum((half @ mix[..., None])[..., 0], 0.0)
            mix, size = mix / mix.sum(axis=-1, keepdims=True), grown
        folds.append(size)
        mixes.append(mix)
    return np.stack(folds, axis=-1), np.stack(mixes, axis=-2)


@dataclass(frozen=True)
class Ladder:
    """Ladders of many parameter vectors x (B, 4) under one cell: growth `g0`, share left `left`."""

    g0: float
    left: Callable[[np.ndarray], np.ndarray]
    rungs: int = RUNGS

    def run(self, x: np.ndarray, months: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Folds (B, months), mixes (B, months, rungs) and start mixes (B, rungs)."""
        rung = np.arange(self.rungs)
        levels = np.exp(x[:, :1] * rung)
        base = self.g0 * np.maximum(1.0 - np.exp(x[:, 2:3]) * rung, 0.0)
        unit = neighbour_switching(self.rungs, 1.0)
        switching = np.exp(x[:, 1])[:, None, None] * unit
        start = stationary_mix(base, switching)
        folds, mixes = monthly_folds(base * self.left(levels) + x[:, 3:], start, switching, months)
        return folds, mixes, start

    def misfit(self, x, months, log_fold, sd_log) -> np.ndarray:
        """(B,) half the sum of squares, with the offset's prior and weak ones on rate and cost."""
        folds, _, _ = self.run(x, int(months.max()))
        error = (np.log(folds[:, months - 1]) - log_fold) / sd_log
        middle = 0.5 * (LOW + HIGH)
        weak = ((x[:, 1:3] - middle[1:3]) / 2.5) ** 2
        offset = (x[:, 3] / RUN_SD_PER_H) ** 2
        return 0.5 * ((error**2).sum(axis=1) + weak.sum(axis=1) + offset)


def fit_ladder(
    months: np.ndarray,
    fold: np.ndarray,
    g0: float,
    left: Callable[[np.ndarray], np.ndarray],
    *,
    sd_log: float = 0.3,
    predict: int | None = None,
    rungs: int = RUNGS,
    seed: int = 1,
) -> LadderFit:
    """Fit the ladder to the monthly folds of one long run.

    Parameters
    ----------
    months, fold
        (M,) months 1, 2, ... that are fitted and the fold measured in each.
    g0
        Untreated net rate of the line, 1/h.
    left
        Share of the growth that the drug leaves to cells whose cyclin E expression is multiplied by
        the argument (an array of any shape); negative where they die.
    sd_log
        SD of ln fold of one month.
    predict
        Number of months to run; the last one fitted when left out.
    rungs
        Number of rungs.
    seed
        Of the search: random draws over the bounds, then ever closer around the best.

    Returns
    -------
    LadderFit
    """
    months, target = np.asarray(months, int), np.log(np.asarray(fold, float))
    ladder, draw = Ladder(g0, left, rungs), stream(seed, "ladder search")
    x = LOW + (HIGH - LOW) * draw.random((4 * DRAWS, 4))
    tried, cost = [], []
    for round_ in range(ROUNDS):
        tried.append(x)
        cost.append(ladder.misfit(x, months, target, sd_log))
        best = np.concatenate(tried)[np.argsort(np.concatenate(cost))[:KEEP]]
        width = 0.25 * 0.5**round_ * (HIGH - LOW)
        around = np.repeat(best, DRAWS // KEEP, axis=0)
        x = np.clip(around + width * draw.standard_normal(around.shape), LOW, HIGH)
    all_x, all_cost = np.concatenate(tried), np.concatenate(cost)
    inside = np.argsort(all_cost)[: max(1, int((all_cost < all_cost.min() + PROFILE).sum()))]
    x = all_x[inside]
    folds, mixes, start = ladder.run(x, int(max(months.max(), predict or 0)))
    rise = _rise(x, mixes[:, -1], start)
    error = np.log(folds[0, months - 1]) - target
    return LadderFit(
        fold=float(np.exp(x[0, 0])),
        step_per_h=float(np.exp(x[0, 1])),
        cost=float(np.exp(x[0, 2])),
        offset_per_h=float(x[0, 3]),
        month=np.arange(1, folds.shape[1] + 1),
        folds=folds[0],
        mixes=mixes[0],
        start=start[0],
        lo=folds.min(axis=0),
        hi=folds.max(axis=0),
        cyclin_e_range=(float(rise.min()), float(rise.max())),
        rms_log=float(np.sqrt(np.mean(error**2))),
    )


def _rise(x: np.ndarray, mix: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(B,) mean cyclin E expression of a mix over that of another."""
    levels = np.exp(x[:, :1] * np.arange(mix.shape[1]))
    return (mix * levels).sum(axis=1) / (start * levels).sum(axis=1)


def fit_summary(fits: list[LadderFit], measured: pd.DataFrame) -> pd.DataFrame:
    """Measured and modelled fold per month over the parameter sets.

    Parameters
    ----------
    fits
        One fit per parameter set.
    measured
        Columns month, fold, role.

    Returns
    -------
    pandas.DataFrame
        month, role, measured, median (of the best fits), lo, hi: from the 5 % quantile over the
        sets of the lower ends of their intervals to the 95 % quantile of the upper ends.
    """
    middle = np.median([fit.folds for fit in fits], axis=0)
    low = np.percentile([fit.lo for fit in fits], 5, axis=0)
    high = np.percentile([fit.hi for fit in fits], 95, axis=0)
    pick = measured["month"].to_numpy(int) - 1
    return pd.DataFrame(
        {
            "month": measured["month"].to_numpy(int),
            "role": measured["role"].to_numpy(),
            "measured": measured["fold"].to_numpy(float),
            "median": middle[pick],
            "lo": low[pick],
            "hi": high[pick],
        }
    )
