"""How far an outcome depends on how plausible candidates become patients.

The two inclusion rules aim at the same distribution; what differs between them is chance and the
few patients that carry most weight.  A third, `plausible`, takes every plausible candidate as she
comes (no fit to observed distributions) and shows what the fit is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from rpoint.cohort.cohort import Cohort, effective_size
from rpoint.cohort.draw import draw_cohort
from rpoint.cohort.plausible import RULES
from rpoint.cohort.population import Population

SLD_PROGRESSION = 1.2  # of the sum of diameters, RECIST 1.1
FAST_D = 56.0  # d: the first scan of an 8-weekly grid

Outcome = Callable[[Cohort], np.ndarray]


def untreated_progression_d(cohort: Cohort) -> np.ndarray:
    """(n,) days until the untreated sum of diameters has grown by a fifth: 3 T log2(1.2)."""
    return 3.0 * cohort.doubling_time_d * np.log2(SLD_PROGRESSION)


def fast(cohort: Cohort) -> np.ndarray:
    """(n,) 1 where the untreated tumour has progressed by the first scan at 8 weeks."""
    return (untreated_progression_d(cohort) <= FAST_D).astype(float)


def burden(cohort: Cohort) -> np.ndarray:
    """(n,) baseline sum of diameters, mm."""
    return cohort.burden_mm


OUTCOMES: Mapping[str, Outcome] = {
    "untreated progression, d": untreated_progression_d,
    "progressed by 8 weeks, share": fast,
    "baseline burden, mm": burden,
}


def inclusion_spread(
    population: Population,
    index: int | np.ndarray,
    seed: int,
    outcomes: Mapping[str, Outcome] | None = None,
) -> pd.DataFrame:
    """Outcomes under each inclusion rule.

    Parameters
    ----------
    population, index, seed
        As for `draw_cohort`.
    outcomes
        Name -> function of a cohort that gives one number a patient; `OUTCOMES` when left out.

    Returns
    -------
    pandas.DataFrame
        outcome, one column a rule with the (weighted) mean, `spread` (largest minus smallest of
        "acceptance" and "weights"), `error` (Monte Carlo standard error of their difference),
        `effective` (effective sample size of the weighted cohort over the number of patients).
    """
    cohorts = {rule: draw_cohort(population, index, seed, rule=rule) for rule in RULES}
    weighted = cohorts["weights"]
    share = effective_size(weighted.weights) / max(len(weighted), 1)
    rows = [
        (name, *_compared(cohorts, outcome), share)
        for name, outcome in (outcomes or OUTCOMES).items()
    ]
    names = ["outcome", *RULES, "plausible", "spread", "error", "effective"]
    return pd.DataFrame(rows, columns=names)


def _compared(cohorts: Mapping[str, Cohort], outcome: Outcome) -> tuple[float, ...]:
    """Mean by each rule and of all plausible candidates, spread, its standard error."""
    found = []
    for cohort in cohorts.values():
        good = cohort.status == "ok"
        found.append(_mean(outcome(cohort)[good], cohort.weights[good]))
    plain = cohorts["weights"].status == "ok"
    values = outcome(cohorts["weights"])[plain]
    means = [mean for mean, _ in found]
    error = float(np.hypot(found[0][1], found[1][1]))
    return (*means, _mean(values, np.ones(len(values)))[0], max(means) - min(means), error)


def _mean(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Weighted mean and its standard error (weights as given, ratio estimator)."""
    total = weights.sum()
    if not total > 0:
        return float("nan"), float("nan")
    mean = float((weights * values).sum() / total)
    return mean, float(np.sqrt(((weights * (values - mean)) ** 2).sum()) / total)
