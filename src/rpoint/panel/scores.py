"""How good a prediction is: rank correlation, separation of responders, coverage, ceilings.

Functions of arrays; nothing here knows of panels, drugs or models.  Pairs of which one value is
missing are left out, and every result says how many pairs it rests on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]

INHIBITION_RANGE = (-1.0, 2.0)  # 1 - treated / control slope is heavy-tailed: one control mouse
CHUNK = 200  # bootstrap samples at a time: their weights fill memory
MIN_PAIRS = 4  # fewer pairs give no interval of a rank correlation


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Parameters
    ----------
    value, lo, hi
        The estimate and the ends of its interval; NaN where it is not defined.
    n
        Pairs (or models) that it rests on.
    """

    value: float
    lo: float
    hi: float
    n: int

    def to_dict(self) -> dict[str, float]:
        """The fields by name."""
        return asdict(self)


NOTHING = (float("nan"),) * 3


def clip_inhibition(values: ArrayLike) -> Floats:
    """Growth inhibition clipped to `INHIBITION_RANGE`, NaN kept.

    >>> clip_inhibition([-7.0, 0.4, 30.7]).tolist()
    [-1.0, 0.4, 2.0]
    """
    return np.clip(np.asarray(values, dtype=float), *INHIBITION_RANGE)


