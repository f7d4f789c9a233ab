"""Facts of this room: one number each, with unit, range, source and grade.

`tcells.yaml` holds the T-cell model, `chemotherapy.yaml` the comparator, `death.yaml` the hazard of
death, `disease.yaml` what is outside the target lesions.  A fact that lacks a field, or whose value
lies outside its own range, is refused when the file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
from ruamel.yaml import YAML

from rpoint.errors import RpointError, unknown_name
from rpoint.facts import Fact, read_facts

FILES = ("tcells", "chemotherapy", "death", "disease")


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
        found |= read_facts(text, f"immune/{name}.yaml", sources())
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


def factor_of_type(
    name: str, tumour: str | np.ndarray | None, n: int, p: Mapping[str, float]
) -> np.ndarray:
    """(n,) the fact `NAME_TYPE` of a tumour type, or of (n,) types; 1 where there is none.

    >>> factor_of_type("death_factor", np.array(["lung", "breast"]), 2, values()).tolist()
    [1.0, 0.3]
    """
    kinds = np.broadcast_to(np.asarray(tumour, dtype=object), (n,))
    return np.array([p.get(f"{name}_{str(kind).replace('-', '_')}", 1.0) for kind in kinds], float)
