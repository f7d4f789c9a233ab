"""The parts of one component of a regimen: dose, day pattern, load, step.

Each part checks itself when it is made, so that a regimen built in Python is held to the same rules
as one that was read from text.  Days count from 1; day 1 begins at time 0 and is a Monday.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rpoint.pharmacology._text import RegimenError
from rpoint.pharmacology._units import (
    BASE_UNIT,
    DAYS_PER_WEEK,
    DOSE_BOUNDS,
    MAX_DAY,
    UNITS,
    UNITS_ALLOWED,
    WEEKDAYS,
    number_text,
)


class Contradiction(RegimenError):
    """A part that breaks a rule; `field` names the part, so that the parser can point at it."""

    def __init__(self, field: str, what: str, **labels: str | None) -> None:
        self.field = field
        self.labels = labels
        super().__init__(what, **labels)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Dose:
    """An amount (mg), an amount per kg of body weight, or a constant concentration."""

    amount: float
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise Contradiction("unit", f"unknown unit {self.unit!r}", allowed=UNITS_ALLOWED)
        low, high = DOSE_BOUNDS[self.kind]
        base = BASE_UNIT[self.kind]
        if not math.isfinite(self.amount):
            raise Contradiction("dose", "a dose is a finite number", mend="write for example 125")
        if self.amount <= 0:
            raise Contradiction(
                "dose",
                f"a dose is greater than zero, not {number_text(self.amount)}",
                mend="leave the drug out, or write 'vehicle' for no drug at all",
            )
        if not low <= self.base <= high:
            raise Contradiction(
                "dose",
                f"a dose of {number_text(self.amount)} {self.unit} is taken for a slip",
                allowed=f"{number_text(low)} to {number_text(high)} {base}",
                mend="check the number and its unit",
            )

    @property
    def kind(self) -> str:
        """'amount', 'amount per kg' or 'concentration'."""
        return UNITS[self.unit][0]

    @property
    def base(self) -> float:
        """The number in mg, mg/kg or nM."""
        return self.amount * UNITS[self.unit][1]

    @property
    def is_concentration(self) -> bool:
        return self.kind == "concentration"

    def mg(self, weight_kg: float | None) -> float:
        """The amount in mg for a body weight in kg (needed for doses per kg only)."""
        if self.kind == "amount":
            return self.base
        if self.kind == "concentration":
            raise RegimenError(f"{self} is a concentration, not an amount")
        if weight_kg is None:
            raise RegimenError(
                f"a dose of {self} needs the body weight",
                mend="give weight_kg, for example weight_kg=0.022 for a mouse",
            )
        if not (math.isfinite(weight_kg) and 0.005 <= weight_kg <= 500.0):
            raise RegimenError(
                f"a body weight of {weight_kg} kg cannot be",
                allowed="0.005 to 500 kg",
                mend="a mouse weighs about 0.022 kg",
            )
        return self.base * weight_kg

    def scaled(self, factor: float) -> Dose:
        return Dose(self.amount * factor, self.unit)

    def __str__(self) -> str:
        return f"{number_text(self.amount)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """`on` days of dosing at the start of every `length` days: 21/28."""

    on: int
    length: int

    def __post_init__(self) -> None:
        if self.on < 1:
            raise Contradiction(
                "pattern", "a cycle has at least one day on", mend="leave the drug out instead"
            )
        if self.on > self.length:
            raise Contradiction(
                "pattern",
                f"{self.on} days on do not fit into a cycle of {self.length} days",
                allowed="days on / days in the cycle, as in 21/28",
                mend=f"write {self.length}/{self.on}, or '{self.on} on/{self.length} off'",
            )
        if self.length > MAX_DAY:
            raise _day_too_large("pattern", self.length)

    def blocks(self, start: int, last: int) -> list[tuple[int, int]]:
        return [(day, self.on) for day in range(start, last + 1, self.length)]

    def end(self, start: int) -> int | None:
        return None

    def __str__(self) -> str:
        return f"{self.on}/{self.length}"


@dataclass(frozen=True, slots=True)
class Days:
    """Listed days, once (d1-5), in every cycle (d1-3,15-17/28), or then every so many days."""

    days: tuple[int, ...]
    cycle: int | None = None
    then_every: int | None = None

    def __post_init__(self) -> None:
        ascending(self.days, "pattern")
        if self.cycle is not None:
            if self.then_every is not None:
                raise Contradiction(
                    "pattern",
                    "a list of days repeats by its cycle or by 'then qNd', not by both",
                    mend=f"leave out '/{self.cycle}' or 'then q{self.then_every}d'",
                )
            if self.days[-1] > self.cycle:
                raise Contradiction(
                    "pattern",
                    f"day {self.days[-1]} is not in a cycle of {self.cycle} days",
                    allowed=f"days 1 to {self.cycle}",
                    mend="correct the day or the length of the cycle",
                )
            if self.cycle > MAX_DAY:
                raise _day_too_large("pattern", self.cycle)
        if self.then_every is not None and not 1 <= self.then_every <= MAX_DAY:
            raise _day_too_large("pattern", self.then_every)

    def blocks(self, start: int, last: int) -> list[tuple[int, int]]:
        origin = start - 1
        listed = [origin + day for day in self.days]
        if self.cycle is not None:
            cycles = range(0, max(0, last - origin), self.cycle)
            listed = [first + day for first in cycles for day in listed]
        elif self.then_every is not None:
            listed += range(listed[-1] + self.then_every, last + 1, self.then_every)
        return [(day, 1) for day in listed if day <= last]

    def end(self, start: int) -> int | None:
        once = self.cycle is None and self.then_every is None
        return start - 1 + self.days[-1] if once else None

    def __str__(self) -> str:
        tail = f"/{self.cycle}" if self.cycle is not None else ""
        tail += f" then q{self.then_every}d" if self.then_every is not None else ""
        return days_text(self.days) + tail


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Days of the week, 0 = Monday; day 1 is a Monday."""

    days: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.days or any(not 0 <= day < DAYS_PER_WEEK for day in self.days):
            raise Contradiction("pattern", "days of the week are mon to sun")
        if list(self.days) != sorted(set(self.days)):
            raise Contradiction(
                "pattern",
                "days of the week are listed once each, Monday first",
                mend="write for example mon,wed,fri or mon-fri",
            )

    def blocks(self, start: int, last: int) -> list[tuple[int, int]]:
        return [(d, 1) for d in range(start, last + 1) if (d - 1) % DAYS_PER_WEEK in self.days]

    def end(self, start: int) -> int | None:
        return None

    def __str__(self) -> str:
        return ",".join(
            WEEKDAYS[a] if a == b else f"{WEEKDAYS[a]}-{WEEKDAYS[b]}" for a, b in runs(self.days)
        )


