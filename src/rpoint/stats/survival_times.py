"""The times under which numbers at risk are printed, and the ticks of the figure's axis."""

from __future__ import annotations

import math

import numpy as np

from rpoint.stats.survival_data import Floats

STEPS = {
    "months": (1, 2, 3, 6, 12, 24, 36, 48, 60, 120),
    "weeks": (1, 2, 4, 8, 12, 24, 52, 104, 208),
    "days": (1, 7, 14, 28, 30, 60, 90, 180, 365, 730, 1825),
}
MOST = 8  # columns of the table


def table_times(last: float, unit: str = "") -> Floats:
    """Times from 0 up to `last`, at most eight steps of a length that people count in.

    >>> table_times(27.0, "months").tolist()
    [0.0, 6.0, 12.0, 18.0, 24.0]
    >>> table_times(161.0).tolist()
    [0.0, 50.0, 100.0, 150.0]
    """
    if not last > 0:
        return np.zeros(1)
    step = next((s for s in STEPS.get(unit, ()) if last / s <= MOST), None) or _round(last / MOST)
    return np.arange(0, math.floor(last / step + 1e-9) + 1) * float(step)


def _round(length: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(length))
    return power * next(m for m in (1, 2, 5, 10) if m * power >= length * (1 - 1e-9))
