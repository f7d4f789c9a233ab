"""Sizes that cannot be: slips of the unit, jumps between two scans, scans after a death."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._checks import Layout
from rpoint.endpoints._patients import PatientRows
from rpoint.endpoints._problems import Problem, Rows

# Eightfold in diameter is 512-fold in volume: nine doublings between two scans.
JUMP, JUMP_DAYS, JUMP_FROM_MM = 8.0, 120.0, 10.0
LEAST_FOR_UNITS = 3  # baseline sizes that a suspicion of centimetres needs


def check_sizes(
    rows: Rows, key: np.ndarray, day: np.ndarray, size_mm: np.ndarray, name: str
) -> None:
    """Jumps of one lesion (or one sum) between its scans.

    Errors are a size that leaves its neighbours eightfold and comes back, and an eightfold growth
    from 10 mm or more within 120 days; other eightfold steps are warnings.

    Parameters
    ----------
    rows
        Takes the problems.
    key
        (n,) lesion or patient of each row.
    day, size_mm
        (n,) day and size; NaN and 0 are left out.
    name
        "diameter" or "sum".
    """
    order = np.lexsort((day, key))
    order = order[size_mm[order] > 0]
    if len(order) < 2:
        return
    same = key[order][1:] == key[order][:-1]
    before, after = size_mm[order][:-1], size_mm[order][1:]
    up, down = same & (after >= JUMP * before), same & (before >= JUMP * after)
    mark = np.zeros((4, len(size_mm)), bool)
    spike = (up[:-1] & down[1:]) | (down[:-1] & up[1:])
    mark[0][order[1:-1][spike]] = True
    back = np.zeros(len(size_mm), bool)
    back[order[2:][spike]] = True  # the way back is no finding of its own
    fast = up & (before >= JUMP_FROM_MM) & (np.diff(day[order]) <= JUMP_DAYS)
    mark[1][order[1:][fast]] = True
    mark[2][order[1:][up]] = True
    mark[3][order[1:][down]] = True
    mark[1:] &= ~(mark[0] | back)
    mark[2] &= ~mark[1]
    mend = "is it a slip of the unit (cm for mm) or of the decimal point?"
    rows.add(mark[0], f"{name}-spike", f"{name} leaves its neighbours eightfold and comes back",
             mend, values=size_mm)  # fmt: skip
    rows.add(mark[1], f"{name}-jump",
             f"{name} grows eightfold, from 10 mm or more, within {JUMP_DAYS:.0f} days",
             mend, values=size_mm)  # fmt: skip
    rows.add(mark[2], f"{name}-growth", f"{name} is eight times that of the scan before, or more",
             mend, severity="warning", values=size_mm)  # fmt: skip
    rows.add(mark[3], f"{name}-drop", f"{name} is an eighth of that of the scan before, or less",
             mend, severity="warning", values=size_mm)  # fmt: skip


def check_unit(rows: Rows, baseline: np.ndarray, size_mm: np.ndarray, name: str) -> None:
    """All baseline sizes below 10 mm: the numbers are probably centimetres.

    Parameters
    ----------
    rows
        Takes the problem.
    baseline
        (n,) rows of a target lesion (or a sum) at baseline.
    size_mm
        (n,) sizes in mm.
    name
        "diameter" or "sum".
    """
    sizes = size_mm[baseline]
    sizes = sizes[sizes > 0]
    if len(sizes) < LEAST_FOR_UNITS or sizes.max() >= 10.0:
        return
    rows.add(
        baseline,
        "unit-suspect",
        f"every {name} at baseline is below 10 mm, none measurable by RECIST 1.1: centimetres?",
        "say the unit of the numbers: unit='cm' (--unit cm), or a column named ..._cm",
        values=size_mm,
    )


def check_death(names: np.ndarray, day: np.ndarray, patients: PatientRows, rows: Rows) -> None:
    """Scans after a death, and patients whom the patients table does not know.

    Parameters
    ----------
    names
        (n,) patient of each row.
    day
        (n,) day of each row.
    """
    if patients.frame is None:
        return
    table = patients.frame.drop_duplicates("patient").set_index("patient")
    known = pd.Index(table.index.astype(object))
    at = known.get_indexer(pd.Index(np.asarray(names, dtype=object)))
    rows.add(at < 0, "patient-unknown", "the patient is not in the patients table",
             "add a row for every patient, or leave the patients table out")  # fmt: skip
    death = np.append(table["death_day"].to_numpy(dtype=float), np.nan)[at]
    rows.add(day > death, "scan-after-death", "a scan lies after the death", values=day)


def plausible(frame: pd.DataFrame, at: Layout, patients: PatientRows) -> list[Problem]:
    """Implausible sizes of a tidy lesion table."""
    rows = Rows(frame["row"].to_numpy(), frame["patient"])
    size, day = frame["diameter_mm"].to_numpy(), frame["day"].to_numpy()
    target = (frame["target"].to_numpy() == 1) & (frame["new"].to_numpy() == 0)
    check_unit(rows, target & at.at_baseline, size, "target diameter")
    check_sizes(rows, at.lesion, day, size, "diameter")
    check_death(frame["patient"].to_numpy(), day, patients, rows)
    return rows.problems
