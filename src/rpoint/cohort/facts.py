"""Facts of `facts.yaml`: associations, copy numbers, assays, bounds of plausible patients."""

from __future__ import annotations

from rpoint.facts import Fact, fact_of, facts_of

FILE = ("rpoint.cohort", "facts.yaml")


def facts() -> dict[str, Fact]:
    """All facts by name."""
    return facts_of(*FILE)


def fact(name: str) -> float:
    """The value of a fact; an unknown name is refused with the nearest one."""
    return fact_of(*FILE, name).value
