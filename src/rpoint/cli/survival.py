"""`rpoint survival`: curves, medians, tests, hazard ratios and numbers at risk of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

if TYPE_CHECKING:
    from rpoint.stats.survival import Survival

COLUMN = "COL"


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(
        app,
        "survival",
        example="rpoint survival adtte.csv --by TRTP --param OS --transform log-log",
    )
    def survival(
        io: Console,
        table: Annotated[
            str,
            typer.Argument(metavar="TABLE", help="CSV or Parquet, one row a patient; - for stdin."),
        ],
        by: Annotated[
            str | None, typer.Option(metavar=COLUMN, help="Column of the groups [TRTP].")
        ] = None,
        time: Annotated[
            str | None, typer.Option(metavar=COLUMN, help="Column of the times [AVAL or time].")
        ] = None,
        event: Annotated[
            str | None, typer.Option(metavar=COLUMN, help="Column with 1 = event [event].")
        ] = None,
        censor: Annotated[
            str | None,
            typer.Option(metavar=COLUMN, help="Column with 0 = event, as ADaM's CNSR [CNSR]."),
        ] = None,
        event_is: Annotated[
            str | None,
            typer.Option(metavar="VALUE", help="The value that is the event, such as 2 or dead."),
        ] = None,
        param: Annotated[
            str | None, typer.Option(metavar="CODE", help="Endpoint (PARAMCD) to analyse.")
        ] = None,
        reference: Annotated[
            str | None, typer.Option(metavar="GROUP", help="Compared with [first in order].")
        ] = None,
        strata: Annotated[
            list[str] | None,
            typer.Option(metavar=COLUMN, help="Column of strata; may be repeated."),
        ] = None,
        covariates: Annotated[
            list[str] | None,
            typer.Option(metavar=COLUMN, help="Adjust the hazard ratio; may be repeated."),
        ] = None,
        missing: Annotated[
            str, typer.Option(metavar="error|drop", help="Blank groups, strata, covariates.")
        ] = "error",
        transform: Annotated[
            str,
            typer.Option(metavar="SCALE", help="Of intervals: log-log, log, plain, logit, arcsin."),
        ] = "log-log",
        level: Annotated[float, typer.Option(metavar="P", help="Of all intervals.")] = 0.95,
        test: Annotated[
            list[str] | None,
            typer.Option(
                metavar="WEIGHT",
                help="log-rank, gehan, tarone-ware, peto-peto, modified-peto-peto or "
                "fleming-harrington; may be repeated [log-rank].",
            ),
        ] = None,
        rho: Annotated[float, typer.Option(help="Of fleming-harrington.")] = 0.0,
        gamma: Annotated[float, typer.Option(help="Of fleming-harrington.")] = 0.0,
        ties: Annotated[
            str, typer.Option(metavar="METHOD", help="efron, breslow or exact.")
        ] = "efron",
        tau: Annotated[
            float | None,
            typer.Option(metavar="T", help="Of the restricted mean [longest time known to all]."),
        ] = None,
        at: Annotated[
            list[float] | None,
            typer.Option(metavar="T", help="Report S(t) at this time; may be repeated."),
        ] = None,
        unit: Annotated[
            str | None, typer.Option(help="Of the times, for labels [AVALU, name of the column].")
        ] = None,
        interval: Annotated[
            tuple[str, str] | None,
            typer.Option(metavar="LEFT RIGHT", help="Columns of scan intervals: Turnbull."),
        ] = None,
        cause: Annotated[
            str | None,
            typer.Option(metavar=COLUMN, help="Column 0 censored, 1, 2 ...: competing risks."),
        ] = None,
        title: Annotated[str, typer.Option(help="Of the figure.")] = "",
    ) -> None:
        """Survival analysis of a table, one row a patient.

        Medians with Brookmeyer-Crowley intervals (the scale is named), log-rank test, hazard ratio
        (Cox), test of proportional hazards, restricted means, numbers at risk.  ADaM's AVAL, CNSR
        (0 = event), TRTP and PARAMCD are understood.  Nothing is repaired: a wrong row is refused
        with its number.

        With --interval: Turnbull's estimate.  With --cause: cumulative incidences, Gray's test and
        cause-specific hazard ratios.

        With --out: survival.json, tables as CSV and a figure (survival.svg).
        """
        shared: dict[str, Any] = {
            "by": by, "param": param, "reference": reference, "missing": missing, "unit": unit,
        }  # fmt: skip
        source = table
        if interval is not None or cause is not None:
            taken = {"--time": time if cause is None else None, "--event": event,
                     "--censor": censor, "--event-is": event_is, "--strata": strata,
                     "--covariates": covariates, "--test": test, "--tau": tau,
                     "--at": at if cause is None else None}  # fmt: skip
            refuse(taken, interval, cause)
        if interval is not None:
            return intervals(io, source, interval, shared, title)
        if cause is not None:
            options = {**shared, "time": time, "level": level, "at": tuple(at or ())}
            return causes(io, source, cause, options, title)
        from rpoint.stats.survival import survival as analyse

        kinds: dict[str, Any] = {"transform": transform, "ties": ties,
                                 "tests": tuple(test or ("log-rank",))}  # fmt: skip
        result = analyse(
            source, **shared, **kinds, time=time, event=event, censor=censor, event_is=event_is,
            strata=tuple(strata or ()), covariates=tuple(covariates or ()),
            level=level, rho=rho, gamma=gamma, tau=tau, at=tuple(at or ()),
        )  # fmt: skip
        report(io, result)
        tables = {"survival": result.summary(), "curves": result.to_frame(),
                  "at_risk": result.at_risk, "hazard_ratios": result.hazard_ratios(),
                  "survival_at": result.at}  # fmt: skip
        deliver(io, result, tables, "kaplan_meier_figure", title)


def refuse(taken: dict[str, Any], interval: Any, cause: Any) -> None:
    """Refuse options that another kind of analysis has no use for."""
    from rpoint.errors import RpointError

    kind = "--interval" if interval is not None else "--cause"
    if interval is not None and cause is not None:
        taken = {"--cause": cause}
    wrong = [name for name, value in taken.items() if value]
    if wrong:
        raise RpointError(f"{wrong[0]} cannot be used with {kind}", mend=f"leave {wrong[0]} out")


def report(io: Console, result: Survival) -> None:
    """Print the analysis for people."""
    for note in result.notes:
        io.say(note)
    unit = result.unit or "the unit of the table"
    medians = [median_row(row) for row in result.summary().to_dict("records")]
    io.table(medians, title=f"Medians in {unit}")
    io.text(
        f"{100 * result.level:g} % Brookmeyer–Crowley intervals, {result.transform} scale; "
        "NR: not reached"
    )
    for test in result.tests:
        io.text(test.summary())
    io.table(ratio_rows(result), title=f"Hazard ratios (Cox, {ties_of(result)} ties)")
    hazards = result.proportional_hazards()
    if hazards is not None:
        for row in hazards[hazards["term"] == "global"].itertuples():
            io.text(
                f"proportional hazards ({row.model}): χ² = {row.statistic:.3g}, p = {row.p:.2g}"
            )
    if result.rmst is not None:
        io.text(result.rmst.summary())
    if len(result.at):
        io.table([at_row(row) for row in result.at.to_dict("records")], title="Survival at")
    io.table(risk_rows(result), title=f"At risk / events / censored, by time in {unit}")
    io.text(result.figure_tables()["convention"])
    for warning in result.warnings:
        io.text(f"Warning: {warning}")


def ties_of(result: Survival) -> str:
    """How ties were counted, for the heading."""
    return result.arms.ties if result.arms is not None else "efron"


def median_row(row: dict[str, Any]) -> dict[str, Any]:
    """A group's line."""
    from rpoint.stats.kaplan_meier import reached

    return {
        "group": row["group"],
        "n": row["n"],
        "events": row["events"],
        "median": reached(row["median"]),
        "interval": f"{reached(row['lo'])} to {reached(row['hi'])}",
    }


