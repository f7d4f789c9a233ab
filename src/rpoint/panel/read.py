"""Read a panel of tumours from a CSV or Parquet file or a table, and say what was assumed.

`PANEL.csv` has one row a tumour and the columns

- `model_id` and `tumour_type` (other names: `_columns.ID_NAMES`, `_columns.TYPE_NAMES`);
- one column a gene, by HGNC symbol or common alias, with a state (`rpoint.panel.states`);
- optional `expr:GENE` with log2 expression, blank = not measured;
- optional `v0_mm3` or `vol:0`, `vol:3`, ...: tumour volumes in mm³ at these days.

Order and letter case of the columns do not matter.  What concerns the whole file is one error; what
concerns a row is the row's status, and the row stays.

>>> panel = read_panel(pd.DataFrame({"model_id": ["a"], "tumor_type": ["BRCA"], "p53": ["WT"]}))
>>> panel.types, panel.states.loc[0, "TP53"], panel.status
(('breast',), 'wt', ('ok',))
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, shorten
from rpoint.panel import _cells, _file
from rpoint.panel._columns import Columns, classify
from rpoint.panel.noun import NO_GENE, NO_TYPE, OK, UNKNOWN_TYPE, Panel
from rpoint.panel.states import UNKNOWN
from rpoint.panel.types import nearest_type, panel_type

__all__ = ["Panel", "read_panel"]

MAX_HINTS = 50  # distinct tumour types up to which the nearest name is sought for an unknown one


def read_panel(source: str | os.PathLike[str] | pd.DataFrame, *, where: str | None = None) -> Panel:
    """The panel of a file or table; see the module for its columns.

    Parameters
    ----------
    source
        Path of a CSV (UTF-8, commas) or Parquet file, or a table.
    where
        Its name in errors; the file's name when left out.

    Raises
    ------
    RpointError
        No such file; not a CSV; a missing, doubled or wrongly measured column; no gene that the
        model knows; no row; a blank or doubled id; an unknown state; expression that is no number,
        infinite or not log2; volumes that are not in mm³.
    """
    if _file.is_path(source):
        name = where or Path(source).name or str(source)
        frame, columns = _from_file(Path(source), shorten(name))
    elif isinstance(source, pd.DataFrame):
        name = where or "the table"
        frame, columns = _from_frame(source, name)
    else:
        raise RpointError(
            "a panel is read from a path or a DataFrame", where=where, found=type(source).__name__
        )
    return _panel(frame, columns, shorten(name))


def _from_file(path: Path, where: str) -> tuple[pd.DataFrame, Columns]:
    data = _file.read_bytes(path, where)
    if _file.is_parquet(data):
        return _from_frame(_file.read_parquet(data, where), where)
    table = _file.open_text(data, where)
    columns = classify(table.names, where)
    _file.check_widths(table, where)
    words = [columns.id, columns.type, *columns.states.values()]
    return _file.parse(table, words, columns.numeric, where), columns


def _from_frame(frame: pd.DataFrame, where: str) -> tuple[pd.DataFrame, Columns]:
    if frame.index.name is not None:  # model_id is often the index
        frame = frame.reset_index()
    names = [str(name).strip() for name in frame.columns]
    columns = classify(names, where)
    return frame.set_axis(names, axis=1).reset_index(drop=True), columns


def _panel(frame: pd.DataFrame, columns: Columns, where: str) -> Panel:
    """The panel of a table whose columns are known."""
    if len(frame) == 0:
        raise RpointError("the panel has no row", where=where, mend="one row a tumour")
    ids = _cells.ids(frame[columns.id], where)
    place = _cells.Place(where, ids)
    states = _cells.states({g: frame[c] for g, c in columns.states.items()}, place)
    expression = _cells.expression({g: frame[c] for g, c in columns.expression.items()}, place)
    volumes, below = _cells.volumes({d: frame[c] for d, c in columns.volumes.items()}, place)
    given, types, status = _types(frame[columns.type])
    status = _add(status, _silent(states, expression), NO_GENE)
    if volumes is not None:
        status = _add(status, below, "a volume is not above zero")
    return Panel(
        ids=tuple(ids),
        types=tuple(types),
        states=states,
        expression=expression,
        status=tuple(status),
        volumes=volumes,
        notes=(*columns.notes, *_expression_note(expression)),
        given_types=tuple(given),
    )


def _types(column: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tumour types as written, their ids ("" if none), and the rows' status."""
    codes, distinct = _cells.distinct(column)
    rows: list[tuple[str, str, str]] = []
    for text in distinct:
        text = " ".join(str(text).split())
        kind = "" if text in ("", "?", "NA", "nan") else panel_type(text)
        if kind is None:
            near = nearest_type(text) if len(rows) < MAX_HINTS else None
            hint = f", nearest {near!r}" if near else ""
            remark = f"{UNKNOWN_TYPE} {shorten(text, 40)!r}{hint}: pooled over all types"
        else:
            remark = OK if kind else f"{NO_TYPE}: pooled over all types"
        rows.append((text, kind or "", remark))
    rows.append(("", "", f"{NO_TYPE}: pooled over all types"))  # code -1: missing
    table = np.array(rows, dtype=object)
    given, types, status = table[codes].T
    return given, types, status


def _silent(states: pd.DataFrame, expression: pd.DataFrame) -> np.ndarray:
    """Rows of which nothing at all is known."""
    silent = expression.isna().to_numpy().all(axis=1)
    for gene in states.columns:
        silent &= states[gene].to_numpy() == UNKNOWN
    return silent


def _add(status: np.ndarray, mask: np.ndarray, remark: str) -> np.ndarray:
    """The status with a remark more where the mask holds."""
    status = status.copy()
    status[mask] = [remark if old == OK else f"{old}; {remark}" for old in status[mask]]
    return status


def _expression_note(expression: pd.DataFrame) -> list[str]:
    values = expression.to_numpy()
    if not values.size or np.isnan(values).all():
        return []
    low, high = np.nanmin(values), np.nanmax(values)
    n = len(expression.columns)
    return [f"expression of {n} genes taken as log2, {low:.3g} to {high:.3g}"]
