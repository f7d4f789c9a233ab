"""Dumbrava 2025 (MANTRA-2), numbers: endpoints (C5), analysis sets (C6), response rates (C7, C8),
a complete loss of diameter (C9), tumour types of responders (C13), duration (C14).

What needs replicated trials stays waiting; what follows from the printed counts is shown.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from rpoint.catalog._yaml import parse
from rpoint.endpoints.best_response import best_response
from rpoint.endpoints.recist import recist
from rpoint.endpoints.sizes import read_sizes
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.stats.printed import prints_as
from rpoint.stats.proportions import Proportion, proportion

REPLICATES = "trials: replicated trials give the share that the acceptance asks for"


@cache
def facts() -> dict[str, Any]:
    """The content of mantra2.yaml."""
    name = "mantra2.yaml"
    return parse((files("rpoint.evidence") / name).read_text(encoding="utf-8"), name)


def count(name: str) -> int:
    """A published count."""
    return int(facts()["counts"][name]["value"])


def one(x: float) -> np.ndarray:
    """A fact that no parameter changes."""
    return np.array(float(x))


def rate(name: str, of: str = "centrally_confirmed", label: str = "") -> Proportion:
    """A published count out of an analysis set, with its exact interval."""
    return proportion(count(name), count(of), label=label or name.replace("_", " "))


def rate_rows() -> list[dict[str, str]]:
    """Any and confirmed response, each labelled, over both analysis sets."""
    rows = []
    for name, label in (("any_response", "any response"), ("confirmed_response", "confirmed"),
                        ("unconfirmed_partial", "partial, not confirmed")):  # fmt: skip
        for of, people in (("centrally_confirmed", "efficacy (central confirmation)"),
                           ("treated", "treated")):  # fmt: skip
            rows.append({"response": label, "of": people, "rate": rate(name, of).text(2)})
    return rows


def waits(ran: str, beside: list[Check], part: str = REPLICATES, **more: Any) -> Finding:
    """A claim whose numbers are shown and whose verdict waits."""
    return Finding(ran=ran, beside=beside, waiting=part, **more)


@experiment("C5")
def endpoints_of_the_trial(lab: Lab) -> Finding:
    """The endpoints as facts; a trial object that has them is not built."""
    trial = facts()["trial"]
    rows = [{"item": key, "value": _words(row), "grade": row["grade"], "source": row["source"],
             "reason": row.get("reason", "")} for key, row in trial.items()]  # fmt: skip
    return waits(
        "The published endpoints were entered; no trial has them yet.",
        [
            Check("primary endpoints", one(len(trial["primary"]["value"]))),
            Check("key secondary endpoints", one(len(trial["key_secondary"]["value"]))),
        ],
        part="trials: a trial object with these endpoints",
        tables=[("MANTRA-2 as published", rows)],
    )


def _words(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "not published"
    return ", ".join(row["value"]) if isinstance(row["value"], list) else str(row["value"])


@experiment("C6")
def analysis_sets(lab: Lab) -> Finding:
    """The two analysis sets as counts; the parameter belongs to a trial."""
    without = proportion(count("treated") - count("centrally_confirmed"), count("treated"))
    return waits(
        "The two published counts and what follows from them.",
        [
            Check("safety set", one(count("treated"))),
            Check("efficacy set", one(count("centrally_confirmed"))),
            Check("without central confirmation", one(without.percent), unit="%"),
        ],
        part="trials: two analysis sets of a trial, and the share without central confirmation as "
        "its parameter",
        notes=[f"Without central confirmation: {without.text()}. Discordant or not tested: the "
               "abstract does not say."],
    )  # fmt: skip


@experiment("C7")
def any_response(lab: Lab) -> Finding:
    """6 of 31 with its exact interval; the replicated counts wait."""
    found = rate("any_response", label="any response")
    same = str(prints_as(found.x, found.n, 1)) == facts()["printed"]["any"]
    return waits(
        "The exact interval of the published count, beside the confirmed one.",
        [
            Check("any response", one(found.percent), unit="%"),
            Check("its lower exact limit", one(found.lo), unit="%"),
            Check("its upper exact limit", one(found.hi), unit="%"),
            Check("6/31 prints as 19.4 (1: yes)", one(same)),
        ],
        tables=[("Response rates, both labelled", rate_rows())],
        notes=["Any response mixes one confirmed with five that were not; the abstract prints no "
               "interval."],
    )  # fmt: skip


def confirmation_patients() -> pd.DataFrame:
    """Made-up visits of six responders, one confirmed; five lose the response or are not seen."""
    visits = {
        "confirmed": ["PR", "PR", "SD"], "progression next": ["PR", "PD"],
        "stable next": ["SD", "PR", "SD"], "not evaluable next": ["PR", "NE"],
        "last visit": ["SD", "PR"], "progression after stable": ["SD", "PR", "PD"],
    }  # fmt: skip
    return pd.DataFrame(
        [{"patient": name, "day": 56 * (i + 1), "response": seen}
         for name, row in visits.items() for i, seen in enumerate(row)]
    )  # fmt: skip


@experiment("C8")
def confirmed_response(lab: Lab) -> Finding:
    """1 of 31, and the logic that tells confirmed from any; the replicated share waits."""
    found = rate("confirmed_response", label="confirmed response")
    same = str(prints_as(found.x, found.n, 1)) == facts()["printed"]["confirmed"]
    orr = best_response(confirmation_patients()).orr(of="all")
    parts = count("confirmed_response") + count("unconfirmed_partial") - count("any_response")
    return waits(
        "The exact interval of the published count; and six made-up responders, scanned every "
        "eight weeks, of whom RECIST confirms one.",
        [
            Check("confirmed response", one(found.percent), unit="%"),
            Check("its lower exact limit", one(found.lo), unit="%"),
            Check("its upper exact limit", one(found.hi), unit="%"),
            Check("1/31 prints as 3.2 (1: yes)", one(same)),
            Check("confirmed + unconfirmed partial - any", one(parts)),
            Check("made-up responders, any", one(orr.any.x)),
            Check("made-up responders, confirmed", one(orr.confirmed.x)),
        ],
        tables=[("Response rates, both labelled", rate_rows())],
        notes=["With the response rate as primary endpoint of a single-arm trial, the rate under "
               "RECIST 1.1 is the confirmed one."],
    )  # fmt: skip


def vanished(nontarget: str, node_mm: float) -> str:
    """Response of a patient whose measured target is gone, by what is left beside it."""
    rows = [
        (0, "liver", 1, 0, 40.0, "measured"), (0, "node", 1, 1, 18.0, "measured"),
        (0, "bone", 0, 0, np.nan, "present"), (56, "liver", 1, 0, 0.0, "absent"),
        (56, "node", 1, 1, node_mm, "measured"), (56, "bone", 0, 0, np.nan, nontarget),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["day", "lesion", "target", "node", "diameter_mm", "status"])
    table = table.assign(patient="P", new=0, organ=table["lesion"])
    visits = recist(read_sizes(table)).visits
    return str(visits["at_visit"].iloc[-1])


def all_gone(nontarget: str) -> tuple[str, float]:
    """Response and change of a patient whose only target has gone."""
    rows = [
        (0, "liver", 1, 40.0, "measured"), (0, "bone", 0, np.nan, "present"),
        (56, "liver", 1, 0.0, "absent"), (56, "bone", 0, np.nan, nontarget),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["day", "lesion", "target", "diameter_mm", "status"])
    visits = recist(read_sizes(table.assign(patient="P", new=0, organ=table["lesion"]))).visits
    return str(visits["at_visit"].iloc[-1]), float(visits["change_pct"].iloc[-1])


@experiment("C9")
def complete_loss(lab: Lab) -> Finding:
    """The class of a patient at -100 %, by what is left; that a trial reaches it waits."""
    (gone, change), (left, same) = all_gone("absent"), all_gone("present")
    nodes = {mm: vanished("absent", mm) for mm in (9.0, 10.0)}
    rows = [
        {"targets": "all gone, -100 %", "non-target": "gone", "response": gone},
        {"targets": "all gone, -100 %", "non-target": "still there", "response": left},
        *({"targets": f"gone, node {mm:g} mm", "non-target": "gone", "response": nodes[mm]}
          for mm in nodes),
    ]  # fmt: skip
    return waits(
        "Four made-up patients whose target lesions vanish, judged by RECIST 1.1.",
        [
            Check("change of the target sum", one(change), unit="%"),
            Check("complete response with nothing left (1: yes)", one(gone == "CR")),
            Check("partial response at -100 % with non-target disease left (1: yes)",
                  one(left == "PR" and same == -100.0)),
            Check("complete response with a node of 9 mm (1: yes)", one(nodes[9.0] == "CR")),
            Check("complete response with a node of 10 mm (1: yes)", one(nodes[10.0] == "CR")),
        ],
        part="trials: that a simulated patient reaches -100 %",
        tables=[("What a vanished target counts as", rows)],
    )  # fmt: skip


def interim_classes(deeper: float = 0.0) -> list[str]:
    """Response of each interim patient from the change of a sum, by RECIST 1.1.

    Parameters
    ----------
    deeper
        Points by which every tumour is taken to have shrunk more.
    """
    changes = [row["change"] - deeper for row in facts()["interim"]]
    sums = pd.DataFrame(
        [{"patient": f"P{i}", "day": day, "sum_mm": size} for i, change in enumerate(changes)
         for day, size in ((0, 100.0), (56, 100.0 + change))]
    )  # fmt: skip
    visits = recist(read_sizes(sums)).visits
    return visits.loc[visits["phase"] == "treatment", "at_visit"].astype(str).tolist()


@experiment("C13")
def types_of_responders(lab: Lab) -> Finding:
    """Tumour types of the responders that were named, classed again from their changes."""
    rows = facts()["interim"]
    classes = interim_classes()
    responders = {row["tumour"] for row, got in zip(rows, classes, strict=True) if got == "PR"}
    best = facts()["best_change"]
    named = responders | ({best["tumour"]} if best["value"] <= -30 else set())
    differ = sum(got != row["response"] for row, got in zip(rows, classes, strict=True))
    deeper = sum(a != b for a, b in zip(classes, interim_classes(5.0), strict=True))
    confirmed = {row["tumour"] for row in rows if row["confirmed"]}
    table = [row | {"class by RECIST": got} for row, got in zip(rows, classes, strict=True)]
    return Finding(
        ran="The changes of four interim patients, judged by RECIST 1.1, and the patient who lost "
        "all target diameter.",
        acceptance=[
            Check("tumour types among the responders that are named", one(len(named)),
                  Criterion(">=", 3.0, "published")),
            Check("interim patients whose class differs from the reported one", one(differ),
                  Criterion("<=", 0.0, "published")),
        ],
        falsifier=[
            Check("interim patients whose class would change with 5 points more shrinkage",
                  one(deeper), Criterion(">=", 1.0)),
            Check("tumour types named among confirmed responses: the claim rests on the others",
                  one(len(confirmed)), Criterion("<", 3.0)),
        ],
        beside=[Check("responses in all", one(count("any_response")))],
        tables=[("Interim report", table)],
        notes=["The table of tumour types is not published: the number named is the least there "
               "can be. The interim responses were not confirmed."],
    )  # fmt: skip


@experiment("C14")
def duration_of_response(lab: Lab) -> Finding:
    """What the counts say about duration; the duration itself is not published."""
    lost = proportion(count("unconfirmed_partial"), count("any_response"))
    return waits(
        "The share of responses that a later scan did not confirm.",
        [
            Check("responses not confirmed", one(lost.percent), unit="%"),
            Check("its lower exact limit", one(lost.lo), unit="%"),
        ],
        part="trials: the duration of response in replicated trials",
        notes=["Not confirmed is not lost: a patient without a later scan is among them. The "
               "duration of response is not published."],
    )  # fmt: skip
