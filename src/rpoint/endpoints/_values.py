"""Cells of a table as numbers, flags, statuses and days; what cannot be read is a problem."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._problems import Rows
from rpoint.errors import nearest_name

STATUSES = (
    "measured", "too small", "not evaluable", "absent", "present", "increased", "progression",
    "equivocal",
)  # fmt: skip
(MEASURED, TOO_SMALL, NOT_EVALUABLE, ABSENT, PRESENT, INCREASED, PROGRESSION, EQUIVOCAL) = range(8)
_STATUS_WORDS = {
    "measured": MEASURED, "evaluable": MEASURED, "done": MEASURED,
    "too small": TOO_SMALL, "too small to measure": TOO_SMALL, "tstm": TOO_SMALL,
    "below measurable": TOO_SMALL, "below measurable limit": TOO_SMALL,
    "not evaluable": NOT_EVALUABLE, "ne": NOT_EVALUABLE, "inevaluable": NOT_EVALUABLE,
    "not done": NOT_EVALUABLE, "not assessed": NOT_EVALUABLE, "non evaluable": NOT_EVALUABLE,
    "missing": NOT_EVALUABLE, "not measured": NOT_EVALUABLE,
    "absent": ABSENT, "disappeared": ABSENT, "resolved": ABSENT, "cr": ABSENT, "gone": ABSENT,
    "complete response": ABSENT,
    "present": PRESENT, "unchanged": PRESENT, "stable": PRESENT, "non cr non pd": PRESENT,
    "non pd": PRESENT, "unequivocal": PRESENT,
    "increased": INCREASED, "worsened": INCREASED,
    "progression": PROGRESSION, "unequivocal progression": PROGRESSION, "pd": PROGRESSION,
    "progressive disease": PROGRESSION,
    "equivocal": EQUIVOCAL,
}  # fmt: skip
BLANKS = ("", "NA", "N/A", "NaN", "nan", "NULL", ".")  # "." is SAS's
_YES = {"1", "1.0", "y", "yes", "true", "t", "target", "new"}
_NO = {"0", "0.0", "n", "no", "false", "f"}


def by_value(cells: pd.Series, convert) -> np.ndarray:
    """`convert` applied once to each distinct text of a column; -1 stands for a missing cell."""
    coded = cells if isinstance(cells.dtype, pd.CategoricalDtype) else cells.astype("category")
    table = np.array([convert(str(text)) for text in coded.cat.categories] + [-1], dtype=np.int8)
    return table[coded.cat.codes.to_numpy()]


def number(cells: pd.Series, rows: Rows, name: str, mend: str = "") -> np.ndarray:
    """(n,) floats; blank is NaN; what is no number or infinite is a problem."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        cells = cells.astype(float)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    text = cells.notna().to_numpy() & np.isnan(values)
    if text.any():
        blank = cells.astype("string").str.strip().isin(BLANKS)
        text &= ~blank.fillna(True).to_numpy(dtype=bool)
    rows.add(text, f"{name}-not-a-number", f"{name} is not a number", mend, values=cells)
    infinite = np.isinf(values)
    rows.add(infinite, f"{name}-infinite", f"{name} is infinite", values=cells)
    return np.where(infinite, np.nan, values)


def flag(cells: pd.Series, rows: Rows, name: str) -> np.ndarray:
    """(n,) int8, 1 or 0; a blank or another word is a problem."""

    def convert(text: str) -> int:
        word = text.strip().casefold()
        return 1 if word in _YES else 0 if word in _NO else -2

    values = by_value(cells, convert)
    mend = "write 1 or 0 (yes/no, Y/N and true/false are read too)"
    rows.add(values == -1, f"{name}-missing", f"{name} is blank", mend)
    rows.add(values == -2, f"{name}-unknown", f"{name} is neither 1 nor 0", mend, values=cells)
    return np.maximum(values, 0).astype(np.int8)


def status(cells: pd.Series, rows: Rows, name: str) -> np.ndarray:
    """(n,) int8 codes of `STATUSES`, -1 where blank; an unknown word is a problem."""

    def convert(text: str) -> int:
        word = " ".join(text.replace("-", " ").replace("/", " ").replace("_", " ").split())
        return _STATUS_WORDS.get(word.casefold(), -1 if not word else -2)

    values = by_value(cells, convert)
    unknown = values == -2
    near = ""
    if unknown.any():
        word = str(cells[unknown].iloc[0])
        hit = nearest_name(word, _STATUS_WORDS)
        near = f" (nearest: {hit})" if hit else ""
    rows.add(
        unknown,
        f"{name}-unknown",
        f"{name} is not a known word",
        f"use one of: {', '.join(STATUSES)}{near}",
        values=cells,
    )
    return np.maximum(values, -1).astype(np.int8)


def dates(cells: pd.Series, rows: Rows, name: str) -> np.ndarray:
    """(n,) days since 1970-01-01 of ISO dates (a time after the date is left out); blank is NaN."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        stamps = pd.to_datetime(cells)
    else:
        text = cells.astype("string").str.strip().str.slice(0, 10)
        stamps = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
        wrong = stamps.isna() & text.notna() & (text != "")
        mend = "write whole ISO dates, 2024-03-31; partial dates are not completed here"
        rows.add(wrong, f"{name}-not-a-date", f"{name} is not a date", mend, values=cells)
    if getattr(stamps.dt, "tz", None) is not None:
        stamps = stamps.dt.tz_localize(None)
    days = stamps.to_numpy(dtype="datetime64[D]").astype(float)
    days[stamps.isna().to_numpy()] = np.nan
    return days


def identifiers(cells: pd.Series) -> tuple[pd.Categorical, np.ndarray]:
    """Names as a Categorical in sorted order, and which of them are blank.

    Whole numbers read as floats lose their ".0"; spaces around a name are left out.
    """
    if pd.api.types.is_float_dtype(cells.dtype):
        whole = cells.dropna() % 1 == 0
        if whole.all():
            cells = cells.astype("Int64")
    coded = cells if isinstance(cells.dtype, pd.CategoricalDtype) else cells.astype("category")
    texts = np.array([str(text).strip() for text in coded.cat.categories] + [""], dtype=object)
    names = texts[coded.cat.codes.to_numpy()]
    blank = names == ""
    unique, codes = np.unique(texts, return_inverse=True)
    order = codes[coded.cat.codes.to_numpy()]
    kept = pd.Categorical.from_codes(order, categories=pd.Index(unique, dtype=object))
    return kept.remove_unused_categories(), blank
