"""The binomial–normal model: x_ij ~ Bin(n_ij, p_ij), logit p_ij = x_ij'β + u_i, u_i ~ N(0, τ²).

The exact likelihood of counts, so that 0/n and n/n need no correction (Stijnen, Hamza & Özdemir
2010, doi:10.1002/sim.4040).  The integral over u_i is adaptive Gauss–Hermite quadrature about its
mode, seven points unless asked otherwise, as in metafor's `rma.glmm` and lme4's `glmer`; one point
is the Laplace approximation.  Covariances come from the curvature in β and τ together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from rpoint.errors import RpointError
from rpoint.stats._counts import Floats, check_counts
from rpoint.stats._maximise import Maximum, maximise
from rpoint.stats.random_effects import check_rank

POINTS = 7
LARGEST_SE = 40.0  # of a standardised coefficient: beyond it the estimate runs to infinity
NO_VARIANCE = 1e-4  # a τ below this at the maximum is 0: the likelihood is flat there


@dataclass(frozen=True)
class GlmmFit:
    """A fitted binomial–normal model.

    Attributes
    ----------
    coef, cov
        Coefficients on the logit scale (p,) and their covariance (p, p).
    tau2
        Variance between clusters on the logit scale.
    loglik
        Log-likelihood, binomial coefficients included.
    k
        Number of clusters.
    converged
        False where the maximum is not proper (for instance infinite); the numbers are then of no
        use.
    """

    coef: Floats
    cov: Floats
    tau2: float
    loglik: float
    k: int
    converged: bool

    @property
    def se(self) -> Floats:
        """Standard errors of the coefficients."""
        return np.sqrt(np.maximum(np.diag(self.cov), 0))


@lru_cache(maxsize=16)
def hermite(points: int) -> tuple[Floats, Floats]:
    """Nodes and log weights with the normal density and e^{t²/2} taken out."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    return nodes, np.log(weights) + nodes**2 / 2 - np.log(2 * np.pi) / 2


@dataclass(frozen=True)
class Likelihood:
    """The log-likelihood of (β, τ) for many parameter vectors at once.

    Attributes
    ----------
    x, n
        Counts (R,).
    design
        Linear predictor (R, p).
    member
        Which cluster a row belongs to, one-hot (R, C).
    points
        Quadrature nodes.
    """

    x: Floats
    n: Floats
    design: Floats
    member: Floats
    points: int = POINTS

    def __call__(self, theta: Floats) -> Floats:
        """Values (B,) at `theta` (B, p + 1): coefficients, then τ (its sign does not matter)."""
        fixed = theta[:, :-1] @ self.design.T
        return integrate(fixed, np.abs(theta[:, -1:]), self).sum(axis=-1) + self.constant

    @property
    def constant(self) -> float:
        """Sum of the logs of the binomial coefficients."""
        n, x = self.n, self.x
        return float(
            np.sum(special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1))
        )


def integrate(fixed: Floats, tau: Floats, data: Likelihood) -> Floats:
    """Log of each cluster's integral (..., C) for linear predictors (..., R) and τ (..., 1)."""
    mode, spread = peak(fixed, tau, data)
    nodes, weights = hermite(data.points)
    terms = [
        _joint(fixed, tau, mode + spread * t, data) + w for t, w in zip(nodes, weights, strict=True)
    ]
    return log_sum(np.stack(terms), axis=0) + np.log(spread)


def log_sum(values: Floats, axis: int) -> Floats:
    """log Σ e^values along an axis, for finite values (SciPy's also minds infinite ones)."""
    top = values.max(axis=axis)
    return top + np.log(np.exp(values - np.expand_dims(top, axis)).sum(axis=axis))


def _joint(fixed: Floats, tau: Floats, z: Floats, data: Likelihood) -> Floats:
    eta = fixed + tau * (z @ data.member.T)
    rows = data.x * eta - data.n * np.logaddexp(0, eta)
    return rows @ data.member - z**2 / 2


def peak(fixed: Floats, tau: Floats, data: Likelihood) -> tuple[Floats, Floats]:
    """Mode of z = u/τ in each cluster and the width of the peak there; the peak is concave."""
    z = np.zeros((*fixed.shape[:-1], data.member.shape[1]))
    for _ in range(100):
        p = special.expit(fixed + tau * (z @ data.member.T))
        slope = tau * ((data.x - data.n * p) @ data.member) - z
        bend = tau**2 * ((data.n * p * (1 - p)) @ data.member) + 1
        step = np.clip(slope / bend, -1.5, 1.5)
        z = z + step
        if np.abs(step).max() < 1e-11:
            break
    return z, 1 / np.sqrt(bend)


