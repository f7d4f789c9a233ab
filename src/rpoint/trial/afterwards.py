"""After the trial's treatment: the burden that goes on, death, and the next line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rpoint.streams import uniforms
from rpoint.trial.facts import fact
from rpoint.trial.immune_facts import hazard_of_death
from rpoint.trial.life import DEATH, NEVER, Lives
from rpoint.trial.patients import Patients
from rpoint.tumour.measure import diameter_mm
from rpoint.tumour.subjects import MAX_LESIONS

LEAST_BURDEN_MM, LARGEST_BURDEN_MM = 5.0, 600.0
LOG_LARGEST = float(np.log(LARGEST_BURDEN_MM / LEAST_BURDEN_MM))


def burden(lives: Lives, days: int) -> np.ndarray:
    """(n, days + 1) sum of diameters, mm, after a patient has left the study as well.

    After the last day on study the tumour grows at its untreated rate times a documented factor,
    since later lines of treatment slow it.
    """
    sld = diameter_mm(lives.volume[:, :MAX_LESIONS]).sum(axis=1).astype(float)
    last = sld.shape[1] - 1
    seen = np.minimum(np.minimum(lives.study_end_day, lives.pd_day), float(last)).astype(int)
    rate = np.log(2.0) / np.nanmedian(lives.patients.doubling_d, axis=1) / 3.0
    later = np.arange(days + 1)[None] - seen[:, None]
    start = np.maximum(sld[np.arange(len(sld)), seen], LEAST_BURDEN_MM)
    growth = np.minimum(fact("after_progression_growth") * rate[:, None] * later, LOG_LARGEST)
    after = np.minimum(start[:, None] * np.exp(growth), LARGEST_BURDEN_MM)
    padded = np.concatenate([sld, np.repeat(sld[:, -1:], max(0, days - last), 1)], axis=1)
    return np.where(later > 0, after, padded[:, : days + 1])


def deaths(
    sld: np.ndarray, patients: Patients, line: int, seed: int, uncertain: bool = True
) -> np.ndarray:
    """(n,) day of death from the course of the burden; infinite beyond it.

    The hazard, with its draw in every replicate, and the threshold of the cumulative hazard are
    those of `live`: who dies on study does so on the same day here.
    """
    hazard = hazard_of_death(sld, patients, line, seed, uncertain)[:, 1:]
    u = uniforms(seed, f"events of line {line}", patients.index, 2)
    over = np.cumsum(hazard, axis=1) >= -np.log1p(-u[:, DEATH])[:, None]
    return np.where(over.any(axis=1), 1.0 + over.argmax(axis=1), NEVER)


def next_line(lives: Lives, rows: np.ndarray, day: np.ndarray) -> Patients:
    """Patients as they are on a day after progression: sizes and clones go on."""
    p = lives.patients.take(rows)
    total = lives.clones[rows].sum(axis=-1)
    share = np.divide(lives.clones[rows][..., 1], total, out=np.zeros_like(total), where=total > 0)
    return replace(p, start_mm3=total, shares=share, baseline_day=np.zeros(len(p)))
