"""The options of `rpoint response`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Criteria(StrEnum):
    """What sizes are judged by."""

    recist11 = "recist11"
    irecist = "irecist"
    mrecist = "mrecist"


class Unit(StrEnum):
    """Unit of the sizes."""

    mm = "mm"
    cm = "cm"


class Blanks(StrEnum):
    """What a blank size means."""

    error = "error"
    not_evaluable = "not-evaluable"


class AfterCr(StrEnum):
    """What disease after a complete response is."""

    pd = "pd"
    pr = "pr"
    as_read = "as-read"


def flag(name: str, text: str) -> typer.models.OptionInfo:
    """A switch without a `--no-` twin."""
    return typer.Option(name, help=text)


SizesFile = Annotated[
    Path,
    typer.Argument(metavar="SIZES", help="CSV or Parquet table of sizes; or example:inspire."),
]
PatientsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Table with one row a patient: days, ECOG, arm."),
]
TumoursFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="CDISC TU, joined to a TR table.")
]
CriteriaName = Annotated[Criteria, typer.Option(help="What is judged by.")]
SizeUnit = Annotated[Unit | None, typer.Option(help="Of the sizes, if the table does not say it.")]
Weeks = Annotated[
    float, typer.Option(metavar="W", min=0, max=520, help="Weeks to confirm a response.")
]
SdDays = Annotated[float, typer.Option(metavar="D", min=0, help="Least days for stable disease.")]
MaxNe = Annotated[
    int, typer.Option(metavar="N", min=0, help="NE visits allowed before confirmation.")
]
SdBetween = Annotated[bool, flag("--sd-between", "PR, SD, PR confirms a PR.")]
AfterCrName = Annotated[AfterCr, typer.Option(help="What disease seen after a CR is.")]
Definitions = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="all, or a definition; may be repeated."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(metavar="OURS=YOURS", help="Where a column is; may be repeated."),
]
BlanksName = Annotated[Blanks, typer.Option(help="A blank size without status.")]
Exclude = Annotated[bool, flag("--exclude-faulty", "Leave out patients with errors (exit code 3).")]
ByArm = Annotated[bool, flag("--by-arm", "Rates of every arm, too.")]
AuditOf = Annotated[
    str | None, typer.Option(metavar="PATIENT", help="Tell how this one was judged.")
]
Level = Annotated[float, typer.Option(metavar="P", min=0.5, max=0.9999, help="Of the intervals.")]
