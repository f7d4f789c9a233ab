"""One drug of a regimen with all that is ordered of it, and the phases that components form."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from rpoint.pharmacology._parts import (
    Contradiction,
    Cycle,
    Days,
    Dose,
    Load,
    Pattern,
    Step,
    Weekdays,
    check_day,
    runs,
)
from rpoint.pharmacology._units import (
    FREQUENCIES_ALLOWED,
    HOURS_PER_DAY,
    MAX_INTERVAL_H,
    MAX_NOTES,
    ROUTES,
    ROUTES_ALLOWED,
    frequency_text,
    number_text,
)

PROGRESSION = "progression"


@dataclass(frozen=True, slots=True)
class Component:
    """One drug: dose, route, how often, on which days.

    Attributes
    ----------
    drug
        Catalogue id.
    dose
        Amount, amount per kg, or constant concentration.
    route
        po, iv, im, sc or ip; None for a constant concentration.
    over_h
        Length of an infusion (h); None for a bolus.
    interval_h
        Hours between doses; None where `pattern` lists the days (one dose on each) and for a
        constant concentration.
    pattern
        Which days; None for all.  Its days count from the component's first day.
    load, steps
        Loading dose; changes of the dose.
    start_day, until_day, holds
        First day (None: the phase's first), last day, and closed ranges of days without doses.
        They and the days of `steps` count from the start of the treatment, or, in a phase that
        begins at progression, from the start of that phase.
    """

    drug: str
    dose: Dose
    route: str | None = "po"
    over_h: float | None = None
    interval_h: int | None = None
    pattern: Pattern | None = None
    load: Load | None = None
    start_day: int | None = None
    until_day: int | None = None
    holds: tuple[tuple[int, int], ...] = ()
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if self.dose.is_concentration:
            self._check_concentration()
        else:
            self._check_doses()
        self._check_days()
        self._check_steps()

    def _check_concentration(self) -> None:
        for field, value, name in (
            ("route", self.route, "route"),
            ("over_h", self.over_h, "infusion time"),
            ("interval_h", self.interval_h, "dose frequency"),
            ("load", self.load, "loading dose"),
        ):
            if value is not None:
                raise Contradiction(
                    field,
                    f"a constant concentration has no {name}",
                    allowed="days (21/28, d1-3), from, until, hold, then ... from",
                    mend=f"leave it out, or write a dose in mg instead of {self.dose}",
                )

    def _check_doses(self) -> None:
        if self.route not in ROUTES:
            raise Contradiction("route", f"unknown route {self.route!r}", allowed=ROUTES_ALLOWED)
        listed = isinstance(self.pattern, Days | Weekdays)
        if self.interval_h is None:
            if not listed:
                raise Contradiction(
                    "drug",
                    f"how often is {self.drug} given?",
                    allowed=f"{FREQUENCIES_ALLOWED}; or listed days, as d1,15",
                    mend=f"write '{self.drug} {self.dose} qd' for once a day",
                )
        else:
            self._check_interval(self.interval_h, listed)
        if self.over_h is not None:
            self._check_infusion(self.over_h)

    def _check_interval(self, interval: int, listed: bool) -> None:
        word = frequency_text(interval)
        if interval != int(interval) or not 1 <= interval <= MAX_INTERVAL_H:
            raise Contradiction(
                "interval_h",
                f"a dose every {interval} hours cannot be",
                allowed=f"{FREQUENCIES_ALLOWED}; at most one year apart",
            )
        if listed and (interval > HOURS_PER_DAY or HOURS_PER_DAY % interval):
            raise Contradiction(
                "interval_h",
                f"{word} contradicts the days listed, {self.pattern}",
                allowed="with listed days: qd, bid, tid, qid, q4h, q3h, q2h, q1h, or nothing",
                mend=f"leave out {word}, or the days"
                + (" (or write 'then " + word + "')" if isinstance(self.pattern, Days) else ""),
            )
        if isinstance(self.pattern, Cycle) and interval > self.pattern.on * HOURS_PER_DAY:
            raise Contradiction(
                "interval_h",
                f"{word} gives only the first dose of the days on in {self.pattern}",
                mend=f"list the days instead, as d1/{self.pattern.length}",
            )
        if self.route == "im" and interval < HOURS_PER_DAY:
            raise Contradiction(
                "interval_h",
                f"a depot in the muscle is not given {word}",
                allowed="im with qd or rarer, or with listed days",
                mend="correct the route or the frequency",
            )

    def _check_infusion(self, hours: float) -> None:
        if not (math.isfinite(hours) and 0 < hours <= 24 * 7):
            raise Contradiction(
                "over_h",
                f"an infusion over {number_text(hours) if math.isfinite(hours) else hours} h"
                " cannot be",
                allowed="more than 0 and at most 168 h",
                mend="leave 'over' out for a bolus",
            )
        if self.route not in ("iv", "sc", "ip"):
            raise Contradiction(
                "over_h",
                f"a dose {self.route} is not infused",
                allowed="over ... with iv, sc or ip",
            )
        if self.interval_h is not None and hours > self.interval_h:
            raise Contradiction(
                "over_h",
                f"an infusion over {number_text(hours)} h does not end before the next one,"
                f" {frequency_text(self.interval_h)}",
            )

    def _check_days(self) -> None:
        start = self.start_day or 1
        if self.start_day is not None:
            check_day(self.start_day, "start_day")
        if self.until_day is not None:
            check_day(self.until_day, "until_day")
            if self.until_day < start:
                raise Contradiction(
                    "until_day",
                    f"{self.drug} ends on day {self.until_day}, before it starts on day {start}",
                    mend="correct 'from' or 'until'",
                )
        if len(self.holds) > MAX_NOTES or len(self.steps) > MAX_NOTES:
            field = "holds" if len(self.holds) > MAX_NOTES else "steps"
            raise Contradiction(field, f"more than {MAX_NOTES} {field} of one drug")
        before = 0
        for first, last in self.holds:
            check_day(first, "holds")
            check_day(last, "holds")
            if last < first or first <= before:
                raise Contradiction(
                    "holds",
                    f"held days {first}-{last} do not follow day {before}"
                    if last >= first
                    else f"held days {first}-{last} run backwards",
                    allowed="days in ascending order, as in hold d29-42,57-63",
                )
            before = last
        merged = runs(day for first, last in self.holds for day in range(first, last + 1))
        object.__setattr__(self, "holds", tuple(merged))

    def _check_steps(self) -> None:
        before = self.start_day or 1
        for step in self.steps:
            if step.dose.is_concentration != self.dose.is_concentration:
                raise Contradiction(
                    "steps",
                    f"{self.drug} changes from {self.dose} to {step.dose}",
                    allowed="doses to doses, concentrations to concentrations",
                )
            if step.day <= before:
                raise Contradiction(
                    "steps",
                    f"the change of dose on day {step.day} does not follow day {before}",
                    allowed="changes of dose after the first day, in ascending order",
                )
            before = step.day
        if self.until_day is not None and self.steps and self.steps[-1].day > self.until_day:
            raise Contradiction(
                "steps",
                f"the dose changes on day {self.steps[-1].day}, after the last day"
                f" {self.until_day}",
            )

    def first_day(self, phase_start: int) -> int:
        """The first day on which a dose can fall."""
        start = self.start_day or phase_start
        if not isinstance(self.pattern, Days):
            return start
        listed = [self.pattern.days[0]] + ([self.load.days[0]] if self.load else [])
        return start - 1 + min(listed)

    def last_day(self, phase_start: int) -> float:
        """The last day on which a dose can fall; infinity without an end."""
        end = self.pattern.end(self.start_day or phase_start) if self.pattern else None
        ends = [day for day in (end, self.until_day) if day is not None]
        if self.load is not None and end is not None:
            ends[0] = max(ends[0], (self.start_day or phase_start) - 1 + self.load.days[-1])
        return min(ends, default=math.inf)

    def dose_on(self, day: int) -> Dose:
        """The dose in force on `day`, loading doses aside."""
        dose = self.dose
        for step in self.steps:
            if step.day <= day:
                dose = step.dose
        return dose

    def scaled(self, factor: float) -> Component:
        """The same with every dose times `factor`."""
        load = self.load and Load(self.load.dose.scaled(factor), self.load.days)
        steps = tuple(Step(step.day, step.dose.scaled(factor)) for step in self.steps)
        return replace(self, dose=self.dose.scaled(factor), load=load, steps=steps)

    def __str__(self) -> str:
        parts = [self.drug, str(self.dose), self.route]
        parts.append(None if self.over_h is None else f"over {number_text(self.over_h)}h")
        parts.append(None if self.interval_h is None else frequency_text(self.interval_h))
        parts.append(None if self.pattern is None else str(self.pattern))
        parts.append(None if self.load is None else str(self.load))
        parts.append(None if self.start_day is None else f"from d{self.start_day}")
        parts.append(None if self.until_day is None else f"until d{self.until_day}")
        if self.holds:
            held = (f"{a}" if a == b else f"{a}-{b}" for a, b in self.holds)
            parts.append("hold d" + ",".join(held))
        parts += [str(step) for step in self.steps]
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Continued:
    """A drug of the phase before, given on as if there were no change."""

    drug: str

    def __str__(self) -> str:
        return f"continue {self.drug}"


@dataclass(frozen=True, slots=True)
class Phase:
    """What is given together, from `start` (a day, or 'progression') to the next phase."""

    components: tuple[Component | Continued, ...]
    start: int | str = 1

    def __post_init__(self) -> None:
        if isinstance(self.start, int):
            check_day(self.start, "start")
        elif self.start != PROGRESSION:
            raise Contradiction("start", "a phase starts on a day or at progression")
        object.__setattr__(self, "components", tuple(map(self._placed, self.components)))
        self._check_overlap()

    @property
    def first_day(self) -> int:
        """The phase's first day, on the clock that its components use."""
        return self.start if isinstance(self.start, int) else 1

    def _placed(self, item: Component | Continued) -> Component | Continued:
        if isinstance(item, Continued) or item.start_day is None:
            return item
        if item.start_day < self.first_day:
            raise Contradiction(
                "start_day",
                f"{item.drug} starts on day {item.start_day}, before its phase on day"
                f" {self.first_day}",
            )
        return replace(item, start_day=None) if item.start_day == self.first_day else item

    def _check_overlap(self) -> None:
        for i, later in enumerate(self.components):
            for earlier in self.components[:i]:
                if earlier.drug == later.drug and self._overlap(earlier, later):
                    raise Contradiction(
                        f"components[{i}]",
                        f"{later.drug} is ordered twice for the same days",
                        mend="give one of them 'until dN' and the other 'from dN', or change the"
                        " dose by 'then 100 mg from dN'",
                    )

    def _overlap(self, one: Component | Continued, two: Component | Continued) -> bool:
        if isinstance(one, Continued) or isinstance(two, Continued):
            return True
        first, second = (c.first_day(self.first_day) for c in (one, two))
        return first <= two.last_day(self.first_day) and second <= one.last_day(self.first_day)

    def __str__(self) -> str:
        return " + ".join(map(str, self.components)) or "vehicle"
