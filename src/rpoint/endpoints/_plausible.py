"""Sizes that cannot be: slips of the unit, jumps between two scans, scans after a death."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._checks import Layout
from rpoint.endpoints._patients import PatientRows
from rpoint.endpoints._problems import Problem, Rows

# Eightfold in diameter is 512-fold in volume: nine doublings between two scans.
JUMP, JUMP_DAYS, JUMP_FROM_MM = 8.0, 120.0, 4.0
LEAST_FOR_UNITS = 3  # baseline sizes that a suspicion of centimetres needs


def check_sizes(
    rows: Rows, key: np.ndarray, day: np.ndarray, size_mm: np.ndarray, name: str
) -> None:
    """Jumps of one lesion (or one sum) between two scans.

    Parameters
    ----------
    rows
        Takes the problems.
    key
        (n,) lesion or patient of each row.
    day, size_mm
        (n,) day and size; NaN is left out.
    name
        "diameter" or "sum".
    """
    order = np.lexsort((day, key))
    order = order[~np.isnan(size_mm[order])]
    if len(order) < 2:
        return
    same = key[order][1:] == key[order][:-1]
    before, after = size_mm[order][:-1], size_mm[order][1:]
    gap = np.diff(day[order])
    up = same & (before >= JUMP_FROM_MM) & (after >= JUMP * before)
    down = same & (after > 0) & (before >= JUMP * after) & (after < before)
    mark = np.zeros((3, len(size_mm)), bool)
    mark[0][order[1:][up & (gap <= JUMP_DAYS)]] = True
    mark[1][order[1:][up & (gap > JUMP_DAYS)]] = True
    mark[2][order[1:][down]] = True
    mend = "is it a slip of the unit (cm for mm) or of the decimal point?"
    rows.add(mark[0], f"{name}-jump", f"{name} is eight times that of the scan before, or more",
             mend, values=size_mm)  # fmt: skip
    rows.add(mark[1], f"{name}-jump-slow",
             f"{name} is eight times that of the scan before, over more than {JUMP_DAYS:.0f} days",
             mend, severity="warning", values=size_mm)  # fmt: skip
    rows.add(mark[2], f"{name}-drop", f"{name} is an eighth of that of the scan before, or less",
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
