"""Association across groups: weighted Pearson and Spearman, with permutations and bootstrap.

r_w = Σ w (x - x̄_w)(y - ȳ_w) / √(Σ w (x - x̄_w)² · Σ w (y - ȳ_w)²).  The permutation test breaks the
link between x and the pair (y, w); its p-value counts the observed arrangement as one of them
(Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).  Up to `EXACT` arrangements all are listed.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from rpoint.errors import RpointError, unknown_name

EXACT = 50_000  # arrangements up to which the permutation test is exact (8! = 40,320)
BLOCK = 20_000  # arrangements in memory at once
KINDS = ("pearson", "spearman")


@dataclass(frozen=True)
class Association:
    """A correlation with its permutation test.

    Attributes
    ----------
    kind
        "pearson" or "spearman".
    estimate
        The correlation; NaN where it is undefined.
    lo, hi
        Percentile bootstrap limits over groups; NaN without a bootstrap.
    p
        Two-sided permutation p-value; NaN where the correlation is undefined.
    groups, arrangements, exact
        Number of groups; arrangements tried; whether these are all there are.
    status
        "ok", or why there is no number.
    """

    kind: str
    estimate: float
    lo: float
    hi: float
    p: float
    groups: int
    arrangements: int
    exact: bool
    level: float = 0.95
    status: str = "ok"

    def summary(self) -> str:
        """One line."""
        if self.status != "ok":
            return f"{self.kind}: {self.status}"
        limits = "" if math.isnan(self.lo) else f" ({self.lo:.2f} to {self.hi:.2f}, bootstrap)"
        how = "all" if self.exact else f"{self.arrangements:,}"
        return (
            f"{self.kind} {self.estimate:.2f}{limits}, p = {self.p:.3g} "
            f"({how} permutations), {self.groups} groups"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([self.to_dict()])


def weighted_pearson(x: Any, y: Any, w: Any = None) -> float:
    """The weighted correlation of two arrays of shape (k,); NaN if one of them is constant.

    >>> round(weighted_pearson([0, 1, 2], [0, 1, 4], [1, 1, 1]), 4)
    0.9608
    """
    a, b, weights = _checked(x, y, w)
    return float(_correlate(a[None, :], b, weights)[0])


def associate(
    x: Any,
    y: Any,
    w: Any = None,
    *,
    kind: str = "pearson",
    permutations: int = 100_000,
    bootstrap: int = 2_000,
    seed: int = 1,
    level: float = 0.95,
) -> Association:
    """Correlation, permutation p-value and bootstrap limits.

    Parameters
    ----------
    x, y
        Shape (k,).
    w
        Weights, shape (k,); default equal.  Spearman ranks first, then weights the ranks.
    kind
        "pearson" or "spearman".
    permutations
        Random arrangements, where there are more than `EXACT` in all.
    bootstrap
        Resamples of groups for the limits; 0 leaves them out.
    seed
        Of both random streams.

    Returns
    -------
    Association
        With fewer than three groups, or a constant variable, a status and no number.
    """
    if kind not in KINDS:
        raise unknown_name("kind of correlation", kind, KINDS)
    a, b, weights = _checked(x, y, w)
    if len(a) < 3:
        return _undefined(kind, len(a), "a correlation needs at least three groups", level)
    if kind == "spearman":
        a, b = rankdata(a), rankdata(b)
    estimate = float(_correlate(a[None, :], b, weights)[0])
    if math.isnan(estimate):
        return _undefined(kind, len(a), "one of the two does not vary", level)
    rng = np.random.default_rng(seed)
    p, tried, exact = _permute(a, b, weights, estimate, permutations, rng)
    lo, hi = _bootstrap(kind, x, y, weights, bootstrap, rng, level)
    return Association(kind, estimate, lo, hi, p, len(a), tried, exact, level)


def _undefined(kind: str, groups: int, status: str, level: float) -> Association:
    nan = float("nan")
    return Association(kind, nan, nan, nan, nan, groups, 0, False, level, status)


def _checked(x: Any, y: Any, w: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b = np.asarray(x, float), np.asarray(y, float)
    weights = np.ones_like(a) if w is None else np.asarray(w, float)
    if a.ndim != 1 or a.shape != b.shape or a.shape != weights.shape:
        raise RpointError(
            "x, y and weights need one value a group",
            found=f"shapes {a.shape}, {b.shape}, {weights.shape}",
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all() and np.isfinite(weights).all()):
        raise RpointError("a value is missing", mend="leave the group out; nothing is filled in")
    if (weights < 0).any() or (len(weights) and weights.sum() <= 0):
        raise RpointError("weights must not be negative, nor all 0", where="weights")
    return a, b, weights


def _correlate(rows: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weighted correlation of every row of `rows` (m, k) with y; NaN where one is constant.

    `y` and `w` have the shape (k,) or (m, k).
    """
    mean = lambda values: (values * w).sum(-1, keepdims=True) / w.sum(-1, keepdims=True)  # noqa: E731
    x, d = rows - mean(rows), y - mean(y)
    both = np.sqrt((x * x * w).sum(-1) * (d * d * w).sum(-1))
    # What is left of a constant row is rounding, not variation.
    size = np.maximum(1.0, np.abs(rows).max(-1) * np.abs(y).max(-1))
    flat = both <= 1e-12 * size * w.sum(-1)
    return np.where(flat, np.nan, np.clip((x * d * w).sum(-1) / np.where(flat, 1.0, both), -1, 1))


def _permute(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, seen: float, wanted: int, rng: np.random.Generator
) -> tuple[float, int, bool]:
    every = math.factorial(len(x)) if len(x) <= 12 else EXACT + 1
    exact = every <= EXACT
    tried = every if exact else wanted
    orders = itertools.permutations(range(len(x))) if exact else None
    hits = 0
    for start in range(0, tried, BLOCK):
        size = min(BLOCK, tried - start)
        if orders is not None:
            rows = x[np.array(list(itertools.islice(orders, size)))]
        else:
            rows = rng.permuted(np.broadcast_to(x, (size, len(x))).copy(), axis=1)
        found = np.abs(_correlate(rows, y, w))
        hits += int(np.count_nonzero(found >= abs(seen) - 1e-12))
    return (hits / tried, tried, True) if exact else ((hits + 1) / (tried + 1), tried, False)


def _bootstrap(
    kind: str, x: Any, y: Any, w: np.ndarray, times: int, rng: np.random.Generator, level: float
) -> tuple[float, float]:
    """Percentile limits over resamples of groups in which the correlation is defined."""
    if times < 1:
        return float("nan"), float("nan")
    drawn = rng.integers(0, len(w), (times, len(w)))
    xs, ys, ws = np.asarray(x, float)[drawn], np.asarray(y, float)[drawn], w[drawn]
    if kind == "spearman":
        xs, ys = rankdata(xs, axis=1), rankdata(ys, axis=1)
    weighted = ws.sum(axis=1) > 0
    found = _correlate(xs[weighted], ys[weighted], ws[weighted])
    kept = found[~np.isnan(found)]
    if kept.size < times / 2:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    lo, hi = np.quantile(kept, [tail, 1 - tail])
    return float(lo), float(hi)
