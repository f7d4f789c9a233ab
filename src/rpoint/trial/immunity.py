"""Antibodies against PD-1 and PD-L1 in a trial: what they give the cells and bodies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.immune import Switches, immune_course
from rpoint.pharmacology.doses import DoseRow

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


def immune_effect(patients, regimen, immune: Immunity | None, days: int, seed: int) -> Effect:
    """What antibodies do, and what the arm's hypotheses add."""
    n = len(patients)
    if not antibodies(regimen):
        return Effect(None, InputSteps(), {}, np.ones(n))
    switches = Switches() if immune is None else immune.switches
    course = immune_course(
        regimen,
        days,
        n,
        patients.index,
        seed,
        patients.pk,
        switches=switches,
        mdm2_copies=copies_of("MDM2", patients.alterations),
        tumour=str(patients.tumour_type[0]) if len(set(patients.tumour_type)) == 1 else None,
    )
    steps, cells = InputSteps(), {}
    if switches.IFNG_TO_MDM2:
        steps = InputSteps("in_IFN", course.ifn)
        cells = {"MDM2_IFN": np.full(n, float(course.mdm2_ifn))}
    return Effect(course.kill_per_h, steps, cells, np.asarray(course.growth_factor, float))


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
