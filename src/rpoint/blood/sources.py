"""The texts of the sources that blood facts rest on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from ruamel.yaml import YAML

from rpoint import catalog
from rpoint.errors import unknown_name

OURS = ("rpoint_assumption", "rpoint_computed", "rpoint_calibrated", "general_knowledge")


@cache
def own_sources() -> dict[str, str]:
    """Sources that the catalogue's table does not hold, key to text."""
    text = (files("rpoint.blood") / "sources.yaml").read_text(encoding="utf-8")
    return dict(YAML(typ="safe", pure=True).load(text))


def cited(keys: Iterable[str]) -> list[str]:
    """Texts of the sources, each once; our own assumptions are no sources."""
    known = set(catalog.names("sources"))
    texts = []
    for key in keys:
        if key in OURS:
            continue
        if key not in known and key not in own_sources():
            raise unknown_name("source", key, [*known, *own_sources()])
        texts.append(own_sources()[key] if key in own_sources() else catalog.source(key).text())
    return list(dict.fromkeys(texts))
