"""`rpoint response`: responses, rates, times and hyperprogression of a table of tumour sizes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console
from rpoint.cli.response_options import (
    AfterCr,
    AfterCrName,
    AuditOf,
    Blanks,
    BlanksName,
    ByArm,
    Columns,
    Criteria,
    CriteriaName,
    Definitions,
    Exclude,
    Level,
    MaxNe,
    PatientsFile,
    SdBetween,
    SdDays,
    SizesFile,
    SizeUnit,
    TumoursFile,
    Weeks,
)
from rpoint.errors import RpointError, unknown_name

if TYPE_CHECKING:
    from rpoint.endpoints.mrecist import MouseResponse
    from rpoint.endpoints.response import Response
    from rpoint.endpoints.sizes import Sizes

RESEARCH_ONLY = "Research use only: no output is advice for a patient."
DONE, PARTIAL = 0, 3
MOST_DRAWN = 3000  # patients in a figure


def add_to(app: typer.Typer) -> None:
    """Register the command."""

    @command(app, "response", example="rpoint response lesions.csv --unit mm --out results")
    def response(
        io: Console,
        sizes: SizesFile,
        patients: PatientsFile = None,
        tu: TumoursFile = None,
        criteria: CriteriaName = Criteria.recist11,
        unit: SizeUnit = None,
        confirm_weeks: Weeks = 4.0,
        min_sd_days: SdDays = 42.0,
        max_ne: MaxNe = 1,
        sd_between: SdBetween = False,
        after_cr: AfterCrName = AfterCr.pd,
        hyperprogression: Definitions = None,
        column: Columns = None,
        blanks: BlanksName = Blanks.error,
        exclude_faulty: Exclude = False,
        by_arm: ByArm = False,
        audit: AuditOf = None,
        level: Level = 0.95,
    ) -> int:
        """Judge tumour responses from a table of sizes of your own.

        The least table is patient,day,lesion,target,new,diameter_mm (day 0 or the last scan before
        it is the baseline), or patient,day,sum_mm for sums; CDISC TR names are read too.  For
        --criteria mrecist: patient (the mouse), day, volume_mm3.

        Any response and confirmed response are always told side by side, with exact intervals.

        With --out: patients.csv, visits.csv, adrs.csv, adtte.csv, response.json, findings.csv, and
        the figures waterfall, spider and swimmer.
        """
        sizes, patients = shipped(sizes, patients)
        if criteria is Criteria.mrecist:
            return mice(io, sizes, columns(column))
        from rpoint.endpoints.sizes import read_sizes

        table = read_sizes(
            sizes,
            unit=None if unit is None else unit.value,
            columns=columns(column),
            patients=patients,
            tumours=tu,
            blanks=blanks.value.replace("-", " "),
            exclude_faulty=exclude_faulty,
        )
        choices: dict[str, Any] = {
            "confirm_weeks": confirm_weeks,
            "min_sd_days": min_sd_days,
            "max_not_evaluable": max_ne,
            "allow_sd_between": sd_between,
        }
        if criteria is Criteria.recist11:
            choices["after_cr"] = after_cr.value
        result = analyse(table, criteria.value, hyperprogression, level, choices, by_arm)
        told = [] if audit is None else result.audit(audit)
        deliver(io, result, told, by_arm, treated_known=patients is not None)
        return PARTIAL if table.excluded else DONE


def analyse(
    table: Sizes, criteria: str, hyperprogression: list[str] | None, level: float,
    choices: dict[str, Any], by_arm: bool,
) -> Response:  # fmt: skip
    """Run the analysis, and refuse rates of arms where there is none."""
    from rpoint.endpoints.response import respond

    result = respond(
        table, criteria=criteria, hyperprogression=hyperprogression, level=level, **choices
    )
    if by_arm and "arm" not in result.best.table:
        raise RpointError("there is no arm", where="--by-arm", mend="--column arm=YOURS")
    return result


def deliver(
    io: Console, result: Response, told: list[str], by_arm: bool, *, treated_known: bool
) -> None:
    """Print for people, then JSON and files as asked for."""
    whole = {**result.to_dict(), **({"audit": told} if told else {})}
    report(io, result.sizes, result, told, by_arm)
    if io.json:
        io.result(whole)
    if io.out is not None:
        write(io, io.out, result, whole, treated_known)


def shipped(sizes: Path, patients: Path | None) -> tuple[Path, Path | None]:
    """The files of a shipped example, if one is named, else what was given."""
    from rpoint.endpoints.examples import PREFIX, example

    if not str(sizes).startswith(PREFIX):
        return sizes, patients
    own, people = example(str(sizes).removeprefix(PREFIX))
    return own, people if patients is None else patients


def columns(given: list[str] | None) -> dict[str, str]:
    """`OURS=YOURS` options as a mapping."""
    found = {}
    for text in given or []:
        ours, sign, yours = text.partition("=")
        if not sign or not ours or not yours:
            raise RpointError(
                "a column is given as OURS=YOURS", where="--column", found=text,
                mend="--column patient=SUBJ",
            )  # fmt: skip
        found[ours.strip()] = yours.strip()
    return found


def report(io: Console, sizes: Sizes, result: Response, told: list[str], by_arm: bool) -> None:
    """Print counts, rates, times and hyperprogression, or what was asked of one patient."""
    for problem in sizes.problems[:20]:
        io.say(problem.line(sizes.row_word))
    if sizes.excluded:
        io.say(f"left out for their errors: {len(sizes.excluded)} patients")
    if told:
        io.text("\n".join(told))
        return
    best = result.best
    counts = best.summary()
    io.table(
        [
            {"best response": row["response"], "any": row["any"], "confirmed": row["confirmed"]}
            for row in counts.to_dict("records")
            if row["any"] or row["confirmed"]
        ]
    )
    io.table(rates(result))
    if by_arm:
        io.table(arm_rates(result))
    io.table([median_row(row) for row in result.medians().to_dict("records")])
    if result.hyperprogression is not None:
        io.table(result.hyperprogression.summary().to_dict("records"), title="hyperprogression")
    io.text(asked(result))
    io.text(RESEARCH_ONLY)


def rates(result: Response) -> list[dict[str, Any]]:
    """Response rates of the evaluable and of all patients, any and confirmed side by side."""
    rows = []
    for of, name in (("evaluable", "evaluable"), ("all", "all patients")):
        orr = result.orr(of)
        rows.append(
            {
                "objective response": name,
                "any": orr.text("any"),
                "confirmed": orr.text("confirmed"),
            }
        )
    return rows


def arm_rates(result: Response) -> list[dict[str, Any]]:
    """Response rates of the evaluable patients of every arm."""
    table = result.best.orr_by("arm", level=result.level)
    rows: dict[str, dict[str, Any]] = {}
    for row in table.to_dict("records"):
        rate = f"{row['x']}/{row['n']}, {row['percent']:.1f} % ({row['lo']:.1f}–{row['hi']:.1f})"
        rows.setdefault(row["arm"], {"arm": row["arm"]})[row["response"]] = rate
    return list(rows.values())


def median_row(row: dict[str, Any]) -> dict[str, Any]:
    """One median with its limits, NR for not reached."""
    one = {
        name: "NR" if row[f"{name}_months"] != row[f"{name}_months"]
        else f"{row[f'{name}_months']:.1f}"
        for name in ("median", "lo", "hi")
    }  # fmt: skip
    return {
        "time": row["endpoint"].upper(),
        "n": row["n"],
        "events": row["events"],
        "median, months": f"{one['median']} ({one['lo']}–{one['hi']})",
    }


def asked(result: Response) -> str:
    """The protocol's choices in words, and how many patients they leave without a response."""
    rules = result.best.rules
    table = result.best.table
    early = int((table["evaluable"] & (table["bor_any"].astype(str) == "NE")).sum())
    text = (
        f"{result.best.criteria}: confirmed after {rules.confirm_days:g} days or more, stable "
        f"disease from day {rules.min_sd_days:g}, {100 * result.level:g} % intervals (exact; "
        "medians Brookmeyer–Crowley, log-log)"
    )
    if early:
        text += f"; {early} evaluable patients are NE, without progression but seen too early"
    return text


