"""A few worker processes that compute tasks, and outlive each other's deaths.

Every worker is a fresh process (spawn) with one thread in each numerical library, for any number
of workers: the same task gives the same bits whether one works or many.  Each has a pipe of its
own, so that a death is laid to the task that it happened in.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from rpoint.errors import RpointError

ATTEMPTS = 3  # of a task whose worker dies
STARTS = 2  # workers that may die before they have begun
ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_MAX_THREADS",
)  # fmt: skip

_context = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes
    ----------
    task
        The task.
    value
        What the function returned.
    error
        The traceback, or how its workers died; empty if all went well.
    attempts
        How often it was begun.
    peak_mb
        Largest memory of the worker so far (MiB); None where that is not known.
    """

    task: Any
    value: Any = None
    error: str = ""
    attempts: int = 1
    peak_mb: float | None = None


def attempt(function: Callable[..., Any], fixed: Sequence[Any], task: Any) -> Outcome:
    """Compute one task; what the user can mend is raised, a defect is an outcome."""
    try:
        value = function(*fixed, task)
    except RpointError:
        raise
    except Exception:
        return Outcome(task, error=traceback.format_exc(), peak_mb=peak_memory())
    return Outcome(task, value, peak_mb=peak_memory())


class Crew:
    """Worker processes that compute task after task; use it in a `with` statement.

    Parameters
    ----------
    fixed
        First arguments of every call; picklable.
    jobs
        Workers, started when there is work; 0: compute in this process, for tests and debuggers.
    """

    def __init__(self, fixed: Sequence[Any], jobs: int) -> None:
        self._fixed, self._jobs = tuple(fixed), jobs
        self._members: list[_Member] = []
        self._waiting: deque[tuple[Any, int]] = deque()
        self._lost_at_start = 0

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *error: object) -> None:
        for member in self._members:
            member.fire()
        self._members.clear()

    def run(self, function: Callable[..., Any], tasks: Sequence[Any]) -> Iterator[Outcome]:
        """Compute tasks; outcomes come as they are ready.

        Parameters
        ----------
        function
            Called as ``function(*fixed, task)``; importable by name.
        tasks
            Picklable.

        Raises
        ------
        RpointError
            If a task raises one: the user has something to mend.  Other exceptions are outcomes.
        """
        if self._jobs == 0:
            for task in tasks:
                yield attempt(function, self._fixed, task)
            return
        self._waiting = deque((task, 1) for task in tasks)
        while self._waiting or any(member.task for member in self._members):
            self._assign(function)
            yield from self._listen()

    def _assign(self, function: Callable[..., Any]) -> None:
        """Give the idle workers tasks, and start as many more as there is work for."""
        for member in self._members:
            if self._waiting and member.ready and member.task is None:
                member.give(function, self._waiting.popleft())
        busy = sum(member.task is not None for member in self._members)
        wanted = min(self._jobs, busy + len(self._waiting))
        while len(self._members) < wanted:
            self._members.append(_Member(self._fixed))

    def _listen(self) -> Iterator[Outcome]:
        """Wait for word from any worker and act on it."""
        by_pipe = {member.pipe: member for member in self._members}
        for pipe in wait(list(by_pipe)):
            member = by_pipe[pipe]  # type: ignore[index]
            try:
                said = member.pipe.recv()
            except (EOFError, OSError):
                yield from self._lost(member)
                continue
            if isinstance(said, BaseException):
                raise said
            member.ready = True
            if isinstance(said, Outcome) and member.task is not None:
                task, attempts = member.task
                member.task = None
                yield Outcome(task, said.value, said.error, attempts, said.peak_mb)

    def _lost(self, member: _Member) -> Iterator[Outcome]:
        """A worker died: its task is tried again, a few times, by another."""
        self._members.remove(member)
        member.fire()
        code = member.process.exitcode
        if not member.ready:
            self._lost_at_start += 1
            if self._lost_at_start >= STARTS:
                raise _no_start(code)
        if member.task is None:
            return
        task, attempts = member.task
        if attempts < ATTEMPTS:
            self._waiting.appendleft((task, attempts + 1))
            return
        said = f"{attempts} workers died of it; the last: {_death(code)}"
        yield Outcome(task, None, said, attempts)


class _Member:
    """One worker, seen from the parent."""

    def __init__(self, fixed: tuple[Any, ...]) -> None:
        self.pipe, theirs = _context.Pipe()
        self.process = _context.Process(
            target=_work, args=(theirs, fixed), daemon=True, name="rpoint-worker"
        )
        with _deaf_children():
            self.process.start()
        theirs.close()
        self.ready = False
        self.task: tuple[Any, int] | None = None

    def give(self, function: Callable[..., Any], task: tuple[Any, int]) -> None:
        self.task = task
        try:
            self.pipe.send((function, task[0]))
        except OSError:
            pass  # it is dead: its pipe says so when it is listened to

    def fire(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by signal {-code}" + (" (out of memory?)" if code == -9 else "")
    return f"exit code {code}"


def _no_start(code: int | None) -> RpointError:
    return RpointError(
        "the worker processes die at their start",
        where="jobs",
        found=_death(code),
        mend='in a script, call it under `if __name__ == "__main__":`; or look above for what the '
        "workers say",
    )


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Children born here take no Ctrl-C (the parent ends them) and start with one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    mask = getattr(signal, "pthread_sigmask", None)
    held = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, held)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(pipe: Connection, fixed: tuple[Any, ...]) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        pipe.send("ready")
        while True:
            function, task = pipe.recv()
            try:
                said: Outcome | RpointError = attempt(function, fixed, task)
            except RpointError as error:
                said = error
            pipe.send(said)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent is gone


def _die_with_parent() -> None:
    """End this process as soon as the parent has ended, however that happened."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def available() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def peak_memory() -> float | None:
    """Largest memory that this process has held (MiB)."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
