"""The life of patients on one arm: doses, cells, tumours, scans, until each leaves the study.

Time runs in stages of a few scans.  Whoever has progressed, died or withdrawn by the end of a stage
costs nothing more.  Day 0 is that of the first dose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.blood import BloodCourse
from rpoint.endpoints.recist import Recist
from rpoint.pharmacology.regimen import Regimen
from rpoint.streams import uniforms
from rpoint.trial.bodies import Bodies
from rpoint.trial.cells import Cells
from rpoint.trial.counts import blood_course, lengthened
from rpoint.trial.doses import Doses, acting, cell_parameters
from rpoint.trial.facts import fact
from rpoint.trial.immune_facts import hazard_of_death
from rpoint.trial.immunity import Immunity, immune_effect
from rpoint.trial.patients import Patients
from rpoint.trial.scans import Scans, judge, lesion_table, plan_scans, take_scan
from rpoint.tumour.measure import diameter_mm
from rpoint.tumour.subjects import MAX_LESIONS

STAGE_SCANS = 2  # scans of a stage
LEAST_STAGE_D = 84
SAFETY_D = 38  # counts go on after the last dose: 30 days, and a week from scan to last dose
LEAST_SHARE = 1e-12  # of a resistant clone that gets lanes of its own
NEVER = np.inf
WITHDRAWAL, DEATH = 0, 1  # slots of a patient's uniform numbers


@dataclass(frozen=True)
class Conduct:
    """How an arm is run; of the trial file, in days.

    Attributes
    ----------
    scan_days
        Nominal days of the scans after the baseline.
    horizon_d
        Days for which patients are followed at most.
    treat_d
        Days of treatment at most.
    uncertain
        Whether each replicate draws its own parameters of the blood and facts of the immune part.
    """

    scan_days: tuple[float, ...]
    horizon_d: int
    treat_d: int
    jitter_d: float = 5.0
    sd_log: float | None = None
    new_lesions: bool = True
    non_target: bool = True
    confirm_weeks: float | None = 4.0
    min_sd_d: float = 49.0
    withdrawal_per_month: float = 0.01
    beyond_progression: bool = False
    uncertain: bool = True


@dataclass
class Lives:
    """What happened to the patients of one arm.

    Attributes
    ----------
    pd_day, death_day, withdrawal_day, toxicity_day, last_dose_day, study_end_day
        (n,) days; infinite where it did not happen.
    volume
        (n, B, D) volumes, mm3; after a patient has left the study as told in `follow_up`.
    resistant
        (n, D) share of the resistant clone.
    status
        (n,) engine status of the cells; 0 is good.
    untreated, akt
        (n, 2) rates of most cells before treatment, 1/h, and (n,) their phospho-AKT (share of its
        maximum).
    """

    patients: Patients
    regimen: Regimen
    conduct: Conduct
    blood: BloodCourse | None
    scans: Scans
    lesions: pd.DataFrame
    recist: Recist | None
    pd_day: np.ndarray
    death_day: np.ndarray
    withdrawal_day: np.ndarray
    toxicity_day: np.ndarray
    seen_until: np.ndarray
    last_dose_day: np.ndarray
    volume: np.ndarray
    clones: np.ndarray
    resistant: np.ndarray
    status: np.ndarray
    untreated: np.ndarray
    akt: np.ndarray

    @property
    def study_end_day(self) -> np.ndarray:
        """(n,) last day on which a patient is seen for progression."""
        return np.minimum.reduce([self.death_day, self.withdrawal_day, self.seen_until])


def live(
    patients: Patients,
    regimen: Regimen,
    conduct: Conduct,
    ensemble: Any,
    seed: int,
    *,
    rules: Any = None,
    immune: Immunity | None = None,
    line: int = 1,
    threads: int | None = None,
    own: Mapping[str, np.ndarray] | None = None,
    seen_until: np.ndarray | None = None,
) -> Lives:
    """Treat patients with a regimen and follow them.

    Parameters
    ----------
    patients
        Who.
    regimen
        What they get.
    conduct
        How the arm is run.
    ensemble
        Parameter sets of the cell model.
    seed
        Of the run.
    rules
        Dose rules of the arm; None: no feedback of toxicity on doses.
    immune
        Switches of the immune part, for regimens with an antibody.
    line
        Line of therapy.
    threads
        Threads of the engine.
    own
        Further parameters of the cells, name to (n,).
    seen_until
        (n,) day of the data cut-off of each patient; the horizon when left out.
    """
    course = Course(
        patients, regimen, conduct, ensemble, seed, rules, immune, line, threads, own, seen_until
    )
    while course.day < conduct.horizon_d and course.on.any():
        course.stage()
    return course.finish()


class Course:
    """The state of an arm between two stages."""

    def __init__(
        self, patients, regimen, conduct, ensemble, seed, rules, immune, line, threads, own, until
    ):
        self.p, self.conduct, self.seed, self.line = patients, conduct, seed, line
        self.regimen, n, days = regimen, len(patients), conduct.horizon_d
        self.scans = plan_scans(patients, conduct.scan_days, conduct.jitter_d, seed)
        self.day, self.visit, self.rules = 0, 1, rules
        self.blood_until = min(self._stage_end() + SAFETY_D, conduct.treat_d)
        self.blood = self._counted(patients, self.blood_until)
        effect = immune_effect(patients, regimen, immune, days, seed, conduct.uncertain)
        self.kill, self.doses_set = effect.kill, effect.steps
        self._make_cells(ensemble, threads, {**(own or {}), **effect.cells})
        rest = self.cells.untreated[self.lead]
        doubling = patients.doubling_d / effect.growth[:, None]
        self.bodies = Bodies(
            patients.start_mm3, patients.shares, doubling, patients.cell_loss, rest, days
        )
        self.status = np.where(self.bodies.grows, 0, 100)
        self.on = self.bodies.grows.copy()
        self.pd_day = np.full(n, NEVER)
        u = uniforms(seed, f"events of line {line}", patients.index, 2)
        rate = -np.log1p(-conduct.withdrawal_per_month) / 30.4375
        with np.errstate(divide="ignore"):
            self.withdrawal = np.floor(-np.log1p(-u[:, WITHDRAWAL]) / rate if rate > 0 else NEVER)
        self.withdrawal = np.broadcast_to(self.withdrawal, n).astype(float)
        self.until = np.full(n, float(days)) if until is None else np.asarray(until, float)
        self.death_at = -np.log1p(-u[:, DEATH])
        self.death = np.full(n, NEVER)
        self.hazard = np.zeros(n)
        self.upto = np.ones(n, np.int64)
        self._scan(0, np.flatnonzero(self.on))

    def _make_cells(self, ensemble, threads, own) -> None:
        """Rows of cells: the lead of every patient, then the resistant clones."""
        p = self.p
        second = np.flatnonzero((p.shares > LEAST_SHARE).any(axis=1))
        who = np.concatenate([np.arange(len(p)), second])
        clone = np.concatenate([np.zeros(len(p), int), np.ones(len(second), int)])
        self.acting = acting(self.regimen)
        extra = {name: np.asarray(v)[who] for name, v in own.items()}
        extra |= cell_parameters(self.acting, p.pk, p.effect, who)
        self.cells = Cells(
            p.sets[who],
            [p.genotypes[i][c] for i, c in zip(who.tolist(), clone.tolist(), strict=True)],
            who,
            ensemble,
            tuple(self.acting),
            extra,
            threads=threads,
            driven=self.doses_set.values is not None,
        )
        self.lead = np.arange(len(p))
        self.second = np.full(len(p), -1)
        self.second[second] = len(p) + np.arange(len(second))
        self._set_doses()

    def _set_doses(self) -> None:
        if self.blood is None:
            self.doses = Doses({}, {}, {})
            return
        given = {drug: m for drug, m in self.acting.items() if drug in self.blood.doses}
        self.doses = Doses(self.blood.doses, self.blood.taken, given)

    def _counted(self, patients: Patients, days: int) -> BloodCourse | None:
        return blood_course(
            patients, self.regimen, days, self.rules, self.seed, self.conduct.uncertain
        )

    def _count_on(self, until: int) -> None:
        """Counts and doses up to a day of the patients who are still on study."""
        until = min(until, self.conduct.treat_d)
        if self.blood is None or until <= self.blood_until:
            return
        self.blood_until = min(max(until, 2 * self.blood_until), self.conduct.treat_d)
        rows = np.flatnonzero(self.on)
        more = self._counted(self.p.take(rows), self.blood_until)
        assert more is not None  # there was one before
        self.blood = lengthened(self.blood, rows, more)
        self._set_doses()

    def stage(self) -> None:
        """One stage: cells, bodies, deaths, scans."""
        last = min(self._stage_end(), self.conduct.horizon_d)
        days = last - self.day
        rows = np.flatnonzero(self.on)
        self._count_on(last + SAFETY_D)
        division, death = self.rates(rows, days)
        kill = None if self.kill is None else self.kill[rows, self.day : last]
        self.bodies.advance(rows, self.day, division, death, kill)
        failed = self.cells.status[self.lead[rows]] != 0
        self.status[rows[failed]] = self.cells.status[self.lead[rows[failed]]]
        self.on[rows[failed]] = False
        self._deaths(np.flatnonzero(self.on), last)
        self.day = last
        while self.visit < self.scans.count and self.scans.nominal[self.visit] < self._safe(last):
            self._scan(self.visit, np.flatnonzero(self.on))
            self.visit += 1
        self._progress()

    def _safe(self, day: int) -> float:
        """Nominal days before this have their scans, jitter included, by `day`."""
        return day - self.conduct.jitter_d

    def _stage_end(self) -> int:
        ahead = [d for d in self.scans.nominal[self.visit :]][:STAGE_SCANS]
        end = (ahead[-1] + self.conduct.jitter_d + 1) if ahead else self.conduct.horizon_d
        return int(np.ceil(max(end, self.day + (LEAST_STAGE_D if self.day else 1))))

    def rates(self, rows: np.ndarray, days: int) -> tuple[np.ndarray, np.ndarray]:
        """(rows, 2, days) daily rates of both clones."""
        if self.doses_set.values is None:
            steady = [self.doses.steady(p, self.day, days) for p in rows.tolist()]
        else:
            steady = [False] * len(rows)
        same = np.array(steady, bool)
        rates = np.empty((len(rows), 2, 2, days))  # (rows, rate, clone, days)
        for chosen, again in ((~same, False), (same, True)):
            rates[chosen] = self._both(rows[chosen], days, again)
        return rates[:, 0], rates[:, 1]

    def _both(self, rows: np.ndarray, days: int, again: bool) -> np.ndarray:
        """(rows, 2 rates, 2 clones, days); `again` repeats the last cycle."""
        both = self.second[rows] >= 0
        cells = np.concatenate([self.lead[rows], self.second[rows][both]])
        if again:
            found = self.cells.repeat(days, cells)
        else:
            from_h, until_h = 24.0 * self.day, 24.0 * (self.day + days)
            doses = {
                p: self.doses.rows(p, from_h, until_h) + self.doses_set.rows(p, from_h, until_h)
                for p in rows.tolist()
            }
            found = self.cells.advance(self.day, days, cells, doses)
        rates = np.stack(found, axis=1)
        out = np.repeat(rates[: len(rows), :, None], 2, axis=2)
        out[both, :, 1] = rates[len(rows) :]
        return out

    def _deaths(self, rows: np.ndarray, last: int) -> None:
        """Days of death from the cumulative hazard of the stage."""
        if not len(rows):
            return
        sld = diameter_mm(self.bodies.volume[rows, :MAX_LESIONS, : last + 1]).sum(axis=1)
        mine, uncertain = self.p.take(rows), self.conduct.uncertain
        hazard = hazard_of_death(sld, mine, self.line, self.seed, uncertain)
        new = hazard[:, self.day + 1 : last + 1]
        total = self.hazard[rows][:, None] + np.cumsum(new, axis=1)
        over = total >= self.death_at[rows][:, None]
        dead = over.any(axis=1)
        self.death[rows[dead]] = self.day + 1 + over.argmax(axis=1)[dead]
        self.hazard[rows] = total[:, -1]

    def _scan(self, visit: int, rows: np.ndarray) -> None:
        day = self.scans.day[rows, visit]
        rows = rows[day <= self._left()[rows]]
        c = self.conduct
        take_scan(
            self.scans, visit, rows, self.p, self.bodies.volume, self.seed,
            sd_log=c.sd_log, new_lesions=c.new_lesions, non_target=c.non_target,
        )  # fmt: skip
        self.upto[rows] = visit + 1

    def _progress(self) -> None:
        """Who has progressed, died or withdrawn is off study."""
        rows = np.flatnonzero(self.on)
        if not len(rows):
            return
        found = judge(
            lesion_table(self.scans, rows, self.upto[rows]),
            confirm_weeks=self.conduct.confirm_weeks,
        )
        visits = found.visits
        bad = visits[(visits["overall"] == "PD") & (visits["phase"] == "treatment")]
        first = bad.groupby("patient", observed=True)["day"].min()
        self.pd_day[first.index.astype(int)] = first.to_numpy(float)
        self.on &= np.isinf(self.pd_day) & (self._left() > self.day)

    def _left(self) -> np.ndarray:
        """(n,) last day on which a patient can be seen."""
        return np.minimum.reduce([self.death, self.withdrawal, self.until])

    def finish(self) -> Lives:
        """Everything that happened, with the judgement of all scans up to progression."""
        n = len(self.p)
        pd_visit = np.where(np.isfinite(self.pd_day), self.pd_day, NEVER)[:, None]
        count = np.minimum(self.upto, 1 + (self.scans.day[:, 1:] <= pd_visit).sum(axis=1))
        good = np.flatnonzero(self.status == 0)
        lesions = lesion_table(self.scans, good, count[good]) if len(good) else pd.DataFrame()
        toxicity = np.full(n, NEVER) if self.blood is None else self.blood.stop_day
        toxicity = np.where(np.isnan(toxicity), NEVER, toxicity)
        death = np.where(self.death <= np.minimum(self.withdrawal, self.until), self.death, NEVER)
        left = self.withdrawal < np.minimum(self.death, self.until)
        stop = self.pd_day + fact("stop_delay_days")
        if self.conduct.beyond_progression:
            stop = np.full(n, NEVER)
        ends = np.minimum.reduce([stop, death, self.withdrawal, self.until])
        toxicity = np.where(toxicity < ends, toxicity, NEVER)
        last = np.minimum(ends, toxicity)
        return Lives(
            patients=self.p,
            regimen=self.regimen,
            conduct=self.conduct,
            blood=self.blood,
            scans=self.scans,
            lesions=lesions,
            recist=judge(lesions, confirm_weeks=self.conduct.confirm_weeks) if len(good) else None,
            pd_day=self.pd_day,
            death_day=death,
            withdrawal_day=np.where(left, self.withdrawal, NEVER),
            seen_until=self.until,
            toxicity_day=toxicity,
            last_dose_day=np.minimum(
                last, float(min(self.conduct.treat_d, self.conduct.horizon_d))
            ),
            volume=self.bodies.volume,
            clones=self.bodies.clones,
            resistant=self.bodies.resistant,
            status=self.status,
            untreated=self.cells.untreated[self.lead],
            akt=self.cells.akt[self.lead],
        )
