"""Response of melanoma to an antibody against PD-1, and the antigenicity that data leave it.

The T cells, growth law and scans are those of the lung cancer patients; melanoma differs in its
growth (catalogue) and in antigenicity.  The prior is that of lung cancer, times or divided by
2.7; the data are the twelve melanoma patients of INSPIRE, eight of whom responded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binom

from rpoint import catalog
from rpoint.immune import lung
from rpoint.immune.course import draw_immunity
from rpoint.immune.facts import values
from rpoint.immune.tcells import AT_ONCE, Immunity, run_tcells
from rpoint.immune.visits import read_scans

RESPONSE, DAYS = -0.30, 730
BLOCKED = 0.99  # label doses block more than this
RESPONDED, TREATED = 8, 12  # INSPIRE, cohort D, objective response
PRIOR_SD_LOG = 1.0
HOURS = 24.0


def growth_per_d() -> float:
    """Growth of ln volume of a typical melanoma, 1/d, from the catalogue's doubling time."""
    for growth in catalog.tumour("melanoma").growth:
        if growth.measure == "doubling_time_patient":
            return float(np.log(2.0) / (growth.value.to("h") / HOURS))
    raise LookupError("the catalogue has no doubling time of melanoma in patients")


def melanoma_response(factor: float, n: int = 1000, seed: int = 1) -> float:
    """Share of patients who respond at this antigenicity over that of lung cancer.

    A response is a fall of the measured sum by 30 % at a scan before progression, within 24 months.
    """
    return melanoma_responses([factor], n, seed)[0]


def melanoma_responses(factors: Sequence[float], n: int = 1000, seed: int = 1) -> list[float]:
    """`melanoma_response` of several factors in the same patients."""
    p = values()
    p["lung_growth_median"] = growth_per_d()
    patients = lung.draw_lung(np.arange(n), seed)
    together = max(1, AT_ONCE // n)  # small batches cost T cells almost what large ones do
    shares = []
    for first in range(0, len(factors), together):
        drawn = [
            draw_immunity(patients.index, seed, p | {"antigenicity_factor_melanoma": x}, "melanoma")
            for x in factors[first : first + together]
        ]
        every = Immunity(
            np.concatenate([one.antigenicity for one in drawn]),
            np.concatenate([one.fitness for one in drawn]),
            np.concatenate([one.escape_per_d for one in drawn]),
        )
        kill = run_tcells(np.full((len(every), DAYS), BLOCKED), every, p).extra_per_d
        shares += [_share(patients, one, p) for one in np.split(kill, len(drawn))]
    return shares


def _share(patients: lung.Patients, kill: np.ndarray, p: dict[str, float]) -> float:
    """Share of patients who respond under this kill, (n, T) 1/d."""
    sums = lung.sum_course(patients, kill, p)
    scans = read_scans(sums, patients, p)
    change = scans.read_mm / scans.read_mm[:, :1] - 1.0
    stop = np.minimum(np.minimum(scans.progression, scans.leave), lung.death_day(sums, patients, p))
    before = (scans.day[None] < stop[:, None]) & (scans.day > 0)[None]
    return float((before & (change <= RESPONSE)).any(axis=1).mean())


def posterior(
    n: int = 500, seed: int = 1, points: int = 14, span: tuple[float, float] = (0.2, 30.0)
) -> tuple[float, float, float]:
    """5th, 50th and 95th percentile of melanoma's antigenicity over that of lung cancer."""
    coarse = np.log(np.geomspace(span[0], span[1], points))
    shares = melanoma_responses([float(np.exp(x)) for x in coarse], n, seed)
    fine = np.linspace(coarse[0], coarse[-1], 2000)
    weight = np.exp(-0.5 * (fine / PRIOR_SD_LOG) ** 2)
    weight *= binom.pmf(RESPONDED, TREATED, np.interp(fine, coarse, shares))
    total = np.cumsum(weight) / weight.sum()
    low, middle, high = (float(np.exp(fine[np.searchsorted(total, q)])) for q in (0.05, 0.5, 0.95))
    return low, middle, high
