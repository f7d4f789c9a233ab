"""Documented numbers of no single catalogue entry: value, unit, range, source, grade.

A room keeps its facts in a YAML file, a mapping of names to

    {value: 0.061, unit: "1", source: yoon2016, grade: computed, range: [0.04, 0.09], note: "..."}

with the key of a source in the catalogue and the grade of the number's honesty.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ruamel.yaml import YAML

from rpoint.errors import unknown_name

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


@cache
def facts_of(package: str, file: str) -> dict[str, Fact]:
    """All facts of a room's file, by name."""
    text = (files(package) / file).read_text(encoding="utf-8")
    rows = YAML(typ="safe", pure=True).load(text)
    return {
        name: Fact(name=name, **{**row, "range": tuple(row["range"])}) for name, row in rows.items()
    }


def fact_of(package: str, file: str, name: str) -> Fact:
    """One fact; an unknown name is refused with the nearest one."""
    every = facts_of(package, file)
    if name not in every:
        raise unknown_name("fact", name, every, where=file)
    return every[name]
