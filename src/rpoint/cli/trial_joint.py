"""`rpoint trial joint`: do all published numbers of one arm arise together?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console
from rpoint.cli.trial_design_output import (
    ArmName,
    Replicates,
    Source,
    chosen_trial,
    deliver,
    simulated,
    with_limits,
)

if TYPE_CHECKING:
    from rpoint.plots._figure import Figure
    from rpoint.trial.design.joint import JointCheck


def add_to(app: typer.Typer) -> None:
    """Register the command in the group `trial`."""

    @command(app, "joint", example="rpoint trial joint mantra-2 --replicates 500 --jobs 2")
    def joint(
        io: Console,
        trial: Source,
        replicates: Replicates = 200,
        arm: ArmName = None,
        whole: Annotated[
            bool, typer.Option("--whole", help="Only the trial as it is; switch nothing off.")
        ] = False,
    ) -> int:
        """Do all published numbers of one arm arise together, and from which part of the trial?

        A posterior predictive check of all check rows of the trial file at once, calibrated by the
        replicates.  Then confirmation, the grid of scans, reading error, pauses between doses and
        resistant clones are switched off one at a time, with the same patients.

        With --out: joint.json, joint.csv, conditions.csv, parts.csv, part-joint.csv,
        replicates.csv, joint.svg and parts.svg.
        """
        from rpoint.trial.design.joint import joint

        found = simulated(io, lambda run: joint(
            chosen_trial(trial, None), arm=arm, decompose=not whole, **run
        ), replicates, False)  # fmt: skip
        show(io, found)
        tables = {
            "joint": found.table, "conditions": found.conditions, "parts": found.parts,
            "part-joint": found.part_joint, "replicates": found.vectors.reset_index(),
        }  # fmt: skip
        return deliver(io, "joint", found, tables, figures(found))


def figures(found: JointCheck) -> dict[str, Figure]:
    """The replicates beside what is published; the parts that were switched off, if any were."""
    from rpoint.plots.trial_design import comparison_figure, joint_figure

    drawn = {"joint": joint_figure(
        found.vectors, found.table, note=[found.arm, *found.summary().splitlines()],
        title=f"{found.trial}: published numbers of one arm together",
    )}  # fmt: skip
    if len(found.runs.trials) > 1:
        drawn["parts"] = comparison_figure(
            found.parts.rename(columns={"statistic": "endpoint"}), reference="as it is",
            title=f"{found.trial}: one part switched off at a time",
        )  # fmt: skip
    return drawn


def show(io: Console, found: JointCheck) -> None:
    """Print statistics, joint tail probabilities, statements and what is switched off."""
    io.table([
        {"statistic": r["statistic"], "published": r["published"],
         "simulated": with_limits(r["value"], r["q05"], r["q95"], "{:.2f}"),
         "tail area": f"{r['tail']:.3f}"}
        for r in found.table.to_dict("records")
    ])  # fmt: skip
    io.text(found.summary())
    io.table([
        {"claim": r["claim"], "statement": r["statement"],
         "value": with_limits(r["value"], r["lo"], r["hi"]),
         "of": f"{r['count']}/{r['of']}", "unit": r["unit"]}
        for r in found.conditions.to_dict("records")
    ], title="Statements")  # fmt: skip
    if len(found.runs.trials) > 1:
        shown = found.parts.pivot(index="variant", columns="statistic", values="value")
        order = list(dict.fromkeys(found.parts["variant"]))
        names = list(dict.fromkeys(found.parts["statistic"]))
        io.table([
            {"variant": v, **{_head(n): float(shown.loc[v, n]) for n in names}} for v in order
        ], title="One part switched off at a time")  # fmt: skip


def _head(name: str) -> str:
    """A statistic as a narrow heading: pfs_median_months_lo is pfs months lo."""
    for long, short in (("response_", ""), ("_median", ""), ("target_", ""), ("_pct", " %")):
        name = name.replace(long, short)
    return name.replace("_", " ")
