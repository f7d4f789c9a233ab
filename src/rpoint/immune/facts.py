"""Facts of this room: one number each, with unit, range, source and grade.

`tcells.yaml` holds the T-cell model, `chemotherapy.yaml` the comparator, `death.yaml` the hazard of
death, `disease.yaml` what is outside the target lesions.  A fact that lacks a field, or whose value
lies outside its own range, is refused when the file is read.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from importlib.resources import files

from ruamel.yaml import YAML

from rpoint.errors import RpointError, unknown_name
from rpoint.tumour.facts import Fact

FILES = ("tcells", "chemotherapy", "death", "disease")
GRADES = ("read", "secondary", "computed", "inferred", "unverified")
_NEEDED = tuple(field.name for field in fields(Fact) if field.name != "name")


def read_facts(text: str, where: str) -> dict[str, Fact]:
    """The facts of a YAML text.

    Parameters
    ----------
    text
        Name to value, unit, source, grade, range (low, high) and note.
    where
        Named in an error.

    Raises
    ------
    RpointError
        If a fact lacks a field or has one too many, an unknown grade or source, or a value outside
        its range.
    """
    rows = YAML(typ="safe", pure=True).load(text) or {}
    return {name: _fact(name, row, where) for name, row in rows.items()}


def _fact(name: str, row: dict, where: str) -> Fact:
    place = f"{where}, {name}"
    if set(row) != set(_NEEDED):
        raise RpointError(
            "a fact has the fields value, unit, source, grade, range and note, and no other",
            where=place,
            found=", ".join(sorted(row)),
            allowed=", ".join(_NEEDED),
        )
    if row["grade"] not in GRADES:
        raise unknown_name("grade of a fact", row["grade"], GRADES)
    if row["source"] not in sources():
        raise unknown_name("source of a fact", row["source"], sources())
    low, high = (float(x) for x in row["range"])
    if not (low <= row["value"] <= high and low < high):
        raise RpointError(
            "the value of a fact lies inside its range, and the range has a width",
            where=place,
            found=f"{row['value']} in [{low}, {high}]",
        )
    return Fact(name=name, **{**row, "range": (low, high), "value": float(row["value"])})


@cache
def sources() -> dict[str, str]:
    """Key to text of every source of this room."""
    text = (files("rpoint.immune") / "sources.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)


@cache
def facts() -> dict[str, Fact]:
    """All facts of the room by name."""
    found: dict[str, Fact] = {}
    for name in FILES:
        text = (files("rpoint.immune") / f"{name}.yaml").read_text(encoding="utf-8")
        found |= read_facts(text, f"immune/{name}.yaml")
    return found


def fact(name: str) -> float:
    """The value of a fact; an unknown name is refused with the nearest one."""
    if name not in facts():
        raise unknown_name("fact of the immune model", name, facts())
    return facts()[name].value


def values(overrides: dict[str, float] | None = None) -> dict[str, float]:
    """All values by name, some replaced.

    Raises
    ------
    RpointError
        If an override names no fact or lies outside the fact's range.
    """
    found = {name: one.value for name, one in facts().items()}
    for name, value in (overrides or {}).items():
        if name not in found:
            raise unknown_name("fact of the immune model", name, found)
        low, high = facts()[name].range
        if not low <= value <= high:
            raise RpointError(
                f"{name} lies outside its range", found=value, allowed=f"{low:g} to {high:g}"
            )
        found[name] = float(value)
    return found
