"""mRECIST for mice: best response, best average response and class of each tumour.

Source: Gao 2015 (Nat Med 21:1318, doi:10.1038/nm.3954), with the thresholds as the R package Xeva
codes them.  Changes are of the volume, % of day 0.  BestResponse is the least change at day 10 or
later; BestAvgResponse is the least running mean (from the start on) at day 10 or later.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpoint.endpoints._columns import SIZES
from rpoint.endpoints._grid import make_grid
from rpoint.endpoints._problems import Rows, refuse
from rpoint.endpoints._read import load
from rpoint.endpoints._values import identifiers, number
from rpoint.errors import RpointError

if TYPE_CHECKING:
    from rpoint.stats.proportions import Proportion

# Class: limits of the best response and of the best average response, %.
MRECIST = (("mCR", -95.0, -40.0), ("mPR", -50.0, -20.0), ("mSD", 35.0, 30.0))
FIRST_DAY = 10.0
RESPONDERS = ("mCR", "mPR")


def mrecist(
    days: np.ndarray, volumes: np.ndarray, first_day: float = FIRST_DAY
) -> dict[str, float | str]:
    """Best response, best average response (%) and class of one mouse.

    Parameters
    ----------
    days, volumes
        (T,) days in order, the first is the start; volumes in any one unit.
    first_day
        Earlier visits give no response.

    Returns
    -------
    dict
        best_response_pct, best_avg_response_pct, mrecist ("" without a visit that late).

    >>> mrecist(np.array([0, 5, 10, 15, 20]), np.array([200, 180, 120, 80, 60.0]))["mrecist"]
    'mPR'
    """
    volumes = np.asarray(volumes, dtype=float)
    change = 100.0 * (volumes / volumes[0] - 1.0)
    average = np.cumsum(change) / np.arange(1, len(change) + 1)
    late = np.asarray(days) >= first_day
    if not late.any():
        return {"best_response_pct": np.nan, "best_avg_response_pct": np.nan, "mrecist": ""}
    best, mean = float(change[late].min()), float(average[late].min())
    return {
        "best_response_pct": best,
        "best_avg_response_pct": mean,
        "mrecist": mouse_class(best, mean),
    }


def mouse_class(best: float, average: float) -> str:
    """The first class whose two limits both hold."""
    for name, limit, mean_limit in MRECIST:
        if best < limit and average < mean_limit:
            return name
    return "mPD"


@dataclass(frozen=True, repr=False)
class MouseResponse:
    """mRECIST of every tumour.

    Attributes
    ----------
    table
        patient (the mouse), arm, start_volume, best_response_pct, best_avg_response_pct, mrecist.
    visits
        patient, day, volume, change_pct.
    """

    table: pd.DataFrame
    visits: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.table.copy()

    def summary(self) -> pd.DataFrame:
        """Tumours of each class, for each arm if there are arms."""
        by = ["arm"] if "arm" in self.table else []
        return self.table.groupby([*by, "mrecist"]).size().rename("n").reset_index()

    def rate(self, level: float = 0.95) -> Proportion:
        """Share of mCR and mPR among the tumours that have a class."""
        from rpoint.stats.proportions import proportion

        known = self.table[self.table["mrecist"] != ""]
        return proportion(int(known["mrecist"].isin(RESPONDERS).sum()), len(known), level=level)

    def to_dict(self) -> dict:
        """Plain data: patients."""
        return {"patients": self.table.to_dict("records")}

    def __repr__(self) -> str:
        n = int(self.table["mrecist"].isin(RESPONDERS).sum())
        return f"<mRECIST of {len(self.table)} tumours: {n} mCR or mPR>"


def read_volumes(
    source: str | os.PathLike[str] | pd.DataFrame, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read a table patient (mouse), day, volume_mm3, and arm if there is one.

    Raises
    ------
    RpointError
        With every problem of the table and its rows.
    """
    table = load(source, SIZES, columns)
    missing = [name for name in ("patient", "day", "volume") if name not in table.found]
    if missing:
        raise RpointError(
            f"the table lacks: {', '.join(missing)}",
            where=table.where,
            found=", ".join([*table.found.columns.values(), *table.found.ignored]),
            allowed="patient (or mouse), day, volume_mm3",
        )
    names, blank = identifiers(table.frame["patient"])
    rows = Rows(table.rows, names)
    rows.add(blank, "patient-missing", "the mouse is blank")
    day = number(table.frame["day"], rows, "day")
    volume = number(table.frame["volume"], rows, "volume")
    rows.add(np.isnan(day), "day-missing", "the day is missing")
    rows.add(np.isnan(volume), "volume-missing", "the volume is missing", "leave the row out")
    rows.add(volume < 0, "volume-negative", "the volume is negative", values=volume)
    frame = pd.DataFrame({"patient": names, "day": day, "volume_mm3": volume})
    if "arm" in table.found:
        frame["arm"] = table.frame["arm"].astype("string").fillna("").to_numpy(dtype=object)
    _check_starts(frame, rows)
    refuse(rows.problems, where=table.where, unit=table.row_word)
    return frame.sort_values(["patient", "day"], kind="stable", ignore_index=True)


def _check_starts(frame: pd.DataFrame, rows: Rows) -> None:
    code = frame["patient"].cat.codes.to_numpy()
    twice = frame.duplicated(["patient", "day"], keep=False).to_numpy()
    rows.add(twice, "visit-twice", "a mouse has two volumes on one day")
    first = frame["day"].groupby(code).transform("min")
    starts = frame["day"].to_numpy() == first.to_numpy()
    rows.add(starts & (frame["volume_mm3"].to_numpy() == 0), "start-zero", "the first volume is 0")


def mrecist_table(
    volumes: pd.DataFrame | str | os.PathLike[str], *, first_day: float = FIRST_DAY
) -> MouseResponse:
    """mRECIST of every mouse of a table; days count from each mouse's first visit.

    Parameters
    ----------
    volumes
        As in `read_volumes`.
    first_day
        Earlier visits give no response.
    """
    frame = read_volumes(volumes)
    names = np.asarray(frame["patient"].cat.categories, dtype=object)
    code = frame["patient"].cat.codes.to_numpy().astype(np.int64)
    zero = np.zeros(len(names))
    grid, _ = make_grid(names, code, frame["day"].to_numpy(), zero)
    day = grid.day - grid.day[grid.first[:-1]][grid.patient]
    volume = frame["volume_mm3"].to_numpy()
    start = volume[grid.first[:-1]]
    change = 100.0 * (volume / start[grid.patient] - 1.0)
    total = np.cumsum(change)
    before = np.concatenate([[0.0], total])[grid.first[:-1]]
    average = (total - before[grid.patient]) / (grid.rank + 1)
    late = day >= first_day
    best, mean = _least(change, late, grid), _least(average, late, grid)
    classes = [mouse_class(b, a) if b == b else "" for b, a in zip(best, mean)]
    table = pd.DataFrame({"patient": names})
    if "arm" in frame:
        table["arm"] = frame["arm"].to_numpy()[grid.first[:-1]]
    table = table.assign(
        start_volume=start, best_response_pct=best, best_avg_response_pct=mean, mrecist=classes
    )
    visits = frame.assign(day=day, change_pct=change)
    return MouseResponse(table, visits)


def _least(values: np.ndarray, late: np.ndarray, grid) -> np.ndarray:
    out = np.full(len(grid.names), np.inf)
    np.minimum.at(out, grid.patient[late], values[late])
    return np.where(np.isinf(out), np.nan, out)
