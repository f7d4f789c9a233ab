"""The folder of a run: made, held by one run at a time, as it was if nothing came of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rpoint.errors import RpointError, shorten
from rpoint.trial.disk import manifest, run_json
from rpoint.trial.disk.chunk import CHUNKS
from rpoint.trial.disk.lock import LOCK, locked
from rpoint.trial.disk.sync import TEMPORARY, clear_temporaries


@contextmanager
def prepared(place: Path, resume: bool) -> Iterator[None]:
    """Make and hold the folder; one that another holds, or that holds other things, is refused.

    If what follows fails before any chunk is complete, and nothing was there before, nothing stays.
    """
    _check_folder(place, resume)
    _check_strangers(place)
    made = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    try:
        with locked(place):
            fresh = not (place / run_json.RUN).exists()
            _check_folder(place, resume)
            clear_temporaries(place)
            try:
                yield
            except RpointError:
                if fresh and not manifest.read(place):
                    _clear(place)
                raise
    except RpointError:
        if made and not any(place.iterdir()):
            place.rmdir()
        raise


def _clear(place: Path) -> None:
    for name in (run_json.RUN, manifest.MANIFEST):
        (place / name).unlink(missing_ok=True)
    shutil.rmtree(place / CHUNKS, ignore_errors=True)


def _check_strangers(place: Path) -> None:
    ours = (LOCK, CHUNKS, manifest.MANIFEST)
    if place.is_dir() and not (place / run_json.RUN).exists():
        strange = [p.name for p in place.iterdir()
                   if p.name not in ours and not p.name.startswith(TEMPORARY)]  # fmt: skip
        if strange:
            raise RpointError(
                "the folder of a run holds nothing else", where=shorten(str(place)),
                found=", ".join(sorted(strange)[:5]), mend="name a new or empty folder",
            )  # fmt: skip


def _check_folder(place: Path, resume: bool) -> None:
    if not resume and (place / run_json.RUN).exists():
        status = run_json.read(place).status
        raise RpointError(
            "there is a run in this folder already", where=shorten(str(place)),
            found=f"status: {status}", mend="go on with it (resume), or name another folder",
        )  # fmt: skip
