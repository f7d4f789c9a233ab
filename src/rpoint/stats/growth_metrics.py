"""Growth under a drug in numbers: TGI, T/C, log cell kill, growth rates, GR, Stein's rates.

Every value is a fraction unless its name says percent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.stats.gr_curve import GrCurve, dose_auc, gr_curve, gr_value
from rpoint.stats.stein import (
    SteinFit,
    fit_stein,
    fit_stein_table,
    stein_gd,
    stein_gd_phi,
    stein_nadir_day,
)

LOG2_OF_10 = float(np.log2(10.0))  # doublings in a factor of ten; 3.32 in the literature
FEWEST_POINTS = 3  # volumes above 0 that a growth rate needs


def tumour_growth_inhibition(control, treated, start, start_treated=None) -> np.ndarray:
    """TGI = 1 - (T - T0) / (C - C0), a fraction.

    Parameters
    ----------
    control, treated
        Volumes at one day (of the means of the arms, or arrays that broadcast).
    start, start_treated
        Volumes at the start; the control's serves both without the second.

    Returns
    -------
    numpy.ndarray
        1: growth stopped; above 1: shrunk; NaN where the control did not grow.

    >>> float(tumour_growth_inhibition(1000, 400, 200))
    0.75
    """
    control, treated, start = (np.asarray(v, float) for v in (control, treated, start))
    begun = start if start_treated is None else np.asarray(start_treated, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = 1.0 - (treated - begun) / (control - start)
    return np.where(control > start, value, np.nan)


def treated_over_control(control, treated) -> np.ndarray:
    """T/C, a fraction; NaN where the control has no volume.

    >>> float(treated_over_control(1000, 400))
    0.4
    """
    control, treated = np.asarray(control, float), np.asarray(treated, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(control > 0, treated / control, np.nan)


@dataclass(frozen=True)
class LogCellKill:
    """Growth delay in doublings of the control, as powers of ten.

    Attributes
    ----------
    delay_d
        Days by which the treated reach the size later; infinite if they never did.
    gross
        delay / (3.32 doubling time).
    net
        (delay - days of treatment) / (3.32 doubling time): above 0 cells were lost on treatment.
    """

    delay_d: float
    gross: float
    net: float

    def to_dict(self) -> dict:
        """The numbers as plain data."""
        return asdict(self)


def log_cell_kill(
    treated_day: float, control_day: float, doubling_d: float, treatment_d: float
) -> LogCellKill:
    """Log10 cell kill from the days at which both arms reach one size.

    Source: Corbett et al. 1987, as in Teicher (ed.), Tumor Models in Cancer Research.

    Parameters
    ----------
    treated_day, control_day
        Median days to a size (such as 1000 mm3).
    doubling_d
        Doubling time of the control, days.
    treatment_d
        Days from the first to the last dose.

    Raises
    ------
    RpointError
        For a doubling time of 0 or less.

    >>> round(log_cell_kill(40, 20, 3.0, 10).gross, 2)
    2.01
    """
    if not doubling_d > 0:
        raise RpointError("the doubling time of the control must be above 0", found=doubling_d)
    delay = float(treated_day) - float(control_day)
    unit = LOG2_OF_10 * doubling_d
    return LogCellKill(delay, delay / unit, (delay - float(treatment_d)) / unit)


def log_slope(days, volumes, last_day: float = 21.0) -> float:
    """Least-squares slope of ln volume to `last_day`, 1/d; NaN with fewer than three points.

    Volumes of 0 have no logarithm and are left out.
    """
    days, volumes = np.asarray(days, float), np.asarray(volumes, float)
    keep = (days <= last_day) & (volumes > 0)
    if keep.sum() < FEWEST_POINTS or np.ptp(days[keep]) == 0:
        return float("nan")
    return float(np.polyfit(days[keep], np.log(volumes[keep]), 1)[0])


def growth_inhibition_table(
    volumes: pd.DataFrame,
    *,
    control: str = "untreated",
    group: str = "model",
    arm: str = "arm",
    mouse: str = "mouse",
    day: str = "day",
    volume: str = "volume_mm3",
    last_day: float = 21.0,
) -> pd.DataFrame:
    """Growth rates of mice, and their inhibition against the control of the same model.

    Parameters
    ----------
    volumes
        Long table with the columns named by the other arguments.
    control
        The arm that is the control; the median of its rates within a model.
    last_day
        Rates are taken up to this day: late points over-represent slow tumours.

    Returns
    -------
    pandas.DataFrame
        group, arm, mouse, points, growth_rate_per_d, control_rate_per_d, growth_inhibition (1 -
        treated / control rate; heavy-tailed where the control hardly grows: use medians), status
        ("ok", "too few volumes", "no control", "the control does not grow").

    Raises
    ------
    RpointError
        If a column is missing or no arm is the control.
    """
    needed = [group, arm, mouse, day, volume]
    missing = [name for name in needed if name not in volumes]
    if missing:
        raise RpointError(
            f"the table has no column {', '.join(missing)}",
            found=", ".join(map(str, volumes.columns)),
        )
    if control not in set(volumes[arm]):
        arms = ", ".join(sorted(map(str, set(volumes[arm]))))
        raise RpointError("no mouse is in the control arm", found=control, allowed=arms)
    rows = []
    for (name, treatment, animal), one in volumes.groupby([group, arm, mouse], sort=True):
        days, sizes = one[day].to_numpy(float), one[volume].to_numpy(float)
        points = int(((days <= last_day) & (sizes > 0)).sum())
        rows.append((name, treatment, animal, points, log_slope(days, sizes, last_day)))
    table = pd.DataFrame(rows, columns=[group, arm, mouse, "points", "growth_rate_per_d"])
    rate = table[table[arm] == control].groupby(group)["growth_rate_per_d"].median()
    table["control_rate_per_d"] = table[group].map(rate).astype(float)
    growing = table["control_rate_per_d"] > 0
    inhibition = 1.0 - table["growth_rate_per_d"] / table["control_rate_per_d"]
    table["growth_inhibition"] = inhibition.where(growing)
    table["status"] = np.select(
        [table["growth_rate_per_d"].isna(), table["control_rate_per_d"].isna(), ~growing],
        ["too few volumes", "no control", "the control does not grow"],
        default="ok",
    )
    return table


__all__ = [
    "GrCurve", "LogCellKill", "SteinFit", "dose_auc", "fit_stein", "fit_stein_table", "gr_curve",
    "gr_value", "growth_inhibition_table", "log_cell_kill", "log_slope", "stein_gd",
    "stein_gd_phi", "stein_nadir_day", "treated_over_control", "tumour_growth_inhibition",
]  # fmt: skip
