"""Alves 2021, patients: hazard ratios (E1), the tail (E2), phospho-AKT and progression (E6)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.evidence import tables
from rpoint.evidence.alves import DOUBLET, LINE, C, F
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.roberto_patients import benefit
from rpoint.evidence.trial_numbers import (
    Trials,
    fact,
    geometric_mean,
    mean,
    on_trials,
    over,
    percent,
)
from rpoint.plots import evidence as draw
from rpoint.trial.analyse import PROGNOSTIC

FIVE_YEARS, TAIL = "paloma-2, five years", "pfs_rate_60mo_pct"
TREATED = {"paloma-2": "palbociclib+letrozole", "paloma-3": "palbociclib+fulvestrant"}
CONTROL = {"paloma-2": "placebo+letrozole", "paloma-3": "placebo+fulvestrant"}
HIGH = "pakt:high"
HR_BAND = (1.5, 3.5)  # E6


@experiment(
    "E1",
    [LINE.but(days=21.0), *(LINE.but(days=21.0, treatment=t) for t in (F, C, DOUBLET))],
)
@on_trials
def doublet_is_effective(lab: Lab, trials: Trials) -> Finding:
    """As B2, with the sensitive line beside."""
    line = LINE.but(days=21.0)
    rates = {t: lab.cells.rate(line.but(treatment=t), line) for t in (F, C, DOUBLET)}
    figure = draw.dots(
        tables.dots(lab, rates),
        axis="net growth over vehicle",
        title="Endocrine therapy with and without a CDK4/6 inhibitor, MCF-7",
        threshold=0.0,
        threshold_label="no growth",
    )
    return benefit(
        trials,
        "As B2: replicates of six trials in HR-positive breast cancer; PALOMA-3 without RB1. And "
        "the sensitive line under fulvestrant, CDK4/6i and both for 21 days.",
        beside=[Check(f"net growth under {t} over vehicle", values) for t, values in rates.items()],
        figures=[figure],
    )


@experiment("E2")
@on_trials
def most_progress(lab: Lab, trials: Trials) -> Finding:
    """Progressed or dead within five years on palbociclib and letrozole."""
    treated, control = (
        100.0 - trials.values(FIVE_YEARS, TAIL, TREATED["paloma-2"]),
        100.0 - trials.values(FIVE_YEARS, TAIL, CONTROL["paloma-2"]),
    )
    size = min(len(treated), len(control))
    return Finding(
        ran="PALOMA-2 followed for five years after the last patient's entry, treatment until "
        "progression: Kaplan-Meier share with progression or death by month 60.",
        acceptance=[
            over("progressed or dead by 60 months, palbociclib + letrozole", treated, mean,
                 Criterion(">=", 80.0), "%"),
        ],
        falsifier=[
            over("the same without palbociclib, less that with it (time alone must not do it)",
                 control[:size] - treated[:size], mean, Criterion(">", 0.0), "points"),
        ],
        beside=[
            over("progressed or dead by 60 months, letrozole alone", control, mean, unit="%"),
            over("median PFS, palbociclib + letrozole",
                 trials.values(FIVE_YEARS, "pfs_median_months", TREATED["paloma-2"]), mean,
                 unit="months"),
        ],
        notes=["PALOMA-2's median calibrated the growth and the resistant clones of this "
               "population; its tail did not."],
    )  # fmt: skip


@experiment("E6")
@on_trials
def pakt_and_progression(lab: Lab, trials: Trials) -> Finding:
    """Hazard ratio of tumours with phospho-AKT above the median, with and without palbociclib."""
    rows = {name: trials.rows(name, PROGNOSTIC, arm, HIGH) for name, arm in TREATED.items()}
    control = {name: trials.values(name, PROGNOSTIC, arm, HIGH) for name, arm in CONTROL.items()}
    treated = {name: table["VALUE"].to_numpy() for name, table in rows.items()}
    whole = np.concatenate(list(treated.values()))
    alone = np.concatenate(list(control.values()))
    table = pd.DataFrame(
        [{"label": f"{arm[name]}", "median": geometric_mean(x), "lo": np.nanquantile(x, 0.025),
          "hi": np.nanquantile(x, 0.975)}
         for arm, found in ((TREATED, treated), (CONTROL, control)) for name, x in found.items()]
    )  # fmt: skip
    return Finding(
        ran="Replicates of PALOMA-2 and PALOMA-3; in each, tumours with phospho-AKT above the "
        "trial's median before treatment against the others, by Cox's model.",
        acceptance=[
            *(over(f"hazard ratio of high against low p-AKT, {TREATED[name]}", x, geometric_mean,
                   Criterion("within", HR_BAND), "") for name, x in treated.items()),
            *(over(f"its lower 95 % limit, typical trial, {TREATED[name]}",
                   table["LO"].to_numpy(), geometric_mean, Criterion(">", 1.0))
              for name, table in rows.items()),
        ],
        falsifier=[
            over("ln hazard ratio without palbociclib over that with it (half of it must be gone)",
                 np.array([_part(geometric_mean(alone), geometric_mean(whole))]), mean,
                 Criterion("<=", 0.5)),
        ],
        beside=[
            *(over(f"hazard ratio of high against low p-AKT, {CONTROL[name]}", x, geometric_mean)
              for name, x in control.items()),
            fact("replicates whose own 95 % interval excludes 1",
                 percent(np.concatenate([t["LO"].to_numpy() > 1.0 for t in rows.values()])),
                 unit="%"),
        ],
        figures=[draw.dots(table, axis="hazard ratio, high against low p-AKT", threshold=1.0,
                           threshold_label="none", title="Phospho-AKT and progression",
                           band="geometric mean and 95 % of replicates")],
        notes=["The paper's number of patients and hazard ratio were not found: the split at the "
               "median and the size of the trials are ours."],
    )  # fmt: skip


def _part(alone: float, whole: float) -> float:
    """Part of an effect that is left; infinite where there is no effect."""
    return np.log(alone) / np.log(whole) if whole > 1.0 else np.inf
