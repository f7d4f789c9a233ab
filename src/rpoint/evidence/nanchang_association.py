"""Nanchang HPD 2019, associations: amplification and hyperprogression in patients (D5) and across
tumour types (D12).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.nanchang import PRINTED_NONE, one
from rpoint.evidence.nanchang_facts import (
    COHORTS,
    PAIR,
    TRIED,
    amplification,
    amplified,
    assumed,
    facts,
    nanchang_study,
    printed_ends,
    value,
)
from rpoint.plots import hyperprogression as draw
from rpoint.stats.exact_logistic import ExactCoefficient, exact_logistic
from rpoint.stats.firth import firth
from rpoint.stats.printed import counts_that_print
from rpoint.stats.proportions import proportion

SOURCES = ["Ju 2019, J Clin Oncol 37(15 suppl):2557", "TCGA PanCanAtlas 2018"]


# ---- D5: amplification and hyperprogression in patients


def exact(table: np.ndarray) -> ExactCoefficient:
    """Log odds ratio of the first row against the second, by its exact distribution."""
    (found,) = exact_logistic(table[:, 0], table.sum(axis=1), np.array([1, 0]))
    return found


def penalised(table: np.ndarray) -> dict[str, float]:
    """The same by Firth's likelihood, which stays finite: odds ratio, limits, p."""
    row = firth(table[:, 0], table.sum(axis=1), np.array([1, 0])).to_frame().iloc[1]
    names = {"Firth odds ratio": "odds_ratio", "lo": "odds_ratio_lo", "hi": "odds_ratio_hi",
             "p": "p"}  # fmt: skip
    return {name: float(row[column]) for name, column in names.items()}


def kato_table() -> np.ndarray:
    """Kato 2017: rows amplified and not; columns hyperprogressed and not."""
    amplified_, hit = value("kato", "amplified"), value("kato", "amplified_hyperprogressed")
    rest = value("kato", "patients") - amplified_
    others = value("kato", "egfr_hyperprogressed")
    return np.array([[hit, amplified_ - hit], [others, rest - others]])


def short_ttf_table(others: int) -> np.ndarray:
    """Kato 2017 by TTF < 2 months, if `others` of those without amplification had it too."""
    amplified_, hit = value("kato", "amplified"), value("kato", "amplified_short_ttf")
    rest = value("kato", "patients") - amplified_
    return np.array([[hit, amplified_ - hit], [others, rest - others]])


def most_others() -> int:
    """Most patients without amplification who may have TTF < 2 months at an exact p below 0.05."""
    rest = value("kato", "patients") - value("kato", "amplified")
    small = [k for k in range(rest + 1) if fisher_exact(short_ttf_table(k)).pvalue < 0.05]
    return max(small, default=-1)


def ttf_rows() -> list[dict[str, float]]:
    """Odds ratios for TTF < 2 months under assumed counts of the patients without amplification."""
    tried = (10, 30, 50, 70, most_others())
    return [
        {"others of 149 (assumed)": k, **penalised(short_ttf_table(k)),
         "exact p": exact(short_ttf_table(k)).p} for k in tried
    ]  # fmt: skip


