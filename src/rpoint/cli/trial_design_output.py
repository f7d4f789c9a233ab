"""What the commands about designs share: their options, the way they run, what they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.console import Console, counter

if TYPE_CHECKING:
    import pandas as pd

    from rpoint.plots._figure import Figure
    from rpoint.trial.design.runs import VariantRuns

PARTIAL = 3
FEW = 100  # replicates below which a share is known to worse than 10 points
Source = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A trial file, or a trial of the library.")
]
Replicates = Annotated[
    int, typer.Option(metavar="R", min=1, help="Times that each variant is simulated.")
]
ArmName = Annotated[str | None, typer.Option("--arm", metavar="ARM", help="Arm [the first].")]
Patients = Annotated[
    list[str] | None,
    typer.Option(metavar="ARM=N", help="Other number of patients; may be repeated."),
]
Typical = Annotated[
    bool,
    typer.Option("--typical", help="Typical parameters in every replicate; none are drawn."),
]


def number(value: float, form: str) -> str:
    """A number, or "-" for none."""
    return "-" if value != value else form.format(value)


def with_limits(value: float, lo: float, hi: float, form: str = "{:.1f}") -> str:
    """A value with its limits, "-" for what is not defined or not reached."""
    text = number(value, form)
    return text if lo != lo and hi != hi else f"{text} ({number(lo, form)} to {number(hi, form)})"


def chosen_trial(source: str, patients: list[str] | None) -> Any:
    """The trial, with other numbers of patients if they are given."""
    from rpoint.cli.trial_run import _sizes
    from rpoint.trial.disk.plan import with_patients
    from rpoint.trial.read import read_trial

    return with_patients(read_trial(source), _sizes(patients or []))


def simulated(
    io: Console, work: Callable[[dict[str, Any]], Any], replicates: int, typical: bool,
    *, shares: bool = True,
) -> Any:  # fmt: skip
    """Do the work under a progress bar; `shares`: whether it counts replicates."""
    if shares and replicates < FEW:
        io.say(f"{replicates} replicates: a share is known to about "
               f"{100 / replicates**0.5:.0f} points at best")  # fmt: skip
    with io.progress("patients") as advance:
        return work({
            "replicates": replicates, "seed": io.seed, "jobs": io.jobs, "typical": typical,
            "progress": counter(advance),
        })  # fmt: skip


def deliver(
    io: Console, name: str, found: Any, tables: dict[str, pd.DataFrame], figures: dict[str, Figure]
) -> int:
    """Print JSON if it is asked for, and write everything to --out, all or nothing."""
    drawn = {f"{title}.svg": figure for title, figure in figures.items()}
    io.deliver(name, found.to_dict(), tables=tables, figures=drawn)
    runs: VariantRuns = found.runs
    for what, error in runs.failed.items():
        io.say(f"{what} failed and are left out: {error.strip().splitlines()[-1]}")
    return PARTIAL if runs.failed else 0
