"""The normal–normal random-effects model, with or without covariates.

y_i ~ N(x_i'β + u_i, v_i), u_i ~ N(0, τ²), with known v_i.  τ² by DerSimonian–Laird, restricted or
full maximum likelihood, or Paule–Mandel; the interval of β by the normal or, after Hartung & Knapp
(2001, doi:10.1002/sim.791), by the t distribution; the interval of τ² by the Q profile
(Viechtbauer 2007, doi:10.1002/sim.2514).  PyMARE offers part of this; it lacks the binomial GLMM
and the Q profile and would bring its own dependencies, so the few equations are here and are
checked against metafor's numbers.  Not here: multilevel models, robust variances, publication bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import optimize, stats

from rpoint.errors import RpointError, unknown_name
from rpoint.stats._counts import Floats, check_level

Tau2Method = Literal["REML", "DL", "PM", "ML", "FE"]
TAU2_METHODS: tuple[Tau2Method, ...] = get_args(Tau2Method)


@dataclass(frozen=True)
class MixedFit:
    """A fitted random-effects model.

    Attributes
    ----------
    coef, cov
        Coefficients (p,) and their covariance (p, p).
    tau2, tau2_lo, tau2_hi
        Variance between studies and its Q-profile interval; the upper end is infinite where the
        profile never falls low enough.
    q, q_df, q_p
        Cochran's Q of the residuals about the fixed-effect fit, its degrees of freedom and p.
    i2
        100 · τ²/(τ² + typical sampling variance), percent.
    df
        Degrees of freedom of the t distribution of the intervals; None for the normal.
    method
        Of τ².
    k
        Number of studies.
    """

    coef: Floats
    cov: Floats
    tau2: float
    tau2_lo: float
    tau2_hi: float
    q: float
    q_df: int
    q_p: float
    i2: float
    df: int | None
    method: Tau2Method
    k: int

    @property
    def se(self) -> Floats:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.cov))

    def quantile(self, level: float) -> float:
        """Two-sided quantile of the intervals."""
        upper = (1 + check_level(level)) / 2
        return float(stats.norm.ppf(upper) if self.df is None else stats.t.ppf(upper, self.df))


@dataclass(frozen=True)
class _Data:
    y: Floats
    v: Floats
    x: Floats

    @property
    def spare(self) -> int:
        return len(self.y) - self.x.shape[1]

    def projection(self, tau2: float) -> Floats:
        """W − W X (X'WX)⁻¹ X'W with W = diag 1/(v + τ²)."""
        w = 1 / (self.v + tau2)
        wx = w[:, None] * self.x
        return np.diag(w) - wx @ np.linalg.solve(self.x.T @ wx, wx.T)

    def q(self, tau2: float) -> float:
        """Generalised Q at τ²."""
        return float(self.y @ self.projection(tau2) @ self.y)


def fit_mixed(
    y: Any,
    v: Any,
    design: Any = None,
    *,
    method: Tau2Method = "REML",
    hartung_knapp: bool = False,
    level: float = 0.95,
) -> MixedFit:
    """Fit the model.

    Parameters
    ----------
    y, v
        Effects and their sampling variances, (k,).
    design
        Columns of the linear predictor (k, p); left out, an intercept alone.
    method
        "REML", "DL", "PM", "ML" or "FE" (τ² = 0: a common effect).
    hartung_knapp
        Scale the covariance by the weighted residual variance and use t with k − p degrees of
        freedom.
    level
        Of the interval of τ².

    Raises
    ------
    RpointError
        For too few studies, a variance that is not positive, or columns that depend on each other.
    """
    if method not in TAU2_METHODS:
        raise unknown_name("method", method, TAU2_METHODS, where="method")
    data = _checked(y, v, design)
    tau2 = _ESTIMATORS[method](data)
    w = 1 / (data.v + tau2)
    cov = np.linalg.inv(data.x.T @ (w[:, None] * data.x)).astype(np.float64)
    coef = cov @ (data.x.T @ (w * data.y))
    if hartung_knapp:
        cov = cov * data.q(tau2) / data.spare
    lo, hi = (0.0, 0.0) if method == "FE" else q_profile(data, level)
    q = data.q(0.0)
    return MixedFit(
        coef=coef, cov=cov, tau2=tau2, tau2_lo=lo, tau2_hi=hi,
        q=q, q_df=data.spare, q_p=float(stats.chi2.sf(q, data.spare)),
        i2=_i2(data, tau2, method), df=data.spare if hartung_knapp else None,
        method=method, k=len(data.y),
    )  # fmt: skip


def _checked(y: Any, v: Any, design: Any) -> _Data:
    effects, variances = (np.asarray(a, dtype=float) for a in (y, v))
    x = np.ones((len(effects), 1)) if design is None else np.asarray(design, dtype=float)
    if len(effects) < x.shape[1] + 1:
        raise RpointError(
            "too few studies for this model",
            found=f"{len(effects)} studies for {x.shape[1]} coefficients",
            allowed=f"at least {x.shape[1] + 1}",
        )
    wrong = np.flatnonzero(~(np.isfinite(effects) & np.isfinite(variances) & (variances > 0)))
    if wrong.size:
        i = int(wrong[0])
        raise RpointError(
            "an effect has no positive, finite variance",
            where=f"entry {i + 1}",
            found=f"effect {effects[i]:g}, variance {variances[i]:g}",
            allowed="a finite effect and a variance greater than 0",
        )
    check_rank(x)
    return _Data(effects, variances, x)


def check_rank(x: Floats) -> None:
    """Refuse columns of a design that are not finite or not independent."""
    scale = np.where(np.ptp(x, axis=0) > 0, np.std(x, axis=0), 1.0) if len(x) else 1.0
    if not np.all(np.isfinite(x)) or np.linalg.matrix_rank(x / scale) < x.shape[1]:
        raise RpointError(
            "the covariates cannot be told apart",
            found="a covariate that is the same in every study, or a mixture of the others",
            mend="leave it out, or add studies in which it differs",
        )


def _i2(data: _Data, tau2: float, method: str) -> float:
    typical = data.spare / float(np.trace(data.projection(0.0)))
    if method == "FE":
        q = data.q(0.0)
        return 100 * max(0.0, (q - data.spare) / q) if q > 0 else 0.0
    return 100 * tau2 / (tau2 + typical)


def _dersimonian_laird(data: _Data) -> float:
    p = data.projection(0.0)
    return max(0.0, (float(data.y @ p @ data.y) - data.spare) / float(np.trace(p)))


def _paule_mandel(data: _Data) -> float:
    return _where_q_is(data, data.spare)


def _where_q_is(data: _Data, target: float) -> float:
    """The τ² at which the generalised Q, which falls with τ², equals `target`; 0 if below it."""
    if data.q(0.0) <= target:
        return 0.0
    top = float(np.ptp(data.y) ** 2 + data.v.max())
    while data.q(top) > target:
        top *= 4
        if top > 1e12:
            return float("inf")
    return float(optimize.brentq(lambda t: data.q(t) - target, 0.0, top, xtol=1e-14, rtol=1e-14))


def q_profile(data: _Data, level: float) -> tuple[float, float]:
    """Interval of τ²: where Q(τ²) is at the two quantiles of χ² with k − p degrees of freedom."""
    tail = (1 - check_level(level)) / 2
    lo, hi = (_where_q_is(data, float(stats.chi2.ppf(u, data.spare))) for u in (1 - tail, tail))
    return lo, hi


def _likelihood(restricted: bool) -> Callable[[_Data], float]:
    def log_likelihood(data: _Data, tau2: float) -> float:
        total = data.v + tau2
        value = -np.log(total).sum() / 2 - data.q(tau2) / 2
        if restricted:
            value -= np.linalg.slogdet(data.x.T @ (data.x / total[:, None]))[1] / 2
        return float(value)

    def score(data: _Data, tau2: float) -> float:
        p = data.projection(tau2)
        py = p @ data.y
        trace = np.trace(p) if restricted else (1 / (data.v + tau2)).sum()
        return float(py @ py - trace)

    def estimate(data: _Data) -> float:
        return _best_root(data, log_likelihood, score)

    return estimate


def _best_root(data: _Data, value: Callable, score: Callable) -> float:
    """The τ² of the highest likelihood: every sign change of the score on a fine grid, and 0."""
    top = 10 * float(np.ptp(data.y) ** 2 + data.v.max())
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, 120)])
    slopes = np.array([score(data, t) for t in grid])
    candidates = [0.0]
    for i in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        candidates.append(
            optimize.brentq(lambda t: score(data, t), grid[i], grid[i + 1], xtol=1e-14, rtol=1e-13)
        )
    return float(max(candidates, key=lambda t: value(data, t)))


_ESTIMATORS: dict[str, Callable[[_Data], float]] = {
    "REML": _likelihood(restricted=True),
    "ML": _likelihood(restricted=False),
    "DL": _dersimonian_laird,
    "PM": _paule_mandel,
    "FE": lambda data: 0.0,
}
