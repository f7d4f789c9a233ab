"""Join the Antimony modules into one model and translate it to SBML L3V2.

The modules hold structure only; every number comes from ``parameters.yaml`` and, for drugs, from
the catalogue through :mod:`rpoint.pharmacology.pk`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from rpoint.biology.parameters import parameters
from rpoint.errors import RpointError, unknown_name

MODULES = ("inputs", "p53", "growth_signals", "er", "g1s", "fate")

#: Nodes that an intervention can hold (inputs ``k_X`` and ``u_X``) and the read-out each one fixes.
NODES = {
    "CycD": "CycD_total",
    "p21": "p21_total",
    "p27": "p27_total",
    "p53": "p53_total",
    "MDM2": "MDM2_total",
    "E2F": "E2F_signal",
    "CDK2": "CDK2_active",
    "AKT": "AKT_signal",
    "ERK": "ERK_signal",
    "ER": "ER_active",
    "MYC": "MYC_signal",
}

_INPUT = re.compile(r"^([gc]|in|k|u|alpha)_\w+$|^kappa$")


@cache
def module_text(name: str) -> str:
    """Text of one Antimony module of the package."""
    if name not in MODULES:
        raise unknown_name("module", name, MODULES)
    return (files("rpoint.biology") / "modules" / f"{name}.ant").read_text(encoding="utf-8")


def _assigned(text: str) -> dict[str, float]:
    pairs = re.findall(r"(?:^|;)\s*(\w+)\s*=\s*([-\d.eE]+)\s*(?=;)", _bare(text), re.MULTILINE)
    return {name: float(value) for name, value in pairs}


def _bare(text: str) -> str:
    return re.sub(r"//[^\n]*", "", text)


INPUTS: dict[str, float] = _assigned(module_text("inputs"))
HANDLES: dict[str, float] = {k: v for k, v in INPUTS.items() if k.startswith("g_")}


@cache
def cell_antimony(extra: str = "") -> str:
    """Antimony text of the cell model.

    Parameters
    ----------
    extra : str
        Further Antimony statements (pharmacokinetics, rules for the occupancies).
    """
    ruled = set(re.findall(r"^\s*(\w+)\s*:=", _bare(extra), re.MULTILINE))
    lines = ["model rpoint_cell", "compartment cell = 1;"]
    lines += [_without(module_text(m), ruled) for m in MODULES]
    lines += [f"{p.name} = {p.value!r};" for p in parameters().values()]
    lines += [extra, "end"]
    return "\n".join(lines) + "\n"


def _without(text: str, names: set[str]) -> str:
    for name in names:
        text = re.sub(rf"\b{name}\s*=\s*[-\d.eE]+\s*;", "", text)
    return _in_cell(text)


def _in_cell(text: str) -> str:
    return re.sub(r"^(species [^;]+);", r"\1 in cell;", text, flags=re.MULTILINE)


@cache
def to_sbml(antimony_text: str) -> str:
    """Translate Antimony text to SBML L3V2."""
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(antimony_text) < 0:
        raise RpointError(f"Antimony refuses the model: {antimony.getLastError().strip()}")
    sbml = antimony.getSBMLString(antimony.getMainModuleName())
    antimony.clearPreviousLoads()
    return sbml


def cell_sbml() -> str:
    """SBML of the cell model with drug occupancies as inputs."""
    return to_sbml(cell_antimony())


def patient_sbml(drugs: tuple[str, ...] | list[str], species: str = "human") -> str:
    """SBML of the cell model under the pharmacokinetics of ``drugs``.

    Parameters
    ----------
    drugs : sequence of str
        Catalogue ids.
    species : {"human", "mouse"}
        Whose pharmacokinetics.
    """
    from rpoint.biology.drugged import pk_statements

    return to_sbml(cell_antimony(pk_statements(tuple(drugs), species)))


def flagship_sbml() -> str:
    """SBML of the model that the benchmark quotes: the cell under palbociclib and milademetan."""
    return patient_sbml(("palbociclib", "milademetan"))


def export_sbml(path: str | Path, drugs: tuple[str, ...] = (), species: str = "human") -> Path:
    """Write the model as SBML and return the path."""
    target = Path(path)
    target.write_text(patient_sbml(drugs, species) if drugs else cell_sbml(), encoding="utf-8")
    return target
