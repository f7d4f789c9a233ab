"""How alterations go together: two-by-two counts of pairs, and log odds ratios shrunk over types.

For each pair of alterations and each type the counts are those of MSK-MET's samples (genes that
are given per sample), of NeST's MSK cohort (breast) and, for MDM2 with CDK4, of the genotyped
xenografts of the PDX Encyclopedia.  The log odds ratio L of a type (0.5 added to every cell, its
variance v the sum of the reciprocals) is shrunk towards the mean over the types,

    (L / v + m / t2) / (1 / v + 1 / t2),

m and t2 being the random-effects mean and variance of DerSimonian and Laird (1986); a pair that is
known in one type alone is shrunk towards 0 with a variance of 1.  MDM2 with TP53 is not here:
`facts.yaml` has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from rpoint.cohort.frequencies import FEATURES
from rpoint.cohort.types import cohort_types
from rpoint.panel._tables import Folder

PAIR_COLUMNS = [
    "type", "a", "b", "both", "only_a", "only_b", "neither", "log_or", "se", "cohort", "source",
    "licence",
]  # fmt: skip
SAMPLES: dict[str, type] = {"sample_id": str, "cancer_type": str, "sample_type": str}
ALTERED: dict[str, type] = {"sample_id": str, "gene": str, "kind": str, "call": str}
NEST: dict[str, type] = {
    "cohort": str,
    "patient_id": str,
    "gene": str,
    "alteration": str,
    "value": float,
}
COPIES: dict[str, type] = {"pdx_model": str, "gene": str, "category": str, "copy_number": float}
LEAST = 5  # tumours that must have either alteration of a pair, for a type's own log odds ratio
BY_FACT = ("MDM2:amp", "TP53:mut")
NEST_STATE = {"mut": "mut", "del": "loss", "amp": "amp"}


def msk_samples(folder: Folder) -> pd.DataFrame:
    """cancer_type, setting and one 0/1 column for each alteration that is given per sample."""
    samples = folder.need("msk_met_alterations", "samples", SAMPLES).set_index("sample_id")
    calls = folder.need("msk_met_alterations", "sample_alterations", ALTERED)
    state = np.where(calls["kind"] == "mut", "mut", calls["call"].map({"2": "amp", "-2": "loss"}))
    named = calls["gene"] + ":" + pd.Series(state, index=calls.index)
    wide = pd.crosstab(calls["sample_id"], named).clip(upper=1)
    wide = wide[[f for f in FEATURES if f in wide]].reindex(samples.index, fill_value=0)
    wide.insert(0, "cancer_type", samples["cancer_type"])
    wide.insert(1, "setting", samples["sample_type"].str.lower())
    return wide


def nest_patients(folder: Folder) -> pd.DataFrame:
    """One row a patient of NeST's MSK cohort, one 0/1 column an alteration.

    The UCSD cohort is left out: it also calls mutations of unknown meaning.
    """
    calls = folder.need("nest_palbociclib", "patient_genotype", NEST)
    calls = calls[calls["cohort"] == "MSK"]
    named = calls["gene"] + ":" + calls["alteration"].map(NEST_STATE)
    wide = calls.assign(f=named).pivot_table(index="patient_id", columns="f", values="value")
    return wide[[f for f in FEATURES if f in wide]].astype(int)


def xenograft_pairs(folder: Folder) -> pd.DataFrame:
    """MDM2 and CDK4 amplification (5 copies or more) of each genotyped xenograft."""
    events = folder.need("pdxe", "genotype_events", COPIES)
    models = folder.need("pdxe", "models", {"pdx_model": str, "has_genotype": float})
    index = pd.Index(models["pdx_model"][models["has_genotype"] == 1])
    amplified = events[events["category"].isin(("Amp5", "Amp8"))]
    return pd.DataFrame(
        {
            f"{gene}:amp": index.isin(amplified["pdx_model"][amplified["gene"] == gene]).astype(int)
            for gene in ("MDM2", "CDK4")
        },
        index=index,
    )


def build(folder: Folder) -> pd.DataFrame:
    """Counts and shrunk log odds ratios of every pair; type "" is the mean over the types."""
    table = pd.DataFrame(_rows(folder), columns=PAIR_COLUMNS)
    table = pd.concat([_shrunk(part) for _, part in table.groupby(["a", "b"])])
    table[["log_or", "se"]] = table[["log_or", "se"]].round(4)
    return table.sort_values(["a", "b", "type"]).reset_index(drop=True)


def _rows(folder: Folder) -> Iterator[tuple]:
    samples = msk_samples(folder)
    for kind in cohort_types().values():
        if kind.samples:
            own = samples[samples["cancer_type"] == kind.samples].iloc[:, 2:]
            yield from _counts(own, kind.id, f"MSK-MET samples, {kind.samples}", "nguyen2022 ODbL")
    yield from _counts(nest_patients(folder), "breast", "NeST patients, MSK cohort", "park2024 MIT")
    pairs = xenograft_pairs(folder)
    yield from _counts(pairs, "", "PDXE, all genotyped models", "gao2015 facts")


def _counts(calls: pd.DataFrame, kind: str, cohort: str, rights: str) -> Iterator[tuple]:
    """The two-by-two counts of every pair that is not too rare."""
    values = {name: calls[name].to_numpy(bool) for name in sorted(calls)}
    for a, b in combinations(values, 2):
        x, y = values[a], values[b]
        if min(x.sum(), y.sum()) < LEAST or (a, b) == BY_FACT:
            continue
        cells = [int((x & y).sum()), int((x & ~y).sum()), int((~x & y).sum())]
        cells.append(len(x) - sum(cells))
        half = np.array(cells) + 0.5
        log_or = np.log(half[0] * half[3] / (half[1] * half[2]))
        yield (kind, a, b, *cells, log_or, np.sqrt((1 / half).sum()), cohort, *rights.split())


def _shrunk(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one pair with shrunk log odds ratios, and their mean as type ""."""
    own, var = rows["log_or"].to_numpy(), rows["se"].to_numpy() ** 2
    if len(rows) == 1:  # one type: towards none, with a variance of 1
        return rows.assign(log_or=own / (1 + var), se=np.sqrt(var / (1 + var)))
    mean, between, error = _random_effects(own, var)
    if between > 0:
        precision = 1 / var + 1 / between
        shrunk, se = (own / var + mean / between) / precision, np.sqrt(1 / precision)
    else:
        shrunk, se = np.full(len(own), mean), np.full(len(own), error)
    whole = rows.iloc[[0]].assign(
        type="", log_or=mean, se=np.hypot(error, np.sqrt(between)),
        cohort=f"mean over {len(rows)} cohorts", source="rpoint_computed",
        licence="ODbL" if (rows["licence"] == "ODbL").any() else rows["licence"].iloc[0],
        **{c: rows[c].sum() for c in ("both", "only_a", "only_b", "neither")},
    )  # fmt: skip
    return pd.concat([rows.assign(log_or=shrunk, se=se)[rows["type"] != ""], whole])


def _random_effects(y: np.ndarray, var: np.ndarray) -> tuple[float, float, float]:
    """Mean, variance between, standard error of the mean (DerSimonian and Laird)."""
    w = 1 / var
    fixed = (w * y).sum() / w.sum()
    q = (w * (y - fixed) ** 2).sum()
    between = max(0.0, (q - len(y) + 1) / (w.sum() - (w**2).sum() / w.sum()))
    w = 1 / (var + between)
    return float((w * y).sum() / w.sum()), between, float(np.sqrt(1 / w.sum()))