def ratio_rows(result: Survival) -> list[dict[str, Any]]:
    """Hazard ratios; a profile interval where Wald's does not exist."""
    rows = []
    for name, model in (("groups", result.arms), ("adjusted", result.adjusted)):
        if model is None:
            continue
        limits, kind = model.to_frame(), "Wald"
        if model.status == "monotone likelihood":
            limits, kind = model.profile(), "profile"
        p_values = model.to_frame()["p"]
        for line, p in zip(limits.to_dict("records"), p_values, strict=True):
            rows.append(
                {"model": name, "covariate": line["covariate"], "HR": ratio_text(line["hr"]),
                 "interval": f"{ratio_text(line['lo'])} to {ratio_text(line['hi'])} ({kind})",
                 "p": "" if p != p else f"{p:.2g}"}
            )  # fmt: skip
    return rows


def ratio_text(value: float) -> str:
    """A hazard ratio: three decimals, so that ratios a unit of a covariate near 1 can be told.

    >>> ratio_text(0.9987), ratio_text(1234.0), ratio_text(float("inf"))
    ('0.999', '1.23e+03', 'inf')
    """
    return f"{value:.3f}" if 0.01 <= value < 100 else f"{value:.3g}"


def at_row(row: dict[str, Any]) -> dict[str, Any]:
    """S at a time; empty past the follow-up."""
    known = row["survival"] == row["survival"]
    return {
        "group": row["group"],
        "time": f"{row['time']:g}",
        "at risk": row["at_risk"],
        "survival": f"{100 * row['survival']:.1f} %" if known else "unknown",
        "interval": f"{100 * row['lo']:.1f} to {100 * row['hi']:.1f} %" if known else "",
    }


