"""One run at a time in one folder.

The lock is a file that names its owner (host, boot, process) and that the owner holds locked as
long as it lives: the operating system lets go of it when the process dies, however it dies.  Where
a file system knows no such locks, the owner's process is looked for instead.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rpoint.errors import RpointError, shorten

LOCK = "run.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; on leaving, the lock is gone.

    Raises
    ------
    RpointError
        If another run holds it, or one on another host may.
    """
    path = folder / LOCK
    handle, sure = _open(path)
    try:
        owner = _owner(handle)
        if owner and (_elsewhere(owner) or (not sure and alive(owner))):
            raise _held(path, owner, sure)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, json.dumps(me()).encode())
        os.fsync(handle)
    except BaseException:
        os.close(handle)
        raise
    try:
        yield
    finally:
        if os.name == "nt":  # an open file cannot be removed there
            os.close(handle)
            path.unlink(missing_ok=True)
        else:
            path.unlink(missing_ok=True)
            os.close(handle)


def _open(path: Path) -> tuple[int, bool]:
    """The locked file, and whether the operating system vouches for the lock."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            sure = _take(handle)
        except BlockingIOError:
            owner = _owner(handle)
            os.close(handle)
            raise _held(path, owner, True) from None
        try:
            same = os.path.samestat(os.fstat(handle), os.stat(path))
        except FileNotFoundError:
            same = False
        if same:
            return handle, sure
        os.close(handle)  # its owner removed it between our opening and our locking


def _take(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return False
    return True


def me() -> dict[str, Any]:
    """This process: host, boot, number, and when it began."""
    return {"host": platform.node(), "boot": _boot(), "pid": os.getpid(),
            "began": _began(os.getpid())}  # fmt: skip


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _began(pid: int) -> str:
    """When a process began, in ticks since the boot; empty where that cannot be known."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


def alive(owner: dict[str, Any]) -> bool:
    """Whether the process that a lock of this host names still runs."""
    if owner.get("boot") != _boot():
        return False
    pid = int(owner.get("pid") or 0)
    if _boot():  # /proc is there: a number that was given again began at another time
        return bool(_began(pid)) and _began(pid) == owner.get("began")
    if os.name == "nt":
        return True  # cannot be asked without harm: the user decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _elsewhere(owner: dict[str, Any]) -> bool:
    """Whether another machine wrote it; containers of one machine share its boot and its locks."""
    same_boot = bool(_boot()) and owner.get("boot") == _boot()
    return owner.get("host") != platform.node() and not same_boot


def _owner(handle: int) -> dict[str, Any]:
    """Who wrote the lock; empty if nobody did, or was killed while writing."""
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        owner = json.loads(os.read(handle, 4096))
    except (OSError, ValueError):
        return {}
    finally:
        os.lseek(handle, 0, os.SEEK_SET)
    return owner if isinstance(owner, dict) else {}


def _held(path: Path, owner: dict[str, Any], sure: bool) -> RpointError:
    who = f"process {owner.get('pid', '?')} on {owner.get('host', '?')}"
    mend = "wait until it ends, or give this run another folder"
    if owner and (_elsewhere(owner) or not sure):
        mend += f"; if nothing runs on {owner.get('host')} any more, remove {path.name}"
    return RpointError(
        "another run works in this folder", where=shorten(str(path)), found=who, mend=mend
    )
