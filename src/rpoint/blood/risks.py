"""Labelled risks that are no blood count: first events of grade 3 or worse, linked to exposure.

The hazard of a day is

    h = -ln(1 - incidence) exp(-t / onset) / onset * (concentration of the day / usual mean)

with t the days since the first dose, so that at the usual exposure the published share of patients
has the event, most of them early, and holds and reductions lower the risk.  Incidences are put in
from labels and trials: they are no predictions.  Only the first event of each term is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from rpoint.facts import Fact
from rpoint.pharmacology.exposure import steady_state_average
from rpoint.pharmacology.pk import DrugModel
from rpoint.streams import uniforms

if TYPE_CHECKING:
    from rpoint.blood.parameters import Parameters


@dataclass(frozen=True)
class Risk:
    """One labelled risk of one drug.

    Attributes
    ----------
    drug, term, dose
        Whose, what, and at which dose it was observed.
    per_day_mg, dose_mg
        That dose as an average over days, and the single dose.
    incidence, onset, duration, grade4
        Share of patients; mean day; days; share of the events that are of grade 4.
    """

    drug: str
    term: str
    dose: str
    per_day_mg: float
    dose_mg: float
    incidence: Fact
    onset: Fact
    duration: Fact
    grade4: Fact


@cache
def risks() -> dict[str, tuple[Risk, ...]]:
    """Every labelled risk, by drug."""
    text = (files("rpoint.blood") / "risks.yaml").read_text(encoding="utf-8")
    return {drug: _of(drug, row) for drug, row in YAML(typ="safe", pure=True).load(text).items()}


def _of(drug: str, row: dict) -> tuple[Risk, ...]:
    found = []
    for term, numbers in row["terms"].items():
        made = {
            key: Fact(name=f"{drug} {term} {key}", **{**one, "range": tuple(one["range"])})
            for key, one in numbers.items()
        }
        found.append(Risk(drug, term, row["dose"], row["per_day_mg"], row["dose_mg"], **made))
    return tuple(found)


@cache
def risk_facts() -> dict[str, Fact]:
    """Every number of every labelled risk, by its name: "DRUG TERM incidence" and so on."""
    return {
        one.name: one
        for own in risks().values()
        for r in own
        for one in (r.incidence, r.onset, r.duration, r.grade4)
    }


def risk_table() -> pd.DataFrame:
    """One row per labelled risk: drug, dose, term, incidence (%), its range, source and grade."""
    rows = [
        {
            "drug": r.drug,
            "dose": r.dose,
            "term": r.term,
            "percent": 100.0 * r.incidence.value,
            "low": 100.0 * r.incidence.range[0],
            "high": 100.0 * r.incidence.range[1],
            "onset_d": r.onset.value,
            "grade": r.incidence.grade,
            "source": r.incidence.source,
        }
        for own in risks().values()
        for r in own
    ]
    return pd.DataFrame(rows)


class RiskClock:
    """The accumulated hazard of one labelled risk in n patients.

    Parameters
    ----------
    risk, model
        What and whose.
    p
        Population parameters.
    u
        (n, 3) uniform numbers.
    """

    def __init__(self, risk: Risk, model: DrugModel, p: Parameters, u: np.ndarray) -> None:
        self.risk = risk

        def value(one: Fact) -> np.ndarray:
            return np.broadcast_to(np.asarray(p[one.name], float), (len(u),))

        self.total = -np.log1p(-value(risk.incidence))
        self.onset = value(risk.onset)
        self.usual = steady_state_average(model, risk.per_day_mg, risk.dose_mg)
        self.limit = -np.log1p(-u[:, 0])
        self.grade = np.where(u[:, 1] < value(risk.grade4), 4, 3)
        self.duration = np.maximum(1, np.rint(-np.log1p(-u[:, 2]) * value(risk.duration)))
        self.reached = np.zeros(len(u))
        self.begun = np.zeros(len(u))
        self.over = np.zeros(len(u), bool)

    def day(self, mean: np.ndarray) -> np.ndarray:
        """Add a day at a mean concentration (n,), ng/mL; rows whose first event falls on it."""
        on = (self.begun > 0) | (mean > 0)
        weight = np.exp(-self.begun / self.onset) / self.onset
        self.reached += self.total * weight * mean / self.usual
        self.begun += on
        new = ~self.over & (self.reached >= self.limit)
        self.over |= new
        return np.flatnonzero(new)


def risk_clocks(model: DrugModel, p: Parameters, seed: int, index: np.ndarray) -> list[RiskClock]:
    """The clocks of all labelled risks of one drug; one stream a patient and drug."""
    own = risks().get(model.drug, ())
    if not own:
        return []
    u = uniforms(seed, f"blood: events of {model.drug}", index, 3 * len(own))
    return [RiskClock(r, model, p, u[:, 3 * k : 3 * k + 3]) for k, r in enumerate(own)]
