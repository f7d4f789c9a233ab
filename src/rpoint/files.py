"""Writing that leaves nothing half-written: into a temporary name, synced, then renamed."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rpoint.errors import RpointError, shorten


def output_folder(path: str | os.PathLike[str], *, where: str = "--out") -> Path:
    """Check that `path` is, or can become, a folder that can be written; nothing is created.

    Raises
    ------
    RpointError
        If it is a file, if a part of its path is no folder, or if writing is not allowed.
    """
    folder = Path(path)
    try:
        existing = next(p for p in [folder, *folder.absolute().parents] if p.exists())
    except OSError as error:
        raise _cannot_write(folder, where, error.strerror or str(error)) from None
    if not existing.is_dir():
        raise _cannot_write(folder, where, f"{shorten(str(existing))} is a file, not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _cannot_write(folder, where, f"writing to {shorten(str(existing))} is not allowed")
    return folder


def names_file(path: str | os.PathLike[str], suffix: str) -> bool:
    """Whether `path` names one file of the type `suffix` and not a folder.

    An existing folder stays a folder, whatever its name ends in.

    >>> names_file("PRED.csv", ".csv"), names_file("results", ".csv")
    (True, False)
    """
    return Path(path).suffix.lower() == suffix and not Path(path).is_dir()


def output_file(path: str | os.PathLike[str], *, where: str = "--out") -> Path:
    """Check that `path` can be written as a file; nothing is created.

    Raises
    ------
    RpointError
        If its folder cannot be made or written, or if what lies there is no regular file.
    """
    target = Path(path)
    output_folder(target.parent, where=where)
    if target.exists() and not target.is_file():
        raise _cannot_write(target, where, "no regular file")
    return target


def _cannot_write(folder: Path, where: str, reason: str) -> RpointError:
    return RpointError(
        "the results cannot be written there",
        where=where,
        found=f"{shorten(str(folder))}: {reason}",
        mend="name a folder that you can write to; it is made if it does not exist",
    )


@contextmanager
def staged(out: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary folder whose files move to `out` when the block ends without an error.

    On an error nothing appears in `out`, and a folder that did not exist is not made.  Files of
    the same name are replaced one by one, each as a whole.
    """
    target = output_folder(out)
    made = not target.exists()
    try:
        target.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".rpoint-", dir=target))
    except OSError as error:
        raise _cannot_write(target, "--out", error.strerror or str(error)) from None
    try:
        yield stage
        _move_files(stage, target)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        if made and not any(target.iterdir()):
            target.rmdir()
        raise
    shutil.rmtree(stage, ignore_errors=True)


def _move_files(stage: Path, target: Path) -> None:
    for source in sorted(p for p in stage.rglob("*") if p.is_file()):
        goal = target / source.relative_to(stage)
        goal.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, goal)


def write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file as a whole or not at all; its folder must exist."""
    goal = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{goal.name[:40]}-", dir=goal.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, goal)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return goal


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write UTF-8 text with `write_bytes`."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: str | os.PathLike[str], value: Any) -> Path:
    """Write `to_json(value)` with `write_bytes`."""
    return write_text(path, to_json(value) + "\n")


def to_json(value: Any, *, ascii_only: bool = False) -> str:
    """`value` as strict JSON: NumPy and pandas values become plain ones, NaN becomes null.

    Letters beyond ASCII stay as they are, unless `ascii_only` asks for escapes.

    >>> print(to_json({"a": float("nan"), "b": (1, 2)}))
    {
      "a": null,
      "b": [
        1,
        2
      ]
    }
    """
    return json.dumps(plain(value), indent=2, ensure_ascii=ascii_only, allow_nan=False)


def plain(value: Any) -> Any:
    """`value` with only dicts, lists, text, numbers, booleans and None in it."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict("records") if hasattr(value, "columns") else value.to_dict())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
