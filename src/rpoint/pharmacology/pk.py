"""Pharmacokinetics: the Antimony text of each drug, and a regimen as events on its states.

States are amounts in mg, times h, volumes L, so that what a state receives is what was ordered.
For a drug with id ``x`` (characters other than letters, digits and ``_`` become ``_``) the module
has

* ``x_gut`` (absorption site: gut, muscle, skin or peritoneum), ``x_transit1 ...``, ``x_central``,
  ``x_periph``: amounts;
* ``x_ka``, ``x_CL_F``, ``x_V_F``, ``x_Q_F``, ``x_Vp_F``, ``x_ktr``, ``x_fu``, ``x_MW``: the
  catalogue's parameters under the catalogue's names (so between-subject variability applies by
  name);
* ``x_C`` total plasma concentration, ng/mL; ``x_Cu`` unbound concentration, nM; and for each active
  metabolite ``x_m_Cu``, a constant ratio to the parent;
* inputs that doses set: ``x_rate`` (mg/h, infusions), ``x_medium`` (nM, a constant unbound
  concentration in a dish), ``x_CL_scale`` (clearance factor by dose), ``x_on`` (1 after the first
  dose).

Lag times are no equation: a dose is shifted by its lag, exactly.  Unbound concentration in the
tumour is taken to be that in plasma (Kp,uu = 1, an assumption).

Not modelled: enterohepatic recirculation, food, zero-order absorption, the change of clearance of
capivasertib, ipatasertib and pembrolizumab over time; where the catalogue gives the three constants
of a time-dependent clearance (CL_emax, CL_t50, CL_hill) it is modelled.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rpoint.errors import RpointError

if TYPE_CHECKING:
    from rpoint.catalog import Drug

MOUSE_WEIGHT_KG = 0.022
#: Oestradiol in a tumour without an aromatase inhibitor, nM: levels in tumours of postmenopausal
#: women are near 0.3-1 nM, well above plasma (grade: unverified, carried as a round number).
E2_IN_TUMOUR_NM = 0.3
NG_PER_ML = 1e3  # ng/mL in one mg/L
NM_MG_PER_L = 1e6  # nM times g/mol in one mg/L
_CLOCK_START_H = 1e-6  # keeps powers of the time on drug differentiable at zero
_SUFFIXES_PER_KG = ("CL_F", "V_F", "Q_F", "Vp_F")


@dataclass(frozen=True)
class Metabolite:
    """An active metabolite that follows its parent: ratio of mass concentrations, fu, g/mol."""

    name: str
    ratio: float
    fu: float
    molecular_weight: float
    potency: Mapping[str, float]


@dataclass(frozen=True)
class DrugModel:
    """Plain numbers of one drug in one species: what the text and the closed forms are made of.

    Attributes
    ----------
    drug, species
        Catalogue id; 'human' or 'mouse'.
    structure
        One of `rpoint.catalog.PK_STRUCTURES`, or None: constant concentrations only.
    parameters
        Typical values, h, L, L/h, for the whole body (mouse: for the body weight given).
    fu, molecular_weight
        Fraction unbound in plasma; g/mol.
    metabolites
        Active metabolites.
    potency
        Model input (c_CDK4, ..., in_E2) -> unbound concentration K, nM, in c = Cu / K.
    """

    drug: str
    species: str
    structure: str | None
    parameters: Mapping[str, float]
    fu: float
    molecular_weight: float
    metabolites: tuple[Metabolite, ...]
    potency: Mapping[str, float]

    @property
    def id(self) -> str:
        """The id as it stands in SBML."""
        return sbml_id(self.drug)

    @property
    def n_transit(self) -> int:
        return round(self.parameters.get("n_transit", 0.0))

    @property
    def kinetic(self) -> dict[str, float]:
        """The parameters that stand in equations (lag and dose scaling act on the doses)."""
        data = ("lag", "n_transit", "F", "CL_dose", "CL_dose_exponent")
        return {name: value for name, value in self.parameters.items() if name not in data}

    @property
    def time_varying(self) -> bool:
        return "CL_emax" in self.parameters

    def unbound_nM(self, ng_per_ml: float) -> float:
        """Unbound nM of a total plasma concentration in ng/mL: Cu = 1000 fu C / MW."""
        return NM_MG_PER_L / NG_PER_ML * self.fu * ng_per_ml / self.molecular_weight


@cache
def sbml_id(name: str) -> str:
    """A name as an SBML id.

    >>> sbml_id("nutlin-3a")
    'nutlin_3a'
    """
    made = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)
    return made if made[:1].isalpha() else "d_" + made


def drug_model(
    drug: str | Drug, species: str = "human", weight_kg: float | None = None
) -> DrugModel:
    """The numbers of a catalogue drug in one species.

    Parameters
    ----------
    drug
        Name, or catalogue entry.
    species
        'human' or 'mouse'.
    weight_kg
        Body weight of the mouse (default 0.022 kg), by which its per-kg values are multiplied; the
        human values are those of a typical patient whatever the weight.

    Raises
    ------
    RpointError
        Unknown drug or species.
    """
    if species not in ("human", "mouse"):
        raise RpointError(f"unknown species {species!r}", allowed="human, mouse")
    if isinstance(drug, str):
        from rpoint import catalog

        drug = catalog.drug(drug)
    pk = drug.pk_human if species == "human" else drug.pk_mouse
    fu = (drug.fu_human if species == "human" else drug.fu_mouse).to("1")
    values = {} if pk is None else dict(pk.typical())
    if pk is not None and pk.per_kg:
        weight = MOUSE_WEIGHT_KG if weight_kg is None else weight_kg
        values |= {n: v * weight for n, v in values.items() if n in _SUFFIXES_PER_KG}
    return DrugModel(
        drug=drug.id,
        species=species,
        structure=None if pk is None else pk.structure,
        parameters=values,
        fu=fu,
        molecular_weight=drug.molecular_weight.to("g/mol"),
        metabolites=tuple(
            Metabolite(
                sbml_id(m.name),
                m.plasma_ratio.to("1"),
                m.fu_human.to("1"),
                m.molecular_weight.to("g/mol"),
                {d.input: d.potency_cell.to("nM") for d in m.drives},
            )
            for m in drug.metabolites
        ),
        potency={d.input: d.potency_cell.to("nM") for d in drug.drives},
    )


# --- Antimony -------------------------------------------------------------------------------------


def module_lines(model: DrugModel) -> list[str]:
    """The Antimony statements of one drug, to stand inside a model with a compartment `body`."""
    x = model.id
    lines = [
        f"// {model.drug}, {model.species}: {model.structure or 'constant concentration only'}"
    ]
    if model.structure is not None:
        lines += _states(model) + _reactions(model) + _clearance(model)
        lines += [f"{x}_{name} = {value!r};" for name, value in model.kinetic.items()]
        lines.append(f"{x}_C := {NG_PER_ML!r}*{x}_central/{x}_V_F;")
        plasma = f"{NM_MG_PER_L!r}*{x}_fu*{x}_central/({x}_MW*{x}_V_F) + "
    else:
        plasma = ""
    lines.append(f"{x}_fu = {model.fu!r}; {x}_MW = {model.molecular_weight!r}; {x}_medium = 0;")
    lines.append(f"{x}_Cu := {plasma}{x}_medium;")
    for m in model.metabolites if model.structure is not None else ():
        y = f"{x}_{m.name}"
        lines.append(
            f"{y}_ratio = {m.ratio!r}; {y}_fu = {m.fu!r}; {y}_MW = {m.molecular_weight!r};"
        )
        lines.append(f"{y}_Cu := {NM_MG_PER_L!r}*{y}_fu*{y}_ratio*{x}_central/({y}_MW*{x}_V_F);")
    return lines


def _states(model: DrugModel) -> list[str]:
    """Declarations of the amounts."""
    names = [f"{model.id}_{state}" for state in states_of(model)]
    return [
        f"substanceOnly species {', '.join(f'{n} in body' for n in names)};",
        *(f"{name} = 0;" for name in names),
    ]


def states_of(model: DrugModel) -> list[str]:
    """Names of the amounts, without the drug's id, from the absorption site on."""
    structure = model.structure or ""
    absorbed = [] if structure.startswith("iv") else ["gut"]
    transit = [f"transit{i + 1}" for i in range(model.n_transit)]
    periph = ["periph"] if "Vp_F" in model.parameters else []
    return absorbed + transit + ["central", *periph] if structure else []


