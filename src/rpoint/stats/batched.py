"""Survival statistics of thousands of simulated trials at once.

Log-rank test, Cox model of treatment (Efron) and Kaplan–Meier medians with their limits, the same
numbers as `logrank`, `cox` and `kaplan_meier` give for one trial after another, from arrays
(trials, patients).  Trials of unequal size are padded and masked.  A trial that cannot be analysed
gets a status and NaN; the batch goes on.  Results do not depend on `chunk` or `jobs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from rpoint.errors import RpointError, unknown_name
from rpoint.stats import batched_kernels as kernels
from rpoint.stats._counts import check_level
from rpoint.stats.batched_counts import count, sort_trials
from rpoint.stats.km_limits import Transform, check_transform, normal_quantile
from rpoint.stats.survival_data import Flags, Floats

PARTS = ("logrank", "cox", "medians")
STATUS = (
    "ok",
    "no events",
    "one arm",
    "monotone likelihood",
    "not converged",
    "bad input",
    "no information",
)
CHUNK_PATIENTS = 10_000  # taken at once: arrays that stay in a core's cache


@dataclass(frozen=True)
class BatchedSurvival:
    """Statistics of T trials; arrays are (T,), those of arms (T, 2): control, treated.

    Attributes
    ----------
    n, events
        (T, 2).
    status
        (T,) text, one of `STATUS`; what is not defined is NaN.
    observed, expected, statistic, p
        Log-rank test, events of the treated arm; two-sided p.
    coef, std_error, hr, hr_lo, hr_hi, loglik_null, loglik
        Cox model of treated against control; an infinite coefficient has no standard error.
    median, median_lo, median_hi
        (T, 2) Kaplan–Meier medians; NaN where not reached.
    level, transform
        Of the intervals.
    """

    n: Any
    events: Any
    status: Any
    observed: Floats
    expected: Floats
    statistic: Floats
    p: Floats
    coef: Floats
    std_error: Floats
    hr: Floats
    hr_lo: Floats
    hr_hi: Floats
    loglik_null: Floats
    loglik: Floats
    median: Floats
    median_lo: Floats
    median_hi: Floats
    level: float = 0.95
    transform: Transform = "log-log"

    def to_frame(self) -> pd.DataFrame:
        """One row a trial; columns of arms end in _control and _treated."""
        columns: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if not isinstance(value, np.ndarray):
                continue
            if value.ndim == 1:
                columns[item.name] = value
            else:
                columns[f"{item.name}_control"] = value[:, 0]
                columns[f"{item.name}_treated"] = value[:, 1]
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """One line: trials, their status, share of p < 0.05."""
        names, counts = np.unique(self.status, return_counts=True)
        told = ", ".join(f"{c} {n}" for n, c in zip(names, counts, strict=True))
        with np.errstate(invalid="ignore"):
            share = float(np.mean(self.p < 0.05))
        return f"{len(self.status)} trials ({told}), log-rank p < 0.05 in {100 * share:.1f} %"

    def __len__(self) -> int:
        return len(self.status)


def batched_survival(
    time: Any,
    event: Any,
    treated: Any,
    *,
    mask: Any = None,
    parts: Sequence[str] = PARTS,
    level: float = 0.95,
    transform: Transform = "log-log",
    jobs: int = 1,
    chunk: int | None = None,
) -> BatchedSurvival:
    """Analyse T trials of up to N patients.

    Parameters
    ----------
    time
        (T, N) not negative; what a masked patient has is not looked at.
    event
        (T, N) 1 or True for an event.
    treated
        (T, N), or (N,) for the same arms in all trials: 1 or True for treated.
    mask
        (T, N) True where there is a patient; everywhere without it.
    parts
        Of "logrank", "cox", "medians"; what is left out is NaN.
    level, transform
        Of the intervals of hazard ratios and medians.
    jobs
        Threads.
    chunk
        Trials that a thread takes at once; about 10,000 patients without it.

    Raises
    ------
    RpointError
        For shapes or options that do not fit.  A trial with wrong numbers is a status instead.
    """
    check_level(level)
    check_transform(transform)
    for part in parts:
        if part not in PARTS:
            raise unknown_name("part", part, PARTS, where="parts")
    arrays = _arrays(time, event, treated, mask)
    size = max(1, CHUNK_PATIENTS // arrays[0].shape[1]) if chunk is None else chunk
    if jobs < 1 or size < 1:
        raise RpointError("jobs and chunk are counts", found=(jobs, chunk), allowed="1 or more")
    options = (frozenset(parts), level, transform)

    def run(piece: slice) -> dict[str, Any]:
        times, events, arms, present = (array[piece] for array in arrays)
        return _analyse(times, events, arms, present, *options)

    pieces = list(_pieces(len(arrays[0]), size))
    if jobs == 1:
        found = [run(piece) for piece in pieces]
    else:
        with ThreadPoolExecutor(jobs) as pool:
            found = list(pool.map(run, pieces))
    joined = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
    joined["status"] = np.array(STATUS)[joined["status"]]
    return BatchedSurvival(**joined, level=level, transform=transform)


def _pieces(trials: int, chunk: int) -> Iterator[slice]:
    for start in range(0, trials, chunk):
        yield slice(start, start + chunk)


def _arrays(time: Any, event: Any, treated: Any, mask: Any) -> tuple[Any, ...]:
    times = np.asarray(time, dtype=np.float64)
    if times.ndim != 2 or not times.size:
        raise RpointError(
            "a batch is an array of trials by patients", where="time", found=times.shape
        )
    arrays = [times]
    for name, value in (("event", event), ("treated", treated), ("mask", mask)):
        array = np.asarray(True if value is None else value)
        if array.dtype.kind not in "biuf":
            raise RpointError(f"{name} is not made of 0 and 1", where=name, found=array.dtype)
        try:
            arrays.append(np.broadcast_to(array, times.shape))
        except ValueError:
            raise RpointError(
                f"{name} does not fit the times",
                where=name,
                found=array.shape,
                allowed=f"the shape {times.shape}",
            ) from None
    return tuple(arrays)


def _analyse(
    time: Floats, event: Any, treated: Any, mask: Any, parts: frozenset[str], level: float,
    transform: Transform,
) -> dict[str, Any]:  # fmt: skip
    """The statistics of one chunk."""
    present = mask.astype(bool)
    bad = _bad(time, event, treated, present)
    present = present & ~bad[:, None]
    trials = sort_trials(time, event == 1, treated == 1, present)
    arms = (trials.present & ~trials.treated, trials.treated)
    n = np.stack([arm.sum(axis=1) for arm in arms], axis=1)
    events = np.stack([(arm & trials.event).sum(axis=1) for arm in arms], axis=1)
    status = np.full(len(time), kernels.OK, dtype=np.int64)
    result: dict[str, Any] = {"n": n, "events": events, "status": status}
    result |= _tests(trials, parts, level, status)
    status[events.sum(axis=1) == 0] = kernels.NO_EVENTS
    status[(n == 0).any(axis=1)] = kernels.ONE_ARM
    status[bad] = kernels.BAD_INPUT
    for name in ("observed", "expected", "loglik_null", "loglik"):
        result[name] = np.where(bad, np.nan, result[name])
    return result | _medians(trials, arms, parts, level, transform)


def _bad(time: Floats, event: Any, treated: Any, present: Flags) -> Flags:
    """(T,) trials with a time, event or arm that is none, or without a patient."""
    right = np.isfinite(time) & (time >= 0)
    right &= (event == 0) | (event == 1)
    right &= (treated == 0) | (treated == 1)
    return np.asarray((present & ~right).any(axis=1) | ~present.any(axis=1))


def _tests(trials: Any, parts: frozenset[str], level: float, status: Any) -> dict[str, Any]:
    size = len(status)
    names = ("observed", "expected", "statistic", "p", "coef", "std_error", "hr", "hr_lo", "hr_hi",
             "loglik_null", "loglik")  # fmt: skip
    result = {name: np.full(size, np.nan) for name in names}
    if not parts & {"logrank", "cox"}:
        return result
    counts = count(trials)
    if "logrank" in parts:
        test = kernels.logrank_values(counts)
        empty = ~(test.variance > 0)
        result["observed"], result["expected"] = test.observed, test.expected
        result["statistic"] = np.where(empty, np.nan, test.statistic)
        result["p"] = special.chdtrc(1.0, result["statistic"])
    if "cox" in parts:
        model = kernels.cox_values(counts)
        status[:] = model.status
        half = normal_quantile(level) * model.std_error
        with np.errstate(over="ignore"):
            ratios = [np.exp(model.coef + k * half) for k in (0.0, -1.0, 1.0)]
        result["hr"] = np.exp(model.coef)
        result["hr_lo"], result["hr_hi"] = ratios[1], ratios[2]
        result["coef"], result["std_error"] = model.coef, model.std_error
        result["loglik_null"], result["loglik"] = model.loglik_null, model.loglik
    return result


def _medians(
    trials: Any, arms: tuple[Flags, Flags], parts: frozenset[str], level: float,
    transform: Transform,
) -> dict[str, Any]:  # fmt: skip
    if "medians" not in parts:
        shape = (len(trials.time), 2)
        return {name: np.full(shape, np.nan) for name in ("median", "median_lo", "median_hi")}
    found = [kernels.median_values(trials, arm, level, transform) for arm in arms]
    return {
        "median": np.stack([one.median for one in found], axis=1),
        "median_lo": np.stack([one.lo for one in found], axis=1),
        "median_hi": np.stack([one.hi for one in found], axis=1),
    }
