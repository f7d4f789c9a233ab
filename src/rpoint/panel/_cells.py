"""The cells of a panel's columns: each kind checked and converted, whole columns at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, shorten
from rpoint.panel._file import NUMBER_BLANKS
from rpoint.panel.states import ALLOWED, UNKNOWN, StateError, canonical

LARGEST_LOG2 = 25.0  # 2^25 = 3e7 FPKM or counts: no log2 expression is larger
SMALLEST_MM3 = 2.0  # a calliper cannot measure a tumour of 2 mm³; 0.2 cm³ is a common start
SHOWN = 5  # rows or cells that an error names


@dataclass(frozen=True)
class Place:
    """Where a cell stands: the table's name and the ids of its rows."""

    where: str
    ids: np.ndarray

    def row(self, position: int) -> str:
        """A row in words, counted from 1 below the header."""
        return f"row {position + 1:,} ({shorten(str(self.ids[position]), 30)})"

    def rows(self, mask: np.ndarray) -> str:
        """The first rows of a mask in words, and how many there are."""
        found = np.flatnonzero(mask)
        text = ", ".join(self.row(i) for i in found[:SHOWN])
        return text + (f", … ({len(found):,} rows)" if len(found) > SHOWN else "")


def distinct(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """(code of each row, distinct values); a missing value has the code -1."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), np.asarray(column.cat.categories, dtype=object)
    codes, values = pd.factorize(column.astype(object))
    return codes, np.asarray(values, dtype=object)


def ids(column: pd.Series, where: str) -> np.ndarray:
    """The ids as text, outer blanks removed.

    Raises
    ------
    RpointError
        If one is blank, or stands twice.
    """
    codes, values = distinct(column)
    texts = [v.strip() if type(v) is str else _id(v) for v in values]
    found = np.array([*texts, ""], dtype=object)[codes]
    blank = found == ""
    if blank.any():
        rows = ", ".join(f"{i + 1:,}" for i in np.flatnonzero(blank)[:SHOWN])
        raise RpointError(
            f"{int(blank.sum()):,} rows have no model_id"
            if blank.sum() > 1
            else "a row has no model_id",
            where=f"{where}, row {rows}",
            mend="give every row a name of its own; delete rows that are empty",
        )
    twice = pd.Series(found).duplicated(keep=False).to_numpy()
    if twice.any():
        raise _twice(found, twice, where)
    return found


def _id(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # numbers become floats when another id is missing
    return str(value).strip()


def _twice(found: np.ndarray, twice: np.ndarray, where: str) -> RpointError:
    names = list(dict.fromkeys(found[twice]))
    lines = []
    for name in names[:SHOWN]:
        rows = ", ".join(f"{i + 1:,}" for i in np.flatnonzero(found == name)[:SHOWN])
        lines.append(f"{shorten(name, 30)} in rows {rows}")
    more = f"; … ({len(names):,} ids)" if len(names) > SHOWN else ""
    return RpointError(
        "a model_id stands twice",
        where=f"{where}, {'; '.join(lines)}{more}",
        mend="one row a model; give repeats names of their own",
    )


def states(columns: dict[str, pd.Series], place: Place) -> pd.DataFrame:
    """(rows, genes) canonical states.

    Raises
    ------
    RpointError
        For cells that are no state: the first of each column, in the order of the columns.
    """
    found: dict[str, np.ndarray] = {}
    faults: list[tuple[str, int, object, StateError]] = []
    for gene, column in columns.items():
        codes, values = distinct(column)
        texts, bad = _canonical(values)
        used = np.isin(codes, list(bad))
        if used.any():
            row = int(np.argmax(used))
            faults.append((str(column.name), row, values[codes[row]], bad[int(codes[row])]))
        found[gene] = np.array([*texts, UNKNOWN], dtype=object)[codes]
    if faults:
        raise _no_state(faults, place)
    return pd.DataFrame(found, index=pd.RangeIndex(len(place.ids)))


def _canonical(values: np.ndarray) -> tuple[list[str], dict[int, StateError]]:
    """The canonical states of distinct values, and what is wrong with which."""
    texts, bad = [], {}
    for i, value in enumerate(values):
        try:
            texts.append(canonical(value))
        except StateError as error:
            texts.append(UNKNOWN)
            bad[i] = error
    return texts, bad


def _no_state(faults: list[tuple[str, int, object, StateError]], place: Place) -> RpointError:
    name, row, value, error = faults[0]
    others = "; ".join(
        f"column {shorten(n, 20)}, {place.row(r)}: {shorten(str(v), 20)!r}"
        for n, r, v, _ in faults[1 : SHOWN + 1]
    )
    also = f" and {len(faults) - 1} more columns" if len(faults) > SHOWN + 1 else ""
    return RpointError(
        f"{shorten(str(value), 40)!r} is no state of a gene: {error.reason}",
        where=f"{place.where}, column {shorten(name, 30)}, {place.row(row)}"
        + (f"; also {others}{also}" if others else ""),
        allowed=ALLOWED,
        nearest=error.nearest,
    )


def expression(columns: dict[str, pd.Series], place: Place) -> pd.DataFrame:
    """(rows, genes) log2 expression, NaN where not measured.

    Raises
    ------
    RpointError
        For a cell that is no number or infinite, and for values above `LARGEST_LOG2`.
    """
    found = {}
    for gene, column in columns.items():
        values = _numbers(column, place, "blank where not measured")
        infinite = np.isinf(values)
        if infinite.any():
            raise RpointError(
                "expression is infinite",
                where=f"{place.where}, column {column.name}, {place.rows(infinite)}",
                mend="log2 of zero: use log2(FPKM + 0.5), or leave the cell blank",
            )
        linear = values > LARGEST_LOG2
        if linear.any():
            row = int(np.argmax(linear))
            raise RpointError(
                "expression looks linear; log2 is expected",
                where=f"{place.where}, column {column.name}, {place.rows(linear)}",
                found=f"{values[row]:g}",
                allowed=f"log2 values, at most {LARGEST_LOG2:g}",
                mend="convert first, for instance log2(FPKM + 0.5)",
            )
        found[gene] = values
    return pd.DataFrame(found, index=pd.RangeIndex(len(place.ids)), dtype=float)


def volumes(
    columns: dict[float, pd.Series], place: Place
) -> tuple[pd.DataFrame | None, np.ndarray]:
    """(rows, days) volumes in mm³ or None, and the rows in which one is not above zero.

    A volume below zero, or zero at day 0, becomes NaN; zero later is a complete regression.
    """
    below = np.zeros(len(place.ids), bool)
    if not columns:
        return None, below
    found = {}
    for day, column in columns.items():
        values = _numbers(column, place, "blank where not measured")
        wrong = (values < 0) | np.isinf(values) | ((values == 0) & (day == 0))
        below |= wrong
        found[f"vol:{day:g}"] = np.where(wrong, np.nan, values)
    first = found.get("vol:0")
    if first is not None and not np.isnan(first).all() and np.nanmedian(first) < SMALLEST_MM3:
        raise RpointError(
            "volumes look like cm³; mm³ is expected",
            where=f"{place.where}, column {columns[0.0].name}",
            found=f"median {np.nanmedian(first):.3g}",
            mend="multiply by 1000",
        )
    return pd.DataFrame(found, index=pd.RangeIndex(len(place.ids))), below


def _numbers(column: pd.Series, place: Place, hint: str) -> np.ndarray:
    """The column as floats, blanks as NaN.

    Raises
    ------
    RpointError
        For a cell that is no number.
    """
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column):
        column = column.astype(str)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=float, na_value=np.nan)
    codes, values = distinct(column)
    texts = pd.Series([str(v).strip() for v in values], dtype=object)
    blank = texts.isin([*NUMBER_BLANKS, "<NA>"]).to_numpy()
    numbers = pd.to_numeric(texts.where(~blank), errors="coerce").to_numpy(dtype=float)
    bad = np.isin(codes, np.flatnonzero(np.isnan(numbers) & ~blank))
    if bad.any():
        row = int(np.argmax(bad))
        raise RpointError(
            "a cell is no number",
            where=f"{place.where}, column {column.name}, {place.rows(bad)}",
            found=str(values[codes[row]]),
            allowed=f"a number with a decimal point; {hint}",
        )
    return np.append(numbers, np.nan)[codes]
