"""`rpoint trial power`, `rules`, `scan-interval`, `copy-number-cutoff`, `schedules`.

Questions about the design of a trial, answered by simulating it and variants of it with the same
patients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from rpoint.cli import trial_inclusion, trial_joint
from rpoint.cli.command import command
from rpoint.cli.console import Console
from rpoint.cli.trial_design_output import (
    ArmName,
    Patients,
    Replicates,
    Source,
    Typical,
    chosen_trial,
    deliver,
    number,
    simulated,
    with_limits,
)

if TYPE_CHECKING:
    from rpoint.plots._figure import Figure
    from rpoint.stats.simon import TwoStage
    from rpoint.trial.design.questions import Comparison
    from rpoint.trial.design.rules import Rules
# What follows the first number of an option such as --weeks 6 8 12.
More = Annotated[list[float] | None, typer.Argument(hidden=True, metavar="[NUMBER ...]")]


def add_to(app: typer.Typer) -> None:
    """Register the commands in the group `trial`."""
    _add_power(app)
    _add_rules(app)
    _add_scan_interval(app)
    _add_copies(app)
    trial_inclusion.add_to(app)
    _add_schedules(app)
    trial_joint.add_to(app)


def _add_power(app: typer.Typer) -> None:
    @command(app, "power", example="rpoint trial power mantra --replicates 500 --jobs 2")
    def power(
        io: Console,
        trial: Source,
        replicates: Replicates = 200,
        endpoint: Annotated[str, typer.Option(metavar="E", help="pfs or os.")] = "pfs",
        alpha: Annotated[float, typer.Option(metavar="P", help="Two-sided level.")] = 0.05,
        patients: Patients = None,
        typical: Typical = False,
    ) -> int:
        """Power and type I error of a two-arm trial, and how power grows with patients.

        Type I error is simulated with the control's treatment in both arms.  Power is averaged over
        what is not known of drugs and tumours (assurance), unless --typical.

        With --out: power.json, power.csv, curve.csv, replicates.csv and power.svg.
        """
        from rpoint.plots.trial_design import power_figure
        from rpoint.trial.design.power import DESIGN, NULL, power

        found = simulated(io, lambda run: power(
            chosen_trial(trial, patients), endpoint=cast(Any, endpoint), alpha=alpha, **run
        ), replicates, typical)  # fmt: skip
        kind = "typical parameters" if typical else "averaged over what is not known (assurance)"
        figure = power_figure(
            found.curve, found.ratios, alpha=alpha, design=DESIGN, null=NULL,
            title=f"{found.trial}: log-rank test of {endpoint.upper()}",
            note=[f"{found.treated} against {found.control}; {kind}",
                  *found.summary().splitlines()],
        )  # fmt: skip
        io.table([_power_row(r) for r in found.table.to_dict("records")])
        io.table([_curve_row(r) for r in found.curve.to_dict("records")], title="By patients")
        inside = "lies" if found.nominal else "does NOT lie"
        io.text(str(found))
        io.text(f"the nominal {100 * alpha:g} % {inside} in the interval of the type I error")
        tables = {"power": found.table, "curve": found.curve, "replicates": found.ratios}
        return deliver(io, "power", found, tables, {"power": figure})


def _power_row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "variant": row["variant"], "test": row["test"], "significant": row["kind"],
        "replicates": f"{row['count']}/{row['replicates']}",
        "%": with_limits(row["percent"], row["lo"], row["hi"]),
    }  # fmt: skip


def _curve_row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "variant": row["variant"], "patients": f"{row['n_treated']:.0f} + {row['n_control']:.0f}",
        "events": f"{row['events']:.0f}",
        "significant, %": with_limits(row["percent"], row["lo"], row["hi"]),
    }  # fmt: skip


def _add_rules(app: typer.Typer) -> None:
    @command(app, "rules", example="rpoint trial rules mantra-2 --replicates 500 --jobs 2")
    def rules(
        io: Console,
        trial: Source,
        replicates: Replicates = 200,
        arm: ArmName = None,
        p0: Annotated[float, typer.Option(metavar="P", help="Rate of no interest, 0-1.")] = 0.05,
        p1: Annotated[float, typer.Option(metavar="P", help="Rate worth finding, 0-1.")] = 0.20,
        design: Annotated[
            str | None,
            typer.Option(metavar="R1/N1,R/N", help="Two stages [the trial's, or Simon's]."),
        ] = None,
        model: Annotated[str, typer.Option(metavar="M", help="Of the baskets.")] = "exnex",
        baskets: Annotated[
            int, typer.Option(metavar="K", min=1, help="Tumour types with a basket of their own.")
        ] = 5,
        patients: Patients = None,
        typical: Typical = False,
    ) -> int:
        """Simon's two-stage rule and a rule for baskets, where responses may not last.

        Both are applied to the same simulated tables, counting responses when they are seen and
        when they are confirmed: how often does each stop, how often find the drug promising?

        With --out: rules.json, simon.csv, baskets.csv and rules.svg.
        """
        from rpoint.trial.design.rules import rules

        read = chosen_trial(trial, patients)
        found = simulated(io, lambda run: rules(
            read, arm=arm, design=_design(read, design, p0, p1), model=model, baskets=baskets, **run
        ), replicates, typical)  # fmt: skip
        return _rules_shown(io, found)


def _rules_shown(io: Console, found: Rules) -> int:
    from rpoint.plots.trial_design import rules_figure

    text = found.design.summary()
    figure = rules_figure(
        found.simon, found.baskets, design=text, title=f"{found.trial}: rules that count "
        "responses", note=[found.arm, f"baskets: {found.model}, go if P(p > p0 | data) > "
                           f"{found.cutoff:.3f}"] if len(found.baskets) else [found.arm],
    )  # fmt: skip
    io.text(text)
    io.table([_rule_row(r) for r in found.simon.to_dict("records")])
    io.table([_basket_row(r) for r in found.baskets.to_dict("records")], title="Baskets")
    a = found.agreement
    io.text(f"promising by both {a['both']:.1f} %, by responses seen only {a['any_only']:.1f} %"
            f"; {a['confirmed_share']:.0f} % of responses are confirmed")  # fmt: skip
    tables = {"simon": found.simon, "baskets": found.baskets}
    return deliver(io, "rules", found, tables, {"rules": figure})


def _design(trial: Any, text: str | None, p0: float, p1: float) -> TwoStage:
    """The design of the text, of the trial, or Simon's optimal one for these rates."""
    from rpoint.cli.simon import given
    from rpoint.stats.simon import characteristics, simon

    if text is not None:
        return given(text, p0, p1)
    if trial.analysis.interim is not None:
        s = trial.analysis.interim.simon
        return characteristics(s.r1, s.n1, s.r, s.n, p0=p0, p1=p1)
    return simon(p0, p1).optimal


