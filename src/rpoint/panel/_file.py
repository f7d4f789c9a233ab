"""From a file to a table of text, with one clear error for what is no CSV table."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from rpoint.errors import RpointError, shorten

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_HEADER = 100_000  # characters of the first line
NUMBER_BLANKS = ["", "?", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "None"]
_MAGIC = {b"PK\x03\x04": "an Excel or zip file", b"\x1f\x8b": "a gzip file", b"%PDF": "a PDF file"}
_SAVE = "save it as CSV: UTF-8 text, columns separated by commas"


def read_bytes(path: Path, where: str) -> bytes:
    """The content of a file that must exist."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "it is a folder" if path.is_dir() else (error.strerror or str(error))
        raise RpointError(
            "the table cannot be read", where=where, found=f"{shorten(str(path))}: {reason}"
        ) from None


def decode(data: bytes, where: str) -> str:
    """The content as text with `\\n` line ends; a byte-order mark is dropped.

    Raises
    ------
    RpointError
        For an empty, binary or differently encoded file.
    """
    if not data.strip():
        raise RpointError("the table is empty", where=where, mend="the first line names columns")
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise RpointError("this is no CSV file", where=where, found=kind, mend=_SAVE)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RpointError("the text is not UTF-8", where=where, found="UTF-16", mend=_SAVE)
    if b"\0" in data:
        raise RpointError("this is no CSV file", where=where, found="binary content", mend=_SAVE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RpointError(
            "the text is not UTF-8", where=f"{where}, line {line}", found=error.reason, mend=_SAVE
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def header_of(text: str, where: str) -> list[str]:
    """The names in the first line.

    Raises
    ------
    RpointError
        If the columns are not separated by commas.
    """
    start = text.lstrip("\n")[:MAX_HEADER]
    try:
        names = next(csv.reader(io.StringIO(start), strict=True))
    except (csv.Error, StopIteration) as error:
        raise RpointError("the first line is no CSV", where=where, found=str(error)) from None
    if len(names) > 1:
        return names
    for mark, name in SEPARATORS.items():
        if mark in names[0]:
            raise RpointError(
                f"the columns are separated by {name}, not by commas", where=where, mend=_SAVE
            )
    raise RpointError(
        "this is no CSV table: its first line has one column",
        where=where,
        found=names[0],
        mend=_SAVE,
    )


def check_widths(text: str, n: int, where: str) -> None:
    """Refuse a row that has more or fewer than `n` fields (pandas would fill or shift it)."""
    for line, width in _widths(text):
        if width != n:
            raise RpointError(
                f"a row has {width:,} fields, the header {n:,}",
                where=f"{where}, line {line:,}",
                mend="give every row as many fields as the header; quote a field with a comma",
            )


def _widths(text: str) -> Iterable[tuple[int, int]]:
    """(line, number of fields) of every row that is not blank."""
    if '"' not in text:  # fast: a field cannot hold a comma
        for line, row in enumerate(text.split("\n"), start=1):
            if row:
                yield line, row.count(",") + 1
        return
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, len(row)
    except csv.Error as error:
        raise RpointError(f"the CSV is broken: {error}", where=f"line {reader.line_num}") from None


def parse(
    text: str, names: list[str], numeric: set[str], distinct: str, where: str
) -> pd.DataFrame:
    """The rows: `numeric` columns as floats (as text if one cell is no number), others as text.

    Text columns are categorical (few distinct states in many rows), except the column `distinct`.
    """
    words = {name: "category" for name in names if name not in numeric}
    words[distinct] = "str"
    numbers = {name: "float64" for name in numeric}
    try:
        return _read(text, names, {**words, **numbers}, numeric)
    except ValueError:  # a cell that is no number; the caller finds and reports it
        return _read(text, names, {**words, **dict.fromkeys(numeric, "str")}, set())
    except (pd.errors.ParserError, csv.Error) as error:
        raise RpointError("the CSV is broken", where=where, found=str(error)) from None


def _read(text: str, names: list[str], dtype: dict, numeric: set[str]) -> pd.DataFrame:
    return pd.read_csv(
        io.StringIO(text),
        header=0,
        names=names,
        dtype=dtype,
        index_col=False,
        keep_default_na=False,
        na_values={name: NUMBER_BLANKS for name in numeric},
        float_precision="round_trip",
    )


def is_parquet(data: bytes) -> bool:
    """Whether the content is a Parquet file."""
    return data[:4] == b"PAR1"


def read_parquet(data: bytes, where: str) -> pd.DataFrame:
    """The table of a Parquet file."""
    try:
        return pd.read_parquet(io.BytesIO(data))
    except Exception as error:  # pyarrow's errors share no base class of their own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RpointError("the Parquet file is broken", where=where, found=reason) from None


def is_path(source: object) -> bool:
    """Whether the source is a path, not a table."""
    return isinstance(source, str | os.PathLike)
