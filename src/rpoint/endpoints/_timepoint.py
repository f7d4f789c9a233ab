"""RECIST 1.1 at one visit: target, non-target and new lesions, and the table that joins them.

Source: Eisenhauer 2009 (Eur J Cancer 45:228), tables 1 and 2, and the EORTC RECIST questions and
answers.  Thresholds are compared with a tolerance of 1e-9 because 0.7 * 100 is not 70 in binary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.endpoints._responses import (
    CR,
    NE,
    NON,
    NT_NE,
    NT_NON,
    NT_PD,
    PD,
    PR,
    SD,
)
from rpoint.endpoints._targets import Targets

TOLERANCE = 1e-9
RESPONSE, PROGRESSION, PROGRESSION_MM = -0.30, 0.20, 5.0

RULES = (
    "not judged: before the first dose",
    "all target lesions gone, nodes below 10 mm",
    "sum at least 20 % and 5 mm above the nadir",
    "evaluable targets alone at least 20 % and 5 mm above the nadir",
    "sum at least 30 % below baseline",
    "neither 30 % below baseline nor 20 % and 5 mm above the nadir",
    "a target lesion is not evaluable",
    "no target sum at baseline",
    "new lesion",
    "unequivocal progression of non-target disease",
    "targets gone, non-target disease left or not evaluable",
    "all non-target lesions gone, no target lesions",
    "non-target disease neither gone nor progressing, no target lesions",
    "non-target disease not evaluable, no target lesions",
    "confirmed partial response kept: no progression since",
)  # fmt: skip
(R_NONE, R_CR, R_PD, R_PD_PART, R_PR, R_SD, R_NE, R_NO_BASELINE, R_NEW, R_NT_PD, R_CR_LEFT,
 R_NT_CR, R_NT_NON, R_NT_NE, R_KEPT) = range(15)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Verdicts at V visits: response codes and the rule behind each."""

    response: np.ndarray
    rule: np.ndarray


def judge_targets(targets: Targets, baseline: np.ndarray, nadir: np.ndarray) -> Judged:
    """Target response of every visit.

    Parameters
    ----------
    targets
        Sums of the visits.
    baseline, nadir
        (V,) sum at baseline, and the least complete sum from baseline to the visit before, mm.

    Notes
    -----
    Complete response goes before progression: nodes that grow below 10 mm stay normal.  Where a
    target was not evaluable, the others alone can show progression, never response.
    """
    total = targets.complete
    with np.errstate(invalid="ignore", divide="ignore"):
        response = total / baseline - 1.0 <= RESPONSE + TOLERANCE
        grown = _grown(total, nadir)
        part = _grown(targets.total, nadir) & np.isnan(total) & (targets.seen > 0)
    known = ~np.isnan(total) & (baseline > 0)
    verdict = np.full(len(total), NE, np.int8)
    rule = np.where(baseline > 0, R_NE, R_NO_BASELINE).astype(np.int8)
    for mask, code, why in (
        (known, SD, R_SD),
        (known & response, PR, R_PR),
        (known & grown, PD, R_PD),
        (part & (baseline > 0), PD, R_PD_PART),
        (known & targets.gone, CR, R_CR),
    ):
        verdict[mask], rule[mask] = code, why
    return Judged(verdict, rule)


def _grown(total: np.ndarray, nadir: np.ndarray) -> np.ndarray:
    """20 % and 5 mm above the nadir; a nadir of 0 needs the 5 mm alone."""
    gain = total - nadir
    return (gain >= PROGRESSION * nadir - TOLERANCE * nadir) & (gain >= PROGRESSION_MM - TOLERANCE)


def overall(
    target: np.ndarray, nontarget: np.ndarray, new: np.ndarray, measurable: np.ndarray
) -> np.ndarray:
    """Overall response of visits: tables 1 and 2 of the paper.

    Parameters
    ----------
    target
        (V,) response codes.
    nontarget
        (V,) codes of `NONTARGET`; "none" where the patient had no such lesions.
    new
        (V,) whether there is a new lesion.
    measurable
        (V,) whether the patient has target lesions.
    """
    left = np.isin(nontarget, (NT_NON, NT_NE))
    out = np.where((target == CR) & left, PR, target)
    alone = np.array([NE, CR, NON, NE, PD], np.int8)[nontarget]
    out = np.where(measurable, out, alone)
    worse = (nontarget == NT_PD) | np.asarray(new, bool) | (measurable & (target == PD))
    return np.where(worse, PD, out).astype(np.int8)


def overall_rule(
    judged: Judged, nontarget: np.ndarray, new: np.ndarray, measurable: np.ndarray
) -> np.ndarray:
    """(V,) index of `RULES`: why the overall response is what it is."""
    left = np.isin(nontarget, (NT_NON, NT_NE))
    rule = np.where((judged.response == CR) & left, R_CR_LEFT, judged.rule)
    alone = np.array([R_NT_NE, R_NT_CR, R_NT_NON, R_NT_NE, R_NT_PD], np.int8)[nontarget]
    rule = np.where(measurable, rule, alone)
    by_target = measurable & (judged.response == PD)
    rule = np.where((nontarget == NT_PD) & ~by_target, R_NT_PD, rule)
    return np.where(np.asarray(new, bool) & ~by_target & (nontarget != NT_PD), R_NEW, rule).astype(
        np.int8
    )
