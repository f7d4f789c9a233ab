"""`Population`: from whom a cohort is drawn, and what is required of a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rpoint.cohort.copies import Assay
from rpoint.cohort.expressions import Expression, parse_alteration, parse_expression
from rpoint.cohort.frequencies import AFTER_CDK46, FEATURES, setting_of
from rpoint.cohort.types import SOLID, case_mix, cohort_type
from rpoint.errors import RpointError, unknown_name


@dataclass(frozen=True)
class Population:
    """From whom patients are drawn.

    Parameters
    ----------
    tumours
        Tumour type -> weight; "solid" stands for the case mix of MSK-MET.
    line
        Line of therapy: 1 is drawn from primaries, later ones from metastases.
    setting
        "auto" (by line), "primary", "metastasis" or "after CDK4/6i" (breast: the biopsies of Wander
        2020 that had become resistant).
    require, exclude
        Conditions on the genotype as the local test sees it: all of `require`, none of `exclude`.
    central
        Conditions that the central test must confirm for the efficacy set.
    central_missing
        Share of patients without a central test.
    frequencies
        Alteration -> frequency, instead of the table's.
    local_error, central_error
        SD of ln(copies read / true copies) of the tests; the facts' when left out.
    doubling_time_d, growth_cv
        Median doubling time of untreated tumours, d, and its variation; by type when left out.
    paired
        False: alterations are independent within a type (for comparison).
    """

    tumours: Mapping[str, float] = field(default_factory=lambda: {"breast": 1.0})
    line: int = 1
    setting: str = "auto"
    require: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    central: tuple[str, ...] = ()
    central_missing: float = 0.0
    frequencies: Mapping[str, float] = field(default_factory=dict)
    local_error: float | None = None
    central_error: float | None = None
    doubling_time_d: float | None = None
    growth_cv: float | None = None
    paired: bool = True

    def __post_init__(self) -> None:
        for name in ("require", "exclude", "central"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        _number("line", self.line, 1, 100)
        _number("central_missing", self.central_missing, 0.0, 1.0)
        for name in ("local_error", "central_error"):
            if getattr(self, name) is not None:
                _number(name, getattr(self, name), 0.0, 3.0)
        if self.doubling_time_d is not None:
            _number("doubling_time_d", self.doubling_time_d, 1.0, 3000.0)
        if self.growth_cv is not None:
            _number("growth_cv", self.growth_cv, 0.0, 5.0)
        _ = self.types, self.overrides, self.required, self.excluded, self.confirmed
        setting_of(self.line, self.setting)
        if self.setting == AFTER_CDK46 and set(self.types) != {"breast"}:
            raise RpointError(
                f"the setting {AFTER_CDK46!r} is known for breast cancer alone",
                where="population.setting",
                found=", ".join(self.types),
                allowed="tumours: {breast: 1}",
            )

    @classmethod
    def of(cls, thing: Any) -> Population:
        """The population of a mapping or of a trial file's population.

        What a population does not know (arms, schedules, prior treatment) is left out.
        """
        found = {key: _value(thing, key) for key in cls.__dataclass_fields__}
        growth = _value(thing, "growth")
        for key, name in (("doubling_time_d", "doubling_time_d"), ("growth_cv", "cv")):
            if growth is not None and found[key] is None:
                found[key] = _value(growth, name)
        return cls(**{key: value for key, value in found.items() if value is not None})

    @cached_property
    def types(self) -> dict[str, float]:
        """Tumour type -> share of the candidates; the shares add up to 1."""
        found: dict[str, float] = {}
        for name, weight in self.tumours.items():
            _number(f"population.tumours.{name}", weight, 0.0, 1e12)
            solid = str(name).strip().casefold() == SOLID
            where = "population.tumours"
            parts = case_mix() if solid else {cohort_type(name, where=where).id: 1.0}
            for kind, share in parts.items():
                found[kind] = found.get(kind, 0.0) + weight * share
        total = sum(found.values())
        if not total > 0:
            raise RpointError(
                "a population needs a tumour type with a weight above 0",
                where="population.tumours",
                found=dict(self.tumours),
            )
        return {kind: w / total for kind, w in found.items() if w > 0}

    @property
    def overrides(self) -> tuple[tuple[str, float], ...]:
        """(alteration, frequency) given instead of the table's."""
        found = []
        for text, share in self.frequencies.items():
            name = ":".join(parse_alteration(text, where="population.frequencies"))
            if name not in FEATURES:
                raise unknown_name("alteration with a frequency", name, FEATURES)
            _number(f"population.frequencies.{text}", share, 0.0, 1.0)
            found.append((name, float(share)))
        return tuple(found)

    @cached_property
    def required(self) -> tuple[Expression, ...]:
        """The conditions of `require`."""
        return tuple(parse_expression(t, where="population.require") for t in self.require)

    @cached_property
    def excluded(self) -> tuple[Expression, ...]:
        """The conditions of `exclude`."""
        return tuple(parse_expression(t, where="population.exclude") for t in self.exclude)

    @cached_property
    def confirmed(self) -> tuple[Expression, ...]:
        """The conditions of `central`."""
        return tuple(parse_expression(t, where="population.central") for t in self.central)

    @property
    def drawn_from(self) -> str:
        """The setting that frequencies are taken from."""
        return setting_of(self.line, self.setting)

    @property
    def assay(self) -> Assay:
        """The errors of the tests."""
        return Assay.shipped(self.local_error, self.central_error)

    def unscreened(self) -> Population:
        """The same candidates, with nothing required of them."""
        return replace(self, require=(), exclude=())


def _value(thing: Any, key: str) -> Any:
    """An entry of a mapping, or an attribute; None without it."""
    return thing.get(key) if isinstance(thing, Mapping) else getattr(thing, key, None)


def _number(where: str, value: Any, low: float, high: float) -> None:
    """Refuse what is no number between low and high."""
    try:
        good = low <= float(value) <= high and not isinstance(value, bool)
    except (TypeError, ValueError):
        good = False
    if not good:
        raise RpointError(
            "a number out of range", where=where, found=value, allowed=f"{low:g} to {high:g}"
        )