@experiment("D5")
def amplification_in_patients(lab: Lab) -> Finding:
    """Kato's table with exact tests, beside the series that found nothing."""
    table = kato_table()
    found, finite = exact(table), penalised(table)
    six = proportion(value("kato", "amplified_short_ttf"), value("kato", "amplified"))
    four = proportion(value("kato", "amplified_hyperprogressed"), value("kato", "amplified"))
    none = proportion(value("rizvi", "hyperprogressed"), value("rizvi", "amplified"))
    single = exact(np.array([[1, table[0].sum() - 1], table[1]]))
    apart = fisher_exact([table[0], [none.x, none.n - none.x]]).pvalue
    both = proportion(four.x + none.x, four.n + none.n)
    rows = [
        {"series": "Kato 2017, TTF < 2 months", "amplified": six.text(), "others": "not published"},
        {"series": "Kato 2017, hyperprogression", "amplified": four.text(),
         "others": proportion(int(table[1, 0]), int(table[1].sum())).text()},
        {"series": "Rizvi 2018, hyperprogression", "amplified": none.text(), "others": "–"},
        {"series": "both, hyperprogression", "amplified": both.text(), "others": "–"},
    ]  # fmt: skip
    return Finding(
        ran="Exact tests of Kato's 155 patients, amplified against not, and the eight amplified "
        "lung cancers of Rizvi 2018 beside them.",
        acceptance=[
            Check("amplified patients with TTF < 2 months", one(six.percent),
                  Criterion("within", (100.0, 100.0), "published"), "%"),
            Check("amplified patients who hyperprogressed, of 6", one(four.x),
                  Criterion("within", (4.0, 4.0), "published")),
            Check("odds ratio of hyperprogression, lower exact limit",
                  one(np.exp(found.lo)),
                  Criterion(">", 1.0, "computed")),
            Check("exact p of hyperprogression", one(found.p), Criterion("<", 0.05, "computed")),
            Check("amplified patients of the negative series shown beside", one(none.n),
                  Criterion("within", (8.0, 8.0), "published")),
        ],
        falsifier=[
            Check("lower exact limit if only one of the six had hyperprogressed",
                  one(np.exp(single.lo)), Criterion("<=", 1.0)),
        ],
        beside=[
            Check("odds ratio of hyperprogression, exact conditional", one(np.exp(found.estimate))),
            Check("its upper exact limit", one(np.exp(found.hi))),
            Check("odds ratio of hyperprogression, Firth", one(finite["Firth odds ratio"])),
            Check("its lower profile limit", one(finite["lo"])),
            Check("hyperprogression in both series, of 14 amplified", one(both.percent), unit="%"),
            Check("exact p of a difference between the two series", one(apart)),
            Check("upper exact limit in the negative series", one(none.hi), unit="%"),
            Check("patients without amplification who may have TTF < 2 months, of 149, before "
                  "p exceeds 0.05", one(most_others())),
            Check("hazard ratio of the negative series", one(value("rizvi", "hazard_ratio"))),
        ],
        tables=[("Amplified patients", rows), ("TTF < 2 months, if so many others had it",
                                               ttf_rows())],
        notes=[
            "How many of the 149 patients without amplification had TTF < 2 months is not in the "
            "abstract: the odds ratio for TTF is given for assumed numbers only, with the number "
            "up to which the association would hold. With 6 of 6 the usual estimate is infinite; "
            "Firth's is not.",
            "Six patients of one centre against eight of another: the two series do not agree.",
        ],
    )  # fmt: skip


# ---- D12: amplification and incidence across tumour types


def every_count() -> list[dict[str, tuple[int, int]]]:
    """All pairs of counts that print as the two published incidences."""
    ends = printed_ends()
    lists = [counts_that_print(percent, TRIED[group]) for group, percent in ends.items()]
    return [dict(zip(ends, pair, strict=True)) for pair in product(*lists)]


def slopes(exchanged: bool = False) -> pd.DataFrame:
    """Slope of the meta-regression for every pair of counts and either count of tumours.

    Parameters
    ----------
    exchanged
        Give each end the other's patients: the association must turn round.
    """
    rows = []
    for counts, most in product(every_count(), (False, True)):
        if exchanged:
            counts = dict(zip(counts, reversed(counts.values()), strict=True))
        fit = nanchang_study(assumed(counts, most), error="beta", permutations=1).regression
        assert fit is not None
        shown = {group: f"{x}/{n}" for group, (x, n) in counts.items()}
        shown["amplified tumours"] = "at most" if most else "at least"
        rows.append(shown | {"slope": fit.slope, "lo": fit.lo[1], "hi": fit.hi[1],
                             "error left out": fit.naive_slope})  # fmt: skip
    return pd.DataFrame(rows)


def other_genes() -> list[str]:
    """The genes of the TCGA table beside MDM2 and MDM4."""
    return sorted(set(amplification()["gene"]) - set(PAIR))


def genes_with_the_same_sign() -> list[str]:
    """Other genes that are more often amplified in sarcoma than in renal clear cell cancer."""
    low, high = (COHORTS[group] for group in ("renal clear cell", "sarcoma"))
    genes = other_genes()
    share = lambda code, gene: amplified(code, [gene])[1] / amplified(code, [gene])[2]  # noqa: E731
    return [gene for gene in genes if share(high, gene) > share(low, gene)]


