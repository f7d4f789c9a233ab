"""The arms of a trial: what is given, to how many, with which rules, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator

from rpoint.errors import RpointError
from rpoint.trial.spec.base import Count, Months, Share, Spec, Text
from rpoint.trial.spec.problems import shown
from rpoint.trial.spec.words import NO_DRUG, check_regimen

if TYPE_CHECKING:
    from rpoint.pharmacology.regimen import Regimen


class ObservedControl(Spec):
    """A comparator without a drug model: its published curve, taken as exponential."""

    pfs_median_months: Months
    """Median progression-free survival of the published control arm, months."""
    os_median_months: Months | None = None
    """Median overall survival of the published control arm, months."""
    orr: Share | None = None
    """Share of responders in the published control arm."""
    drug: Text | None = None
    """Name of the treatment that has no drug model."""


class NextLine(Spec):
    """What a patient gets after the treatment of the arm has ended."""

    regimen: str
    """Regimen of the next line."""
    when: Literal["progression"] = "progression"
    """When it begins."""

    @field_validator("regimen")
    @classmethod
    def _regimen(cls, value: str) -> str:
        return check_regimen(value)


class Immune(Spec):
    """Switches of the immune part; each is a hypothesis that is off unless it is named."""

    IFNG_TO_MDM2: bool = False
    """Interferon gamma raises MDM2 in tumour cells (hypothesis)."""
    TCELL_MDM2: bool = False
    """MDM2 in T cells keeps them alive (hypothesis)."""
    NATURAL_HISTORY: bool = False
    """Tumours with MDM2 amplification grow fast whatever the treatment (null hypothesis)."""


class Arm(Spec):
    """One arm."""

    regimen: str | None = None
    """What is given, in the regimen grammar; `none` is no drug."""
    patients: Count
    """Number of patients."""
    rules: dict[str, Any] | None = None
    """Drug -> name of a set of dose rules, or a set written out; `none`: doses never change."""
    observed_control: ObservedControl | None = None
    """For a comparator without a drug model only."""
    next: NextLine | None = None
    """What follows at progression."""
    crossover: str | None = None
    """Arm whose regimen the patients get at progression."""
    immune: Immune | None = None
    """T cells and antibodies; needed by an arm that gives an antibody."""

    @field_validator("regimen")
    @classmethod
    def _regimen(cls, value: str | None) -> str | None:
        return None if value is None else check_regimen(value)

    @field_validator("rules", mode="before")
    @classmethod
    def _rules(cls, value: Any) -> Any:
        if value is None or value == NO_DRUG:
            return None
        if isinstance(value, dict) and all(isinstance(v, str | dict) for v in value.values()):
            return value
        raise RpointError(
            "rules name a set of dose rules for each drug",
            found=shown(value),
            allowed="{drug: name of a set}, {drug: {a set written out}}, or none",
        )

    @property
    def parsed(self) -> Regimen | None:
        """The regimen as an object: 'vehicle' for `none`, None for an observed control."""
        from rpoint.pharmacology.regimen import Regimen, parse

        if self.regimen is None:
            return None
        if self.regimen.strip().casefold() == NO_DRUG:
            return Regimen.vehicle()
        return parse(self.regimen)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ids of the drugs of the arm's regimen."""
        regimen = self.parsed
        return () if regimen is None else regimen.drugs


Arms = Annotated[dict[str, Arm], Field(min_length=1, max_length=20)]