def _reactions(model: DrugModel) -> list[str]:
    """Absorption, exchange, infusion; every flow leaves one amount and enters another."""
    x = model.id
    chain = [s for s in states_of(model) if s != "periph"]
    rates = ["ktr" if model.n_transit else "ka"] * (len(chain) - 1)
    if model.n_transit and "ka" in model.parameters:
        rates[-1] = "ka"
    lines = [
        f"{x}_J_{a}: {x}_{a} -> {x}_{b}; {x}_{k}*{x}_{a};"
        for a, b, k in zip(chain, chain[1:], rates, strict=False)
    ]
    if "Vp_F" in model.parameters:
        lines += [
            f"{x}_J_out: {x}_central -> {x}_periph; {x}_Q_F*{x}_central/{x}_V_F;",
            f"{x}_J_in: {x}_periph -> {x}_central; {x}_Q_F*{x}_periph/{x}_Vp_F;",
        ]
    if (model.structure or "").startswith("iv"):
        lines += [f"{x}_rate = 0;", f"{x}_J_infusion: -> {x}_central; {x}_rate;"]
    return lines


def _clearance(model: DrugModel) -> list[str]:
    """Elimination; its clearance may fall with the dose or with the time on the drug."""
    x, clearance, lines = model.id, f"{model.id}_CL_F", []
    if "CL_dose_exponent" in model.parameters:
        lines.append(f"{x}_CL_scale = 1;")
        clearance += f"*{x}_CL_scale"
    if model.time_varying:
        lines += [
            f"{x}_on = 0; {x}_clock = {_CLOCK_START_H!r}; {x}_clock' = {x}_on;",
            f"{x}_CL_time := exp({x}_CL_emax*{x}_clock^{x}_CL_hill"
            f"/({x}_CL_t50^{x}_CL_hill + {x}_clock^{x}_CL_hill));",
        ]
        clearance += f"*{x}_CL_time"
    return [*lines, f"{x}_J_elimination: {x}_central -> ; {clearance}*{x}_central/{x}_V_F;"]


