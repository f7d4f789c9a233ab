"""A covariate known from counts: the joint likelihood of outcome and covariate.

Study i of source s has x_i of n_i events with logit p_i = β0 + β1 f(a_s) + adjust + τ z_i, and a_s
was counted as y_s of m_s.  Two models of the true a_s:

structural
    logit a_s ~ N(μ, σ²) over the sources, μ and σ estimated with the rest:
    L = ∏_s ∫ Bin(y_s; m_s, a) N(t; μ, σ²) ∏_{i in s} [∫ Bin(x_i; n_i, p_i(a, z)) φ(z) dz] dt,
    t = logit a.
    It takes away the dilution of a slope on an error-prone covariate (Carroll et al. 2006,
    Measurement Error in Nonlinear Models, chapter 8) and widens its interval.
beta
    a_s ~ Beta(y_s + ½, m_s − y_s + ½) by itself, as if the counts of one source said nothing of the
    others.  It widens the interval; it does not take away the dilution, since the estimate of each
    a_s is not drawn towards the others (a Berkson error).

The outer integral is the trapezoidal rule in logit a, exponentially convergent for these densities;
the inner one is adaptive Gauss–Hermite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import special

from rpoint.errors import RpointError, unknown_name
from rpoint.stats import glmm
from rpoint.stats._counts import Floats
from rpoint.stats._maximise import Maximum, maximise

ErrorModel = Literal["structural", "beta"]
ERROR_MODELS: tuple[ErrorModel, ...] = get_args(ErrorModel)

FIRST_NODES, MOST_NODES = 31, 496  # of the outer integral; doubled until they are enough
ENOUGH = 1e-6  # change of the log-likelihood with twice as many nodes
TAIL = 1e-7  # of the Beta distribution, left out at either side
REACH = 8.0  # half the range of the nodes, in widths of the peak
LOG_ROOT = np.log(2 * np.pi) / 2


@dataclass(frozen=True)
class Sources:
    """The covariate's populations.

    Attributes
    ----------
    y, m
        Counts (S,).
    logit
        Nodes of the outer integral (G, S), equally spaced in logit a.
    member
        Which source a row belongs to, one-hot (R, S).
    structural
        Whether the a_s share a distribution.
    pilot
        (μ, log σ) of the covariate alone; empty without a shared distribution.
    """

    y: Floats
    m: Floats
    logit: Floats
    member: Floats
    structural: bool
    pilot: Floats

    def log_weights(self, shared: Floats) -> Floats:
        """Log weights (B, G, S) of the nodes for `shared` (B, 2): μ, log σ; (B, 0) for beta."""
        t = self.logit
        count = self.y * t - self.m * np.logaddexp(0, t)
        if not self.structural:
            density = count + (t - 2 * np.logaddexp(0, t)) / 2
            return (density - glmm.log_sum(density, axis=0))[None]
        mean, log_sd = shared[:, 0, None, None], shared[:, 1, None, None]
        z = (t - mean) * np.exp(-log_sd)
        return count + self._constant() - z**2 / 2 - log_sd - LOG_ROOT

    def _constant(self) -> Floats:
        m, y = self.m, self.y
        chosen = special.gammaln(m + 1) - special.gammaln(y + 1) - special.gammaln(m - y + 1)
        return chosen + np.log(self.logit[1] - self.logit[0])

    def alone(self) -> Maximum | None:
        """The maximum of the covariate's own likelihood over (μ, log σ)."""
        if not self.structural:
            return None
        return maximise(
            lambda s: glmm.log_sum(self.log_weights(s), axis=1).sum(axis=-1), self.pilot
        )


@dataclass(frozen=True)
class JointLikelihood:
    """Log-likelihood of (β, shared, τ) for many parameter vectors at once.

    Attributes
    ----------
    rows
        Counts and the columns beside the covariate: constant first, then adjusting ones.
    line
        Standardised f(a) at the nodes of each row's source (G, R).
    sources
        Weights of the nodes.
    """

    rows: glmm.Likelihood
    line: Floats
    sources: Sources

    def __call__(self, theta: Floats) -> Floats:
        """Values (B,) at `theta`: intercept, slope, adjusting coefficients, μ, log σ, τ."""
        p = self.rows.design.shape[1] + 1
        beside = np.delete(theta[:, :p], 1, axis=1) @ self.rows.design.T
        fixed = beside[:, None, :] + theta[:, 1, None, None] * self.line
        tau = np.abs(theta[:, -1])[:, None, None]
        inner = glmm.integrate(fixed, tau, self.rows) @ self.sources.member
        outer = glmm.log_sum(inner + self.sources.log_weights(theta[:, p:-1]), axis=1)
        return outer.sum(axis=-1) + self.rows.constant


