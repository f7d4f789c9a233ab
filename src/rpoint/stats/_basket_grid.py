"""Quadrature for normal random effects on the logit scale, without a sampler.

For one pair (μ, τ) a basket's likelihood is ∫ Bin(x; n, θ) N(θ; μ, τ²) dθ, and so are the
integrals that give its mean response rate and P(p > p0).  They are tabulated for every x = 0 … n,
so that any number of outcomes can be looked up.  Wide normals (τ ≥ 2h) use the trapezoidal rule on
one grid of θ of spacing h; narrow ones Gauss–Hermite nodes, and for P(p > p0) the normal that the
product with a log-linear likelihood is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from rpoint.stats._counts import Floats
from rpoint.stats.glmm import hermite

SPACING = 0.04
REACH = 6.0  # half the range of θ, in prior standard deviations of a single θ
NARROW = 2 * SPACING
NODES = 9  # Gauss–Hermite, for narrow normals


@dataclass(frozen=True)
class Integrals:
    """Integrals against each normal, for each x of one basket.

    Attributes
    ----------
    value, mean, tail
        ∫ l, ∫ l p, ∫ l 1[p > p0] against the normals, each (normals, n + 1).
    """

    value: Floats
    mean: Floats
    tail: Floats

    def mixed(self, other: Integrals, weight: float) -> Integrals:
        """weight · self + (1 − weight) · other, for a mixture of normals."""
        rest = 1 - weight
        return Integrals(
            weight * self.value + rest * other.value,
            weight * self.mean + rest * other.mean,
            weight * self.tail + rest * other.tail,
        )


@dataclass(frozen=True)
class Normals:
    """Normal distributions of θ with their common grid.

    Attributes
    ----------
    mean, sd
        (M,).
    theta
        The grid (G,).
    """

    mean: Floats
    sd: Floats
    theta: Floats

    @cached_property
    def wide(self) -> np.ndarray:
        """Which normals the grid resolves (M,)."""
        return self.sd >= NARROW

    @cached_property
    def kernel(self) -> Floats:
        """Densities times spacing of the wide normals (wide, G)."""
        return density(self.theta, self.mean[self.wide], self.sd[self.wide])

    def integrals(self, n: int, p0: float) -> Integrals:
        """The table of one basket of `n` patients."""
        out = [np.empty((len(self.mean), n + 1)) for _ in range(3)]
        if self.wide.any():
            self._wide(n, p0, out)
        if not self.wide.all():
            self._narrow(~self.wide, n, p0, out)
        return Integrals(*out)

    def _wide(self, n: int, p0: float, out: list[Floats]) -> None:
        like = likelihood(self.theta, n)
        tail = above(self.theta, special.logit(p0))[:, None]
        both = np.hstack([like, like * special.expit(self.theta)[:, None], like * tail])
        for table, found in zip(out, np.split(self.kernel @ both, 3, axis=1), strict=True):
            table[self.wide] = found

    def _narrow(self, rows: np.ndarray, n: int, p0: float, out: list[Floats]) -> None:
        mean, sd = self.mean[rows], self.sd[rows]
        nodes, log_weights = hermite(NODES)
        weights = np.exp(log_weights - nodes**2 / 2)
        theta = mean[:, None] + sd[:, None] * nodes
        like = likelihood(theta, n)
        out[0][rows] = np.einsum("k,mkx->mx", weights, like)
        out[1][rows] = np.einsum("k,mk,mkx->mx", weights, special.expit(theta), like)
        # l ≈ exp(slope · θ) across so narrow a normal: the product is normal, moved by slope · τ².
        slope = np.arange(n + 1)[None, :] - n * special.expit(mean)[:, None]
        moved = mean[:, None] + sd[:, None] ** 2 * slope
        out[2][rows] = out[0][rows] * special.ndtr((moved - special.logit(p0)) / sd[:, None])


def density(theta: Floats, mean: Floats, sd: Floats) -> Floats:
    """Normal densities on the grid times its spacing, (M, G)."""
    z = (theta[None, :] - mean[:, None]) / sd[:, None]
    z *= z  # in place: the array is large, and what it costs is its way through memory
    z *= -0.5
    np.exp(z, out=z)
    z *= SPACING / np.sqrt(2 * np.pi) / sd[:, None]
    return z


def likelihood(theta: Floats, n: int) -> Floats:
    """Bin(x; n, θ) without its coefficient, over its maximum: (..., n + 1)."""
    x = np.arange(n + 1)
    log = x * theta[..., None] - n * np.logaddexp(0, theta)[..., None]
    best = special.xlogy(x, x / n) + special.xlogy(n - x, 1 - x / n)
    return np.exp(log - best)


def above(theta: Floats, threshold: float) -> Floats:
    """Weights, relative to the spacing, that integrate a smooth function from `threshold` on.

    The trapezoidal rule from the first node above, and the piece before it by the cubic through
    its four neighbours.
    """
    step = theta[1] - theta[0]
    first = int(np.searchsorted(theta, threshold))
    if first < 2 or first > len(theta) - 3:
        return (theta > threshold).astype(float)
    weights = np.where(np.arange(len(theta)) >= first, 1.0, 0.0)
    # Gregory's end correction of the trapezoidal rule.
    weights[first : first + 3] = [3 / 8, 7 / 6, 23 / 24]
    s = (theta[first] - threshold) / step
    near = np.arange(first - 2, first + 2)
    weights[near] += _piece(s)
    return weights


def _piece(s: float) -> Floats:
    """Weights on nodes −2, −1, 0, 1 for ∫ from −s to 0 of the cubic through them."""
    moments = np.array([-((-s) ** (k + 1)) / (k + 1) for k in range(4)])
    nodes = np.array([-2.0, -1.0, 0.0, 1.0])
    return np.linalg.solve(np.vander(nodes, 4, increasing=True).T, moments)
