"""The same tasks on a Dask cluster.

A task may be computed more than once (a worker dies after it, or is believed dead): it gives the
same bytes, and only one of them is kept.  The scheduler gives up a task after
``distributed.scheduler.allowed-failures`` deaths (3).
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from rpoint.errors import RpointError, shorten
from rpoint.trial.workers import Outcome

AHEAD = 2  # tasks that wait at the cluster for each thread of a worker
WAIT = "20s"  # for the scheduler to answer


def on_cluster(
    client: Any, function: Callable[..., Any], fixed: Sequence[Any], tasks: Sequence[Any]
) -> Iterator[Outcome]:
    """Compute tasks on a Dask cluster; outcomes come as they are ready.

    Only a few tasks more than there are workers are at the cluster at any time, so that results do
    not pile up there.

    Parameters
    ----------
    client
        From `connected`.
    function
        Called as ``function(*fixed, task)``; R-point must be installed on the workers, in the same
        versions.
    fixed, tasks
        Picklable.

    Raises
    ------
    RpointError
        If a task raises one.
    """
    from distributed import as_completed

    batch = uuid4().hex  # a key that no other run has, and no earlier one
    waiting = deque(tasks)
    done = as_completed(loop=client.loop)
    flying: dict[Any, Any] = {}

    def submit() -> None:
        task = waiting.popleft()
        future = client.submit(
            _call, function, tuple(fixed), task, key=f"rpoint-{batch}-{task}", pure=False
        )
        flying[future] = task
        done.add(future)

    for _ in range(min(len(waiting), _room(client))):
        submit()
    while flying:
        future = next(done)
        task = flying.pop(future)
        outcome = _outcome(future, task)
        future.release()
        if waiting:
            submit()
        yield outcome


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """A client of the scheduler at `address`, such as ``tcp://host:8786``; None for None.

    Raises
    ------
    RpointError
        If Dask is not installed or the scheduler does not answer.
    """
    client = None if address is None else _connect(address)
    try:
        yield client
    finally:
        if client is not None:
            client.close()


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise RpointError(
            "Dask is not installed", where="--cluster", mend="pip install 'rpoint[cluster]'"
        ) from None
    try:
        if "://" not in address and ":" not in address:  # Dask would start a cluster here
            raise ValueError("no address")
        return Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise RpointError(
            "the cluster's scheduler does not answer",
            where="--cluster",
            found=f"{shorten(address)}: {error or type(error).__name__}",
            allowed="the address of a Dask scheduler, such as tcp://host:8786",
            mend="start one with `dask scheduler`, and workers with `dask worker ADDRESS`",
        ) from None


def _room(client: Any) -> int:
    threads = sum(client.nthreads().values())
    return AHEAD * max(threads, 1)


def _call(function: Callable[..., Any], fixed: tuple[Any, ...], task: Any) -> Any:
    return function(*fixed, task)


def _outcome(future: Any, task: Any) -> Outcome:
    try:
        return Outcome(task, future.result())
    except RpointError:
        raise
    except Exception as error:  # whatever the task or the cluster came to
        return Outcome(task, error="".join(traceback.format_exception(error)))
