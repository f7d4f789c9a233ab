"""Facts of `in_vivo.yaml`: how tumours live in mice and patients."""

from __future__ import annotations

from rpoint.facts import Fact, fact_of, facts_of

FILE = ("rpoint.tumour", "in_vivo.yaml")


def facts() -> dict[str, Fact]:
    """All facts by name."""
    return facts_of(*FILE)


def fact(name: str) -> float:
    """The value of a fact; an unknown name is refused with the nearest one."""
    return fact_of(*FILE, name).value
