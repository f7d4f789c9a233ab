"""Does a table keep to its dictionary?  Every fault at once, with the rows.

The tables are made by R-point itself, so that a fault is a defect, not something that a user can
mend: `TableFault` is no `RpointError`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.trial.adam.columns import TABLES, Column, Dictionary

SHOWN = 3  # rows or values that a fault names


class TableFault(Exception):
    """A table that does not keep to its dictionary."""


def check_table(name: str, frame: pd.DataFrame) -> None:
    """Refuse a table that does not keep to its dictionary.

    Parameters
    ----------
    name
        adsl, adtr, adrs, adtte, adae, adex or adlb.
    frame
        The table; the order of its columns is free.

    Raises
    ------
    TableFault
        With every fault: absent and unknown columns, wrong types, empty cells, values that are not
        allowed, two rows of one patient in adsl.
    """
    table = TABLES[name]
    found = _columns(table, frame)
    for column in table:
        if column.name in frame:
            found += _cells(column, frame[column.name])
    if name == "adsl" and "USUBJID" in frame and frame["USUBJID"].duplicated().any():
        found.append(f"USUBJID: {_rows(frame['USUBJID'].duplicated().to_numpy())} repeated")
    if found:
        raise TableFault(f"{name}: " + "; ".join(found))


def ordered(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of `frame` in the order of the dictionary."""
    return frame[[column for column in TABLES[name].names if column in frame]]


def _columns(table: Dictionary, frame: pd.DataFrame) -> list[str]:
    absent = [c.name for c in table if c.needed and c.name not in frame]
    unknown = [str(c) for c in frame.columns if c not in table.names]
    twice = [str(c) for c in frame.columns[frame.columns.duplicated()]]
    said = (("no column", absent), ("not in the dictionary", unknown), ("twice", twice))
    return [f"{what}: {', '.join(names)}" for what, names in said if names]


def _cells(column: Column, cells: pd.Series | pd.DataFrame) -> list[str]:
    if isinstance(cells, pd.DataFrame):  # the column stands there twice: said already
        return []
    empty = cells.isna().to_numpy()
    found = []
    if column.filled and empty.any():
        found.append(f"{column.name}: {_rows(empty)} empty")
    wrong = _wrong(column, cells[~empty])
    return found + ([f"{column.name}: {wrong}"] if wrong else [])


def _wrong(column: Column, cells: pd.Series) -> str:
    """What is wrong with the filled cells of one column; empty if nothing is."""
    if not len(cells):
        return ""
    if column.kind in ("text", "flag"):
        wrong = _wrong_text(cells)
    else:
        wrong = _wrong_number(cells, whole=column.kind == "integer")
    if wrong or not column.values:
        return wrong
    seen = pd.unique(cells)
    other = [v for v in seen if (f"{v:.0f}" if column.kind == "integer" else v)
             not in column.values]  # fmt: skip
    return f"{_listed(other)} not among {', '.join(column.values)}" if other else ""


def _wrong_text(cells: pd.Series) -> str:
    seen = cells.cat.categories if isinstance(cells.dtype, pd.CategoricalDtype) else cells
    other = [v for v in pd.unique(seen) if not isinstance(v, str)]
    return f"{_listed(other)} is no text" if other else ""


def _wrong_number(cells: pd.Series, whole: bool) -> str:
    if pd.api.types.is_bool_dtype(cells) or not pd.api.types.is_numeric_dtype(cells):
        return f"type {cells.dtype}, not numbers"
    values = cells.to_numpy(dtype=float)
    if not np.isfinite(values).all():
        return "infinite"
    broken = values != np.floor(values)
    if whole and broken.any():
        return f"{_listed(values[broken])} not whole"
    return ""


def _rows(which: np.ndarray) -> str:
    rows = np.flatnonzero(which)
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"row {', '.join(map(str, rows[:SHOWN]))}{more}"


def _listed(values: list | np.ndarray) -> str:
    shown = ", ".join(str(value) for value in values[:SHOWN])
    return shown + (f" and {len(values) - SHOWN} more" if len(values) > SHOWN else "")
