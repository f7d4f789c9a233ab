"""Checked counts: events out of a number, and options that every interval shares.

Nothing is repaired: a count that is no whole number, is negative or exceeds its total is refused,
and every wrong row is named at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpoint.errors import RpointError, shorten

MAX_SHOWN = 8  # wrong rows that an error lists

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def check_counts(
    x: Any, n: Any, *, rows: Sequence[str] | None = None, where: str = "x and n"
) -> tuple[Integers, Integers]:
    """`x` and `n` as whole numbers with 0 ≤ x ≤ n and n ≥ 1, broadcast to one shape.

    Parameters
    ----------
    x, n
        Events and totals: numbers or arrays of any shape.
    rows
        Names of the (flattened) entries for the error, such as "line 3"; without them "entry 1".
    where
        What the counts are, for the error.

    Raises
    ------
    RpointError
        Naming every wrong entry (at most eight in full).
    """
    events, totals = np.broadcast_arrays(numbers(x, where), numbers(n, where))
    flat = list(zip(events.ravel().tolist(), totals.ravel().tolist(), strict=True))
    wrong = []
    for i, (a, b) in enumerate(flat):
        fault = _fault(a, b)
        if fault:
            name = rows[i] if rows is not None else (f"entry {i + 1}" if len(flat) > 1 else "")
            wrong.append(f"{name}: {fault}" if name else fault)
    if wrong:
        raise RpointError(
            "these are not counts of events out of a number",
            where=f"{where}: {wrong[0]}" if len(wrong) == 1 else f"{where}\n{listed(wrong)}",
            allowed="whole numbers with 0 ≤ x ≤ n and n ≥ 1",
        )
    return events.astype(np.int64), totals.astype(np.int64)


def listed(faults: Sequence[str]) -> str:
    """The faults, one a line, at most `MAX_SHOWN` of them."""
    shown = list(faults[:MAX_SHOWN])
    if len(faults) > MAX_SHOWN:
        shown.append(f"… and {len(faults) - MAX_SHOWN} more")
    return "\n".join(shown)


def _fault(x: float, n: float) -> str | None:
    for name, value in (("x", x), ("n", n)):
        if value != value:
            return f"{name} is missing"
        if abs(value) >= 2**53 or value != int(value):
            return f"{name} = {value:g} is not a whole number below 2^53"
    if n < 1:
        return f"n = {n:g}: there is no proportion of nobody"
    if x < 0:
        return f"x = {x:g} is negative"
    if x > n:
        return f"x = {x:g} is more than n = {n:g}"
    return None


def numbers(value: Any, where: str) -> Floats:
    """`value` as an array of floats; text that is no number is refused."""
    array = np.asarray(value)
    if array.dtype == bool:
        raise RpointError("a count is a number, not true or false", where=where, found=value)
    try:
        return array.astype(float)
    except (TypeError, ValueError):
        raise RpointError(
            "a count is not a number", where=where, found=shorten(value), allowed="whole numbers"
        ) from None


def check_level(level: float) -> float:
    """A confidence level strictly between 0 and 1."""
    if not isinstance(level, int | float) or isinstance(level, bool) or not 0 < level < 1:
        raise RpointError(
            "a confidence level lies between 0 and 1",
            where="level",
            found=level,
            mend="write 0.95 for 95 %",
        )
    return float(level)


def check_between(name: str, value: Any, low: float, high: float) -> float:
    """A finite number strictly between two bounds."""
    fine = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not fine or not low < float(value) < high:
        raise RpointError(
            f"{name} is out of its range",
            where=name,
            found=value,
            allowed=f"a number between {low:g} and {high:g}",
        )
    return float(value)
