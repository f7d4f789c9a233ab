"""A fast stand-in for a trial arm, to fit population parameters with.

The cells of an arm's patients are run once on a grid of drug effects, under the doses that blood
counts and dose rules leave them; their mean rates over the third and fourth cycle are kept.  With
these constant rates tumours grow in closed form, so that an arm of some hundred patients takes some
hundredths of a second whatever the parameters are.  Scans, readings, new lesions, non-target
disease and death are those of the full simulation.  Not in it: the first weeks, later changes of
dose, jitter of scans and withdrawal.  What that does to the fitted rows is measured with the full
simulation (`rpoint.trial.calibration.discrepancy`) and taken into account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from rpoint.cohort import Population as CohortPopulation
from rpoint.cohort import draw_cohort
from rpoint.immune import death_hazard
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.streams import normals, uniforms
from rpoint.trial import patients as drawing
from rpoint.trial.bodies import LEAST_ROOM
from rpoint.trial.cells import Cells
from rpoint.trial.compute import regimen_of, rules_of
from rpoint.trial.counts import blood_course
from rpoint.trial.doses import Doses, acting, cell_parameters
from rpoint.trial.facts import fact
from rpoint.trial.parameters import Population
from rpoint.trial.spec import MONTH_D, Trial
from rpoint.tumour.facts import fact as tumour_fact
from rpoint.tumour.growth import in_vivo_scale
from rpoint.tumour.measure import diameter_mm
from rpoint.tumour.sizes import host_law
from rpoint.tumour.subjects import MAX_LESIONS

STEP = 1.0
GRID = np.arange(-3.0, 3.5, STEP)  # ln effect
RUN_D, FROM_D = 112, 56  # days of the cells' run, and where its mean begins
LN2 = float(np.log(2.0))
MONTHS_BEFORE = 66  # cycles of an earlier regimen within which it fails
STEP_D, WEEK_D = 14, 7.0  # of the course: scans lie on it
LEAST_MM = 5.0
LEAST_ENTERED = 50  # patients that fail the earlier regimen; below, all enter
LARGEST_LOG = 600.0  # growth that still has a number


@dataclass(frozen=True)
class ArmRates:
    """Mean rates of an arm's cells on a grid of effects.

    Attributes
    ----------
    drugs
        Drugs that act on the cells, one axis of the grid each.
    rates
        (n, 2 clones, 2 rates, grid...) 1/h, in culture.
    """

    drugs: tuple[str, ...]
    rates: np.ndarray

    def at(self, effects: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n, 2, 2) rates at the (n,) ln effects of every patient."""
        n = len(self.rates)
        if not self.drugs:
            return self.rates.reshape(n, 2, 2)
        place = [(np.clip(effects[d], GRID[0], GRID[-1]) - GRID[0]) / STEP for d in self.drugs]
        low = [np.minimum(x.astype(int), len(GRID) - 2) for x in place]
        out = np.zeros((n, 2, 2))
        for corner in np.ndindex((2,) * len(self.drugs)):
            weight, where = np.ones(n), []
            for x, i, up in zip(place, low, corner, strict=True):
                weight = weight * ((x - i) if up else (1.0 - (x - i)))
                where.append(i + up)
            out += (
                weight[:, None, None] * self.rates[(np.arange(n), slice(None), slice(None), *where)]
            )
        return out


@dataclass(frozen=True)
class TrialPool:
    """Patients of a trial and the rates of their cells in every arm.

    Attributes
    ----------
    trial
        The trial.
    patients
        Drawn with the typical parameters; what parameters change is made again by `Outcome`.
    cohort_doubling_d
        (n,) doubling times before the population's shifts.
    untreated
        (n, 2) rates of most cells without a drug.
    arms
        Arm to its rates; `prior` to those under the earlier regimen.
    """

    trial: Trial
    patients: Any
    cohort_doubling_d: np.ndarray
    untreated: np.ndarray
    arms: dict[str, ArmRates]
    seed: int


def trial_pool(trial: Trial, n: int, ensemble: Any, seed: int, threads: int | None) -> TrialPool:
    """Draw `n` patients of a trial and run their cells on the grid of effects.

    Each is a replicate of its own to the blood, so that doses are averaged over what is not known
    of it instead of resting on one draw.
    """
    index = np.arange(n)
    cohort = draw_cohort(CohortPopulation.of(trial.population), index, seed)
    given: dict[str, tuple[Regimen, Any]] = {
        name: (regimen_of(arm.regimen), rules_of(arm.rules))
        for name, arm in trial.arms.items()
        if arm.regimen is not None
    }
    if trial.population.prior:
        given["prior"] = parse(trial.population.prior), None
    drugs = tuple(dict.fromkeys(d for regimen, _ in given.values() for d in regimen.drugs))
    typical = Population(seed, None, uncertain=False)
    patients = drawing.draw_patients(
        index, index, cohort.tumour_type, cohort.alterations, typical, ensemble, drugs,
        line=1, cells=cohort.cells, doubling_d=cohort.doubling_time_d, burden_mm=cohort.burden_mm,
    )  # fmt: skip
    arms, untreated = {}, None
    for name, (regimen, rules) in given.items():
        arms[name], untreated = _arm_rates(patients, regimen, rules, ensemble, seed, threads)
    assert untreated is not None
    return TrialPool(trial, patients, cohort.doubling_time_d, untreated, arms, seed)


