"""Earlier treatment: what a regimen that has failed has left of the tumour.

Patients who were treated before enter with the clones that the earlier regimen has selected.  Their
cells are run under it for sixteen weeks; with the mean rates of the last eight the clones grow on
until the sum of diameters has progressed.  Nobody whose tumour does not progress can enter a trial
after progression: such a patient is drawn again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rpoint.pharmacology.regimen import Regimen
from rpoint.streams import uniforms
from rpoint.trial.bodies import HOURS, Bodies
from rpoint.trial.life import Conduct, Course
from rpoint.trial.patients import HAD_PRIOR, Patients
from rpoint.tumour.measure import diameter_mm

RUN_D, FROM_D = 112, 56  # days of the cells' run, and where its mean begins
WEEKS = np.arange(0, 261)  # until five years
PROGRESSION, LEAST_MM = 1.2, 5.0  # RECIST 1.1: 20 % and 5 mm over the least


def after_prior(
    patients: Patients,
    regimen: Regimen,
    share: float,
    ensemble: Any,
    seed: int,
    threads: int | None = None,
    *,
    again: Any = None,
    attempts: int = 3,
    uncertain: bool = True,
) -> Patients:
    """Patients as the failure of an earlier regimen leaves them.

    Parameters
    ----------
    patients
        As they were before it.
    regimen
        The earlier regimen.
    share
        Share of the patients who had it.
    again
        Makes other patients of the same numbers: called with the attempt, 1 or more.
    attempts
        How often a patient whose tumour does not progress is drawn again; the last is taken.
    uncertain
        Whether each replicate draws its own parameters of the blood.

    Returns
    -------
    Patients
        With the shares of the clones at progression; sizes at entry are those of `patients`.
    """
    had = uniforms(seed, "patient", patients.index, HAD_PRIOR + 1)[:, HAD_PRIOR] < share
    waiting = np.flatnonzero(had)
    pool, found = patients, {}
    for attempt in range(attempts + 1 if again is not None else 1):
        if not len(waiting):
            break
        if attempt:
            pool = again(attempt)
        tried = pool.take(waiting)
        shares, progressed = progressed_shares(tried, regimen, ensemble, seed, threads, uncertain)
        last = attempt == attempts or again is None
        for k, i in enumerate(waiting.tolist()):
            if progressed[k] or last:
                found[i] = (pool, shares[k])
        waiting = waiting[~progressed] if not last else waiting[:0]
    return replace(_merge(patients, found), had_prior=had)


def progressed_shares(
    patients: Patients,
    regimen: Regimen,
    ensemble: Any,
    seed: int,
    threads: int | None,
    uncertain: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """(n, B) shares of the resistant clone at progression, and (n,) whether there was one."""
    conduct = Conduct(
        scan_days=(), horizon_d=RUN_D, treat_d=RUN_D, withdrawal_per_month=0.0, uncertain=uncertain
    )
    course = Course(
        patients, regimen, conduct, ensemble, seed, None, None, 1, threads, {}, None
    )  # fmt: skip
    rows = np.arange(len(patients))
    division, death = course.rates(rows, RUN_D)
    born, dead = division[:, :, FROM_D:].mean(axis=2), death[:, :, FROM_D:].mean(axis=2)
    bodies: Bodies = course.bodies
    net = bodies.scale[..., None] * (born - dead)[:, None] - bodies.loss[..., None]
    net = np.nan_to_num(net) * HOURS * 7.0  # (n, B, 2) per week
    start = np.stack([1.0 - patients.shares, patients.shares], axis=-1)
    start = start * patients.start_mm3[..., None]
    size = start[..., None] * np.exp(np.minimum(net[..., None] * WEEKS, 60.0))
    sld = diameter_mm(size.sum(axis=2)).sum(axis=1)  # (n, weeks)
    nadir = np.minimum.accumulate(sld, axis=1)
    over = (sld >= PROGRESSION * nadir) & (sld - nadir >= LEAST_MM)
    progressed = over.any(axis=1)
    week = np.where(progressed, over.argmax(axis=1), len(WEEKS) - 1)
    there = np.take_along_axis(size, week[:, None, None, None], axis=3)[..., 0]
    total = there.sum(axis=-1)
    shares = np.divide(there[..., 1], total, out=np.zeros_like(total), where=total > 0)
    return shares, progressed


def _merge(patients: Patients, found: dict[int, tuple[Patients, np.ndarray]]) -> Patients:
    """Patients with what each one's own attempt has given."""
    if not found:
        return patients
    pools = {id(pool): pool for pool, _ in found.values()}
    merged = patients
    for pool in pools.values():
        rows = np.array([i for i, (p, _) in found.items() if p is pool])
        merged = _replaced(merged, pool, rows)
    shares = merged.shares.copy()
    for i, (_, own) in found.items():
        shares[i] = own
    return replace(merged, shares=shares)


def _replaced(patients: Patients, pool: Patients, rows: np.ndarray) -> Patients:
    """Rows of `patients` exchanged for those of `pool`."""
    if pool is patients:
        return patients
    changed: dict[str, Any] = {}
    for name, value in vars(patients).items():
        other = getattr(pool, name)
        if isinstance(value, np.ndarray):
            made = value.copy()
            made[rows] = other[rows]
            changed[name] = made
        elif isinstance(value, tuple):
            swapped = list(value)
            for i in rows.tolist():
                swapped[i] = other[i]
            changed[name] = tuple(swapped)
        elif name == "effect":
            changed[name] = {d: _swapped(f, other[d], rows) for d, f in value.items()}
        elif name == "pk":
            changed[name] = {
                d: {k: _swapped(f, other[d][k], rows) for k, f in v.items()}
                for d, v in value.items()
            }
    return replace(patients, **changed)


def _swapped(value: np.ndarray, other: np.ndarray, rows: np.ndarray) -> np.ndarray:
    made = value.copy()
    made[rows] = other[rows]
    return made