def input_lines(
    models: Sequence[DrugModel], e2_without_drug: float = E2_IN_TUMOUR_NM
) -> list[str]:
    """Antimony rules for the cell model's inputs: c = sum of Cu / K over drugs and metabolites.

    Drugs (and metabolites) that bind one site compete for it, so their Cu / K add up.  Aromatase
    inhibitors lower the oestradiol: in_E2 = e2_without_drug / (1 + sum Cu / K).  Parameters:
    ``x_K_CDK4`` for input ``c_CDK4`` of drug ``x``, ``x_m_K_CDK4`` for its metabolite ``m``.
    """
    terms: dict[str, list[str]] = {}
    lines = []
    for model in models:
        sources = [(model.id, model.potency)]
        if model.structure is not None:
            sources += [(f"{model.id}_{m.name}", m.potency) for m in model.metabolites]
        for prefix, potency in sources:
            for name, k in potency.items():
                symbol = f"{prefix}_K_{name.split('_', 1)[1]}"
                lines.append(f"{symbol} = {k!r};")
                terms.setdefault(name, []).append(f"{prefix}_Cu/{symbol}")
    for name, parts in terms.items():
        total = " + ".join(parts)
        if name == "in_E2":
            lines += [f"E2_without_drug = {e2_without_drug!r};"]
            total = f"E2_without_drug/(1 + {total})"
        lines.append(f"{name} := {total};")
    return lines


def antimony_text(
    drugs: Iterable[str | Drug],
    species: str = "human",
    weight_kg: float | None = None,
    *,
    inputs: bool = False,
    name: str = "pharmacokinetics",
) -> str:
    """A whole Antimony model of the pharmacokinetics of some drugs.

    Parameters
    ----------
    drugs
        Names or catalogue entries.
    species, weight_kg
        As for `drug_model`.
    inputs
        Add the rules of `input_lines`.
    name
        The model's name.
    """
    models = [drug_model(drug, species, weight_kg) for drug in drugs]
    lines = ["compartment body = 1;"]
    for model in models:
        lines += module_lines(model)
    if inputs:
        lines += input_lines(models)
    body = "\n".join("  " + line for line in lines)
    return f"model {name}()\n{body}\nend\n"


def terminal_half_life_h(model: DrugModel) -> float:
    """ln 2 over the smallest rate of the linear system, h."""
    import numpy as np

    from rpoint.pharmacology.exposure import rate_matrix

    rates = -np.linalg.eigvals(rate_matrix(model)).real
    return math.log(2.0) / float(rates.min())
