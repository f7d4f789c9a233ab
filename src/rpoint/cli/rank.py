"""`rpoint rank`: every doublet and triplet of drugs for one genotype."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console, counter
from rpoint.cli.subject import KNOWN_FAULT, Alterations, TumourName, make_tumour

if TYPE_CHECKING:
    from rpoint.tumour.rank import Ranking


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "rank", example="rpoint rank --tumour breast --alteration RB1:loss")
    def rank(
        io: Console,
        tumour: TumourName,
        alteration: Alterations = None,
        drug: Annotated[
            list[str] | None,
            typer.Option(help="A drug or a regimen to combine; may be repeated [one of a class]."),
        ] = None,
        largest: Annotated[
            int, typer.Option(metavar="N", min=1, max=3, help="Drugs in a combination, at most.")
        ] = 3,
        top: Annotated[int, typer.Option(metavar="N", min=1, help="Rows to print.")] = 15,
    ) -> None:
        """Rank combinations of drugs for one genotype.

        The slowest growth comes first.  Every combination comes with its range over the ensemble,
        the best simpler treatment within it, how often it beats that one, and for the best the
        node that decides.  Toxicity is not considered: a high rank is a hypothesis, not an option
        of treatment.

        With --out: ranking.csv, ranking.json and ranking.svg.
        """
        from rpoint.tumour.rank import DRUGS
        from rpoint.tumour.rank import rank as run

        subject = make_tumour(tumour, alteration, None)
        drugs = tuple(dict.fromkeys(drug)) if drug else DRUGS
        with io.progress("parameter sets") as advance:
            result = run(
                subject, drugs=drugs, largest=largest, jobs=io.jobs, progress=counter(advance)
            )
        report(io, result, top)


def report(io: Console, result: Ranking, top: int) -> None:
    """Print the first rows and write the files."""
    io.text(repr(result.tumour))
    io.table([row(line) for line in result.summary(top).to_dict("records")])
    io.text("growth over the untreated tumour: median, 5th and 95th percentile over the ensemble")
    io.text(KNOWN_FAULT)
    whole = {**result.to_dict(), "sources": result.cite(), "known_faults": [KNOWN_FAULT]}
    if io.json:
        io.result(whole)
    if io.out is not None:
        write(io, io.out, result, whole)


def row(line: dict[str, Any]) -> dict[str, Any]:
    """The columns that fit a terminal."""
    beats = line["beats_best_part_pct"]
    return {
        "treatment": line["combination"],
        "growth": f"{line['growth_over_untreated']:.2f} ({line['lo']:.2f} to {line['hi']:.2f})",
        "best part": line["best_part_name"],
        "its growth": line["best_part"],
        "beats it in": "" if beats != beats else f"{beats:.0f} %",
        "decides": line["deciding"],
    }


def write(io: Console, out: Path, result: Ranking, whole: dict[str, Any]) -> None:
    """Write the table, JSON and the figure to a folder, all or nothing."""
    from rpoint.files import staged, write_json, write_text

    with staged(out) as folder:
        write_json(folder / "ranking.json", whole)
        write_text(folder / "ranking.csv", result.to_frame().to_csv(index=False))
        result.plot().save(folder / "ranking.svg")
    io.say(f"written: {out}")
