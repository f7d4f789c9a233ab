"""The tables of a run, read from its chunks as they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rpoint.errors import RpointError, shorten, unknown_name
from rpoint.trial.adam.columns import TABLES
from rpoint.trial.disk.chunk import ChunkRecord, chunk_folder

Where = Mapping[str, Any]
PATIENTS_AT_ONCE = 5000


class Tables(Mapping[str, pd.DataFrame]):
    """Tables by name, read when asked for; nothing is kept in memory.

    ``tables["adsl"]`` is a whole table.  The long ones (adtr, adlb, adex) are better read chunk by
    chunk, or with the few columns and rows that are needed.

    Parameters
    ----------
    folder
        The run's folder.
    records
        Its complete chunks, in order.
    patients
        Patients of one replicate.
    """

    def __init__(self, folder: Path, records: Sequence[ChunkRecord], patients: int) -> None:
        self._folder, self._records, self._patients = folder, tuple(records), patients

    def __iter__(self) -> Iterator[str]:
        names = {name for record in self._records for name in record.tables}
        return iter(sorted(names, key=lambda n: (*TABLES, n).index(n)))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frame(name)

    def rows(self, name: str) -> int:
        """Number of rows, without reading the table."""
        self._check(name)
        return sum(record.tables[name].rows for record in self._records)

    def columns(self, name: str) -> list[str]:
        """Names of the columns, without reading the table."""
        self._check(name)
        return list(self._schema(name, self._records[0]).names)

    def chunks(
        self, name: str, *, columns: Sequence[str] | None = None, where: Where | None = None
    ) -> Iterator[pd.DataFrame]:
        """The table in pieces, in the order of the patients.

        Parameters
        ----------
        name
            Of the table.
        columns
            Which to read; None: all.
        where
            Keep the rows whose column has the value, or one of the values:
            ``{"PARAMCD": ["BESTRSP", "CBESTRSP"]}``.

        Raises
        ------
        RpointError
            If there is no such table or column.
        """
        self._check(name)
        for record in self._records:
            yield _to_pandas(name, self._read(name, record, columns, _filters(where)))

    def frame(
        self, name: str, *, columns: Sequence[str] | None = None, where: Where | None = None
    ) -> pd.DataFrame:
        """The whole table; columns and rows as in `chunks`."""
        return self._joined(name, self._records, columns, _filters(where))

    def by_replicate(
        self, names: Mapping[str, Sequence[str] | None] | Sequence[str], *,
        where: Mapping[str, Where] | None = None, patients: int = PATIENTS_AT_ONCE,
    ) -> Iterator[tuple[range, dict[str, pd.DataFrame]]]:  # fmt: skip
        """Whole replicates, some at a time: memory does not grow with the run.

        Parameters
        ----------
        names
            Tables to read, with the columns of each (None: all).
        where
            Rows of each table, as in `chunks`.
        patients
            About how many patients at a time.

        Yields
        ------
        tuple
            The numbers of the replicates, and the tables.
        """
        wanted = names if isinstance(names, Mapping) else dict.fromkeys(names)
        for name in wanted:
            self._check(name)
        step = max(1, patients // self._patients)
        replicates = self._records[-1].stop // self._patients if self._records else 0
        for start in range(0, replicates, step):
            stop = min(start + step, replicates)
            first, last = start * self._patients, stop * self._patients
            inside = [r for r in self._records if r.first < last and r.stop > first]
            span = [("REPL", ">=", start), ("REPL", "<", stop)]
            found = {}
            for name, columns in wanted.items():
                rows = [*span, *(_filters((where or {}).get(name)) or ())]
                found[name] = self._joined(name, inside, columns, rows)
            yield range(start, stop), found

    def _check(self, name: str) -> None:
        if name not in list(self):
            raise unknown_name("table", name, list(self), where=str(self._folder))

    def _joined(
        self, name: str, records: Sequence[ChunkRecord], columns: Sequence[str] | None,
        filters: list | None,
    ) -> pd.DataFrame:  # fmt: skip
        self._check(name)
        parts = [self._read(name, record, columns, filters) for record in records]
        whole = pa.concat_tables(parts, promote_options="permissive")
        return _to_pandas(name, whole)

    def _read(
        self, name: str, record: ChunkRecord, columns: Sequence[str] | None, filters: list | None
    ) -> pa.Table:
        there = self._schema(name, record).names
        for column in (*(columns or ()), *(rule[0] for rule in filters or ())):
            if column not in there:
                raise unknown_name("column", column, there, where=f"table {name}")
        wanted = list(columns) if columns is not None else None
        path = self._path(name, record)
        try:
            return pq.read_table(path, columns=wanted, filters=filters, partitioning=None)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(path, error) from None

    def _schema(self, name: str, record: ChunkRecord) -> pa.Schema:
        path = self._path(name, record)
        try:
            return pq.read_schema(path)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(path, error) from None

    def _path(self, name: str, record: ChunkRecord) -> Path:
        return chunk_folder(self._folder, record.chunk) / f"{name}.parquet"


def _damaged(path: Path, error: Exception) -> RpointError:
    return RpointError(
        "a file of the run cannot be read",
        where=shorten(str(path)),
        found=str(error).splitlines()[0] if str(error) else type(error).__name__,
        mend="resume the run: it computes again what is missing or damaged",
    )


def _filters(where: Where | None) -> list[tuple[str, str, Any]] | None:
    if not where:
        return None
    several = {key: isinstance(v, Collection) and not isinstance(v, str) for key, v in
               where.items()}  # fmt: skip
    return [
        (key, "in" if several[key] else "==", list(value) if several[key] else value)
        for key, value in where.items()
    ]


def _to_pandas(name: str, table: pa.Table) -> pd.DataFrame:
    """With types that do not depend on whether a piece has an empty cell."""
    frame = table.to_pandas()
    if name in TABLES:
        for column in TABLES[name]:
            if column.kind == "integer" and not column.filled and column.name in frame:
                frame[column.name] = frame[column.name].astype(np.float64)
    return frame
