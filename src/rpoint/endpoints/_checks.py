"""Checks of a tidy lesion table against itself: flags, repeats, late lesions, baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints._grid import Grid, last_on_or_before, make_grid
from rpoint.endpoints._problems import Problem, Rows
from rpoint.endpoints._values import ABSENT, NOT_EVALUABLE

OLD_BASELINE = 28.0  # d before the first dose (RECIST 1.1: never more than four weeks)
MAX_TARGETS, MAX_PER_ORGAN = 5, 2
MIN_TARGET_MM, MIN_NODE_TARGET_MM, NORMAL_NODE_MM = 10.0, 15.0, 10.0


@dataclass(frozen=True)
class Layout:
    """Where the rows of a lesion table lie: their visits, their lesions, the baselines.

    Attributes
    ----------
    grid
        Visits of all patients.
    visit
        (n,) visit of each row.
    lesion
        (n,) number of the lesion of each row, over all patients.
    baseline
        (P,) baseline visit, -1 without one.
    at_baseline
        (n,) rows of the baseline visit.
    """

    grid: Grid
    visit: np.ndarray
    lesion: np.ndarray
    baseline: np.ndarray
    at_baseline: np.ndarray


def layout(frame: pd.DataFrame, start: np.ndarray) -> Layout:
    """Visits, lesions and baselines of tidy lesions.

    The baseline is the last visit on or before the first dose that holds a target lesion; the last
    visit of any kind for patients without target lesions.

    Parameters
    ----------
    frame
        Tidy lesions.
    start
        (P,) day of the first dose, in the order of the patient categories.
    """
    codes = frame["patient"].cat.codes.to_numpy().astype(np.int64)
    names = np.asarray(frame["patient"].cat.categories, dtype=object)
    grid, visit = make_grid(names, codes, frame["day"].to_numpy(), start)
    many = len(frame["lesion"].cat.categories)
    _, lesion = np.unique(codes * many + frame["lesion"].cat.codes.to_numpy(), return_inverse=True)
    old = frame["new"].to_numpy() == 0
    target = (frame["target"].to_numpy() == 1) & old
    baseline = last_on_or_before(grid, _visits_with(target, visit, grid))
    without = ~np.isin(np.arange(len(names)), codes[target])
    baseline[without] = last_on_or_before(grid, _visits_with(old, visit, grid))[without]
    return Layout(grid, visit, lesion, baseline, baseline[codes] == visit)


def _visits_with(mask: np.ndarray, visit: np.ndarray, grid: Grid) -> np.ndarray:
    return np.bincount(visit[mask], minlength=len(grid.patient)) > 0


def check_lesions(frame: pd.DataFrame, at: Layout) -> list[Problem]:
    """Every fault between the rows of a tidy lesion table."""
    rows = Rows(frame["row"].to_numpy(), frame["patient"])
    _repeats(frame, at, rows)
    _flags(frame, at, rows)
    _baselines(frame, at, rows)
    _late(frame, at, rows)
    _target_choice(frame, at, rows)
    _follow_up(frame, at, rows)
    return rows.problems


def _repeats(frame: pd.DataFrame, at: Layout, rows: Rows) -> None:
    key = pd.Series(at.lesion * len(at.grid.patient) + at.visit)
    twice = key.duplicated(keep=False).to_numpy()
    rows.add(twice, "lesion-twice", "a lesion is given twice on one day",
             "leave one of the rows: nothing is averaged or chosen here")  # fmt: skip


def _spread(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """(n,) whether a row's group holds more than one value (of 0 and 1)."""
    total = np.bincount(group, weights=values)
    count = np.bincount(group)
    return ((total > 0) & (total < count))[group]


def _flags(frame: pd.DataFrame, at: Layout, rows: Rows) -> None:
    for name in ("target", "node"):
        mixed = _spread(frame[name].to_numpy(), at.lesion)
        rows.add(mixed, f"{name}-changes", f"a lesion is {name} in one row and not in another",
                 f"give a lesion the same {name} in every row")  # fmt: skip
    new = frame["new"].to_numpy() == 1
    before = frame["day"].to_numpy() <= at.grid.start[frame["patient"].cat.codes.to_numpy()]
    rows.add(new & before, "new-at-baseline", "a new lesion is seen on or before the first dose")
    if frame["organ"].nunique() > 1:
        organ = frame["organ"].cat.codes.to_numpy()
        first = pd.Series(organ).groupby(at.lesion).transform("first").to_numpy()
        rows.add(organ != first, "organ-changes", "a lesion lies in two organs",
                 severity="warning", values=frame["organ"])  # fmt: skip


