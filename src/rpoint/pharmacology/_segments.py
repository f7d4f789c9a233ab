"""From a regimen to its doses: which amount, of what, when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rpoint.pharmacology._components import PROGRESSION, Component, Continued, Phase
from rpoint.pharmacology._text import RegimenError
from rpoint.pharmacology._units import HOURS_PER_DAY, MAX_DAY

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("time_h", "drug", "route", "amount_mg", "conc_nM", "duration_h")
MAX_ROWS = 500_000
MEDIUM = "medium"  # the route of a constant concentration


@dataclass(frozen=True)
class Course:
    """A component in real time.

    Attributes
    ----------
    component
        What is given.
    offset
        Days to add to the component's own days.
    first
        The component's first day on its own clock.
    end
        The first day (own clock) on which it is no longer given; infinity without an end.
    """

    component: Component
    offset: int
    first: int
    end: float

    def days(self, horizon_days: int) -> tuple[int, int]:
        """First and last day on the component's clock, within the horizon."""
        last = min(self.end - 1, horizon_days - self.offset)
        if self.component.until_day is not None:
            last = min(last, self.component.until_day)
        return self.first, int(last)


def courses(phases: Sequence[Phase], progression_days: Sequence[int] = ()) -> list[Course]:
    """The components of all phases that are reached, in real time.

    Parameters
    ----------
    phases
        Of one regimen.
    progression_days
        Day (from the start of the treatment) on which each progression is found; the phase that
        waits for it begins that day.  Phases beyond the last one given are not reached.
    """
    starts = _phase_starts(phases, progression_days)
    done: list[Course] = []
    current: list[Course] = []
    for phase, (start, offset) in zip(phases, starts, strict=False):
        following = []
        for item in phase.components:
            if isinstance(item, Continued):
                following += [c for c in current if c.component.drug == item.drug]
            else:
                first = item.start_day or phase.first_day
                following.append(Course(item, offset, first, math.inf))
        kept = {id(course) for course in following}
        for c in current:
            if id(c) not in kept:
                done.append(Course(c.component, c.offset, c.first, start - c.offset))
        current = following
    return done + current


def _phase_starts(
    phases: Sequence[Phase], progression_days: Sequence[int]
) -> list[tuple[int, int]]:
    """(first day, offset of the phase's clock) of each phase reached."""
    found: list[tuple[int, int]] = []
    waiting = iter(progression_days)
    before = 0
    for phase in phases:
        if phase.start == PROGRESSION:
            day = next(waiting, None)
            if day is None:
                break
            start, offset = int(day), int(day) - 1
        else:
            start, offset = int(phase.start), 0
        if start <= before:
            raise RegimenError(
                f"the phase that begins on day {start} does not follow the one of day {before}",
                mend="progression days ascend and lie after the phase before has begun",
            )
        found.append((start, offset))
        before = start
    return found


def dose_table(
    phases: Sequence[Phase],
    weeks: float,
    weight_kg: float | None = None,
    progression_days: Sequence[int] = (),
) -> pd.DataFrame:
    """All doses before `weeks`, sorted by time: see `Regimen.segments`."""
    import pandas as pd

    if not (math.isfinite(weeks) and 0 < weeks <= MAX_DAY / 7):
        raise RegimenError(
            f"{weeks} weeks cannot be", allowed=f"more than 0 and at most {MAX_DAY // 7} weeks"
        )
    horizon_h = weeks * 7 * HOURS_PER_DAY
    rows: list[tuple] = []
    for course in courses(phases, progression_days):
        make = _exposure_rows if course.component.dose.is_concentration else _dose_rows
        rows += make(course, horizon_h, weight_kg)
        if len(rows) > MAX_ROWS:
            raise RegimenError(
                f"the regimen has more than {MAX_ROWS:,} doses in {weeks:g} weeks",
                mend="ask for fewer weeks or rarer doses",
            )
    rows.sort(key=lambda row: row[0])
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(
        {"time_h": float, "amount_mg": float, "conc_nM": float, "duration_h": float}
    )


def dose_days(component: Component, first: int, last: int) -> list[tuple[int, int]]:
    """(first day, number of days) of the stretches with doses, on the component's clock."""
    if last < first:
        return []
    if component.pattern is None:
        return [(first, last - first + 1)]
    return component.pattern.blocks(first, last)


def _dose_rows(course: Course, horizon_h: float, weight_kg: float | None) -> list[tuple]:
    component = course.component
    first, last = course.days(math.ceil(horizon_h / HOURS_PER_DAY))
    hours, amounts = _dose_times(component, first, last, weight_kg)
    times = hours + course.offset * HOURS_PER_DAY
    keep = times < horizon_h
    tail = (component.drug, component.route)
    over = component.over_h or 0.0
    return [
        (t, *tail, mg, math.nan, over)
        for t, mg in zip(times[keep].tolist(), amounts[keep].tolist(), strict=True)
    ]


def _dose_times(
    component: Component, first: int, last: int, weight_kg: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Hours on the component's clock and amounts in mg, holds and loading doses applied."""
    interval = component.interval_h or HOURS_PER_DAY
    stretches = [
        np.arange((day - 1) * HOURS_PER_DAY, (day - 1 + n) * HOURS_PER_DAY, interval)
        for day, n in dose_days(component, first, last)
    ]
    hours = np.concatenate(stretches).astype(float) if stretches else np.empty(0)
    days = (hours // HOURS_PER_DAY).astype(int) + 1
    amounts = np.empty(hours.size)
    amounts[:] = component.dose.mg(weight_kg)
    for step in component.steps:
        amounts[days >= step.day] = step.dose.mg(weight_kg)
    if component.load is not None:
        load_days = np.array([first - 1 + day for day in component.load.days])
        regular = ~np.isin(days, load_days)
        extra = (load_days - 1.0) * HOURS_PER_DAY
        load_mg = np.full(extra.size, component.load.dose.mg(weight_kg))
        hours = np.concatenate([hours[regular], extra])
        amounts = np.concatenate([amounts[regular], load_mg])
        days = np.concatenate([days[regular], load_days])
    keep = days <= last
    for a, b in component.holds:
        keep &= (days < a) | (days > b)
    order = np.argsort(hours[keep], kind="stable")
    return hours[keep][order], amounts[keep][order]


def _exposure_rows(course: Course, horizon_h: float, weight_kg: float | None) -> list[tuple]:
    """Rows of a constant concentration: contiguous days of one level make one row."""
    component = course.component
    first, last = course.days(math.ceil(horizon_h / HOURS_PER_DAY))
    cuts = {step.day for step in component.steps}
    cuts |= {a for a, _ in component.holds} | {b + 1 for _, b in component.holds}
    spans: list[list[int]] = []
    for day, n in dose_days(component, first, last):
        end = min(day + n, last + 1)
        if spans and spans[-1][1] == day:
            spans[-1][1] = end
        else:
            spans.append([day, end])
    rows = []
    for begin, end in spans:
        marks = [begin, *sorted(c for c in cuts if begin < c < end), end]
        for a, b in zip(marks, marks[1:], strict=False):
            if any(h0 <= a <= h1 for h0, h1 in component.holds):
                continue
            t0 = float((a - 1 + course.offset) * HOURS_PER_DAY)
            t1 = min(float((b - 1 + course.offset) * HOURS_PER_DAY), horizon_h)
            if t1 > t0:
                level = component.dose_on(a).base
                rows.append((t0, component.drug, MEDIUM, math.nan, level, t1 - t0))
    return rows
