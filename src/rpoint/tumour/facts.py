"""Facts of `in_vivo.yaml`: one number each, with unit, range, source and grade."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ruamel.yaml import YAML

from rpoint.errors import unknown_name


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
        Key of the source; "design" for an assumption of ours.
    grade
        read, secondary, computed or inferred.
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
def facts() -> dict[str, Fact]:
    """All facts by name."""
    text = (files("rpoint.tumour") / "in_vivo.yaml").read_text(encoding="utf-8")
    rows = YAML(typ="safe", pure=True).load(text)
    return {
        name: Fact(name=name, **{**row, "range": tuple(row["range"])}) for name, row in rows.items()
    }


def fact(name: str) -> float:
    """The value of a fact; an unknown name is refused with the nearest one."""
    if name not in facts():
        raise unknown_name("tumour fact", name, facts())
    return facts()[name].value
