"""Batched statistics of sorted trials: log-rank, Cox with one treatment, Kaplan–Meier medians.

With a single 0/1 covariate the partial likelihood depends on the numbers at risk alone: the
denominator of an event is a + b θ, θ = e^β, with a = n0 − f d0 and b = n1 − f d1 (f = l / d,
Efron), so that one Newton step is a handful of array operations.  See `rpoint.stats.logrank`,
`cox` and `kaplan_meier` for the same statistics of one trial.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rpoint.stats.batched_counts import Counts, Sorted, pick
from rpoint.stats.km_limits import CROSSING, Transform, limits
from rpoint.stats.survival_data import Flags, Floats, Integers

MAX_ITERATIONS = 50
OK, NO_EVENTS, ONE_ARM, MONOTONE, NOT_CONVERGED, BAD_INPUT, NO_INFORMATION = range(7)


class LogRankValues(NamedTuple):
    """(T,) events seen and expected in the treated arm, variance, χ²."""

    observed: Floats
    expected: Floats
    variance: Floats
    statistic: Floats


def logrank_values(c: Counts) -> LogRankValues:
    """The log-rank test of each trial; χ² is 0 where there is nothing to compare."""
    n = np.maximum(c.risk, 1.0)
    share = c.risk_treated / n
    spread = share * (1.0 - share) * (n - c.tied) / np.maximum(n - 1.0, 1.0)
    observed = c.treated.sum(axis=1)
    expected = share.sum(axis=1)
    variance = (spread * c.event).sum(axis=1)
    positive = variance > 0
    statistic = np.where(
        positive, (observed - expected) ** 2 / np.where(positive, variance, 1.0), 0.0
    )
    return LogRankValues(observed, expected, variance, statistic)


class CoxValues(NamedTuple):
    """(T,) log hazard ratio, standard error, log likelihoods, status."""

    coef: Floats
    std_error: Floats
    loglik_null: Floats
    loglik: Floats
    status: Integers


def cox_values(c: Counts) -> CoxValues:
    """The Cox model of each trial by Newton's method, each until its own convergence."""
    fraction = np.where(c.tied > 0, c.rank / np.maximum(c.tied, 1.0), 0.0)
    a = (c.risk - c.risk_treated) - fraction * (c.tied - c.tied_treated)
    b = c.risk_treated - fraction * c.tied_treated
    a = np.where(c.event > 0, a, 1.0)  # no event: the term log(1 + 0 θ) is 0
    observed = c.treated.sum(axis=1)
    beta, status = _start(c)
    information = np.full(len(beta), np.nan)
    active = np.flatnonzero(status == OK)
    work: tuple[Floats, ...] = (a[active], b[active], observed[active])
    for _ in range(MAX_ITERATIONS):
        if not len(active):
            break
        step, found = _newton(work[0], work[1], work[2], beta[active])
        information[active] = found
        beta[active] += step
        going = ~(step**2 * found < 1e-20)
        active = active[going]
        if not going.all():
            work = tuple(part[going] for part in work)
    status[active] = NOT_CONVERGED
    null = -np.log(a + b).sum(axis=1)
    loglik = observed * beta - np.log(a + b * np.exp(beta)[:, None]).sum(axis=1)
    unknown = status != OK
    infinite = status == MONOTONE
    loglik = np.where(unknown, np.where(infinite, _limit(c, a, b), null), loglik)
    coef = np.where(infinite, np.copysign(np.inf, beta), np.where(unknown, np.nan, beta))
    std_error = np.where(unknown, np.nan, 1.0 / np.sqrt(information))
    return CoxValues(coef, std_error, null, loglik, status)


def _newton(a: Floats, b: Floats, observed: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """One Newton step, at most 2 long, and the information where it starts."""
    mean = b * np.exp(beta)[:, None]
    rest = a + mean
    mean /= rest
    score = observed - mean.sum(axis=1)
    np.subtract(1.0, mean, out=rest)
    rest *= mean
    information = rest.sum(axis=1)
    return np.clip(score / information, -2.0, 2.0), information


def _start(c: Counts) -> tuple[Floats, Integers]:
    """Coefficients to start from, and trials that have no finite maximum.

    A 0/1 covariate has an infinite coefficient exactly when no untreated event has a treated
    patient in its risk set (+∞), or no treated event has an untreated one (−∞).
    """
    untreated = c.event - c.treated
    against_plus = (untreated * (c.risk_treated > 0)).sum(axis=1)
    against_minus = (c.treated * (c.risk > c.risk_treated)).sum(axis=1)
    status = np.full(len(untreated), OK, dtype=np.int64)
    beta = np.zeros(len(untreated))
    status[(against_plus == 0) | (against_minus == 0)] = MONOTONE
    beta[against_plus == 0], beta[against_minus == 0] = 1.0, -1.0
    status[(against_plus == 0) & (against_minus == 0)] = NO_INFORMATION
    return beta, status


def _limit(c: Counts, a: Floats, b: Floats) -> Floats:
    """The log likelihood at the infinite end: each denominator reduced to its largest arm."""
    plus = ((c.event - c.treated) * (c.risk_treated > 0)).sum(axis=1) == 0
    top = np.where(plus[:, None], b, a)
    other = np.where(plus[:, None], a, b)
    term = np.where(c.event > 0, np.where(top > 0, top, other), 1.0)
    return -np.log(np.where(term > 0, term, 1.0)).sum(axis=1)


class MedianValues(NamedTuple):
    """(T,) medians and their limits; NaN where not reached."""

    median: Floats
    lo: Floats
    hi: Floats


def median_values(
    trials: Sorted, member: Flags, level: float, transform: Transform
) -> MedianValues:
    """Kaplan–Meier medians of the patients `member` of each trial, with their limits."""
    risk = np.cumsum(member[:, ::-1], axis=1)[:, ::-1].astype(float)
    dying = trials.event & member
    # Within ties events stand before the censored: 1 − 1/n, then 1 − 1/(n − 1), ... is 1 − d/n.
    running: Integers = np.cumsum(dying, axis=1) - dying
    ahead = running - pick(running, trials.first)  # events of the arm at the same time, before it
    n = np.where(dying, pick(risk, trials.first) - ahead, 2.0)
    survival = np.cumprod(np.where(dying, (n - 1.0) / n, 1.0), axis=1, dtype=np.float64)
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(np.where(dying, 1.0 / (n * (n - 1.0)), 0.0), axis=1)
    final = trials.present
    if trials.last is not None:
        final = final & (trials.last == np.arange(survival.shape[1]))
    lower, upper = limits(survival, greenwood, level, transform)
    return MedianValues(
        _cross(trials.time, survival, final),
        _cross(trials.time, lower, final),
        _cross(trials.time, upper, final),
    )


def _cross(time: Floats, curve: Floats, final: Flags) -> Floats:
    """Where each falling curve is first at or below ½; the middle of a flat stretch at ½."""
    half = 0.5
    known = final & np.isfinite(curve)
    low = known & (curve < half + CROSSING)
    below = known & (curve < half - CROSSING)
    first, next_ = np.argmax(low, axis=1), np.argmax(below, axis=1)
    rows = np.arange(len(time))
    start = time[rows, first]
    flat = (curve[rows, first] > half - CROSSING) & below[rows, next_]
    found = np.where(flat, (start + time[rows, next_]) / 2.0, start)
    return np.where(low[rows, first], found, np.nan)
