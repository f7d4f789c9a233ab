"""Reading a table of a user from a file: CSV, tab-separated, Parquet, or standard input."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pandas as pd

from rpoint.errors import MAX_SHOWN, RpointError, shorten

MAX_BYTES = 512 * 2**20


def read_file(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, str]:
    """The table of a file, CSV cells as text, and the file's name for messages.

    Raises
    ------
    RpointError
        If the file is not there, is no table, is empty or is larger than `MAX_BYTES`.
    """
    if str(path) == "-":
        return _csv(sys.stdin, "standard input"), "standard input"
    file = Path(path)
    name = _name_of(file)
    try:
        size = file.stat().st_size
    except (OSError, ValueError):
        raise RpointError("there is no such file", where=name) from None
    if not file.is_file():
        raise RpointError("this is a folder, not a table", where=name)
    if size > MAX_BYTES:
        raise RpointError("the file is too large", where=name, found=f"{size / 2**20:.0f} MiB")
    if file.suffix.lower() in (".parquet", ".pq"):
        return _parquet(file, name), name
    return _csv(file, name), name


def _name_of(file: Path) -> str:
    """The path for a message; of a long one the end, which names the file."""
    text = shorten(str(file), 10_000)
    return text if len(text) <= MAX_SHOWN else "…" + text[1 - MAX_SHOWN :]


def _parquet(file: Path, name: str) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except Exception as error:  # pyarrow raises many kinds for a file that is not Parquet
        raise _no_table(name, str(error)) from None


def _csv(source, name: str) -> pd.DataFrame:
    try:
        return pd.read_csv(
            source,
            dtype=str,
            sep=None,
            engine="python",
            keep_default_na=False,
            encoding="utf-8-sig",
            skip_blank_lines=False,
        )
    except (ValueError, OSError, csv.Error) as error:  # pandas' own errors are ValueErrors
        raise _no_table(name, str(error)) from None


def _no_table(name: str, reason: str) -> RpointError:
    return RpointError(
        "the file cannot be read as a table",
        where=name,
        found=reason.splitlines()[0] if reason.strip() else "an empty file",
        allowed="CSV in UTF-8 with one line of column names, or Parquet",
    )
