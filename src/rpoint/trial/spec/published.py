"""What was published: one value a row, beside which the prediction is put."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from rpoint.errors import RpointError
from rpoint.trial.spec.base import Count, Items, Spec, Text
from rpoint.trial.spec.words import check_subset

GradeWord = Literal["read", "secondary", "computed", "inferred", "unverified"]

_TIME = r"(pfs|os|dor|ttf|ttp)"
_BLOOD = r"(neutropenia|thrombocytopenia|anaemia|leukopenia|lymphopenia|platelets_decreased)"
_NAMES = (
    rf"{_TIME}_median_(months|weeks)(_update)?(_ci90)?",
    rf"{_TIME}_hr(_ci90|_prognostic)?",
    rf"{_TIME}_rate_\d{{1,3}}(mo|wk)_pct(_ci90)?",
    r"(orr|orr_measurable|response_any|response_confirmed|cbr|cbr24|dcr)_pct(_ci90)?",
    rf"ae_{_BLOOD}_(any|g3|g4|g34|g3plus)_pct(_model_predicted)?",
    rf"ae_{_BLOOD}_g3plus_(onset|duration)_median_days",
    r"ae_treatment_related_g34_pct",
    r"(dose_reduction|ae_discontinuation)_pct",
    r"best_target_change_pct",
    r"complete_responses",
    r"platelet_nadir_day",
    r"n_(randomised|treated)",
    r"scan_interval_weeks",
)
_PUBLISHED = re.compile("|".join(f"(?:{name})" for name in _NAMES))
# One example of each form, for the nearest word and the list of what is allowed.
EXAMPLES = (
    "pfs_median_months",
    "pfs_median_weeks",
    "os_median_months",
    "dor_median_months",
    "pfs_hr",
    "os_hr",
    "pfs_rate_6mo_pct",
    "pfs_rate_12wk_pct",
    "orr_pct",
    "orr_measurable_pct",
    "response_any_pct",
    "response_confirmed_pct",
    "cbr_pct",
    "cbr24_pct",
    "dcr_pct",
    "ae_neutropenia_g34_pct",
    "ae_thrombocytopenia_g34_pct",
    "ae_anaemia_g34_pct",
    "dose_reduction_pct",
    "ae_discontinuation_pct",
    "best_target_change_pct",
    "complete_responses",
    "n_treated",
)


class Published(Spec):
    """One published value."""

    arm: Text
    """Arm, `A vs B` for a comparison, or `all` for all arms together."""
    endpoint: Text
    """What was measured; the name carries the unit."""
    value: float
    """The published value."""
    lo: float | None = None
    """Lower limit of its interval."""
    hi: float | None = None
    """Upper limit of its interval."""
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Level of that interval."""
    n: Count | None = None
    """Number of patients behind it."""
    subset: Items[str] | None = None
    """Who of the arm: genotype expressions and the words of `SUBSETS`, all of which must hold."""
    population: Text | None = None
    """Who, in the words of the publication."""
    label: Text | None = None
    """Name of the arm in the publication, where `arm` is another."""
    source: Text
    """Where it was published."""
    grade: GradeWord
    """How well the value is known: read, secondary, computed, inferred or unverified."""
    role: Literal["calibrate", "check"]
    """`calibrate`: may shape parameters. `check`: only compared, never shown to a fit."""
    not_predicted: Text | None = None
    """Why R-point makes no prediction of it."""

    @field_validator("endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        return check_published_endpoint(value)

    @field_validator("subset")
    @classmethod
    def _subset(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else tuple(check_subset(text) for text in value)

    @model_validator(mode="after")
    def _agree(self) -> Published:
        if self.grade == "unverified" and self.role == "calibrate":
            raise RpointError(
                "an unverified value must not calibrate anything",
                found="grade: unverified with role: calibrate",
                mend="set role: check, or verify the value in its source",
            )
        if self.endpoint.endswith("_ci90") != (self.level == 0.9):
            raise RpointError(
                "the level does not fit the endpoint's name",
                found=f"{self.endpoint}, level {self.level:g}",
                allowed="level: 0.9 for a name that ends in _ci90, and only there",
            )
        low = self.value if self.lo is None else self.lo
        high = self.value if self.hi is None else self.hi
        if not low <= self.value <= high:
            raise RpointError(
                "the value lies outside its interval",
                found=f"value {self.value:g}, lo {self.lo}, hi {self.hi}",
                allowed="lo <= value <= hi",
            )
        return self

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that `arm` names: two for a comparison."""
        return tuple(self.arm.split(" vs "))


def check_published_endpoint(name: str) -> str:
    """The name of a published endpoint.

    Raises
    ------
    RpointError
        With the nearest name.
    """
    if _PUBLISHED.fullmatch(name):
        return name
    from rpoint.errors import nearest_name, shorten

    raise RpointError(
        f"unknown published endpoint {shorten(name)!r}",
        allowed=", ".join(EXAMPLES),
        nearest=nearest_name(name, EXAMPLES),
        mend="the name ends in its unit: _months, _weeks, _days, _pct, _hr, and in _ci90 if the "
        "limits are 90 % limits",
    )


class Fact(Spec):
    """How well one value of the trial file is known."""

    grade: GradeWord
    """read, secondary, computed, inferred or unverified."""
    source: Text | None = None
    """Where it was found."""
    note: Text | None = None
    """What else is to be said."""
