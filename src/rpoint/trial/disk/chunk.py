"""One chunk of patients: its files, their hashes, and its folder.

A chunk is a folder of one file for each table and `chunk.json`.  It is written under a temporary
name, synced and renamed: under its own name it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from rpoint.trial.disk.parquet import content_hash, encode, to_arrow
from rpoint.trial.disk.sync import sync_folder, temporary, write_synced

CHUNKS = "chunks"
RECORD = "chunk.json"


class ChunkFault(Exception):
    """A defect: the same chunk computed twice gave two different tables."""


@dataclass(frozen=True)
class TableFile:
    """One table of a chunk: rows, bytes of the file, SHA-256 of the file and of its content."""

    rows: int
    bytes: int
    sha256: str
    content: str


@dataclass(frozen=True)
class ChunkRecord:
    """What `chunk.json` and a line of the manifest hold.

    Attributes
    ----------
    chunk
        Number, from 0.
    first, stop
        Patients `first` to `stop - 1`, numbered over all replicates.
    run
        Digest of the run's identity.
    tables
        By name.
    """

    chunk: int
    first: int
    stop: int
    run: str
    tables: Mapping[str, TableFile] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        whole = {"chunk": self.chunk, "first": self.first, "stop": self.stop, "run": self.run}
        return whole | {"tables": {name: vars(file) for name, file in self.tables.items()}}

    def line(self) -> bytes:
        """As one line of JSON."""
        return (json.dumps(self.to_dict(), separators=(",", ":")) + "\n").encode()


def record_of(value: Any) -> ChunkRecord:
    """A record from plain values.

    Raises
    ------
    ValueError, KeyError, TypeError
        If they are no record.
    """
    tables = {str(name): TableFile(**file) for name, file in value["tables"].items()}
    numbers = {name: int(value[name]) for name in ("chunk", "first", "stop")}
    return ChunkRecord(**numbers, run=str(value["run"]), tables=tables)


def chunk_folder(run: Path, chunk: int) -> Path:
    """Where a chunk lies."""
    return run / CHUNKS / f"{chunk:05d}"


def encode_all(tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, bytes], dict[str, TableFile]]:
    """Files and their records, by table."""
    contents, records = {}, {}
    for name in sorted(tables):
        table = to_arrow(name, tables[name])
        content = contents[name] = encode(table)
        digest = hashlib.sha256(content).hexdigest()
        records[name] = TableFile(table.num_rows, len(content), digest, content_hash(table))
    return contents, records


def commit(run: Path, record: ChunkRecord, contents: Mapping[str, bytes]) -> None:
    """Put a chunk in its place, all of it at once.

    A chunk that is there already stays: it is the same, or else the computation is at fault.

    Raises
    ------
    ChunkFault
        If another content lies there.
    OSError
        If the disk refuses.
    """
    goal = chunk_folder(run, record.chunk)
    stage = temporary(goal.parent, goal.name)
    stage.mkdir(parents=True)
    try:
        for name, content in contents.items():
            write_synced(stage / f"{name}.parquet", content)
        write_synced(stage / RECORD, record.line())
        sync_folder(stage)
        try:
            os.rename(stage, goal)
        except OSError:
            if not goal.is_dir():
                raise
            _check_twin(goal, record)
        sync_folder(goal.parent)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _check_twin(goal: Path, record: ChunkRecord) -> None:
    there = (goal / RECORD).read_bytes()
    if there != record.line():
        raise ChunkFault(f"chunk {record.chunk} computed twice gave two different tables")


def fault(run: Path, chunk: int, first: int, stop: int, identity: str) -> str | ChunkRecord:
    """The record of a whole chunk, or in words why it is none.

    Every file is read and hashed.
    """
    folder = chunk_folder(run, chunk)
    try:
        record = record_of(json.loads((folder / RECORD).read_bytes()))
    except FileNotFoundError:
        return "no record" if folder.is_dir() else "absent"
    except (OSError, ValueError, KeyError, TypeError):
        return "its record cannot be read"
    if (record.chunk, record.first, record.stop, record.run) != (chunk, first, stop, identity):
        return "it belongs to another run"
    for name, file in record.tables.items():
        wrong = _file_fault(folder / f"{name}.parquet", file)
        if wrong:
            return wrong
    return record


def _file_fault(path: Path, file: TableFile) -> str:
    try:
        content = path.read_bytes()
    except OSError:
        return f"{path.name} is missing"
    if len(content) != file.bytes or hashlib.sha256(content).hexdigest() != file.sha256:
        return f"{path.name} is damaged"
    return ""
