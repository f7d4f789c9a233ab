"""Parameters of the cell model with unit, prior, source and grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from ruamel.yaml import YAML

from rpoint.errors import RpointError


@dataclass(frozen=True)
class Parameter:
    """One rate, level or exponent of the cell model.

    Attributes
    ----------
    value : float
        Nominal value, in ``unit``.
    lo, hi : float
        Bounds of the log-uniform prior; equal for a fixed parameter.
    fitted : bool
        Whether calibration moves it.
    """

    name: str
    value: float
    lo: float
    hi: float
    unit: str
    source: str
    grade: str
    fitted: bool
    note: str

    def __str__(self) -> str:
        span = f" [{self.lo:g}, {self.hi:g}]" if self.fitted else ""
        return f"{self.name} = {self.value:g}{span} {self.unit} ({self.source}, {self.grade})"


@cache
def parameters() -> Mapping[str, Parameter]:
    """All parameters of the cell model by name, in file order."""
    text = (files("rpoint.biology") / "parameters.yaml").read_text(encoding="utf-8")
    table: dict[str, Parameter] = {}
    for name, row in YAML(typ="safe", pure=True).load(text).items():
        parameter = Parameter(name=name, **row)
        _check(parameter)
        table[name] = parameter
    return MappingProxyType(table)


def _check(p: Parameter) -> None:
    if not p.lo <= p.value <= p.hi:
        raise RpointError(
            f"Parameter {p.name}: value {p.value:g} {p.unit} lies outside its prior "
            f"[{p.lo:g}, {p.hi:g}]. Mend biology/parameters.yaml."
        )
    if p.fitted and not 0 < p.lo < p.hi:
        raise RpointError(
            f"Parameter {p.name}: a fitted parameter needs 0 < lo < hi, found {p.lo:g}, {p.hi:g}."
        )
