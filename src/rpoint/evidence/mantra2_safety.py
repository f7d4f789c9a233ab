"""Dumbrava 2025 (MANTRA-2), safety: events of grade 3 and 4 (C11), reductions and stops (C12)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Criterion, Finding
from rpoint.evidence.mantra2_design import NAME
from rpoint.evidence.trial_numbers import Trials, fact, on_trials, over, percent
from rpoint.plots import evidence as draw

EVENTS = ("thrombocytopenia", "neutropenia", "anaemia", "leukopenia", "diarrhoea")
ORDER = EVENTS[:3]
# What the milademetan trials on 3 of 14 days leave open, %: phase 1 had 15, 5 and 0 % of 20
# patients, MANTRA 39.5, 25.5 and 18.6 %.  Fixed with the register.
BANDS = {"thrombocytopenia": (15.0, 45.0), "neutropenia": (5.0, 30.0), "anaemia": (0.0, 25.0)}
MANTRA, MANTRA_ARM = "mantra", "milademetan 260 mg 3/14"
PUBLISHED = {"dose_reduction_pct": ("dose reduced", 44.2),
             "ae_discontinuation_pct": ("stopped for an adverse event", 11.6)}  # fmt: skip
POINTS = 10.0
# Endocrine therapy alone: the same counts, rules and readings without a drug on the marrow.
UNTREATED, UNTREATED_ARM = "paloma-2", "placebo+letrozole"
FEW = 5.0  # %


def grade34(trials: Trials, trial: str, arm: str | None = None) -> dict[str, np.ndarray]:
    """Patients with an event of grade 3 or 4 by term, % of each replicate."""
    return {term: trials.values(trial, f"ae_{term}_g34_pct", arm) for term in EVENTS}


@experiment("C11")
@on_trials
def grade_3_and_4(lab: Lab, trials: Trials) -> Finding:
    """The five events that the abstract names."""
    rates = grade34(trials, NAME)
    first, second, third = (rates[term] for term in ORDER)
    ordered = percent((first > second) & (second > third))
    none = grade34(trials, UNTREATED, UNTREATED_ARM)
    table = pd.DataFrame(
        [{"label": term, "median": x.mean(), "lo": np.quantile(x, 0.05),
          "hi": np.quantile(x, 0.95)} for term, x in rates.items()]
    )  # fmt: skip
    return Finding(
        ran="Replicates of the trial: blood counts and labelled risks of every patient under the "
        "doses that were really taken.",
        acceptance=[
            *(over(f"grade 3/4 {term}", x, np.mean, Criterion(">", 0.0), "%")
              for term, x in rates.items()),
            fact("replicates with thrombocytopenia > neutropenia > anaemia", ordered,
                 Criterion(">=", 80.0), "%"),
            *(over(f"grade 3/4 {term}, in the range of the milademetan trials", rates[term],
                   np.mean, Criterion("within", band), "%")
              for term, band in BANDS.items()),
        ],
        falsifier=[
            over(f"grade 3/4 {term} without a drug on the marrow", none[term], np.mean,
                 Criterion("<=", FEW), "%") for term in EVENTS
        ],
        beside=[
            fact("replicates with thrombocytopenia > neutropenia", percent(first > second),
                 unit="%"),
            fact("replicates with neutropenia > anaemia", percent(second > third), unit="%"),
        ],
        figures=[draw.dots(table, axis="patients with an event of grade 3 or 4, %",
                           title="Milademetan on 3 of 14 days, MANTRA-2",
                           band="mean and 5–95 % of replicates")],
        notes=["The abstract gives terms and no rates. Diarrhoea is put in as a labelled risk, at "
               "an assumed rate: that it is there is no prediction.",
               "Without a drug: the control arm of PALOMA-2, on letrozole."],
    )  # fmt: skip


@experiment("C12")
@on_trials
def reductions_and_stops(lab: Lab, trials: Trials) -> Finding:
    """Dose reductions and discontinuations in MANTRA, on the same schedule."""
    found = {name: trials.values(MANTRA, name, MANTRA_ARM) for name in PUBLISHED}
    none = {name: trials.values(UNTREATED, name, UNTREATED_ARM) for name in PUBLISHED}
    return Finding(
        ran="Replicates of MANTRA, dedifferentiated liposarcoma, with the dose rules of "
        "milademetan.",
        acceptance=[
            over(f"{words}, MANTRA", found[name], np.mean,
                 Criterion("within", (max(at - POINTS, 0.0), at + POINTS), "published"), "%")
            for name, (words, at) in PUBLISHED.items()
        ],
        falsifier=[
            over(f"{words} without a drug on the marrow", none[name], np.mean,
                 Criterion("<=", FEW), "%") for name, (words, _) in PUBLISHED.items()
        ],
        beside=[
            over(f"{words}, MANTRA-2", trials.values(NAME, name), np.mean, unit="%")
            for name, (words, _) in PUBLISHED.items()
        ],
        notes=["Published: 44.2 % reduced, 11.6 % stopped.",
               "Without a drug: the control arm of PALOMA-2, on letrozole."],
    )  # fmt: skip
