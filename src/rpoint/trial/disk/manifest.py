"""The manifest: one line of JSON for each chunk that is complete.

It is an index.  What is true lies in the chunks' own folders, from which it can be made again;
lines are appended as chunks come, in any order, and put in the order of the chunks at the end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from rpoint.trial.disk.chunk import CHUNKS, ChunkRecord, chunk_folder, fault, record_of
from rpoint.trial.disk.plan import Plan
from rpoint.trial.disk.sync import clear_temporaries, discard, replace_file, sync_folder

MANIFEST = "manifest.jsonl"

Records = dict[int, ChunkRecord]


def read(folder: Path, run: str | None = None) -> Records:
    """The chunks that the manifest names; a line that a kill has torn names none.

    Parameters
    ----------
    folder
        The run's folder.
    run
        Digest of the run's identity: lines of others are left out.
    """
    try:
        lines = (folder / MANIFEST).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    found: Records = {}
    for line in lines:
        try:
            record = record_of(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if run in (None, record.run):
            found[record.chunk] = record
    return dict(sorted(found.items()))


def append(folder: Path, record: ChunkRecord) -> None:
    """Add a line and wait until the disk has it."""
    path = folder / MANIFEST
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(handle, record.line())
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        sync_folder(folder)


def write(folder: Path, records: Iterable[ChunkRecord]) -> None:
    """Write the whole manifest in the order of the chunks, all or nothing."""
    ordered = sorted(records, key=lambda record: record.chunk)
    replace_file(folder / MANIFEST, b"".join(record.line() for record in ordered))


def recover(folder: Path, plan: Plan) -> tuple[Records, list[str]]:
    """What of a run is complete; what is not is removed, and the manifest is made again.

    Every file of every chunk is read and hashed.

    Returns
    -------
    tuple
        The records, and in words what was found damaged.
    """
    chunks = folder / CHUNKS
    chunks.mkdir(exist_ok=True)
    clear_temporaries(chunks)
    clear_temporaries(folder)
    named = read(folder, plan.run)
    found: Records = {}
    damaged: list[str] = []
    for chunk in range(plan.chunks):
        place = chunk_folder(folder, chunk)
        if not place.is_dir():
            if chunk in named:
                damaged.append(f"chunk {chunk}: absent")
            continue
        seen = fault(folder, chunk, *plan.bounds(chunk), plan.run)
        if isinstance(seen, str):
            damaged.append(f"chunk {chunk}: {seen}")
            discard(place)
        else:
            found[chunk] = seen
    write(folder, found.values())
    return found, damaged
