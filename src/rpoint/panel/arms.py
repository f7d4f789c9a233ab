"""Arms of a panel: drugs as axes of exposure, and how much of each an arm reaches.

An axis is what a drug does to the inputs of the cell model per unit of its first one ("c_CDK4": 1,
"c_CDK6": 0.26); drugs with the same axis share their curves.  Exposure is constant: the average of
a regimen in a mouse (from the catalogue's kinetics), or a concentration in a dish.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.tumour.dosing import average_inputs

#: Target class of a drug, by the first input that it drives.
CLASS_OF = {
    "c_CDK4": "CDK4/6",
    "c_CDK6": "CDK4/6",
    "c_MDM2": "MDM2",
    "c_AKT": "AKT",
    "c_PI3K": "PI3K",
    "c_PI3Kb": "PI3K",
    "c_TOR": "mTOR",
    "c_AURKA": "AURKA",
    "c_MEK": "MEK",
    "c_RAF": "RAF",
    "c_SERD": "ER",
    "c_SERM": "ER",
}
CLASSES = tuple(dict.fromkeys(CLASS_OF.values()))
Axis = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Part:
    """One drug of an arm.

    Attributes
    ----------
    drug
        Id in the catalogue.
    axis
        Input of the cell model -> amount per unit of exposure.
    exposure
        Occupancy number c = Cu / K of the first input, average over a cycle; NaN for a dish.
    """

    drug: str
    axis: Axis
    exposure: float

    @property
    def target(self) -> str:
        """Target class."""
        return CLASS_OF[self.axis[0][0]]


@dataclass(frozen=True)
class Arm:
    """A treatment of a panel.

    Attributes
    ----------
    name
        As the user wrote it.
    parts
        Its drugs.
    regimen
        The regimen in a mouse; None for a dish.
    assumed
        The doses are the catalogue's, not the user's.
    """

    name: str
    parts: tuple[Part, ...]
    regimen: Regimen | None = None
    assumed: bool = False


    @property
    def together(self) -> str | None:
        """Coefficient of the exposures of its drugs together; None for a single drug."""
        drugs = sorted(part.drug for part in self.parts)
        return f"together:{'+'.join(drugs)}" if len(drugs) > 1 else None


@cache
def axis_of(drug: str) -> Axis:
    """The axis of a drug, its strongest-written input first.

    Raises
    ------
    RpointError
        If it drives no target of the cell model (an antibody, an aromatase inhibitor).
    """
    drives = [d for d in catalog.drug(drug).drives if d.input in CLASS_OF]
    if not drives:
        raise RpointError(
            f"{drug} acts on no target inside the tumour cell; a panel cannot be predicted for it",
            where="arm",
            allowed=", ".join(d.id for d in catalog.drugs() if _has_axis(d)),
        )
    first = drives[0].potency_cell.to("nM")
    return tuple((d.input, round(first / d.potency_cell.to("nM"), 6)) for d in drives)


def _has_axis(drug: catalog.Drug) -> bool:
    return any(d.input in CLASS_OF for d in drug.drives)


def constant_nM(drug: str) -> float:
    """Effective in-cell constant K of the first input of a drug, nM."""
    return next(
        d.potency_cell.to("nM") for d in catalog.drug(drug).drives if d.input in CLASS_OF
    )


def line_arm(text: str) -> Arm:
    """One drug in a dish, by name or alias."""
    drug = catalog.drug(text.strip()).id
    return Arm(text, (Part(drug, axis_of(drug), float("nan")),))


def xenograft_arm(text: str) -> Arm:
    """An arm "NAME=REGIMEN", a regimen, or drug names joined with "+" at the catalogue's doses.

    >>> arm = xenograft_arm("LEE011+everolimus")
    >>> arm.name, [part.drug for part in arm.parts], arm.assumed
    ('LEE011+everolimus', ['ribociclib', 'everolimus'], True)
    >>> xenograft_arm("CDK=ribociclib 75 mg/kg qd").name
    'CDK'
    """
    name, given = _split_name(text)
    bare = _bare_drugs(given)
    written = given if bare is None else " + ".join(_mouse_text(drug) for drug in bare)
    regimen = parse(written)
    if not regimen.drugs:
        raise RpointError("an arm gives at least one drug", where=f"arm {name!r}", found=given)
    parts = tuple(_part(regimen, drug) for drug in regimen.drugs)
    return Arm(name, parts, regimen, bare is not None)


def _split_name(text: str) -> tuple[str, str]:
    """A name before "=", if what stands before it is no part of a regimen."""
    head, equals, tail = text.partition("=")
    if equals and head.strip() and tail.strip():
        return head.strip(), tail.strip()
    return text.strip(), text.strip()


def _bare_drugs(text: str) -> list[str] | None:
    """Drug ids if the text is nothing but names joined with "+", else None."""
    parts = [part.strip() for part in text.split("+")]
    if any(not part or " " in part for part in parts):
        return None
    return [catalog.drug(part).id for part in parts]


def _mouse_text(drug: str) -> str:
    """The catalogue's first regimen of a drug in mice.

    Raises
    ------
    RpointError
        If it gives none.
    """
    axis_of(drug)  # a drug that acts on no target is refused for that reason
    found = catalog.regimens(drug, "mouse")
    if not found:
        raise RpointError(
            f"the catalogue gives no dose of {drug} in mice",
            where="arm",
            mend=f'write the regimen, such as "{drug} 100 mg/kg qd"',
        )
    return found[0].text


def _part(regimen: Regimen, drug: str) -> Part:
    only = regimen.only(drug)
    axis = axis_of(drug)
    level = average_inputs(only, species="mouse").get(axis[0][0], 0.0)
    return Part(drug, axis, float(level))


def exposures(axis: Axis, levels: Iterable[float]) -> list[dict[str, float]]:
    """Inputs of the cell model at levels c of an axis."""
    return [{name: share * float(c) for name, share in axis} for c in levels]


def joined(points: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Inputs of several axes at once: drugs at one site add up."""
    found: dict[str, float] = {}
    for point in points:
        for name, level in point.items():
            found[name] = found.get(name, 0.0) + level
    return found


def log_dose(level: np.ndarray | float) -> np.ndarray:
    """Natural logarithm of an exposure, no exposure as far below the grid."""
    return np.log(np.maximum(level, 1e-6))