def _pairs(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    kept = np.isfinite(a) & np.isfinite(b)
    return a[kept], b[kept]


def rank_correlation(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's correlation with mean ranks for ties; NaN where one side is constant."""
    a, b = _pairs(x, y)
    return _correlation(stats.rankdata(a), stats.rankdata(b))


def _correlation(a: Floats, b: Floats) -> float:
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def centred_ranks(x: ArrayLike, y: ArrayLike, strata: ArrayLike) -> tuple[Floats, Floats]:
    """Ranks of x and y within each stratum, over the stratum's size + 1, minus one half.

    NaN where one of the pair is missing.  A value that is constant within a stratum is 0 there.
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    label = np.asarray(strata)
    known = np.isfinite(a) & np.isfinite(b)
    first, second = np.full(len(a), np.nan), np.full(len(a), np.nan)
    for name in pd.unique(label[known]):
        rows = known & (label == name)
        size = rows.sum() + 1
        first[rows] = stats.rankdata(a[rows]) / size - 0.5
        second[rows] = stats.rankdata(b[rows]) / size - 0.5
    return first, second


def spearman(
    x: ArrayLike, y: ArrayLike, *, strata: ArrayLike | None = None, level: float = 0.95
) -> Estimate:
    """Spearman's rank correlation with an interval.

    Parameters
    ----------
    x, y
        (n,) values; pairs with a missing one are left out.
    strata
        (n,) labels: values are ranked within each stratum (`centred_ranks`) before they are
        correlated over all.  With the folds of a cross-validation as strata, what differs between
        folds (the median that a fold was predicted from) counts for nothing.
    level
        Of the interval.

    Returns
    -------
    Estimate
        NaN where one side is constant; without an interval below `MIN_PAIRS` pairs.

    Notes
    -----
    Interval on Fisher's z with the standard error sqrt((1 + rho²/2) / (n - 3)) of Bonett & Wright
    2000, Psychometrika 65:23.
    """
    if strata is not None:
        x, y = centred_ranks(x, y, strata)
    n = len(_pairs(x, y)[0])
    rho = rank_correlation(x, y) if strata is None else _correlation(*_pairs(x, y))
    if not np.isfinite(rho) or n < MIN_PAIRS:
        return Estimate(rho, *NOTHING[:2], n)
    z = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    return Estimate(rho, float(np.tanh(z - half)), float(np.tanh(z + half)), n)


def spearman_gain(
    measured: ArrayLike,
    better: ArrayLike,
    plain: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
    rounds: int = 2000,
    seed: int = 1,
) -> Estimate:
    """Spearman of one predictor minus that of another, on the same models.

    A predictor that is constant counts as correlation 0.

    Parameters
    ----------
    measured, better, plain
        (n,) values; rows with a missing one are left out.
    clusters
        (n,) labels of rows that belong together (the arms of one model) and are drawn together.
    level, rounds, seed
        Of the bootstrap.

    Notes
    -----
    The interval is the percentile bootstrap over clusters, drawn as whole rows, since the two
    correlations share the measurements.  Clusters get Poisson frequencies (Hanley & MacGibbon 2006,
    Comput Methods Programs Biomed 83:57); the ranks stay those of the whole sample.
    """
    table = np.column_stack([np.asarray(v, dtype=float) for v in (measured, better, plain)])
    known = np.isfinite(table).all(axis=1)
    table, n = table[known], int(known.sum())
    if n < MIN_PAIRS:
        return Estimate(*NOTHING, n)
    group = np.arange(n) if clusters is None else pd.factorize(np.asarray(clusters)[known])[0]
    y, a, b = (stats.rankdata(column) - (n + 1) / 2 for column in table.T)
    moments = np.column_stack([y, a, b, y * y, a * a, b * b, y * a, y * b])
    rng = np.random.default_rng(seed)
    drawn = []
    for first in range(0, rounds, CHUNK):
        drawn_now = rng.poisson(1.0, (min(CHUNK, rounds - first), group.max() + 1))
        weights = drawn_now[:, group].astype(float)
        total = np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
        drawn.append(_gains(weights @ moments / total))
    lo, hi = np.quantile(np.concatenate(drawn), [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(_gains(moments.mean(axis=0)[None])[0]), float(lo), float(hi), n)


def _gains(mean: Floats) -> Floats:
    """Difference of two correlations from the means of y, a, b, y², a², b², ya, yb: (rounds,)."""
    y, a, b, yy, aa, bb, ya, yb = np.asarray(mean, dtype=float).T
    spread = yy - y * y
    first = _ratio(ya - y * a, spread * (aa - a * a))
    return first - _ratio(yb - y * b, spread * (bb - b * b))


def _ratio(covariance: Floats, variances: Floats) -> Floats:
    """Covariance over the root of two variances; 0 where one of them is none."""
    known = variances > 1e-9
    return np.where(known, covariance / np.sqrt(np.where(known, variances, 1.0)), 0.0)


def ceiling(repeat: float) -> float:
    """The rank correlation that a noiseless predictor would reach with one of two screens.

    Parameters
    ----------
    repeat
        Correlation of two repeats of the experiment over the same models.

    Notes
    -----
    Spearman 1904, Am J Psychol 15:72 (attenuation): with equal, independent noise in the repeats
    the truth correlates with each by the square root of their own correlation.

    >>> ceiling(0.25)
    0.5
    """
    return float(np.sqrt(repeat)) if repeat >= 0 else float("nan")


def superiority(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Estimate:
    """P(a > b) + P(a = b) / 2 for a value of each of two groups, with an interval.

    This is the Mann-Whitney statistic over n·m and the area under the ROC curve.

    Returns
    -------
    Estimate
        NaN if a group is empty.

    Notes
    -----
    Interval: method 5 of Newcombe 2006, Stat Med 25:559: of the score type, so that it stays within
    0 and 1 and does not collapse where the groups do not overlap.
    """
    first, second = (np.asarray(v, dtype=float) for v in (a, b))
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    m, n = len(first), len(second)
    if not m or not n:
        return Estimate(*NOTHING, m + n)
    ranks = stats.rankdata(np.concatenate([first, second]))
    theta = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    z = float(stats.norm.ppf((1 + level) / 2))
    return Estimate(theta, _newcombe(theta, m, n, -z), _newcombe(theta, m, n, z), m + n)


def _newcombe(theta: float, m: int, n: int, z: float) -> float:
    """The end of the interval in the direction of `z`'s sign."""
    size = (m + n) / 2 - 1

    def excess(true: float) -> float:
        spread = 1 + size * ((1 - true) / (2 - true) + true / (1 + true))
        return (true - theta) - z * float(np.sqrt(max(true * (1 - true) * spread / (m * n), 0.0)))

    edge = 1.0 if z > 0 else 0.0
    if theta == edge:
        return edge
    start = theta + np.sign(z) * 1e-12  # where theta is 0 or 1 it is itself a (useless) root
    return float(optimize.brentq(excess, *sorted((start, edge))))


def roc_auc(score: ArrayLike, positive: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Area under the ROC curve: the chance that a responder's score is above a non-responder's.

    Parameters
    ----------
    score
        (n,) higher means "responds".
    positive
        (n,) 1 responds, 0 does not, NaN unknown (left out).
    """
    value, truth = _pairs(score, positive)
    return superiority(value[truth == 1], value[truth == 0], level=level)


def interval_score(
    measured: ArrayLike, lo: ArrayLike, hi: ArrayLike, *, level: float = 0.95
) -> dict[str, float]:
    """Coverage and mean width of intervals.

    Parameters
    ----------
    measured, lo, hi
        (n,) values and the ends of their intervals; the ends belong to the interval.
    level
        Of the interval of the coverage itself, which counts the models as independent.

    Returns
    -------
    dict
        n, coverage, coverage_lo, coverage_hi (Wilson 1927), width (mean).
    """
    y, low, high = (np.asarray(v, dtype=float) for v in (measured, lo, hi))
    kept = np.isfinite(y) & np.isfinite(low) & np.isfinite(high)
    y, low, high = y[kept], low[kept], high[kept]
    if not len(y):
        names = ("coverage", "coverage_lo", "coverage_hi", "width")
        return {"n": 0, **dict.fromkeys(names, float("nan"))}
    inside = int(((y >= low) & (y <= high)).sum())
    ends = stats.binomtest(inside, len(y)).proportion_ci(level, method="wilson")
    width = float((high - low).mean())
    return {
        "n": len(y),
        "coverage": inside / len(y),
        "coverage_lo": float(ends.low),
        "coverage_hi": float(ends.high),
        "width": width,
    }


def by_arm(
    table: pd.DataFrame, *, measured: str = "measured", predicted: str = "predicted"
) -> pd.DataFrame:
    """Spearman of prediction and measurement within each arm, and pooled over all.

    Parameters
    ----------
    table
        arm, the two columns named, and `fold` if the predictions are cross-validated.

    Returns
    -------
    pandas.DataFrame
        arm ("pooled" last), n, spearman, lo, hi, and `within_folds`: the same with ranks taken
        within each fold (NaN without folds).

    Notes
    -----
    A predictor that is constant within an arm has no rank correlation there (NaN), and within folds
    none either.  Over folds it gets a *negative* one: the median of the other folds is high where
    the held-out fold is low.  `within_folds` is free of that and is the fair comparison of
    predictors that learn a level with ones that do not.
    """
    groups = [(str(arm), part) for arm, part in table.groupby("arm", sort=False)]
    rows = []
    for arm, part in [*groups, ("pooled", table)]:
        found = spearman(part[measured], part[predicted])
        folded = np.nan
        if "fold" in part:
            folded = spearman(part[measured], part[predicted], strata=part["fold"]).value
        row = {"arm": arm, "n": found.n, "spearman": found.value, "lo": found.lo, "hi": found.hi}
        rows.append({**row, "within_folds": folded})
    return pd.DataFrame(rows)
