"""Folds of potency that never claim more than the doses tested can show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rpoint.evidence.conditions import Setup
from rpoint.evidence.dose import crossing, growth_inhibition, half_dose, series
from rpoint.evidence.experiment import Lab

# Factors on 30 x Kd of the dimer: 0.1 to 1000 times Kd, four decades.
DOSES = (1 / 300, 0.1, 1 / 3, 1.0, 10 / 3, 10.0, 100 / 3)


def dosed(line: Setup, treatment: str, doses: Sequence[float] = DOSES) -> list[Setup]:
    """The line without the drug, then at every dose."""
    return [line, *series(line.but(treatment=treatment), doses)]


def gr50(lab: Lab, line: Setup, treatment: str, doses: Sequence[float] = DOSES) -> np.ndarray:
    """GR50 of a drug against the same line without it, shape (sets,).

    Returns
    -------
    ndarray
        In multiples of the reference exposure; infinity where the top dose leaves GR above 0.5; NaN
        where the line does not grow without the drug.
    """
    return half_dose(lab.cells, line.but(treatment=treatment), line, doses)


def responses(lab: Lab, line: Setup, treatment: str, doses: Sequence[float] = DOSES) -> np.ndarray:
    """GR values at every dose, shape (sets, doses)."""
    return growth_inhibition(lab.cells, series(line.but(treatment=treatment), doses), line)


def least_fold(altered: np.ndarray, parental: np.ndarray, top: float = DOSES[-1]) -> np.ndarray:
    """Fold of GR50, altered over parental, or the least it can be, shape (sets,).

    A GR50 above the top dose counts as the top dose.  Where the parental line's is not reached
    either, nothing can be said, and the fold is NaN: it fails every criterion.

    >>> least_fold(np.array([6.0, np.inf, np.inf]), np.array([2.0, 1.0, np.inf]), top=10.0)
    array([ 3., 10., nan])
    """
    known = np.isfinite(parental) & ~np.isnan(altered)
    with np.errstate(invalid="ignore"):
        return np.where(known, np.minimum(altered, top) / parental, np.nan)


def part_lost(left: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part of an effect that is gone; minus infinity where there was none to lose.

    >>> part_lost(np.array([0.25, 0.1]), np.array([1.0, 0.0]))
    array([0.75, -inf])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, 1 - left / whole, np.where(np.isnan(whole), np.nan, -np.inf))


def crossing_up(doses: Sequence[float], rises: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Dose at which each set's rising response first reaches its own level, shape (sets,).

    >>> crossing_up([1, 10, 100], np.array([[1.0, 2.0, 4.0]]), np.array([3.0])).round(1)
    array([31.6])
    """
    return np.array(
        [crossing(doses, -row[None, :], -at)[0] for row, at in zip(rises, levels, strict=True)]
    )
