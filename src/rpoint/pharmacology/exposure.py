"""Concentration over time without a model file: closed forms by the matrix exponential.

Between two doses a linear pharmacokinetic system has the solution exp(A t) x; the doses are summed
exactly.  This is an independent check of the Antimony modules and a quick way to the average, peak
and trough of a regimen.  Nonlinear in time (clearance that falls with the time on the drug) is not
covered and is refused; clearance that depends on the dose is constant between changes of dose and
is covered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from rpoint.errors import RpointError
from rpoint.pharmacology.doses import DoseRow, dose_schedule
from rpoint.pharmacology.pk import E2_IN_TUMOUR_NM, NG_PER_ML, DrugModel, drug_model, states_of
from rpoint.pharmacology.regimen import Regimen, parse


@dataclass(frozen=True)
class Exposure:
    """Average, peak and trough of one drug over a window.

    Attributes
    ----------
    drug, start_h, end_h
        Whose, and over which window.
    average, peak, trough
        Total plasma concentration, ng/mL.
    unbound_nM
        The average, unbound, nM.
    """

    drug: str
    start_h: float
    end_h: float
    average: float
    peak: float
    trough: float
    unbound_nM: float

    def __str__(self) -> str:
        return (
            f"{self.drug}: average {self.average:.4g}, peak {self.peak:.4g}, trough"
            f" {self.trough:.4g} ng/mL; unbound average {self.unbound_nM:.4g} nM"
        )


def rate_matrix(model: DrugModel, clearance_scale: float = 1.0) -> np.ndarray:
    """A of x' = A x for the amounts `states_of(model)`, 1/h.

    Raises
    ------
    RpointError
        If the clearance changes with time, or the drug has no pharmacokinetics.
    """
    if model.structure is None:
        raise RpointError(f"{model.drug} has no pharmacokinetics in the {model.species}")
    if model.time_varying:
        raise RpointError(
            f"the clearance of {model.drug} falls over time: no closed form",
            mend="solve its SBML module instead",
        )
    names, p = states_of(model), model.parameters
    index = {name: i for i, name in enumerate(names)}
    a = np.zeros((len(names), len(names)))

    def flow(source: str, rate: float, target: str | None) -> None:
        a[index[source], index[source]] -= rate
        if target is not None:
            a[index[target], index[source]] += rate

    chain = [name for name in names if name != "periph"]
    for i, (source, target) in enumerate(zip(chain, chain[1:], strict=False)):
        last = i == len(chain) - 2
        use_ka = not model.n_transit or (last and "ka" in p)
        flow(source, p["ka"] if use_ka else p["ktr"], target)
    flow("central", p["CL_F"] * clearance_scale / p["V_F"], None)
    if "periph" in index:
        flow("central", p["Q_F"] / p["V_F"], "periph")
        flow("periph", p["Q_F"] / p["Vp_F"], "central")
    return a


def concentration(
    model: DrugModel, rows: Sequence[DoseRow], t_h: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Total plasma concentration, ng/mL, at ascending times (T,), h; doses at a time count."""
    return _solve(model, rows, np.asarray(t_h, float))[0]