def fit_with_error(
    x: Any,
    n: Any,
    y: Any,
    m: Any,
    *,
    source: Any = None,
    transform: Callable[[Floats], Floats] = np.asarray,
    adjust: Floats | None = None,
    model: ErrorModel = "structural",
    nodes: int | None = None,
    points: int = glmm.POINTS,
) -> glmm.GlmmFit:
    """Maximum-likelihood fit of the joint model.

    Parameters
    ----------
    x, n
        Counts of the outcome, (R,).
    y, m
        Counts of the covariate, (R,).
    source
        Names (R,) of what the covariate was counted in; rows of one source have one y of m.
    transform
        f.
    adjust
        Further columns, (R, q).
    model
        "structural" or "beta", see the module.
    nodes, points
        Of the outer quadrature (left out, as many as it takes) and of the inner one.

    Returns
    -------
    GlmmFit
        Coefficients: intercept, slope, adjusting ones.  The log-likelihood is that of the outcome
        given the covariate's counts (less the maximum of the covariate's own), so that it compares
        with a fit without the covariate.

    Raises
    ------
    RpointError
        If rows of one source have different counts, or the data allow no estimate.
    """
    if model not in ERROR_MODELS:
        raise unknown_name("error model", model, ERROR_MODELS, where="error")
    x, n, y, m = (np.atleast_1d(np.asarray(a, dtype=float)) for a in (x, n, y, m))
    rest = np.zeros((len(x), 0)) if adjust is None else np.asarray(adjust, dtype=float)
    central = transform((y + 0.5) / (m + 1))
    whole = glmm.prepare(x, n, np.column_stack([np.ones(len(x)), central, rest]), points=points)
    columns, shift, scale = glmm.standardised(whole.design)
    rows = glmm.Likelihood(x, n, np.delete(columns, 1, axis=1), whole.member, points)

    def joint(count: int) -> JointLikelihood:
        sources = make_sources(y, m, source, model, count)
        line = transform(special.expit(sources.logit)) @ sources.member.T
        return JointLikelihood(rows, (line - shift[1]) / scale[1], sources)

    start = glmm.starting_point(glmm.Likelihood(x, n, columns, whole.member, points))
    top, alone = _resolved(joint, start, nodes)
    coef, cov = glmm.unstandardised(top, shift, scale)
    tau = abs(float(top.point[-1]))
    tau2 = 0.0 if tau < glmm.NO_VARIANCE else tau**2
    return glmm.GlmmFit(coef, cov, tau2, top.value - alone, len(x), glmm.is_proper(top))


def _resolved(
    joint: Callable[[int], JointLikelihood], start: Floats, nodes: int | None
) -> tuple[Maximum, float]:
    """The maximum with enough nodes, and that of the covariate's own likelihood."""
    count = nodes or FIRST_NODES
    likelihood = joint(count)
    top = glmm.climb(likelihood, np.concatenate([start[:-1], likelihood.sources.pilot, start[-1:]]))
    while nodes is None and count < MOST_NODES:
        count *= 2
        finer = joint(count)
        if abs(float(finer(top.point[None])[0]) - top.value) < ENOUGH:
            break
        likelihood = finer
        top = glmm.climb(finer, np.append(top.point[:-1], max(0.2, abs(top.point[-1]))))
    alone = likelihood.sources.alone()
    return top, alone.value if alone else 0.0


def make_sources(y: Floats, m: Floats, source: Any, model: ErrorModel, nodes: int) -> Sources:
    """The populations behind the covariate, each with the nodes of its integral."""
    names = np.arange(len(y)) if source is None else np.asarray(source)
    kinds, first, codes = np.unique(names, return_index=True, return_inverse=True)
    _refuse_two_counts(names, first, codes, y, m)
    member, y, m = np.eye(len(kinds))[codes], y[first], m[first]
    if model == "beta":
        return Sources(y, m, beta_range(y, m, nodes), member, False, np.zeros(0))
    if len(kinds) < 3:
        raise RpointError(
            "the distribution of the covariate needs at least three sources",
            found=f"{len(kinds)} sources",
            mend="use error='beta', or give the covariate as if known",
        )
    pilot, logit = _structural_range(y, m, nodes)
    return Sources(y, m, logit, member, True, pilot)


def beta_range(y: Floats, m: Floats, nodes: int) -> Floats:
    """Equally spaced logits (G, S) that hold all but `TAIL` of Beta(y + ½, m − y + ½)."""
    p, q = y + 0.5, m - y + 0.5
    low = special.logit(special.betaincinv(p, q, TAIL))
    high = -special.logit(special.betaincinv(q, p, TAIL))
    return np.linspace(low, high, nodes)


def _structural_range(y: Floats, m: Floats, nodes: int) -> tuple[Floats, Floats]:
    """(μ, log σ) of the covariate alone, and nodes about the mode of each source's logit."""
    alone = glmm.fit_glmm(y, m)
    if alone.tau2 == 0 or not alone.converged:
        raise RpointError(
            "the covariate does not differ between its sources beyond chance",
            mend="use error='beta'; a slope on it is hardly to be had",
        )
    sd = float(np.sqrt(alone.tau2))
    data = glmm.prepare(y, m)
    mode, spread = glmm.peak(np.full((1, len(y)), alone.coef[0]), np.full((1, 1), sd), data)
    centre, reach = alone.coef[0] + sd * mode[0], REACH * sd * spread[0]
    pilot = np.array([alone.coef[0], np.log(sd)])
    return pilot, np.linspace(centre - reach, centre + reach, nodes)


def _refuse_two_counts(names: Any, first: Any, codes: Any, y: Floats, m: Floats) -> None:
    differs = (y != y[first][codes]) | (m != m[first][codes])
    if differs.any():
        i = int(np.flatnonzero(differs)[0])
        j = int(first[codes[i]])
        raise RpointError(
            "one source has two different counts of the covariate",
            where=f"entries {j + 1} and {i + 1}",
            found=f"{names[i]}: {y[j]:g} of {m[j]:g} and {y[i]:g} of {m[i]:g}",
            mend="give the same counts, or name the sources apart",
        )
