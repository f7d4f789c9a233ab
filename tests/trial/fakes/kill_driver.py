"""Kills runs of the fake trial, over and over, and compares what they come to.

Run as a script, since it forks.  Prints one line of JSON.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import fake_trial_compute
import pandas  # noqa: F401 - imported once, before the forks
import pyarrow.dataset
import pyarrow.parquet  # noqa: F401

from rpoint.trial.disk import chunk as disk_chunk
from rpoint.trial.disk import identity as disk_identity
from rpoint.trial.disk import run as disk_run
from rpoint.trial.disk import sync as disk_sync

disk_identity.code_digest = lambda: "the same"  # an edit of the source meanwhile is no matter here
disk_identity.versions = functools.cache(disk_identity.versions)
disk_identity.processor(), disk_identity.ensemble_digest(), disk_identity.versions()
# A kill loses nothing that the system has: the call counts as a place to die, the wait is left out.
os.fsync = lambda handle: None
KILLS = ("fsync", "rename", "replace", "write", "ftruncate", "unlink", "mkdir")


def run(folder: Path, sleep: float = 0.0) -> None:
    """Begin the run, or go on with it; short and of two tables without `sleep`."""
    options = {"sleep": sleep} if sleep else {"only": ["adrs", "adtte"]}
    disk_run.run_trial(
        fake_trial_compute.trial(), folder, replicates=4 if sleep else 2, chunk_patients=12,
        seed=5, resume=True, jobs=0, compute="fake_trial_compute:compute",
        analyse="fake_trial_compute:analyse", options=options, command="test",
    )  # fmt: skip


def in_child(work) -> int:
    """Run `work` in a fork; its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def state(folder: Path) -> dict[str, str]:
    """SHA-256 of every file; of run.json without its times."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if path.name == "run.json":
            value = json.loads(content)
            del value["provenance"]
            content = json.dumps(value).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def armed(folder: Path, at: int) -> None:
    """Run, but die just before the `at`-th call that changes the disk; half of a write is done."""
    calls = 0

    def due() -> bool:
        nonlocal calls
        calls += 1
        return calls == at

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def call(*args, **more):
            if due():
                if name == "write":
                    real(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **more)

        setattr(os, name, call)

    for name in KILLS:
        wrap(name)
    whole = disk_sync.write_synced

    def torn(path: Path, content: bytes) -> None:
        if due():
            path.write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        whole(path, content)

    disk_sync.write_synced = disk_chunk.write_synced = torn
    run(folder)


def every_point(top: Path) -> dict[str, object]:
    """Kill at every call in turn; resume; compare with a run that nobody killed."""
    reference = top / "reference"
    assert in_child(lambda: run(reference)) == 0
    expected = state(reference)
    wrong, points = [], 0
    for at in range(1, 1000):
        folder = top / f"killed-{at}"
        code = in_child(lambda folder=folder, at=at: armed(folder, at))
        if code == 0:
            break
        points += 1
        again = in_child(lambda folder=folder: run(folder))
        if code != -signal.SIGKILL or again != 0 or state(folder) != expected:
            wrong.append([at, code, again])
        shutil.rmtree(folder)
    return {"points": points, "wrong": wrong}


def random_moments(top: Path, kills: int) -> dict[str, object]:
    """Kill one run at random moments, many times, then let it end."""
    reference, folder = top / "reference", top / "killed"
    chance = random.Random(3)
    began = time.monotonic()
    assert in_child(lambda: run(reference, 0.01)) == 0
    span = time.monotonic() - began
    hit = 0
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            try:
                run(folder, 0.01)
            finally:
                os._exit(0)
        time.sleep(span * chance.uniform(0.02, 0.6))
        os.kill(child, signal.SIGKILL)
        hit += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 0
        if chance.random() < 0.3 and folder.exists():
            vandalise(folder, chance)
    last = in_child(lambda: run(folder, 0.01))
    return {"kills": hit, "last": last, "same": state(folder) == state(reference)}


def vandalise(folder: Path, chance: random.Random) -> None:
    """Cut or remove a file of a chunk, as a failing disk would."""
    files = sorted(folder.glob("chunks/0*/*"))
    if files:
        path = chance.choice(files)
        if chance.random() < 0.5:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-7])


if __name__ == "__main__":
    mode, top = sys.argv[1], Path(sys.argv[2])
    done = every_point(top) if mode == "every" else random_moments(top, int(sys.argv[3]))
    print(json.dumps(done))
