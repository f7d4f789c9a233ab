"""Nanchang HPD 2019, numbers: drugs (D3), anecdote (D6), prevalence (D7), size of the study (D9),
the two ends of incidence (D10) and of amplification (D11).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rpoint import catalog
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.evidence.nanchang import NONE, PRINTED_NONE, one
from rpoint.evidence.nanchang_facts import (
    COHORTS,
    TRIED,
    amplification,
    amplified,
    cancers,
    facts,
    poolable,
    printed_ends,
    value,
)
from rpoint.stats.meta import meta_proportions
from rpoint.stats.printed import counts_that_print, printed_table, prints_as
from rpoint.stats.proportions import proportion

# Counts of the register behind the printed percentages.
BEHIND = {"renal clear cell": {(3, 190)}, "sarcoma": {(9, 37), (17, 70), (18, 74)}}
AMPLIFIED_SARCOMA = {(54, 265), (53, 260)}
RECOMPUTED = {"renal clear cell": (0.39, 0.59), "sarcoma": (18.6, 20.6)}
BAND = (3.0, 5.0)
KINDS = {"PD-1": "PD-1", "PDCD1": "PD-1", "PD-L1": "PD-L1", "CD274": "PD-L1"}


# ---- D3: the four drugs


def checkpoint(drug: str) -> str:
    """Which checkpoint a drug of the catalogue binds; empty if none."""
    bound = {KINDS.get(target.target, "") for target in catalog.drug(drug).targets} - {""}
    return bound.pop() if len(bound) == 1 else ""


@experiment("D3")
def four_inhibitors(lab: Lab) -> Finding:
    """The targets of the four drugs in the catalogue."""
    said = {drug: kind for kind, drugs in facts()["news"]["inhibitors"].items() for drug in drugs}
    found = {drug: checkpoint(drug) for drug in said}
    swapped = {"PD-1": "PD-L1", "PD-L1": "PD-1"}
    others = [d.id for d in catalog.drugs() if d.id not in said and checkpoint(d.id)]
    rows = [{"drug": drug, "target": found[drug], "register": kind} for drug, kind in said.items()]
    return Finding(
        ran="The targets that the catalogue gives the four drugs, against the register.",
        acceptance=[
            Check("drugs whose target differs", one(sum(found[d] != said[d] for d in said)),
                  PRINTED_NONE),
            Check("drugs named", one(len(said)), Criterion("within", (4.0, 4.0), "published")),
        ],
        falsifier=[
            Check("drugs that would agree with the two targets exchanged",
                  one(sum(swapped.get(found[d]) == said[d] for d in said)), NONE),
            Check("other drugs of the catalogue that bind PD-1 or PD-L1", one(len(others)), NONE),
        ],
        tables=[("Checkpoint inhibitors", rows)],
    )  # fmt: skip


# ---- D6: an anecdote is kept, and kept out


def pooled(extra: tuple[int, int] | None = None) -> float:
    """Pooled incidence of the published studies, %; with another study if one is given."""
    table = poolable()
    x, n = table["x"].astype(int).tolist(), table["n"].astype(int).tolist()
    if extra is not None:
        x, n = [*x, extra[0]], [*n, extra[1]]
    return 100.0 * meta_proportions(x, n).estimate


@experiment("D6")
def an_anecdote(lab: Lab) -> Finding:
    """Two striking patients: stored, and in no analysis."""
    records = facts()["anecdotes"]
    (told,) = [row for row in records if row["use"] == "anecdote"]
    used = set(poolable()["source"]) & {told["source"]}
    without, counted = pooled(), pooled((told["amplified"], told["patients"]))
    rate = proportion(told["amplified"], told["patients"])
    return Finding(
        ran="The record of the two patients, the sources of every pooled row, and the pooled "
        "incidence with the two counted as if they were a study.",
        acceptance=[
            Check("patients in the record", one(told["patients"]),
                  Criterion("within", (2.0, 2.0))),
            Check("pooled rows that come from an anecdote", one(len(used)), NONE),
        ],
        falsifier=[
            Check("points that the pooled incidence would move if they were counted",
                  one(abs(counted - without)), Criterion(">", 0.0), "points"),
        ],
        beside=[
            Check("pooled incidence without them", one(without), unit="%"),
            Check("lower exact limit of 2 of 2", one(rate.lo), unit="%"),
        ],
        tables=[("Case series", records)],
        notes=["Patients who are told of because they are striking say nothing about how often it "
               "happens: no inference is drawn."],
    )  # fmt: skip


# ---- D7: how many patients carry the amplification


def prevalence_rows() -> list[dict[str, Any]]:
    """The published series and TCGA as a whole: percent, interval, threshold."""
    rows = []
    for row in facts()["prevalence"]:
        counted = row["x"] is not None
        shown = proportion(row["x"], row["n"]).text(2) if counted else f"{row['printed']} %"
        rows.append({"cohort": row["cohort"], "rate": shown, "threshold": row["threshold"],
                     "percent": 100 * row["x"] / row["n"] if counted else float(row["printed"]),
                     "grade": row["grade"], "source": row["source"]})  # fmt: skip
    x, _, n = amplified(list(dict.fromkeys(amplification()["tcga_code"])), ["MDM2"])
    rows.append({"cohort": "TCGA, all types", "rate": proportion(x, n).text(2), "threshold":
                 "GISTIC +2", "percent": 100 * x / n, "grade": "computed",
                 "source": "tcga_pancan"})  # fmt: skip
    return rows


@experiment("D7")
def prevalence(lab: Lab) -> Finding:
    """MDM2 amplification in three published series and in TCGA as a whole."""
    rows = {row["cohort"]: row for row in prevalence_rows()}
    series = [row for row in rows.values() if row["threshold"] == "panel call"]
    printed = [r for r in facts()["prevalence"] if r["x"] is not None]
    differ = sum(str(prints_as(r["x"], r["n"], 1)) != r["printed"] for r in printed)
    percents = np.array([row["percent"] for row in series])
    low, high = value("news", "prevalence")
    return Finding(
        ran="The counts of three published series (panel call), TCGA's 32 types taken together "
        "(GISTIC +2), and the share with 12 copies or more.",
        acceptance=[
            Check("counts that do not print as the published percentage", one(differ),
                  PRINTED_NONE),
            Check("lowest of the three series", one(percents.min()),
                  Criterion("within", BAND, "published"), "%"),
            Check("highest of the three series", one(percents.max()),
                  Criterion("within", BAND, "published"), "%"),
            Check("TCGA, all types together", one(rows["TCGA, all types"]["percent"]),
                  Criterion("within", BAND, "published"), "%"),
        ],
        falsifier=[
            Check("share with 12 copies or more: another threshold must leave the band",
                  one(rows["solid tumours with 12 copies or more"]["percent"]),
                  Criterion("<", BAND[0]), "%"),
        ],
        literal=Check(f"lowest series, for '{low:g} to {high:g} %'", one(percents.min()),
                      Criterion("within", (float(low), float(high)), "published"), "%"),
        tables=[("Patients whose tumour has MDM2 amplified", list(rows.values()))],
        notes=["The measured cohorts stand where a virtual pan-cancer cohort will.",
               "The text leaves out that the figure is for amplification: everybody has the gene."],
    )  # fmt: skip


# ---- D9: how large the study was


@experiment("D9")
def size_of_the_study(lab: Lab) -> Finding:
    """What of 19 trials, 1,318 patients and 12 cancers can be counted in the dataset."""
    table = cancers()
    known = table.dropna(subset=["incidence_pct", "feature_pct"])
    totals = [{"quantity": key, "value": row["value"], "grade": row["grade"],
               "source": row["source"], "reason": row.get("reason", "")}
              for key, row in facts()["totals"].items()]  # fmt: skip
    return Finding(
        ran="The rows of the table of cancers were counted; patients and trials per cancer are "
        "not published, so their sums cannot be formed.",
        beside=[
            Check("rows of the table (cancers)", one(len(table))),
            Check("rows with both published numbers", one(len(known))),
            Check("rows that stay missing, with a reason", one(table["reason"].notna().sum())),
            Check("patients counted in the rows", one(table["n"].sum())),
            Check("patients in the published total", one(value("totals", "patients"))),
            Check("trials in the published total", one(value("totals", "trials"))),
        ],
        tables=[("Published totals", totals)],
        notes=["The totals are kept as the abstract prints them. To call them reproduced, rows "
               "that add up to them would be needed; ten of twelve are not published, and nothing "
               "is invented."],
    )  # fmt: skip


# ---- D10: incidence at the two ends


@experiment("D10")
def incidence_at_the_ends(lab: Lab) -> Finding:
    """Which counts can stand behind 1.58 % and 24.3 %, and how wide their intervals are."""
    ends = printed_ends()
    table = cancers()
    tables, missing, widest = [], 0, 0.0
    for group, percent in ends.items():
        frame = printed_table(percent, TRIED[group])
        found = set(zip(frame["x"], frame["n"], strict=True))
        missing += len(BEHIND[group] - found)
        widest = max(widest, float((frame["hi"] - frame["lo"]).iloc[0]))
        tables.append((f"Counts that print as {percent} % ({group})", frame.to_dict("records")))
    tables.append(("All cancers", table[["group", "incidence_pct", "reason"]].to_dict("records")))
    small, large = (counts_that_print(p, TRIED[g])[0] for g, p in ends.items())
    crossed = [
        pair for group, other in (("renal clear cell", "sarcoma"), ("sarcoma", "renal clear cell"))
        for pair in BEHIND[group] if str(prints_as(*pair, 2)) == f"{float(ends[other]):.2f}"
    ]  # fmt: skip
    return Finding(
        ran="Every count of up to 260 (renal) and 80 (sarcoma) patients that prints as the "
        "published percentage, with its exact interval.",
        acceptance=[
            Check("lowest incidence of the table", one(table["incidence_pct"].min()),
                  Criterion("within", (1.58, 1.58), "published"), "%"),
            Check("highest incidence of the table", one(table["incidence_pct"].max()),
                  Criterion("within", (24.3, 24.3), "published"), "%"),
            Check("counts of the register that do not print so", one(missing),
                  Criterion("<=", 0.0, "computed")),
            Check("smallest denominator behind the lowest", one(small[1]),
                  Criterion("within", (190.0, 190.0), "computed")),
            Check("smallest denominator behind the highest", one(large[1]),
                  Criterion("within", (37.0, 37.0), "computed")),
        ],
        falsifier=[
            Check("counts of one end that would print as the other", one(len(crossed)), NONE),
            Check("smaller denominators that print as 1.58 %",
                  one(len(counts_that_print(ends["renal clear cell"], 189))), NONE),
        ],
        beside=[Check("widest exact interval of the smallest counts", one(widest), unit="points")],
        tables=tables,
        notes=["The ten cancers between the ends are not in the abstract and stay missing. Counts "
               "are possibilities: the abstract prints percentages alone."],
    )  # fmt: skip


# ---- D11: amplification at the two ends


@experiment("D11")
def amplification_at_the_ends(lab: Lab) -> Finding:
    """TCGA counted again, beside the abstract's 0.74 and 20.38 % and the text's .75 %."""
    table = cancers().set_index("group")["feature_pct"]
    recomputed = {}
    for group, code in COHORTS.items():
        least, most, tumours = amplified(code)
        recomputed[group] = (100 * least / tumours, 100 * most / tumours, tumours)
    off = max(
        abs(got - want)
        for group, band in RECOMPUTED.items()
        for got, want in zip(recomputed[group], band, strict=False)
    )
    sarcoma, renal = recomputed["sarcoma"], recomputed["renal clear cell"]
    counts = set(counts_that_print(f"{table['sarcoma']:g}", 270))
    news = value("news", "lowest_amplification")
    both = set(counts_that_print("0.74", 545)) & set(counts_that_print(f"{news:g}", 545))
    mdm2_alone = {g: 100 * amplified(c, ["MDM2"])[1] / amplified(c)[2] for g, c in COHORTS.items()}
    genes = sorted(set(amplification()["gene"]))
    swapped = [
        g for g in genes if amplified("KIRC", [g])[1] / 509 > amplified("SARC", [g])[1] / 253
    ]
    return Finding(
        ran="Tumours of TCGA with MDM2 or MDM4 amplified (GISTIC +2), renal clear cell and "
        "sarcoma, between the larger of the two genes and their sum.",
        acceptance=[
            Check("lowest of the abstract", one(table.min()),
                  Criterion("within", (0.74, 0.74), "published"), "%"),
            Check("highest of the abstract", one(table.max()),
                  Criterion("within", (20.38, 20.38), "published"), "%"),
            Check("largest distance of the recomputed ranges from the register's", one(off),
                  Criterion("<=", 0.051, "computed"), "points"),
            Check("the sarcoma figure lies in the recomputed range",
                  one(sarcoma[0] <= table["sarcoma"] <= sarcoma[1]),
                  Criterion(">=", 1.0, "computed")),
            Check("counts of the register that do not print as 20.38 %",
                  one(len(AMPLIFIED_SARCOMA - counts)), Criterion("<=", 0.0, "computed")),
        ],
        falsifier=[
            Check("counts that print both as 0.74 and as 0.75 %", one(len(both)), NONE),
            Check("MDM2 alone in sarcoma: without MDM4 the printed figure is not reached",
                  one(mdm2_alone["sarcoma"]), Criterion("<", 20.38), "%"),
        ],
        literal=Check("lowest of the abstract, for the text's '.75 %'", one(table.min()),
                      Criterion("within", (float(news), float(news)), "published"), "%"),
        literal_must_fail=True,
        beside=[
            Check("renal clear cell, at least", one(renal[0]), unit="%"),
            Check("renal clear cell, at most", one(renal[1]), unit="%"),
            Check("sarcoma, at least", one(sarcoma[0]), unit="%"),
            Check("sarcoma, at most", one(sarcoma[1]), unit="%"),
            Check(f"of {len(genes)} genes, those more often amplified in renal than in sarcoma",
                  one(len(swapped))),
        ],
        tables=[("Amplification of MDM2 or MDM4 in TCGA", amplification_rows())],
        notes=["The renal figure of the abstract (0.74 %) lies above the recomputed range "
               f"({renal[0]:.2f} to {renal[1]:.2f} %): of the same order, not the same."],
    )  # fmt: skip


def amplification_rows() -> list[dict[str, Any]]:
    """Every TCGA type, most often amplified first: tumours, least and most, %."""
    names = amplification().drop_duplicates("tcga_code").set_index("tcga_code")["tumour_type"]
    rows = []
    for code, name in names.items():
        least, most, tumours = amplified(str(code))
        rows.append({"TCGA": code, "tumour": name, "tumours": tumours,
                     "at least, %": round(100 * least / tumours, 2),
                     "at most, %": round(100 * most / tumours, 2)})  # fmt: skip
    return pd.DataFrame(rows).sort_values("at most, %", ascending=False).to_dict("records")
