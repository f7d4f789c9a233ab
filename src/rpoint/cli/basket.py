"""`rpoint basket`: response rates of a basket trial, with borrowing between baskets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

if TYPE_CHECKING:
    from rpoint.stats.basket import Basket


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(
        app, "basket", example="rpoint basket --counts lung=8/19,colon=0/10,bile=1/8 --p0 0.15"
    )
    def basket(
        io: Console,
        table: Annotated[
            Path | None,
            typer.Argument(metavar="[TABLE]", help="CSV or Parquet: basket, x, n; - for stdin."),
        ] = None,
        counts: Annotated[
            str | None,
            typer.Option(metavar="X/N,...", help="8/19,0/10, each with a label= or not."),
        ] = None,
        p0: Annotated[float, typer.Option(metavar="P", help="Null response rate, 0–1.")] = 0.15,
        model: Annotated[
            str, typer.Option(metavar="NAME", help="bhm, exnex, mem, independent or beta.")
        ] = "exnex",
        tau_sd: Annotated[
            float | None, typer.Option(metavar="SD", help="Half-normal prior of τ [1].")
        ] = None,
        weight: Annotated[
            float | None, typer.Option(metavar="W", help="EXNEX: of exchangeability [0.5].")
        ] = None,
        cutoff: Annotated[
            float | None, typer.Option(metavar="P", help="Go if P(p > p0) is above it [0.95].")
        ] = None,
        calibrate: Annotated[
            float | None,
            typer.Option(metavar="ALPHA", help="Choose the cutoff for this type I error instead."),
        ] = None,
        rates: Annotated[
            list[str] | None,
            typer.Option(metavar="P,P,...", help="P(go) at these true rates; may be repeated."),
        ] = None,
        level: Annotated[float, typer.Option(metavar="P", help="Of the intervals.")] = 0.95,
    ) -> None:
        """Posterior response rates of baskets by quadrature or enumeration: no sampler.

        With --calibrate the cutoff keeps the type I error of each basket when no basket responds.
        With --rates the probability of "go" at the true rates named, one a basket.

        With --out: basket.csv, basket.json, basket.svg and, with --rates, basket_rates.csv.
        """
        from rpoint.stats.basket import basket as analyse

        names, x, n = read(table, counts)
        chosen = configured(model, {"tau_sd": tau_sd, "weight": weight})
        extra: dict[str, Any] = {}
        cut, extra["calibration"] = decided(io, n, p0, chosen, cutoff, calibrate)
        found = analyse(x, n, p0=p0, model=chosen, names=names, cutoff=cut, level=level)
        ahead = behaviour(io, n, rates, p0, chosen, cut)
        report(io, found, {k: v for k, v in extra.items() if v}, ahead)


def read(table: Path | None, counts: str | None) -> tuple[list[str], list[int], list[int]]:
    """Names, x and n of the baskets."""
    from rpoint.errors import RpointError
    from rpoint.stats.count_text import parse_counts
    from rpoint.stats.study_table import read_studies

    if (table is None) == (counts is None):
        raise RpointError(
            "give a table or --counts, one of the two", mend="rpoint basket --counts 8/19,0/10"
        )
    if counts is not None:
        rows = parse_counts(counts)
        names = [label or str(i + 1) for i, (label, _, _) in enumerate(rows)]
        return names, [x for _, x, _ in rows], [n for _, _, n in rows]
    frame = read_studies(table, kinds=("proportion",)).frame
    return frame["study"].tolist(), frame["x"].tolist(), frame["n"].tolist()


def configured(name: str, given: dict[str, float | None]) -> Any:
    """The model of that name with the parameters that were given."""
    from dataclasses import fields

    from rpoint.errors import RpointError, unknown_name
    from rpoint.stats.basket_models import MODELS

    if name.lower() not in MODELS:
        raise unknown_name("basket model", name, MODELS, where="--model")
    kind = MODELS[name.lower()]
    own = {f.name for f in fields(kind)}
    chosen = {k: v for k, v in given.items() if v is not None}
    for option in chosen:
        if option not in own:
            flag = "--" + option.replace("_", "-")
            raise RpointError(f"{name} has no such parameter", where=flag)
    return kind(**chosen)


def decided(
    io: Console, n: list[int], p0: float, model: Any, cutoff: float | None, alpha: float | None
) -> tuple[float, dict[str, Any] | None]:
    """The cutoff as given or calibrated, and how."""
    from rpoint.errors import RpointError
    from rpoint.stats.basket_design import calibrate

    if alpha is None:
        return (0.95 if cutoff is None else cutoff), None
    if cutoff is not None:
        raise RpointError("give --cutoff or --calibrate, one of the two")
    found = calibrate(n, p0=p0, model=model, alpha=alpha, seed=io.seed)
    how = "exactly" if found.exact else "by simulation"
    io.text(f"cutoff {found.cutoff:.4f}: type I error {found.error:.4f} of a basket, {how}")
    return found.cutoff, found.__dict__


def behaviour(
    io: Console, n: list[int], rates: list[str] | None, p0: float, model: Any, cutoff: float
) -> Any:
    """Operating characteristics at the true rates asked for, or None."""
    from rpoint.errors import RpointError
    from rpoint.stats.basket_design import operating_characteristics

    if not rates:
        return None
    try:
        scenarios = {text: [float(part) for part in text.split(",")] for text in rates}
    except ValueError:
        raise RpointError(
            "true rates are numbers with commas between", where="--rates", found=str(rates),
            allowed="0.15,0.15,0.45",
        ) from None  # fmt: skip
    return operating_characteristics(n, scenarios, p0=p0, model=model, cutoff=cutoff, seed=io.seed)


def report(io: Console, found: Basket, extra: dict[str, Any], ahead: Any) -> None:
    """Print the baskets and write the files."""
    io.text(f"{found.name}, go if P(p > p0 | data) > {found.cutoff:.4g}")
    io.table([row(r) for r in found.table.to_dict("records")])
    if ahead is not None:
        io.text(ahead.summary())
        extra["operating_characteristics"] = ahead.to_dict()
    whole = found.to_dict() | extra
    if io.json:
        io.result(whole)
    if io.out is not None:
        write(io, found, whole, ahead)


def row(line: dict[str, Any]) -> dict[str, Any]:
    """The columns of the printed table."""
    return {
        "basket": line["basket"],
        "x/n": f"{line['x']}/{line['n']}",
        "observed": f"{100 * line['observed']:.1f} %",
        "posterior": f"{100 * line['mean']:.1f} % ({100 * line['lo']:.1f}–{100 * line['hi']:.1f})",
        "P(p > p0)": f"{line['prob']:.3f}",
        "go": bool(line["go"]),
    }


def write(io: Console, found: Basket, whole: dict[str, Any], ahead: Any) -> None:
    """Write the tables, JSON and the figure to the folder, all or nothing."""
    from rpoint.files import staged, write_json, write_text
    from rpoint.plots.basket import basket_figure

    assert io.out is not None
    with staged(io.out) as folder:
        write_json(folder / "basket.json", whole)
        write_text(folder / "basket.csv", found.table.to_csv(index=False))
        basket_figure(found.table, model=found.name, cutoff=found.cutoff).save(
            folder / "basket.svg"
        )
        if ahead is not None:
            write_text(folder / "basket_rates.csv", ahead.table.to_csv(index=False))
    io.say(f"written: {io.out}")
