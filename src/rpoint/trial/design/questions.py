"""Questions about a design that one changed value answers: scan interval, copy-number cut-off,
schedule.

Each variant is one arm of the trial with one value changed, and has the same patients as the
others, as far as eligibility allows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rpoint.errors import RpointError
from rpoint.trial.compute import regimen_of
from rpoint.trial.design.runs import VariantRuns, chosen_arm, only_arms, run_variants
from rpoint.trial.design.summary import compare
from rpoint.trial.spec import Trial

SCAN_ENDPOINTS = (
    "pfs_median_months", "pfs_median_months_lo", "pfs_median_months_hi", "response_any_pct",
    "response_confirmed_pct", "dor_median_months", "lost_at_next_scan_pct", "dcr_pct",
)  # fmt: skip
CUTOFF_ENDPOINTS = (
    "response_any_pct", "response_confirmed_pct", "pfs_median_months", "cbr24_pct",
    "change_16w_pct", "screened_per_patient",
)  # fmt: skip
SCHEDULE_ENDPOINTS = (
    "pfs_median_months", "response_any_pct", "change_16w_pct", "ae_thrombocytopenia_g34_pct",
    "ae_neutropenia_g34_pct", "dose_reduction_pct", "ae_discontinuation_pct", "planned_mg_per_day",
    "taken_mg_per_day",
)  # fmt: skip
PLANNED_WEEKS = 24  # over which a planned amount a day is the mean: whole cycles of 2, 3, 4 weeks


@dataclass(frozen=True)
class Comparison:
    """Variants of one arm, side by side.

    Attributes
    ----------
    question
        scan-interval, copy-number-cutoff or schedules.
    trial, arm
        Of which trial and arm.
    reference
        The variant that differences are taken from.
    table
        As `rpoint.trial.design.summary.compare` gives.
    runs
        Patients and statistics behind it.
    """

    question: str
    trial: str
    arm: str
    reference: str
    table: pd.DataFrame
    runs: VariantRuns

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def replicates(self) -> pd.DataFrame:
        """One row a variant, replicate and statistic: VARIANT, REPL, ENDPOINT, VALUE."""
        s = self.runs.statistics
        known = s["ENDPOINT"].isin(set(self.table["endpoint"]))
        return s.loc[(s["ARM"] == self.arm) & known, ["VARIANT", "REPL", "ENDPOINT", "VALUE"]]

    def value(self, variant: str, endpoint: str, column: str = "value") -> float:
        """One number of the table."""
        t = self.table
        return float(t[(t["variant"] == variant) & (t["endpoint"] == endpoint)][column].iloc[0])

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "question": self.question, "trial": self.trial, "arm": self.arm,
            "reference": self.reference, **self.runs.provenance(),
            "table": self.table.to_dict("records"),
        }  # fmt: skip

    def summary(self) -> str:
        """A line a variant."""
        wide = self.table.pivot(index="variant", columns="endpoint", values="value")
        lines = [
            f"{name}: " + ", ".join(f"{e} {wide.loc[name, e]:.3g}" for e in wide.columns)
            for name in dict.fromkeys(self.table["variant"])
        ]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()


def scan_interval(
    trial: Trial, weeks: Sequence[float] = (6, 8, 12), *, arm: str | None = None, **run: Any
) -> Comparison:
    """Scan the same patients every so many weeks.

    Parameters
    ----------
    trial
        The trial; its own interval is added if it is not among `weeks`.
    weeks
        Weeks between scans, the same throughout: a change of interval that the trial plans
        (`until_week`) is left out in every variant.
    arm
        Which arm; the first one without it.
    run
        replicates, seed, jobs, typical ... of `rpoint.trial.design.runs.run_variants`.

    Raises
    ------
    RpointError
        For an interval that cannot be, or an arm that does not exist.
    """
    arm = chosen_arm(trial, arm)
    base = only_arms(trial, [arm])
    every = sorted({float(w) for w in weeks} | {trial.visits.scan_weeks})
    even = {"visits.until_week": None, "visits.then_weeks": None}
    variants = {f"every {w:g} weeks": base.changed({"visits.scan_weeks": w} | even) for w in every}
    reference = f"every {trial.visits.scan_weeks:g} weeks"
    return _compared("scan-interval", trial, arm, variants, reference, SCAN_ENDPOINTS, run)


def copy_number_cutoff(
    trial: Trial, gene: str = "MDM2", copies: Sequence[float] = (8, 12), *,
    arm: str | None = None, **run: Any,
) -> Comparison:  # fmt: skip
    """Enrol above different numbers of copies of a gene.

    Parameters
    ----------
    trial
        The trial.  What it requires of the gene's copies is replaced; what a central test must
        confirm stays as it is.
    gene
        Whose copies.
    copies
        Least copies by the local test.
    arm, run
        As `scan_interval`.

    Notes
    -----
    Who is not eligible is replaced by the next candidate: patients of two variants are the same
    only where both enrol them.
    """
    arm = chosen_arm(trial, arm)
    base = only_arms(trial, [arm])
    if len(set(copies)) < 2:
        raise RpointError("two cut-offs or more are needed", where="--copies", found=copies)
    variants = {}
    for number in sorted({float(c) for c in copies}):
        require = required(trial.population.require, gene, number)
        name = f"{gene} copies >= {number:g}"
        variants[name] = base.changed({"population.require": require})
    same = [n for n, t in variants.items() if t.population.require == trial.population.require]
    reference = same[0] if same else list(variants)[-1]
    return _compared("copy-number-cutoff", trial, arm, variants, reference, CUTOFF_ENDPOINTS, run)


def required(expressions: Sequence[str], gene: str, copies: float) -> tuple[str, ...]:
    """What is required, with the gene's copies at least so many.

    >>> required(("TP53:wt", "MDM2:cn>=12"), "MDM2", 8)
    ('TP53:wt', 'MDM2:cn>=8')
    """
    own = re.compile(rf"{re.escape(gene)}:(cn|amp)", re.IGNORECASE)
    kept = [text for text in expressions if not own.match(text)]
    return (*kept, f"{gene}:cn>={copies:g}")


def schedules(
    trial: Trial, regimens: Sequence[str], *, arm: str | None = None, **run: Any
) -> Comparison:
    """Treat the same patients on several schedules.

    Parameters
    ----------
    trial
        The trial; its own regimen is the reference.
    regimens
        Texts of the regimen grammar.  Dose rules of the arm go on for the drugs that have them.
    arm, run
        As `scan_interval`.
    """
    arm = chosen_arm(trial, arm)
    base = only_arms(trial, [arm])
    own = trial.arms[arm].regimen or "none"
    variants = {text: _treated(base, arm, text) for text in dict.fromkeys((own, *regimens))}
    found = _compared("schedules", trial, arm, variants, own, SCHEDULE_ENDPOINTS, run)
    planned = pd.DataFrame([_planned(text) for text in variants])
    return Comparison(
        found.question, found.trial, arm, own,
        pd.concat([found.table, planned], ignore_index=True), found.runs,
    )  # fmt: skip


def _treated(trial: Trial, arm: str, text: str) -> Trial:
    """The trial with another regimen, and the arm's rules for the drugs that it has."""
    rules = trial.arms[arm].rules or {}
    drugs = regimen_of(text).drugs
    kept = {drug: rule for drug, rule in rules.items() if drug in drugs}
    return trial.changed({("arms", arm, "regimen"): text, ("arms", arm, "rules"): kept or None})


