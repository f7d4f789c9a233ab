"""Agreement of two yes/no classifications: Jaccard index and Cohen's kappa.

Both are taken over the units that both classifications could judge; the number of them is part of
the result.  Jaccard = yes to both / yes to at least one.  Kappa = (p_o - p_e) / (1 - p_e), with
p_o the share of equal answers and p_e the share expected from the margins (Cohen 1960,
doi:10.1177/001316446002000104).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, shorten

COLUMNS = ("a", "b", "n", "both", "only_a", "only_b", "neither", "jaccard", "kappa")


def jaccard(both: int, only_a: int, only_b: int) -> float:
    """Jaccard index; NaN where neither says yes to anybody.

    >>> jaccard(2, 1, 1), jaccard(0, 0, 0)
    (0.5, nan)
    """
    union = both + only_a + only_b
    return both / union if union else float("nan")


def kappa(both: int, only_a: int, only_b: int, neither: int) -> float:
    """Cohen's kappa; NaN without units, or where the margins leave no room for disagreement.

    >>> kappa(20, 5, 10, 15)
    0.4
    """
    n = both + only_a + only_b + neither
    if n == 0:
        return float("nan")
    # Whole numbers until the end: with two constant margins the denominator is exactly 0.
    yes_a, yes_b = both + only_a, both + only_b
    by_chance = yes_a * yes_b + (n - yes_a) * (n - yes_b)
    room = n * n - by_chance
    return (n * (both + neither) - by_chance) / room if room else float("nan")


def pairwise(answers: Any, names: Sequence[str]) -> pd.DataFrame:
    """Every pair of classifications.

    Parameters
    ----------
    answers
        Shape (units, classifications): 1 yes, 0 no, NaN not evaluable.
    names
        One per classification.

    Returns
    -------
    pandas.DataFrame
        One row a pair, a before b in the order given: a, b, n (evaluable for both), both, only_a,
        only_b, neither, jaccard, kappa.

    Raises
    ------
    RpointError
        If an answer is neither 0, 1 nor missing, or the names do not fit.
    """
    table = np.asarray(answers, float)
    if table.ndim != 2 or table.shape[1] != len(names):
        raise RpointError(
            "answers need one row a unit and one column a classification",
            found=f"shape {table.shape}, {len(names)} names",
        )
    wrong = ~np.isnan(table) & (table != 0) & (table != 1)
    if wrong.any():
        raise RpointError(
            "an answer is yes, no or missing",
            found=shorten(str(table[wrong][0])),
            allowed="1, 0, NaN",
        )
    yes, no = (table == 1).astype(np.int64), (table == 0).astype(np.int64)
    counts = {
        "both": yes.T @ yes, "only_a": yes.T @ no, "only_b": no.T @ yes, "neither": no.T @ no,
    }  # fmt: skip
    rows = []
    for i, a in enumerate(names):
        for j in range(i + 1, len(names)):
            cell = {key: int(count[i, j]) for key, count in counts.items()}
            rows.append(
                {"a": a, "b": names[j], "n": sum(cell.values()), **cell}
                | {"jaccard": jaccard(cell["both"], cell["only_a"], cell["only_b"])}
                | {"kappa": kappa(**cell)}
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def square(pairs: pd.DataFrame, names: Sequence[str], value: str) -> pd.DataFrame:
    """A column of `pairwise` as a symmetric table; the diagonal is left missing."""
    wide = pd.DataFrame(np.nan, index=list(names), columns=list(names))
    for row in pairs.itertuples():
        wide.loc[row.a, row.b] = wide.loc[row.b, row.a] = getattr(row, value)
    return wide