def _rule_row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "response": row["endpoint"],
        "rate, %": f"{row['rate']:.1f} ({row['rate_q05']:.1f} to {row['rate_q95']:.1f})",
        "stops, %": with_limits(row["stop"], row["stop_lo"], row["stop_hi"]),
        "binomial": f"{row['stop_binomial']:.1f}",
        "promising, %": with_limits(row["promising"], row["promising_lo"], row["promising_hi"]),
        "binomial ": f"{row['promising_binomial']:.1f}",
        "patients": f"{row['size']:.1f}",
        "short": str(row["short"]),
    }


def _basket_row(row: dict[str, Any]) -> dict[str, str]:
    return {
        "basket": row["basket"], "response": row["endpoint"], "n": f"{row['n']:.1f}",
        "responders": f"{row['x']:.2f}", "go, %": with_limits(row["go"], row["go_lo"],
                                                               row["go_hi"]),
    }  # fmt: skip


def _add_scan_interval(app: typer.Typer) -> None:
    @command(app, "scan-interval", example="rpoint trial scan-interval mantra-2 --weeks 6 8 12")
    def scan_interval(
        io: Console,
        trial: Source,
        weeks: Annotated[
            list[float] | None,
            typer.Option(metavar="W ...", help="Weeks between scans [6 8 12]."),
        ] = None,
        more: More = None,
        replicates: Replicates = 200,
        arm: ArmName = None,
        patients: Patients = None,
        typical: Typical = False,
    ) -> int:
        """The same patients scanned every 6, 8, 12 ... weeks: median PFS, its limits, responses.

        With --out: scan-interval.json, .csv, replicates.csv and .svg.
        """
        from rpoint.trial.design.questions import scan_interval

        given = [*(weeks or ()), *(more or ())] or [6.0, 8.0, 12.0]
        found = simulated(io, lambda run: scan_interval(
            chosen_trial(trial, patients), given, arm=arm, **run
        ), replicates, typical)  # fmt: skip
        return _compared(io, found, "the same patients at other scan intervals")


