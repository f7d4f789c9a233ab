"""A table of sums of target diameters, for those who have no lesion-level data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._days import days
from rpoint.endpoints._grid import Grid, last_on_or_before, make_grid
from rpoint.endpoints._lesions import unit_factor
from rpoint.endpoints._patients import PatientRows
from rpoint.endpoints._plausible import check_death, check_sizes, check_unit
from rpoint.endpoints._problems import Problem, Rows
from rpoint.endpoints._read import Table
from rpoint.endpoints._responses import NONTARGET
from rpoint.endpoints._targets import TOO_SMALL_MM
from rpoint.endpoints._values import (
    ABSENT,
    MEASURED,
    NOT_EVALUABLE,
    TOO_SMALL,
    by_value,
    flag,
    identifiers,
    number,
    status,
)

LARGEST_SUM = 2000.0  # mm: five targets, each as large as a lesion can be, is less
_NONTARGET_WORDS = {
    "": 0, "none": 0, "na": 0, "cr": 1, "absent": 1, "non cr non pd": 2, "non cr/non pd": 2,
    "noncr/nonpd": 2, "present": 2, "sd": 2, "ne": 3, "not evaluable": 3, "pd": 4,
    "progression": 4, "unequivocal progression": 4,
}  # fmt: skip


def missing_columns(table: Table) -> list[str]:
    """The columns that a table of sums must have and this one has not."""
    found = table.found
    has_day = any(name in found for name in ("day", "study_day", "weeks", "date"))
    has = {"patient": "patient" in found, "day": has_day, "sum_mm": "sum" in found}
    return [name for name, there in has.items() if not there]


def sum_rows(
    table: Table, patients: PatientRows, unit: str | None, blanks: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Make a table of sums tidy and check it.

    Returns
    -------
    frame
        patient, day, sum_mm (NaN: not evaluable), new (0/1), nontarget (one of `NONTARGET`), row;
        sorted by patient and day.
    problems
        What is wrong.
    """
    cells = table.frame
    patient, no_patient = identifiers(cells["patient"])
    rows = Rows(table.rows, patient)
    rows.add(no_patient, "patient-missing", "the patient is blank")
    day = days(table, patient, patients, rows)
    assert day is not None  # `missing_columns` has seen to it
    total = _sum(table, unit, rows, blanks)
    n = len(cells)
    new = flag(cells["new"], rows, "new") if "new" in cells else np.zeros(n, np.int8)
    judged = _nontarget(cells["nontarget"], rows) if "nontarget" in cells else np.zeros(n, np.int8)
    frame = pd.DataFrame({
        "patient": patient, "day": day, "sum_mm": total, "new": new,
        "nontarget": pd.Categorical.from_codes(judged, categories=list(NONTARGET)),
        "row": table.rows,
    })  # fmt: skip
    order = np.lexsort((table.rows, day, patient.codes))
    frame = frame.iloc[order].reset_index(drop=True)
    return frame, rows.problems


def _nontarget(cells: pd.Series, rows: Rows) -> np.ndarray:
    def convert(text: str) -> int:
        word = " ".join(text.casefold().replace("-", " ").replace("_", " ").split())
        return _NONTARGET_WORDS.get(word, -2)

    code = by_value(cells, convert)
    rows.add(code == -2, "nontarget-unknown", "nontarget is not a known word",
             f"use one of: {', '.join(NONTARGET)}", values=cells)  # fmt: skip
    return np.maximum(code, 0).astype(np.int8)


def _sum(table: Table, unit: str | None, rows: Rows, blanks: str) -> np.ndarray:
    cells = table.frame
    values = number(cells["sum"], rows, "sum", "a size in mm or cm, digits only")
    blank = cells["sum"].isna().to_numpy()
    factor = unit_factor(table, unit, rows, measured=~np.isnan(values))
    total = values * factor
    rows.add(values < 0, "sum-negative", "the sum is negative", values=values)
    rows.add(total > LARGEST_SUM, "sum-too-large", f"the sum is above {LARGEST_SUM:.0f} mm",
             "is the unit right?", values=values)  # fmt: skip
    state = np.full(len(total), -1, np.int8)
    if "status" in cells:
        state = status(cells["status"], rows, "status")
    total = np.where((state == TOO_SMALL) & np.isnan(total), TOO_SMALL_MM, total)
    total = np.where((state == ABSENT) & np.isnan(total), 0.0, total)
    rows.add((state == NOT_EVALUABLE) & ~np.isnan(total), "not-evaluable-with-size",
             "a visit that is not evaluable has a sum", values=values)  # fmt: skip
    if blanks == "error":
        rows.add(blank & np.isin(state, (-1, MEASURED)), "sum-blank",
                 "the sum is blank and no status says why",
                 "add a column status (not evaluable), leave the row out, or say "
                 "blanks='not evaluable' (--blanks not-evaluable)")  # fmt: skip
    return np.where(values < 0, np.nan, total)


def sums_grid(frame: pd.DataFrame, start: np.ndarray) -> tuple[Grid, np.ndarray, np.ndarray]:
    """Visits, the visit of each row, and the baseline visit of each patient (-1 without)."""
    code = frame["patient"].cat.codes.to_numpy().astype(np.int64)
    names = np.asarray(frame["patient"].cat.categories, dtype=object)
    grid, visit = make_grid(names, code, frame["day"].to_numpy(), start)
    return grid, visit, last_on_or_before(grid, np.ones(len(grid.patient), bool))


def check_sums(frame: pd.DataFrame, start: np.ndarray, patients: PatientRows) -> list[Problem]:
    """Every fault between the rows of a tidy table of sums."""
    rows = Rows(frame["row"].to_numpy(), frame["patient"])
    grid, visit, baseline = sums_grid(frame, start)
    code = frame["patient"].cat.codes.to_numpy()
    size, day = frame["sum_mm"].to_numpy(), frame["day"].to_numpy()
    twice = pd.Series(visit).duplicated(keep=False).to_numpy()
    rows.add(twice, "visit-twice", "a patient has two sums on one day",
             "leave one of the rows: nothing is averaged or chosen here")  # fmt: skip
    none = (baseline < 0)[code]
    rows.add(
        none & (visit == grid.first[code]),
        "no-baseline",
        "the patient has no baseline: no scan on or before the first dose",
        "day 0 is the first dose; say another day in the patients table (first_dose_day), or name "
        "the column TRDY if day 1 is the first dose",
        values=day,
    )
    base = (baseline[code] == visit) & ~none
    rows.add(base & np.isnan(size), "baseline-not-evaluable", "the sum at baseline is not known")
    rows.add(base & (size == 0), "baseline-absent", "the sum at baseline is 0")
    rows.add(base & (frame["new"].to_numpy() == 1), "new-at-baseline",
             "a new lesion is seen at baseline")  # fmt: skip
    after = np.zeros(len(grid.names), bool)
    after[code[day > start[code]]] = True
    rows.add(~after[code] & (visit == grid.first[code]), "no-follow-up",
             "the patient has no scan after the first dose", severity="warning")  # fmt: skip
    check_unit(rows, base, size, "sum")
    check_sizes(rows, code, day, size, "sum")
    check_death(frame["patient"].to_numpy(), day, patients, rows)
    return rows.problems
