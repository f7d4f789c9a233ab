"""One call of the kernel: arrays, their addresses, threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from rpoint.engine.job import JOB
from rpoint.engine.native import Kernel
from rpoint.engine.status import Status
from rpoint.errors import RpointError

INLINE = 16  # patients up to which a call with one thread starts no thread


class Batch:
    """The job record of one call, and the arrays that it points to.

    Parameters
    ----------
    table
        (P, slots) parameters; `start` (P, n) start values with NaN where the model decides.
    times
        (T,) output times.
    index
        (P,) schedule of each patient; `events` the flattened schedules: first index of each, times,
        targets (parameter k: k, addition to state row i: -1-i), values.
    """

    def __init__(self, meta: dict, table: np.ndarray, start: np.ndarray | None, times: np.ndarray,
                 index: np.ndarray, events: tuple[np.ndarray, ...], rtol: float, atol: float,
                 max_steps: int, t_start: float) -> None:
        count, outputs = len(table), len(times)
        self.work_size = meta["work_size"]
        self.values = np.full((count, outputs, len(meta["observables"])), np.nan)
        self.status = np.full(count, int(Status.CANCELLED), np.int64)
        self.steps, self.rejected = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.cancel = np.zeros(1, np.int64)
        t_end = float(times[-1]) if outputs else t_start
        first, when, targets, amounts = events
        self.fields: dict[str, Any] = {
            "patients": count, "parameters": table, "initial": start, "outputs": outputs,
            "t_out": times, "schedule": index, "first": first, "times": when,
            "targets": targets, "amounts": amounts, "values": self.values, "status": self.status,
            "steps": self.steps, "rejected": self.rejected, "counter": np.zeros(1, np.int64),
            "cancel": self.cancel, "rtol": rtol, "atol": atol, "max_steps": max_steps,
            "t_start": t_start, "t_end": t_end,
            # a rate that depends on time must not be stepped over: at least 100 steps
            "h_max": max((t_end - t_start) / 100, 1e-300) if meta["timed"] else 1e300,
        }  # fmt: skip
        self.job = np.zeros(len(JOB), np.int64)
        for i, (name, kind) in enumerate(JOB.items()):
            value = self.fields[name]
            if kind == "double":
                self.job[i : i + 1].view(float)[0] = value
            elif kind == "i64":
                self.job[i] = value
            elif value is not None:
                self.job[i] = value.ctypes.data

    def run(self, kernel: Kernel, threads: int) -> None:
        """Drive the kernel from `threads` threads; an interrupt stops all of them."""
        if threads <= 1 and len(self.status) <= INLINE:
            self._drive(kernel)
        else:
            with ThreadPoolExecutor(threads) as pool:
                futures = [pool.submit(self._drive, kernel) for _ in range(threads)]
                try:
                    for future in futures:
                        future.result()
                except BaseException:
                    self.cancel[0] = 1
                    raise
        self.values[self.status != Status.OK] = np.nan

    def _drive(self, kernel: Kernel) -> None:
        work = np.zeros(self.work_size // 8 + 8)
        offset = -work.ctypes.data % 64
        kernel.drive(self.job.ctypes.data, work.ctypes.data + offset)


def thread_count(threads: int | None, count: int) -> int:
    """Threads to use for `count` patients; None: the processors available."""
    if threads is None:
        affinity = getattr(os, "sched_getaffinity", None)
        threads = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    if threads < 1:
        raise RpointError("The number of threads must be at least 1.", found=threads,
                          where="solve")
    return max(1, min(threads, count))
