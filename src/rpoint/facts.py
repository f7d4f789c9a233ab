"""Documented numbers of no single catalogue entry: value, unit, range, source, grade.

A room keeps its facts in a YAML file, a mapping of names to

    {value: 0.061, unit: "1", source: yoon2016, grade: computed, range: [0.04, 0.09], note: "..."}

with the key of a source in the catalogue and the grade of the number's honesty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from ruamel.yaml import YAML

from rpoint.errors import RpointError, unknown_name

GRADES = ("read", "secondary", "computed", "inferred", "unverified")


@dataclass(frozen=True)
class Fact:
    """One documented number.

    Attributes
    ----------
    value
        In `unit`.
    range
        Low and high end of what is plausible.
    source
        Key of the source.
    grade
        One of `GRADES`.
    """

    name: str
    value: float
    unit: str
    source: str
    grade: str
    range: tuple[float, float]
    note: str

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        low, high = self.range
        unit = "" if self.unit == "1" else f" {self.unit}"
        return (
            f"{self.name} = {self.value:g}{unit} [{low:g}, {high:g}] ({self.source}, {self.grade})"
        )


_NEEDED = tuple(field.name for field in fields(Fact) if field.name != "name")


def read_facts(text: str, where: str, sources: Iterable[str] | None = None) -> dict[str, Fact]:
    """The facts of a YAML text.

    Parameters
    ----------
    text
        Name to value, unit, source, grade, range (low, high) and note.
    where
        Named in an error.
    sources
        Keys that a source may have; any when left out.

    Raises
    ------
    RpointError
        If a fact lacks a field or has one too many, an unknown grade or source, or a value outside
        its range.
    """
    rows = YAML(typ="safe", pure=True).load(text) or {}
    return {name: _fact(name, row, where, sources) for name, row in rows.items()}


def _fact(name: str, row: dict, where: str, sources: Iterable[str] | None) -> Fact:
    place = f"{where}, {name}"
    if set(row) != set(_NEEDED):
        raise RpointError(
            "a fact has the fields value, unit, source, grade, range and note, and no other",
            where=place,
            found=", ".join(sorted(row)),
            allowed=", ".join(_NEEDED),
        )
    if row["grade"] not in GRADES:
        raise unknown_name("grade of a fact", row["grade"], GRADES, where=place)
    if sources is not None and row["source"] not in sources:
        raise unknown_name("source of a fact", row["source"], sources, where=place)
    low, high = (float(x) for x in row["range"])
    if not (low <= row["value"] <= high and low < high):
        raise RpointError(
            "the value of a fact lies inside its range, and the range has a width",
            where=place,
            found=f"{row['value']} in [{low}, {high}]",
        )
    return Fact(name=name, **{**row, "range": (low, high), "value": float(row["value"])})


@cache
def facts_of(package: str, file: str) -> dict[str, Fact]:
    """All facts of a room's file, by name."""
    return read_facts((files(package) / file).read_text(encoding="utf-8"), file)


def fact_of(package: str, file: str, name: str) -> Fact:
    """One fact; an unknown name is refused with the nearest one."""
    every = facts_of(package, file)
    if name not in every:
        raise unknown_name("fact", name, every, where=file)
    return every[name]