def _add_copies(app: typer.Typer) -> None:
    @command(
        app, "copy-number-cutoff",
        example="rpoint trial copy-number-cutoff mantra-2 --gene MDM2 --copies 8 12",
    )  # fmt: skip
    def copy_number_cutoff(
        io: Console,
        trial: Source,
        gene: Annotated[str, typer.Option(metavar="GENE", help="Whose copies.")] = "MDM2",
        copies: Annotated[
            list[float] | None,
            typer.Option(metavar="N ...", help="Least copies [8 12]."),
        ] = None,
        more: More = None,
        replicates: Replicates = 200,
        arm: ArmName = None,
        patients: Patients = None,
        typical: Typical = False,
    ) -> int:
        """Enrol from 8 or from 12 copies of a gene: response, PFS, patients to be screened.

        With --out: copy-number-cutoff.json, .csv, replicates.csv and .svg.
        """
        from rpoint.trial.design.questions import copy_number_cutoff

        given = [*(copies or ()), *(more or ())] or [8.0, 12.0]
        found = simulated(io, lambda run: copy_number_cutoff(
            chosen_trial(trial, patients), gene, given, arm=arm, **run
        ), replicates, typical)  # fmt: skip
        return _compared(io, found, "eligibility by the local test")


def _add_schedules(app: typer.Typer) -> None:
    @command(
        app, "schedules",
        example='rpoint trial schedules mantra-2 --regimen "milademetan 90 mg qd d1-21/28"',
    )  # fmt: skip
    def schedules(
        io: Console,
        trial: Source,
        regimen: Annotated[
            list[str], typer.Option(metavar="TEXT", help="Another schedule; may be repeated.")
        ],
        replicates: Replicates = 100,
        arm: ArmName = None,
        patients: Patients = None,
        typical: Typical = False,
    ) -> int:
        """Efficacy against platelets and neutrophils of several schedules, in the same patients.

        The trial's own regimen is the reference.  Dose rules of the arm go on for their drugs.

        With --out: schedules.json, .csv, replicates.csv, .svg and schedules-all.svg.
        """
        from rpoint.plots.trial_design import schedules_figure
        from rpoint.trial.design.questions import schedules

        found = simulated(io, lambda run: schedules(
            chosen_trial(trial, patients), regimen, arm=arm, **run
        ), replicates, typical)  # fmt: skip
        figure = schedules_figure(
            found.table, reference=found.reference,
            title=f"{found.trial}: efficacy against toxicity",
        )  # fmt: skip
        return _compared(io, found, "the same patients on other schedules", {"schedules": figure})


def _compared(
    io: Console, found: Comparison, what: str, figures: dict[str, Figure] | None = None
) -> int:
    """Print, draw and write variants side by side."""
    from rpoint.plots.trial_design import comparison_figure, label

    panels = comparison_figure(
        found.table, title=f"{found.trial}: {what}", reference=found.reference, note=[found.arm]
    )
    name = f"{found.question}-all" if figures else found.question
    for endpoint, part in found.table.groupby("endpoint", sort=False):
        io.table([_variant_row(r, found.reference) for r in part.to_dict("records")],
                 title=label(str(endpoint)))  # fmt: skip
    tables = {found.question: found.table, "replicates": found.replicates()}
    return deliver(io, found.question, found, tables, (figures or {}) | {name: panels})


def _variant_row(row: dict[str, Any], reference: str) -> dict[str, str]:
    paired = (row.get("difference", float("nan")), row.get("difference_lo", float("nan")),
              row.get("difference_hi", float("nan")))  # fmt: skip
    own = row["variant"] == reference
    return {
        "variant": row["variant"],
        "value": with_limits(row["value"], row["lo"], row["hi"], "{:.2f}"),
        "5th to 95th percentile": f"{number(row['q05'], '{:.2f}')} to "
                                  f"{number(row['q95'], '{:.2f}')}",
        "difference, same patients": "reference" if own else with_limits(*paired, "{:.2f}"),
    }  # fmt: skip
