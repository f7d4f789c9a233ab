"""The table that hyperprogression is judged on: one row a patient, every problem found at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from rpoint.endpoints._problems import Rows, refuse
from rpoint.errors import RpointError, nearest_name

# Column -> what it holds.  Days are counted from the first dose (day 0).
COLUMNS: dict[str, str] = {
    "patient": "name; default: the number of the row",
    "s_pre": "target sum at the scan before baseline",
    "day_pre": "its day",
    "s_base": "target sum at baseline (the last scan before the first dose)",
    "day_base": "its day",
    "s_first": "target sum at the first scan on treatment",
    "day_first": "its day",
    "first_response": "RECIST response at that scan",
    "new_lesion": "1 if that scan shows a new lesion, else 0",
    "new_in_involved_organ": "number of new lesions in organs already involved",
    "new_organ": "1 if a new lesion lies in an organ not involved before, else 0",
    "organs_with_new": "number of organs with new lesions",
    "ecog_worsening": "rise of ECOG in the first 2 months",
    "ttf_days": "first dose to stop of the checkpoint inhibitor for any reason, d",
    "ttf_event": "1 stopped (default), 0 still treated at ttf_days",
    "pd_day": "day of the first RECIST progression; if the column is there, missing = none seen",
    "death_day": "day of death; if the column is there, missing = alive",
    "death_from_pd": "1 if death was due to radiologic progression, else 0",
    "last_contact_day": "last day known alive",
    "irecist": "iRECIST state after the first progression",
}
SIZES = ("s_pre", "s_base", "s_first")
DAYS = ("day_pre", "day_base", "day_first")
REQUIRED = ("s_base", "day_base", "s_first", "day_first")
YES_NO = ("new_lesion", "new_organ", "ttf_event", "death_from_pd")
COUNTS = ("new_in_involved_organ", "organs_with_new")
NOT_NEGATIVE = (*SIZES, *COUNTS, "ttf_days", "death_day", "pd_day", "last_contact_day")
RESPONSES = ("CR", "PR", "SD", "PD", "NE", "NON-CR/NON-PD", "ND")
IRECIST = ("ICPD", "IUPD", "ISD", "IPR", "ICR", "NE")
TEXTS = ("patient", "first_response", "irecist")
MM_PER = {"mm": 1.0, "cm": 10.0}


def read_patients(table: pd.DataFrame, *, unit: str = "mm") -> pd.DataFrame:
    """The table with every column of `COLUMNS`, sizes in mm; missing columns are all missing.

    Raises
    ------
    RpointError
        With every problem of the table and its rows (the first row of data is row 1).
    """
    if not isinstance(table, pd.DataFrame):
        raise RpointError(
            "hyperprogression needs a table with one row a patient",
            found=type(table).__name__,
            mend="give a pandas DataFrame; from lesion tables use from_sizes",
        )
    if unit not in MM_PER:
        raise RpointError("unknown unit of the sums", where="unit", found=unit, allowed="mm, cm")
    _check_header(table.columns)
    names = _names(table)
    rows = Rows(np.arange(1, len(table) + 1), names)
    read: dict[str, object] = {"patient": names}
    for column in COLUMNS:
        if column in ("first_response", "irecist"):
            allowed = RESPONSES if column == "first_response" else IRECIST
            read[column] = _words(table, column, allowed, rows)
        elif column != "patient":
            read[column] = _numbers(table, column, rows)
    patients = pd.DataFrame(read)
    _check(patients, rows)
    if "pd_day" in table:
        later = ~(patients["pd_day"] <= patients["day_first"])
        rows.add(
            (patients["first_response"] == "PD") & later, "progression",
            "first_response is PD, but pd_day is missing or later than day_first",
            "fill pd_day, or leave the column out", values=patients["pd_day"],
        )  # fmt: skip
    refuse(rows.problems, where="table of patients", unit="row")
    for column in SIZES:
        patients[column] *= MM_PER[unit]
    patients["ttf_event"] = patients["ttf_event"].fillna(1.0)
    for column in ("pd_day", "death_day"):
        if column in table:  # never, as far as is known
            patients[column] = patients[column].fillna(np.inf)
    return patients


def _check_header(header: Iterable[object]) -> None:
    names = [str(name) for name in header]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise RpointError("two columns have the same name", found=", ".join(repeated))
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        spare = [name for name in names if name not in COLUMNS]
        near = [near for name in missing if (near := nearest_name(name, spare))]
        raise RpointError(
            "the table of patients lacks columns",
            found=", ".join(missing) + " missing",
            allowed=", ".join(COLUMNS),
            nearest=", ".join(near) or None,
            mend="rename your columns; days are counted from the first dose",
        )
    if ("s_pre" in names) != ("day_pre" in names):
        raise RpointError(
            "a scan before baseline needs its sum and its day",
            found="only " + ("s_pre" if "s_pre" in names else "day_pre"),
        )


def _names(table: pd.DataFrame) -> np.ndarray:
    if "patient" not in table:
        return np.array([str(i) for i in range(1, len(table) + 1)], dtype=object)
    return table["patient"].map(lambda name: "" if pd.isna(name) else str(name)).to_numpy(object)


def _numbers(table: pd.DataFrame, column: str, rows: Rows) -> np.ndarray:
    if column not in table:
        return np.full(len(table), np.nan)
    own = table[column]
    values = pd.to_numeric(own, errors="coerce").to_numpy(float, na_value=np.nan)
    lost = np.isnan(values) & own.notna().to_numpy()
    rows.add(lost, "not a number", f"{column} is not a number", values=own)
    rows.add(np.isinf(values), "infinite", f"{column} is infinite", values=own)
    return values


def _words(
    table: pd.DataFrame, column: str, allowed: tuple[str, ...], rows: Rows
) -> np.ndarray:
    if column not in table:
        return np.full(len(table), None, dtype=object)
    own = table[column]
    words = own.map(lambda text: None if pd.isna(text) else str(text).strip().upper() or None)
    wrong = words.notna() & ~words.isin(allowed)
    what = f"{column} is none of {', '.join(allowed)}"
    rows.add(wrong, "unknown word", what, values=own)
    return words.astype(object).where(words.notna(), None).to_numpy()


def _check(patients: pd.DataFrame, rows: Rows) -> None:
    """Note everything that cannot be true."""
    names = patients["patient"]
    rows.add(names == "", "no name", "patient has no name")
    double = names.duplicated(keep=False) & (names != "")
    rows.add(double, "double", "a patient has more than one row", values=names)
    for column in NOT_NEGATIVE:
        values = patients[column]
        rows.add(values < 0, "negative", f"{column} is negative", values=values)
    for column in YES_NO:
        values = patients[column]
        rows.add(
            values.notna() & ~values.isin((0, 1)), "flag", f"{column} is not 0 or 1", values=values
        )
    for column in COUNTS:
        values = patients[column]
        part = values.notna() & (values % 1 != 0)
        rows.add(part, "count", f"{column} is no whole number", values=values)
    _check_days(patients, rows)


def _check_days(patients: pd.DataFrame, rows: Rows) -> None:
    for size, day in zip(SIZES, DAYS, strict=True):
        half = patients[size].notna() & patients[day].isna()
        rows.add(half, "half a scan", f"{size} has no {day}", "give the day, or leave both empty")
    rows.add(
        patients["day_pre"] >= patients["day_base"], "order",
        "the scan before baseline is not before it", values=patients["day_pre"],
    )  # fmt: skip
    rows.add(
        patients["day_first"] <= patients["day_base"], "order",
        "the first scan on treatment is not after baseline", values=patients["day_first"],
    )  # fmt: skip
    rows.add(
        patients["day_first"] <= 0, "order", "the first scan on treatment is not after day 0",
        "count days from the first dose", values=patients["day_first"],
    )  # fmt: skip
    for column in ("pd_day", "day_first", "last_contact_day"):
        rows.add(
            patients[column] > patients["death_day"], "after death", f"{column} is after death",
            values=patients[column],
        )  # fmt: skip
