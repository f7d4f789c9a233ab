"""Blood counts and doses taken of an arm's patients, each replicate with its own parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rpoint.blood import (
    BloodCourse,
    BloodPatients,
    Parameters,
    Taken,
    central,
    draw_parameters,
    run_blood,
)
from rpoint.pharmacology.regimen import Regimen


def blood_course(
    patients, regimen: Regimen, days: int, rules: Any, seed: int, uncertain: bool = True
) -> BloodCourse | None:
    """The course of every patient; None for a regimen without a drug.

    Parameters
    ----------
    patients
        `rpoint.trial.patients.Patients`.
    regimen, days
        What is given, and for how long.
    rules
        Drug to dose rules, or None.
    seed
        Of the run.
    uncertain
        Whether each replicate draws its own population parameters.
    """
    if not regimen.drugs:
        return None
    replicates, which = np.unique(patients.replicate, return_inverse=True)
    sets = [draw_parameters(seed, int(r)) if uncertain else central() for r in replicates]
    own = {d: dict(v) for d, v in patients.pk.items() if d in regimen.drugs}
    return run_blood(
        regimen,
        days=days,
        patients=BloodPatients(len(patients), own, [str(t) for t in patients.tumour_type]),
        rules=rules,
        seed=seed,
        index=patients.index,
        parameters=Parameters.of_patients(sets, which),
    )


def lengthened(course: BloodCourse, rows: np.ndarray, more: BloodCourse) -> BloodCourse:
    """A course in which some patients have a longer one that begins in the same way.

    Parameters
    ----------
    course
        Of n patients.
    rows
        Positions of the patients of `more`.
    more
        Their longer course.
    """
    n = len(course.stop_day)

    def padded(short: np.ndarray, long: np.ndarray) -> np.ndarray:
        made = np.full((n, long.shape[1]), np.nan)
        made[:, : short.shape[1]] = short
        made[rows] = long
        return made

    def table(short: pd.DataFrame, long: pd.DataFrame) -> pd.DataFrame:
        moved = long.assign(row=rows[long["row"].to_numpy(int)])
        kept = short[~short["row"].isin(rows)]
        parts = [t for t in (kept, moved) if len(t)] or [short]
        return pd.concat(parts, ignore_index=True).sort_values(
            ["row", "day"], kind="stable", ignore_index=True
        )

    stop = course.stop_day.copy()
    stop[rows] = more.stop_day
    return BloodCourse(
        doses=more.doses,
        taken={
            drug: Taken(
                drug,
                padded(course.taken[drug].time_h, taken.time_h),
                padded(course.taken[drug].mg, taken.mg),
            )
            if drug in course.taken
            else taken
            for drug, taken in more.taken.items()
        },
        counts={name: padded(course.counts[name], c) for name, c in more.counts.items()},
        measured=table(course.measured, more.measured),
        events=table(course.events, more.events),
        other=table(course.other, more.other),
        stop_day=stop,
        index=course.index,
    )
