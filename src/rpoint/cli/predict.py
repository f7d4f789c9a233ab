"""`rpoint predict`: how the tumours of a panel respond to some arms, with intervals."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console, counter

if TYPE_CHECKING:
    from rpoint.panel.forecast import Forecast
    from rpoint.panel.gains import Gains

PARTIAL = 3
SHOWN = 20  # rows printed
DAYS = "7,14,21"
EXAMPLE = "rpoint predict example:panel --arm LEE011 --arm LEE011+HDM201 --out PRED.csv"


class Assay(StrEnum):
    """What is predicted."""

    xenograft = "xenograft"
    line = "line"


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "predict", example=EXAMPLE, out_file=".csv")
    def predict(
        io: Console,
        panel: Annotated[
            Path, typer.Argument(metavar="PANEL.csv", help="The panel's table; or example:panel.")
        ],
        arm: Annotated[
            list[str],
            typer.Option("--arm", metavar="ARM", help="DRUG+DRUG, or NAME=REGIMEN; repeatable."),
        ],
        assay: Annotated[
            Assay, typer.Option(help="Growth inhibition of mice, or area of cell lines.")
        ] = Assay.xenograft,
        conc: Annotated[
            str | None,
            typer.Option(metavar="LOW:HIGH", help="Lines: range of the area [0.004:10uM]."),
        ] = None,
        screen: Annotated[
            str, typer.Option(metavar="NAME", help="Lines: whose length and noise are meant.")
        ] = "GDSC2",
        curves: Annotated[
            bool, typer.Option("--curves", help="Xenografts: volume curves as well.")
        ] = False,
        days: Annotated[
            str | None,
            typer.Option(metavar="D,D", help="Days of the curves, and curves [7,14,21]."),
        ] = None,
        gain: Annotated[
            str | None,
            typer.Option(metavar="ARM", help="What this combination adds to its parts."),
        ] = None,
        draws: Annotated[
            int, typer.Option(metavar="N", min=8, max=4096, help="Draws of what is not known.")
        ] = 64,
    ) -> int:
        """Predict how the tumours of a panel respond.

        PANEL.csv has model_id, tumour_type and one column per gene: wt, mut, vus, loss, amp, gain,
        cn=N, high, low or ? (not known: drawn from the frequencies of the tumour type); optional
        expr:GENE (log2) and vol:0, vol:3, vol:7 (mm³, untreated).  A row that cannot be predicted
        stays, with a status that says why.

        --gain A+B, with A and B among the arms, ranks the models by what the combination adds to
        the better of the two, tells which genotypes gain, and the experiment that would decide.

        With --out FILE.csv: the table; curves and gains beside it as FILE-curves.csv and
        FILE-gains.csv.  With --out DIR: predictions.csv, curves.csv, gains.csv, gain_groups.csv,
        predictions.json, and the figures.  Exit 3 if rows have no prediction.
        """
        from rpoint.panel.forecast import predict as run

        check_gain(gain, arm)
        with io.progress("cells") as advance:
            found = run(
                panel,
                arm,
                assay=assay.value,
                conc=conc,
                screen=screen,
                days=numbers(days or DAYS) if curves or days is not None else None,
                draws=draws,
                seed=io.seed,
                jobs=io.jobs,
                progress=counter(advance),
            )
        report(io, found, None if gain is None else found.gain(gain))
        return PARTIAL if found.missing else 0


def check_gain(gain: str | None, arms: list[str]) -> None:
    """Refuse a combination whose parts are no arms before anything is computed."""
    if gain is None:
        return
    from rpoint.errors import unknown_name
    from rpoint.panel.arms import xenograft_arm

    names = [xenograft_arm(text).name for text in arms]
    for part in (gain, *(piece.strip() for piece in gain.split("+"))):
        if part not in names:
            raise unknown_name("arm", part, names, where="--gain")


def numbers(text: str) -> list[float]:
    """Numbers separated by commas."""
    from rpoint.errors import RpointError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise RpointError(
            "these are no days", where="--days", found=text, allowed="numbers, such as 7,14,21"
        ) from None


def report(io: Console, found: Forecast, gained: Gains | None) -> None:
    """Print the first rows and write the files."""
    for note in found.notes:
        io.say(f"note: {note}")
    rows = found.to_frame().head(SHOWN).to_dict("records")
    io.table([row(line, found.value) for line in rows])
    if len(found.table) > SHOWN:
        io.text(f"… {len(found.table):,} rows in all; --out FILE.csv writes them")
    io.text("median and 90 % interval of one new measurement; a prediction, not a measurement")
    if gained is not None:
        io.table(gained.by_group().to_dict("records"), title=f"{gained.combination}: gain")
        io.text(gained.experiment()["decides"])
    if found.missing:
        io.say(f"{found.missing:,} rows have no prediction; their status says why")
    if io.json:
        io.result(whole(found, gained))
    if io.out is not None:
        write(io, io.out, found, gained)


def whole(found: Forecast, gained: Gains | None) -> dict[str, Any]:
    """Everything, as plain data."""
    if gained is None:
        return found.to_dict()
    told = {"groups": gained.by_group(), "experiment": gained.experiment()}
    return {**found.to_dict(), "gains": gained.to_frame(), "gain": told}


def row(line: dict[str, Any], value: str) -> dict[str, Any]:
    """The columns that fit a terminal."""
    numbers = (line[value], line["lo90"], line["hi90"])
    text = "" if numbers[0] != numbers[0] else "{:.2f} ({:.2f} to {:.2f})".format(*numbers)
    shown = {k: v for k, v in line.items() if k not in (value, "lo90", "hi90", "score", "status")}
    return {**shown, value.replace("_", " "): text, "status": line["status"]}


def write(io: Console, out: Path, found: Forecast, gained: Gains | None) -> None:
    """Write one CSV and those beside it, or a folder of files; all or nothing."""
    from rpoint.files import names_file, staged, write_json, write_text
    from rpoint.panel.figures import gain_figure

    one = names_file(out, ".csv")
    name = f"{out.stem}-{{}}.csv" if one else "{}.csv"
    tables = {out.name if one else "predictions.csv": found.table}
    if found.volumes is not None:
        tables[name.format("curves")] = found.volumes
    if gained is not None:
        tables[name.format("gains")] = gained.to_frame()
        tables[name.format("gain_groups")] = gained.by_group()
    with staged(out.parent if one else out) as folder:
        for file, table in tables.items():
            write_text(folder / file, table.to_csv(index=False, float_format="%.6g"))
        if not one:
            write_json(folder / "predictions.json", whole(found, gained))
            found.plot().save(folder / "predictions.svg")
            if gained is not None:
                gain_figure(gained).save(folder / "gains.svg")
    io.say(f"written: {out}")
