"""The sum of the target lesions at every visit, and what is known of each lesion.

RECIST 1.1: longest diameter, short axis for nodes; a lesion too small to measure counts 5 mm; a
lesion that is gone counts 0; a target that was not looked at leaves the sum unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints._checks import NORMAL_NODE_MM, Layout
from rpoint.endpoints._values import ABSENT, NOT_EVALUABLE, TOO_SMALL

TOO_SMALL_MM = 5.0


@dataclass(frozen=True)
class Targets:
    """Target lesions at each of V visits.

    Attributes
    ----------
    expected
        (V,) how many targets the patient had at baseline.
    seen
        (V,) how many of them are evaluable at the visit.
    total
        (V,) sum of the evaluable ones, mm.
    gone
        (V,) all are evaluable and gone; nodes are gone below 10 mm.
    """

    expected: np.ndarray
    seen: np.ndarray
    total: np.ndarray
    gone: np.ndarray

    @property
    def complete(self) -> np.ndarray:
        """(V,) sum of all targets, mm; NaN where one is not evaluable."""
        whole = (self.seen == self.expected) & (self.expected > 0)
        return np.where(whole, self.total, np.nan)


def value_mm(lesions: pd.DataFrame) -> np.ndarray:
    """(n,) what each row adds to a sum, mm; NaN if it is not evaluable."""
    state = lesions["status"].cat.codes.to_numpy()
    size = lesions["diameter_mm"].to_numpy(dtype=float)
    size = np.where((state == TOO_SMALL) & np.isnan(size), TOO_SMALL_MM, size)
    size = np.where(state == ABSENT, 0.0, size)
    return np.where(state == NOT_EVALUABLE, np.nan, size)


def baseline_targets(lesions: pd.DataFrame, at: Layout) -> np.ndarray:
    """(n,) rows of the lesions that are targets at the baseline visit."""
    target = (lesions["target"].to_numpy() == 1) & (lesions["new"].to_numpy() == 0)
    many = int(at.lesion.max(initial=-1)) + 1
    chosen = np.bincount(at.lesion[target & at.at_baseline], minlength=many) > 0
    return target & chosen[at.lesion]


def targets(lesions: pd.DataFrame, at: Layout) -> Targets:
    """Add up the targets of each visit."""
    row = baseline_targets(lesions, at)
    value = value_mm(lesions)
    visits, people = len(at.grid.patient), len(at.grid.names)
    known = row & ~np.isnan(value)
    code = lesions["patient"].cat.codes.to_numpy()
    per_patient = np.bincount(code[row & at.at_baseline], minlength=people)
    seen = np.bincount(at.visit[known], minlength=visits)
    total = np.bincount(at.visit[known], weights=value[known], minlength=visits)
    node = lesions["node"].to_numpy() == 1
    gone_row = known & np.where(node, value < NORMAL_NODE_MM, value == 0)
    gone = np.bincount(at.visit[gone_row], minlength=visits)
    expected = per_patient[at.grid.patient]
    return Targets(expected, seen, total, (gone == expected) & (expected > 0))


def target_sums(lesions: pd.DataFrame, at: Layout) -> pd.DataFrame:
    """patient, day, sum_mm of every visit (NaN where a target is not evaluable)."""
    patient = pd.Categorical.from_codes(
        at.grid.patient, categories=lesions["patient"].cat.categories
    )
    return pd.DataFrame(
        {"patient": patient, "day": at.grid.day, "sum_mm": targets(lesions, at).complete}
    )
