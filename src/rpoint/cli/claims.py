"""`rpoint claims`: the founding claims as experiments, with verdicts."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Advance, Console, safe_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from rpoint.evidence.claims import ClaimsResult, Step

CHECK_FAILED = 2
WAITING = "waiting"


class Picture(StrEnum):
    """Formats of figures."""

    svg = "svg"
    png = "png"
    pdf = "pdf"


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "claims", example="rpoint claims --study vilgelm --out claims")
    def claims(
        io: Console,
        study: Annotated[
            str | None, typer.Option(metavar="S", help="Only the claims of this document.")
        ] = None,
        claim: Annotated[
            list[str] | None, typer.Option(metavar="ID", help="Only this claim; may be repeated.")
        ] = None,
        figures: Annotated[
            Picture | None, typer.Option(help="Write every figure as a file, too; needs --out.")
        ] = None,
        check: Annotated[
            bool, typer.Option("--check", help="Exit with 2 if a claim is missed.")
        ] = False,
    ) -> int:
        """Test the founding claims as experiments.

        Every verdict comes with its acceptance, its falsifier and the share of the ensemble of
        parameter sets in which both hold.  With --out: claims.html (one file, with figures and
        sources), claims.json and claims.csv.
        """
        from rpoint.errors import RpointError
        from rpoint.evidence.claims import load_claims

        if figures and io.out is None:
            raise RpointError("--figures needs a folder", mend="add --out DIR")
        chosen = load_claims().select(study, claim or None)
        with io.progress("claims") as advance:
            result = chosen.run(seed=io.seed, jobs=io.jobs, progress=teller(io, advance))
        report(io, result, figures)
        missed = [v for v in result.verdicts if v.verdict == "missed"]
        return CHECK_FAILED if check and missed else 0


def teller(io: Console, advance: Advance) -> Callable[[Step], None]:
    """What the run calls after every step: moves the bar and says each verdict.

    Without a terminal the verdicts are said with -v alone.
    """
    done, level = 0, 0 if sys.stderr.isatty() else 1

    def tell(step: Step) -> None:
        nonlocal done
        advance(step.done - done, step.text, total=step.total)
        done = step.done
        if step.verdict is not None and step.verdict.verdict != WAITING:
            io.say(f"{step.verdict.claim.id:<4} {step.verdict.verdict}", level=level)

    return tell


def report(io: Console, result: ClaimsResult, figures: Picture | None) -> None:
    """Print the verdicts and write the files."""
    rows = result.summary().to_dict("records")
    io.table([shown(row) for row in rows if row["verdict"] != WAITING])
    for part, ids in waiting(rows).items():
        io.text(f"waiting for {part}: {', '.join(ids)}")
    counts = ", ".join(f"{n} {verdict}" for verdict, n in result.counts().items())
    io.text(f"{counts}\n{result.sets} parameter sets, {result.seconds:.0f} s")
    if io.json:
        io.result(result.to_dict())
    if io.out is None:
        return
    from rpoint.files import staged, write_json, write_text

    with staged(io.out) as folder, io.progress("report"):
        result.report(folder / "claims.html")
        write_json(folder / "claims.json", result.to_dict())
        write_text(folder / "claims.csv", result.to_frame().to_csv(index=False))
        if figures:
            save_figures(result, folder / "figures", figures.value)
    io.say(f"report: {io.out / 'claims.html'}")


def waiting(rows: list[dict]) -> dict[str, list[str]]:
    """The claims that wait, by the part of R-point that they wait for."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["verdict"] == WAITING:
            part = row["observed"].split(":")[0] or "their experiment"
            found.setdefault(part, []).append(row["id"])
    return found


def shown(row: dict) -> dict:
    """The columns that fit a terminal."""
    share = row["share"]
    return {
        "id": row["id"],
        "claim": row["claim"],
        "verdict": row["verdict"],
        "holds in": "" if share is None or share != share else f"{share:.0%}",
        "deciding number": row["observed"],
        "needs": row["acceptance"],
    }


def save_figures(result: ClaimsResult, folder: Path, form: str) -> None:
    """Write every figure of every verdict as a file."""
    folder.mkdir()
    for verdict in result.verdicts:
        made = verdict.finding.figures if verdict.finding else ()
        for number, figure in enumerate(made, start=1):
            figure.save(folder / safe_name(f"{verdict.claim.id}-{number}.{form}"))