def area(
    model: DrugModel, rows: Sequence[DoseRow], t_h: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Area under the total plasma concentration from 0 to each time, ng/mL h, shape (T,)."""
    return _solve(model, rows, np.asarray(t_h, float))[1]


def _solve(
    model: DrugModel, rows: Sequence[DoseRow], t_h: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Concentration and area at each time, through an augmented linear system.

    The state is (amounts, area of the central amount, infusion rate); the last is constant.
    """
    if t_h.ndim != 1 or np.any(np.diff(t_h) < 0):
        raise RpointError("times ascend", found=t_h[:5].tolist())
    names = states_of(model)
    n = len(names)
    central = names.index("central")
    volume = model.parameters["V_F"]
    system = _Propagator(model, n, central)
    x = np.zeros(n + 2)
    found = np.empty((t_h.size, 2))
    events = [row for row in rows if row.target.startswith(f"{model.id}_")]
    now, k = 0.0, 0
    for i, t in enumerate(t_h.tolist()):
        while k < len(events) and events[k].time_h <= t:
            x = system.step(events[k].time_h - now) @ x
            now = events[k].time_h
            x = _apply(events[k], model, names, x, system)
            k += 1
        x = system.step(t - now) @ x
        now = t
        found[i] = x[central], x[n]
    return found[:, 0] * NG_PER_ML / volume, found[:, 1] * NG_PER_ML / volume


class _Propagator:
    """exp(A dt) of the augmented system, each distinct dt computed once."""

    def __init__(self, model: DrugModel, n: int, central: int) -> None:
        self.model, self.n, self.central = model, n, central
        self.scale(1.0)

    def scale(self, clearance_scale: float) -> None:
        a = np.zeros((self.n + 2, self.n + 2))
        a[: self.n, : self.n] = rate_matrix(self.model, clearance_scale)
        a[self.n, self.central] = 1.0
        a[self.central, self.n + 1] = 1.0
        self.a = a
        self.known: dict[float, np.ndarray] = {}

    def step(self, dt: float) -> np.ndarray:
        if dt not in self.known:
            self.known[dt] = expm(self.a * dt)
        return self.known[dt]


def _apply(
    row: DoseRow, model: DrugModel, names: Sequence[str], x: np.ndarray, system: _Propagator
) -> np.ndarray:
    what = row.target.removeprefix(f"{model.id}_")
    x = x.copy()
    if row.kind == "add":
        x[names.index(what)] += row.value
    elif what == "rate":
        x[-1] = row.value
    elif what == "CL_scale":
        system.scale(row.value)
    return x


def exposure(
    regimen: Regimen | str,
    drug: str,
    window_h: tuple[float, float],
    *,
    species: str = "human",
    weight_kg: float | None = None,
    model: DrugModel | None = None,
    step_h: float = 0.25,
) -> Exposure:
    """Average, peak and trough of one drug of a regimen over a window.

    The average is exact (area over time); peak and trough are taken on a grid of `step_h`.
    """
    if isinstance(regimen, str):
        regimen = parse(regimen)
    start, end = window_h
    model = drug_model(drug, species, weight_kg) if model is None else model
    rows = dose_schedule(
        regimen.only(model.drug),
        end / 168.0,
        species=species,
        weight_kg=weight_kg,
        models={model.drug: model},
    )
    grid = np.linspace(start, end, max(2, round((end - start) / step_h) + 1))
    level, total = _solve(model, rows, grid)
    average = float((total[-1] - total[0]) / (end - start))
    return Exposure(
        drug=model.drug,
        start_h=start,
        end_h=end,
        average=average,
        peak=float(level.max()),
        trough=float(level.min()),
        unbound_nM=model.unbound_nM(average),
    )


def steady_state_average(
    model: DrugModel, mg_per_day: float, dose_mg: float | None = None
) -> float:
    """Average total concentration at steady state, ng/mL: dose rate over clearance.

    `dose_mg`, the single dose, is needed where the clearance depends on it.
    """
    scale = 1.0
    if "CL_dose_exponent" in model.parameters:
        if dose_mg is None:
            raise RpointError(
                f"the clearance of {model.drug} depends on the dose", mend="give dose_mg"
            )
        scale = (dose_mg / model.parameters["CL_dose"]) ** model.parameters["CL_dose_exponent"]
    if model.time_varying:
        scale = math.exp(model.parameters["CL_emax"])
    return mg_per_day / 24.0 / (model.parameters["CL_F"] * scale) * NG_PER_ML


# --- from exposure to the inputs of the cell model --------------------------------------------


def occupancy(unbound_nM: float, k_nM: float) -> float:
    """Share of a site that is bound: Cu / (Cu + K).

    >>> occupancy(10.0, 10.0)
    0.5
    """
    return unbound_nM / (unbound_nM + k_nM)


def metabolite_unbound(model: DrugModel, parent_unbound_nM: float) -> dict[str, float]:
    """Unbound nM of each active metabolite at a parent's unbound nM, at a constant ratio."""
    total = parent_unbound_nM * model.molecular_weight / model.fu
    return {m.name: total * m.ratio * m.fu / m.molecular_weight for m in model.metabolites}


def drug_inputs(model: DrugModel, unbound_nM: float, metabolites: bool = True) -> dict[str, float]:
    """Cu / K of each model input that one drug drives.

    Parameters
    ----------
    model
        The drug's numbers.
    unbound_nM
        The parent's unbound concentration (may be an array).
    metabolites
        Add the active metabolites at their constant ratio to the parent; False for a dish.
    """
    found = {name: unbound_nM / k for name, k in model.potency.items()}
    if metabolites:
        for m in model.metabolites:
            ratio = model.molecular_weight * m.ratio * m.fu / (model.fu * m.molecular_weight)
            for name, k in m.potency.items():
                found[name] = found.get(name, 0.0) + unbound_nM * ratio / k
    return found


def model_inputs(
    unbound_nM: Mapping[str, float],
    *,
    species: str = "human",
    metabolites: bool = True,
    e2_without_drug: float = E2_IN_TUMOUR_NM,
) -> dict[str, float]:
    """The cell model's inputs for the unbound concentrations of some drugs.

    Drugs at one site compete, so their Cu / K add up.  Inhibitors of aromatase lower the
    oestradiol: in_E2 = e2_without_drug / (1 + sum Cu / K).

    Parameters
    ----------
    unbound_nM
        Drug name -> unbound concentration of the parent, nM.
    species, metabolites
        As for `drug_model` and `drug_inputs`.
    e2_without_drug
        in_E2 (nM) without an aromatase inhibitor.

    Returns
    -------
    dict
        c_CDK4, c_CDK6, ..., in_E2, as far as they are driven.
    """
    found: dict[str, float] = {}
    for name, level in unbound_nM.items():
        model = drug_model(name, species)
        for key, c in drug_inputs(model, level, metabolites).items():
            found[key] = found.get(key, 0.0) + c
    if "in_E2" in found:
        found["in_E2"] = e2_without_drug / (1.0 + found["in_E2"])
    return found
