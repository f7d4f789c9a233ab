"""A run on disk: open its folder, read its tables, verify it, take its tables elsewhere."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from rpoint.errors import RpointError, shorten, unknown_name
from rpoint.files import staged
from rpoint.trial.adam.columns import TABLES
from rpoint.trial.disk import manifest, run_json
from rpoint.trial.disk.chunk import ChunkRecord, chunk_folder, fault
from rpoint.trial.disk.parquet import content_hash
from rpoint.trial.disk.results import ANALYSIS, SUMMARY, data_dictionary
from rpoint.trial.disk.run_json import Info
from rpoint.trial.disk.tables import Tables, Where


@dataclass(frozen=True)
class Verification:
    """What reading and hashing every file of a run has found.

    Attributes
    ----------
    chunks
        Chunks that are whole.
    problems
        In words; empty for a sound run.
    """

    chunks: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the run is complete and every file is what it was."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"ok": self.ok, "chunks": self.chunks, "problems": list(self.problems)}


@dataclass(frozen=True)
class Run:
    """A run in its folder, complete or not.

    Attributes
    ----------
    folder
        Where it lies.
    info
        The content of its `run.json`.
    """

    folder: Path
    info: Info
    _given: Any = None

    @property
    def status(self) -> str:
        """complete, partial, interrupted, or running (it may have been killed)."""
        return self.info.status

    @property
    def replicates(self) -> int:
        """How many there are."""
        return int(self.info.identity["replicates"])

    @property
    def seed(self) -> int:
        """Of all chance."""
        return int(self.info.identity["seed"])

    @property
    def patients(self) -> int:
        """Patients of one replicate."""
        return self.info.patients

    @property
    def failed(self) -> Mapping[str, str]:
        """Chunks that failed, with the error."""
        return self.info.failed

    @cached_property
    def trial(self) -> Any:
        """The trial, as it was given, or read again from the record."""
        if self._given is not None:
            return self._given
        from rpoint.trial.read import trial_of

        return trial_of(self.info.identity["trial"], where=shorten(str(self.folder)))

    @cached_property
    def manifest(self) -> tuple[ChunkRecord, ...]:
        """The complete chunks, in order."""
        return tuple(manifest.read(self.folder, self.info.run).values())

    @cached_property
    def lazy(self) -> Tables:
        """All tables by name, read when asked for."""
        return Tables(self.folder, self.manifest, self.patients)

    def tables(
        self, name: str, *, columns: list[str] | None = None, where: Where | None = None
    ) -> Iterator[pd.DataFrame]:
        """A table in pieces, in the order of the patients; see `Tables.chunks`."""
        return self.lazy.chunks(name, columns=columns, where=where)

    def table(
        self, name: str, *, columns: list[str] | None = None, where: Where | None = None
    ) -> pd.DataFrame:
        """A whole table; see `Tables.frame`."""
        return self.lazy.frame(name, columns=columns, where=where)

    def analysis(self) -> pd.DataFrame:
        """The statistics of every replicate.

        Raises
        ------
        RpointError
            If the run is not complete.
        """
        self._check_complete()
        return pq.read_table(self.folder / ANALYSIS, partitioning=None).to_pandas()

    def summary(self) -> pd.DataFrame:
        """How every statistic varies over the replicates."""
        self._check_complete()
        return pd.read_csv(self.folder / SUMMARY)

    def _check_complete(self) -> None:
        if self.status != run_json.COMPLETE:
            raise RpointError(
                "the run has no results yet", where=shorten(str(self.folder)),
                found=f"status: {self.status}; {len(self.manifest)} of {self.info.chunks} chunks",
                mend="resume it",
            )  # fmt: skip

    def verify(self) -> Verification:
        """Read and hash every file."""
        size = int(self.info.identity["chunk_patients"])
        total = self.patients * self.replicates
        whole, problems = 0, []
        for chunk in range(self.info.chunks):
            bounds = chunk * size, min((chunk + 1) * size, total)
            found = fault(self.folder, chunk, *bounds, self.info.run)
            wrong = found if isinstance(found, str) else self._content_fault(found)
            whole += not wrong
            problems += [f"chunk {chunk}: {wrong}"] if wrong else []
        if self.status != run_json.COMPLETE:
            problems.append(f"the run is not complete: {self.status}")
        else:
            problems += results_damaged(self.folder, self.info)
        return Verification(whole, tuple(problems))

    def _content_fault(self, record: ChunkRecord) -> str:
        listed = {known.chunk: known for known in self.manifest}.get(record.chunk)
        if listed != record:
            return "the manifest says otherwise" if listed else "not in the manifest"
        for name, file in record.tables.items():
            path = chunk_folder(self.folder, record.chunk) / f"{name}.parquet"
            table = pq.read_table(path, partitioning=None)
            if table.num_rows != file.rows or content_hash(table) != file.content:
                return f"{path.name} holds other values"
        return ""

    def export(self, out: str | os.PathLike[str], names: list[str] | None = None) -> list[Path]:
        """Write tables as CSV, and `adam.json`: their columns, labels, units and types.

        Parameters
        ----------
        out
            Folder.
        names
            Which tables; None: those with ADaM names.

        Returns
        -------
        list of Path
            The files.
        """
        for name in names or ():
            if name not in self.lazy:
                raise unknown_name("table", name, list(self.lazy), where="tables")
        chosen = names or [name for name in self.lazy if name in TABLES]
        with staged(out) as stage:
            for name in chosen:
                with open(stage / f"{name}.csv", "w", encoding="utf-8", newline="") as stream:
                    for number, part in enumerate(self.tables(name)):
                        _whole_numbers(name, part).to_csv(
                            stream, index=False, header=number == 0, lineterminator="\n"
                        )
            (stage / "adam.json").write_text(data_dictionary(self.lazy), encoding="utf-8")
        return [Path(out) / f"{name}.csv" for name in chosen] + [Path(out) / "adam.json"]


def _whole_numbers(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Days that may be empty are read as floats; a file shall not say 57.0."""
    kinds = {c.name: "Int64" for c in TABLES.get(name, ()) if c.kind == "integer"}
    return frame.astype({c: kind for c, kind in kinds.items() if c in frame})


def open_run(folder: str | os.PathLike[str], *, trial: Any = None) -> Run:
    """Open the folder of a run.

    Parameters
    ----------
    folder
        That `run_trial` or `rpoint trial run --out` wrote to.
    trial
        The trial, if it is at hand; None: read from the record when asked for.

    Raises
    ------
    RpointError
        If there is no run, or a newer R-point wrote it.
    """
    place = Path(folder)
    return Run(place, run_json.read(place), trial)


def results_damaged(folder: Path, info: Info) -> list[str]:
    """Which files of the results are missing or other than they were."""
    found = []
    for name, digest in info.results.items():
        try:
            same = hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        except OSError:
            found.append(f"{name} is missing")
            continue
        found += [] if same else [f"{name} is damaged"]
    return found
