"""Scores of a whole predicted distribution: log density, CRPS, probability integral transform.

A predicted distribution is given by draws, one row per measurement, or by mean and standard
deviation.  Higher log densities and lower CRPS are better; both are proper scores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

MIN_WIDTH = 1e-3  # of a kernel: draws that are all equal would give a density without end


def kernel_log_density(draws: ArrayLike, measured: ArrayLike) -> Floats:
    """Log density of each measurement under the Gaussian-kernel density of its draws.

    Parameters
    ----------
    draws
        (n, D), D >= 2; NaN in a row makes its density NaN.
    measured
        (n,).

    Returns
    -------
    numpy.ndarray
        (n,) natural logarithms.

    Notes
    -----
    Width 0.9 min(SD, IQR / 1.34) D^(-1/5): eq. 3.31 of Silverman 1986, Density Estimation.  Kernel
    estimates of a posterior predictive density are consistent scores for Monte Carlo draws:
    Krüger, Lerch, Thorarinsdottir & Gneiting 2021, Int Stat Rev 89:274.
    """
    x, y = np.asarray(draws, dtype=float), np.asarray(measured, dtype=float)
    count = x.shape[1]
    quarter, half = np.quantile(x, 0.25, axis=1), np.quantile(x, 0.75, axis=1)
    spread, spans = x.std(axis=1, ddof=1), (half - quarter) / 1.34
    width = 0.9 * np.where(spans > 0, np.minimum(spread, spans), spread) * count**-0.2
    width = np.maximum(width, MIN_WIDTH)[:, None]
    exponents = -0.5 * ((y[:, None] - x) / width) ** 2
    total = special.logsumexp(exponents, axis=1) - np.log(count)
    return total - np.log(width[:, 0]) - 0.5 * np.log(2 * np.pi)


def mixture_log_density(centres: ArrayLike, width: float, measured: ArrayLike) -> Floats:
    """Log density of each measurement under an equal mixture of normals of one SD.

    Parameters
    ----------
    centres
        (n, D); NaN in a row makes its density NaN.
    width
        SD of every normal.
    measured
        (n,).

    >>> mixture_log_density([[0.0, 0.0]], 1.0, [0.0]).round(4).tolist()
    [-0.9189]
    """
    x, y = np.asarray(centres, dtype=float), np.asarray(measured, dtype=float)[:, None]
    each = stats.norm.logpdf(y, x, width)
    return np.asarray(special.logsumexp(each, axis=1) - np.log(x.shape[1]))


def gaussian_log_density(measured: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Floats:
    """Natural logarithm of the Gaussian density, element by element."""
    return np.asarray(stats.norm.logpdf(measured, mean, sd), dtype=float)


def crps_draws(draws: ArrayLike, measured: ArrayLike) -> Floats:
    """Continuous ranked probability score of the empirical distribution of draws, (n,).

    Notes
    -----
    E|X - y| - E|X - X'| / 2 (Gneiting & Raftery 2007, J Am Stat Assoc 102:359, eq. 21), the second
    mean from the sorted draws.

    >>> crps_draws([[0.0, 1.0]], [0.0]).tolist()
    [0.25]
    """
    x, y = np.sort(np.asarray(draws, dtype=float), axis=1), np.asarray(measured, dtype=float)
    count = x.shape[1]
    weights = 2 * np.arange(1, count + 1) - count - 1
    return np.abs(x - y[:, None]).mean(axis=1) - (x @ weights) / count**2


def crps_gaussian(measured: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Floats:
    """The same of a Gaussian (Gneiting & Raftery 2007, section 4.2)."""
    y, centre, scale = (np.asarray(v, dtype=float) for v in (measured, mean, sd))
    z = (y - centre) / scale
    body = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
    return np.asarray(scale * body, dtype=float)


def pit(draws: ArrayLike, measured: ArrayLike) -> Floats:
    """Probability integral transform: the share of draws below each measurement, ties by half.

    Uniform between 0 and 1 if the predicted distributions are calibrated (Dawid 1984, J R Stat Soc
    A 147:278); a hump in the middle says too wide, a trough says too narrow.
    """
    x, y = np.asarray(draws, dtype=float), np.asarray(measured, dtype=float)[:, None]
    share = (x < y).mean(axis=1) + 0.5 * (x == y).mean(axis=1)
    return np.where(np.isfinite(y[:, 0]) & np.isfinite(x).all(axis=1), share, np.nan)


def pit_table(values: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Histogram of PIT values: lo, hi, count, share, expected (1 / bins)."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    counts, edges = np.histogram(known, bins=bins, range=(0.0, 1.0))
    return pd.DataFrame(
        {
            "lo": edges[:-1],
            "hi": edges[1:],
            "count": counts,
            "share": counts / max(len(known), 1),
            "expected": 1.0 / bins,
        }
    )


def pit_summary(values: ArrayLike) -> dict[str, Any]:
    """How far PIT values are from uniform.

    Returns
    -------
    dict
        n; mean (0.5); sd (0.289: 1/√12); ks, the largest distance between the two distribution
        functions; ks_p, which counts the measurements as independent although several arms share a
        model and its control, and is therefore too small.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if not len(known):
        return {"n": 0, **dict.fromkeys(("mean", "sd", "ks", "ks_p"), float("nan"))}
    test = stats.kstest(known, "uniform")
    return {
        "n": len(known),
        "mean": float(known.mean()),
        "sd": float(known.std()),
        "ks": float(test.statistic),
        "ks_p": float(test.pvalue),
    }
