"""Dumbrava 2025 (MANTRA-2): the published facts, what follows from them alone, and the tumour types
of responders (C13).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from rpoint.catalog._yaml import parse
from rpoint.endpoints.recist import recist
from rpoint.endpoints.sizes import read_sizes
from rpoint.evidence.experiment import Lab, experiment
from rpoint.evidence.findings import Check, Criterion, Finding
from rpoint.stats.proportions import Proportion, proportion


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