def risk_rows(result: Survival) -> list[dict[str, Any]]:
    """A line a group, a column a time."""
    rows: dict[str, dict[str, Any]] = {}
    for line in result.at_risk.itertuples():
        row = rows.setdefault(line.group, {"group": line.group})
        row[f"{line.time:g}"] = f"{line.at_risk} / {line.events} / {line.censored}"
    return list(rows.values())


def intervals(
    io: Console, source: Any, ends: tuple[str, str], options: dict[str, Any], title: str
) -> None:
    """Turnbull's estimate of scan intervals."""
    from rpoint.stats.survival_intervals import interval_survival

    result = interval_survival(source, *ends, **options)
    for note in result.notes:
        io.say(note)
    for curve in result.curves:
        io.text(curve.summary())
    io.text(
        "Turnbull's estimate: the median lies somewhere in its region, and the data do not say "
        "where; no confidence limits, no test"
    )
    tables = {"survival": result.summary(), "intervals": result.to_frame()}
    deliver(io, result, tables, "interval_figure", title)


def causes(io: Console, source: Any, cause: str, options: dict[str, Any], title: str) -> None:
    """Competing risks."""
    from rpoint.stats.survival_causes import competing_survival

    result = competing_survival(source, cause, **options)
    for note in result.notes:
        io.say(note)
    for curve in result.curves:
        io.text(curve.summary())
    for test in result.tests:
        io.text(test.summary())
    for kind, model in result.cause_specific.items():
        io.text(f"cause-specific hazard, cause {kind}: {model.summary()}")
    tables = {"survival": result.summary(), "curves": result.to_frame(), "incidence_at": result.at}
    deliver(io, result, tables, "incidence_figure", title)


def deliver(io: Console, result: Any, tables: dict[str, Any], figure: str, title: str) -> None:
    """JSON to stdout if asked for; tables and the figure to a folder, all or nothing."""
    if io.json:
        io.result(result.to_dict())
    if io.out is None:
        return
    from rpoint.files import staged, write_json, write_text
    from rpoint.plots import survival as figures

    with staged(io.out) as folder:
        write_json(folder / "survival.json", result.to_dict())
        for name, table in tables.items():
            if len(table):
                write_text(folder / f"{name}.csv", table.to_csv(index=False))
        draw = getattr(figures, figure)
        draw(**result.figure_tables(), title=title).save(folder / "survival.svg")
    io.say(f"written: {io.out}")