def fit_glmm(
    x: Any,
    n: Any,
    design: Any = None,
    *,
    cluster: Any = None,
    points: int = POINTS,
) -> GlmmFit:
    """Maximum-likelihood fit.

    Parameters
    ----------
    x, n
        Events and totals, (R,).
    design
        Columns of the linear predictor (R, p); left out, an intercept alone.
    cluster
        Names (R,) of the unit that shares a random effect; left out, each row is its own.
    points
        Quadrature nodes, 1–50.

    Raises
    ------
    RpointError
        For counts that are not allowed, no or only events, fewer than two clusters, columns that
        depend on each other.
    """
    likelihood = prepare(x, n, design, cluster=cluster, points=points)
    columns, shift, scale = standardised(likelihood.design)
    scaled = Likelihood(likelihood.x, likelihood.n, columns, likelihood.member, likelihood.points)
    top = climb(scaled, starting_point(scaled))
    coef, cov = unstandardised(top, shift, scale)
    tau = abs(float(top.point[-1]))
    return GlmmFit(
        coef, cov, 0.0 if tau < NO_VARIANCE else tau**2, top.value,
        likelihood.member.shape[1], is_proper(top),
    )  # fmt: skip


def prepare(
    x: Any, n: Any, design: Any = None, *, cluster: Any = None, points: int = POINTS
) -> Likelihood:
    """Checked data as a `Likelihood`; see `fit_glmm`."""
    events, totals = (np.atleast_1d(a).astype(float) for a in check_counts(x, n))
    columns = np.ones((len(events), 1)) if design is None else np.asarray(design, dtype=float)
    names = np.arange(len(events)) if cluster is None else np.asarray(cluster)
    codes = np.unique(names, return_inverse=True)[1]
    member = np.eye(int(codes.max()) + 1)[codes]
    if member.shape[1] < 2:
        raise RpointError(
            "a random-effects model needs at least two studies", found="1 study",
            mend="give an exact interval instead: rpoint proportion",
        )  # fmt: skip
    if events.sum() in (0, totals.sum()):
        raise RpointError(
            "the binomial model has no finite estimate",
            found="no event in any study" if events.sum() == 0 else "only events in every study",
            mend="give the exact interval of the summed counts (rpoint proportion)",
        )
    check_rank(columns)
    return Likelihood(events, totals, columns, member, points)


def is_proper(top: Maximum) -> bool:
    """Whether the maximum is finite: with separated counts the search stops on a slope instead."""
    spread = np.diag(np.linalg.pinv(-top.curvature))
    return top.converged and bool(np.all((spread >= 0) & (spread < LARGEST_SE**2)))


def standardised(design: Floats) -> tuple[Floats, Floats, Floats]:
    """Columns with mean 0 and spread 1 where they vary, with the shifts and scales applied.

    Without a constant column nothing is shifted.
    """
    varies = np.ptp(design, axis=0) > 0
    constant = bool((~varies).any())
    shift = np.where(varies & constant, design.mean(axis=0), 0.0)
    scale = np.where(varies, design.std(axis=0), 1.0)
    return (design - shift) / scale, shift, scale


def unstandardised(top: Maximum, shift: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Coefficients and covariance for the columns as they were given."""
    p = len(shift)
    back = np.diag(1 / scale)
    moved = np.flatnonzero(shift)
    if moved.size:
        constant = int(np.flatnonzero(shift == 0)[0])
        back[constant, moved] -= shift[moved] / scale[moved]
    cov = np.linalg.pinv(-top.curvature)[:p, :p]
    return back @ top.point[:p], back @ cov @ back.T


def starting_point(data: Likelihood) -> Floats:
    """Coefficients of the logistic regression without random effect, and τ = ½."""
    p = data.design.shape[1]
    rate = (data.x.sum() + 0.5) / (data.n.sum() + 1)
    target = np.full(len(data.x), special.logit(rate))
    coef = np.linalg.lstsq(data.design, target, rcond=None)[0]
    ridge = 1e-3 * np.eye(p)
    for _ in range(25):
        prob = special.expit(data.design @ coef)
        weight = data.n * prob * (1 - prob)
        information = data.design.T @ (weight[:, None] * data.design) + ridge
        slope = data.design.T @ (data.x - data.n * prob) - ridge @ coef
        coef = coef + np.clip(np.linalg.solve(information, slope), -2, 2)
    return np.append(coef, 0.5)


def climb(likelihood: Any, start: Floats) -> Maximum:
    """The maximum over (β, τ); where τ falls to 0 the maximum over β alone, τ held at 0."""
    free = maximise(likelihood, start)
    tau = abs(float(free.point[-1]))
    if tau >= NO_VARIANCE and free.converged:
        return free
    held = maximise(lambda b: likelihood(np.pad(b, ((0, 0), (0, 1)))), free.point[:-1])
    if tau >= NO_VARIANCE and free.value > held.value + 1e-9:
        return free
    curvature = np.pad(held.curvature, ((0, 1), (0, 1)))
    curvature[-1, -1] = -1.0  # τ is on its bound: it takes no part in the covariance
    return Maximum(np.append(held.point, 0.0), held.value, curvature, held.converged)
