"""`rpoint cohort`: who would be enrolled - genotypes, copies, screening."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

if TYPE_CHECKING:
    import pandas as pd

    from rpoint.cohort import Cohort, Population

SHOWN_TYPES = 12
SHOWN_ALTERATIONS = 16


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "cohort", example="rpoint cohort mantra-2")
    def cohort(
        io: Console,
        trial: Annotated[
            str | None,
            typer.Argument(metavar="[FILE|NAME]", help="A trial file or a trial of the library."),
        ] = None,
        tumour: Annotated[
            list[str] | None,
            typer.Option(metavar="T[=WEIGHT]", help="Tumour type, or solid: all of them."),
        ] = None,
        line: Annotated[int, typer.Option(metavar="N", min=1, help="Line of therapy.")] = 1,
        setting: Annotated[
            str,
            typer.Option(metavar="S", help="auto, primary, metastasis or 'after CDK4/6i'."),
        ] = "auto",
        require: Annotated[
            list[str] | None,
            typer.Option(metavar="G:S", help="As TP53:wt, MDM2:cn>=12; may be repeated."),
        ] = None,
        exclude: Annotated[
            list[str] | None,
            typer.Option(metavar="G:S", help="As RB1:loss, type:liposarcoma; may be repeated."),
        ] = None,
        central: Annotated[
            list[str] | None,
            typer.Option(metavar="G:S", help="What a central test must confirm."),
        ] = None,
        central_missing: Annotated[
            float | None, typer.Option(metavar="P", help="Share without a central test [0].")
        ] = None,
        frequency: Annotated[
            list[str] | None,
            typer.Option(metavar="G:S=P", help="Frequency instead of the table's."),
        ] = None,
        patients: Annotated[int, typer.Option(metavar="N", min=1, help="Patients to draw.")] = 1000,
        rule: Annotated[
            str, typer.Option(metavar="RULE", help="acceptance, or weights.")
        ] = "acceptance",
    ) -> None:
        """Draw a cohort and show who is in it, and who failed screening.

        From a trial's population, or from options.  Tumour types with what each contributes, the
        share that passes each condition, alterations beside the table they come from, candidates
        rejected as implausible.  A patient depends on the seed and her number alone.

        With --out: cohort.csv, types.csv, screening.csv, alterations.csv, rejections.csv,
        cohort.json and alterations.svg.
        """
        from rpoint.cohort import draw_cohort

        options = {
            "tumours": weights(tumour), "line": line, "setting": setting, "require": require,
            "exclude": exclude, "central": central, "central_missing": central_missing,
            "frequencies": frequencies(frequency),
        }  # fmt: skip
        population = chosen(trial, options)
        drawn = draw_cohort(population, patients, io.seed, rule=rule)
        report(io, drawn, population)


def chosen(trial: str | None, options: dict[str, Any]) -> Population:
    """The population of a trial file, or of the options; one of the two."""
    from rpoint.cohort import Population
    from rpoint.errors import RpointError

    given = {key: value for key, value in options.items() if value not in (None, {})}
    if trial is None:
        return Population(**given)
    own = {k: v for k, v in given.items() if not (k in ("line", "setting") and v in (1, "auto"))}
    if own:
        raise RpointError(
            "give a trial or options, one of the two",
            found=f"{trial} and {', '.join('--' + k.replace('_', '-') for k in own)}",
            mend="leave the options out, or write them into a copy of the trial file",
        )
    from rpoint.trial.read import read_trial

    return Population.of(read_trial(trial).population)


def weights(texts: list[str] | None) -> dict[str, float] | None:
    """Tumour type -> weight of `T` and `T=WEIGHT`."""
    if not texts:
        return None
    return {name: value for name, value in (_pair(text, "--tumour", 1.0) for text in texts)}


def frequencies(texts: list[str] | None) -> dict[str, float]:
    """Alteration -> frequency of `G:S=P`."""
    return dict(_pair(text, "--frequency", None) for text in texts or ())


def _pair(text: str, option: str, default: float | None) -> tuple[str, float]:
    from rpoint.errors import RpointError

    name, equals, number = text.rpartition("=")
    if not equals and default is not None:
        return text, default
    try:
        return name, float(number)
    except ValueError:
        raise RpointError(
            "not a name and a number", where=option, found=text, allowed="NAME=NUMBER"
        ) from None


def report(io: Console, drawn: Cohort, population: Population) -> None:
    """Print the tables and write the files."""
    from rpoint.cohort.checks import basket, screening
    from rpoint.cohort.compare import against_source

    tables = {
        "types": basket(population),
        "screening": screening(population),
        "alterations": against_source(drawn),
        "rejections": drawn.rejections,
    }
    show(io, drawn, population, tables)
    whole = {**drawn.to_dict(), **tables, "sources": drawn.cite()}
    if io.json:
        io.result(whole)
    if io.out is not None:
        write(io, io.out, drawn, tables, whole)


def show(
    io: Console, drawn: Cohort, population: Population, tables: dict[str, pd.DataFrame]
) -> None:
    """Print what fits a terminal."""
    io.text(f"{drawn!r}, drawn from {population.drawn_from} frequencies")
    if len(tables["screening"]):
        io.table([_passes(r) for r in tables["screening"].to_dict("records")], title="Screening")
    if population.central:
        good = int(drawn.eligible_central.sum())
        io.text(f"confirmed by the central test: {good} of {len(drawn)}")
    types = tables["types"]
    if len(types) > 1:
        io.table([_type(r) for r in types.head(SHOWN_TYPES).to_dict("records")], title="Types")
    first = tables["alterations"]
    first = first[first["type"] == first["type"].iloc[0]].head(SHOWN_ALTERATIONS)
    io.table([_alteration(r) for r in first.to_dict("records")], title=str(first["type"].iloc[0]))
    io.table(tables["rejections"].to_dict("records"), title="Candidates rejected")
    if drawn.rule == "weights":
        io.text(f"effective sample size {drawn.effective_size:.0f} of {len(drawn)}")


def _passes(row: dict[str, Any]) -> dict[str, str]:
    return {
        "condition": row["condition"],
        "passes": f"{row['passes_alone']:.2f} %",
        "with all before": f"{row['passes_so_far']:.2f} %",
    }


def _type(row: dict[str, Any]) -> dict[str, str]:
    return {
        "type": row["type"],
        "of candidates": f"{row['candidates']:.1f} %",
        "passes": f"{row['passes']:.2f} %",
        "of enrolled": f"{row['enrolled']:.1f} %",
        "its own counts": "yes" if row["counted"] else "no",
        "cells of": row["cells"],
    }


def _alteration(row: dict[str, Any]) -> dict[str, str]:
    source = f"{row['source_percent']:.1f}"
    if row["source_n"]:
        source += f" ({row['source_lo']:.1f} to {row['source_hi']:.1f})"
    return {
        "alteration": row["alteration"],
        "cohort, %": f"{row['percent']:.1f} ({row['lo']:.1f} to {row['hi']:.1f})",
        "source, %": source,
        "counted": row["cohort"],
    }


def write(
    io: Console, out: Path, drawn: Cohort, tables: dict[str, pd.DataFrame], whole: dict[str, Any]
) -> None:
    """Write tables, JSON and the figure to a folder, all or nothing."""
    from rpoint.files import staged, write_json, write_text
    from rpoint.plots.cohort import frequencies as figure

    with staged(out) as folder:
        write_json(folder / "cohort.json", whole)
        write_text(folder / "cohort.csv", drawn.to_frame().to_csv(index=False))
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", table.to_csv(index=False))
        note = f"{len(drawn)} patients" + (" after screening" if len(tables["screening"]) else "")
        picture = figure(tables["alterations"], note=note, sources=drawn.cite())
        picture.save(folder / "alterations.svg")
    io.say(f"written: {out}")
