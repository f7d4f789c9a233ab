"""Measured volume curves at given days, and the Gaussian about the arm's mean curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpoint.panel.densities import crps_gaussian, gaussian_log_density

Floats = NDArray[np.float64]

DAYS = (7.0, 14.0, 21.0)
FLOOR_MM3 = 20.0  # a sphere of 3.4 mm: smaller ones, complete regressions included, count as this
MAX_GAP_D = 8.0  # no value is read between two visits that are further apart
MIN_MICE = 5  # training mice of an arm and day below which there is no Gaussian


def measured_curves(volumes: pd.DataFrame, days: Sequence[float] = DAYS) -> pd.DataFrame:
    """Natural log of volume over day-0 volume, for every mouse at the given days.

    Parameters
    ----------
    volumes
        model_id, arm, mouse_id, day, volume_mm3; one row per mouse and day.
    days
        Days at which the curves are read.

    Returns
    -------
    pandas.DataFrame
        model_id, arm, mouse_id, day, v0_mm3, log_ratio: rows for the days on which the mouse has a
        value.

    Notes
    -----
    Between two visits at most `MAX_GAP_D` apart the logarithm is interpolated linearly; beyond the
    last visit there is no value.  Volumes below `FLOOR_MM3` count as that: 0 mm³ has no logarithm.
    Mice without a volume on day 0 are left out.
    """
    wanted = np.asarray(days, dtype=float)
    parts = []
    ordered = volumes.sort_values(["mouse_id", "day"], kind="stable")
    for (model, arm, mouse), rows in ordered.groupby(["model_id", "arm", "mouse_id"], sort=False):
        day = rows["day"].to_numpy(dtype=float)
        volume = np.maximum(rows["volume_mm3"].to_numpy(dtype=float), FLOOR_MM3)
        kept = np.isfinite(volume)
        day, volume = day[kept], volume[kept]
        if not len(day) or day[0] != 0.0:
            continue
        values = np.log(_read(wanted, day, volume)) - np.log(volume[0])
        found = pd.DataFrame({"day": wanted, "v0_mm3": volume[0], "log_ratio": values})
        parts.append(found.assign(model_id=model, arm=arm, mouse_id=mouse))
    names = ["model_id", "arm", "mouse_id", "day", "v0_mm3", "log_ratio"]
    if not parts:
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)[names].dropna(ignore_index=True)


def _read(wanted: Floats, day: Floats, volume: Floats) -> Floats:
    """Volumes at the wanted days; NaN after the last visit and within long gaps."""
    found = np.exp(np.interp(wanted, day, np.log(volume), right=np.nan))
    after = np.searchsorted(day, wanted, side="left")
    inside = (after > 0) & (after < len(day))
    gap = np.zeros(len(wanted))
    gap[inside] = day[after[inside]] - day[after[inside] - 1]
    exact = np.isin(wanted, day)
    return np.where((gap > MAX_GAP_D) & ~exact, np.nan, found)


def arm_mean_gaussian(curves: pd.DataFrame) -> pd.DataFrame:
    """Score every curve under the mean and spread of the other folds' mice of the same arm and day.

    Parameters
    ----------
    curves
        As of `measured_curves`, with `fold`.

    Returns
    -------
    pandas.DataFrame
        The rows with mean, sd, log_density, crps; NaN where fewer than `MIN_MICE` mice train.
    """
    found = curves.assign(mean=np.nan, sd=np.nan)
    for _, rows in curves.groupby(["arm", "day"], sort=False):
        for fold in rows["fold"].unique():
            train = rows.loc[rows["fold"] != fold, "log_ratio"]
            if len(train) >= MIN_MICE:
                held = rows.index[rows["fold"] == fold]
                found.loc[held, ["mean", "sd"]] = [train.mean(), train.std(ddof=1)]
    value, mean, sd = (found[name].to_numpy(float) for name in ("log_ratio", "mean", "sd"))
    return found.assign(
        log_density=gaussian_log_density(value, mean, sd), crps=crps_gaussian(value, mean, sd)
    )
