"""Patients' blood: counts at entry and how fast, how sensitive, each patient's marrow is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri

from rpoint.blood.marrow import LINEAGES, Marrow
from rpoint.blood.parameters import Parameters
from rpoint.errors import RpointError
from rpoint.streams import normals

ANALYTES = ("neutrophils", "platelets", "haemoglobin", "leukocytes")
# Random effects in the order of a patient's stream; append only.
_EFFECTS = (
    "baseline neutrophils",
    "baseline platelets",
    "baseline haemoglobin",
    "mononuclear",
    "mtt neutrophils",
    "mtt platelets",
    "mtt haemoglobin",
    "slope",
    "sensitivity",
    "aurora",
)
UNITS = {
    "neutrophils": "10^9/L",
    "platelets": "10^9/L",
    "haemoglobin": "g/dL",
    "leukocytes": "10^9/L",
}


@dataclass(frozen=True)
class BloodPatients:
    """Who is treated.

    Attributes
    ----------
    n
        How many.
    pk
        Drug to {pharmacokinetic parameter: (n,) factor on its typical value}; a drug or parameter
        that is not named is typical.
    tumour
        Tumour type of all, or of each of the n: patients with breast cancer have the lower
        neutrophil counts of the palbociclib model.
    weight_kg
        For doses per kg.
    """

    n: int
    pk: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    tumour: str | Sequence[str] = ""
    weight_kg: float = 70.0

    def __post_init__(self) -> None:
        if not isinstance(self.n, int | np.integer) or isinstance(self.n, bool) or self.n < 1:
            raise RpointError("the number of patients must be 1 or more", where="n", found=self.n)
        for drug, factors in self.pk.items():
            for name, factor in factors.items():
                if np.shape(factor) != (self.n,):
                    raise RpointError(
                        "one factor a patient is needed",
                        where=f"pk of {drug}, {name}",
                        found=np.shape(factor),
                        allowed=f"({self.n},)",
                    )
                if not (np.isfinite(factor).all() and np.min(factor) > 0):
                    raise RpointError(
                        "a factor must be a number above 0", where=f"pk of {drug}, {name}"
                    )
        if not isinstance(self.tumour, str) and len(self.tumour) != self.n:
            raise RpointError(
                "one tumour type, or one a patient",
                where="tumour",
                found=len(self.tumour),
                allowed=str(self.n),
            )

    @property
    def breast(self) -> np.ndarray:
        """(n,) whether the tumour is breast cancer."""
        if isinstance(self.tumour, str):
            return np.full(self.n, self.tumour == "breast")
        return np.array([tumour == "breast" for tumour in self.tumour])

    def part(self, rows: slice) -> BloodPatients:
        """Some of the patients."""
        size = len(range(*rows.indices(self.n)))
        pk = {d: {p: f[rows] for p, f in own.items()} for d, own in self.pk.items()}
        tumour = self.tumour if isinstance(self.tumour, str) else list(self.tumour)[rows]
        return BloodPatients(size, pk, tumour, self.weight_kg)


@dataclass(frozen=True)
class People:
    """n patients with everything that differs between them.

    Attributes
    ----------
    marrow
        Constants of their chains.
    baseline
        (3, n) counts at entry, in the rows of `LINEAGES`; pool (n,) of mononuclear cells.
    slope
        (n,) factor on the effect of drugs that slow division.
    sensitivity
        (n,) factor on Cu/K of MDM2 antagonists.
    aurora
        (n,) factor on the effect of an aurora A inhibitor.
    """

    marrow: Marrow
    baseline: np.ndarray
    pool: np.ndarray
    slope: np.ndarray
    sensitivity: np.ndarray
    aurora: np.ndarray

    def counts(self, states: np.ndarray, pool: np.ndarray) -> np.ndarray:
        """(4, n) counts in the order of `ANALYTES`."""
        found = np.empty((len(ANALYTES), self.baseline.shape[1]))
        found[:3] = states[5] * self.baseline
        found[3] = found[0] + pool * self.pool
        return found


def draw_people(
    patients: BloodPatients, p: Parameters, seed: int, index: np.ndarray, cdk: bool
) -> People:
    """Patients drawn from the population, each from streams of its own.

    Parameters
    ----------
    patients
        Who.
    p
        Population parameters.
    seed, index
        Keys of the streams: seed of the run and (n,) global numbers of the patients.
    cdk
        Whether a CDK4/6 inhibitor is given: then the neutrophil chain is that of its model.
    """

    z = normals(seed, "blood: patient", index, len(_EFFECTS)).T

    def factor(name: str, cv: float) -> np.ndarray:
        return np.exp(np.sqrt(np.log1p(cv**2)) * z[_EFFECTS.index(name)])

    return People(
        marrow=_marrow(patients.n, p, factor, "_cdk" if cdk else ""),
        baseline=_baselines(patients, p, z),
        pool=p["mononuclear_baseline"] * factor("mononuclear", p["mononuclear_baseline_cv"]),
        slope=factor("slope", p["slope_cdk_cv"]),
        sensitivity=factor("sensitivity", p["kill_cv"]),
        aurora=factor("aurora", p["effect_alisertib_cv"]),
    )


def _marrow(n: int, p: Parameters, factor, cdk: str) -> Marrow:
    mtt = np.array(
        [
            p["neutrophils_mtt" + cdk] * factor("mtt neutrophils", p[f"neutrophils_mtt{cdk}_cv"]),
            p["platelets_mtt"] * factor("mtt platelets", p["platelets_mtt_cv"]),
            p["haemoglobin_mtt"] * factor("mtt haemoglobin", p["haemoglobin_mtt_cv"]),
        ]
    )
    ktr = 4.0 / mtt  # three stages and the progenitors: n + 1 = 4

    def rows(*values) -> np.ndarray:
        return np.array([np.broadcast_to(value, (n,)) for value in values])

    kout = ktr.copy()  # Friberg: neutrophils leave the blood at the rate of the stages
    kout[1], kout[2] = 1.0 / p["platelets_life"], 1.0 / p["haemoglobin_life"]
    each = np.ones(n)
    return Marrow(
        ktr=ktr,
        kout=kout,
        gamma=rows(p["neutrophils_gamma" + cdk], p["platelets_gamma"], p["haemoglobin_gamma"]),
        relative_division=rows(1.0, p["cdk_relative_platelets"], p["cdk_relative_haemoglobin"]),
        relative_kill=rows(p["kill_relative_neutrophils"], 1.0, p["kill_relative_haemoglobin"]),
        stages=rows(*(p[f"stages_{name}"] for name in LINEAGES)),
        stem=rows(0.0, p["stem_platelets"], p["stem_haemoglobin"]),
        share=p["less_sensitive_share"] * each,
        less=p["less_sensitive_kill"] * each,
        exchange=p["exchange"] * each,
        pool_rate=each / p["mononuclear_turnover"],
        pool_division=p["cdk_relative_mononuclear"] * each,
        pool_kill=p["kill_relative_mononuclear"] * each,
    )


def _baselines(patients: BloodPatients, p: Parameters, z: np.ndarray) -> np.ndarray:
    """(3, n) log-normal counts at entry, none below what a trial admits."""
    found = np.empty((3, patients.n))
    breast = patients.breast
    for i, name in enumerate(LINEAGES):
        median, cv = p[f"{name}_baseline"], p[f"{name}_baseline_cv"]
        if name == "neutrophils":
            median = np.where(breast, p["neutrophils_baseline_breast"], median)
            cv = np.where(breast, p["neutrophils_baseline_cv_breast"], cv)
        sigma = np.sqrt(np.log1p(cv**2))
        below = ndtr(np.log(p[f"entry_{name}"] / median) / sigma)
        found[i] = median * np.exp(sigma * ndtri(below + (1.0 - below) * ndtr(z[i])))
    return found
