"""The kinds of entry: drugs, alterations, tumour types, regimens and their parts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ._quantity import ID_PATTERN, UNITS, Entry, Quantity

CELL_INPUTS: tuple[str, ...] = (
    "c_CDK4",
    "c_CDK6",
    "c_MDM2",
    "c_AKT",
    "c_PI3K",
    "c_PI3Kb",
    "c_TOR",
    "c_SERD",
    "c_SERM",
    "c_AURKA",
    "c_MEK",
    "c_RAF",
    "in_E2",
)
HANDLES: tuple[str, ...] = (
    "g_TP53",
    "g_RB1",
    "g_CDKN1A",
    "g_CDKN1B",
    "g_CDK2",
    "g_MDM2",
    "g_MDM4",
    "g_CCND1",
    "g_CCNE",
    "g_CDK4",
    "g_CDK6",
    "g_p16",
    "g_ARF",
    "g_PI3K",
    "g_PTEN",
    "g_RAS",
    "g_BRAF",
    "g_AURKA",
    "g_ESR1",
    "g_ER",
    "g_MYC",
    "in_mitogen",
    "in_E2",
    "in_stress",
)
_ZERO = ("g_p16", "g_ARF", "g_PI3K", "g_PTEN", "g_RAS", "g_BRAF", "g_AURKA", "g_ESR1")
REFERENCE_HANDLES: dict[str, float] = {h: 0.0 if h in _ZERO else 1.0 for h in HANDLES}

# structure -> (needed, allowed besides); every symbol has one unit
PK_STRUCTURES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "oral_1cmt": (("ka", "CL_F", "V_F"), ("F",)),
    "oral_1cmt_lag": (("ka", "lag", "CL_F", "V_F"), ("F",)),
    "oral_2cmt": (
        ("ka", "CL_F", "V_F", "Q_F", "Vp_F"),
        ("lag", "F", "CL_dose_exponent", "CL_dose"),
    ),
    "oral_2cmt_transit": (("ktr", "n_transit", "CL_F", "V_F", "Q_F", "Vp_F"), ("ka", "F")),
    "iv_2cmt": (("CL_F", "V_F", "Q_F", "Vp_F"), ("CL_emax", "CL_t50", "CL_hill")),
    "im_depot": (("ka", "CL_F", "V_F"), ("F",)),
}
PK_UNITS: dict[str, str] = {
    "ka": "1/h",
    "ktr": "1/h",
    "lag": "h",
    "CL_F": "L/h",
    "Q_F": "L/h",
    "V_F": "L",
    "Vp_F": "L",
    "F": "1",
    "n_transit": "1",
    "CL_dose_exponent": "1",
    "CL_dose": "mg",
    "CL_emax": "1",
    "CL_t50": "h",
    "CL_hill": "1",
}
PK_UNITS_PER_KG = {**PK_UNITS, "CL_F": "L/h/kg", "Q_F": "L/h/kg", "V_F": "L/kg", "Vp_F": "L/kg"}

AlterationClass = Literal["cell cycle", "growth signalling", "ER dependence", "p53 axis", "other"]


class Target(Entry):
    """What a drug binds, how it acts there, and how tightly in the test tube."""

    target: str
    mechanism: Literal["inhibit", "degrade", "antagonise", "block"]
    measure: Literal["Kd", "Ki", "IC50", "EC50"]
    value: Quantity


class Drive(Entry):
    """One input of the cell model that a drug drives.

    `potency_cell` is the effective unbound in-cell K: the input is c = Cu / K with Cu the unbound
    concentration.  For `in_E2` the drug blocks the making of oestradiol instead:
    in_E2 = in_E2 without drug / (1 + Cu / K).
    """

    input: Literal[CELL_INPUTS]  # type: ignore[valid-type]
    potency_cell: Quantity


class Metabolite(Entry):
    """An active metabolite, taken as a constant share of the parent's plasma level."""

    name: str
    plasma_ratio: Quantity = Field(description="mass concentration over the parent's, steady state")
    molecular_weight: Quantity
    fu_human: Quantity
    drives: tuple[Drive, ...]


