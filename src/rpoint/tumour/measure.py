"""What is measured of a tumour: calipers, scans, and the numbers made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints.mrecist import mrecist
from rpoint.stats import growth_metrics
from rpoint.stats.growth_metrics import log_slope
from rpoint.streams import normals
from rpoint.tumour.facts import fact


def calipers(volumes: np.ndarray, seed: int, sd_log: float | None = None) -> np.ndarray:
    """Caliper volumes: every visit of every mouse gets its own log-normal error.

    Parameters
    ----------
    volumes
        (mice, visits) true volumes, mm3.
    seed
        Seed; mouse i gets the same errors in every call with as many visits or fewer.
    sd_log
        SD of the error of ln volume; the documented one when left out.
    """
    sd = fact("caliper_sd_log") if sd_log is None else sd_log
    errors = normals(seed, "calipers", *volumes.shape)
    return volumes * np.exp(sd * errors)


def scans(diameters: np.ndarray, seed: int, sd_log: float | None = None) -> np.ndarray:
    """Measured long diameters, whole millimetres: (patients, lesions, visits) in, the same out."""
    sd = fact("scan_sd_log") if sd_log is None else sd_log
    patients, lesions, visits = diameters.shape
    errors = normals(seed, "scans", patients, lesions * visits).reshape(diameters.shape)
    return np.round(diameters * np.exp(sd * errors))


def diameter_mm(volume_mm3: np.ndarray) -> np.ndarray:
    """Diameter of the sphere of a volume: d = (6 V / pi)^(1/3), mm."""
    return np.cbrt(6.0 * np.asarray(volume_mm3) / np.pi)


def volume_mm3(diameter: np.ndarray) -> np.ndarray:
    """Volume of the sphere of a diameter, mm3."""
    return np.pi / 6.0 * np.asarray(diameter) ** 3


def tumour_growth_inhibition(control: np.ndarray, treated: np.ndarray, start: float) -> float:
    """TGI of the arms' means, %; NaN if the control did not grow."""
    fraction = growth_metrics.tumour_growth_inhibition(np.mean(control), np.mean(treated), start)
    return float(100.0 * fraction)


def response_table(volumes: pd.DataFrame) -> pd.DataFrame:
    """One row per mouse: slope to day 21, growth inhibition, best responses, class.

    Parameters
    ----------
    volumes
        Columns model, arm, mouse, day, volume_mm3.  The control of a model is its arm "vehicle" or
        "untreated"; its slope is the median over the mice of that arm.

    Returns
    -------
    pandas.DataFrame
        model, arm, mouse, growth_rate_21d_per_d, growth_inhibition_frac (1 - treated / control
        slope), best_response_pct, best_avg_response_pct, mrecist.
    """
    rows = []
    for (model, arm, mouse), one in volumes.sort_values("day").groupby(["model", "arm", "mouse"]):
        day, size = one["day"].to_numpy(float), one["volume_mm3"].to_numpy(float)
        rows.append(
            {
                "model": model,
                "arm": arm,
                "mouse": mouse,
                "growth_rate_21d_per_d": log_slope(day, size),
                **mrecist(day, size),
            }
        )
    table = pd.DataFrame(rows)
    control = table[table["arm"].isin(("vehicle", "untreated"))]
    slope = control.groupby("model")["growth_rate_21d_per_d"].median()
    treated = table["growth_rate_21d_per_d"] / table["model"].map(slope)
    table.insert(4, "growth_inhibition_frac", 1.0 - treated)
    return table
