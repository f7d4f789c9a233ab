"""Arms as doses on the pharmacokinetic states that drive the cell model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rpoint.biology import cell_sbml, patient_sbml
from rpoint.engine import Schedule
from rpoint.pharmacology.doses import dose_schedule
from rpoint.pharmacology.exposure import area, drug_inputs
from rpoint.pharmacology.pk import DrugModel, drug_model, sbml_id
from rpoint.pharmacology.regimen import Regimen
from rpoint.tumour.subjects import Subjects

SPECIES = {"patient": "human", "mouse": "mouse"}


@dataclass(frozen=True)
class Dosing:
    """What every subject of every arm receives.

    Attributes
    ----------
    arms
        Name to regimen.
    subjects
        Who.
    hours
        Length of the treatment, h.
    models
        Drug to its pharmacokinetics.
    """

    arms: Mapping[str, Regimen]
    subjects: Subjects
    hours: float
    models: Mapping[str, DrugModel]

    @classmethod
    def of(cls, arms: Mapping[str, Regimen], subjects: Subjects, hours: float) -> Dosing:
        """The dosing of arms; drugs are looked up in the catalogue."""
        species = SPECIES[subjects.host]
        drugs = dict.fromkeys(drug for regimen in arms.values() for drug in regimen.drugs)
        models = {drug: drug_model(drug, species) for drug in drugs}
        return cls(dict(arms), subjects, float(hours), models)

    @property
    def species(self) -> str:
        return SPECIES[self.subjects.host]

    @property
    def weight_kg(self) -> float | None:
        """Body weight for doses per kg; None leaves the mouse's to the pharmacokinetics."""
        return self.subjects.weight_kg if self.species == "human" else None

    @property
    def sbml(self) -> str:
        """The model that these doses act on."""
        return patient_sbml(tuple(self.models), self.species) if self.models else cell_sbml()

    def gives(self, arm: str) -> bool:
        """Whether an arm has any drug."""
        return bool(self.arms[arm].drugs)

    def parameters(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Pharmacokinetic parameters of some subjects, name to (rows,)."""
        return {
            f"{sbml_id(drug)}_{name}": model.kinetic[name] * factor[rows]
            for drug, model in self.models.items()
            for name, factor in self.subjects.pk.get(drug, {}).items()
            if name in model.kinetic
        }

    def schedule(self, arm: str, progression_days: tuple[int, ...] = ()) -> Schedule:
        """Every dose of an arm; subjects differ in how they clear it and when they progress.

        Parameters
        ----------
        arm
            Name.
        progression_days
            Days on which the phases "at progression" begin; a phase without a day is not reached.
        """
        rows = dose_schedule(
            self.arms[arm],
            self.hours / 168.0,
            species=self.species,
            weight_kg=self.weight_kg,
            progression_days=progression_days,
            models=self.models,
        )
        return Schedule(tuple((r.time_h, r.kind, r.target, r.value) for r in rows))


def average_inputs(
    regimen: Regimen,
    *,
    species: str = "human",
    weight_kg: float | None = None,
    from_day: int = 28,
    days: int = 28,
) -> dict[str, float]:
    """Average occupancy numbers of a typical patient over a cycle.

    Parameters
    ----------
    regimen
        One arm.
    species
        "human" or "mouse".
    weight_kg
        For doses per kg.
    from_day, days
        The window, counted from the start; the default is the second cycle of four weeks.

    Returns
    -------
    dict
        Input ("c_CDK4", ...) to sum of Cu / K, metabolites included.  Aromatase inhibitors act on
        the oestradiol level and not on a site: they give "in_E2" as that same sum.
    """
    window = np.array([24.0 * from_day, 24.0 * (from_day + days)])
    found: dict[str, float] = {}
    for drug in regimen.drugs:
        model, only = drug_model(drug, species), regimen
        for other in regimen.drugs:
            only = only if other == drug else only.without(other)
        rows = dose_schedule(
            only,
            window[-1] / 168.0,
            species=species,
            weight_kg=weight_kg,
            models={drug: model},
        )
        level = float(np.diff(area(model, rows, window))[0] / (window[1] - window[0]))
        for name, value in drug_inputs(model, model.unbound_nM(level)).items():
            found[name] = found.get(name, 0.0) + value
    return found
