"""Antibodies against PD-1 and PD-L1 in a trial: what they give the cells and bodies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.immune import Switches, immune_course
from rpoint.pharmacology.doses import DoseRow
from rpoint.trial.immune_facts import facts_by_replicate

ANTIBODIES = ("pembrolizumab", "nivolumab", "atezolizumab", "durvalumab")
WEEK = 7


@dataclass(frozen=True)
class Immunity:
    """Hypothesis switches of an arm."""

    switches: Switches


class InputSteps:
    """An input of the cell model that changes week by week, as events.

    Parameters
    ----------
    name
        Of the input.
    values
        (n, D) daily values; None: nothing to set.
    """

    def __init__(self, name: str = "", values: np.ndarray | None = None) -> None:
        self.name, self.values = name, values

    def rows(self, patient: int, from_h: float, until_h: float) -> list[DoseRow]:
        """Events of one patient in [from_h, until_h)."""
        if self.values is None:
            return []
        first, last = int(from_h // 24), int(np.ceil(until_h / 24))
        days = range(first, min(last, self.values.shape[1]), WEEK)
        return [DoseRow(24.0 * d, "set", self.name, float(self.values[patient, d])) for d in days]


def antibodies(regimen) -> tuple[str, ...]:
    """The antibodies of a regimen."""
    return tuple(d for d in regimen.drugs if d in ANTIBODIES)


@dataclass(frozen=True)
class Effect:
    """What the immune part does to the patients of an arm.

    Attributes
    ----------
    kill
        (n, D) further death rate of tumour cells, 1/h; None without an antibody.
    steps
        The interferon that the cells see.
    cells
        Further parameters of the cell model, name to (n,).
    growth
        (n,) factor on the growth of the untreated tumour.
    """

    kill: np.ndarray | None
    steps: InputSteps
    cells: dict[str, np.ndarray]
    growth: np.ndarray


def immune_effect(
    patients, regimen, immune: Immunity | None, days: int, seed: int, uncertain: bool = True
) -> Effect:
    """What antibodies do, and what the arm's hypotheses add.

    Parameters
    ----------
    patients
        n `rpoint.trial.patients.Patients`.
    regimen, days
        What is given, and D days of it.
    immune
        Hypotheses of the arm; None: all off.
    seed
        Of the run.
    uncertain
        Whether each replicate draws its own values of the fitted facts.
    """
    n = len(patients)
    if not antibodies(regimen):
        return Effect(None, InputSteps(), {}, np.ones(n))
    switches = Switches() if immune is None else immune.switches
    kill, ifn = np.empty((n, days)), np.empty((n, days))
    mdm2, growth = np.empty(n), np.empty(n)
    for rows, facts in facts_by_replicate(patients.replicate, seed, uncertain):
        some = patients.take(rows)
        course = immune_course(
            regimen,
            days,
            len(some),
            some.index,
            seed,
            some.pk,
            facts=facts,
            switches=switches,
            mdm2_copies=copies_of("MDM2", some.alterations),
            tumour=some.tumour_type,
        )
        kill[rows], ifn[rows] = course.kill_per_h, course.ifn
        mdm2[rows], growth[rows] = course.mdm2_ifn, course.growth_factor
    steps, cells = InputSteps(), {}
    if switches.IFNG_TO_MDM2:
        steps, cells = InputSteps("in_IFN", ifn), {"MDM2_IFN": mdm2}
    return Effect(kill, steps, cells, growth)


def copies_of(gene: str, alterations) -> np.ndarray:
    """(n,) copies of a gene: what `GENE:cn=N` says, 8 for `amp`, else 2."""
    found = np.full(len(alterations), 2.0)
    for i, texts in enumerate(alterations):
        for text in texts:
            name, _, state = text.partition(":")
            if name == gene and state.startswith("cn="):
                found[i] = float(state[3:])
            elif name == gene and state == "amp":
                found[i] = 8.0
    return found
