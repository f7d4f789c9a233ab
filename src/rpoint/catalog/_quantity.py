"""A number of the catalogue: value, unit, source, grade, uncertainty and a note.

Grades, from the strongest to the weakest
------------------------------------------
read
    Read in the source named (its abstract, its label section, its table).
secondary
    Read in somebody else's transcription, digest or review of the source named.
computed
    Computed from other numbers of this catalogue or from a named data set; the note says how.
inferred
    An assumption of ours; the note says why.
unverified
    From general knowledge, no source seen.  A prior, not a fact: it carries a geometric standard
    deviation of at least 2.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Grade = Literal["read", "secondary", "computed", "inferred", "unverified"]
GRADES: tuple[str, ...] = ("read", "secondary", "computed", "inferred", "unverified")

# Every unit that the catalogue may use: its dimension and its factor to the first of that
# dimension.  Time h, amounts of drug mg, volumes L, concentrations nM, as in the models.
UNITS: dict[str, tuple[str, float]] = {
    "1": ("number", 1.0),
    "%": ("number", 0.01),
    "h": ("time", 1.0),
    "d": ("time", 24.0),
    "week": ("time", 168.0),
    "month": ("time", 730.5),
    "1/h": ("rate", 1.0),
    "1/d": ("rate", 1.0 / 24.0),
    "L": ("volume", 1.0),
    "L/kg": ("volume per weight", 1.0),
    "L/h": ("clearance", 1.0),
    "L/d": ("clearance", 1.0 / 24.0),
    "L/h/kg": ("clearance per weight", 1.0),
    "mg": ("mass", 1.0),
    "nM": ("concentration", 1.0),
    "ng/mL": ("mass concentration", 1.0),
    "ug/mL": ("mass concentration", 1000.0),
    "g/mol": ("molar mass", 1.0),
    "kDa": ("molar mass", 1000.0),
    "copies": ("copies", 1.0),
    "mm3": ("tumour volume", 1.0),
    "mm": ("length", 1.0),
    "kg": ("weight", 1.0),
    "g": ("weight", 0.001),
}

UNVERIFIED_GSD = 2.0  # the least geometric standard deviation of an unverified number


class Entry(BaseModel):
    """Base of everything in the catalogue: immutable, no unknown keys, prints on one line."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_dict(self) -> dict:
        """The entry as plain dictionaries, lists, texts and numbers."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)


class Quantity(Entry):
    """One number with its unit, source, grade and uncertainty.

    Attributes
    ----------
    value
        The number, in `unit`.
    unit
        One of `UNITS`.
    source
        Key in `sources.bib`.
    grade
        See the module docstring.
    gsd
        Geometric standard deviation (> 1); the natural width for a positive number.
    cv
        Coefficient of variation, a fraction; or
    range
        (low, high), taken as a central 90 % range.  Exactly one of the three is given.
    note
        Page or table, why rounded, why chosen.
    """

    value: float
    unit: str
    source: str
    grade: Grade
    gsd: Annotated[float, Field(gt=1.0)] | None = None
    cv: Annotated[float, Field(gt=0.0)] | None = None
    range: tuple[float, float] | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Quantity:
        if self.unit not in UNITS:
            raise ValueError(f"unit {self.unit!r} is not one of {', '.join(UNITS)}")
        given = [w for w in (self.gsd, self.cv, self.range) if w is not None]
        if len(given) != 1:
            raise ValueError("exactly one of gsd, cv and range is needed")
        if self.gsd is not None and self.value <= 0:
            raise ValueError("gsd needs a positive value; give a range")
        if self.range is not None and not self.range[0] <= self.value <= self.range[1]:
            raise ValueError(f"value {self.value} lies outside its range {self.range}")
        if self.grade == "unverified" and self.as_gsd() < UNVERIFIED_GSD - 1e-9:
            raise ValueError(f"an unverified number needs gsd >= {UNVERIFIED_GSD:g}")
        return self

    def as_gsd(self) -> float:
        """The uncertainty as a geometric standard deviation, whatever it was given as.

        A range counts as the central 90 % of a log-normal; a range that touches zero has none
        (infinity).
        """
        if self.gsd is not None:
            return self.gsd
        if self.cv is not None:
            return math.exp(math.sqrt(math.log1p(self.cv**2)))
        assert self.range is not None  # the validator: exactly one of the three is given
        low, high = self.range
        if low <= 0:
            return math.inf
        return math.exp(math.log(high / low) / (2 * 1.6448536269514722))

    def to(self, unit: str) -> float:
        """The value in another unit of the same dimension.

        >>> Quantity(value=12, unit="L/d", source="x", grade="read", cv=0.1).to("L/h")
        0.5
        """
        if unit not in UNITS or UNITS[unit][0] != UNITS[self.unit][0]:
            raise ValueError(f"{self.unit} cannot be converted to {unit}")
        return self.value * UNITS[self.unit][1] / UNITS[unit][1]

    def __float__(self) -> float:
        return float(self.value)

    def width(self) -> str:
        """The uncertainty in words."""
        if self.gsd is not None:
            return f"x/÷{self.gsd:g}"
        if self.cv is not None:
            return f"CV {100 * self.cv:g} %"
        assert self.range is not None
        return f"{self.range[0]:g} to {self.range[1]:g}"

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.value:g}{unit} ({self.width()}; {self.grade}, {self.source})"

    def __repr__(self) -> str:
        return f"<Quantity {self}>"


ID_PATTERN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*$")
SOURCE_PATTERN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*$")
ALTERATION_PATTERN = re.compile(r"[A-Z][A-Z0-9]*:(mut|null|wt|loss|amp|high|ko|cn)$")
