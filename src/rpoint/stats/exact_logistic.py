"""Exact conditional logistic regression for small tables.

The distribution of one sufficient statistic given the others, all of it enumerated: the conditional
maximum-likelihood estimate with its exact interval and p, and the median unbiased estimate, which
stands in where the former is infinite (Hirji, Tsiatis & Mehta 1989, doi:10.2307/2531482; Mehta &
Patel 1995, doi:10.1002/sim.4780141908).  Covariates must be whole numbers, such as 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special

from rpoint.errors import RpointError
from rpoint.stats._counts import Floats, check_level
from rpoint.stats.firth import logistic_data

MOST_STATES = 200_000
FAR = 80.0


@dataclass(frozen=True)
class ExactCoefficient:
    """One coefficient by its exact conditional distribution.

    Attributes
    ----------
    name
        Of the covariate.
    estimate
        Conditional maximum likelihood, or the median unbiased estimate where that is infinite
        (`median_unbiased` is then True).
    conditional_mle
        As it is, infinite or not.
    lo, hi
        Exact limits: each tail has half the error probability.
    p
        Two-sided: values no more likely than the one seen.
    level
        Of the limits.
    """

    name: str
    estimate: float
    median_unbiased: bool
    conditional_mle: float
    lo: float
    hi: float
    p: float
    level: float = 0.95

    def summary(self) -> str:
        """The odds ratio on one line."""
        kind = "median unbiased" if self.median_unbiased else "conditional maximum likelihood"
        ratio, lo, hi = (float(np.exp(v)) for v in (self.estimate, self.lo, self.hi))
        return (
            f"{self.name}: odds ratio {ratio:.3g} ({kind}; exact {100 * self.level:g} % interval "
            f"{lo:.3g} to {hi:.3g}), p = {self.p:.2g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the odds ratio included."""
        ratio = {"odds_ratio": np.exp(self.estimate)}
        return self.__dict__ | ratio | {
            "odds_ratio_lo": np.exp(self.lo), "odds_ratio_hi": np.exp(self.hi),
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame([self.to_dict()])


def exact_logistic(
    x: Any, n: Any = 1, design: Any = None, *, names: Any = None, level: float = 0.95
) -> tuple[ExactCoefficient, ...]:
    """Every covariate by its exact distribution, given the statistics of all other columns.

    Parameters
    ----------
    x, n
        Events and totals of each row, (R,).
    design
        Whole-numbered covariates (R, q) or (R,), without the constant.
    names, level
        Of the covariates; of the limits.

    Raises
    ------
    RpointError
        For covariates that are not whole numbers, or tables with too many possible outcomes.
    """
    data, labels = logistic_data(x, n, design, names)
    check_level(level)
    if np.any(data.design != np.round(data.design)):
        raise RpointError(
            "exact logistic regression needs whole-numbered covariates",
            mend="use firth() for measured ones",
        )
    states = _states(data.x, data.n, data.design.astype(np.int64))
    seen = (data.design.T @ data.x).astype(np.int64)
    return tuple(_coefficient(labels[j], j, seen, states, level) for j in range(1, len(seen)))


def _states(x: Floats, n: Floats, design: np.ndarray) -> dict[tuple[int, ...], float]:
    """Log number of outcomes for every value of the sufficient statistics, by row after row."""
    states: dict[tuple[int, ...], float] = {(0,) * design.shape[1]: 0.0}
    total = int(x.sum())
    for row, size in zip(design, n.astype(int), strict=True):
        ways = [_log_choose(size, k) for k in range(size + 1)]
        grown: dict[tuple[int, ...], list[float]] = {}
        for state, log in states.items():
            for k in range(min(size, total - state[0]) + 1):
                key = tuple(a + k * int(b) for a, b in zip(state, row, strict=True))
                grown.setdefault(key, []).append(log + ways[k])
        states = {key: float(special.logsumexp(logs)) for key, logs in grown.items()}
        if len(states) > MOST_STATES:
            raise RpointError(
                "the table has too many possible outcomes to enumerate",
                found=f"more than {MOST_STATES}",
                mend="use firth()",
            )
    return states


def _log_choose(n: int, k: int) -> float:
    return float(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def _coefficient(
    name: str, j: int, seen: np.ndarray, states: dict[tuple[int, ...], float], level: float
) -> ExactCoefficient:
    others = [i for i in range(len(seen)) if i != j]
    fits = {
        state[j]: log for state, log in states.items() if all(state[i] == seen[i] for i in others)
    }
    values = np.array(sorted(fits))
    log = np.array([fits[v] for v in values])
    here = int(seen[j])

    def tail(beta: float, upper: bool, share: float = 1.0) -> float:
        """P(T ≥ t) or P(T ≤ t), the point itself counted `share` times."""
        chance = special.softmax(log + beta * (values - here))
        beyond = values > here if upper else values < here
        return float(chance[beyond].sum() + share * chance[values == here].sum())

    half = (1 - level) / 2
    lowest, highest = here == values[0], here == values[-1]
    lo = -np.inf if lowest else _root(lambda b: tail(b, True) - half)
    hi = np.inf if highest else _root(lambda b: half - tail(b, False))
    chance = special.softmax(log)
    p = float(chance[chance <= chance[values == here][0] * (1 + 1e-7)].sum())
    mle = _mle(values, log, here)
    unbiased = _unbiased(tail, lowest, highest)
    infinite = not np.isfinite(mle)
    return ExactCoefficient(
        name, unbiased if infinite else mle, infinite, mle, lo, hi, min(1.0, p), level
    )


def _mle(values: np.ndarray, log: Floats, here: int) -> float:
    """Where the expected statistic is the one seen."""
    if len(values) == 1:
        return float("nan")
    if here == values[0]:
        return -np.inf
    if here == values[-1]:
        return np.inf
    return _root(lambda b: float(special.softmax(log + b * (values - here)) @ values) - here)


def _unbiased(tail: Callable[..., float], lowest: bool, highest: bool) -> float:
    """The β of which the observed statistic is the median; at an edge its one-sided form."""
    if lowest and highest:
        return float("nan")
    if highest:
        return _root(lambda b: tail(b, True) - 0.5)
    if lowest:
        return _root(lambda b: 0.5 - tail(b, False))
    return _root(lambda b: tail(b, True, 0.5) - 0.5)


def _root(rising: Callable[[float], float]) -> float:
    return float(optimize.brentq(rising, -FAR, FAR, xtol=1e-12, rtol=1e-14))
