"""`Setup`: one cell and its treatment, by name, so that equal requests are run once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from rpoint import catalog
from rpoint.biology import contexts, exposures
from rpoint.catalog._yaml import parse
from rpoint.errors import unknown_name
from rpoint.tumour.cells import Condition

# Days after the start of treatment that every run records.
DAYS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 7.0, 14.0, 21.0)
LONG_DAYS = (0.0, 7.0, 14.0, 21.0, 28.0, 42.0, 56.0)

# Cooperativity of drug and CIP on the cyclin D dimers: the published rival hypotheses.
_CIP = ("alpha_4_p21", "alpha_4_p27", "alpha_6_p21", "alpha_6_p27")
ALPHAS: dict[str, dict[str, float]] = {
    "1": {},
    "3": dict.fromkeys(_CIP, 3.0),
    "10": dict.fromkeys(_CIP, 10.0),
    "100": dict.fromkeys(_CIP, 100.0),
    "expulsion": {"alpha_4_p21": 100.0},
}
# The model with neither RB-dependent transcription of cyclin D1 nor stabilisation by the drug.
IDLE = {"RB_CycD": 0.0, "drug_stabilisation": 1.0}


@cache
def matrix_data() -> dict[str, Any]:
    """Genotypes, treatments and signs of the intervention matrix, as in matrix.yaml."""
    name = "matrix.yaml"
    return parse((files("rpoint.evidence") / name).read_text(encoding="utf-8"), name)


# Genotypes that only single experiments use, beside those of the matrix.
_MORE_GENOTYPES: dict[str, dict[str, Any]] = {
    "CDKN1B-null": {"set": {"g_CDKN1B": 0.0}},
    "MDM2 absent": {"set": {"g_MDM2": 0.0}},
}


def genotype(name: str) -> dict[str, Any]:
    """Handles of a genotype; several are joined with ' & '.

    A part is a genotype of the matrix or an alteration of the catalogue, such as "ERBB2:amp".

    Raises
    ------
    RpointError
        For an unknown genotype.
    """
    known = {**matrix_data()["genotypes"], **_MORE_GENOTYPES}
    joined: dict[str, Any] = {"set": {}, "clamp": ()}
    for part in name.split(" & "):
        if ":" in part:
            joined["set"].update(catalog.genotype(altered=[part]))
            continue
        if part not in known:
            raise unknown_name("genotype", part, known)
        joined["set"].update(known[part]["set"])
        joined["clamp"] += tuple(known[part].get("clamp", ()))
    return joined


def treatment(name: str, exposure: float = 1.0) -> dict[str, float]:
    """Occupancies of a treatment such as ``"CDK4/6i + AKTi"``.

    Parameters
    ----------
    name
        "vehicle", or reference exposures joined with ' + '.
    exposure
        Factor on the first drug named; the others stay at clinical exposure.
    """
    doses: dict[str, float] = {}
    if name == "vehicle":
        return doses
    for position, drug in enumerate(name.split(" + ")):
        if drug not in exposures():
            raise unknown_name("reference treatment", drug, ["vehicle", *exposures()])
        factor = exposure if position == 0 else 1.0
        doses.update({handle: level * factor for handle, level in exposures()[drug].items()})
    return doses


@dataclass(frozen=True)
class Setup:
    """A cell, what is done to it and in which variant of the model.

    Parameters
    ----------
    treatment
        "vehicle" or reference treatments joined with ' + '.
    genotype
        Genotypes of the matrix joined with ' & '.
    context
        Which cell: "reference", "MCF7", "T47D", "melanoma_resistant", ...
    exposure
        Factor on the exposure to the first drug.
    alpha
        Key of `ALPHAS`.
    idle
        Take away the two causes of the rise of cyclin D1.
    clamp
        Nodes held at their own untreated level from the start of treatment.
    with_
        Handles, inputs or parameters set from the start, as (name, value).
    dose
        Further occupancies, as (name, value), added to the treatment.
    scale
        Factors on parameters, as (name, factor).
    days
        Length of treatment.
    """

    treatment: str = "vehicle"
    genotype: str = "wild type"
    context: str = "reference"
    exposure: float = 1.0
    alpha: str = "1"
    idle: bool = False
    clamp: tuple[str, ...] = ()
    with_: tuple[tuple[str, float], ...] = ()
    dose: tuple[tuple[str, float], ...] = ()
    scale: tuple[tuple[str, float], ...] = ()
    days: float = DAYS[-1]

    def but(self, **changes: Any) -> Setup:
        """The same with some fields changed."""
        return replace(self, **changes)

    @property
    def name(self) -> str:
        """A unique and readable name."""
        parts = [self.context, self.genotype, self.treatment]
        if self.exposure != 1.0:
            parts.append(f"exposure x{self.exposure:g}")
        if self.alpha != "1":
            parts.append(f"alpha {self.alpha}")
        if self.idle:
            parts.append("no cyclin D1 feedback")
        parts += [f"{node} clamped" for node in self.clamp]
        parts += [f"{key}={value:g}" for key, value in (*self.with_, *self.dose)]
        parts += [f"{key} x{factor:g}" for key, factor in self.scale]
        if self.days != DAYS[-1]:
            parts.append(f"{self.days:g} d")
        return " | ".join(parts)

    def condition(self) -> Condition:
        """What the cell runner needs."""
        cell = genotype(self.genotype)
        nodes = dict.fromkeys((*cell["clamp"], *self.clamp), "vehicle")
        start = {**cell["set"], **dict(self.with_), **(IDLE if self.idle else {})}
        given = {**treatment(self.treatment, self.exposure), **dict(self.dose)}
        given.update(ALPHAS[self.alpha])
        return Condition(
            self.name,
            context=self.context,
            genotype=start,
            treatment=given,
            scale=dict(self.scale),
            clamp=nodes,
            days=self.days,
        )


def contexts_known() -> list[str]:
    """Names of the cell contexts."""
    return list(contexts())
