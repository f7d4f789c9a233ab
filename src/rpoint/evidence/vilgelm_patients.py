"""Vilgelm 2019, patients: response to immunotherapy (A16), the doublet as a second line (A17)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Criterion, Finding
from rpoint.evidence.trial_numbers import (
    Trials,
    fact,
    geometric_mean,
    mean,
    on_trials,
    over,
)
from rpoint.immune.claims_numbers import Interval, melanoma_nonresponse
from rpoint.immune.melanoma import melanoma_response
from rpoint.plots import evidence as draw
from rpoint.trial.read import read_trial

PATIENTS, DRAWS = 500, 3  # of melanoma_nonresponse; a run of all claims must stay short
BAND = (40.0, 60.0)  # A16, %
NO_ANTIGEN = 1e-9
DOUBLET, SINGLES = "siremadlin+ribociclib", ("siremadlin", "ribociclib")
INTACT = "vilgelm-patients, TP53 and RB1 intact"
BROKEN = {"TP53 mutated": "vilgelm-patients, TP53 mutated",
          "RB1 lost": "vilgelm-patients, RB1 lost"}  # fmt: skip
PFS = "pfs_median_months"
PART = 0.1  # of the effect in intact tumours, as A15 has it


def nonresponse(lab: Lab) -> Interval:
    """Melanoma patients without a response to pembrolizumab, %."""
    made = lambda: melanoma_nonresponse(PATIENTS, DRAWS, lab.seed)  # noqa: E731
    return lab.once("melanoma non-response", made)


def without_antigen(lab: Lab) -> float:
    """The same, %, where T cells see nothing."""
    made = lambda: 100.0 * (1.0 - melanoma_response(NO_ANTIGEN, PATIENTS, lab.seed))  # noqa: E731
    return lab.once("melanoma without antigen", made)


@experiment("A16", cost=2)
def half_do_not_respond(lab: Lab) -> Finding:
    """Non-response to an antibody against PD-1."""
    found = nonresponse(lab)
    return Finding(
        ran="Melanoma patients with the T cells of the lung cancer model on an antibody against "
        "PD-1; antigenicity as twelve melanoma patients of INSPIRE leave it.",
        acceptance=[
            over("melanoma patients without a response",
                 np.array([found.lo, found.value, found.hi]), lambda _: found.value,
                 Criterion("within", BAND), "%"),
        ],
        falsifier=[
            fact("the same where T cells see no antigen", without_antigen(lab),
                 Criterion(">=", 95.0), "%"),
        ],
        beside=[fact("at the 95th percentile of antigenicity", found.lo, unit="%"),
                fact("at the 5th percentile", found.hi, unit="%")],
        notes=["Eight of those twelve responded, and this is fitted to: the number is a prior for "
               "melanoma, not a prediction. The range is that of antigenicity."],
    )  # fmt: skip


def medians(trials: Trials, trial: str) -> dict[str, np.ndarray]:
    """(R,) median PFS of every arm, months, of replicates in which all are reached."""
    arms = (DOUBLET, *SINGLES)
    table = pd.DataFrame({arm: trials.rows(trial, PFS, arm)["VALUE"] for arm in arms}).dropna()
    return {arm: table[arm].to_numpy() for arm in arms}


def better(found: dict[str, np.ndarray]) -> str:
    """The single drug with the longer median, over all replicates."""
    return max(SINGLES, key=lambda arm: mean(found[arm]))


def gain(trials: Trials, trial: str) -> np.ndarray:
    """(R,) median PFS of the doublet less that of the better single drug, months."""
    found = medians(trials, trial)
    return found[DOUBLET] - found[better(found)]


@experiment("A17")
@on_trials
def second_line(lab: Lab, trials: Trials) -> Finding:
    """The doublet after BRAF/MEK inhibition or immunotherapy, by genotype."""
    trial = read_trial("vilgelm-patients")
    gains = {"TP53 and RB1 intact": gain(trials, INTACT),
             **{name: gain(trials, variant) for name, variant in BROKEN.items()}}  # fmt: skip
    whole = mean(gains["TP53 and RB1 intact"])
    rows = [{"label": name, "median": mean(x), "lo": np.quantile(x, 0.05),
             "hi": np.quantile(x, 0.95)} for name, x in gains.items()]  # fmt: skip
    ratios = {name: trials.values(variant, "pfs_hr", f"{DOUBLET} vs ribociclib")
              for name, variant in {"intact": INTACT, **BROKEN}.items()}  # fmt: skip
    return Finding(
        ran="Melanoma patients, half of whom were on encorafenib and binimetinib until "
        "progression; then siremadlin with ribociclib, or either alone, in patients with TP53 and "
        "RB1 intact, with TP53 mutated and with RB1 lost.",
        acceptance=[
            fact("replicates that ran to the end", trials.replicates(INTACT), Criterion(">=", 1.0)),
            fact("share of patients treated before until progression",
                 100.0 * trial.population.prior_share * (trial.population.prior is not None),
                 Criterion(">", 0.0), "%"),
            over("gain in median PFS over the better single drug, TP53 and RB1 intact",
                 gains["TP53 and RB1 intact"], mean, Criterion(">", 0.0), "months"),
        ],
        falsifier=[
            over(f"the same gain with {name}: at most a tenth of it", gains[name], mean,
                 Criterion("<=", PART * max(whole, 0.0)), "months") for name in BROKEN
        ],
        beside=[
            over(f"hazard ratio of progression, doublet against ribociclib, {name}", x,
                 geometric_mean) for name, x in ratios.items()
        ],
        figures=[
            draw.dots(pd.DataFrame(rows), axis="gain in median PFS over the better drug, months",
                      threshold=0.0, threshold_label="none",
                      title="Siremadlin with ribociclib, second line of melanoma",
                      band="mean and 5–95 % of replicates")
        ],
        notes=["No trial has these arms: the numbers are hypotheses for one.",
               "Immunotherapy before selects no clone of this model."],
    )  # fmt: skip