def _arm_rates(
    patients, regimen: Regimen, rules: Any, ensemble, seed: int, threads
) -> tuple[ArmRates, np.ndarray]:
    n = len(patients)
    who = np.repeat(np.arange(n), 2)
    genotypes = [g for pair in patients.genotypes for g in pair]
    models = acting(regimen)
    shape = (len(GRID),) * len(models)
    if not models:
        cells = Cells(patients.sets[who], genotypes, who, ensemble, (), threads=threads)
        return ArmRates((), cells.untreated.reshape(n, 2, 2)), cells.untreated[::2]
    blood = blood_course(patients, regimen, RUN_D, rules, seed)
    assert blood is not None  # a drug acts on the cells, so one is given
    taken = Doses(blood.doses, blood.taken, {d: models[d] for d in models if d in blood.doses})
    doses = {p: taken.rows(p, 0.0, 24.0 * RUN_D) for p in range(n)}
    rates = np.empty((n, 2, 2, *shape))
    for at in np.ndindex(shape):
        effect = {drug: float(np.exp(GRID[at[k]])) for k, drug in enumerate(models)}
        own = cell_parameters(models, patients.pk, effect, who)
        cells = Cells(
            patients.sets[who], genotypes, who, ensemble, tuple(models), own, threads=threads
        )
        division, death = cells.advance(0, RUN_D, np.arange(len(who)), doses)
        mean = np.stack([division[:, FROM_D:].mean(axis=1), death[:, FROM_D:].mean(axis=1)], 1)
        rates[(slice(None), slice(None), slice(None), *at)] = mean.reshape(n, 2, 2)
    return ArmRates(tuple(models), rates), cells.untreated[::2]


@dataclass(frozen=True)
class Outcome:
    """What an arm shows at some parameters.

    Attributes
    ----------
    pfs_d, event
        (m,) time to progression or death, and whether it was seen.
    best_change
        (m,) best change of the sum as read, %.
    confirmed
        (m,) whether a response was confirmed at the next scan.
    """

    pfs_d: np.ndarray
    event: np.ndarray
    best_change: np.ndarray
    confirmed: np.ndarray

    def of(self, rows: np.ndarray) -> Outcome:
        """Some of the patients, (m,) bool."""
        return Outcome(
            self.pfs_d[rows], self.event[rows], self.best_change[rows], self.confirmed[rows]
        )


def braked(start_mm3, shares, net, births, step_d: float, count: int) -> np.ndarray:
    """Volumes of two clones at constant rates under the brake of `rpoint.trial.bodies`.

    The logistic equation's solution n(t) = n(0) e^(rt) / (1 + b/K times the integral of the
    unbraked total), exact where both clones are born at the same rate.

    Parameters
    ----------
    start_mm3, shares
        (k,) volumes at the start and share of the second clone.
    net, births
        (k, 2) net growth r and births b of the clones, 1/d; no brake without births.
    step_d, count
        Days between two points, and number of points; the first is the start.

    Returns
    -------
    numpy.ndarray
        (k, 2, count) mm3.
    """
    clones = np.stack([start_mm3 * (1 - shares), start_mm3 * shares], axis=-1)
    rate = np.where(np.abs(net) < 1e-7, 1e-7, net)
    rate = np.minimum(rate, LARGEST_LOG / (step_d * count))
    grown = np.empty((*net.shape, count))
    grown[..., 0] = 1.0
    grown[..., 1:] = np.exp(rate * step_d)[..., None]
    np.multiply.accumulate(grown, axis=-1, out=grown)
    free = clones[..., None] * grown
    if births is None:
        return free
    room = np.maximum(host_law("patient").capacity_mm3, LEAST_ROOM * start_mm3)
    grown -= 1.0
    grown *= (clones / rate / room[:, None])[..., None]
    spent = grown.sum(axis=1)
    for k in range(2):
        free[:, k] /= 1.0 + births[:, k, None] * spent
    return free