Pattern = Cycle | Days | Weekdays


@dataclass(frozen=True, slots=True)
class Load:
    """A loading dose: on these days (of the component) it is given in place of that day's doses."""

    dose: Dose
    days: tuple[int, ...]

    def __post_init__(self) -> None:
        ascending(self.days, "load")
        if self.dose.is_concentration:
            raise Contradiction("load", "a constant concentration has no loading dose")

    def __str__(self) -> str:
        return f"load {self.dose} {days_text(self.days)}"


@dataclass(frozen=True, slots=True)
class Step:
    """From `day` on, `dose` instead of the dose before."""

    day: int
    dose: Dose

    def __post_init__(self) -> None:
        check_day(self.day, "steps")

    def __str__(self) -> str:
        return f"then {self.dose} from d{self.day}"


def check_day(day: int, field: str) -> None:
    """Refuse what is no day number."""
    if day != int(day) or day < 1:
        raise Contradiction(
            field, f"there is no day {day}", allowed="whole days from 1 on; day 1 is the first"
        )
    if day > MAX_DAY:
        raise _day_too_large(field, day)


def ascending(days: Sequence[int], field: str) -> None:
    """Refuse an empty list of days and one that does not ascend."""
    if not days:
        raise Contradiction(field, "a list of days has at least one day")
    for day in (days[0], days[-1]):
        check_day(day, field)
    for before, after in zip(days, days[1:], strict=False):
        check_day(after, field)
        if after == before:
            raise Contradiction(
                field, f"day {after} is listed twice", mend="list it once; two doses a day are bid"
            )
        if after < before:
            raise Contradiction(
                field,
                f"day {after} is listed after day {before}",
                allowed="days in ascending order",
            )


def _day_too_large(field: str, day: int) -> Contradiction:
    return Contradiction(
        field, f"{day:,} days are too many", allowed=f"at most {MAX_DAY:,} days (ten years)"
    )


def runs(days: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as closed runs.

    >>> runs([1, 2, 3, 15])
    [(1, 3), (15, 15)]
    """
    found: list[tuple[int, int]] = []
    for day in days:
        if found and day == found[-1][1] + 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def days_text(days: Iterable[int]) -> str:
    """Days as they are written.

    >>> days_text((1, 2, 3, 15))
    'd1-3,15'
    """
    return "d" + ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs(days))
