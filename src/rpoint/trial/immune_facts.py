"""The fitted facts of the immune part in a trial: one draw for all patients of a replicate.

The draw goes by seed and number of the replicate alone, so that a patient's killing and hazard of
death are the same in every chunk, arm and line.  Three of the facts are those of the hazard of
death: its level, and what burden and growth do to it.  They are multiplied with, not replaced by,
the factors of tumour type and line, which are not drawn; so a draw serves every type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from rpoint.immune import death_hazard
from rpoint.immune.uncertainty import drawn_facts


def facts_by_replicate(
    replicate: np.ndarray, seed: int, uncertain: bool
) -> Iterator[tuple[np.ndarray, Mapping[str, float] | None]]:
    """Positions of the patients who share facts, and these facts (None: the fitted values).

    Parameters
    ----------
    replicate
        (n,) replicates of the patients.
    seed
        Of the run.
    uncertain
        Whether each replicate has a draw of its own.
    """
    if not uncertain:
        yield np.arange(len(replicate)), None
        return
    for number in np.unique(replicate):
        yield np.flatnonzero(replicate == number), drawn_facts(seed, int(number))


def hazard_of_death(sld_mm: np.ndarray, patients, line: int, seed: int, uncertain: bool):
    """Hazard of death of a trial's patients, (n, T) 1/d.

    Parameters
    ----------
    sld_mm
        (n, T) true sum of diameters on every day from enrolment on, mm.
    patients
        n `rpoint.trial.patients.Patients`.
    line
        Line of treatment.
    seed, uncertain
        As for `facts_by_replicate`.
    """
    kinds = patients.tumour_type.astype(object)
    hazard = np.empty(sld_mm.shape)
    for rows, facts in facts_by_replicate(patients.replicate, seed, uncertain):
        hazard[rows] = death_hazard(sld_mm[rows], tumour=kinds[rows], line=line, facts=facts)
    return hazard
