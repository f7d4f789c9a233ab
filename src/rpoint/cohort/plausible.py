"""Plausible patients: how fast the tumour grows and how much of it there is at the start.

Candidates are drawn from wide ranges: one in twenty has a tumour that does not grow, the others
double in 10 to 800 d, burdens are 4 to 500 mm, both uniform in the logarithm.  One whose untreated
tumour does not grow, doubles outside 20 to 400 d or has no measurable burden is rejected.  From the
plausible candidates two inclusion rules make a population:

acceptance
    a candidate is kept with a probability proportional to f / g, f being the density of the target
    and g that of the candidates; no weights (after Allen 2016, doi:10.1002/psp4.12063);
weights
    the first plausible candidate is kept and carries the prevalence weight f / g, divided by its
    mean over the candidates, so that weights average 1.

The target: doubling times log-normal about the type's median with the spread between untreated
xenograft models, burden as the baseline sums of OAK (535 patients with lung cancer, taken for every
type), independent of each other (rank correlation 0.04 and -0.03 in the two arms of OAK).
Candidates of one patient come from her own stream, so rejections of one do not move another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import ndtr

from rpoint import catalog
from rpoint.cohort.facts import fact
from rpoint.cohort.frequencies import FOLDER
from rpoint.cohort.types import cohort_types
from rpoint.errors import unknown_name
from rpoint.streams import stream

RULES = ("acceptance", "weights")
REASONS = (
    "untreated tumour does not grow", "doubles too fast", "doubles too slowly",
    "burden too small", "burden too large", "not accepted",
)  # fmt: skip
FIRST = 24  # candidates of a patient that are drawn at once
CAP = 16_384  # candidates after which a patient is given up
WIDEST = (4.0, 500.0)  # mm: burdens that candidates may have
SLOWEST = (10.0, 800.0)  # d: doubling times that growing candidates may have
LEAST_SD = 0.05  # of ln doubling time: a smaller spread is taken as this one


@dataclass(frozen=True)
class Growth:
    """What plausible patients have.

    Attributes
    ----------
    doubling_time_d, burden_mm, weight
        (n,) doubling time of the untreated tumour, baseline sum of diameters, weight.
    candidates
        (n,) candidates drawn until the patient was found.
    rejected
        (n, len(REASONS)) candidates rejected, by reason.
    found
        (n,) False where `CAP` candidates did not suffice; values are then NaN, the weight 0.
    """

    doubling_time_d: np.ndarray
    burden_mm: np.ndarray
    weight: np.ndarray
    candidates: np.ndarray
    rejected: np.ndarray
    found: np.ndarray


@dataclass(frozen=True)
class Target:
    """The distribution that patients of one type are to have.

    Attributes
    ----------
    mean, sd
        Of ln doubling time (d) before truncation to the bounds.
    """

    mean: float
    sd: float

    @classmethod
    def of(cls, kind: str, doubling_time_d: float | None, cv: float | None) -> Target:
        """That of a tumour type; median and variation may be given."""
        median = median_doubling(kind) if doubling_time_d is None else doubling_time_d
        sd = fact("growth_sd_log") if cv is None else float(np.sqrt(np.log1p(cv**2)))
        return cls(float(np.log(median)), max(sd, LEAST_SD))

    def growth_density(self, time: np.ndarray) -> np.ndarray:
        """Density over ln(doubling time in d) within the bounds; 0 outside."""
        low, high = bounds()
        ends = (np.log([low, high]) - self.mean) / self.sd
        mass = max(ndtr(ends[1]) - ndtr(ends[0]), 1e-300)
        z = (np.log(time) - self.mean) / self.sd
        bell = np.exp(-0.5 * z * z) / (np.sqrt(2.0 * np.pi) * self.sd * mass)
        return np.where((time >= low) & (time <= high), bell, 0.0)

    @property
    def highest(self) -> float:
        """The largest value of `growth_density`: at the median, or the bound next to it."""
        place = np.clip(self.mean, *np.log(bounds()))
        return float(self.growth_density(np.exp(np.array(place))))


def bounds() -> tuple[float, float]:
    """Shortest and longest plausible doubling time, d."""
    return fact("doubling_time_min"), fact("doubling_time_max")


def median_doubling(kind: str) -> float:
    """Median doubling time of untreated metastases of a type, d."""
    known = cohort_types().get(kind)
    if known is None or known.stand_in:
        return fact("doubling_time_other")
    for growth in catalog.tumour(known.cells).growth:
        if growth.measure == "doubling_time_patient":
            return growth.value.to("d")
    return fact("doubling_time_other")


@cache
def burdens() -> pd.DataFrame:
    """Patients of OAK by baseline sum of diameters: lo_mm, hi_mm, patients."""
    with (FOLDER / "sizes.csv").open(encoding="utf-8") as stream_:
        return pd.read_csv(stream_)


def burden_density(burden: np.ndarray) -> np.ndarray:
    """Density over ln(mm) of the baseline sum."""
    table = burdens()
    edges = np.log([*table["lo_mm"], table["hi_mm"].iloc[-1]])
    density = table["patients"].to_numpy() / table["patients"].sum() / np.diff(edges)
    place = np.searchsorted(edges, np.log(burden), side="right") - 1
    inside = (place >= 0) & (place < len(density))
    return np.where(inside, density[np.clip(place, 0, len(density) - 1)], 0.0)


def grow(
    seed: int, index: np.ndarray, target: Target, rule: str, who: str = "cohort growth"
) -> Growth:
    """Growth and burden of patients of one type.

    Parameters
    ----------
    seed, index
        Seed of the run and (n,) numbers of the patients.
    target
        The distribution of their type.
    rule
        One of `RULES`.
    """
    if rule not in RULES:
        raise unknown_name("inclusion rule", rule, RULES, where="rule")
    n = len(index)
    found = Growth(
        np.full(n, np.nan), np.full(n, np.nan), np.zeros(n), np.zeros(n, int),
        np.zeros((n, len(REASONS)), int), np.zeros(n, bool),
    )  # fmt: skip
    start, block, left = 0, FIRST, np.arange(n)
    while len(left) and start < CAP:
        u = np.stack([stream(seed, who, int(i)).random((start + block, 3)) for i in index[left]])
        left = left[~_try(found, left, u[:, start:], target, rule)]
        start, block = start + block, min(4 * block, CAP - start - block)
    return found


def _try(found: Growth, rows: np.ndarray, u: np.ndarray, target: Target, rule: str) -> np.ndarray:
    """Judge a block of candidates (rows, block, 3) and note the first that is kept."""
    idle = fact("candidates_not_growing")
    grows = np.clip((u[..., 0] - idle) / (1.0 - idle), 0.0, 1.0)
    time = np.exp(np.log(SLOWEST[0]) + np.log(SLOWEST[1] / SLOWEST[0]) * grows)
    time = np.where(u[..., 0] < idle, np.inf, time)
    burden = np.exp(np.log(WIDEST[0]) + np.log(WIDEST[1] / WIDEST[0]) * u[..., 1])
    reason = _reasons(time, burden)
    ratio = np.zeros(time.shape)
    good = reason < 0
    ratio[good] = target.growth_density(time[good]) / target.highest
    ratio[good] *= burden_density(burden[good]) / _most_burden()
    if rule == "acceptance":
        reason = np.where((reason < 0) & (u[..., 2] >= ratio), len(REASONS) - 1, reason)
    kept = reason < 0
    first = np.where(kept.any(axis=1), kept.argmax(axis=1), u.shape[1])
    before = np.arange(u.shape[1]) < first[:, None]
    for code in range(len(REASONS)):
        found.rejected[rows, code] += ((reason == code) & before).sum(axis=1)
    done = first < u.shape[1]
    found.candidates[rows] += np.where(done, first + 1, first)
    place = (np.flatnonzero(done), first[done])
    found.doubling_time_d[rows[done]] = time[place]
    found.burden_mm[rows[done]] = burden[place]
    weight = ratio / _mean_ratio(target) if rule == "weights" else np.ones_like(ratio)
    found.weight[rows[done]] = weight[place]
    found.found[rows[done]] = True
    return done


def _reasons(time: np.ndarray, burden: np.ndarray) -> np.ndarray:
    """Position in `REASONS` of why a candidate is not plausible; -1 where it is."""
    low, high = bounds()
    why = np.full(time.shape, -1)
    why[burden > fact("burden_max")] = 4
    why[burden < fact("burden_min")] = 3
    why[time > high] = 2
    why[time < low] = 1
    why[np.isinf(time)] = 0
    return why


@cache
def _most_burden() -> float:
    table = burdens()
    widths = np.log(table["hi_mm"] / table["lo_mm"])
    return float((table["patients"] / table["patients"].sum() / widths).max())


@cache
def _mean_ratio(target: Target) -> float:
    """Mean of f / (g M) over the plausible candidates: 1 over the volume of their ranges."""
    low, high = bounds()
    sizes = np.log(fact("burden_max") / fact("burden_min"))
    return 1.0 / (target.highest * np.log(high / low) * _most_burden() * sizes)