def against_renal() -> list[dict[str, Any]]:
    """Odds ratios that others published against renal cancer, beside amplification in TCGA."""
    renal = amplified("KIRC")
    rows = []
    for row in facts()["against_renal"]:
        least, most, tumours = amplified(row["tcga"])
        rows.append({"tumour": row["tumour"], "odds ratio": row["odds_ratio"], "lo": row["lo"],
                     "hi": row["hi"], "amplified at least, %": 100 * least / tumours,
                     "renal at most, %": 100 * renal[1] / renal[2]})  # fmt: skip
    return rows


def band() -> list[dict[str, float]]:
    """Mean and prediction band of the regression on the smallest counts, %."""
    fit = nanchang_study(assumed(every_count()[0]), error="beta", permutations=1).regression
    assert fit is not None
    table = fit.band([0.01, 0.05, 0.10, 0.15, 0.20])
    return (100 * table).round(1).rename(columns=lambda name: f"{name}, %").to_dict("records")


@experiment("D12", cost=2)
def amplification_across_tumours(lab: Lab) -> Finding:
    """The slope through the two published ends, and what it would take."""
    every, turned = slopes(), slopes(exchanged=True)
    published = nanchang_study()
    bound = published.bound
    assert bound is not None
    others = against_renal()
    agree = [r for r in others if r["odds ratio"] > 1
             and r["amplified at least, %"] > r["renal at most, %"]]  # fmt: skip
    ends = bound.groups.set_index("group")
    same = genes_with_the_same_sign()
    pearson = published.correlations["pearson"]
    figure = draw.ecological_line(
        bound.groups, {"slope": bound.slope, "intercept": bound.intercept},
        feature="tumours with MDM2 or MDM4 amplified, %", event="hyperprogression, %",
        title="The line through the two published ends", sources=SOURCES,
    )  # fmt: skip
    return Finding(
        ran="Binomial meta-regression with the error of the covariate through the two published "
        "ends, for every count that prints as the published percentage and for both counts of "
        "amplified tumours; and the ecological bound of the line through the ends.",
        acceptance=[
            Check("slope (logit per unit of amplification), smallest over all counts",
                  one(every["slope"].min()), Criterion(">", 0.0)),
            Check("its lower 95 % limit, smallest over all counts", one(every["lo"].min()),
                  Criterion(">", 0.0)),
            Check("correlation coefficients claimed", one(pearson.status == "ok"), PRINTED_NONE),
        ],
        falsifier=[
            Check("upper limit of the slope with the two incidences exchanged",
                  one(turned["hi"].max()), Criterion("<", 0.0)),
        ],
        beside=[
            Check("slope of the line", one(bound.slope)),
            Check("intercept of the line", one(100 * bound.intercept), unit="%"),
            Check("risk of amplified patients that the line implies",
                  one(100 * bound.implied_with), unit="%"),
            Check("risk of the others in sarcoma, if every amplified patient hyperprogressed",
                  one(100 * ends.loc["sarcoma", "baseline_if_certain"]), unit="%"),
            Check("the same in renal clear cell cancer",
                  one(100 * ends.loc["renal clear cell", "baseline_if_certain"]), unit="%"),
            Check("risk of the others in sarcoma, if 4 of 6 did (Kato)",
                  one(100 * ends.loc["sarcoma", "baseline_if_known"]), unit="%"),
            Check(f"other genes, of {len(other_genes())}, whose amplification would give a "
                  "positive slope, too", one(len(same))),
            Check("tumour types of another meta-regression, of 3, in the same direction",
                  one(len(agree))),
        ],
        figures=[figure],
        tables=[("Slope for every count", every.round(2).to_dict("records")),
                ("Line and prediction band on the smallest counts", band()),
                ("Another meta-regression (Kim 2023), against renal", others)],
        assumptions=["The abstract prints no counts: they are taken to be small ones that print "
                     "as the percentages."],
        notes=[
            bound.text(),
            "Two ends chosen as the lowest and the highest always make a slope; so would "
            f"{len(same)} of {len(other_genes())} other genes ({', '.join(same)}). The ten "
            "cancers between, and any correlation coefficient, are not published: none is claimed.",
        ],
    )  # fmt: skip
