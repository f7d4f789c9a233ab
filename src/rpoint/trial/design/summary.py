"""How statistics vary over replicates, and how variants with the same patients differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

PREDICTIVE = (0.05, 0.95)  # quantiles of the predictive interval
LEVEL = 0.95  # of intervals for Monte Carlo error


def is_time(endpoint: str) -> bool:
    """Whether a statistic is a median time (or a limit of one), which may not be reached."""
    return "_median_" in endpoint


def is_share(endpoint: str) -> bool:
    """Whether a statistic is a percentage of patients."""
    return endpoint.endswith("_pct") and "change" not in endpoint


def summarise(values: np.ndarray, *, time: bool = False, level: float = LEVEL) -> dict[str, float]:
    """A statistic over replicates.

    Parameters
    ----------
    values
        (R,) NaN where it is not defined; of times: where it is not reached.
    time
        For a median time: the median over replicates, not reached being later than any, with its
        distribution-free interval (order statistics); else the mean and its t interval.
    level
        Of the interval for the Monte Carlo error.

    Returns
    -------
    dict
        value, lo, hi (Monte Carlo error), q05, q95 (predictive interval of one trial), missing.
    """
    values = np.asarray(values, float)
    missing = int(np.isnan(values).sum())
    if time:
        known = np.where(np.isnan(values), np.inf, values)
        value, lo, hi = _median(known, level)
    else:
        known = values[~np.isnan(values)]
        value, lo, hi = _mean(known, level)
    quantiles = [float("nan")] * 2
    if len(known):
        quantiles = [_finite(np.quantile(known, q, method="nearest")) for q in PREDICTIVE]
    return {
        "value": value, "lo": lo, "hi": hi, "q05": quantiles[0], "q95": quantiles[1],
        "missing": missing,
    }  # fmt: skip


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else float("nan")


def _mean(known: np.ndarray, level: float) -> tuple[float, float, float]:
    if not len(known):
        return (float("nan"),) * 3
    mean = float(known.mean())
    if len(known) == 1:
        return mean, float("nan"), float("nan")
    half = stats.t.ppf((1 + level) / 2, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return mean, float(mean - half), float(mean + half)


def _median(known: np.ndarray, level: float) -> tuple[float, float, float]:
    """Median with the interval between order statistics that a binomial gives."""
    if not len(known):
        return (float("nan"),) * 3
    ordered, n = np.sort(known), len(known)
    # P(fewer than `below` of n lie under the median) is at most half the error.
    below = int(stats.binom.ppf((1 - level) / 2, n, 0.5))
    if below == 0:  # too few replicates for limits at this level
        return _finite(np.quantile(ordered, 0.5, method="nearest")), float("nan"), float("nan")
    return (
        _finite(np.quantile(ordered, 0.5, method="nearest")),
        _finite(ordered[below - 1]),
        _finite(ordered[n - below]),
    )


def compare(
    statistics: pd.DataFrame, arm: str, endpoints: Sequence[str], reference: str
) -> pd.DataFrame:
    """Statistics of every variant, and paired differences from the reference.

    Parameters
    ----------
    statistics
        VARIANT, REPL, ARM, ENDPOINT, VALUE.
    arm
        Which arm.
    endpoints
        Which statistics; those that are not there are left out.
    reference
        The variant that the others are compared with.

    Returns
    -------
    pandas.DataFrame
        variant, endpoint, value, lo, hi, q05, q95, missing as `summarise`; difference,
        difference_lo, difference_hi: mean over the replicates of the difference from the reference
        with the same patients, with its t interval; pairs: replicates where both are defined.
    """
    mine = statistics[(statistics["ARM"] == arm) & statistics["ENDPOINT"].isin(endpoints)]
    rows = []
    for endpoint in endpoints:
        wide = mine[mine["ENDPOINT"] == endpoint].pivot(
            index="REPL", columns="VARIANT", values="VALUE"
        )
        for variant in dict.fromkeys(statistics["VARIANT"]):
            if variant not in wide:
                continue
            line = summarise(wide[variant].to_numpy(), time=is_time(endpoint))
            if is_share(endpoint):
                line |= {side: float(np.clip(line[side], 0.0, 100.0)) for side in ("lo", "hi")}
            pairs = (wide[variant] - wide[reference]).dropna().to_numpy()
            difference = _mean(pairs, LEVEL) if variant != reference else (0.0, 0.0, 0.0)
            names = ("difference", "difference_lo", "difference_hi")
            rows.append(
                {"variant": variant, "endpoint": endpoint}
                | line
                | dict(zip(names, difference, strict=True))
                | {"pairs": len(pairs)}
            )
    return pd.DataFrame(rows)
