"""Patients with non-small-cell lung cancer, second line: one burden each, antibody or docetaxel.

    d ln V/dt = g - kill(t) ,   sum of diameters ~ V^(1/3)

g is the growth rate of the patient's measurable disease without treatment.  On docetaxel the kill
is K exp(-lambda t) (Claret 2009), on an antibody that of the T-cell model.  There is no cell model:
docetaxel is an empirical comparator, and the antibody acts through T cells alone.  After treatment
has ended the disease grows at a share of g (later therapy), alike in both arms; what T cells kill
goes on.

Death follows `death_hazard`; new lesions and progression of non-target disease come at a rate that
is the growth of ln V times the number of occult lesions per e-fold of volume, since small lesions
pass the limit of detection as fast as they grow.  Nothing in it is a property of an arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rpoint.immune.course import immune_course
from rpoint.immune.hazard import death_hazard
from rpoint.streams import choices, normals, uniforms
from rpoint.tumour.subjects import LESION_SHARES

ANTIBODY, DOCETAXEL = "atezolizumab", "docetaxel"
ARMS = (ANTIBODY, DOCETAXEL)
ATEZOLIZUMAB = "atezolizumab 1200 mg iv q21d"
HOURS = 24.0
PER_AXIS = 3.0  # ln V over ln diameter


@dataclass(frozen=True)
class Patients:
    """What differs between patients, as standard numbers: facts turn them into rates.

    Attributes
    ----------
    index, seed
        Global numbers and the seed that they were drawn with.
    growth, size, effect, resistance
        (n,) standard normal numbers.
    lesions
        (n,) number of target lesions, 1 to 5.
    death, spread, leave, beyond
        (n,) uniform numbers: the share of survivors at which the event comes.
    """

    index: np.ndarray
    seed: int
    growth: np.ndarray
    size: np.ndarray
    effect: np.ndarray
    resistance: np.ndarray
    lesions: np.ndarray
    death: np.ndarray
    spread: np.ndarray
    leave: np.ndarray
    beyond: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    def growth_per_d(self, p: Mapping[str, float]) -> np.ndarray:
        """g, 1/d of ln V."""
        return p["lung_growth_median"] * np.exp(p["lung_growth_sd_log"] * self.growth)

    def baseline_mm(self, p: Mapping[str, float]) -> np.ndarray:
        """Sum of diameters at baseline, mm; measurable disease is 10 mm or more."""
        drawn = p["lung_sum_median"] * np.exp(p["lung_sum_sd_log"] * self.size)
        return np.maximum(drawn, 10.0)


def draw_lung(index: np.ndarray, seed: int) -> Patients:
    """The patients with these global numbers; each depends on its number and the seed alone."""

    def z(what: str) -> np.ndarray:
        return normals(seed, f"lung {what}", index)[:, 0]

    def u(what: str) -> np.ndarray:
        return uniforms(seed, f"lung {what}", index)[:, 0]

    index = np.asarray(index, int)
    return Patients(
        index=index,
        seed=int(seed),
        growth=z("growth"),
        size=z("sum at baseline"),
        effect=z("effect of docetaxel"),
        resistance=z("resistance to docetaxel"),
        lesions=1 + choices(seed, "lung number of lesions", index, LESION_SHARES),
        death=u("death"),
        spread=u("new lesions"),
        leave=u("drop-out"),
        beyond=u("treatment beyond progression"),
    )


def docetaxel_kill(patients: Patients, days: int, p: Mapping[str, float]) -> np.ndarray:
    """Empirical kill of docetaxel, (n, T) 1/d: K exp(-lambda t)."""
    effect = p["docetaxel_kill_median"] * np.exp(p["docetaxel_kill_sd_log"] * patients.effect)
    loss = p["docetaxel_resistance_rate"] * np.exp(
        p["docetaxel_resistance_sd_log"] * patients.resistance
    )
    return effect[:, None] * np.exp(-loss[:, None] * np.arange(days))


def antibody_kill(
    patients: Patients,
    days: int,
    p: Mapping[str, float],
    regimen: str = ATEZOLIZUMAB,
    stop_day: np.ndarray | None = None,
) -> np.ndarray:
    """Extra kill by T cells under an antibody, (n, T) 1/d."""
    course = immune_course(
        regimen,
        days,
        len(patients),
        patients.index,
        patients.seed,
        facts=p,
        stop_day=stop_day,
    )
    return course.kill_per_h * HOURS


def sum_course(
    patients: Patients,
    kill: np.ndarray,
    p: Mapping[str, float],
    stop_day: np.ndarray | None = None,
    after: np.ndarray | None = None,
) -> np.ndarray:
    """True sum of diameters on every day, (n, T) mm.

    Parameters
    ----------
    kill
        (n, T) 1/d.
    stop_day
        (n,) day on which treatment ends; NaN or None: never.
    after
        (n, T) kill on the days after the end of treatment (T cells that stay, a later drug); none
        when left out.

    Notes
    -----
    The growth of every day is that of its middle; the sum is bounded by `lung_sum_largest` through
    a brake on growth (logistic in the sum).
    """
    days = kill.shape[1]
    growth = patients.growth_per_d(p)
    middle = 0.5 * (kill[:, 1:] + kill[:, :-1])
    rate = np.broadcast_to(growth[:, None], middle.shape)
    if stop_day is not None:
        end = np.where(np.isnan(stop_day), np.inf, stop_day)[:, None]
        over = np.arange(days - 1)[None] >= end
        rate = np.where(over, growth[:, None] * p["lung_later_growth"], rate)
        later = 0.0 if after is None else 0.5 * (after[:, 1:] + after[:, :-1])
        middle = np.where(over, later, middle)
    start = patients.baseline_mm(p)[:, None]
    log = np.concatenate([np.zeros((len(patients), 1)), np.cumsum(rate - middle, axis=1)], axis=1)
    free = start * np.exp(np.minimum(log / PER_AXIS, 20.0))
    largest = p["lung_sum_largest"]
    return free * largest / (largest + np.maximum(free - start, 0.0))


def event_day(hazard_per_d: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Day on which a process of this hazard has its event, (n,); inf if not within the course.

    The event comes when the cumulative hazard passes -ln(uniform); days are 0 ... T - 1 and the
    hazard of a day acts during it, so the day is a real number.
    """
    total = np.cumsum(hazard_per_d, axis=1)
    wanted = -np.log(uniform)
    first = (total < wanted[:, None]).sum(axis=1)
    there = first < total.shape[1]
    k = np.minimum(first, total.shape[1] - 1)
    row = np.arange(len(total))
    before = total[row, k] - hazard_per_d[row, k]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (wanted - before) / hazard_per_d[row, k]
    return np.where(there, k + part, np.inf)


def spread_hazard(sums: np.ndarray, p: Mapping[str, float]) -> np.ndarray:
    """Hazard of a new lesion or of non-target progression, (n, T) 1/d."""
    log = PER_AXIS * np.log(sums)
    rate = np.diff(log, axis=1, append=2 * log[:, -1:] - log[:, -2:-1])
    return p["lung_occult_lesions"] * np.maximum(rate, 0.0)


def death_day(sums: np.ndarray, patients: Patients, p: Mapping[str, float]) -> np.ndarray:
    """Day of death, (n,); inf if later than the course."""
    return event_day(death_hazard(sums, tumour="lung", line=2, facts=p), patients.death)
