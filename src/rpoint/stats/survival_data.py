"""Checked follow-up times: time, event, group and stratum, one entry a patient.

Nothing is repaired: a missing or negative time and an event that is not 0 or 1 are refused, and
every wrong row is named at once.

Two times are the same time when they differ by less than `SAME_TIME` of their size: days turned
into months in two ways differ in the last binary digit, and are ties all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpoint.errors import RpointError, shorten
from rpoint.stats._counts import listed

SAME_TIME = 1e-12  # relative

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FollowUp:
    """Times and events of n patients, ties already joined.

    Attributes
    ----------
    time
        (n,) in the user's unit.
    event
        (n,) True where the event was seen, False where the patient was censored.
    """

    time: Floats
    event: Flags

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.time)

    def where(self, keep: Flags) -> FollowUp:
        """Some of the patients."""
        return FollowUp(self.time[keep], self.event[keep])


@dataclass(frozen=True)
class Labels:
    """A label for each of n patients, as codes.

    Attributes
    ----------
    code
        (n,) index into `names`.
    names
        The labels: numbers in order of size, text in alphabetical order.
    """

    code: Integers
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of labels."""
        return len(self.names)


def check_follow_up(
    time: Any, event: Any, *, rows: Sequence[str] | None = None, where: str = "time and event"
) -> FollowUp:
    """`time` and `event` as checked arrays.

    Parameters
    ----------
    time
        (n,) not negative.
    event
        (n,) 1 or True for an event, 0 or False for a censored time.
    rows
        Names of the entries for the error, such as "row 3"; without them "row 1" is the first.
    where
        What the values are, for the error.

    Raises
    ------
    RpointError
        Naming every wrong entry (at most eight in full), or if there are none or unequal numbers.
    """
    times, events = _column(time, where), _column(event, where)
    if len(times) != len(events):
        raise RpointError(
            "time and event differ in length",
            where=where,
            found=f"{len(times)} times, {len(events)} events",
        )
    if not len(times):
        raise RpointError("there are no patients", where=where, found="0 rows")
    faults = np.flatnonzero(~(np.isfinite(times) & (times >= 0) & np.isin(events, (0.0, 1.0))))
    if len(faults):
        raise _refuse(time, event, times, events, faults, rows, where)
    return FollowUp(join_ties(times), events == 1.0)


def _column(values: Any, where: str) -> Floats:
    array = np.asarray(values)
    if array.ndim != 1:
        raise RpointError(
            "one value a patient is needed", where=where, found=f"an array of shape {array.shape}"
        )
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    return pd.to_numeric(pd.Series(array, dtype=object), errors="coerce").to_numpy(np.float64)


def _refuse(
    time: Any,
    event: Any,
    times: Floats,
    events: Floats,
    faults: Integers,
    rows: Sequence[str] | None,
    where: str,
) -> RpointError:
    given_time, given_event = list(np.asarray(time)), list(np.asarray(event))
    told = []
    for i in faults.tolist():
        name = rows[i] if rows is not None else f"row {i + 1}"
        parts = [_time_fault(given_time[i], times[i]), _event_fault(given_event[i], events[i])]
        told.append(f"{name}: " + "; ".join(part for part in parts if part))
    return RpointError(
        f"{len(told)} {'row is' if len(told) == 1 else 'rows are'} no follow-up time with an event",
        where=f"{where}\n{listed(told)}",
        allowed="a time of 0 or more, and an event that is 1 (seen) or 0 (censored)",
    )


def _time_fault(given: Any, value: float) -> str:
    if np.isfinite(value) and value >= 0:
        return ""
    if _missing(given):
        return "the time is missing"
    if value < 0:
        return f"the time {value:g} is negative"
    return f"the time {shorten(str(given))!r} is no finite number"


def _event_fault(given: Any, value: float) -> str:
    if value in (0.0, 1.0):
        return ""
    return "the event is missing" if _missing(given) else f"the event {shorten(str(given))!r}"


def _missing(given: Any) -> bool:
    return given is None or given is pd.NA or given is pd.NaT or given != given or given == ""


def join_ties(time: Floats) -> Floats:
    """`time` with times that differ by rounding alone made equal (the earliest of them).

    >>> join_ties(np.array([0.3, 0.1 + 0.2, 1.0])).tolist()
    [0.3, 0.3, 1.0]
    """
    order = np.argsort(time, kind="stable")
    ordered = time[order]
    first = starts(ordered)
    joined = np.empty_like(ordered)
    joined[order] = ordered[np.flatnonzero(first)[np.cumsum(first) - 1]]
    return joined


def starts(ordered: Floats) -> Flags:
    """Where a new time begins in times of ascending order; along the last axis."""
    first = np.ones(ordered.shape, dtype=bool)
    step = ordered[..., 1:] - ordered[..., :-1]
    first[..., 1:] = step > SAME_TIME * ordered[..., 1:]
    return first


def labels(values: Any, n: int, *, what: str = "group") -> Labels:
    """A label for each of `n` patients, none missing.

    Raises
    ------
    RpointError
        If their number differs from `n`, or one is missing.
    """
    column = pd.Series(np.asarray(values, dtype=object))
    if len(column) != n:
        raise RpointError(f"each patient needs one {what}", found=f"{len(column)} for {n}")
    missing = np.flatnonzero(column.isna().to_numpy())
    if len(missing):
        raise RpointError(
            f"the {what} is missing", where=listed([f"row {i + 1}" for i in missing.tolist()])
        )
    try:
        levels = sorted(column.unique())
    except TypeError:  # numbers and text together
        levels = sorted(column.unique(), key=str)
    code = {level: i for i, level in enumerate(levels)}
    return Labels(column.map(code).to_numpy(np.int64), tuple(text(level) for level in levels))


def text(value: Any) -> str:
    """A label as text: 1.0 is written 1."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def one_stratum(n: int) -> Labels:
    """All patients in one stratum."""
    return Labels(np.zeros(n, np.int64), ("all",))


def p_text(p: float, digits: int = 3) -> str:
    """A p value as text, without pretending to more than double precision holds.

    >>> p_text(0.0123), p_text(0.0), p_text(float("nan"))
    ('p = 0.0123', 'p < 1e-16', 'p undefined')
    """
    if p != p:
        return "p undefined"
    return f"p = {p:.{digits}g}" if p >= 1e-16 else "p < 1e-16"
