"""A user's table, from CSV, Parquet or a DataFrame, with the numbers of its rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.endpoints._columns import Found, recognise
from rpoint.endpoints._values import BLANKS
from rpoint.errors import RpointError, shorten

TEXT = frozenset(
    ("patient", "lesion", "organ", "kind", "status", "nontarget", "method", "unit", "test")
    + ("result", "done", "arm", "visit", "date", "target", "new", "node")
)


@dataclass(frozen=True)
class Table:
    """A table under our column names.

    Attributes
    ----------
    frame
        Only the recognised columns, canonical names.
    found
        What the header said.
    rows
        (n,) line in the file (the header is line 1), or position in the DataFrame.
    row_word
        "line" or "row".
    where
        The file's name, or "the table".
    """

    frame: pd.DataFrame
    found: Found
    rows: np.ndarray
    row_word: str
    where: str


def load(
    source: str | os.PathLike[str] | pd.DataFrame,
    known: Mapping[str, tuple[str, ...]],
    columns: Mapping[str, str] | None,
    *,
    extra: Iterable[str] = (),
) -> Table:
    """Read a table and name its columns as in `known`.

    Parameters
    ----------
    source
        CSV (UTF-8, comma), Parquet (.parquet, .pq), or a DataFrame.
    known, columns
        As in `recognise`.
    extra
        "*" keeps the columns that are not recognised, under their own names.

    Raises
    ------
    RpointError
        For what is no such file, or a table without rows.
    """
    if isinstance(source, pd.DataFrame):
        where, word, header = "the table", "row", list(source.columns)
        found = recognise(header, known, columns, where=where)
        raw = source
    else:
        path = Path(source)
        where = str(path) if len(str(path)) <= 60 else f"…/{shorten(path.name, 60)}"
        word = "row" if _is_parquet(path) else "line"
        raw, found = _from_file(path, known, columns, where)
    if not len(raw):
        raise RpointError("the table has no rows", where=where)
    frame = _renamed(raw, found, "*" in extra)
    rows = np.arange(len(frame)) + (2 if word == "line" else 0)
    return Table(frame, found, rows, word, where)


def _renamed(raw: pd.DataFrame, found: Found, keep: bool) -> pd.DataFrame:
    at = {str(name): position for position, name in enumerate(raw.columns)}
    wanted = dict(found.columns)
    if keep:
        wanted |= {own: own for own in found.ignored if own not in wanted}
    cells = raw.iloc[:, [at[own] for own in wanted.values()]].set_axis(list(wanted), axis=1)
    return cells.reset_index(drop=True)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _from_file(
    path: Path,
    known: Mapping[str, tuple[str, ...]],
    columns: Mapping[str, str] | None,
    where: str,
) -> tuple[pd.DataFrame, Found]:
    if not path.is_file():
        reason = "it is a folder" if path.is_dir() else "there is no such file"
        raise RpointError("the table cannot be read", where=where, found=reason)
    if _is_parquet(path):
        return _parquet(path, known, columns, where)
    if path.suffix.lower() in (".xlsx", ".xls", ".sas7bdat", ".xpt"):
        raise RpointError(
            "the table cannot be read",
            where=where,
            found=f"a {path.suffix.lower()} file",
            allowed="CSV, Parquet, or a pandas DataFrame",
            mend="save it as CSV, or read it with pandas and pass the DataFrame",
        )
    return _csv(path, known, columns, where)


def _parquet(path, known, columns, where) -> tuple[pd.DataFrame, Found]:
    try:
        raw = pd.read_parquet(path)
    except Exception as error:  # pyarrow has many errors for a broken file, all of them the user's
        raise RpointError("the Parquet file cannot be read", where=where, found=error) from None
    return raw, recognise(raw.columns, known, columns, where=where)


def _csv(path, known, columns, where) -> tuple[pd.DataFrame, Found]:
    header = _header(path, where)
    found = recognise(header, known, columns, where=where)
    own = {actual: name for name, actual in found.columns.items()}
    texts = [c for c in header if own.get(c, "") in TEXT]
    try:
        raw = pd.read_csv(
            path,
            dtype={c: "category" for c in texts},
            keep_default_na=False,
            na_values={c: [""] if c in texts else list(BLANKS) for c in header},
            encoding="utf-8-sig",
            skipinitialspace=True,
            skip_blank_lines=False,
            low_memory=False,
            index_col=False,
        )
    except (pd.errors.ParserError, UnicodeDecodeError, ValueError, OSError) as error:
        raise _not_csv(where, error) from None
    except pd.errors.ParserWarning as error:  # a row with more cells than the header, as an error
        raise _not_csv(where, error) from None
    return raw, found


def _header(path: Path, where: str) -> list[str]:
    try:
        with path.open("rb") as stream:
            start = stream.read(1 << 16)
        if b"\x00" in start:
            raise RpointError("this is not a text file", where=where, mend="give a CSV table")
        head = pd.read_csv(path, nrows=0, encoding="utf-8-sig", skipinitialspace=True)
    except pd.errors.EmptyDataError:
        raise RpointError("the table is empty", where=where) from None
    except (pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        raise _not_csv(where, error) from None
    names = [str(name) for name in head.columns]
    _refuse_repeats_in_text(start, names, where)
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise RpointError(
            "the table has one column only: its separator is not a comma",
            where=where,
            found=names[0],
            mend="save it with commas, or read it with pandas.read_csv(..., sep=...) and pass "
            "the DataFrame",
        )
    return names


def _refuse_repeats_in_text(start: bytes, names: list[str], where: str) -> None:
    """pandas renames a repeated column `x` to `x.1`; look at what the file says."""
    first = start.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    for name in names:
        stem, _, number = name.rpartition(".")
        if number.isdigit() and stem in names and name not in first:
            raise RpointError(
                "two columns have the same name", where=where, found=stem, mend="rename one"
            )


def _not_csv(where: str, error: Exception) -> RpointError:
    text = str(error).replace("Error tokenizing data. C error: ", "")
    if isinstance(error, UnicodeDecodeError):
        text = "bytes that are not UTF-8"
    return RpointError(
        "the table is not a CSV file in UTF-8",
        where=where,
        found=text,
        mend="every line needs as many cells as the header; save the file as UTF-8 CSV",
    )
