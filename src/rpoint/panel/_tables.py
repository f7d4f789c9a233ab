"""Find and check the tables of a data folder: by name, CSV or Parquet, alone or in its own folder.

A folder of the layout has one subfolder a data set (`pdxe`, `gdsc`, `nest_palbociclib`); the tables
may also lie in the folder itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, nearest_name, shorten
from rpoint.panel import _file
from rpoint.panel._columns import check_names

ENDINGS = (".csv", ".parquet")


@dataclass
class Folder:
    """A data folder and what was found, skipped or left out while reading it.

    Attributes
    ----------
    path
        The folder.
    notes
        One sentence for each table that is absent and each row that is left out.
    """

    path: Path
    notes: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Folder:
        """The folder of a path.

        Raises
        ------
        RpointError
            If it is no folder.
        """
        found = Path(path)
        if not os.path.isdir(found):
            raise RpointError(
                "the data folder cannot be read",
                where=shorten(str(found)),
                found="a file" if os.path.exists(found) else "nothing of that name",
                mend="name a folder with pdxe, gdsc or nest_palbociclib in it",
            )
        return cls(found)

    def find(self, group: str, table: str) -> Path | None:
        """The file of a table, in the subfolder `group` or in the folder itself."""
        places = [self.path / group, self.path]
        found = (p / f"{table}{e}" for p in places for e in ENDINGS)
        return next((f for f in found if f.is_file()), None)

    def need(
        self,
        group: str,
        table: str,
        columns: dict[str, type],
        optional: dict[str, type] | None = None,
    ) -> pd.DataFrame:
        """A table that must be there; see `read`.

        Raises
        ------
        RpointError
            If it is not.
        """
        found = self.read(group, table, columns, optional)
        if found is None:
            raise RpointError(
                f"the data folder has no table {table}",
                where=shorten(str(self.path)),
                allowed=f"{group}/{table}.csv or .parquet, or the same in the folder itself",
            )
        return found

    def read(
        self,
        group: str,
        table: str,
        columns: dict[str, type],
        optional: dict[str, type] | None = None,
    ) -> pd.DataFrame | None:
        """The named columns of a table; None, and a note, if the table is absent.

        Parameters
        ----------
        group, table
            Name of its subfolder and of the table.
        columns
            Columns that it must have, each `str` (missing = "") or `float` (missing = NaN).
        optional
            Columns that it may have; absent ones are all missing.

        Raises
        ------
        RpointError
            If a column is missing, or a cell of a column of numbers is none.
        """
        path = self.find(group, table)
        if path is None:
            self.notes.append(f"{group}/{table} is not there: left out")
            return None
        where = f"{path.parent.name}/{path.name}"
        wanted = {**columns, **(optional or {})}
        frame = _raw(path, list(wanted), where)
        for name in columns:
            if name not in frame.columns:
                raise RpointError(
                    f"the table has no column {name}",
                    where=where,
                    nearest=nearest_name(name, frame.attrs["names"]),
                    allowed=", ".join(columns),
                )
        missing = pd.Series(np.nan, index=frame.index)
        parts = {n: _column(frame.get(n, missing), k, where) for n, k in wanted.items()}
        return pd.DataFrame(parts).reset_index(drop=True)


def _raw(path: Path, wanted: list[str], where: str) -> pd.DataFrame:
    """The wanted columns that a file has, cells of a CSV as text; `attrs["names"]`: all it has."""
    data = _file.read_bytes(path, where)
    if _file.is_parquet(data):
        frame = _file.read_parquet(data, where)
        names = [str(name) for name in frame.columns]
        frame = frame[[name for name in wanted if name in names]]
    else:
        table = _file.open_text(data, where)
        names = table.names
        check_names(names, where)
        _file.check_widths(table, where)
        frame = _file.parse(table, [name for name in wanted if name in names], [], where)
    frame.attrs["names"] = names
    return frame


def _column(column: pd.Series, kind: type, where: str) -> pd.Series:
    """The column as text (missing = "") or as floats (missing = NaN)."""
    if kind is float:
        if pd.api.types.is_numeric_dtype(column.dtype):
            return column.astype(float)
        text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
        blank = text.isin(_file.NUMBER_BLANKS)
        numbers = pd.to_numeric(text.where(~blank), errors="coerce")
        bad = (numbers.isna() & ~blank).to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise RpointError(
                "a cell is no number",
                where=f"{where}, column {column.name}, row {row + 1:,}",
                found=text.iloc[row],
            )
        return numbers.astype(float)
    text = column.astype(object).where(column.notna(), "")
    return text.map(lambda cell: str(cell).strip())
