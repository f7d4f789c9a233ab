"""Schedules: what happens to a patient when."""

from __future__ import annotations

import bisect
import math

import numpy as np

from rpoint.errors import RpointError


def _time(change: tuple) -> float:
    return change[0]


class Schedule:
    """What happens to a patient when: an immutable list of changes at exact times.

    ``set`` gives a parameter a value from that time on; ``add`` adds to a state (a bolus, in the
    unit of the state's SBML id).  Outputs at the time of a change show the state before it.

    >>> Schedule().set(0.0, "c_CDK4", 30.0).add(24.0, "gut", 125.0)
    Schedule(2 changes, 0 to 24 h)

    Attributes
    ----------
    changes
        ``(time, "set" or "add", name, value)``, ascending in time; in the order of entry where
        times are equal.
    """

    __slots__ = ("changes",)
    changes: tuple[tuple[float, str, str, float], ...]

    def __init__(self, changes: tuple = ()) -> None:
        object.__setattr__(self, "changes", tuple(sorted(changes, key=_time)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Schedule cannot be changed; set() and add() return a new one")

    def set(self, time: float, name: str, value: float) -> Schedule:
        """A new schedule in which parameter `name` takes `value` at `time`."""
        return self._with("set", time, name, value)

    def add(self, time: float, name: str, amount: float) -> Schedule:
        """A new schedule in which `amount` is added to state `name` at `time`."""
        return self._with("add", time, name, amount)

    def _with(self, kind: str, time: float, name: str, value: float) -> Schedule:
        time, value = float(time), float(value)
        if not (math.isfinite(time) and math.isfinite(value)):
            raise RpointError("A schedule needs finite times and values.",
                              where=f"{kind} {name!r}", found=(time, value))
        where = bisect.bisect_right(self.changes, time, key=_time)
        change = (time, kind, str(name), value)
        return Schedule((*self.changes[:where], change, *self.changes[where:]))

    def __add__(self, other: Schedule) -> Schedule:
        """Both schedules in one; at equal times the changes of the left one come first."""
        if not isinstance(other, Schedule):
            return NotImplemented
        return Schedule((*self.changes, *other.changes))

    def __reduce__(self) -> tuple:
        return Schedule, (self.changes,)

    def __len__(self) -> int:
        return len(self.changes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.changes == other.changes

    def __hash__(self) -> int:
        return hash(self.changes)

    def __repr__(self) -> str:
        if not self.changes:
            return "Schedule(empty)"
        first, last = self.changes[0][0], self.changes[-1][0]
        return f"Schedule({len(self)} changes, {first:g} to {last:g} h)"


def plan(schedules, schedule_index, count: int) -> tuple[list[Schedule], np.ndarray]:
    """The schedules as a list, and for each of `count` patients the index of hers."""
    if schedules is None:
        schedules = [Schedule()]
    if isinstance(schedules, Schedule):
        schedules = [schedules]
    schedules = list(schedules)
    if schedule_index is None:
        if len(schedules) != 1:
            raise RpointError("Several schedules need a schedule_index.", where="solve",
                              found=len(schedules))
        return schedules, np.zeros(count, np.int64)
    index = np.ascontiguousarray(schedule_index, dtype=np.int64)
    if index.shape != (count,) or (count and not 0 <= index.min() <= index.max() < len(schedules)):
        raise RpointError("The schedule index must name one of the schedules for each patient.",
                          where="solve", allowed=f"{count} numbers from 0 to {len(schedules) - 1}")
    return schedules, index
