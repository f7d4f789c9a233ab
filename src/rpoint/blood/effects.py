"""From a day's concentrations to what the marrow feels: prevented divisions and a death rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rpoint import catalog
from rpoint.blood.parameters import Parameters
from rpoint.blood.people import People
from rpoint.pharmacology.exposure import steady_state_average
from rpoint.pharmacology.pk import DrugModel

# Label dose of each CDK4/6 inhibitor at which its effect is stated: (mg a day, mg a dose).
_LABEL = {
    "palbociclib": (125.0, 125.0),
    "ribociclib": (600.0, 600.0),
    "abemaciclib": (300.0, 150.0),
}
_ALISERTIB = (100.0, 50.0)
MAX_DIVISION = 0.95


@dataclass(frozen=True)
class Effect:
    """How one drug acts on marrow.

    Attributes
    ----------
    kind
        "cdk", "aurora" or "mdm2".
    slope
        Effect per ng/mL, a number or (n,): share of divisions, or Cu/K.
    """

    kind: str
    slope: Any


def effect_of(model: DrugModel, p: Parameters) -> Effect | None:
    """How a drug acts on marrow; None if it is not known to.

    Palbociclib has a published slope.  The others of its class are scaled to their own average
    concentration at the label's dose, by facts `effect_...`.  MDM2 antagonists act through
    c = Cu/K, the same number that drives the tumour's p53, and are scaled by `Parameters.transfer`.
    """
    drug = model.drug
    if drug in _LABEL:
        usual = steady_state_average(model, *_LABEL[drug])
        if drug == "palbociclib":
            return Effect("cdk", p["slope_palbociclib"])
        reference = p["slope_palbociclib"] * _palbociclib_mean()
        return Effect("cdk", reference * p[f"effect_{drug}"] / usual)
    if drug == "alisertib":
        return Effect("aurora", p["effect_alisertib"] / steady_state_average(model, *_ALISERTIB))
    if "c_MDM2" in model.potency:
        per_ng_ml = model.unbound_nM(1.0) / model.potency["c_MDM2"]
        return Effect("mdm2", per_ng_ml * p.transfer(drug))
    return None


def _palbociclib_mean() -> float:
    from rpoint.pharmacology.pk import drug_model

    return steady_state_average(drug_model("palbociclib"), *_LABEL["palbociclib"])


def day_effects(
    means: Mapping[str, np.ndarray],
    effects: Mapping[str, Effect],
    people: People,
    p: Parameters,
) -> tuple[np.ndarray, np.ndarray]:
    """Share of divisions prevented and death rate of sensitive progenitors (1/d), each (n,).

    Parameters
    ----------
    means
        Drug to daily mean total concentrations (n,), ng/mL.
    effects
        Drug to its effect.
    people, p
        Individual and population parameters.
    """
    kept = np.ones(len(people.slope))
    c = np.zeros(len(people.slope))
    for drug, effect in effects.items():
        level = effect.slope * means[drug]
        if effect.kind == "mdm2":
            c += level
        else:
            factor = people.slope if effect.kind == "cdk" else people.aurora
            kept *= 1.0 - np.minimum(level * factor, MAX_DIVISION)
    c *= people.sensitivity
    return 1.0 - kept, p["kill_max"] * c / (c + p["kill_c50"])


def is_cdk_inhibitor(drug: str) -> bool:
    """Whether the neutrophil chain is that of the palbociclib model."""
    return catalog.drug(drug).drug_class == "CDK4/6 inhibitor"
