"""How a line that lives in drug for a year becomes resistant: fitting the cyclin E ladder.

The measured line (MCF-7, palbociclib 750 nM, re-plated every 28 days; He 2025) is the
`CyclinELadder` of `clones`: rungs whose growth under the drug the cell model gives, between which
cells step at rates that do not depend on the drug.  Three numbers are fitted: cyclin E per rung,
the rate of a step up, and how much faster cells step down (which sets the mix before treatment).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import expm
from scipy.optimize import least_squares

from rpoint.tumour.clones import neighbour_switching, stationary_mix

MONTH_H = 28 * 24.0  # He 2025 re-plated every 28 days
CAPACITY = 156.904  # plate capacity over the cells plated, He 2025 (k_carrying of its parameters)
RUNGS = 8
STEPS = 8  # of a month

# fold per rung; step up, 1/h; ratio of steps down to steps up; offset of this run, 1/h
START = np.array([np.log(1.3), np.log(3e-5), np.log(10.0), 0.0])
LOW = np.array([np.log(1.05), np.log(1e-7), np.log(1.0), -0.004])
HIGH = np.array([np.log(2.0), np.log(3e-3), np.log(1e3), 0.004])
RUN_SD_PER_H = 0.0015  # SD between runs of one treatment: months 1-4 of the two differ by 0.075/d


@dataclass(frozen=True)
class LadderFit:
    """The fitted ladder of one parameter set of the cell model.

    Attributes
    ----------
    fold
        Cyclin E of a rung over the one below.
    up_per_h, down_per_h
        Rates of one step, 1/h.
    offset_per_h
        What this run grows faster than the cell model says, 1/h (experiments differ).
    month, folds
        (M,) month and (M,) fold within it, as fitted or predicted.
    mixes
        (M, rungs) mix at the end of every month.
    start
        (rungs,) mix before treatment.
    rms_log
        Root mean square of ln(model/measured) over the months fitted.
    """

    fold: float
    up_per_h: float
    down_per_h: float
    offset_per_h: float
    month: np.ndarray
    folds: np.ndarray
    mixes: np.ndarray
    start: np.ndarray
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
            f"<LadderFit x{self.fold:.2f} per rung, up {24 * self.up_per_h:.2g}/d, down "
            f"{24 * self.down_per_h:.2g}/d, rms ln {self.rms_log:.2f}>"
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
        (C,) net rates under the drug, 1/h.
    start
        (C,) mix at the start.
    switching
        (C, C) switching rates between neighbours, 1/h.
    months
        How many months of 28 days.

    Returns
    -------
    folds, mixes
        (months,) and (months, C).
    """
    step = MONTH_H / STEPS
    half = expm(0.5 * step * switching)
    mix, folds, mixes = np.asarray(start, float), np.empty(months), np.empty((months, len(start)))
    for k in range(months):
        size = 1.0
        for _ in range(STEPS):
            mix = half @ mix
            free = float(mix @ np.exp(rates * step))
            grown = capacity * size * free / (capacity - size + size * free)
            share = np.log(grown / size) / np.log(free) if abs(np.log(free)) > 1e-9 else 1.0
            mix = half @ (mix * np.exp(rates * step * share))
            mix, size = mix / mix.sum(), grown
        folds[k], mixes[k] = size, mix
    return folds, mixes


def fit_ladder(
    months: np.ndarray,
    fold: np.ndarray,
    rate_of: Callable[[np.ndarray], np.ndarray],
    untreated_of: Callable[[np.ndarray], np.ndarray],
    *,
    sd_log: np.ndarray | float = 0.3,
    predict: int | None = None,
    rungs: int = RUNGS,
) -> LadderFit:
    """Fit the ladder to the monthly folds of one long run.

    Parameters
    ----------
    months, fold
        (M,) months 1, 2, ... that are fitted and the fold measured in each.
    rate_of, untreated_of
        Net rate (1/h) of cells whose cyclin E expression is multiplied by the argument, under the
        drug and without it, from the cell model.
    sd_log
        SD of ln fold of one month.
    predict
        Number of months to run; the last one fitted when left out.
    rungs
        Number of rungs.

    Returns
    -------
    LadderFit
    """
    months, target = np.asarray(months, int), np.log(np.asarray(fold, float))
    last = int(max(months.max(), predict or 0))

    def run(x: np.ndarray):
        levels = np.exp(x[0]) ** np.arange(rungs)
        switching = neighbour_switching(rungs, np.exp(x[1]), np.exp(x[1] + x[2]))
        start = stationary_mix(untreated_of(levels), switching)
        return *monthly_folds(rate_of(levels) + x[3], start, switching, last), start

    def residuals(x: np.ndarray) -> np.ndarray:
        folds = run(x)[0]
        misfit = (np.log(folds[months - 1]) - target) / sd_log
        weak = (x[1:3] - START[1:3]) / 3.0  # the rates are known to a factor e^3 at most
        return np.concatenate([misfit, [x[3] / RUN_SD_PER_H], weak])

    best = least_squares(residuals, START, bounds=(LOW, HIGH), x_scale=[0.2, 1.0, 1.0, 0.001])
    folds, mixes, start = run(best.x)
    error = np.log(folds[months - 1]) - target
    return LadderFit(
        fold=float(np.exp(best.x[0])),
        up_per_h=float(np.exp(best.x[1])),
        down_per_h=float(np.exp(best.x[1] + best.x[2])),
        offset_per_h=float(best.x[3]),
        month=np.arange(1, last + 1),
        folds=folds,
        mixes=mixes,
        start=start,
        rms_log=float(np.sqrt(np.mean(error**2))),
    )


def fit_summary(fits: list[LadderFit], measured: pd.DataFrame) -> pd.DataFrame:
    """Measured and modelled fold per month over the parameter sets.

    Parameters
    ----------
    fits
        One fit per parameter set.
    measured
        Columns month, fold, role ("calibrate" or "check").

    Returns
    -------
    pandas.DataFrame
        month, role, measured, median, lo, hi (5 % and 95 % over the sets).
    """
    folds = np.array([fit.folds for fit in fits])
    rows = []
    for row in measured.itertuples():
        low, middle, high = np.percentile(folds[:, int(row.month) - 1], [5, 50, 95])
        rows.append(
            {
                "month": int(row.month),
                "role": row.role,
                "measured": float(row.fold),
                "median": middle,
                "lo": low,
                "hi": high,
            }
        )
    return pd.DataFrame(rows)
