"""`simulate`: one tumour, several regimens, the same patients in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rpoint.errors import RpointError
from rpoint.pharmacology.regimen import PROGRESSION, Regimen, parse
from rpoint.tumour.lanes import run_courses
from rpoint.tumour.noun import Tumour
from rpoint.tumour.result import Simulation, first_progression
from rpoint.tumour.sizes import growing_sets, lesion_volumes
from rpoint.tumour.subjects import check_count, draw_patients

STEP_H = 12.0  # output grid; the integral of the rates over 24 weeks moves by 0.1 % against 1 h
UNTREATED = "untreated"
OBSERVED = ("CycD_total", "free_CIP", "CDK2_active", "RB_phospho", "p53_active", "p21_total")
E2_NM = 0.3  # oestradiol in a tumour of a patient without an aromatase inhibitor (biology.drugged)


def simulate(
    tumour: Tumour,
    arms: Mapping[str, str | Regimen],
    *,
    weeks: float = 24,
    patients: int = 200,
    seed: int = 1,
    jobs: int | None = None,
    ensemble: Any = None,
    nodes: int = 3,
    visit_weeks: float = 8,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Treat virtual patients who have one tumour with several regimens.

    Every patient has a parameter set of the calibrated ensemble, own pharmacokinetics, one to five
    lesions that differ in growth and clone mix, and is the same in every arm.

    Parameters
    ----------
    tumour
        What they have (`rpoint.tumour(...)`).
    arms
        Name to regimen, as text or object.  An arm "untreated" is added unless one has no drug.
        A phase "at progression" begins on the day of the scan that shows it.
    weeks
        Length of the treatment.
    patients
        How many.
    seed
        Same seed, same patients.
    jobs
        Threads; all processors when left out.  The result does not depend on it.
    ensemble
        Parameter sets; the shipped ensemble when left out.
    nodes
        Cell-to-cell nodes.
    visit_weeks
        Time between scans.
    progress
        Called with (patients done, patients).

    Returns
    -------
    Simulation

    Examples
    --------
    >>> import rpoint as rp
    >>> arms = {"CDK4/6i": "palbociclib 125 mg qd 21/28"}
    >>> rp.simulate(rp.tumour("melanoma"), arms, weeks=12, patients=20)  # doctest: +SKIP
    """
    check_count("patients", patients)
    plans = parse_arms(arms)
    times = time_grid(weeks)
    ensemble = shipped() if ensemble is None else ensemble
    genotypes = [in_host(genotype) for genotype in tumour.genotypes()]
    lead = int(np.argmax(tumour.fractions))
    grows = growing_sets(ensemble, genotypes[lead], nodes, jobs)
    drugs = tuple(dict.fromkeys(drug for plan in plans.values() for drug in plan.drugs))
    subjects = draw_patients(tumour, patients, ensemble.weights * grows, seed, drugs)
    progressed: dict[str, list[tuple[int, ...]]] = {
        name: [()] * patients for name, plan in plans.items() if switches(plan)
    }
    result: Simulation | None = None
    for _ in range(1 + max((switches(plan) for plan in plans.values()), default=0)):
        courses = run_courses(
            subjects,
            genotypes,
            plans,
            times,
            ensemble,
            nodes=nodes,
            observe=OBSERVED,
            threads=jobs,
            progress=progress,
            progressed=progressed,
            before=None if result is None else result.courses,
        )
        result = Simulation(
            tumour=tumour,
            arms=plans,
            subjects=subjects,
            courses=courses,
            volumes=lesion_volumes(subjects, courses),
            seed=seed,
            visit_weeks=visit_weeks,
            sets_left_out=int((~grows).sum()),
            ensemble=ensemble,
            jobs=jobs,
            progressed={name: tuple(days) for name, days in progressed.items()},
        )
        progressed = {name: next_phase(result, name) for name in progressed}
    assert result is not None
    return result


def switches(plan: Regimen) -> int:
    """Number of phases of a regimen that begin at progression."""
    return sum(phase.start == PROGRESSION for phase in plan.phases)


def next_phase(result: Simulation, arm: str) -> list[tuple[int, ...]]:
    """Days on which each patient's phases begin, with the one that the last run has shown.

    Progression is read from the scans: the measured sum is 20 % and 5 mm above the least since the
    phase began.
    """
    sums = result.scan_sums(arm)
    days = sums.columns.to_numpy(float)
    found = []
    for known, row in zip(result.progressed[arm], sums.to_numpy(float), strict=True):
        first = known[-1] - 1 if known else 0
        later = days >= first
        day = first_progression(days[later], row[later])
        full = len(known) == switches(result.arms[arm])
        found.append(known if day is None or full else (*known, int(day) + 1))
    return found


def parse_arms(arms: Mapping[str, str | Regimen]) -> dict[str, Regimen]:
    """Arms as regimens, with an untreated one."""
    if not arms:
        raise RpointError("no arm", mend='name one, as in {"CDK4/6i": "palbociclib 125 mg qd"}')
    plans = {}
    for name, plan in arms.items():
        if not str(name).strip():
            raise RpointError("an arm has no name", found=str(plan))
        plans[str(name)] = plan if isinstance(plan, Regimen) else parse(plan)
    if all(plan.drugs for plan in plans.values()):
        if UNTREATED in plans:
            raise RpointError("the arm 'untreated' gives drugs", mend="name it otherwise")
        plans = {UNTREATED: Regimen.vehicle(), **plans}
    return plans


def time_grid(weeks: float) -> np.ndarray:
    """Output times, h."""
    if not (np.isfinite(weeks) and 0 < weeks <= 520):
        raise RpointError("the length must lie between 0 and 520 weeks", where="weeks", found=weeks)
    return np.arange(0.0, np.ceil(weeks * 168.0 / STEP_H) + 1) * STEP_H


def in_host(genotype: Mapping[str, float]) -> dict[str, float]:
    """Handles of a cell in a tumour: its oestradiol is that of the tumour, not of a dish."""
    return {"in_E2": E2_NM, **genotype}


def shipped() -> Any:
    """The ensemble that comes with the package."""
    from rpoint.calibrate.ensemble import load

    return load()
