"""Dose series: where a response crosses a level, and growth-rate inhibition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rpoint.evidence.conditions import Setup
from rpoint.evidence.results import Cells

# Factors on the clinical exposure; the top is far above what a patient sees.
EXPOSURES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
TOP = EXPOSURES[-1]


def series(base: Setup, exposures: Sequence[float] = EXPOSURES) -> list[Setup]:
    """`base` at every exposure."""
    return [base.but(exposure=factor) for factor in exposures]


def crossing(doses: Sequence[float], responses: np.ndarray, level: float) -> np.ndarray:
    """Dose at which a response first falls to `level`, interpolated on log dose.

    Parameters
    ----------
    doses
        Ascending, shape (D,).
    responses
        Shape (sets, D).
    level
        In the unit of the response.

    Returns
    -------
    ndarray, shape (sets,)
        The lowest dose where the response starts below `level`; infinity where it never gets
        there; NaN where the response is unknown.

    >>> crossing([1, 10, 100], np.array([[1.0, 0.6, 0.4], [1.0, 1.0, 1.0]]), 0.5).round(2)
    array([31.62,   inf])
    """
    logs = np.log(np.asarray(doses, float))
    found = np.full(len(responses), np.inf)
    for row, response in enumerate(np.asarray(responses, float)):
        if np.isnan(response).any():
            found[row] = np.nan
            continue
        (below,) = np.nonzero(response <= level)
        if below.size == 0:
            continue
        at = int(below[0])
        if at == 0:
            found[row] = doses[0]
            continue
        high, low = response[at - 1], response[at]
        part = (high - level) / (high - low)
        found[row] = np.exp(logs[at - 1] + part * (logs[at] - logs[at - 1]))
    return found


def growth_inhibition(cells: Cells, setups: Sequence[Setup], control: Setup) -> np.ndarray:
    """GR value of every setup: 1 no effect, 0 no net growth, below 0 the cells die (Hafner 2016).

    Returns
    -------
    ndarray, shape (sets, setups)
        NaN where the control does not grow.
    """
    relative = np.stack([cells.rate(setup, control) for setup in setups], axis=1)
    return 2.0**relative - 1.0


def half_dose(
    cells: Cells, base: Setup, control: Setup, exposures: Sequence[float] = EXPOSURES
) -> np.ndarray:
    """GR50 in multiples of the clinical exposure, shape (sets,)."""
    values = growth_inhibition(cells, series(base, exposures), control)
    return crossing(exposures, values, 0.5)
