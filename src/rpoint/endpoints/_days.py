"""The day of every row: a day, a CDISC study day, weeks, or a date counted from the first dose."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._patients import LONGEST, PatientRows
from rpoint.endpoints._problems import Rows
from rpoint.endpoints._read import Table
from rpoint.endpoints._values import dates, number

VISIT_SPAN = 14.0  # d: scans further apart than this are not one visit


def days(
    table: Table, names: pd.Categorical, patients: PatientRows, rows: Rows
) -> np.ndarray | None:
    """(n,) days; None if the table has no column for it.

    CDISC study days (TRDY) have no day 0: day 1 becomes 0, so that days before it stay negative.
    With a column `visit` the rows of one visit get its first day.
    """
    values = _counted(table, names, patients, rows)
    if values is None:
        return None
    unread = rows.has("day-not-a-number") | rows.has("date-not-a-date")
    rows.add(np.isnan(values) & ~unread, "day-missing", "the day is missing",
             "every row needs a day")  # fmt: skip
    rows.add(np.abs(values) > LONGEST, "day-impossible", "the day is no number of days",
             "days count from the first dose", values=values)  # fmt: skip
    if "visit" in table.found:
        values = _one_day_a_visit(table.frame["visit"], names, values, rows)
    return values


def _counted(
    table: Table, names: pd.Categorical, patients: PatientRows, rows: Rows
) -> np.ndarray | None:
    cells, found = table.frame, table.found
    if "day" in found:
        return number(cells["day"], rows, "day")
    if "study_day" in found:
        study = number(cells["study_day"], rows, "study day")
        rows.add(study == 0, "study-day-zero", "a CDISC study day is 0",
                 "name the column `day` if 0 is the first dose")  # fmt: skip
        return np.where(study > 0, study - 1.0, study)
    if "weeks" in found:
        # Weeks of a table are rounded days: 8.119 weeks are 56.8 days, read as 57.
        return np.round(7.0 * number(cells["weeks"], rows, "weeks"))
    if "date" not in found:
        return None
    stamp = dates(cells["date"], rows, "date")
    if patients.origin is None:
        rows.add(
            np.ones(len(stamp), bool),
            "date-without-origin",
            "dates cannot be counted in days",
            "give a patients table with first_dose_date (or RFSTDTC), or a column `day`",
        )
        return np.zeros(len(stamp))
    origin = patients.origin.reindex(names.categories).to_numpy(dtype=float)
    start = np.append(origin, np.nan)[names.codes]
    rows.add(np.isnan(start) & ~np.isnan(stamp), "date-without-origin",
             "the patient has no first-dose date in the patients table")  # fmt: skip
    return np.where(np.isnan(start), 0.0, stamp - np.nan_to_num(start))


def _one_day_a_visit(
    visit: pd.Series, names: pd.Categorical, values: np.ndarray, rows: Rows
) -> np.ndarray:
    label = visit.astype("category").cat.codes.to_numpy()
    table = pd.DataFrame({"patient": names.codes, "visit": label, "day": values})
    grouped = table.groupby(["patient", "visit"])["day"]
    first, last = grouped.transform("min").to_numpy(), grouped.transform("max").to_numpy()
    known = label >= 0
    rows.add(
        known & (last - first > VISIT_SPAN),
        "visit-too-long",
        f"the days of one visit lie more than {VISIT_SPAN:.0f} days apart",
        "give each assessment a visit of its own",
    )
    return np.where(known, first, values)