def _planned(text: str) -> dict[str, Any]:
    value = planned_mg_per_day(text)
    return {
        "variant": text, "endpoint": "planned_mg_per_day", "value": value, "lo": value,
        "hi": value, "q05": value, "q95": value, "missing": 0,
    }  # fmt: skip


def planned_mg_per_day(text: str) -> float:
    """Amount of all drugs a day that a regimen plans, mg; NaN if it goes by weight.

    >>> round(planned_mg_per_day("milademetan 260 mg qd d1-3,15-17/28"), 1)
    55.7
    """
    regimen = regimen_of(text)
    if regimen.needs_weight:
        return float("nan")
    return sum(regimen.ordered_mg(PLANNED_WEEKS).values()) / (7.0 * PLANNED_WEEKS)


def continuous(text: str) -> str:
    """The same amounts taken every day: a regimen of equal dose intensity without pauses.

    Oral drugs that are taken on some days only are spread over all days; others stay as they are.

    Raises
    ------
    RpointError
        If no drug of the regimen pauses, or it has several phases.

    >>> continuous("milademetan 260 mg qd d1-3,15-17/28")
    'milademetan 55.71 mg qd'
    """
    regimen = regimen_of(text)
    if len(regimen.phases) == 1 and not regimen.needs_weight:
        parts, changed = [], False
        for component in regimen.components:
            if component.pattern is None or component.route != "po":
                parts.append(str(component))
                continue
            changed = True
            mg = regimen.only(component.drug).ordered_mg(PLANNED_WEEKS)[component.drug]
            parts.append(f"{component.drug} {mg / (7.0 * PLANNED_WEEKS):.4g} mg qd")
        if changed:
            return " + ".join(parts)
    raise RpointError(
        "this regimen has no pauses that a continuous one could be set against", found=text
    )


def _compared(
    question: str, trial: Trial, arm: str, variants: Mapping[str, Trial], reference: str,
    endpoints: Sequence[str], run: Mapping[str, Any],
) -> Comparison:  # fmt: skip
    runs = run_variants(variants, **run)
    table = compare(runs.statistics, arm, endpoints, reference)
    return Comparison(question, trial.name, arm, reference, table, runs)
