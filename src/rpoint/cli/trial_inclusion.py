"""`rpoint trial inclusion`: what do a trial's outcomes owe to the rule that makes its patients?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console
from rpoint.cli.trial_design_output import (
    Patients,
    Replicates,
    Source,
    Typical,
    chosen_trial,
    deliver,
    simulated,
    with_limits,
)

if TYPE_CHECKING:
    from rpoint.trial.design.inclusion import Inclusion


def add_to(app: typer.Typer) -> None:
    """Register the command in the group `trial`."""

    @command(app, "inclusion", example="rpoint trial inclusion mantra-2 --replicates 50 --jobs 2")
    def inclusion(
        io: Console,
        trial: Source,
        replicates: Replicates = 50,
        patients: Patients = None,
        typical: Typical = False,
    ) -> int:
        """The same trial with accepted and with weighted patients: responses, progression.

        Two rules make a population of plausible candidates: acceptance against observed growth and
        burden, and prevalence weights.  Both aim at the same patients; the spread between them is
        an uncertainty of every simulated outcome, shown with its Monte Carlo error.

        With --out: inclusion.json, .csv, replicates.csv and .svg.
        """
        from rpoint.plots.trial_inclusion import inclusion_figure
        from rpoint.trial.design.inclusion import inclusion

        found = simulated(io, lambda run: inclusion(
            chosen_trial(trial, patients), **run
        ), replicates, typical, shares=False)  # fmt: skip
        show(io, found)
        figure = inclusion_figure(
            found.table, title=f"{found.trial}: outcomes by inclusion rule",
            note=found.summary().splitlines(),
        )  # fmt: skip
        tables = {"inclusion": found.table, "replicates": found.replicates()}
        return deliver(io, "inclusion", found, tables, {"inclusion": figure})


def show(io: Console, found: Inclusion) -> None:
    """Print a table an arm and endpoint, and what follows."""
    from rpoint.plots.trial_design import label
    from rpoint.trial.design.inclusion import HAZARD_RATIO

    for (arm, endpoint), part in found.table.groupby(["arm", "endpoint"], sort=False):
        rows = [_row(r) for r in part.to_dict("records")]
        io.table(rows, title=f"{arm}: {label(str(endpoint))}")
    io.text(found.summary())
    contrast = found.runs.trials["acceptance"].analysis.contrast
    if contrast is not None and HAZARD_RATIO not in set(found.table["endpoint"]):
        io.text(f"no hazard ratio: of {' and '.join(contrast)} one is a published curve, which "
                "depends on no rule")  # fmt: skip


def _row(row: dict[str, Any]) -> dict[str, str]:
    apart = (row["difference"], row["difference_lo"], row["difference_hi"])
    return {
        "rule": row["rule"],
        "value": with_limits(row["value"], row["lo"], row["hi"], "{:.2f}"),
        "difference": "reference" if row["rule"] == "acceptance"
        else with_limits(*apart, "{:+.2f}"),
        "effective patients": f"{row['effective']:.0f} of {row['patients']:.0f}",
    }  # fmt: skip
