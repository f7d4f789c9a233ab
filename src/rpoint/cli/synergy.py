"""`rpoint synergy`: dose matrices against the reference models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console, counter, safe_name

if TYPE_CHECKING:
    from rpoint.stats.synergy import Synergy

TABLES = ("scores", "surface", "musyc", "single_agents", "checks", "matrix")
PARTIAL = 3


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "synergy", example="rpoint synergy plate.csv --response viability --out synergy")
    def synergy(
        io: Console,
        plate: Annotated[
            str,
            typer.Argument(
                metavar="PLATE", help="Long table of wells, CSV or Parquet; - reads CSV from stdin."
            ),
        ],
        drug1: Annotated[
            str | None, typer.Option(help="First drug [every pair of the plate].")
        ] = None,
        drug2: Annotated[str | None, typer.Option(help="Second drug.")] = None,
        response: Annotated[
            str | None,
            typer.Option(
                help="inhibition, viability, count or gr [what the name of the column says]."
            ),
        ] = None,
        percent: Annotated[
            bool | None,
            typer.Option("--percent/--fraction", help="Scale of the response [fraction]."),
        ] = None,
        unit1: Annotated[
            str | None, typer.Option(help="Unit of dose1, if its column has no name like dose1_nM.")
        ] = None,
        unit2: Annotated[str | None, typer.Option(help="Unit of dose2.")] = None,
        model: Annotated[str, typer.Option(help="bliss, hsa, loewe, zip, musyc or all.")] = "all",
        gamma: Annotated[
            bool, typer.Option("--gamma", help="Fit the cooperativity of MuSyC too.")
        ] = False,
        bootstrap: Annotated[
            int, typer.Option(metavar="N", min=0, max=20_000, help="Samples for the intervals.")
        ] = 200,
    ) -> int:
        """Compare combinations of two drugs with what reference models expect.

        The table has one row a well: drug1, drug2, dose1_UNIT, dose2_UNIT, response, and if there
        are any replicate and block; wells with one drug have the other dose 0.  Scores are excesses
        of effect (inhibition, whatever was measured): positive means more effect than expected.

        With --out: synergy.json, one CSV for each table, and SVG figures; a folder of figures for
        each pair if there are more.  Exits with 3 if a model could not be made of the data.
        """
        from rpoint.stats.plate import read_plate
        from rpoint.stats.synergy import analyse_plate

        wells = read_plate(
            plate, response=response, percent=percent, drug1=drug1, drug2=drug2, unit1=unit1,
            unit2=unit2,
        )  # fmt: skip
        with io.progress("resampled matrices") as advance:
            results = analyse_plate(
                wells, drug1, drug2, models=model, gamma=gamma, bootstrap=bootstrap, seed=io.seed,
                progress=counter(advance),
            )  # fmt: skip
        report(io, results)
        return 0 if all(result.complete for result in results) else PARTIAL


def report(io: Console, results: list[Synergy]) -> None:
    """Print the scores of every pair, and write the files."""
    for result in results:
        show(io, result)
    whole = {"pairs": [result.to_dict() for result in results]}
    if io.json:
        io.result(whole)
    if io.out is not None:
        write(io, io.out, results, whole)


def show(io: Console, result: Synergy) -> None:
    """One pair for people."""
    io.text(f"{result.name}: {result.scale}")
    level = f"{100 * result.bootstrap['level']:g} %"
    rows = [
        {
            "model": row["model"],
            "mean excess": f"{row['mean_excess']:+.3f}" if row["cells"] else "",
            level: span(row["lo"], row["hi"]),
            "verdict": row["verdict"],
            "cells": f"{row['cells']}/{row['cells_all']}",
            "status": row["status"],
        }
        for row in result.scores.to_dict("records")
    ]
    io.table(rows)
    if len(result.parameters):
        io.table(
            [
                {
                    "MuSyC": row["parameter"],
                    "value": row["value"],
                    level: span(row["lo"], row["hi"]),
                    "verdict": row["verdict"],
                    "means": row["means"],
                    "status": row["status"],
                }
                for row in result.parameters.to_dict("records")
                if row["verdict"]
            ]
        )
    for check in result.checks.to_dict("records"):
        io.text(f"{check['level']}: {check['text']}")


def span(low: float, high: float) -> str:
    """An interval as text; nothing without one."""
    return "" if low != low else f"{low:.3g} to {high:.3g}"


def write(io: Console, out: Path, results: list[Synergy], whole: dict[str, Any]) -> None:
    """Write JSON, tables and figures to a folder, all or nothing."""
    from rpoint.files import staged, write_json, write_text

    with staged(out) as folder:
        write_json(folder / "synergy.json", whole)
        for name in TABLES:
            write_text(folder / f"{name}.csv", table(results, name).to_csv(index=False))
        for result in results:
            place = folder if len(results) == 1 else folder / safe_name(result.name)
            place.mkdir(exist_ok=True)
            for name, figure in figures(result).items():
                figure.save(place / f"{name}.svg")
    io.say(f"written: {out}")


def table(results: list[Synergy], name: str) -> Any:
    """One table of all pairs, with the two drugs in front."""
    import pandas as pd

    parts = []
    for result in results:
        part = result.tables()[name].copy()
        part.insert(0, "pair_drug1", result.matrix.drug1)
        part.insert(1, "pair_drug2", result.matrix.drug2)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def figures(result: Synergy) -> dict[str, Any]:
    """The figures of one pair by file name."""
    from rpoint.plots import synergy as draw

    matrix, words, said = result.matrix, result.sign, result.bootstrap
    note = f"{said['number']} bootstrap samples ({said['kind']}), seed {said['seed']}."
    made = {
        "scores": draw.scores(
            result.scores, pair=result.name, scale=matrix.scale, sign=words, level=said["level"],
            note=note,
        ),
        "single-agents": draw.single_agents(
            result.curves(), result.single_wells(), pair=result.name, scale=matrix.scale
        ),
    }  # fmt: skip
    for model in dict.fromkeys(result.surface.get("model", ())):
        cells = result.surface[result.surface["model"] == model].drop(columns="model")
        made[f"matrix-{model}"] = draw.dose_matrices(
            cells, result.effects(), model=model, drug1=matrix.drug1, drug2=matrix.drug2,
            unit1=matrix.unit1, unit2=matrix.unit2, scale=matrix.scale, sign=words,
            top=matrix.top, note=note,
        )  # fmt: skip
    if len(result.parameters):
        made["musyc"] = draw.musyc_parameters(
            result.parameters, pair=result.name, level=said["level"], note=note
        )
    return made
