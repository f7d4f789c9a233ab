"""The fit of the population: pools of patients, sampler, discrepancy, and the sampler again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rpoint.trial.calibration.discrepancy import Discrepancy, simulate
from rpoint.trial.calibration.emulator import TrialPool, trial_pool
from rpoint.trial.calibration.rows import TRIALS, data, off_scale, on_scale
from rpoint.trial.calibration.sampler import Sample, sample
from rpoint.trial.calibration.target import Target, names
from rpoint.trial.read import read_trial

POOL = 512
PARTICLES = (128, 128, 256)  # of the fits, one after the other


def pools(ensemble: Any, seed: int, threads: int | None, n: int = POOL) -> dict[str, TrialPool]:
    """The pools of all calibrating trials."""
    return {name: trial_pool(read_trial(name), n, ensemble, seed, threads) for name in TRIALS}


def fit_table(now: Sample) -> pd.DataFrame:
    """Published and fitted rows: trial, arm, endpoint, published, q05, median, q95."""
    rows = []
    for k, datum in enumerate(data()):
        quantiles = np.quantile(now.predicted[:, k], [0.05, 0.5, 0.95])
        values = off_scale(datum.endpoint, np.array([datum.value, *quantiles]))
        rows.append((datum.trial, datum.arm, datum.endpoint, *values))
    columns = ["trial", "arm", "endpoint", "published", "q05", "median", "q95"]
    return pd.DataFrame(rows, columns=columns)


def draws_of(now: Sample, count: int, seed: int) -> pd.DataFrame:
    """Some of the particles as the package ships them."""
    rows = np.random.default_rng(seed).permutation(len(now.x))[:count]
    return pd.DataFrame(now.x[rows], columns=list(names())).round(5)


def discrepancy(
    found: Mapping[str, TrialPool], draws: pd.DataFrame, jobs: int
) -> tuple[Discrepancy, pd.DataFrame]:
    """Full simulation minus emulator at some draws, and the table of both."""
    target = Target(found)
    simulated, used = simulate(target.rows, draws, jobs)
    endpoints = [row.endpoint for row in target.rows]
    emulated = np.full(simulated.shape, np.nan)
    for k in sorted({int(i) for rows in used.values() for i in rows}):
        values = target.emulated(draws.loc[k, list(names())].to_numpy(float))
        emulated[k] = [off_scale(e, v) for e, v in zip(endpoints, values, strict=True)]
    apart = Discrepancy.of(simulated, emulated, endpoints, on_scale)
    columns = {
        "trial": [r.trial for r in target.rows], "arm": [r.arm for r in target.rows],
        "endpoint": [r.endpoint for r in target.rows], "apart": apart.mean, "error": apart.error,
        "trials": apart.count, "simulated": np.nanmedian(simulated, axis=0),
        "published": [float(off_scale(r.endpoint, r.value)) for r in target.rows],
    }  # fmt: skip
    return apart, pd.DataFrame(columns)


def calibrate(
    found: Mapping[str, TrialPool], particles: Sequence[int], count: int, seed: int, jobs: int,
    tell: Callable[[str], None] = print,
) -> pd.DataFrame:  # fmt: skip
    """Draws of the last of several fits, from nothing but the published rows.

    Parameters
    ----------
    found
        The pools of the trials.
    particles
        Of each fit.  All but the first use the discrepancy at the draws of the fit before.
    count
        Draws that are kept of each fit.

    Returns
    -------
    pandas.DataFrame
        (count, parameters), no more than there are particles.
    """
    apart, draws = None, pd.DataFrame()
    for fit, size in enumerate(particles):
        if fit:
            apart, table = discrepancy(found, draws, jobs)
            tell(table.round(3).to_string())
        now = sample(found, size, seed, jobs, tell=tell, apart=apart)
        tell(fit_table(now).round(2).to_string())
        draws = draws_of(now, count, seed)
    return draws
