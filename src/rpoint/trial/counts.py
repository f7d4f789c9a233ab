"""Blood counts and doses taken of an arm's patients, each replicate with its own parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rpoint.blood import BloodCourse, BloodPatients, Taken, draw_parameters, run_blood
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
    parts = []
    for replicate in np.unique(patients.replicate):
        rows = np.flatnonzero(patients.replicate == replicate)
        own = {d: {k: f[rows] for k, f in v.items()} for d, v in patients.pk.items()}
        own = {d: v for d, v in own.items() if d in regimen.drugs}
        tumour = [str(t) for t in patients.tumour_type[rows]]
        course = run_blood(
            regimen,
            days=days,
            patients=BloodPatients(len(rows), own, tumour),
            rules=rules,
            seed=seed,
            index=patients.index[rows],
            parameters=draw_parameters(seed, int(replicate)) if uncertain else None,
        )
        parts.append((rows, course))
    return parts[0][1] if len(parts) == 1 else _joined(parts, len(patients))


def _joined(parts, n: int) -> BloodCourse:
    """The courses of the replicates as one, in the order of the patients."""
    first = parts[0][1]
    order = np.concatenate([rows for rows, _ in parts])
    back = np.argsort(order, kind="stable")

    def stacked(get) -> np.ndarray:
        return np.concatenate([get(course) for _, course in parts])[back]

    def table(get) -> pd.DataFrame:
        moved = [get(c).assign(row=rows[get(c)["row"].to_numpy(int)]) for rows, c in parts]
        kept = [t for t in moved if len(t)] or moved[:1]
        return pd.concat(kept, ignore_index=True).sort_values(
            ["row", "day"], kind="stable", ignore_index=True
        )

    return BloodCourse(
        doses=first.doses,
        taken={
            drug: Taken(
                drug,
                stacked(lambda c, d=drug: c.taken[d].time_h),
                stacked(lambda c, d=drug: c.taken[d].mg),
            )
            for drug in first.taken
        },
        counts={name: stacked(lambda c, a=name: c.counts[a]) for name in first.counts},
        measured=table(lambda c: c.measured),
        events=table(lambda c: c.events),
        other=table(lambda c: c.other),
        stop_day=stacked(lambda c: c.stop_day),
        index=stacked(lambda c: c.index),
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
