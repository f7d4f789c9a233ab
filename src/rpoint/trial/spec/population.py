"""Who may enter a trial: tumour types, line, genotype, earlier treatment, growth."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from rpoint.trial.spec.base import Items, Positive, Share, Spec
from rpoint.trial.spec.words import (
    NO_DRUG,
    check_alteration,
    check_clone,
    check_expression,
    check_regimen,
    check_tumour,
)


class Growth(Spec):
    """Overrides of the growth of untreated lesions; null leaves what is calibrated."""

    doubling_time_d: Positive | None = None
    """Median doubling time of untreated lesions, days."""
    cv: Annotated[float, Field(ge=0, le=5)] | None = None
    """Coefficient of variation of the doubling time between patients, a fraction."""
    cell_loss: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Steel's cell-loss factor."""


class ResistantClone(Spec):
    """A resistant clone that some tumours carry at the start."""

    carriers: Share
    """Share of patients whose tumour carries it."""
    share: Annotated[float, Field(gt=0, lt=1)]
    """Share of the cells that it makes up in those tumours at the start."""


class Population(Spec):
    """Who may enter, and what is known of them before the first dose."""

    tumours: Annotated[dict[str, Positive], Field(min_length=1)]
    """Tumour types of the catalogue, each with its weight; weights need not add up to 1."""
    line: Annotated[int, Field(ge=1, le=10)] = 1
    """Line of therapy: 1 is the first for advanced disease."""
    require: Items[str] = ()
    """Genotype expressions, all of which a patient must meet by the local assay."""
    exclude: Items[str] = ()
    """Genotype expressions, none of which a patient may meet by the local assay."""
    central: Items[str] = ()
    """Genotype expressions that the central assay must confirm for the efficacy set."""
    central_missing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of patients without a central result."""
    prior: str | None = None
    """Regimen that the tumours were treated with, until progression, before they enter."""
    prior_share: Share = 1.0
    """Share of the patients who had the prior regimen."""
    growth: Growth = Growth()
    """Overrides of the growth of untreated lesions."""
    resistant_clones: dict[str, ResistantClone] | None = None
    """Overrides of the resistant clones at the start; null leaves what is calibrated."""
    frequencies: dict[str, Share] = Field(default_factory=dict)
    """Overrides of the frequency of alterations at entry."""
    measurable: Literal["required", "any"] = "required"
    """Whether a measurable lesion is required."""
    visceral: Share | None = None
    """Share of patients with visceral disease; null leaves what is assumed for the tumour type."""

    @field_validator("tumours")
    @classmethod
    def _tumours(cls, value: dict[str, float]) -> dict[str, float]:
        return {check_tumour(name): weight for name, weight in value.items()}

    @field_validator("require", "exclude", "central")
    @classmethod
    def _expressions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_expression(text) for text in value)

    @field_validator("prior")
    @classmethod
    def _prior(cls, value: str | None) -> str | None:
        if value is None or value.strip().casefold() == NO_DRUG:
            return None
        return check_regimen(value)

    @field_validator("resistant_clones")
    @classmethod
    def _clones(cls, value: dict[str, ResistantClone] | None) -> dict[str, ResistantClone] | None:
        return None if value is None else {check_clone(n): c for n, c in value.items()}

    @field_validator("frequencies")
    @classmethod
    def _frequencies(cls, value: dict[str, float]) -> dict[str, float]:
        return {check_alteration(name): share for name, share in value.items()}