class Pharmacokinetics(Entry):
    """A structure and its typical values; `iiv` holds between-subject CVs (fractions).

    Clearances and volumes are apparent (over F) for doses that are not intravenous: the whole dose
    enters the model, and `F`, where given, is information only.  In a mouse they are per kg.
    `CL_emax`, `CL_t50`, `CL_hill` make the clearance fall over time:
    CL(t) = CL exp(CL_emax t^hill / (t50^hill + t^hill)).  `CL_dose_exponent` scales the clearance
    with (dose / CL_dose)^exponent.
    """

    structure: Literal[tuple(PK_STRUCTURES)]  # type: ignore[valid-type]
    per_kg: bool = False
    parameters: dict[str, Quantity]
    iiv: dict[str, Quantity] = {}
    note: str | None = None

    @model_validator(mode="after")
    def _fits_structure(self) -> Pharmacokinetics:
        needed, optional = PK_STRUCTURES[self.structure]
        missing = [p for p in needed if p not in self.parameters]
        strange = [p for p in self.parameters if p not in needed + optional]
        if missing or strange:
            raise ValueError(f"{self.structure} lacks {missing} or does not know {strange}")
        units = PK_UNITS_PER_KG if self.per_kg else PK_UNITS
        for name, q in self.parameters.items():
            if UNITS[q.unit][0] != UNITS[units[name]][0]:
                raise ValueError(f"{name} needs a unit like {units[name]}, not {q.unit}")
        for name, q in self.iiv.items():
            if name not in self.parameters or UNITS[q.unit][0] != "number":
                raise ValueError(f"iiv of {name!r}: needs a parameter and a fraction")
        return self

    def typical(self) -> dict[str, float]:
        """Typical values in the units of `PK_UNITS` (h, L, mg), per kg for a mouse."""
        units = PK_UNITS_PER_KG if self.per_kg else PK_UNITS
        return {name: q.to(units[name]) for name, q in self.parameters.items()}

    def variability(self) -> dict[str, float]:
        """Between-subject CV of each parameter that has one, a fraction."""
        return {name: q.to("1") for name, q in self.iiv.items()}

    def half_life_h(self) -> float:
        """ln 2 (V + Vp) / CL, h: the terminal half-life when distribution is fast."""
        p = self.typical()
        return 0.6931471805599453 * (p["V_F"] + p.get("Vp_F", 0.0)) / p["CL_F"]


class Regimen(Entry):
    """A regimen in the regimen grammar, with where it comes from."""

    text: str
    setting: Literal["label", "trial", "mouse"]
    source: str
    grade: Literal["read", "secondary", "computed", "inferred", "unverified"]
    note: str | None = None

    def __str__(self) -> str:
        return f"{self.text} [{self.setting}; {self.grade}, {self.source}]"


class Exposure(Entry):
    """A published exposure that the pharmacokinetics of this entry can be checked against."""

    name: str
    regimen: str
    value: Quantity


