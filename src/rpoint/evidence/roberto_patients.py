"""Roberto/Lloyd 2021, patients: the commonest subtype (B1), the benefit of CDK4/6 inhibitors (B2)
and their safety (B10).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.blood.risks import risks
from rpoint.cohort.checks import hr_positive_her2_negative
from rpoint.cohort.frequencies import patients_of
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.trial_numbers import (
    NotShipped,
    Trials,
    fact,
    geometric_mean,
    on_trials,
    over,
)
from rpoint.plots import evidence as draw
from rpoint.stats.proportions import proportion
from rpoint.trial.read import read_trial

SUBTYPES = {"breast": "HR-positive, HER2-negative", "breast-her2": "HER2-positive",
            "breast-tn": "triple-negative"}  # fmt: skip
HR_BAND = (0.50, 0.65)  # B2
# A hazard ratio in between says neither benefit nor harm.  Fixed before any replicate was seen.
NEAR_ONE = (0.8, 1.25)
CALIBRATED = ("paloma-2", "paloma-3")  # their hazard ratios shaped parameters of the population
PREDICTED = ("paloma-1", "monaleesa-2", "monarch-2", "monarch-3")
NO_RB = "paloma-3, RB1 lost"
TOXIC = {"paloma-2": "palbociclib+letrozole", "paloma-3": "palbociclib+fulvestrant"}
CONTROL = {"paloma-2": "placebo+letrozole", "paloma-3": "placebo+fulvestrant"}
NEUTROPENIA, ABOUT_66 = "ae_neutropenia_g34_pct", (61.0, 71.0)
FEW = 5.0  # %, of patients without the drug


@experiment("B1")
def commonest_subtype(lab: Lab) -> Finding:
    """Subtypes of the breast cohort."""
    share = hr_positive_her2_negative()
    every = sum(map(patients_of, SUBTYPES))
    others = {name: proportion(patients_of(kind), every)
              for kind, name in SUBTYPES.items() if kind != "breast"}  # fmt: skip
    rows = [{"subtype": name, "share": proportion(patients_of(kind), every).text()}
            for kind, name in SUBTYPES.items()]  # fmt: skip
    return Finding(
        ran="The breast cancers of the tables that cohorts are drawn from, by subtype.",
        acceptance=[
            fact("HR-positive, HER2-negative of breast cancers", share.percent,
                 Criterion("within", (60.0, 75.0), "published"), "%"),
        ],
        falsifier=[
            fact(f"{name} of breast cancers (no other subtype is the commonest)", one.percent,
                 Criterion("<", 50.0), "%")
            for name, one in others.items()
        ],
        beside=[Check("its exact limits, lower", np.array(share.lo), unit="%"),
                Check("upper", np.array(share.hi), unit="%")],
        tables=[("Breast cancers by subtype", rows)],
    )  # fmt: skip


def hazard_ratios(
    trials: Trials, names: tuple[str, ...], endpoint: str = "pfs_hr"
) -> dict[str, np.ndarray]:
    """(R,) hazard ratios of the treated arm against its control, of each trial that is shipped.

    Raises
    ------
    NotShipped
        If none is.
    """
    found = {name: trials.values(name, endpoint) for name in names if trials.has(name, endpoint)}
    if not found:
        raise NotShipped(f"{endpoint} of any of {', '.join(names)}")
    return found


def published_ratio(name: str) -> tuple[float, float | None, float | None]:
    """Published hazard ratio of progression-free survival of the whole trial, with limits."""
    for row in read_trial(name).published:
        if row.endpoint == "pfs_hr" and not row.subset and row.not_predicted is None:
            return row.value, row.lo, row.hi
    return float("nan"), None, None


def ratio_rows(ratios: dict[str, np.ndarray]) -> list[dict]:
    """Predicted beside published, one row a trial."""
    rows = []
    for name, values in ratios.items():
        value, lo, hi = published_ratio(name)
        low, high = np.nanquantile(values, (0.05, 0.95))
        rows.append({"trial": name, "role": "calibrated" if name in CALIBRATED else "check",
                     "predicted": geometric_mean(values), "5 %": low, "95 %": high,
                     "published": value, "lo": lo, "hi": hi})  # fmt: skip
    return [{k: round(v, 2) if isinstance(v, float) else v for k, v in row.items()} for row in rows]


def ratio_figure(ratios: dict[str, np.ndarray], title: str):
    """Geometric mean and range of each trial's hazard ratio."""
    table = pd.DataFrame(
        [{"label": name, "median": geometric_mean(values), "lo": np.nanquantile(values, 0.05),
          "hi": np.nanquantile(values, 0.95)} for name, values in ratios.items()]
    )  # fmt: skip
    return draw.dots(table, axis="hazard ratio of progression-free survival", title=title,
                     threshold=1.0, threshold_label="no effect",
                     band="geometric mean and 5–95 % of replicated trials")  # fmt: skip


