"""What is analysed, and the interim look."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rpoint.errors import RpointError
from rpoint.trial.spec.base import Count, Items, Spec

Endpoint = Literal["orr_confirmed", "orr_any", "pfs", "os", "dor", "dcr", "cbr24"]
ENDPOINTS: tuple[str, ...] = Endpoint.__args__  # type: ignore[attr-defined]


class Simon(Spec):
    """Simon's two stages: stop if at most r1 of n1 respond; promising if more than r of n do."""

    n1: Count
    """Patients of the first stage."""
    r1: Annotated[int, Field(ge=0)]
    """Largest number of responders in the first stage at which the trial stops."""
    n: Count
    """Patients of both stages."""
    r: Annotated[int, Field(ge=0)]
    """Largest number of responders in both stages at which the drug is not promising."""
    endpoint: Literal["orr_confirmed", "orr_any", "dcr", "cbr24"] = "orr_confirmed"
    """What counts as a response."""

    @model_validator(mode="after")
    def _agree(self) -> Simon:
        rules = (
            (self.r1 < self.n1, "r1 must be smaller than n1"),
            (self.n1 < self.n, "n1 must be smaller than n"),
            (self.r < self.n, "r must be smaller than n"),
            (self.r1 <= self.r, "r1 must not be larger than r"),
        )
        broken = [text for holds, text in rules if not holds]
        if broken:
            raise RpointError(
                f"the numbers of Simon's design contradict each other: {'; '.join(broken)}",
                found=f"n1 {self.n1}, r1 {self.r1}, n {self.n}, r {self.r}",
                allowed="r1 < n1 < n and r1 <= r < n",
                mend="`rpoint simon` computes a design",
            )
        return self


class Interim(Spec):
    """A look at the data before the end."""

    simon: Simon
    """A two-stage design of a single arm."""


class Sets(Spec):
    """Who is analysed for what."""

    safety: Literal["all"] = "all"
    """All who took a dose."""
    efficacy: Literal["all", "central"] = "all"
    """`central`: those whom the central assay confirmed."""


class Analysis(Spec):
    """What is analysed and how."""

    contrast: Annotated[tuple[str, str], Field(strict=False)] | None = None
    """[treated arm, control arm] of the hazard ratio; null for a single arm."""
    sets: Sets = Sets()
    """Who is analysed for what."""
    endpoints: Annotated[Items[Endpoint], Field(min_length=1)] = (
        "orr_confirmed",
        "orr_any",
        "pfs",
        "os",
        "dor",
        "dcr",
        "cbr24",
    )
    """Endpoints to analyse."""
    max_gap_days: Annotated[float, Field(gt=0, le=730)] | None = None
    """Progression after a longer gap without a scan is censored at the last scan; null: never."""
    new_therapy: Literal["censor", "ignore"] = "censor"
    """What a new treatment before progression does to the time to progression."""
    interim: Interim | None = None
    """A look at the data before the end."""
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Level of all intervals."""