def write(io: Console, out: Path, result: Response, whole: dict, treated_known: bool) -> None:
    """Write tables, JSON and figures to a folder, all or nothing."""
    from rpoint.files import staged, write_json, write_text
    from rpoint.plots import response as plots

    best = result.best.table
    tables = {
        "patients": best,
        "visits": result.judged.to_frame(),
        "adrs": result.adrs(),
        "adtte": result.adtte(),
        "findings": result.sizes.check(),
    }
    treated = len(best) if treated_known else None
    figures = {
        "waterfall": lambda: plots.waterfall(
            result.waterfall(), orr=f"objective response: {result.orr()}", treated=treated
        ),
        "spider": lambda: plots.spider(result.spider()),
        "swimmer": lambda: plots.swimmer(result.swimmer()),
    }
    with staged(out) as folder:
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", table.to_csv(index=False))
        write_json(folder / "response.json", whole)
        if result.hyperprogression is not None:
            frame = result.hyperprogression.to_frame()
            write_text(folder / "hyperprogression.csv", frame.to_csv(index=False))
        drawn = int(best["best_change_pct"].notna().sum())
        if 0 < drawn <= MOST_DRAWN:
            for name, make in figures.items():
                figure = make()
                figure.save(folder / f"{name}.svg")
                figure.save(folder / f"{name}.png")
        else:
            io.say(f"no figures: {drawn} patients have a target sum after baseline")
    io.say(f"written: {out}")


def mice(io: Console, table: Path, named: dict[str, str]) -> int:
    """mRECIST of a table of volumes."""
    from rpoint.endpoints.mrecist import mrecist_table, read_volumes

    known = ("patient", "day", "volume", "arm")
    for name in named:
        if name not in known:
            raise unknown_name("column of a table of volumes", name, known, where="--column")
    result = mrecist_table(read_volumes(table, named))
    io.table(result.summary().to_dict("records"))
    io.text(RESEARCH_ONLY)
    whole = {"criteria": "mrecist", **result.to_dict(), **mouse_rates(result)}
    if io.json:
        io.result(whole)
    if io.out is not None:
        from rpoint.files import staged, write_json, write_text

        with staged(io.out) as folder:
            write_text(folder / "mice.csv", result.to_frame().to_csv(index=False))
            write_json(folder / "response.json", whole)
        io.say(f"written: {io.out}")
    return DONE


def mouse_rates(result: MouseResponse) -> dict[str, Any]:
    """Share of mCR and mPR; mRECIST knows no confirmation."""
    return {"orr": {"any": result.rate().to_dict(), "confirmed": None}}
