"""How a trial runs: enrolment, visits, assessment, drop-out, treatment, cut-off."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rpoint.errors import RpointError
from rpoint.trial.spec.base import Count, Items, Months, Spec

MONTH_D = 30.4375  # days, as the endpoints use it


class Enrolment(Spec):
    """When patients enter: at a constant rate."""

    months: Annotated[float, Field(ge=0, le=240)]
    """Months from the first to the last patient."""


class Visits(Spec):
    """The grid of scans and blood counts."""

    scan_weeks: Annotated[float, Field(ge=1, le=104)]
    """Weeks between scans, from the first dose."""
    until_week: Annotated[float, Field(gt=0, le=1040)] | None = None
    """Week after which scans follow every `then_weeks`."""
    then_weeks: Annotated[float, Field(ge=1, le=104)] | None = None
    """Weeks between scans after `until_week`."""
    jitter_days: Annotated[float, Field(ge=0, le=30)] = 5.0
    """A scan falls up to so many days before or after its date."""
    blood_days: Items[Annotated[int, Field(ge=0, le=365)]] = (0, 14)
    """Days of a cycle, from 0, on which blood is counted."""
    cycle_days: Annotated[int, Field(ge=1, le=366)] = 28
    """Length of the cycle that `blood_days` count in, days."""

    @model_validator(mode="after")
    def _grid(self) -> Visits:
        if (self.until_week is None) != (self.then_weeks is None):
            raise RpointError(
                "until_week and then_weeks come together",
                mend="give both, or neither for one interval throughout",
            )
        late = [day for day in self.blood_days if day >= self.cycle_days]
        if late:
            raise RpointError(
                "a day of blood_days lies outside the cycle",
                found=late[0],
                allowed=f"0 to {self.cycle_days - 1}, for cycle_days: {self.cycle_days}",
            )
        return self

    def scan_days(self, weeks: float) -> tuple[float, ...]:
        """Nominal days of the scans after the baseline, up to `weeks`.

        >>> Visits(scan_weeks=8).scan_days(24)
        (56.0, 112.0, 168.0)
        """
        days: list[float] = []
        week = self.scan_weeks
        while week <= weeks:
            days.append(7.0 * week)
            late = self.until_week is not None and week >= self.until_week
            week += self.then_weeks if late and self.then_weeks else self.scan_weeks
        return tuple(days)


class Assessment(Spec):
    """How a scan is read and a response is confirmed."""

    criteria: Literal["recist"] = "recist"
    """RECIST 1.1."""
    confirm_weeks: Annotated[float, Field(gt=0, le=52)] | None = 4.0
    """Weeks after which a response must be seen again; null: not confirmed."""
    reading_sd_log: Annotated[float, Field(ge=0, le=1)] | None = None
    """Standard deviation of the reading error on the log scale; null: as measured on real scans."""
    new_lesions: bool = True
    """Whether new lesions appear and count."""
    non_target: bool = True
    """Whether non-target disease is followed."""
    min_sd_weeks: Annotated[float, Field(ge=0, le=52)] = 7.0
    """Weeks from the first dose after which stable disease counts as such."""


class Dropout(Spec):
    """Patients who leave without an event."""

    per_month: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Share of the remaining patients who leave in a month."""


class Treatment(Spec):
    """How long treatment lasts."""

    max_months: Months = 24.0
    """Longest treatment, months."""
    beyond_progression: bool = False
    """Whether treatment goes on after progression."""


class Cutoff(Spec):
    """When the data are cut off: exactly one way."""

    months_after_last_entry: Annotated[float, Field(ge=0, le=600)] | None = None
    """Months from the last patient's entry."""
    months_after_first_entry: Months | None = None
    """Months from the first patient's entry."""
    events: Count | None = None
    """Number of events of `endpoint` in all arms."""
    endpoint: Literal["pfs", "os"] | None = None
    """Endpoint whose events count; pfs without one."""

    @model_validator(mode="after")
    def _one(self) -> Cutoff:
        ways = ("months_after_last_entry", "months_after_first_entry", "events")
        given = [way for way in ways if getattr(self, way) is not None]
        if len(given) != 1:
            raise RpointError(
                "a cut-off is set in exactly one way",
                found=", ".join(given) or "none",
                allowed=" | ".join(ways),
            )
        if self.endpoint is not None and self.events is None:
            raise RpointError("an endpoint of the cut-off needs a number of events")
        return self
