"""Newton's method for a partial likelihood, and the profile likelihood of one coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from rpoint.stats.cox_likelihood import Likelihood, Value
from rpoint.stats.survival_data import Floats, Integers

MAX_ITERATIONS = 60
DECREMENT = 1e-18  # of the log likelihood: far below what rounding leaves
FAR = 200.0  # standardised coefficients beyond this are infinite


@dataclass(frozen=True)
class Optimum:
    """Where Newton's method ended.

    Attributes
    ----------
    beta
        (p,) coefficients.
    value
        Log likelihood with its derivatives there.
    converged
        Whether the next step would change nothing that can be seen.
    """

    beta: Floats
    value: Value
    converged: bool


def maximise(likelihood: Likelihood, start: Floats, free: Integers | None = None) -> Optimum:
    """Maximise over the coefficients `free` (all without it), the others held at `start`."""
    beta = start.copy()
    chosen = np.arange(len(beta)) if free is None else free
    value = likelihood(beta)
    if not len(chosen):
        return Optimum(beta, value, True)
    floor = 1e-15 * (abs(value.loglik) + 1.0)
    for _ in range(MAX_ITERATIONS):
        step = _step(value, chosen)
        gain = float(value.score[chosen] @ step)
        if gain <= max(DECREMENT, 1e-3 * floor):
            return _polished(likelihood, beta, value, chosen, step)
        moved, better = _line(likelihood, beta, value, chosen, step, floor)
        if moved is None:  # rounding hides any further gain
            return Optimum(beta, value, gain <= 1e3 * floor)
        beta, value = moved, better
        if np.abs(beta).max() > FAR:
            break
    return Optimum(beta, value, False)


def _polished(
    likelihood: Likelihood, beta: Floats, value: Value, free: Integers, step: Floats
) -> Optimum:
    """The last step: too short to show in the likelihood, but not in the coefficients."""
    moved = beta.copy()
    moved[free] += step
    found = likelihood(moved)
    better = np.abs(found.score[free]).max() <= np.abs(value.score[free]).max()
    return Optimum(moved, found, True) if better else Optimum(beta, value, True)


def _step(value: Value, free: Integers) -> Floats:
    information = value.information[np.ix_(free, free)]
    try:
        return np.linalg.solve(information, value.score[free])
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(information, value.score[free], rcond=None)[0]


def _line(
    likelihood: Likelihood, beta: Floats, value: Value, free: Integers, step: Floats, floor: float
) -> tuple[Floats | None, Value]:
    """The step, halved until the log likelihood does not fall (beyond rounding)."""
    size = min(1.0, 10.0 / max(float(np.abs(step).max()), 1e-300))
    for _ in range(30):
        moved = beta.copy()
        moved[free] += size * step
        found = likelihood(moved)
        if np.isfinite(found.loglik) and found.loglik >= value.loglik - 10.0 * floor:
            return moved, found
        size *= 0.5
    return None, value


def profile_limit(
    likelihood: Likelihood, best: Floats, loglik: float, which: int, drop: float, towards: float
) -> float:
    """The value of one coefficient at which the profile log likelihood has fallen by `drop`.

    Parameters
    ----------
    likelihood
        Of standardised coefficients.
    best
        (p,) where the maximum is (a finite point far out if it is at infinity).
    loglik
        The maximum.
    which
        Index of the coefficient.
    towards
        First distance to look at, with its sign.

    Returns
    -------
    float
        Infinite, with the sign of `towards`, where the profile never falls that far.
    """
    others = np.delete(np.arange(len(best)), which)
    state = {"beta": best}

    def excess(at: float) -> float:
        start = state["beta"].copy()
        start[which] = at
        found = maximise(likelihood, start, others)
        state["beta"] = found.beta
        return loglik - found.value.loglik - drop

    inner, outer = float(best[which]), float(best[which]) + towards
    while excess(outer) < 0:
        if abs(outer) > FAR:
            return float(np.copysign(np.inf, towards))
        inner, outer = outer, outer + 1.6 * (outer - float(best[which]))
    return float(optimize.brentq(excess, inner, outer, xtol=1e-12, rtol=1e-13))
