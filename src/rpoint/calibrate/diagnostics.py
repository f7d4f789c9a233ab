"""How much a set of chains is worth: split R-hat and effective sample size.

Reference: Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021, Bayesian Anal 16:667,
doi:10.1214/20-BA1221 (split R-hat without rank normalisation; ESS by Geyer's initial positive
pairs).
"""

from __future__ import annotations

import numpy as np


def split_chains(x: np.ndarray) -> np.ndarray:
    """Halve every chain: (draws, chains) -> (draws // 2, 2 * chains)."""
    half = len(x) // 2
    return np.concatenate([x[:half], x[half : 2 * half]], axis=1)


def r_hat(x: np.ndarray) -> float:
    """Split R-hat of one scalar, ``x`` of shape (draws, chains)."""
    s = split_chains(np.asarray(x, float))
    n = len(s)
    within = s.var(axis=0, ddof=1).mean()
    between = n * s.mean(axis=0).var(ddof=1)
    if within == 0:
        return 1.0 if between == 0 else float("inf")
    return float(np.sqrt(((n - 1) / n * within + between / n) / within))


def effective_size(x: np.ndarray) -> float:
    """Effective number of independent draws of one scalar, ``x`` of shape (draws, chains)."""
    s = split_chains(np.asarray(x, float))
    n, m = s.shape
    within = s.var(axis=0, ddof=1).mean()
    pooled = (n - 1) / n * within + s.mean(axis=0).var(ddof=1)
    if pooled == 0:
        return 1.0
    rho = 1 - (within - _autocovariance(s).mean(axis=1)) / pooled
    total, t = 0.0, 0
    while t + 1 < n and rho[t] + rho[t + 1] > 0:
        total += rho[t] + rho[t + 1]
        t += 2
    return float(min(n * m, n * m / max(2 * total - 1, 1e-12)))


def _autocovariance(s: np.ndarray) -> np.ndarray:
    n = len(s)
    centred = s - s.mean(axis=0)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(centred, size, axis=0)) ** 2
    return np.fft.irfft(spectrum, size, axis=0)[:n] / n
