"""How fast the tumours of a panel grow untreated, from the volumes that the panel gives.

Columns `vol:0`, `vol:3`, `vol:7` are volumes of the untreated tumour (a control mouse, or the days
before treatment).  Their slope is weighed against the growth of the tumour type: few days and the
caliper's error say little, and the type then says the rest.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpoint.panel.curves import FLOOR_MM3
from rpoint.panel.noun import Panel
from rpoint.tumour.facts import facts

Floats = NDArray[np.float64]

GRID = np.linspace(-4.0, 4.0, 161)  # of the growth of the type, in its standard deviations


def growth_rates(panel: Panel, median: ArrayLike, spread: ArrayLike) -> pd.DataFrame:
    """Growth rate of every model whose volumes are known on two days at least.

    Parameters
    ----------
    panel
        With volumes.
    median, spread
        (n,) median growth rate of each model's type, 1/d, and SD of its logarithm between models.

    Returns
    -------
    pandas.DataFrame
        model_id, rate (median, 1/d), sd (half the distance of the 16th and 84th percentile);
        empty without volumes.

    Notes
    -----
    Least-squares slope of ln volume on days, its error from the caliper's (`caliper_sd_log` of
    `in_vivo.yaml`); times the log-normal distribution of the type's rates, on a grid.
    """
    if panel.volumes is None or len(panel.days) < 2:
        return pd.DataFrame(columns=["model_id", "rate", "sd"]).astype({"rate": float, "sd": float})
    slope, error = _slopes(panel.volumes.to_numpy(float), np.array(panel.days, dtype=float))
    middles, spreads = np.asarray(median, dtype=float), np.asarray(spread, dtype=float)
    rows = []
    for i in np.flatnonzero(np.isfinite(slope)).tolist():
        low, middle, high = _posterior(slope[i], error[i], middles[i], spreads[i])
        rows.append({"model_id": panel.ids[i], "rate": middle, "sd": (high - low) / 2})
    return pd.DataFrame(rows, columns=["model_id", "rate", "sd"])


def _slopes(volumes: Floats, days: Floats) -> tuple[Floats, Floats]:
    """(n,) slopes of ln volume and their standard errors; NaN with fewer than two days."""
    known = np.isfinite(volumes)
    count = np.maximum(known.sum(axis=1), 1)[:, None]
    level = np.log(np.maximum(np.where(known, volumes, 1.0), FLOOR_MM3))
    day = np.where(known, days[None, :], 0.0)
    off = np.where(known, day - day.sum(axis=1, keepdims=True) / count, 0.0)
    square = (off**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (off * level).sum(axis=1) / square
        error = facts()["caliper_sd_log"].value / np.sqrt(square)
    usable = square > 0
    return np.where(usable, slope, np.nan), np.where(usable, error, np.nan)


def _posterior(slope: float, error: float, median: float, spread: float) -> tuple[float, ...]:
    """16th, 50th and 84th percentile of the rate."""
    rates = median * np.exp(spread * GRID)
    log_weight = -0.5 * GRID**2 - 0.5 * ((slope - rates) / error) ** 2
    weight = np.exp(log_weight - log_weight.max())
    below = np.cumsum(weight) - 0.5 * weight
    return tuple(float(q) for q in np.interp([0.16, 0.5, 0.84], below / weight.sum(), rates))
