"""Shares and quantiles over a weighted ensemble."""

from __future__ import annotations

import numpy as np

BAND = (0.05, 0.95)  # every interval over the ensemble runs from 5 to 95 %


def share(holds: np.ndarray, weights: np.ndarray, scored: np.ndarray | None = None) -> float:
    """Weight of the sets where `holds`, over that of the sets that are `scored`.

    Parameters
    ----------
    holds, scored
        Booleans, shape (sets,).
    weights
        Non-negative, shape (sets,).

    Returns
    -------
    float
        Between 0 and 1; NaN if no set is scored.

    >>> share(np.array([True, False, True]), np.array([1.0, 1.0, 2.0]))
    0.75
    """
    counted = weights if scored is None else np.where(scored, weights, 0.0)
    total = counted.sum()
    return float(np.where(holds, counted, 0.0).sum() / total) if total > 0 else float("nan")


def quantiles(
    values: np.ndarray, weights: np.ndarray, levels: tuple[float, ...] = (BAND[0], 0.5, BAND[1])
) -> np.ndarray:
    """Weighted quantiles of the finite or infinite values; NaN is left out.

    The quantile at level q is the smallest value whose weight, together with all below, reaches q
    of the total, averaged with the next value where q is met exactly (the usual sample median).

    Returns
    -------
    ndarray, shape (levels,)
        NaN throughout if every value is NaN.
    """
    values, weights = np.asarray(values, float), np.asarray(weights, float)
    known = ~np.isnan(values) & (weights > 0)
    if not known.any():
        return np.full(len(levels), np.nan)
    order = np.argsort(values[known], kind="stable")
    ranked = values[known][order]
    reached = np.cumsum(weights[known][order])
    reached /= reached[-1]
    low = np.searchsorted(reached, np.asarray(levels) - 1e-12, side="left")
    high = np.searchsorted(reached, np.asarray(levels) + 1e-12, side="left")
    low, high = np.minimum(low, len(ranked) - 1), np.minimum(high, len(ranked) - 1)
    return np.where(ranked[low] == ranked[high], ranked[low], 0.5 * (ranked[low] + ranked[high]))
