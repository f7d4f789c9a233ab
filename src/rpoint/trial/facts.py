"""Facts of `facts.yaml`, and the clones of `clones.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ruamel.yaml import YAML

from rpoint.facts import Fact, fact_of, facts_of

FILE = ("rpoint.trial", "facts.yaml")


def facts() -> dict[str, Fact]:
    """All facts by name."""
    return facts_of(*FILE)


def fact(name: str) -> float:
    """The value of a fact; an unknown name is refused with the nearest one."""
    return fact_of(*FILE, name).value


@cache
def _clones() -> dict:
    text = (files("rpoint.trial") / "clones.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)


def clone_weights(tumour_type: str) -> Mapping[str, float]:
    """Name of a resistant clone to how often a tumour of this type harbours it."""
    table = _clones()
    entry = table.get(tumour_type, table["other"])
    return dict(entry["weights"])
