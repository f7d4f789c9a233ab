"""`rpoint proportion`: counts with their intervals, two of them compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "proportion", example="rpoint proportion any=6/31 confirmed=1/31")
    def proportion(
        io: Console,
        counts: Annotated[
            list[str] | None,
            typer.Argument(metavar="[X/N]...", help="6/31, label=6/31, or 6 31."),
        ] = None,
        table: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help="CSV or Parquet with x, n and a label; - for stdin."),
        ] = None,
        method: Annotated[
            str, typer.Option(metavar="NAME", help="clopper-pearson, wilson or jeffreys.")
        ] = "clopper-pearson",
        side: Annotated[str, typer.Option(metavar="SIDE", help="two, lower or upper.")] = "two",
        level: Annotated[float, typer.Option(metavar="P", help="Of the interval.")] = 0.95,
        compare: Annotated[
            bool,
            typer.Option("--compare", help="Compare two counts: difference (Newcombe), Fisher."),
        ] = False,
    ) -> None:
        """Exact, score or Bayesian intervals of proportions.

        6/31 prints 19.4 % (7.5–37.5).  With --compare the difference of the two counts and Fisher's
        exact test, with the conditional odds ratio.

        With --out: proportion.csv and proportion.json.
        """
        from rpoint.errors import RpointError
        from rpoint.stats.proportions import proportion_table

        rows = read(counts or [], table)
        label, x, n = zip(*rows, strict=True)
        found = proportion_table(
            x, n, label=label, level=level, method=cast(Any, method), side=cast(Any, side)
        )
        whole: dict[str, Any] = {
            "method": method, "side": side, "level": level,
            "proportions": found.to_dict("records"),
        }  # fmt: skip
        if compare and len(rows) != 2:
            raise RpointError("--compare needs two counts", found=f"{len(rows)}")
        show(io, found, whole)
        if compare:
            whole |= compared(io, (x[0], n[0], x[1], n[1]), level)
        write(io, found, whole)


def read(counts: list[str], table: Path | None) -> list[tuple[str, int, int]]:
    """Label, x and n of every count."""
    from rpoint.errors import RpointError
    from rpoint.stats.count_text import parse_words
    from rpoint.stats.study_table import read_studies

    if bool(counts) == (table is not None):
        raise RpointError(
            "give counts or a table, one of the two", mend="rpoint proportion 6/31 1/31"
        )
    if table is None:
        return parse_words(counts)
    frame = read_studies(table, kinds=("proportion",)).frame
    return [(r.study, int(r.x), int(r.n)) for r in frame.itertuples()]


def compared(io: Console, counts: tuple[int, int, int, int], level: float) -> dict[str, Any]:
    """Print and return the comparison of the two."""
    from rpoint.stats.two_proportions import difference, fisher_exact

    gap, test = difference(*counts, level=level), fisher_exact(*counts, level=level)
    io.text(gap.summary())
    io.text(test.summary())
    return {"difference": gap.to_dict(), "fisher": test.to_dict()}


def show(io: Console, found: Any, whole: dict[str, Any]) -> None:
    """Print a line a count."""
    for row in found.to_dict("records"):
        io.text(f"{row['label']}: {row['text']}" if row["label"] else row["text"])
    io.text(f"{100 * whole['level']:g} % {whole['method']} interval, {whole['side']}-sided")


def write(io: Console, found: Any, whole: dict[str, Any]) -> None:
    """JSON to stdout, and the files."""
    if io.json:
        io.result(whole)
    if io.out is not None:
        from rpoint.files import staged, write_json, write_text

        with staged(io.out) as folder:
            write_json(folder / "proportion.json", whole)
            write_text(folder / "proportion.csv", found.to_csv(index=False))
        io.say(f"written: {io.out}")
