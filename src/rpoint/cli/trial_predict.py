"""`rpoint trial predict`, `compare`: predicted against published values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console
from rpoint.errors import RpointError

if TYPE_CHECKING:
    import pandas as pd

SHOWN = (
    "trial", "arm", "subset", "endpoint", "role", "published", "lo", "hi", "predicted", "q05",
    "q95", "hit",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Register the commands in the group `trial`."""
    _add_compare(app)
    _add_published(app)


def _add_compare(app: typer.Typer) -> None:
    @command(app, "compare", example="rpoint trial compare run --out comparison")
    def compare_run(
        io: Console,
        folders: Annotated[
            list[Path], typer.Argument(metavar="DIR...", help="Folders of complete runs.")
        ],
    ) -> None:
        """Put what runs predict beside what their trial files say was published.

        The interval is that of the replicates: what trials of this size would report.
        """
        from rpoint.trial.compare import compare_all
        from rpoint.trial.disk.read import open_run

        runs = [open_run(folder) for folder in folders]
        table = compare_all((run.trial, run.analysis()) for run in runs)
        if not len(table):
            raise RpointError("the trial files of these runs name no published value")
        _deliver(io, table)


def _add_published(app: typer.Typer) -> None:
    @command(app, "published", example="rpoint trial published --role check")
    def published(
        io: Console,
        trial: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="Only these trials.")
        ] = None,
        role: Annotated[
            str, typer.Option(metavar="ROLE", help="check, calibrate, or both.")
        ] = "both",
    ) -> None:
        """The library's predictions beside the published values, from the shipped replicates.

        Rows with the role `calibrate` shaped the population's parameters; rows with the role
        `check` were never shown to a fit.
        """
        from rpoint.errors import unknown_name
        from rpoint.trial.predictions import shipped_comparison

        table = shipped_comparison()
        for name in trial or ():
            if name not in set(table["trial"]):
                raise unknown_name("trial with a shipped prediction", name, set(table["trial"]))
        if trial:
            table = table[table["trial"].isin(trial)]
        if role not in ("both", "check", "calibrate"):
            raise unknown_name("role", role, ("check", "calibrate", "both"), where="--role")
        if role != "both":
            table = table[table["role"] == role]
        _deliver(io, table.reset_index(drop=True))


def _deliver(io: Console, table: pd.DataFrame) -> None:
    from rpoint.plots.trial import predicted_against_published
    from rpoint.trial.compare import verdict

    counted = verdict(table)
    hits, rows = int(counted["hits"].sum()), int(counted["rows"].sum())
    io.table(table[list(SHOWN)].to_dict("records"), title="predicted against published")
    io.table(
        counted.to_dict("records"), title="hits: published value in the 90 % predictive interval"
    )
    figure = predicted_against_published(
        table, subtitle=f"{hits} of {rows} published values in the 90 % interval"
    )
    io.deliver(
        "comparison",
        {"rows": table.to_dict("records"), "hits": counted.to_dict("records")},
        tables={"comparison": table},
        figures={"comparison.png": figure, "comparison.html": figure},
    )
