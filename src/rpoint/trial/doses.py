"""Drugs on the cells of a trial: which act, with which parameters, in which doses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rpoint.pharmacology.doses import DoseRow, dose_rows
from rpoint.pharmacology.pk import DrugModel, drug_model, sbml_id
from rpoint.pharmacology.regimen import Regimen

CYCLE_D, DAY_H = 28, 24.0
SAME_H = 1e-6

if TYPE_CHECKING:
    from rpoint.blood import Nominal, Taken


def acting(regimen: Regimen) -> dict[str, DrugModel]:
    """The drugs of a regimen that act on the cells, with their pharmacokinetics."""
    models = {drug: drug_model(drug, "human") for drug in regimen.drugs}
    return {d: m for d, m in models.items() if m.potency and m.structure is not None}


def cell_parameters(
    models: Mapping[str, DrugModel],
    pk: Mapping[str, Mapping[str, np.ndarray]],
    effect: Mapping[str, np.ndarray | float],
    who: np.ndarray,
) -> dict[str, np.ndarray]:
    """Parameters of the engine's model that differ between patients.

    Parameters
    ----------
    models
        Drug to its pharmacokinetics.
    pk
        Drug -> {parameter: (n,) factor on its typical value}.
    effect
        Drug -> (n,) factor on its effect at a given level, or one for all; 1 without an entry.
    who
        (R,) patient of every row of cells.

    Returns
    -------
    dict
        Name -> (R,): pharmacokinetic parameters, and the half-effect concentrations of drugs and
        metabolites, divided by the effect.
    """
    found: dict[str, np.ndarray] = {}
    for drug, model in models.items():
        for name, factor in pk.get(drug, {}).items():
            if name in model.kinetic:
                found[f"{sbml_id(drug)}_{name}"] = model.kinetic[name] * factor[who]
        own = np.asarray(effect.get(drug, 1.0), float)
        by = own[who] if own.ndim else np.full(len(who), float(own))
        sources = [(model.id, model.potency)]
        sources += [(f"{model.id}_{m.name}", m.potency) for m in model.metabolites]
        for prefix, potency in sources:
            for name, k in potency.items():
                found[f"{prefix}_K_{name.split('_', 1)[1]}"] = k / by
    return found


class Doses:
    """All doses of the patients of one arm.

    Parameters
    ----------
    nominal
        Drug to the doses of the regimen (route and length of every dose).
    taken
        Drug to what each patient took of them.
    models
        Drug to its pharmacokinetics; drugs without an entry do not act on the cells.
    """

    def __init__(
        self,
        nominal: Mapping[str, Nominal],
        taken: Mapping[str, Taken],
        models: Mapping[str, DrugModel],
    ) -> None:
        self.nominal, self.taken, self.models = nominal, taken, models

    def steady(self, patient: int, first_day: int, days: int) -> bool:
        """Whether the doses of some days repeat those of the two cycles before them.

        A cycle has `CYCLE_D` days; `days` must be a multiple of it.
        """
        if first_day < 2 * CYCLE_D or days % CYCLE_D:
            return False
        begin, end = DAY_H * (first_day - 2 * CYCLE_D), DAY_H * (first_day + days)
        blocks = days // CYCLE_D + 2
        for drug in self.models:
            time, mg = self.taken[drug].time_h[patient], self.taken[drug].mg[patient]
            inside = (mg > 0) & (time >= begin) & (time < end)
            count, rest = divmod(int(inside.sum()), blocks)
            if rest:
                return False
            since = (time[inside] - begin).reshape(blocks, count)
            since = since - DAY_H * CYCLE_D * np.arange(blocks)[:, None]
            amount = mg[inside].reshape(blocks, count)
            if (np.abs(since - since[0]) > SAME_H).any() or (amount != amount[0]).any():
                return False
        return True

    def rows(self, patient: int, from_h: float, until_h: float) -> list[DoseRow]:
        """Events of one patient in [from_h, until_h), ascending.

        A dose belongs to the time at which it enters (its lag included), so that no event is lost
        or given twice where two stages meet.
        """
        found: list[DoseRow] = []
        for drug, model in self.models.items():
            taken, nominal = self.taken[drug], self.nominal[drug]
            time, mg = taken.time_h[patient], taken.mg[patient]
            lag = model.parameters.get("lag", 0.0)
            given = (mg > 0) & (time + lag >= from_h) & (time + lag < until_h)
            if not given.any():
                continue
            k = np.flatnonzero(given)
            before = bool(((mg > 0) & (time + lag < from_h)).any())
            found += dose_rows(
                model,
                time[k].tolist(),
                mg[k].tolist(),
                [nominal.route[i] for i in k],
                nominal.duration_h[k].tolist(),
                begun=before,
            )
        found.sort(key=lambda row: row.time_h)
        return found