class Emulator:
    """A trial at any parameters.

    Parameters
    ----------
    pool
        Its patients.
    copies
        How often each patient lives, with other readings, shares, growth and effects.
    """

    def __init__(self, pool: TrialPool, copies: int = 2, longest_months: float = 48.0) -> None:
        self.pool, p = pool, pool.patients
        self.who = np.tile(np.arange(len(p)), copies)
        self.index = np.arange(len(self.who))
        m = len(self.who)
        self.z = normals(pool.seed, "emulator", self.index, 24)
        self.u = uniforms(pool.seed, "emulator", self.index, 8)
        drugs = tuple(dict.fromkeys(d for a in pool.arms.values() for d in a.drugs))
        self.zd = {d: normals(pool.seed, f"emulator {d}", self.index)[:, 0] for d in drugs}
        horizon = int(longest_months * MONTH_D)
        self.scan_d = np.array([0.0, *pool.trial.visits.scan_days(horizon / 7.0)])
        self.noise = normals(
            pool.seed, "emulator scans", self.index, MAX_LESIONS * len(self.scan_d)
        ).reshape(m, MAX_LESIONS, -1)
        self.days = np.arange(0, horizon + STEP_D, STEP_D)
        self.there = p.start_mm3[self.who] > 0
        self.baseline_d = p.baseline_day[self.who]

    def arm(self, name: str, theta: Mapping[str, float]) -> Outcome:
        """The arm at parameters by the names of `rpoint.trial.parameters`."""
        doubling, loss, shares = self._patients(theta)
        scale, extra = in_vivo_scale(
            np.where(self.there, doubling, 1.0),
            self.pool.untreated[self.who, :1],
            self.pool.untreated[self.who, 1:],
            loss[:, None],
        )
        entered = np.ones(len(self.who), bool)
        if "prior" in self.pool.arms:
            had = self.u[:, 0] < self.pool.trial.population.prior_share
            selected, failed = self._selected(scale, extra, shares, theta)
            shares = np.where(had[:, None], selected, shares)
            entered = failed | ~had  # after an earlier regimen comes who has failed it
        net, births = self._net(name, scale, extra, theta)
        size = self._grown(net, shares, births, STEP_D, len(self.days)).sum(axis=1)
        size = self._laid_out(size)  # (m, B, days)
        found = self._observe(size, doubling, theta)
        return found.of(entered) if entered.sum() >= LEAST_ENTERED else found

    def _patients(self, theta):
        p = self.pool.patients
        line = self.pool.trial.population.line
        kind = str(p.tumour_type[0])
        shift = theta.get(f"doubling {kind}", 0.0)
        shift += theta["later_line_doubling"] if line > 1 else 0.0
        within = float(np.sqrt(np.log1p(tumour_fact("growth_cv_lesions") ** 2)))
        own = self.pool.cohort_doubling_d[self.who] * np.exp(shift)
        own = np.clip(own, *drawing.DOUBLING_LIMITS_D)
        doubling = own[:, None] * np.exp(-within * self.z[:, : drawing.BODIES])
        loss = expit(theta["cell_loss_logit_mean"] + theta["cell_loss_logit_sd"] * self.z[:, 7])
        log10 = theta["clone_share_log10_mean"] + theta["clone_share_log10_sd"] * self.z[:, 8]
        share = np.minimum(10.0**log10, 0.5)
        mixed = float(np.sqrt(np.log1p(tumour_fact("clone_mix_cv_lesions") ** 2)))
        odds = share / (1 - share)
        odds = odds[:, None] * np.exp(mixed * self.z[:, 9 : 9 + drawing.BODIES])
        return doubling, np.clip(loss, *drawing.LOSS_LIMITS), np.minimum(odds / (1 + odds), 0.5)

    def _net(self, name: str, scale, extra, theta) -> tuple[np.ndarray, np.ndarray]:
        """(m, B, 2) net growth and births per day."""
        arm = self.pool.arms[name]
        spread = theta["effect_log_sd"]
        ln = {d: theta.get(f"effect {d}", 0.0) + spread * self.zd[d] for d in arm.drugs}
        rates = ArmRates(arm.drugs, arm.rates[self.who]).at(ln)  # (m, 2 clones, 2)
        born, dead = rates[:, :, 0], rates[:, :, 1]
        births = 24.0 * scale[..., None] * born[:, None]
        return births - 24.0 * (scale[..., None] * dead[:, None] + extra[..., None]), births

    def _grown(self, net, shares, births, step_d: float, count: int) -> np.ndarray:
        """(bodies, 2, count) volumes of the clones, of the bodies that are there."""
        there = self.there
        start = self.pool.patients.start_mm3[self.who][there]
        births = None if births is None else births[there]
        return braked(start, shares[there], net[there], births, step_d, count)

    def _laid_out(self, values: np.ndarray) -> np.ndarray:
        """(m, B, ...) of values of the bodies that are there; nothing elsewhere."""
        out = np.zeros((*self.there.shape, *values.shape[1:]))
        out[self.there] = values
        return out

    def _selected(self, scale, extra, shares, theta) -> tuple[np.ndarray, np.ndarray]:
        """(m, B) shares of the resistant clone when the earlier regimen fails; (m,) if it does."""
        net, _ = self._net("prior", scale, extra, theta)
        size = self._grown(net, shares, None, 28.0, MONTHS_BEFORE)
        sld = self._laid_out(diameter_mm(size.sum(axis=1))).sum(axis=1)
        nadir = np.minimum.accumulate(sld, axis=1)
        over = (sld >= 1.2 * nadir) & (sld - nadir >= 5.0)
        failed = over.any(axis=1)
        at = np.where(failed, over.argmax(axis=1), MONTHS_BEFORE - 1)
        whose = np.nonzero(self.there)[0]
        then = np.take_along_axis(size, at[whose][:, None, None], axis=2)[..., 0]
        return self._laid_out(then[:, 1] / np.maximum(then.sum(axis=1), 1e-300)), failed

    def _observe(self, size, doubling, theta) -> Outcome:
        true = diameter_mm(size[:, :MAX_LESIONS])
        death = self._deaths(np.where(self.there[:, :MAX_LESIONS, None], true, 0.0).sum(axis=1))
        at = (self.scan_d / STEP_D).astype(int)
        before = np.exp(LN2 * self.baseline_d[:, None] / np.where(self.there, doubling, np.inf))
        true[:, :, 0] *= np.cbrt(before[:, :MAX_LESIONS])
        other = size[:, MAX_LESIONS][:, at]
        other[:, 0] *= before[:, MAX_LESIONS]
        seen = np.round(true[:, :, at] * np.exp(tumour_fact("scan_sd_log") * self.noise))
        seen = np.where(seen < fact("absent_below_mm"), 0.0, np.maximum(seen, 5.0))
        seen[:, :, 0] = np.maximum(seen[:, :, 0], 10.0)
        total = np.where(self.there[:, :MAX_LESIONS, None], seen, 0.0).sum(axis=1)
        nadir = np.minimum.accumulate(total, axis=1)
        worse = (total[:, 1:] >= 1.2 * nadir[:, :-1]) & (total[:, 1:] - nadir[:, :-1] >= 5.0)
        worse |= self._elsewhere(size, other, at, theta)
        pd = np.where(worse.any(axis=1), self.scan_d[1:][worse.argmax(axis=1)], np.inf)
        time = np.minimum(pd, death)
        counts = self.scan_d[None, 1:] < pd[:, None]
        counts &= self.scan_d[None, 1:] <= death[:, None]
        change = np.where(counts, total[:, 1:] / total[:, :1] - 1.0, np.inf)
        response = change <= -0.3
        confirmed = np.any(response[:, 1:] & response[:, :-1], axis=1)
        best = np.where(np.isfinite(change).any(axis=1), change.min(axis=1), 0.0)
        last = self.scan_d[-1]
        return Outcome(np.minimum(time, last), time < last, 100.0 * best, confirmed)

    def _elsewhere(self, size, other, at, theta) -> np.ndarray:
        """(m, scans) progression by new lesions or of non-target disease."""
        whole = size.sum(axis=1)
        growth = np.maximum(np.diff(np.log(np.maximum(whole, 1e-12)), axis=1), 0.0)
        grown = np.concatenate([np.zeros((len(whole), 1)), np.cumsum(growth, axis=1)], axis=1)
        rate = np.exp(theta.get("new_lesion_rate", np.log(fact("new_lesion_rate"))))
        new = rate * grown[:, at[1:]] >= -np.log1p(-self.u[:, 1:2])
        least = np.minimum.accumulate(other, axis=1)
        fold = fact("nontarget_progression_fold")
        there = self.there[:, MAX_LESIONS, None]
        return new | (there & (other[:, 1:] >= fold * least[:, :-1]))

    def _deaths(self, sld: np.ndarray) -> np.ndarray:
        kind = str(self.pool.patients.tumour_type[0])
        log = np.log(np.maximum(sld, LEAST_MM))
        growth = np.diff(log, axis=1, prepend=log[:, :1]) * WEEK_D / STEP_D
        hazard = death_hazard(
            sld, growth, tumour=kind, line=self.pool.trial.population.line, day=self.days
        )
        over = np.cumsum(hazard * STEP_D, axis=1) >= -np.log1p(-self.u[:, 2:3])
        return np.where(over.any(axis=1), self.days[over.argmax(axis=1)] + 0.5 * STEP_D, np.inf)
