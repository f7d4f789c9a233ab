"""Patients and their visits as flat sorted arrays, and running sums and minima within patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """V visits of P patients, sorted by patient and day.

    Attributes
    ----------
    names
        (P,) patients, text, sorted.
    patient
        (V,) index of the patient of each visit.
    day
        (V,) day of each visit.
    first
        (P + 1,) where the visits of each patient begin.
    start
        (P,) day of the first dose.
    """

    names: np.ndarray
    patient: np.ndarray
    day: np.ndarray
    first: np.ndarray
    start: np.ndarray

    @property
    def rank(self) -> np.ndarray:
        """(V,) position of each visit within its patient, from 0."""
        return np.arange(len(self.patient)) - self.first[self.patient]


def make_grid(
    names: np.ndarray, patient: np.ndarray, day: np.ndarray, start: np.ndarray
) -> tuple[Grid, np.ndarray]:
    """The visits of a table of rows, and the visit of each row.

    Parameters
    ----------
    names
        (P,) patients.
    patient, day
        (n,) patient index and day of each row.
    start
        (P,) day of the first dose.
    """
    order = np.lexsort((day, patient))
    p, d = patient[order], day[order]
    begins = np.ones(len(p), bool)
    begins[1:] = (p[1:] != p[:-1]) | (d[1:] != d[:-1])
    visit = np.empty(len(p), np.int64)
    visit[order] = np.cumsum(begins) - 1
    p, d = p[begins].astype(np.int64), d[begins]
    first = np.searchsorted(p, np.arange(len(names) + 1))
    return Grid(np.asarray(names, dtype=object), p, d, first, start), visit


def last_on_or_before(grid: Grid, allowed: np.ndarray) -> np.ndarray:
    """(P,) the last allowed visit on or before the first dose, -1 without one.

    Parameters
    ----------
    grid
        Visits.
    allowed
        (V,) visits that may be taken.
    """
    found = np.full(len(grid.names), -1, np.int64)
    fits = np.flatnonzero(allowed & (grid.day <= grid.start[grid.patient]))
    found[grid.patient[fits]] = fits  # sorted by day: the last one stays
    return found


def running_min_before(values: np.ndarray, first: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """(V,) the least finite value of the same patient's earlier visits; NaN without one.

    All patients take their k-th visit together.
    """
    if not len(values):
        return values.astype(float)
    filled = np.where(np.isnan(values), np.inf, values)
    out = np.full(len(values), np.inf)
    rank = np.arange(len(values)) - first[patient]
    for step in range(1, int(rank.max(initial=0)) + 1):
        at = np.flatnonzero(rank == step)
        out[at] = np.minimum(out[at - 1], filled[at - 1])
    return np.where(np.isinf(out), np.nan, out)


def any_before(flags: np.ndarray, first: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """(V,) whether an earlier visit of the same patient has the flag."""
    total = np.concatenate([[0], np.cumsum(flags)])
    here = np.arange(len(flags))
    return total[here] - total[first[patient]] > 0
