"""`rpoint simon`: two-stage designs for one response rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

if TYPE_CHECKING:
    from rpoint.stats.simon import TwoStage


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "simon", example="rpoint simon --p0 0.05 --p1 0.20 --alpha 0.05 --beta 0.20")
    def simon(
        io: Console,
        p0: Annotated[float, typer.Option(metavar="P", help="Response rate of no interest, 0–1.")],
        p1: Annotated[float, typer.Option(metavar="P", help="Response rate worth finding, 0–1.")],
        alpha: Annotated[float, typer.Option(metavar="P", help="Largest error at p0.")] = 0.05,
        beta: Annotated[float, typer.Option(metavar="P", help="Largest miss at p1.")] = 0.2,
        design: Annotated[
            str | None,
            typer.Option(metavar="R1/N1,R/N", help="A given design in place of the search."),
        ] = None,
        responders: Annotated[
            list[int] | None,
            typer.Option(metavar="N", help="Is this number promising at the end? May be repeated."),
        ] = None,
    ) -> None:
        """Simon's two-stage designs by exhaustive search: minimax, admissible, optimal.

        Stop at r1 or fewer responders of n1; promising above r of n.

        With --out: simon.csv and simon.json.
        """
        from rpoint.stats.simon import simon as search

        found = (
            (given(design, p0, p1),)
            if design
            else search(p0, p1, alpha=alpha, beta=beta).admissible
        )
        report(io, list(found), responders or [])


def given(design: str, p0: float, p1: float) -> TwoStage:
    """The design that the text names."""
    from rpoint.errors import RpointError
    from rpoint.stats.count_text import parse_counts
    from rpoint.stats.simon import characteristics

    stages = parse_counts(design)
    if len(stages) != 2:
        raise RpointError(
            "a two-stage design has two stages", where="--design", found=design, allowed="0/10,3/29"
        )
    (_, r1, n1), (_, r, n) = stages
    return characteristics(r1, n1, r, n, p0=p0, p1=p1)


def report(io: Console, designs: list[TwoStage], responders: list[int]) -> None:
    """Print the designs and what the numbers of responders mean, and write the files."""
    rows = [row(d) | verdicts(d, responders) for d in designs]
    io.table(rows)
    io.text("stop at r1 or fewer of n1; promising above r of n; EN, PET: expected size and")
    io.text("probability of early stop at p0; α at p0, power at p1")
    whole = [
        d.to_dict() | {"responders": {str(k): d.promising(k) for k in responders}} for d in designs
    ]
    if io.json:
        io.result({"designs": whole})
    if io.out is not None:
        import pandas as pd

        from rpoint.files import staged, write_json, write_text

        with staged(io.out) as folder:
            write_json(folder / "simon.json", {"designs": whole})
            frame = pd.DataFrame([d.to_dict() for d in designs])
            write_text(folder / "simon.csv", frame.to_csv(index=False))
        io.say(f"written: {io.out}")


def row(design: TwoStage) -> dict[str, Any]:
    """The columns of the printed table."""
    return {
        "design": design.criterion,
        "r1/n1": f"{design.r1}/{design.n1}",
        "r/n": f"{design.r}/{design.n}",
        "EN": f"{design.en0:.2f}",
        "PET": f"{design.pet0:.3f}",
        "α": f"{design.alpha:.4f}",
        "power": f"{design.power:.4f}",
    }


def verdicts(design: TwoStage, responders: list[int]) -> dict[str, str]:
    """A column for each number of responders asked about."""
    return {
        f"{k} responders": "promising" if design.promising(k) else "not promising"
        for k in responders
    }