def benefit(trials: Trials, ran: str, **more) -> Finding:
    """B2 and E1: hazard ratios with CDK4/6 inhibitors, and without RB1."""
    known, new = (hazard_ratios(trials, names) for names in (CALIBRATED, PREDICTED))
    lost, calibrated = trials.values(NO_RB, "pfs_hr"), trials.values("paloma-2", "pfs_hr")
    absent = [name for name in (*CALIBRATED, *PREDICTED) if name not in {**known, **new}]
    deaths = hazard_ratios(trials, (*CALIBRATED, *PREDICTED), "os_hr")
    band = Criterion("within", HR_BAND, "published")
    figure = ratio_figure({**known, **new, NO_RB: lost}, "CDK4/6 inhibitor with endocrine therapy")
    return Finding(
        ran=ran,
        acceptance=[
            over("hazard ratio of progression-free survival, PALOMA-2 (calibrated)",
                 calibrated, geometric_mean, band),
            over(f"the same, mean of {len(new)} trials that calibrated no hazard ratio",
                 np.array([geometric_mean(x) for x in new.values()]), geometric_mean, band),
        ],
        falsifier=[
            over("hazard ratio in PALOMA-3 if every tumour had lost RB1", lost, geometric_mean,
                 Criterion("within", NEAR_ONE)),
        ],
        beside=[
            *(over(f"hazard ratio, {name}", values, geometric_mean)
              for name, values in {**known, **new}.items()),
            over(f"hazard ratio of death, mean of {len(deaths)} trials",
                 np.array([geometric_mean(x) for x in deaths.values()]), geometric_mean),
            *more.pop("beside", ()),
        ],
        tables=[("Predicted beside published", ratio_rows({**known, **new}))],
        figures=[figure, *more.pop("figures", ())],
        notes=["Published, pooled over 19 trials: 0.59 for progression-free survival, 0.77 for "
               "death. The range of the mean is that of the trials, else that of replicates.",
               *([f"Without replicates of {', '.join(absent)}."] if absent else []),
               *more.pop("notes", ())],
    )  # fmt: skip


@experiment("B2")
@on_trials
def benefit_of_cdk46(lab: Lab, trials: Trials) -> Finding:
    """Two-arm trials in HR-positive breast cancer."""
    return benefit(
        trials, "Replicates of PALOMA-1, -2 and -3, MONALEESA-2, MONARCH-2 and -3 at their real "
        "sizes; and PALOMA-3 in patients whose tumours have all lost RB1."
    )  # fmt: skip


def labelled() -> list[dict]:
    """Labelled risks of CDK4/6 inhibitors that are no blood count."""
    rows = []
    for drug in ("palbociclib", "ribociclib", "abemaciclib"):
        for risk in risks().get(drug, ()):
            rows.append({"drug": drug, "event": risk.term, "at": risk.dose,
                         "grade 3 or worse, %": 100 * risk.incidence.value,
                         "source": risk.incidence.source})  # fmt: skip
    return rows


@experiment("B10")
@on_trials
def safety_of_cdk46(lab: Lab, trials: Trials) -> Finding:
    """Neutropenia under palbociclib, and what is labelled beside it."""
    treated = {name: trials.values(name, NEUTROPENIA, arm) for name, arm in TOXIC.items()}
    control = {name: trials.values(name, NEUTROPENIA, arm) for name, arm in CONTROL.items()}
    rows = labelled()
    named = {(row["drug"], row["event"]) for row in rows}
    wanted = [("ribociclib", "QT"), ("abemaciclib", "diarrhoea")]
    missing = [w for w in wanted if not any(d == w[0] and w[1] in e for d, e in named)]
    return Finding(
        ran="Replicates of PALOMA-2 and PALOMA-3: blood counts of every patient with dose rules; "
        "labelled risks of the other two drugs.",
        acceptance=[
            *(over(f"grade 3/4 neutropenia under palbociclib, {name}", values, np.mean,
                   Criterion("within", ABOUT_66), "%") for name, values in treated.items()),
            fact("of QTc (ribociclib) and diarrhoea (abemaciclib), not labelled", len(missing),
                 Criterion("<=", 0.0)),
        ],
        falsifier=[
            over(f"grade 3/4 neutropenia without palbociclib, {name}", values, np.mean,
                 Criterion("<=", FEW), "%") for name, values in control.items()
        ],
        beside=[
            over(f"dose reduced, {name}", trials.values(name, "dose_reduction_pct", arm), np.mean,
                 unit="%") for name, arm in TOXIC.items()
        ],
        tables=[("Labelled risks, put in from labels and trials: no predictions", rows)],
        notes=["'About 66 %' is read as 61 to 71 %. Published: 67.1 % of PALOMA-2, 65 % of "
               "PALOMA-3; no fit has seen either."],
    )  # fmt: skip
