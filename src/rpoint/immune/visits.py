"""Scans of the patients of `lung`: reading error, progression, the end of treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rpoint.immune.lung import Patients, event_day, spread_hazard
from rpoint.streams import normals
from rpoint.tumour.facts import fact

DENSE_WEEKS, DENSE_UNTIL, SPARSE_WEEKS = 6, 36, 9
PROGRESSION, LEAST_MM = 1.20, 5.0
DAYS_PER_MONTH = 30.4375


def scan_days(days: int) -> np.ndarray:
    """Days of the scans: baseline, every 6 weeks to week 36, then every 9; below `days`."""
    dense = np.arange(0, 7 * DENSE_UNTIL + 1, 7 * DENSE_WEEKS)
    sparse = np.arange(7 * (DENSE_UNTIL + SPARSE_WEEKS), max(days, 1), 7 * SPARSE_WEEKS)
    grid = np.concatenate([dense, sparse])
    return grid[grid < days]


@dataclass(frozen=True)
class Scans:
    """What was read.

    Attributes
    ----------
    day
        (V,) days of the scans.
    read_mm
        (n, V) measured sums, whole mm.
    target, spread
        (n,) day of the first scan that shows target progression; new lesions or non-target
        progression; inf if none.
    leave
        (n,) day of drop-out, inf if none.
    """

    day: np.ndarray
    read_mm: np.ndarray
    target: np.ndarray
    spread: np.ndarray
    leave: np.ndarray

    @property
    def progression(self) -> np.ndarray:
        """(n,) day of the first scan that shows any progression."""
        return np.minimum(self.target, self.spread)


def read_scans(
    sums: np.ndarray,
    patients: Patients,
    p: Mapping[str, float],
    *,
    errors: np.ndarray | None = None,
    lesions: np.ndarray | None = None,
) -> Scans:
    """Scans of true sums (n, T).

    Parameters
    ----------
    errors
        (n, V) standard normal reading errors; drawn from the patients' streams when left out.
    lesions
        (n,) number of lesions whose readings are added; the patients' own when left out.
    """
    day = scan_days(sums.shape[1])
    if errors is None:
        errors = normals(patients.seed, "lung scans", patients.index, len(day))
    many = patients.lesions if lesions is None else lesions
    sd = fact("scan_sd_log") / np.sqrt(many)
    read = np.round(sums[:, day] * np.exp(sd[:, None] * errors))
    read[:, 0] = np.maximum(read[:, 0], 10.0)
    leave = -np.log(patients.leave) / p["lung_dropout"] * DAYS_PER_MONTH
    return Scans(
        day=day,
        read_mm=read,
        target=first_true(target_progression(read), day),
        spread=_seen(event_day(spread_hazard(sums, p), patients.spread), day),
        leave=leave,
    )


def target_progression(read: np.ndarray) -> np.ndarray:
    """(n, V) whether a scan is 20 % and 5 mm above the least so far (RECIST 1.1)."""
    least = np.minimum.accumulate(read, axis=1)
    before = np.concatenate([read[:, :1], least[:, :-1]], axis=1)
    return (
        (read >= PROGRESSION * before)
        & (read - before >= LEAST_MM)
        & (np.arange(read.shape[1]) > 0)
    )


def first_true(flags: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Day of the first True of every row; inf if none."""
    return np.where(flags.any(axis=1), day[flags.argmax(axis=1)], np.inf)


def _seen(event: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Day of the first scan on or after an event; inf if none."""
    later = np.searchsorted(day, event)
    return np.where(later < len(day), day[np.minimum(later, len(day) - 1)], np.inf)
