"""Non-target and new lesions at every visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints._checks import NORMAL_NODE_MM, Layout
from rpoint.endpoints._responses import NT_CR, NT_NE, NT_NON, NT_NONE, NT_PD
from rpoint.endpoints._targets import value_mm
from rpoint.endpoints._values import (
    ABSENT,
    EQUIVOCAL,
    INCREASED,
    NOT_EVALUABLE,
    PROGRESSION,
)


@dataclass(frozen=True)
class Extent:
    """What is known beside the targets, at each of V visits.

    Attributes
    ----------
    nontarget
        (V,) codes of `NONTARGET`.
    nontarget_increase
        (V,) a non-target lesion is called increased.
    nontarget_sum, new_target_sum, new_other_sum
        (V,) sums of measured diameters, mm; 0 without any.  Never part of the target sum.
    new
        (V,) number of new lesions that are present.
    new_increase
        (V,) a new lesion is called increased or progressing.
    """

    nontarget: np.ndarray
    nontarget_increase: np.ndarray
    nontarget_sum: np.ndarray
    new: np.ndarray
    new_increase: np.ndarray
    new_target_sum: np.ndarray
    new_other_sum: np.ndarray


def extent(lesions: pd.DataFrame, at: Layout) -> Extent:
    """Judge non-target and new lesions.

    Non-target lesions are those seen on or before the first dose; they are gone when absent, 0 mm,
    or a node below 10 mm.  A new lesion counts where it is present; an equivocal one counts from
    its first day once a later scan calls it unequivocal.
    """
    ever_new = np.bincount(at.lesion, weights=lesions["new"].to_numpy()) > 0
    rows = ever_new[at.lesion]
    state = lesions["status"].cat.codes.to_numpy()
    size = value_mm(lesions)
    node = lesions["node"].to_numpy() == 1
    gone = (state == ABSENT) | (size == 0) | (node & (size < NORMAL_NODE_MM))
    present = ~gone & (state != NOT_EVALUABLE)
    count = _counter(at)
    nontarget = _nontarget(lesions, at, rows, gone, state, count)
    old = (lesions["target"].to_numpy() == 0) & ~rows
    seen = rows & _counts_as_new(at, rows & present, state)
    target = lesions["target"].to_numpy() == 1
    worse = np.isin(state, (INCREASED, PROGRESSION))
    return Extent(
        nontarget,
        count(old & (state == INCREASED)) > 0,
        count(old & present, size),
        count(seen),
        count(seen & worse) > 0,
        count(seen & target, size),
        count(seen & ~target, size),
    )


def _counter(at: Layout):
    visits = len(at.grid.patient)

    def count(mask: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        if weights is None:
            return np.bincount(at.visit[mask], minlength=visits)
        return np.bincount(at.visit[mask], weights=np.nan_to_num(weights[mask]), minlength=visits)

    return count


def _counts_as_new(at: Layout, present: np.ndarray, state: np.ndarray) -> np.ndarray:
    """(n,) rows in which a new lesion is present and unequivocal, now or later."""
    sure = present & (state != EQUIVOCAL)
    many = int(at.lesion.max(initial=-1)) + 1
    last = np.full(many, -1, np.int64)
    np.maximum.at(last, at.lesion[sure], at.visit[sure])
    return present & (sure | (at.visit < last[at.lesion]))


def _nontarget(
    lesions: pd.DataFrame,
    at: Layout,
    new_rows: np.ndarray,
    gone: np.ndarray,
    state: np.ndarray,
    count,
) -> np.ndarray:
    """(V,) codes: PD over non-CR/non-PD over NE over CR."""
    code = lesions["patient"].cat.codes.to_numpy()
    row = (lesions["target"].to_numpy() == 0) & ~new_rows
    early = lesions["day"].to_numpy() <= at.grid.start[code]
    many = int(at.lesion.max(initial=-1)) + 1
    first_rows = np.unique(at.lesion[row & early], return_index=False)
    known = np.zeros(many, bool)
    known[first_rows] = True
    owner = np.zeros(many, np.int64)
    owner[at.lesion] = code
    expected = np.bincount(owner[first_rows], minlength=len(at.grid.names))[at.grid.patient]
    row &= known[at.lesion]
    missing = row & (state == NOT_EVALUABLE)
    absent = count(row & gone)
    worse = count(row & (state == PROGRESSION))
    there = count(row & ~gone & ~missing)
    verdict = np.full(len(expected), NT_NE, np.int8)
    verdict[absent == expected] = NT_CR
    verdict[there > 0] = NT_NON
    verdict[worse > 0] = NT_PD
    verdict[expected == 0] = NT_NONE
    return verdict
