"""A user's table of times to an event: which columns mean what, and what is wrong with it.

Understood without being named: ``time`` and ``event``, and ADaM's ADTTE (``AVAL``, ``CNSR``,
``TRTP``, ``PARAMCD``, ``AVALU``).  CNSR is the other way round: 0 is the event, 1 or more a reason
for censoring.  Nothing is repaired silently: what was taken for what is told in `notes`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, nearest_name, unknown_name
from rpoint.stats._plate_file import read_file
from rpoint.stats.survival_data import Flags, Floats

BLANK = ("", "na", "nan", "n/a", ".", "none", "null", "missing")
EXAMPLE, EXAMPLES = "example:", ("paloma3_pfs",)
PATIENT = ("usubjid", "patient", "patient_id", "subject", "subject_id", "subjid")
UNITS = {"month": "months", "week": "weeks", "day": "days", "year": "years", "hour": "hours"}


@dataclass(frozen=True)
class Raw:
    """A table as it was given.

    Attributes
    ----------
    frame
        The columns; cells of a file are text, or NaN where blank.
    where
        The file's name, or "the table".
    word, offset
        How rows are called: "line" in a file (2 is the first below the names), "row" in a DataFrame
        (1 is the first); the number is the index of `frame` plus the offset.
    """

    frame: pd.DataFrame
    where: str
    word: str
    offset: int

    def name(self, index: int) -> str:
        """The name of a row, by its position in the table as it was given."""
        return f"{self.word} {index + self.offset}"

    def keep(self, flags: Flags) -> Raw:
        """Some of the rows; their names stay."""
        return Raw(self.frame[flags], self.where, self.word, self.offset)

    def rows(self, flags: Any) -> str:
        """The names of the rows flagged, a few of them."""
        numbers = [int(i) + self.offset for i in self.frame.index[np.asarray(flags, dtype=bool)]]
        shown = ", ".join(str(i) for i in numbers[:8])
        more = f", … ({len(numbers)} in all)" if len(numbers) > 8 else ""
        return f"{self.word}{'s' if len(numbers) > 1 else ''} {shown}{more}"


def load(source: str | os.PathLike[str] | pd.DataFrame) -> Raw:
    """Read a CSV, a Parquet file, a DataFrame, or "example:NAME" (see `EXAMPLES`).

    Raises
    ------
    RpointError
        If it is no table, has no rows, or two columns have one name.
    """
    if isinstance(source, pd.DataFrame):
        raw = Raw(source.reset_index(drop=True), "the table", "row", 1)
    else:
        frame, name = read_file(_example(source))
        raw = Raw(frame, name, "line", 2)
    frame = raw.frame.rename(columns=lambda c: str(c).strip())
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise RpointError("two columns have one name", where=raw.where, found=twice[0])
    frame = frame.apply(_blank)
    frame = frame[~frame.isna().all(axis=1)]
    if frame.empty:
        raise RpointError(
            "the table has no rows", where=raw.where, found=f"columns {', '.join(frame.columns)}"
        )
    return Raw(frame, raw.where, raw.word, raw.offset)


def _example(source: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """The path of a table that comes with R-point, for a source "example:NAME"."""
    name = str(source)
    if not name.startswith(EXAMPLE):
        return source
    wanted = name.removeprefix(EXAMPLE)
    if wanted not in EXAMPLES:
        raise unknown_name("example", wanted, EXAMPLES, where=name)
    return Path(__file__).parent / "data" / f"{wanted}.csv"


def _blank(column: pd.Series) -> pd.Series:
    if column.dtype.kind in "biuf":
        return column
    text = column.astype("string").str.strip()
    return column.mask(text.str.casefold().isin(BLANK).fillna(True).astype(bool), np.nan)


def column(raw: Raw, wanted: str, option: str) -> str:
    """The column that a user named, letter case ignored.

    Raises
    ------
    RpointError
        If there is none, with the nearest name.
    """
    if wanted in raw.frame.columns:
        return _single(raw, wanted)
    alike = [c for c in raw.frame.columns if c.casefold() == wanted.strip().casefold()]
    if len(alike) == 1:
        return _single(raw, str(alike[0]))
    raise unknown_name("column", wanted, raw.frame.columns, where=f"{option}, {raw.where}")


def guess(raw: Raw, names: Sequence[str]) -> str | None:
    """The first of some well-known columns that the table has."""
    have = {c.casefold(): str(c) for c in raw.frame.columns}
    found = next((have[name] for name in names if name in have), None)
    return None if found is None else _single(raw, found)


def _single(raw: Raw, name: str) -> str:
    """Refuse a column of a file that has a twin, which the reader has called NAME.1."""
    if raw.word == "line" and f"{name}.1" in raw.frame.columns:
        raise RpointError(
            "two columns have one name", where=raw.where, found=name, mend="rename one of them"
        )
    return name


def numbers(raw: Raw, name: str) -> Floats:
    """A column as numbers; NaN where blank or no number."""
    return pd.to_numeric(raw.frame[name], errors="coerce").to_numpy(np.float64)


def typed(column: pd.Series) -> pd.Series:
    """Numbers where every cell that is not blank is one, otherwise text."""
    if column.dtype.kind in "biuf":
        return column
    as_number = pd.to_numeric(column, errors="coerce")
    if as_number.notna().equals(column.notna()):
        return as_number
    return column.map(lambda cell: cell if cell != cell else str(cell).strip())


def choose_parameter(raw: Raw, param: str | None) -> tuple[Raw, str]:
    """The rows of one ADaM parameter, and a note."""
    name = guess(raw, ("paramcd",))
    if name is None:
        if param is not None:
            raise RpointError("the table has no column PARAMCD", where=f"--param, {raw.where}")
        return raw, ""
    values = raw.frame[name].astype("string").fillna("")
    codes = sorted(set(values))
    if param is None and len(codes) > 1:
        raise RpointError(
            "the table holds several endpoints",
            where=f"{name}, {raw.where}",
            found=", ".join(codes),
            mend=f"choose one: --param {codes[0]}",
        )
    wanted = codes[0] if param is None else param
    chosen = values.str.casefold() == wanted.casefold()
    if not chosen.any():
        raise unknown_name("endpoint", wanted, codes, where=f"{name}, {raw.where}")
    return raw.keep(chosen.to_numpy(bool)), f"endpoint {wanted} ({name})"


def check_patients(raw: Raw) -> None:
    """Refuse a table in which a patient stands twice."""
    name = guess(raw, PATIENT)
    if name is None:
        return
    twice = raw.frame[name].duplicated(keep=False) & raw.frame[name].notna()
    if twice.any():
        raise RpointError(
            "a patient stands in the table more than once",
            where=f"{raw.where}, {raw.rows(twice)}",
            found=f"{name} {raw.frame[name][twice].iloc[0]}",
            allowed="one row a patient",
            mend="keep one row a patient (and one endpoint, with --param)",
        )


def time_column(raw: Raw, time: str | None) -> str:
    """The column of times."""
    if time is not None:
        return column(raw, time, "--time")
    found = guess(raw, ("aval", "time"))
    if found is None:
        raise RpointError(
            "which column is the time?",
            where=raw.where,
            found=f"columns {', '.join(map(str, raw.frame.columns))}",
            nearest=nearest_name("time", map(str, raw.frame.columns)),
            mend="name it: --time COLUMN",
        )
    return found


def unit_of(raw: Raw, time: str) -> str:
    """The unit of the times, from AVALU or the name of the column; "" if neither says."""
    name = guess(raw, ("avalu",))
    words = [time.casefold()]
    if name is not None:
        values = {str(v).casefold() for v in raw.frame[name].dropna()}
        if len(values) > 1:
            raise RpointError(
                "the times have several units", where=f"{name}, {raw.where}", found=sorted(values)
            )
        words = [*values, *words]
    for word in words:
        for stem, unit in UNITS.items():
            if stem in word:
                return unit
    return ""
