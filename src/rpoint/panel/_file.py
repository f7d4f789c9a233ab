"""From a file to a table of text, with one clear error for what is no CSV table."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rpoint.errors import RpointError, shorten

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_HEADER = 10_000_000  # characters of the first line
NUMBER_BLANKS = ["", "?", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "None"]
_MAGIC = {b"PK\x03\x04": "an Excel or zip file", b"\x1f\x8b": "a gzip file", b"%PDF": "a PDF file"}
_SAVE = "save it as CSV: UTF-8 text, columns separated by commas"


def read_bytes(path: Path, where: str) -> bytes:
    """The content of a file that must exist."""
    try:
        return path.read_bytes()
    except OSError as error:
        folder = isinstance(error, IsADirectoryError)
        reason = "it is a folder" if folder else (error.strerror or shorten(str(error)))
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


@dataclass(frozen=True)
class Text:
    """A CSV text whose first line has been read.

    Attributes
    ----------
    text
        All of it, without empty lines at the start.
    names
        Names of the columns, outer blanks removed.
    header_lines
        Lines that the header takes (a quoted name may hold a line end).
    """

    text: str
    names: list[str]
    header_lines: int


def open_text(data: bytes, where: str) -> Text:
    """The text of a CSV file, its header read.

    Raises
    ------
    RpointError
        If it is no text, or the columns are not separated by commas.
    """
    text = decode(data, where).lstrip("\n")
    reader = csv.reader(io.StringIO(text[:MAX_HEADER]), strict=True)
    try:
        names = [name.strip() for name in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise RpointError("the first line is no CSV", where=where, found=str(error)) from None
    if len(names) == 1:
        raise _one_column(names[0], where)
    return Text(text, names, reader.line_num)


def _one_column(name: str, where: str) -> RpointError:
    for mark, kind in SEPARATORS.items():
        if mark in name:
            what = f"the columns are separated by {kind}, not by commas"
            return RpointError(what, where=where, mend=_SAVE)
    what = "this is no CSV table: its first line has one column"
    return RpointError(what, where=where, found=name, mend=_SAVE)


def check_widths(table: Text, where: str) -> None:
    """Refuse a row that has more or fewer fields than the header.

    Raises
    ------
    RpointError
        With the line, for the first such row.
    """
    n = len(table.names)
    for line, width in _widths(table.text, where):
        if width != n:
            raise RpointError(
                f"a row has {width:,} fields, the header {n:,}",
                where=f"{where}, line {line:,}",
                mend="give every row as many fields as the header; quote a field with a comma",
            )


def _widths(text: str, where: str) -> Iterable[tuple[int, int]]:
    """(line, number of fields) of every row that is not blank."""
    if '"' in text:
        return _quoted_widths(text, where)
    lines = text.split("\n")  # fast: a field cannot hold a comma
    return [(i, row.count(",") + 1) for i, row in enumerate(lines, start=1) if row]


def _quoted_widths(text: str, where: str) -> Iterator[tuple[int, int]]:
    """The same where fields are quoted."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, len(row)
    except csv.Error as error:
        at = f"{where}, line {reader.line_num:,}"
        raise RpointError(f"the CSV is broken: {error}", where=at) from None


def parse(table: Text, words: list[str], numbers: list[str], where: str) -> pd.DataFrame:
    """The named columns of all rows; others are not read.

    Parameters
    ----------
    words
        Columns of text, categorical in the result: few distinct states in many rows.
    numbers
        Columns of numbers, floats in the result; all of them text if one cell is no number.
    """
    import pyarrow as pa

    data = table.text.encode()
    try:
        return _read(data, table, words, numbers)
    except pa.ArrowInvalid:  # a cell that is no number; the caller finds and reports it
        pass
    try:
        return _read(data, table, [*words, *numbers], [])
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise RpointError("the CSV is broken", where=where, found=reason) from None


def _read(data: bytes, table: Text, words: list[str], numbers: list[str]) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow

    places = {name: str(i) for i, name in enumerate(table.names)}  # other names may be blank
    kinds = {places[n]: pa.dictionary(pa.int32(), pa.string()) for n in words}
    kinds |= {places[n]: pa.float64() for n in numbers}
    found = arrow.read_csv(
        pa.py_buffer(data),
        read_options=arrow.ReadOptions(
            column_names=[str(i) for i in range(len(table.names))], skip_rows=table.header_lines
        ),
        parse_options=arrow.ParseOptions(newlines_in_values='"' in table.text),
        convert_options=arrow.ConvertOptions(
            column_types=kinds,
            include_columns=list(kinds),
            null_values=NUMBER_BLANKS,
            strings_can_be_null=False,
        ),
    )
    return found.to_pandas().set_axis([*words, *numbers], axis=1)


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
