"""The base of every part of a trial file, and the kinds of values that the parts are made of."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Spec(BaseModel):
    """Immutable, without unknown keys; a number is a number and a text a text."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


Items = Annotated[tuple[T, ...], Field(strict=False)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Months = Annotated[float, Field(gt=0, le=600)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Grade = Annotated[str, Field(pattern="^(read|secondary|computed|inferred|unverified)$")]
