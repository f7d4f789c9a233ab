"""`rpoint meta`: meta-analysis and meta-regression of a table of studies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

if TYPE_CHECKING:
    import pandas as pd


COLUMN = "COL"


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "meta", example="rpoint meta studies.csv --method glmm --out results")
    def meta(
        io: Console,
        table: Annotated[
            Path,
            typer.Argument(metavar="TABLE", help="CSV or Parquet, a row a study; - for stdin."),
        ],
        method: Annotated[
            str | None,
            typer.Option(metavar="NAME", help="glmm, reml, dl, pm, ml or fe [glmm; else reml]."),
        ] = None,
        transform: Annotated[
            str, typer.Option(metavar="NAME", help="logit, arcsine or freeman-tukey.")
        ] = "logit",
        test: Annotated[
            str, typer.Option(metavar="NAME", help="z, t or hk (Hartung–Knapp).")
        ] = "z",
        measure: Annotated[
            str, typer.Option(help="Two groups: odds ratio, risk ratio, risk difference.")
        ] = "odds ratio",
        by: Annotated[str | None, typer.Option(metavar=COLUMN, help="Column of subgroups.")] = None,
        covariate: Annotated[
            str | None, typer.Option(metavar=COLUMN, help="Regress proportions on this column.")
        ] = None,
        covariate_counts: Annotated[
            tuple[str, str] | None,
            typer.Option(metavar="Y M", help="The covariate is y of m, with its error."),
        ] = None,
        source: Annotated[
            str | None,
            typer.Option(metavar=COLUMN, help="Studies of one source share the covariate."),
        ] = None,
        error: Annotated[
            str, typer.Option(metavar="MODEL", help="Of counted covariates: structural or beta.")
        ] = "structural",
        scale: Annotated[
            str, typer.Option(metavar="NAME", help="Of the covariate: identity or logit.")
        ] = "identity",
        level: Annotated[float, typer.Option(metavar="P", help="Of all intervals.")] = 0.95,
    ) -> None:
        """Pool studies, always with a prediction interval; or regress them on a covariate.

        Columns: study and either x, n (proportions); x1, n1, x2, n2 (two groups); estimate, lo, hi
        (ratios); or y, v (any effect).  Leave-one-out is part of every result.  A slope between
        studies is no risk of individuals.

        With --out: meta.json, studies.csv, leave_one_out.csv and forest.svg; for a regression
        coefficients.csv, band.csv and bubble.svg.
        """
        if covariate is not None or covariate_counts is not None:
            regress(io, table, covariate, covariate_counts, source, error, scale, level)
        else:
            pool(io, table, method, transform, test, measure, by, level)


def pool(
    io: Console, table: Path, method: str | None, transform: Any, test: Any, measure: Any,
    by: str | None, level: float,
) -> None:  # fmt: skip
    """Pool, print and write."""
    from rpoint.plots.meta import forest
    from rpoint.stats.meta_influence import leave_one_out, subgroups
    from rpoint.stats.meta_table import meta_of
    from rpoint.stats.study_table import read_studies

    studies = read_studies(table, least=2)
    found = meta_of(
        studies, method=method, transform=transform, test=test, measure=measure, level=level
    )
    groups = subgroups(found, studies.column(by)) if by else None
    without = leave_one_out(found) if found.k > 2 else None
    io.text(found.summary())
    whole = found.to_dict()
    tables = {"studies": found.to_frame()}
    if without is not None:
        io.text(spread(found, without))
        whole["leave_one_out"] = without.to_dict("records")
        tables["leave_one_out"] = without
    if groups is not None:
        io.text(groups.summary())
        whole["subgroups"] = groups.to_dict()
        tables["subgroups"] = groups.to_frame()
    figure = forest(
        found.to_frame(), measure=found.measure, note=found.summary(), log=found.transform == "log"
    )
    io.deliver("meta", whole, tables=tables, figures={"forest.svg": figure})


def spread(found: Any, without: pd.DataFrame) -> str:
    """The two extremes of leaving one study out, in a line."""
    fine = without[without["status"] == "ok"].sort_values("estimate")
    if fine.empty:
        return "leaving one study out: no part can be pooled"
    ends = (
        f"{found.value(row['estimate'])} without {row['study']}"
        for row in (fine.iloc[0], fine.iloc[-1])
    )
    return "leaving one study out: " + " to ".join(ends)


def regress(
    io: Console, table: Path, covariate: str | None, counts: tuple[str, str] | None,
    source: str | None, error: Any, scale: Any, level: float,
) -> None:  # fmt: skip
    """Regress, print and write."""
    from rpoint.plots.meta import bubble
    from rpoint.stats.meta_table import regression_of
    from rpoint.stats.study_table import read_studies

    studies = read_studies(table, kinds=("proportion",), least=3)
    found = regression_of(
        studies, covariate=covariate, counts=counts, source=source, error=error, scale=scale,
        level=level,
    )  # fmt: skip
    without, band = found.leave_one_out(), found.band()
    io.text(found.summary())
    io.table(without.to_dict("records"), title="slope without each in turn")
    whole = found.to_dict() | {"leave_one_out": without.to_dict("records")}
    tables = {
        "studies": found.studies, "coefficients": found.to_frame(), "band": band,
        "leave_one_out": without,
    }  # fmt: skip
    figure = bubble(found.studies, band, covariate=found.names[1], note=found.summary())
    io.deliver("meta", whole, tables=tables, figures={"bubble.svg": figure})
