"""Files and folders that are on the disk before anything says that they are."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from rpoint.errors import RpointError, shorten

TEMPORARY = ".tmp-"


def temporary(folder: Path, name: str) -> Path:
    """A path beside `name` that nothing else uses; what a kill leaves there is cleared later."""
    return folder / f"{TEMPORARY}{name}-{os.getpid()}-{secrets.token_hex(4)}"


def clear_temporaries(folder: Path) -> int:
    """Remove what an interrupted writer left in `folder`; how many there were."""
    left = list(folder.glob(f"{TEMPORARY}*"))
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(left)


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with open(path, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder; not every system can, none loses by it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError:  # some network file systems
        pass
    finally:
        os.close(handle)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all, and wait until the disk has it and its name."""
    stage = temporary(path.parent, path.name)
    try:
        write_synced(stage, content)
        os.replace(stage, path)
    except BaseException:
        stage.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def discard(folder: Path) -> None:
    """Remove a folder so that at no moment half of it stands under its name."""
    stage = temporary(folder.parent, folder.name)
    os.rename(folder, stage)
    shutil.rmtree(stage, ignore_errors=True)


def cannot_write(error: OSError, folder: Path) -> RpointError:
    """The error for a disk that is full, gone or closed to us."""
    return RpointError(
        "the run cannot be written",
        where=shorten(str(folder)),
        found=error.strerror or str(error),
        mend="make room or allow writing, then resume: what is complete there is kept",
    )
