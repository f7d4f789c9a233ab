"""Tables for figures: medians and 5-95 % ranges over the ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rpoint.evidence._weighted import quantiles
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab


def dots(lab: Lab, rows: Mapping[str, np.ndarray], **columns: object) -> pd.DataFrame:
    """One row per quantity: label, median, lo, hi and the extra columns."""
    return pd.DataFrame(
        [_range(lab, values, label=label) | columns for label, values in rows.items()]
    )


def courses(
    lab: Lab, observable: str, arms: Mapping[str, Setup], base: Setup | None = None
) -> pd.DataFrame:
    """One row per arm and day; over the level of `base` at the same day if it is given."""
    rows = []
    for arm, setup in arms.items():
        levels = lab.cells.course(observable, setup)
        if base is not None:
            levels = levels / np.maximum(lab.cells.course(observable, base), 1e-12)
        for column, day in enumerate(lab.cells.days[setup]):
            rows.append(_range(lab, levels[:, column], arm=arm, day=float(day)))
    return pd.DataFrame(rows)


def curves(lab: Lab, doses: Sequence[float], lines: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row per line and dose, from responses of shape (sets, doses)."""
    return pd.DataFrame(
        [
            _range(lab, responses[:, column], line=line, dose=dose)
            for line, responses in lines.items()
            for column, dose in enumerate(doses)
        ]
    )


def _range(lab: Lab, values: np.ndarray, **columns: object) -> dict[str, object]:
    values = np.broadcast_to(np.asarray(values, float), (lab.sets,))
    low, median, high = quantiles(values, lab.weights)
    return {**columns, "median": median, "lo": low, "hi": high}
