"""Who is treated: patients with lesions, or mice with one tumour each.

Everything that differs between two subjects is drawn here, each from a stream of its own, before
any arm is run: a subject is the same in every arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.streams import Patients, choices, lognormal_factors, stream
from rpoint.tumour.facts import fact
from rpoint.tumour.measure import volume_mm3
from rpoint.tumour.noun import Tumour

ORGANS = ("lymph node", "lung", "liver", "soft tissue", "other")
PER_ORGAN = 2  # RECIST 1.1: five target lesions, two per organ
MAX_LESIONS = 5
# Share of patients with 1, 2, ... 5 target lesions; an assumption (no source at hand gives it).
LESION_SHARES = np.array([0.25, 0.30, 0.20, 0.15, 0.10])


@dataclass(frozen=True)
class Subjects:
    """Patients or mice.

    Attributes
    ----------
    host
        "patient" or "mouse".
    sets
        (n,) row of the ensemble that each subject's cells have.
    doubling_time_d
        (n, L) doubling time of every untreated lesion, d; NaN where there is no lesion.
    cell_loss
        Steel's cell-loss factor.
    start_mm3
        (n, L) volume at the start, mm3; 0 where there is no lesion.
    mix
        (n, L, C) shares of the clones at the start.
    pk
        Drug -> {pharmacokinetic parameter: (n,) factor on its typical value}.
    weight_kg
        Body weight.
    organs
        (n, L) organ of every lesion, "" where there is none.
    """

    host: str
    sets: np.ndarray
    doubling_time_d: np.ndarray
    cell_loss: float
    start_mm3: np.ndarray
    mix: np.ndarray
    pk: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    weight_kg: float = 70.0
    organs: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.sets)

    def to_frame(self) -> pd.DataFrame:
        """One row per lesion: subject, lesion, organ, set, doubling time, start volume."""
        subject, lesion = np.nonzero(self.start_mm3 > 0)
        return pd.DataFrame(
            {
                "subject": subject,
                "lesion": lesion,
                "organ": "" if self.organs is None else self.organs[subject, lesion],
                "set": self.sets[subject],
                "doubling_time_d": self.doubling_time_d[subject, lesion],
                "start_mm3": self.start_mm3[subject, lesion],
            }
        )


def draw_patients(
    tumour: Tumour, patients: int, weights: np.ndarray, seed: int, drugs: tuple[str, ...] = ()
) -> Subjects:
    """Patients with one to five target lesions.

    Parameters
    ----------
    tumour
        Their tumour.
    patients
        How many, 1 or more.
    weights
        (sets,) weights of the ensemble's parameter sets.
    seed
        Seed of the run.
    drugs
        Drugs of any arm, whose pharmacokinetics differ between patients.
    """
    check_count("patients", patients)
    doubling, loss = tumour.growth("patient")
    there = _lesions(patients, seed)
    own = lognormal_factors(seed, "growth", patients, fact("growth_cv_patients"))
    lesion = lognormal_factors(
        seed, "growth of lesions", patients, fact("growth_cv_lesions"), MAX_LESIONS
    )
    size = fact("lesion_diameter_mm") * lognormal_factors(
        seed, "lesion diameter", patients, fact("lesion_diameter_cv"), MAX_LESIONS
    )
    return Subjects(
        host="patient",
        sets=choices(seed, "parameter set", patients, weights),
        doubling_time_d=np.where(there, doubling / (own * lesion), np.nan),
        cell_loss=loss,
        start_mm3=np.where(there, volume_mm3(np.maximum(size, 10.0)), 0.0),
        mix=_mixes(tumour, patients, seed),
        pk={drug: pk_factors(drug, "human", patients, seed) for drug in drugs},
        weight_kg=fact("body_weight_patient"),
        organs=np.where(there, _organs(patients, seed), ""),
    )


def draw_mice(
    tumour: Tumour,
    mice: int,
    parameter_set: int | np.ndarray,
    seed: int,
    drugs: tuple[str, ...] = (),
    *,
    start_mm3: float = 200.0,
) -> Subjects:
    """Mice that carry the same xenograft: one parameter set, one doubling time, small differences.

    Parameters
    ----------
    parameter_set
        Row of the ensemble for all mice, or (mice,) rows.
    start_mm3
        Mean volume at which treatment starts, mm3.
    """
    check_count("mice", mice)
    doubling, loss = tumour.growth("mouse")
    own = lognormal_factors(seed, "growth of mice", mice, fact("growth_cv_within_model"))
    size = lognormal_factors(seed, "start volume", mice, fact("start_volume_cv"))
    return Subjects(
        host="mouse",
        sets=np.broadcast_to(np.asarray(parameter_set, int), (mice,)).copy(),
        doubling_time_d=doubling / own,
        cell_loss=loss,
        start_mm3=start_mm3 * size,
        mix=np.broadcast_to(tumour.fractions, (mice, 1, len(tumour.clones))).copy(),
        pk={drug: pk_factors(drug, "mouse", mice, seed) for drug in drugs},
        weight_kg=fact("body_weight_mouse"),
    )


def check_count(what: str, number: int) -> None:
    """Refuse a number of subjects that is no whole number of one or more."""
    if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < 1:
        raise RpointError(
            f"the number of {what} must be a whole number of 1 or more", where=what, found=number
        )


def _lesions(patients: int, seed: int) -> np.ndarray:
    """(patients, MAX_LESIONS) whether the lesion exists."""
    counts = 1 + choices(seed, "number of lesions", patients, LESION_SHARES)
    return np.arange(MAX_LESIONS)[None] < counts[:, None]


def _organs(patients: int, seed: int) -> np.ndarray:
    """(patients, MAX_LESIONS) organs, no more than two lesions in one."""
    slots = np.repeat(ORGANS, PER_ORGAN)
    rows = [stream(seed, "organs", i).permutation(slots)[:MAX_LESIONS] for i in range(patients)]
    return np.array(rows)


def _mixes(tumour: Tumour, patients: int, seed: int) -> np.ndarray:
    """(patients, MAX_LESIONS, C): the shares of the minor clones differ between lesions."""
    shares = tumour.fractions
    factors = np.ones((patients, MAX_LESIONS, len(shares)))
    for j, clone in enumerate(tumour.clones):
        if clone.fraction < shares.max():
            factors[:, :, j] = lognormal_factors(
                seed, f"share of {clone.name}", patients, fact("clone_mix_cv_lesions"), MAX_LESIONS
            )
    mixes = shares * factors
    return mixes / mixes.sum(axis=2, keepdims=True)


def pk_factors(drug: str, species: str, subjects: Patients, seed: int) -> dict[str, np.ndarray]:
    """Factors on the pharmacokinetic parameters of a drug, for every subject."""
    if species == "mouse":
        spread = {"CL_F": fact("pk_cv_mouse")}
    else:
        kinetics = catalog.drug(drug).pk_human
        spread = {} if kinetics is None else dict(kinetics.variability())
        spread.setdefault("CL_F", fact("pk_cv_unknown"))
    return {
        name: lognormal_factors(seed, f"pk {drug} {name}", subjects, cv)[:, 0]
        for name, cv in spread.items()
    }
