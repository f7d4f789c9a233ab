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
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpoint.trial.parameters import Population
from rpoint.trial.predictions import run_task, statistics, tasks
from rpoint.trial.read import read_trial

if TYPE_CHECKING:
    from rpoint.trial.calibration import Datum

SEED = 11  # of the simulated trials: other patients than those of the shipped predictions
LEAST, MOST = 10, 32  # simulated trials of one kind
PATIENTS = 3_000  # of one kind of trial, between these numbers of trials


@dataclass(frozen=True)
class Discrepancy:
    """Differences on the scale of the likelihood.

    Attributes
    ----------
    mean, error
        (rows,) mean of simulated minus emulated, and its standard error.
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
    def of(cls, simulated: np.ndarray, emulated: np.ndarray) -> Discrepancy:
        """From (trials, rows) values at the same parameters; NaN where a trial gave none."""
        apart = simulated - emulated
        count = np.isfinite(apart).sum(axis=0)
        mean = np.nanmean(apart, axis=0)
        spread = np.nanstd(apart, axis=0, ddof=1)
        return cls(mean, spread / np.sqrt(count), count)


def simulate(
    rows: Sequence[Datum],
    draws: pd.DataFrame,
    scale: Callable[[str, float], float],
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
    scale
        Endpoint and value to the scale of the likelihood.
    jobs
        Processes.
    patients
        About how many of each trial.

    Returns
    -------
    (numpy.ndarray, dict)
        (K, rows) values, NaN where not simulated or not reached; trial to the (k,) positions of
        the draws that it was simulated at.
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
                    found[used[name], k] = _values(table, row, scale)
    return found, used


def _run(given) -> Mapping[str, pd.DataFrame]:
    task, population = given
    return run_task(task, draw=population)


def _values(table: pd.DataFrame, row: Datum, scale) -> list[float]:
    """(replicates,) of a row, in the order of replicates."""
    mine = table[(table["ARM"] == row.arm) & (table["ENDPOINT"] == row.endpoint)]
    mine = mine[mine["SUBSET"].astype(str).isin(["", "all"])].sort_values("REPL")
    return [scale(row.endpoint, value) for value in mine["VALUE"].to_numpy(float)]
