"""CDISC TR (with TU): one row for each test of a lesion becomes one row for each lesion and scan.

TRTESTCD LDIAM and DIAMETER give the diameter, SAXIS the short axis of a node, TUMSTATE the status
(TRSTRESC); TRSTAT "NOT DONE" is not evaluable.  Rows of other tests (LPERP, SUMDIAM, PCHGBL, ...)
are left out: sums and changes are computed here.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pandas as pd

from rpoint.endpoints._columns import SIZES
from rpoint.endpoints._read import Table, load
from rpoint.errors import RpointError

LENGTH, SHORT, STATE = ("LDIAM", "DIAMETER"), ("SAXIS",), ("TUMSTATE",)
_KEYS = ("patient", "lesion", "day", "study_day", "weeks", "date", "visit")


def one_row_a_lesion(table: Table) -> Table:
    """Fold the rows of one lesion and scan into one."""
    cells = table.frame
    test = cells["test"].astype(str).str.strip().str.upper()
    size = test.isin((*LENGTH, *SHORT)).to_numpy()
    state = test.isin(STATE).to_numpy()
    used = size | state
    if not used.any():
        raise RpointError(
            "no row holds a diameter or a state",
            where=table.where,
            found=", ".join(sorted(test.unique())[:6]),
            allowed="TRTESTCD LDIAM, DIAMETER, SAXIS, TUMSTATE",
        )
    frame = cells.drop(columns=["test", "result", "done"], errors="ignore").copy()
    short = test.isin(SHORT).to_numpy()
    frame["status"] = _states(cells, state)
    if "diameter" in frame:
        frame["diameter"] = frame["diameter"].where(size)
    frame["node"] = _nodes(cells, short)
    frame["_short"] = short
    frame["_row"] = table.rows
    folded = _fold(frame[used])
    rows = folded.pop("_row").to_numpy()
    columns = {name: table.found.columns.get(name, name) for name in folded}
    return replace(table, frame=folded, found=replace(table.found, columns=columns), rows=rows)


def _states(cells: pd.DataFrame, state: np.ndarray) -> pd.Series:
    """Status in words: TUMSTATE, TRSTRESC that is no number, or TRSTAT."""
    blank = pd.Series([None] * len(cells), dtype=object)
    words = cells["result"].astype(object) if "result" in cells else blank
    numeric = pd.to_numeric(words, errors="coerce").notna()
    status = words.where(~numeric & words.notna(), None)
    if "done" in cells:
        missed = cells["done"].astype(str).str.strip().str.upper().eq("NOT DONE")
        status = status.mask(missed, "not evaluable")
    return status


def _nodes(cells: pd.DataFrame, short: np.ndarray) -> pd.Series:
    """1 for every row of a lesion that has a short axis or lies in a lymph node."""
    key = cells["patient"].astype(str) + "\0" + cells["lesion"].astype(str)
    node = key.isin(set(key[short]))
    if "organ" in cells:
        node |= cells["organ"].astype(str).str.contains("lymph", case=False)
    return node.astype(int)


def _fold(frame: pd.DataFrame) -> pd.DataFrame:
    """First filled cell of each column for each lesion and scan; the short axis goes first.

    Two rows of one test, lesion and scan stay apart, for the check of duplicates to find.
    """
    keys = [name for name in _KEYS if name in frame]
    frame = frame.sort_values("_short", ascending=False, kind="stable")
    for name in frame.select_dtypes("category").columns:
        frame[name] = frame[name].astype(object)
    has_size = frame["diameter"].notna() if "diameter" in frame else pd.Series(False, frame.index)
    kind = np.where(frame["_short"], "short", np.where(has_size, "length", "state"))
    frame = frame.assign(_copy=frame.assign(_kind=kind).groupby([*keys, "_kind"], dropna=False)
                         .cumcount())  # fmt: skip
    folded = frame.groupby([*keys, "_copy"], sort=False, dropna=False).first().reset_index()
    return folded.drop(columns=["_copy", "_short"]).sort_values("_row", ignore_index=True)


def with_tumours(table: Table, tumours: str | os.PathLike[str] | pd.DataFrame | None) -> Table:
    """Add organ and kind of a TU table, by patient and lesion, where the table has none."""
    if tumours is None:
        return table
    known = load(tumours, SIZES, None)
    missing = [name for name in ("patient", "lesion") if name not in known.found]
    if missing or not {"patient", "lesion"} <= set(table.frame):
        raise RpointError(
            "the table of identified tumours cannot be joined",
            where=known.where,
            found=f"no column for: {', '.join(missing) or 'patient, lesion (in the sizes)'}",
            mend="both tables need USUBJID and TRLNKID/TULNKID",
        )
    keys = ["patient", "lesion"]
    wanted = [n for n in ("organ", "kind", "method") if n in known.frame and n not in table.frame]
    right = known.frame[[*keys, *wanted]].astype(object).drop_duplicates(keys)
    joined = table.frame.astype({k: object for k in keys}).merge(right, on=keys, how="left")
    columns = {**table.found.columns, **{n: known.found.columns[n] for n in wanted}}
    return replace(table, frame=joined, found=replace(table.found, columns=columns))
