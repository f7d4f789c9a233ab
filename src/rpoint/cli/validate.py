"""`rpoint validate`: predictions of a folder of measured panels beside its measurements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

if TYPE_CHECKING:
    from rpoint.panel.validate import Validation


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "validate", example="rpoint validate DATA --fit none --out comparison")
    def validate(
        io: Console,
        folder: Annotated[
            Path,
            typer.Argument(metavar="FOLDER", help="Data: pdxe, gdsc, nest_palbociclib, or one."),
        ],
        fit: Annotated[
            str,
            typer.Option(metavar="HOW", help="crossval: learn in the folder; none: as shipped."),
        ] = "crossval",
        folds: Annotated[
            int, typer.Option(metavar="N", min=2, max=50, help="Folds of the cross-validation.")
        ] = 5,
    ) -> None:
        """Compare predictions with the measurements of a data folder.

        Rank correlation within each arm and pooled, ROC-AUC of response, marker effects with
        negative controls, coverage and width of intervals, PIT and log density of volume curves;
        beside the arm's median, the median by genotype and ridge regressions, all cross-validated
        by model, and beside what repeats of one experiment achieve.

        With --out: validation.html, validation.json, every table as CSV and every figure as SVG and
        PNG.  The demands that are missed are listed as missed; they do not change the exit code.
        """
        from rpoint.panel.validate import validate as run

        with io.progress("validate") as advance:

            def tell(text: str) -> None:
                advance(0, text=text)
                io.say(text, level=1)

            found = run(
                folder,
                fit=fit,
                folds=folds,
                seed=io.seed,
                jobs=io.jobs,
                progress=tell,
            )
        report(io, found)


def report(io: Console, found: Validation) -> None:
    """Print the tables and write the files."""
    for note in found.notes:
        io.say(f"note: {note}", level=1)
    io.table([row(line) for line in found.summary().to_dict("records")], title="Spearman")
    io.text("ranks within the folds; a constant predictor has none")
    io.table(
        [
            {**line, "met": "met" if line["met"] else "MISSED"}
            for line in found.criteria.to_dict("records")
        ],
        title="Demands",
    )
    if io.json:
        io.result(found.to_dict())
    if io.out is not None:
        from rpoint.files import staged
        from rpoint.report.validation import write

        with staged(io.out) as stage:
            write(found, stage)
        io.say(f"written: {io.out}")


def row(line: dict[str, Any]) -> dict[str, Any]:
    """The columns that fit a terminal."""
    numbers = {k: v for k, v in line.items() if k not in ("assay", "arm", "n")}
    shown = {name: "" if value != value else f"{value:.2f}" for name, value in numbers.items()}
    return {"arm": line["arm"], "n": line["n"], **shown}
