"""Dose rules: what is done about a count or an event of a certain grade.  A rule set is data.

Named sets are in `rules.yaml`; a trial file names one or writes its own::

    title: my trial
    levels_mg: [125, 100, 75]
    checks: {days: [0, 14], cycle_days: 28, until_cycle: 2, then: [0]}
    counts:
      - {analyte: neutrophils, grade: 4, hold: true, recover: 2, reduce: 1}
    events: {hold_days: 7, reduce: 1, discontinue_grade: 4}

A count is measured on the check days of a cycle (0 = its first day), which the drug's own clock
keeps, and every `recheck_days` while the drug is held.  A hold stops that clock at the next day
with a dose, so a cycle begins later and no dose is lost; `calendar: keep` lets the clock run, and
the doses of a hold are lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

from rpoint.errors import RpointError, nearest_name, unknown_name

Analyte = Literal["neutrophils", "platelets", "haemoglobin", "leukocytes"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Checks(_Data):
    """Days of a cycle on which counts are measured.

    Attributes
    ----------
    days
        Days of the cycle, 0 = its first.
    cycle_days
        Length of a cycle.
    until_cycle
        Number of cycles for which `days` hold; None: all.
    then
        Days of the later cycles.
    """

    days: tuple[int, ...] = (0, 14)
    cycle_days: int = Field(default=28, ge=1, le=366)
    until_cycle: int | None = Field(default=None, ge=1)
    then: tuple[int, ...] = (0,)

    @model_validator(mode="after")
    def _inside(self) -> Checks:
        for day in (*self.days, *self.then):
            if not 0 <= day < self.cycle_days:
                raise ValueError(f"day {day} is not in a cycle of {self.cycle_days} days")
        return self

    def on(self, clock: np.ndarray) -> np.ndarray:
        """Whether days of a regimen's clock (0-based) are check days; same shape."""
        cycle, into = np.divmod(clock, self.cycle_days)
        planned = _marked(self.days, self.cycle_days)[into]
        if self.until_cycle is None:
            return planned
        late = cycle >= self.until_cycle
        return np.where(late, _marked(self.then, self.cycle_days)[into], planned)


@cache
def _marked(days: tuple[int, ...], cycle_days: int) -> np.ndarray:
    """(cycle_days,) whether a day of the cycle is one of `days`."""
    found = np.zeros(cycle_days, bool)
    found[list(days)] = True
    return found


class CountRule(_Data):
    """What is done when a measured count is of `grade` or worse.

    Attributes
    ----------
    analyte, grade
        Which count, and the mildest grade that the rule is for.
    occurrence
        The rule acts from this occurrence on (1: the first).
    cycle_start
        Acts on the first day of a cycle only.
    hold
        Stop the drug until the count has recovered to grade `recover`.
    reduce
        How many dose levels lower, at once or, after a hold, on resuming.
    slow_days, slow_reduce
        After a hold of more than `slow_days`, resume `slow_reduce` levels lower.
    discontinue
        Stop the drug for good.
    """

    analyte: Analyte
    grade: int = Field(ge=1, le=4)
    occurrence: int = Field(default=1, ge=1)
    cycle_start: bool = False
    hold: bool = True
    recover: int = Field(default=2, ge=0, le=3)
    reduce: int = Field(default=0, ge=0, le=3)
    slow_days: int | None = Field(default=None, ge=1)
    slow_reduce: int = Field(default=1, ge=0, le=3)
    discontinue: bool = False


class EventRule(_Data):
    """What is done about an event of grade 3 or worse that is no count.

    Attributes
    ----------
    hold_days
        How long the drug is held; None: as long as the event lasts.
    reduce
        Dose levels lower on resuming.
    occurrence
        Reduce from this occurrence on; before it, resume at the same dose.
    discontinue_grade
        Stop for good from this grade on; 5: never.
    """

    hold_days: int | None = Field(default=None, ge=0)
    reduce: int = Field(default=1, ge=0, le=3)
    occurrence: int = Field(default=1, ge=1)
    discontinue_grade: int = Field(default=4, ge=3, le=5)


class DoseRules(_Data):
    """The dose rules of one drug.

    Attributes
    ----------
    title, source, grade
        What it is, where it comes from, and how far that was verified.
    levels
        Doses as fractions of the first, descending; the drug is stopped below the last.
    levels_mg
        The same in mg of a single dose; give one of the two.
    checks, recheck_days
        When counts are measured; how often while the drug is held.
    max_hold_days
        A longer hold ends the treatment with this drug.
    calendar
        "shift" delays the next dose by a hold; "keep" loses the doses of the hold.
    counts, events
        The rules.
    """

    title: str = ""
    source: str = ""
    grade: str = ""
    levels: tuple[float, ...] = ()
    levels_mg: tuple[float, ...] = ()
    checks: Checks = Checks()
    recheck_days: int = Field(default=7, ge=1, le=28)
    max_hold_days: int = Field(default=28, ge=1)
    calendar: Literal["shift", "keep"] = "shift"
    counts: tuple[CountRule, ...] = ()
    events: EventRule | None = EventRule()

    @model_validator(mode="after")
    def _levels(self) -> DoseRules:
        if self.levels and self.levels_mg:
            raise ValueError("give levels (fractions) or levels_mg, not both")
        steps = self.levels or self.levels_mg or (1.0,)
        if min(steps) <= 0 or any(b >= a for a, b in zip(steps, steps[1:], strict=False)):
            raise ValueError("dose levels are above 0 and descend")
        return self

    @property
    def fractions(self) -> tuple[float, ...]:
        """Dose of each level relative to the first."""
        steps = self.levels or self.levels_mg or (1.0,)
        return tuple(step / steps[0] for step in steps)


@cache
def rule_sets() -> dict[str, DoseRules]:
    """The named rule sets."""
    text = (files("rpoint.blood") / "rules.yaml").read_text(encoding="utf-8")
    rows = YAML(typ="safe", pure=True).load(text)
    return {name: DoseRules.model_validate(row) for name, row in rows.items()}


def dose_rules(what: DoseRules | str | Mapping[str, Any], where: str = "rules") -> DoseRules:
    """A rule set from its name, from a mapping as in a file, or itself.

    Raises
    ------
    RpointError
        Unknown name (the nearest is given), or a mapping that is no rule set.
    """
    if isinstance(what, DoseRules):
        return what
    if isinstance(what, str):
        if what not in rule_sets():
            raise unknown_name("rule set", what, rule_sets(), where=where)
        return rule_sets()[what]
    try:
        return DoseRules.model_validate(dict(what))
    except ValidationError as error:
        raise _refused(error, where) from None
    except (TypeError, ValueError):
        raise RpointError(
            "dose rules are the name of a rule set or a mapping",
            where=where,
            found=what,
            allowed=", ".join(rule_sets()),
        ) from None


def _refused(error: ValidationError, where: str) -> RpointError:
    first = error.errors()[0]
    path = " > ".join(str(part) for part in first["loc"]) or "rule set"
    nearest = None
    if first["type"] == "extra_forbidden":
        words = {*DoseRules.model_fields, *CountRule.model_fields, *EventRule.model_fields}
        nearest = nearest_name(str(first["loc"][-1]), words | set(Checks.model_fields))
    return RpointError(
        f"the dose rules are not valid: {first['msg'].removeprefix('Value error, ')}",
        where=f"{where} > {path}",
        found=first.get("input"),
        nearest=nearest,
        mend=f"{error.error_count()} problem(s) in all; see the documentation of blood counts",
    )