class Drug(Entry):
    """A drug: targets, cell-model inputs, binding, pharmacokinetics, regimens, conflicts."""

    id: str = Field(pattern=ID_PATTERN.pattern)
    name: str
    aliases: tuple[str, ...]
    drug_class: str = Field(alias="class")
    kind: Literal["small molecule", "antibody"]
    formula: str | None = None
    molecular_weight: Quantity
    targets: tuple[Target, ...]
    drives: tuple[Drive, ...]
    fu_human: Quantity
    fu_mouse: Quantity
    pk_human: Pharmacokinetics | None = None
    pk_mouse: Pharmacokinetics | None = None
    metabolites: tuple[Metabolite, ...]
    regimens: tuple[Regimen, ...]
    exposures: tuple[Exposure, ...]
    conflicts: tuple[str, ...]
    notes: tuple[str, ...]

    def unbound_nM(self, total_ng_per_mL: float, species: str = "human") -> float:
        """Unbound molar concentration of a total plasma concentration.

        Parameters
        ----------
        total_ng_per_mL
            Total plasma concentration, ng/mL (= µg/L).
        species
            "human" or "mouse", for the unbound fraction.
        """
        fu = self.fu_mouse if species == "mouse" else self.fu_human
        return 1000.0 * fu.value * total_ng_per_mL / self.molecular_weight.to("g/mol")

    def occupancy(self, total_ng_per_mL: float, species: str = "human") -> dict[str, float]:
        """Occupancy number c = sum(Cu / K) of each cell input, active metabolites added.

        Metabolites bind the same site, so their Cu / K add up; their levels follow the parent's
        (an assumption of the catalogue), their binding in plasma is the human one in both species.
        """
        parent = self.unbound_nM(total_ng_per_mL, species)
        found = {d.input: parent / d.potency_cell.value for d in self.drives}
        for m in self.metabolites:
            level = total_ng_per_mL * m.plasma_ratio.value
            unbound = 1000.0 * m.fu_human.value * level / m.molecular_weight.to("g/mol")
            for d in m.drives:
                found[d.input] = found.get(d.input, 0.0) + unbound / d.potency_cell.value
        return found

    def label_regimen(self) -> Regimen | None:
        """The first label regimen, else the first trial regimen, else None."""
        for setting in ("label", "trial"):
            for regimen in self.regimens:
                if regimen.setting == setting:
                    return regimen
        return None

    def __str__(self) -> str:
        inputs = ", ".join(d.input for d in self.drives) or "no cell input"
        human = self.pk_human.structure if self.pk_human else "no human PK"
        return f"{self.id}: {self.drug_class}; drives {inputs}; {human}"

    def __repr__(self) -> str:
        return f"<Drug {self}>"


class Effect(Entry):
    """What an alteration does to one handle of the cell model.

    set: the handle takes the value.  multiply: it is multiplied.  raise: it becomes at least the
    value (two drives of one pathway do not add).
    """

    handle: Literal[HANDLES]  # type: ignore[valid-type]
    operation: Literal["set", "multiply", "raise"]
    value: Quantity

    def apply(self, present: float, value: float | None = None) -> float:
        """The handle's new value; `value` replaces the catalogue's typical one."""
        v = self.value.value if value is None else value
        if self.operation == "set":
            return v
        return present * v if self.operation == "multiply" else max(present, v)


class Counts(Entry):
    """How often an alteration was seen: `of` against `n`, in a group of tumours."""

    group: str
    altered: Quantity
    of: Quantity

    def fraction(self) -> float:
        return self.altered.value / self.of.value


class Alteration(Entry):
    """A gene in a state: class, effects on the cell model, counts, matched drugs."""

    id: str
    gene: str
    state: str
    alteration_class: AlterationClass = Field(alias="class")
    effects: tuple[Effect, ...]
    matched_drugs: tuple[str, ...]
    counts: tuple[Counts, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(f"{e.handle} {e.operation} {e.value.value:g}" for e in self.effects)
        return f"{self.id}: {self.alteration_class}; {shown or 'no effect on the cell model'}"

    def __repr__(self) -> str:
        return f"<Alteration {self}>"


class Frequency(Entry):
    """How often a tumour type carries an alteration (a fraction or counts)."""

    alteration: str
    cohort: str
    value: Quantity


class Growth(Entry):
    """One growth measure of a tumour type."""

    measure: Literal[
        "doubling_time_patient",
        "pdx_growth_rate",
        "pdx_growth_rate_between_models_sd",
        "pdx_start_volume",
    ]
    value: Quantity


class TumourType(Entry):
    """A tumour type: default handles, alteration frequencies, growth."""

    id: str = Field(pattern=ID_PATTERN.pattern)
    name: str
    aliases: tuple[str, ...]
    defaults: tuple[str, ...] = Field(description="alterations that the type carries by default")
    handles: tuple[Effect, ...]
    frequencies: tuple[Frequency, ...]
    growth: tuple[Growth, ...]
    notes: tuple[str, ...]

    def frequency(self, alteration: str, cohort: str | None = None) -> Frequency | None:
        """The first frequency of an alteration (in a cohort), or None."""
        for f in self.frequencies:
            if f.alteration == alteration and cohort in (None, f.cohort):
                return f
        return None

    def __str__(self) -> str:
        shown = ", ".join(f"{e.handle} {e.value.value:g}" for e in self.handles)
        return f"{self.id}: {self.name}; {shown or 'the reference cell'}"

    def __repr__(self) -> str:
        return f"<TumourType {self}>"
