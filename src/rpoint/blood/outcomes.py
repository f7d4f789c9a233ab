"""What a course amounts to: worst grades, shares of patients with them, dose changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rpoint.blood.course import BloodCourse
from rpoint.blood.loop import grade
from rpoint.blood.people import ANALYTES
from rpoint.blood.risks import risks
from rpoint.stats.proportions import proportion

TERMS = {
    "neutrophils": "neutropenia",
    "platelets": "thrombocytopenia",
    "haemoglobin": "anaemia",
    "leukocytes": "leukopenia",
}


def worst_grade(
    course: BloodCourse,
    *,
    until_day: np.ndarray | None = None,
    measured: bool = True,
    limits: dict[str, float] | None = None,
) -> pd.DataFrame:
    """Worst grade of every patient (a row) and term (a column), adverse events included.

    Parameters
    ----------
    course
        Of n patients.
    until_day
        (n,) day from which a patient is no longer followed; None: the whole course.
    measured
        Of the readings; False: of the true daily counts.
    limits
        Lower limits of normal, for true counts; the course's own do not matter from grade 2 on.
    """
    n = len(course.index)
    end = np.full(n, np.inf) if until_day is None else np.asarray(until_day, float)
    labelled = [risk.term for drug in course.doses for risk in risks().get(drug, ())]
    columns = list(dict.fromkeys([*TERMS.values(), *labelled]))
    found = pd.DataFrame(0, index=pd.RangeIndex(n, name="row"), columns=columns)
    if measured:
        seen = course.measured
        seen = seen[seen["day"].to_numpy() < end[seen["row"].to_numpy()]]
        for analyte, own in seen.groupby("analyte", observed=True):
            found[TERMS[analyte]] = _worst(own, n)
    else:
        from rpoint.blood.course import LOWER_LIMITS

        counts = np.array([course.counts[name] for name in ANALYTES])
        grades = grade(counts, {**LOWER_LIMITS, **(limits or {})})
        grades[:, np.arange(counts.shape[2])[None] >= end[:, None]] = 0
        for name, worst in zip(ANALYTES, grades.max(axis=2), strict=True):
            found[TERMS[name]] = worst
    other = course.other
    other = other[other["day"].to_numpy() < end[other["row"].to_numpy(dtype=int)]]
    for term, own in other.groupby("term"):
        found[term] = _worst(own, n)
    return found


def _worst(rows: pd.DataFrame, n: int) -> np.ndarray:
    found = np.zeros(n, int)
    np.maximum.at(found, rows["row"].to_numpy(dtype=int), rows["grade"].to_numpy(dtype=int))
    return found


def share_with_action(
    course: BloodCourse, action: str, until_day: np.ndarray | None = None
) -> np.ndarray:
    """(n,) whether the dose rules took an action: hold, resume, reduce or discontinue."""
    n = len(course.index)
    end = np.full(n, np.inf) if until_day is None else np.asarray(until_day, float)
    rows = course.events[course.events["action"] == action]
    rows = rows[rows["day"].to_numpy() < end[rows["row"].to_numpy(dtype=int)]]
    found = np.zeros(n, bool)
    found[rows["row"].to_numpy(dtype=int)] = True
    return found


def incidence_table(
    course: BloodCourse,
    *,
    until_day: np.ndarray | None = None,
    measured: bool = True,
    grades: Sequence[int] = (3, 4),
) -> pd.DataFrame:
    """Patients with each term at a grade or worse, and with each change of dose.

    Returns
    -------
    DataFrame
        term, at_least (grade; 0 for changes of dose), x, n, percent, lo, hi (exact 95 % limits).
    """
    n = len(course.index)
    worst = worst_grade(course, until_day=until_day, measured=measured)
    rows = [(term, g, int((worst[term] >= g).sum())) for term in worst for g in grades]
    if len(course.events):
        for action, name in (
            ("hold", "dose held"),
            ("reduce", "dose reduced"),
            ("discontinue", "stopped for toxicity"),
        ):
            rows.append((name, 0, int(share_with_action(course, action, until_day).sum())))
    table = []
    for term, g, x in rows:
        one = proportion(x, n)
        table.append(
            {
                "term": term,
                "at_least": g,
                "x": x,
                "n": n,
                "percent": one.percent,
                "lo": one.lo,
                "hi": one.hi,
            }
        )
    return pd.DataFrame(table)


def course_table(course: BloodCourse, arm: str = "") -> pd.DataFrame:
    """Daily 5th, 25th, 50th, 75th and 95th percentile of the true counts over patients.

    Returns
    -------
    DataFrame
        arm, analyte, day, lo, q1, median, q3, hi.
    """
    frames = []
    for analyte, values in course.counts.items():
        lo, q1, mid, q3, hi = np.percentile(values, [5, 25, 50, 75, 95], axis=0)
        frames.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "analyte": analyte,
                    "day": np.arange(values.shape[1]),
                    "lo": lo,
                    "q1": q1,
                    "median": mid,
                    "q3": q3,
                    "hi": hi,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
