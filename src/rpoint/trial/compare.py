"""Predicted against published: every published row of a trial beside its predictive interval.

The predictive interval holds what trials of the real size would report: sampling, readings, visits
and the uncertainty of the population's parameters together.  A row is a hit if its published value
lies in the 90 % interval; beside it stands the narrower question whether the predicted median lies
in the published interval, or within 20 % of the value where none was published.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.trial.analyse import plain
from rpoint.trial.spec import Published, Trial

COLUMNS = (
    "trial", "arm", "subset", "endpoint", "role", "grade", "n", "published", "lo", "hi",
    "predicted", "q05", "q95", "hit", "accepted", "width", "replicates", "not_reached",
)  # fmt: skip
LOW, HIGH = 0.05, 0.95
ENOUGH = 20  # replicates from which quantiles are taken as they are
LEAST, LEAST_PCT = 1e-3, 1.0
WITHOUT_INTERVAL = 0.2


def compare(trial: Trial, analysis: pd.DataFrame) -> pd.DataFrame:
    """Published rows of a trial with their predictive intervals.

    Parameters
    ----------
    trial
        The trial.
    analysis
        What `analyse` returns.

    Returns
    -------
    pandas.DataFrame
        trial, arm, subset, endpoint, role, grade, n, published, lo, hi; predicted (median over the
        replicates), q05, q95, hit, accepted, width (of the interval over the predicted median, on
        the endpoint's own scale), replicates, not_reached (share of replicates without a value: a
        median that was not reached counts as larger than any value).
    """
    groups = dict(list(analysis.groupby(["ARM", "SUBSET", "ENDPOINT"], sort=False, observed=True)))
    rows = []
    for row in trial.published:
        if row.not_predicted is not None:
            continue
        key = (row.arm, " & ".join(row.subset or ()), plain(row.endpoint))
        if key in groups:
            rows.append(_row(trial, row, groups[key]["VALUE"].to_numpy(float)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(trial: Trial, row: Published, values: np.ndarray) -> dict:
    missing = np.isnan(values)
    open_end = "median" in row.endpoint
    filled = np.where(missing, np.inf, values) if open_end else values[~missing]
    found = {
        "trial": trial.name, "arm": row.arm, "subset": " & ".join(row.subset or ()),
        "endpoint": row.endpoint, "role": row.role, "grade": row.grade, "n": row.n,
        "published": row.value, "lo": row.lo, "hi": row.hi, "replicates": len(values),
        "not_reached": float(missing.mean()),
    }  # fmt: skip
    if not len(filled):
        return found | {"hit": False, "accepted": False}
    low, middle, high = interval(filled, row.endpoint)
    margin = WITHOUT_INTERVAL * abs(row.value)
    inside = row.value - margin, row.value + margin
    if row.lo is not None and row.hi is not None:
        inside = row.lo, row.hi
    return found | {
        "predicted": middle, "q05": low, "q95": high,
        "hit": bool(low <= row.value <= high),
        "accepted": bool(inside[0] <= middle <= inside[1]),
        "width": float((high - low) / middle) if middle and np.isfinite(high) else np.nan,
    }  # fmt: skip


def interval(values: np.ndarray, endpoint: str) -> tuple[float, float, float]:
    """5th percentile, median and 95th percentile of what the next replicate would give.

    From `ENOUGH` replicates on these are their quantiles.  Fewer would make an interval of their
    extremes, which holds the next value far less often than nine times in ten: then the interval is
    that of a normal distribution on the scale of the endpoint (logarithm of times and hazard
    ratios, logit of percentages), with Student's t for the unknown spread.
    """
    if len(values) >= ENOUGH or len(values) < 2 or not np.isfinite(values).all():
        low, middle, high = np.quantile(values, [LOW, 0.5, HIGH], method="inverted_cdf")
        return float(low), float(middle), float(high)
    there, back = _scale(endpoint)
    scaled = there(values)
    n = len(scaled)
    half = stats.t.ppf(HIGH, n - 1) * scaled.std(ddof=1) * np.sqrt(1.0 + 1.0 / n)
    low, high = back(np.array([scaled.mean() - half, scaled.mean() + half]))
    return float(low), float(np.median(values)), float(high)


def _scale(endpoint: str):
    """The scale of an endpoint on which replicates are about normal, and the way back."""
    if endpoint.startswith("best_target_change") or not plain(endpoint).endswith("_pct"):
        positive = "_hr" in endpoint or "median" in endpoint
        if positive:
            return lambda v: np.log(np.maximum(v, LEAST)), np.exp
        return (lambda v: v), (lambda v: v)
    return (
        lambda v: _logit(np.clip(v, 0.0, 100.0)),
        lambda x: np.clip((100.0 + LEAST_PCT) / (1.0 + np.exp(-x)) - LEAST_PCT / (1.0 + np.exp(x)),
                          0.0, 100.0),
    )  # fmt: skip


def _logit(percent: np.ndarray) -> np.ndarray:
    return np.log((percent + LEAST_PCT) / (100.0 + LEAST_PCT - percent))


def verdict(table: pd.DataFrame) -> pd.DataFrame:
    """How many rows were hit, by role: role, rows, hits, accepted, median_width."""
    rows = []
    for role, part in table.groupby("role", sort=True):
        finite = part["width"].replace(np.inf, np.nan)
        rows.append(
            {
                "role": role,
                "rows": len(part),
                "hits": int(part["hit"].sum()),
                "accepted": int(part["accepted"].sum()),
                "median_width": float(finite.median()),
            }
        )
    return pd.DataFrame(rows)


def compare_all(pairs: Iterable[tuple[Trial, pd.DataFrame]]) -> pd.DataFrame:
    """`compare` of several trials, one under the other."""
    rows = [row for trial, analysis in pairs for row in compare(trial, analysis).to_dict("records")]
    return pd.DataFrame(rows, columns=list(COLUMNS))
