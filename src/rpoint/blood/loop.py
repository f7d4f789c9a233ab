"""The closed loop: doses taken, concentrations, counts, grades, rules, doses taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rpoint.blood.effects import day_effects, effect_of, is_cdk_inhibitor
from rpoint.blood.keeper import Keeper, Log
from rpoint.blood.kinetics import Concentration
from rpoint.blood.nominal import DAY_H, Nominal
from rpoint.blood.parameters import Parameters
from rpoint.blood.people import ANALYTES, UNITS, BloodPatients, draw_people
from rpoint.blood.risks import risk_clocks
from rpoint.blood.rules import Checks, DoseRules
from rpoint.endpoints.adverse_events import SCALES
from rpoint.pharmacology.pk import DrugModel
from rpoint.streams import normals


@dataclass(frozen=True)
class Plan:
    """What is the same for all patients of a run.

    Attributes
    ----------
    doses, models
        Drug to its nominal doses and to its pharmacokinetics.
    rules, checks
        Drug to its dose rules and check days; drugs without rules are not in them.
    calendar
        Check days where no drug has rules.
    days
        Length of the course.
    p
        Population parameters.
    limits
        Lower limit of normal of each analyte.
    seed
        Of the run.
    """

    doses: Mapping[str, Nominal]
    models: Mapping[str, DrugModel]
    rules: Mapping[str, DoseRules]
    checks: Mapping[str, Checks]
    calendar: Checks
    days: int
    p: Parameters
    limits: Mapping[str, float]
    seed: int


@dataclass
class Part:
    """What a block of patients went through; rows are numbers within the block."""

    counts: np.ndarray
    time_h: dict[str, np.ndarray]
    mg: dict[str, np.ndarray]
    stop_day: np.ndarray
    measured: list[tuple] = field(default_factory=list)
    log: Log = field(default_factory=lambda: Log([]))
    other: list[tuple] = field(default_factory=list)


class Block:
    """A block of patients, day by day."""

    def __init__(
        self, plan: Plan, patients: BloodPatients, index: np.ndarray, start: np.ndarray | None
    ) -> None:
        n, p = patients.n, plan.p
        self.plan, self.n = plan, n
        cdk = any(is_cdk_inhibitor(drug) for drug in plan.doses)
        self.people = draw_people(patients, p, plan.seed, index, cdk)
        self.states, self.pool = self.people.marrow.at_rest()
        if start is not None:
            self._begin_at(start)
        self.noise = _noise(plan, index)
        self.keepers = {drug: Keeper(drug, plan.rules.get(drug), n) for drug in plan.doses}
        acting = {drug: effect_of(plan.models[drug], p) for drug in plan.doses}
        self.effects = {drug: effect for drug, effect in acting.items() if effect is not None}
        clocks = {drug: risk_clocks(plan.models[drug], p, plan.seed, index) for drug in plan.doses}
        self.clocks = {drug: own for drug, own in clocks.items() if own}
        self.by_day = {drug: d.by_day(plan.days) for drug, d in plan.doses.items()}
        self.hours = {drug: np.unique(d.hour) for drug, d in plan.doses.items()}
        self.levels = {drug: self._concentration(drug, patients) for drug in self._followed()}
        shape = {drug: (n, len(d)) for drug, d in plan.doses.items()}
        self.out = Part(
            counts=np.empty((len(ANALYTES), n, plan.days)),
            time_h={drug: np.full(size, np.nan) for drug, size in shape.items()},
            mg={drug: np.zeros(size) for drug, size in shape.items()},
            stop_day=np.full(n, np.nan),
        )

    def _followed(self) -> list[str]:
        return [d for d in self.plan.doses if d in self.effects or d in self.clocks]

    def _concentration(self, drug: str, patients: BloodPatients) -> Concentration:
        usual = float(np.median(self.plan.doses[drug].mg))
        doses = usual * self.keepers[drug].fractions
        factors = patients.pk.get(drug, {})
        return Concentration(
            self.plan.models[drug], self.n, factors, self.hours[drug].tolist(), doses.tolist()
        )

    def _begin_at(self, start: np.ndarray) -> None:
        """Start from the present counts (4, n): circulating cells only, the marrow at rest."""
        known = np.isfinite(start[:3])
        self.states[5] = np.where(known, start[:3] / self.people.baseline, 1.0)
        pool = (start[3] - start[0]) / self.people.pool
        self.pool = np.where(np.isfinite(pool), np.maximum(pool, 0.05), 1.0)

    def run(self) -> Part:
        """All days."""
        for day in range(self.plan.days):
            counts = self.people.counts(self.states, self.pool)
            self.out.counts[:, :, day] = counts
            self._check(day, counts)
            means = self._give(day)
            self._events(day, means)
            division, kill = day_effects(means, self.effects, self.people, self.plan.p)
            self.states, self.pool = self.people.marrow.day(self.states, self.pool, division, kill)
        return self.out

    def _check(self, day: int, counts: np.ndarray) -> None:
        """Measure those who are due, grade the readings, and let the rules act on them."""
        ruled = [k for k in self.keepers.values() if k.ruled]
        due = np.zeros(self.n, bool)
        for keeper in ruled:
            due |= keeper.due(day, self.plan.checks[keeper.drug])
        if not ruled or all(k.stopped.all() for k in ruled):
            due |= bool(self.plan.calendar.on(np.array(day)))
        grades = np.zeros(counts.shape, dtype=np.int8)
        if due.any():
            rows = np.flatnonzero(due)
            noise = self.noise[:, rows, day]
            readings = counts[:, rows] * noise
            readings[3] = readings[0] + (counts[3, rows] - counts[0, rows]) * noise[3]
            grades[:, rows] = grade(readings, self.plan.limits)
            self.out.measured.append((rows, day, readings, grades[:, rows]))
        for keeper in ruled:
            keeper.judge(day, due, grades, self.out.log)
        if ruled:
            ended = np.logical_and.reduce([k.stopped for k in ruled])
            self.out.stop_day[ended & np.isnan(self.out.stop_day)] = day

    def _give(self, day: int) -> dict[str, np.ndarray]:
        """Give the day's doses; mean concentrations of the drugs that are followed."""
        means = {}
        for drug, keeper in self.keepers.items():
            amounts = self._doses(drug, keeper, day)
            if drug in self.levels:
                means[drug] = self.levels[drug].day(amounts, keeper.level)
        return means

    def _doses(self, drug: str, keeper: Keeper, day: int) -> np.ndarray:
        """(hours, n) mg of one drug today; moves its clock on."""
        doses, hours = self.plan.doses[drug], self.hours[drug]
        first, number = self.by_day[drug]
        clock = np.minimum(keeper.clock, self.plan.days - 1)
        todo = number[clock]
        keep = keeper.rules.calendar == "keep"
        gives = ~keeper.stopped & (todo > 0)
        taken = gives & ~keeper.held
        mg = np.zeros((len(hours), self.n))
        marks = gives if keep else taken
        for j in range(int(todo[marks].max(initial=0))):
            rows = np.flatnonzero(marks & (todo > j))
            k = first[clock[rows]] + j
            amount = np.where(taken[rows], doses.mg[k] * keeper.fractions[keeper.level[rows]], 0.0)
            self.out.time_h[drug][rows, k] = DAY_H * day + doses.hour[k]
            self.out.mg[drug][rows, k] = amount
            mg[np.searchsorted(hours, doses.hour[k]), rows] += amount
        waits = keeper.held & (todo > 0) & (not keep)
        keeper.clock += ~waits
        return mg

    def _events(self, day: int, means: Mapping[str, np.ndarray]) -> None:
        for drug, clocks in self.clocks.items():
            for clock in clocks:
                rows = clock.day(means[drug])
                if not len(rows):
                    continue
                term, worst, length = clock.risk.term, clock.grade[rows], clock.duration[rows]
                self.out.other.append((rows, day, drug, term, worst, length))
                self.keepers[drug].event(rows, day + 1, term, worst, length, self.out.log)


def grade(readings: np.ndarray, limits: Mapping[str, float]) -> np.ndarray:
    """CTCAE v5.0 grades (4, ...) of counts in the order of `ANALYTES`."""
    found = np.zeros(readings.shape, dtype=np.int8)
    for i, name in enumerate(ANALYTES):
        for edge in (limits[name], *SCALES[name].below):
            found[i] += readings[i] < edge * (1.0 - 1e-9)
    return found


def _noise(plan: Plan, index: np.ndarray) -> np.ndarray:
    """(4, n, days) factors by which readings stray; a day's factor is the same in every arm.

    The last is that of the mononuclear cells: leukocytes are read as neutrophils and these.
    """
    p, days = plan.p, plan.days
    z = normals(plan.seed, "blood: reading", index, 4 * days).reshape(len(index), days, 4)
    kinds = ("neutrophils", "platelets", "haemoglobin", "mononuclear")
    sd = np.array([np.broadcast_to(p[f"{kind}_residual"], (len(index),)) for kind in kinds])
    return np.exp(sd[:, :, None] * np.moveaxis(z, 2, 0))


__all__ = ["UNITS", "Block", "Part", "Plan", "grade"]