def _baselines(frame: pd.DataFrame, at: Layout, rows: Rows) -> None:
    code = frame["patient"].cat.codes.to_numpy()
    none = (at.baseline < 0)[code]
    first = pd.Series(at.visit).groupby(code).transform("min").to_numpy() == at.visit
    rows.add(
        none & first,
        "no-baseline",
        "the patient has no baseline: no scan on or before the first dose",
        "day 0 is the first dose; say another day in the patients table (first_dose_day), or name "
        "the column TRDY if day 1 is the first dose",
        values=frame["day"],
    )
    target = (frame["target"].to_numpy() == 1) & (frame["new"].to_numpy() == 0)
    state = frame["status"].cat.codes.to_numpy()
    base = target & at.at_baseline
    rows.add(base & (state == NOT_EVALUABLE), "baseline-not-evaluable",
             "a target lesion has no size at baseline",
             "a target is chosen because it can be measured")  # fmt: skip
    gone = (state == ABSENT) | (frame["diameter_mm"].to_numpy() == 0)
    rows.add(base & gone, "baseline-absent", "a target lesion is absent at baseline")
    old = (at.grid.start - at.grid.day[at.baseline])[code] > OLD_BASELINE
    rows.add(old & at.at_baseline & ~none & _first_of(at.visit), "old-baseline",
             "the baseline is more than 28 days before the first dose",
             severity="warning", values=frame["day"])  # fmt: skip


def _first_of(group: np.ndarray) -> np.ndarray:
    """(n,) the first row of each group."""
    first = np.zeros(len(group), bool)
    first[np.unique(group, return_index=True)[1]] = True
    return first


def _late(frame: pd.DataFrame, at: Layout, rows: Rows) -> None:
    """Lesions, not new, that the baseline visit does not hold."""
    code = frame["patient"].cat.codes.to_numpy()
    has_baseline = (at.baseline >= 0)[code]
    old = (frame["new"].to_numpy() == 0) & has_baseline
    ever_new = np.bincount(at.lesion, weights=frame["new"].to_numpy()) > 0
    known = np.bincount(at.lesion[at.at_baseline], minlength=len(ever_new)) > 0
    late = old & ~known[at.lesion] & ~ever_new[at.lesion]
    target = frame["target"].to_numpy() == 1
    after = frame["day"].to_numpy() > at.grid.start[code]
    seen_after = np.bincount(at.lesion[after], minlength=len(ever_new)) > 0
    seen_before = np.bincount(at.lesion[~after], minlength=len(ever_new)) > 0
    split = late & target & seen_before[at.lesion]
    rows.add(split & _first_of(at.lesion), "baseline-split",
             "a target lesion was seen before the first dose but not at the baseline visit",
             "give the scans of one visit one day, or one value in a column visit")  # fmt: skip
    rows.add(late & target & ~split & _first_of(at.lesion), "late-target",
             "a target lesion appears after baseline",
             "targets are chosen at baseline; a lesion that appears later is new = 1")  # fmt: skip
    rows.add(late & ~target & seen_after[at.lesion] & ~seen_before[at.lesion]
             & _first_of(at.lesion), "late-non-target",
             "a non-target lesion appears after baseline",
             "a later lesion is new = 1; give its baseline row if it was there")  # fmt: skip
    returns = (frame["new"].to_numpy() == 0) & ever_new[at.lesion]
    rows.add(returns & known[at.lesion], "new-but-known",
             "a lesion of the baseline is called new later")  # fmt: skip
    rows.add(returns & ~known[at.lesion], "new-only-once",
             "a lesion that was new is not flagged new in this row; it is read as the new lesion",
             severity="warning")  # fmt: skip


def _target_choice(frame: pd.DataFrame, at: Layout, rows: Rows) -> None:
    base = at.at_baseline & (frame["target"].to_numpy() == 1) & (frame["new"].to_numpy() == 0)
    node = frame["node"].to_numpy() == 1
    size = frame["diameter_mm"].to_numpy()
    small = base & ~node & (size < MIN_TARGET_MM) & (size > 0)
    rows.add(small, "target-small", "a target lesion is below 10 mm at baseline: not measurable",
             severity="warning", values=size)  # fmt: skip
    rows.add(base & node & (size < MIN_NODE_TARGET_MM) & (size > 0), "node-target-small",
             "a node with a short axis below 15 mm at baseline is a target",
             severity="warning", values=size)  # fmt: skip
    count = np.bincount(at.visit[base], minlength=len(at.grid.patient))
    rows.add(base & (count > MAX_TARGETS)[at.visit], "many-targets",
             "there are more than 5 target lesions", severity="warning")  # fmt: skip
    if (frame["organ"] != "").any():
        many = len(frame["organ"].cat.categories)
        key = at.visit * many + frame["organ"].cat.codes.to_numpy()
        per_organ = pd.Series(base).groupby(key).transform("sum").to_numpy()
        named = (frame["organ"] != "").to_numpy()
        rows.add(base & named & (per_organ > MAX_PER_ORGAN), "many-in-organ",
                 "there are more than 2 target lesions in one organ",
                 severity="warning", values=frame["organ"])  # fmt: skip
    tiny = (frame["new"].to_numpy() == 1) & node & (size < NORMAL_NODE_MM)
    rows.add(tiny, "new-node-normal", "a new node below 10 mm is normal and does not count as new",
             severity="warning", values=size)  # fmt: skip


def _follow_up(frame: pd.DataFrame, at: Layout, rows: Rows) -> None:
    code = frame["patient"].cat.codes.to_numpy()
    after = np.zeros(len(at.grid.names), bool)
    after[at.grid.patient[at.grid.day > at.grid.start[at.grid.patient]]] = True
    rows.add(~after[code] & _first_of(code), "no-follow-up",
             "the patient has no scan after the first dose", severity="warning")  # fmt: skip
