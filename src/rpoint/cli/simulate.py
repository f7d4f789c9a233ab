"""`rpoint simulate`: one tumour, several regimens, side by side."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console, counter
from rpoint.cli.subject import (
    KNOWN_FAULT,
    Alterations,
    Clones,
    TumourName,
    make_arms,
    make_tumour,
)

if TYPE_CHECKING:
    from rpoint.tumour.result import Simulation
    from rpoint.tumour.why import Explanation

PARTIAL = 3
EXAMPLE = (
    "rpoint simulate --tumour melanoma --alteration CDKN2A:loss "
    '--arm "CDK4/6i=palbociclib 125 mg qd 21/28" --weeks 24 --patients 50'
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "simulate", example=EXAMPLE)
    def simulate(
        io: Console,
        tumour: TumourName,
        arm: Annotated[
            list[str],
            typer.Option("--arm", metavar="NAME=REGIMEN", help="A regimen; may be repeated."),
        ],
        alteration: Alterations = None,
        clone: Clones = None,
        weeks: Annotated[float, typer.Option(metavar="N", help="Length of the treatment.")] = 24.0,
        patients: Annotated[int, typer.Option(metavar="N", max=100_000, help="How many.")] = 200,
        scan_weeks: Annotated[
            float, typer.Option(metavar="N", min=0.1, max=520, help="Time between scans.")
        ] = 8.0,
        why: Annotated[
            str | None, typer.Option(metavar="ARM", help="Which node carries this arm's effect?")
        ] = None,
    ) -> int:
        """Treat one tumour with several regimens, side by side.

        The same virtual patients go through every arm; an untreated one is added.  --why holds
        each node of the network to its course in the best simpler arm and measures how much of the
        difference that takes away.

        With --out: summary.csv, sizes.csv, scans.csv, simulation.json and sizes.svg; with --why
        also why.csv and why.svg.  Exit 3 if the model could not be solved for some patients.
        """
        from rpoint.tumour.simulate import simulate as run

        subject, arms = make_tumour(tumour, alteration, clone), make_arms(arm)
        check_why(why, arms)
        with io.progress("patients", patients) as advance:
            result = run(
                subject,
                arms,
                weeks=weeks,
                patients=patients,
                seed=io.seed,
                jobs=io.jobs,
                visit_weeks=scan_weeks,
                progress=counter(advance),
            )
        explained = None if why is None else result.why(why)
        report(io, result, explained)
        return PARTIAL if result.courses.failed else 0


def check_why(why: str | None, arms: Any) -> None:
    """Refuse an arm that does not exist before anything is computed."""
    from rpoint.errors import unknown_name

    if why is not None and why not in arms:
        raise unknown_name("arm", why, arms, where="--why")


def report(io: Console, result: Simulation, explained: Explanation | None) -> None:
    """Print the summary and write the files."""
    io.text(repr(result.tumour))
    io.table([row(line) for line in result.summary().to_dict("records")])
    io.text("medians, with 5th and 95th percentile over patients; responses are not confirmed")
    io.text(KNOWN_FAULT)
    whole = {**result.to_dict(), "sources": result.cite(), "known_faults": [KNOWN_FAULT]}
    if explained is not None:
        io.text(str(explained))
        whole["why"] = reasons(explained)
    if result.courses.failed:
        io.say(f"{result.courses.failed} runs could not be solved and are left out")
    if io.json:
        io.result(whole)
    if io.out is not None:
        write(io, io.out, result, whole, explained)


def reasons(explained: Explanation) -> dict[str, Any]:
    """What each node carries of the difference between two arms, as plain data."""
    return {
        "arm": explained.arm,
        "against": explained.against,
        "deciding": explained.deciding,
        "parameter_sets": explained.sets,
        "nodes": explained.to_frame().to_dict("records"),
    }


def row(line: dict[str, Any]) -> dict[str, Any]:
    """The columns that fit a terminal."""
    shown = {"arm": line["arm"], "regimen": line["regimen"], "patients": line["patients"]}
    shown["growth over untreated"] = band(line, "growth_over_untreated", "growth")
    shown["change at end, %"] = line["change_at_end_pct"]
    if "best_change_pct" in line:
        shown["best change, %"] = band(line, "best_change_pct", "best")
        shown["response, %"] = line["response_pct"]
    weeks = line["median_progression_weeks"]
    shown["progression, weeks"] = weeks if math.isfinite(weeks) else "not reached"
    return shown


def band(line: dict[str, Any], middle: str, prefix: str) -> str:
    """`median (5th to 95th percentile)`."""
    return f"{line[middle]:.3g} ({line[f'{prefix}_lo']:.3g} to {line[f'{prefix}_hi']:.3g})"


def write(
    io: Console, out: Path, result: Simulation, whole: dict[str, Any], explained: Explanation | None
) -> None:
    """Write tables, JSON and figures to a folder, all or nothing."""
    from rpoint.files import staged, write_json, write_text

    with staged(out) as folder:
        write_json(folder / "simulation.json", whole)
        write_text(folder / "summary.csv", result.summary().to_csv(index=False))
        write_text(folder / "sizes.csv", result.to_frame().to_csv(index=False))
        write_text(folder / "scans.csv", result.visits().to_csv(index=False))
        result.plot.size().save(folder / "sizes.svg")
        if explained is not None:
            write_text(folder / "why.csv", explained.to_frame().to_csv(index=False))
            explained.plot().save(folder / "why.svg")
    io.say(f"written: {out}")
