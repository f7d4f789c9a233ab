"""Cell contexts (which cell) and reference exposures (which dose), as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from ruamel.yaml import YAML


@cache
def _load(name: str) -> Mapping[str, Mapping[str, object]]:
    text = (files("rpoint.biology") / name).read_text(encoding="utf-8")
    return MappingProxyType(YAML(typ="safe", pure=True).load(text))


def contexts() -> Mapping[str, dict[str, float]]:
    """Handles and inputs that make each cell context, by name."""
    return {k: dict(v["set"]) for k, v in _load("contexts.yaml").items()}  # type: ignore[call-overload]


def exposures() -> Mapping[str, dict[str, float]]:
    """Occupancy numbers of the reference treatments, by name."""
    return {k: dict(v["set"]) for k, v in _load("exposures.yaml").items()}  # type: ignore[call-overload]
