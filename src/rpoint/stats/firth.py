"""Logistic regression by Firth's penalised likelihood: finite where the usual one is not.

log L*(β) = log L(β) + ½ log det I(β), the Jeffreys prior, takes away the first-order bias and
keeps every estimate finite under separation.  Intervals and p are of the profile penalised
likelihood.  Sources: Firth 1993 (doi:10.1093/biomet/80.1.27); Heinze & Schemper 2002
(doi:10.1002/sim.1047), whose R package `logistf` is the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from rpoint.errors import RpointError
from rpoint.stats._counts import Floats, check_counts, check_level
from rpoint.stats.random_effects import check_rank

ROUNDS, TOLERANCE = 200, 1e-11
FAR = 60.0  # on the logit scale: a limit beyond is infinite


@dataclass(frozen=True)
class Firth:
    """A fitted model.

    Attributes
    ----------
    names
        Of the coefficients, "intercept" first.
    coef, se, lo, hi, p
        Penalised estimates on the logit scale, standard errors, profile limits, p of the penalised
        likelihood-ratio test; each (p,).
    loglik
        Penalised log-likelihood.
    level
        Of the limits.
    """

    names: tuple[str, ...]
    coef: Floats
    se: Floats
    lo: Floats
    hi: Floats
    p: Floats
    loglik: float
    level: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient, odds ratios included."""
        values = {"estimate": self.coef, "se": self.se, "lo": self.lo, "hi": self.hi, "p": self.p}
        table = pd.DataFrame({"name": self.names, **values})
        for name in ("estimate", "lo", "hi"):
            table[f"odds_ratio_{name}" if name != "estimate" else "odds_ratio"] = np.exp(
                table[name]
            )
        return table

    def summary(self) -> str:
        """An odds ratio a line, the intercept left out."""
        rows = self.to_frame().iloc[1:].itertuples()
        return "\n".join(
            f"{r.name}: odds ratio {r.odds_ratio:.3g} ({100 * self.level:g} % profile interval "
            f"{r.odds_ratio_lo:.3g} to {r.odds_ratio_hi:.3g}), p = {r.p:.2g}, Firth"
            for r in rows
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "coefficients": self.to_frame().to_dict("records"), "loglik": self.loglik,
            "level": self.level,
        }  # fmt: skip

    def __str__(self) -> str:
        return self.summary()


@dataclass(frozen=True)
class _Data:
    x: Floats
    n: Floats
    design: Floats

    def value(self, beta: Floats) -> float:
        eta = self.design @ beta
        like = self.x @ eta - self.n @ np.logaddexp(0, eta)
        return float(like + np.linalg.slogdet(self.information(beta))[1] / 2)

    def information(self, beta: Floats) -> Floats:
        prob = special.expit(self.design @ beta)
        return self.design.T @ ((self.n * prob * (1 - prob))[:, None] * self.design)

    def score(self, beta: Floats) -> Floats:
        """Firth's modified score."""
        prob = special.expit(self.design @ beta)
        weight = self.n * prob * (1 - prob)
        inverse = np.linalg.pinv(self.information(beta))
        hat = weight * np.einsum("ij,jk,ik->i", self.design, inverse, self.design)
        return self.design.T @ (self.x - self.n * prob + hat * (0.5 - prob))


def firth(
    x: Any, n: Any = 1, design: Any = None, *, names: Any = None, level: float = 0.95
) -> Firth:
    """Fit the model.

    Parameters
    ----------
    x, n
        Events and totals of each row, (R,); with n = 1 rows are patients.
    design
        Covariates (R, q) or (R,), without the constant; a DataFrame gives the names.
    names
        Of the covariates.
    level
        Of the profile limits.

    Raises
    ------
    RpointError
        For counts that are not allowed, or covariates that depend on each other.
    """
    data, labels = logistic_data(x, n, design, names)
    beta, value = _climb(data, np.zeros(data.design.shape[1]), free=None)
    cov = np.linalg.inv(data.information(beta))
    se = np.sqrt(np.diag(cov))
    drop = stats.chi2.ppf(check_level(level), 1) / 2
    rows = [_profile(data, j, beta, value, se[j], drop) for j in range(len(beta))]
    lo, hi, p = (np.array(column) for column in zip(*rows, strict=True))
    return Firth(labels, beta, se, lo, hi, p, value, level)


def logistic_data(x: Any, n: Any, design: Any, names: Any) -> tuple[_Data, tuple[str, ...]]:
    """Checked rows with the constant in front, and the names of the columns."""
    events, totals = (np.atleast_1d(a).astype(float) for a in check_counts(x, n))
    if design is None:
        raise RpointError("a logistic regression needs a covariate", where="design")
    if names is None and isinstance(design, pd.DataFrame):
        names = design.columns
    columns = np.asarray(design, dtype=float)
    columns = columns.reshape(len(columns), -1)
    if len(columns) != len(events):
        raise RpointError(
            "there are not as many rows of covariates as of counts",
            found=f"{len(columns)} and {len(events)}",
        )
    whole = np.column_stack([np.ones(len(events)), columns])
    check_rank(whole)
    labels = [f"x{i + 1}" for i in range(columns.shape[1])] if names is None else list(names)
    return _Data(events, totals, whole), ("intercept", *map(str, labels))


def _climb(data: _Data, start: Floats, free: np.ndarray | None) -> tuple[Floats, float]:
    """Maximum over the coefficients marked `free` (all without)."""
    beta, value = start.copy(), data.value(start)
    chosen = np.arange(len(beta)) if free is None else np.flatnonzero(free)
    if not len(chosen):
        return beta, value
    for _ in range(ROUNDS):
        information = data.information(beta)[np.ix_(chosen, chosen)]
        step = np.linalg.lstsq(information, data.score(beta)[chosen], rcond=None)[0]
        step *= min(1.0, 5 / max(1e-300, float(np.abs(step).max())))
        size = 1.0
        while size > 1e-8:
            tried = beta.copy()
            tried[chosen] += size * step
            new = data.value(tried)
            if new >= value - 1e-12:
                break
            size /= 2
        beta, value = tried, new
        if np.abs(size * step).max() < TOLERANCE:
            break
    return beta, value


def _profile(
    data: _Data, j: int, beta: Floats, value: float, se: float, drop: float
) -> tuple[float, float, float]:
    """Profile limits of coefficient j and p of β_j = 0."""
    free = np.arange(len(beta)) != j

    def below(at: float) -> float:
        start = beta.copy()
        start[j] = at
        return value - _climb(data, start, free)[1]

    limits = []
    for sign in (-1, 1):
        reach = 2 * se
        while below(beta[j] + sign * reach) < drop and reach < FAR:
            reach *= 1.7
        if reach >= FAR:
            limits.append(sign * np.inf)
            continue
        limits.append(
            float(
                optimize.brentq(
                    lambda t: below(t) - drop, beta[j], beta[j] + sign * reach, xtol=1e-10
                )
            )
        )
    p = float(stats.chi2.sf(max(0.0, 2 * below(0.0)), 1))
    return limits[0], limits[1], p
