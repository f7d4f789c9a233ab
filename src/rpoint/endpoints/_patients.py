"""The patients table: first dose, stop, death, new therapy, last contact, performance status."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rpoint.endpoints._columns import PATIENTS
from rpoint.endpoints._problems import Problem, Rows
from rpoint.endpoints._read import Table, load
from rpoint.endpoints._values import dates, identifiers, number

DAYS = ("stop_day", "death_day", "new_therapy_day", "last_contact_day")
ECOG = ("ecog_baseline", "ecog_2_months")
COLUMNS = ("patient", "arm", "first_dose_day", *DAYS, *ECOG)
LONGEST = 36_525.0  # d: a hundred years


@dataclass
class PatientRows:
    """What a patients table says, and what is wrong with it.

    Attributes
    ----------
    frame
        `COLUMNS` and the user's own columns, one row a patient; None without a table.
    origin
        Patient to the first dose in days since 1970-01-01, where dates are given.
    problems
        What is wrong.
    """

    frame: pd.DataFrame | None = None
    origin: pd.Series | None = None
    problems: list[Problem] = field(default_factory=list)
    where: str = "the patients table"
    row_word: str = "row"


def read_patients(
    source: str | os.PathLike[str] | pd.DataFrame | None,
    columns: Mapping[str, str] | None = None,
) -> PatientRows:
    """Read a patients table; days count as in the table of sizes, dates from the first dose."""
    if source is None:
        return PatientRows()
    table = load(source, PATIENTS, columns, extra="*")
    where = table.where if table.row_word == "line" else "the patients table"
    if "patient" not in table.found:
        problem = Problem("no-patient-column", "error", "the patients table names no patient",
                          "add a column `patient`")  # fmt: skip
        return PatientRows(problems=[problem], where=where, row_word=table.row_word)
    names, blank = identifiers(table.frame["patient"])
    rows = Rows(table.rows, names)
    rows.add(blank, "patient-missing", "a row of the patients table names no patient")
    repeated = pd.Series(names).duplicated(keep=False).to_numpy() & ~blank
    rows.add(repeated, "patient-repeated", "a patient has more than one row in the patients table")
    frame, origin = _days(table, names, rows)
    _impossible(frame, rows)
    order = frame.sort_values("patient", kind="stable").index
    first = order[~frame.loc[order, "patient"].duplicated()]
    kept = frame.loc[first].reset_index(drop=True)
    return PatientRows(kept, origin, rows.problems, where, table.row_word)


def _days(table: Table, names: pd.Categorical, rows: Rows) -> tuple[pd.DataFrame, pd.Series | None]:
    cells, found = table.frame, table.found
    n = len(cells)
    origin_days = None
    if "first_dose_date" in found:
        origin_days = dates(cells["first_dose_date"], rows, "first_dose_date")
    data: dict[str, object] = {"patient": names}
    if "arm" in found:
        data["arm"] = cells["arm"].astype("string").fillna("").astype(object)
    data["first_dose_day"] = _first_dose(table, origin_days, rows)
    for name in DAYS:
        dated = name.replace("_day", "_date")
        if name in found:
            data[name] = number(cells[name], rows, name)
        elif dated in found and origin_days is not None:
            data[name] = dates(cells[dated], rows, dated) - origin_days
        else:
            data[name] = np.full(n, np.nan)
            if dated in found:
                rows.add(np.ones(n, bool), f"{dated}-without-origin",
                         f"{dated} cannot be counted in days",
                         "add the column first_dose_date")  # fmt: skip
    for name in ECOG:
        data[name] = number(cells[name], rows, name) if name in found else np.full(n, np.nan)
    for own in found.ignored:
        if own not in data:
            data[own] = cells[own].to_numpy()
    frame = pd.DataFrame(data)
    origin = None
    if origin_days is not None:
        origin = pd.Series(origin_days, index=pd.Index(np.asarray(names, dtype=object)))
        origin = origin[~origin.index.duplicated()]
    return frame, origin


def _first_dose(table: Table, origin_days: np.ndarray | None, rows: Rows) -> np.ndarray:
    """Day of the first dose: the column's, else 0 (dates are counted from it)."""
    if "first_dose_day" not in table.found:
        return np.zeros(len(table.frame))
    day = number(table.frame["first_dose_day"], rows, "first_dose_day")
    rows.add(
        np.isnan(day),
        "first-dose-missing",
        "first_dose_day is blank",
        "leave out who was not treated, or the whole column if day 0 is the first dose",
    )
    return np.nan_to_num(day)


def _impossible(frame: pd.DataFrame, rows: Rows) -> None:
    start = frame["first_dose_day"].to_numpy()
    for name in DAYS:
        day = frame[name].to_numpy(dtype=float)
        rows.add(day < start, f"{name}-before-start", f"{name} lies before the first dose",
                 values=day)  # fmt: skip
        rows.add(np.abs(day) > LONGEST, f"{name}-impossible", f"{name} is no number of days",
                 values=day)  # fmt: skip
    death = frame["death_day"].to_numpy(dtype=float)
    for name in ("stop_day", "new_therapy_day", "last_contact_day"):
        late = frame[name].to_numpy(dtype=float) > death
        rows.add(late, f"{name}-after-death", f"{name} lies after the death", values=frame[name])
    for name in ECOG:
        grade = frame[name].to_numpy(dtype=float)
        wrong = ~np.isnan(grade) & ~np.isin(grade, (0, 1, 2, 3, 4, 5))
        rows.add(wrong, f"{name}-unknown", f"{name} is not 0 to 5", values=grade)
