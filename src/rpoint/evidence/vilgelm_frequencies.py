"""Vilgelm 2019, patients: how often p53 is lost (A11, A12) in the tables of cohorts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.cohort.checks import melanoma_tp53_rb1, tp53_by_type
from rpoint.cohort.frequencies import PRIMARY_AND_METASTASIS, frequency
from rpoint.cohort.types import case_mix
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.trial_numbers import fact
from rpoint.stats.printed import prints_as
from rpoint.stats.proportions import proportion

PAN_CANCER = (36.0, 50.0)  # A11, %
SKCM = {"TP53": (49, 318, "15.4"), "RB1": (12, 318, "3.8")}  # A12: mutations, tumours, printed
BOTH = (
    "Cohorts draw from the primaries' table in the first line and from the metastases' later. The "
    "published numbers mix the two: the mean is judged, as for MDM2, and both stand beside."
)


def by_setting() -> dict[str, pd.DataFrame]:
    """`tp53_by_type` of primaries and of metastases."""
    return {setting: tp53_by_type(setting) for setting in PRIMARY_AND_METASTASIS}


def case_mix_share(alteration: str) -> float:
    """Share of an alteration over all types by their number of patients, mean of settings, %."""
    shares = [
        100.0 * share * float(frequency(kind, setting).loc[alteration, "fraction"])
        for setting in PRIMARY_AND_METASTASIS
        for kind, share in case_mix().items()
    ]
    return sum(shares) / len(PRIMARY_AND_METASTASIS)


@experiment("A11")
def p53_across_cancers(lab: Lab) -> Finding:
    """TP53 by tumour type, and over the case mix."""
    tables = by_setting()
    mixed = {name: float(t.loc[t["type"] == "case mix", "percent"].iloc[0])
             for name, t in tables.items()}  # fmt: skip
    types = tables["metastasis"].query("type != 'case mix'")
    unsourced = types["source"].isna() | (types["source"].astype(str) == "")
    counted = types["n"] > 0
    shown = types[["name", "altered", "n", "percent", "lo", "hi", "source", "grade"]]
    lost = {alteration: case_mix_share(alteration) for alteration in ("RB1:mut", "MDM2:amp")}
    return Finding(
        ran="TP53 mutation by tumour type in the tables that virtual cohorts are drawn from, and "
        "over all types by their number of patients.",
        acceptance=[
            fact("TP53 mutated over the case mix, mean of primaries and metastases",
                 float(np.mean(list(mixed.values()))),
                 Criterion("within", PAN_CANCER, "published"), "%"),
            fact("tumour types without a source", unsourced.sum(), Criterion("<=", 0.0)),
        ],
        falsifier=[
            fact(f"{alteration} over the same case mix (another alteration must not pass)", value,
                 Criterion("<", PAN_CANCER[0]), "%")
            for alteration, value in lost.items()
        ],
        beside=[
            *(fact(f"TP53 mutated over the case mix, {name}", x, unit="%")
              for name, x in mixed.items()),
            fact("tumour types", len(types)),
            fact("of them without a counted patient, filled from other tables", (~counted).sum()),
            fact("lowest of the counted types", types.loc[counted, "percent"].min(), unit="%"),
            fact("highest", types.loc[counted, "percent"].max(), unit="%"),
        ],
        tables=[("TP53 mutated, metastases", shown.round(1).to_dict("records"))],
        notes=[BOTH, "The case mix is that of one hospital's sequenced patients, who have advanced "
               "disease. The published range is unverified."],
    )  # fmt: skip


@experiment("A12")
def p53_in_melanoma(lab: Lab) -> Finding:
    """TP53 and RB1 of the melanoma cohort beside TCGA."""
    found = {line: melanoma_tp53_rb1(line) for line in (1, 2)}
    values = {gene: [found[line][k].value for line in found] for k, gene in enumerate(SKCM)}
    limits = {gene: proportion(x, n) for gene, (x, n, _) in SKCM.items()}
    differ = sum(str(prints_as(x, n, 1)) != printed for x, n, printed in SKCM.values())
    pan = case_mix_share("TP53:mut")
    checks = [
        fact(f"{gene} mutated in the melanoma cohort, mean of primaries and metastases",
             float(np.mean(values[gene])),
             Criterion("within", (limits[gene].lo, limits[gene].hi), "computed"), "%")
        for gene in SKCM
    ]  # fmt: skip
    return Finding(
        ran="The melanoma cohort's TP53 and RB1 mutations beside the exact interval of TCGA's "
        "counts.",
        acceptance=[
            *checks,
            fact("of 49/318 and 12/318, how many print otherwise than 15.4 and 3.8", differ,
                 Criterion("<=", 0.0, "computed")),
        ],
        falsifier=[
            fact("TP53 over all tumour types, same tables (melanoma must be lower)", pan,
                 Criterion(">", limits["TP53"].hi, "computed"), "%"),
        ],
        beside=[
            Check(f"{gene} mutated, {where}", np.array(values[gene][k]), unit="%")
            for gene in SKCM for k, where in enumerate(("primaries", "metastases"))
        ],
        notes=[BOTH, "RB1 is drawn from TCGA itself: that it agrees is no evidence. TP53 is drawn "
               "from MSK-MET, cutaneous and mucosal melanoma together."],
    )  # fmt: skip
