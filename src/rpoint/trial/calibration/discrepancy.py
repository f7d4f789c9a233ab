"""What the emulator leaves out: full simulation minus emulator, at the same parameters, row by row.

The fit adds the mean of the difference to what the emulator says, so that it aims the full
simulation, and not its stand-in, at the published values (Kennedy and O'Hagan 2001, J R Stat Soc B
63:425, with a constant discrepancy for each row).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pandas as pd

from rpoint.trial.calibration.rows import Datum
from rpoint.trial.parameters import Population
from rpoint.trial.predictions import run_task, statistics, tasks
from rpoint.trial.read import read_trial

Scale = Callable[[str, float], float]
SEED = 11  # of the simulated trials: other patients than those of the shipped predictions
LEAST, MOST = 10, 32  # simulated trials of one kind
PATIENTS = 3_000  # of one kind of trial, between these numbers of trials


@dataclass(frozen=True)
class Discrepancy:
    """Simulated minus emulated, on the scale of the likelihood.

    Attributes
    ----------
    mean, error
        (rows,) mean of the difference, and its standard error.
    count
        (rows,) simulated trials that gave a value.
    """

    mean: np.ndarray
    error: np.ndarray
    count: np.ndarray

    @classmethod
    def none(cls, rows: int) -> Discrepancy:
        """No difference, known exactly."""
        return cls(np.zeros(rows), np.zeros(rows), np.zeros(rows, int))

    @classmethod
    def of(
        cls, simulated: np.ndarray, emulated: np.ndarray, endpoints: Sequence[str], scale: Scale
    ) -> Discrepancy:
        """From published values at the same parameters.

        Parameters
        ----------
        simulated, emulated
            (trials, rows) values on the published scale; NaN where a trial gave none.
        endpoints
            (rows,) endpoints.
        scale
            Endpoint and value to the scale of the likelihood.

        Notes
        -----
        Rates are averaged over the trials before their logit is taken: the logit of a small trial's
        rate is biased, and none of some has none.
        """
        count = np.isfinite(simulated).sum(axis=0)
        mean, error = np.full((2, len(endpoints)), np.nan)
        for k, endpoint in enumerate(endpoints):
            there = np.isfinite(simulated[:, k])
            pairs = np.stack([simulated[there, k], emulated[there, k]])
            if endpoint.endswith("_pct"):
                mean[k], error[k] = _pooled(pairs, endpoint, scale)
            else:
                one, two = (np.array([scale(endpoint, v) for v in side]) for side in pairs)
                mean[k] = (one - two).mean()
                error[k] = (one - two).std(ddof=1) / np.sqrt(len(one))
        return cls(mean, error, count)


def _pooled(pairs: np.ndarray, endpoint: str, scale: Scale) -> tuple[float, float]:
    """Difference of the logits of two mean rates, and its jackknife error."""

    def apart(some: np.ndarray) -> float:
        one, two = some.mean(axis=1)
        return scale(endpoint, float(one)) - scale(endpoint, float(two))

    n = pairs.shape[1]
    without = np.array([apart(np.delete(pairs, k, axis=1)) for k in range(n)])
    return apart(pairs), float(np.sqrt((n - 1) * without.var()))


def simulate(
    rows: Sequence[Datum],
    draws: pd.DataFrame,
    jobs: int,
    patients: int = PATIENTS,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The rows as trials of the published size would report them at some draws.

    Parameters
    ----------
    rows
        Published rows.
    draws
        (K, parameters) one row for each simulated trial.
    jobs
        Processes.
    patients
        About how many of each trial.

    Returns
    -------
    (numpy.ndarray, dict)
        (K, rows) published values, NaN where not simulated or not reached; trial to the (k,)
        positions of the draws that it was simulated at.
    """
    population = Population(SEED, draws)
    found = np.full((len(draws), len(rows)), np.nan)
    used: dict[str, np.ndarray] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for name in dict.fromkeys(row.trial for row in rows):
            trial = read_trial(name)
            count = int(np.clip(patients // trial.patients, LEAST, MOST))
            work = tasks(name, trial, min(count, len(draws)))
            parts = list(pool.map(_run, [(task, population) for task in work]))
            used[name] = population.rows(np.arange(min(count, len(draws))))
            table = statistics(name, parts)
            for k, row in enumerate(rows):
                if row.trial == name:
                    found[used[name], k] = _values(table, row)
    return found, used


def _run(given) -> Mapping[str, pd.DataFrame]:
    task, population = given
    return run_task(task, draw=population)


def _values(table: pd.DataFrame, row: Datum) -> np.ndarray:
    """(replicates,) values of a row, in the order of replicates."""
    mine = table[(table["ARM"] == row.arm) & (table["ENDPOINT"] == row.endpoint)]
    mine = mine[mine["SUBSET"].astype(str).isin(["", "all"])].sort_values("REPL")
    return mine["VALUE"].to_numpy(float)
