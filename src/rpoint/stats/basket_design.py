"""Operating characteristics of a basket design, and its cutoff.

With few patients every outcome is enumerated, and the numbers are exact; else outcomes are drawn,
the same random numbers for every scenario.  Either way each outcome's posterior is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError, unknown_name
from rpoint.stats._basket_posterior import Posterior, posterior_of
from rpoint.stats._counts import Floats, check_between, check_counts
from rpoint.stats.basket import null_rates
from rpoint.stats.basket_models import Model, checked

MOST_OUTCOMES = 20_000  # enumerated up to here
ERRORS = ("basket", "family")


@dataclass(frozen=True)
class Outcomes:
    """Outcomes with their posteriors.

    Attributes
    ----------
    x
        All outcomes that there are (B, J).
    posterior
        Of each.
    """

    x: np.ndarray
    posterior: Posterior


def chances(outcomes: Outcomes, n: np.ndarray, rates: Floats) -> Floats:
    """Probability (B,) of each outcome at the true `rates` (J,)."""
    each = stats.binom.pmf(outcomes.x, n, rates)
    return each.prod(axis=1)


@dataclass(frozen=True)
class Characteristics:
    """What a design does in scenarios.

    Attributes
    ----------
    table
        One row a scenario and basket: scenario, basket, n, rate, null (rate ≤ p0), go
        (probability), mean (of the posterior mean), se_go (Monte-Carlo standard error, 0 if exact).
    family
        One row a scenario: scenario, any_wrong (probability of any "go" where the rate is ≤ p0),
        any_right, all_right.
    exact
        Whether outcomes were enumerated.
    """

    table: pd.DataFrame
    family: pd.DataFrame
    exact: bool

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "exact": self.exact, "baskets": self.table.to_dict("records"),
            "family": self.family.to_dict("records"),
        }  # fmt: skip

    def summary(self) -> str:
        """A line a scenario."""
        how = "exact" if self.exact else "simulated"
        lines = []
        for name, part in self.table.groupby("scenario", sort=False):
            gos = ", ".join(f"{r.rate:g}: {r.go:.3f}" for r in part.itertuples())
            lines.append(f"{name} ({how}): P(go) at rate {gos}")
        return "\n".join(lines)


def operating_characteristics(
    n: Any,
    scenarios: Any,
    *,
    p0: Any,
    model: str | Model = "exnex",
    cutoff: float = 0.95,
    draws: int = 4000,
    seed: int = 1,
) -> Characteristics:
    """Probability of "go" for each basket in each scenario.

    Parameters
    ----------
    n
        Patients in each basket, (J,).
    scenarios
        Mapping of names to true rates (J,), or rates (S, J).
    p0, model, cutoff
        As in `rpoint.stats.basket.basket`.
    draws, seed
        Of the simulation, used where more than 20,000 outcomes are possible.

    Raises
    ------
    RpointError
        For sizes, rates or a model that are not allowed.
    """
    size, null, chosen = _design(n, p0, model)
    named = _scenarios(scenarios, len(size))
    cutoff = check_between("cutoff", cutoff, 0, 1)
    solver = posterior_of(chosen, size, null)
    fixed = _enumerated(solver, size)
    uniform = None if fixed else _uniform(draws, seed, len(size))
    rows, family = [], []
    for name, rates in named.items():
        weight, found = _at(fixed, solver, size, rates, uniform)
        go = found.prob > cutoff
        part, whole = _row(name, size, rates, null, weight, go, found.mean, draws, fixed is None)
        rows += part
        family.append(whole)
    return Characteristics(pd.DataFrame(rows), pd.DataFrame(family), fixed is not None)


def _design(n: Any, p0: Any, model: str | Model) -> tuple[np.ndarray, Floats, Model]:
    size = np.atleast_1d(check_counts(0, n, where="patients in each basket")[1])
    null = null_rates(p0, len(size))
    return size, null, checked(model, null)


def _scenarios(scenarios: Any, baskets: int) -> dict[str, Floats]:
    if not isinstance(scenarios, dict):
        rows = np.atleast_2d(np.asarray(scenarios, dtype=float))
        scenarios = {f"scenario {i + 1}": row for i, row in enumerate(rows)}
    named = {str(k): np.asarray(v, dtype=float) for k, v in scenarios.items()}
    for name, rates in named.items():
        if rates.shape != (baskets,) or not np.all((rates >= 0) & (rates <= 1)):
            raise RpointError(
                "a scenario needs one rate from 0 to 1 a basket",
                where=name,
                found=f"{np.round(rates, 4).tolist()} for {baskets} baskets",
            )
    return named


def _uniform(draws: int, seed: int, baskets: int) -> Floats:
    if not 100 <= draws <= 1_000_000:
        raise RpointError("draws is out of its range", found=draws, allowed="100 to 1,000,000")
    return np.random.default_rng(seed).random((draws, baskets))


def _enumerated(solver: Any, n: np.ndarray) -> Outcomes | None:
    """Every outcome with its posterior, or None if they are too many."""
    if np.prod(n + 1.0) > MOST_OUTCOMES:
        return None
    grid = np.meshgrid(*(np.arange(k + 1) for k in n), indexing="ij")
    x = np.stack([axis.ravel() for axis in grid], axis=1)
    return Outcomes(x, _solve(solver, x))


def _solve(solver: Any, x: np.ndarray) -> Posterior:
    """Posteriors of the outcomes; where all baskets are alike, each set of counts once."""
    if np.ptp(solver.n) > 0 or np.ptp(solver.p0) > 0:
        return solver(x)
    order = np.argsort(x, axis=1, kind="stable")
    sets, which = np.unique(np.take_along_axis(x, order, axis=1), axis=0, return_inverse=True)
    found, back = solver(sets), np.argsort(order, axis=1)
    which = which.reshape(-1)
    return Posterior(
        np.take_along_axis(found.mean[which], back, axis=1),
        np.take_along_axis(found.prob[which], back, axis=1),
    )


def _at(
    fixed: Outcomes | None, solver: Any, n: np.ndarray, rates: Floats, uniform: Floats | None
) -> tuple[Floats, Posterior]:
    """Probabilities of outcomes at true rates, with the posteriors of those outcomes."""
    if fixed is not None:
        return chances(fixed, n, rates), fixed.posterior
    drawn = stats.binom.ppf(uniform, n, rates).astype(int)
    x, count = np.unique(drawn, axis=0, return_counts=True)
    return count / count.sum(), _solve(solver, x)


def _row(name, n, rates, null, weight, go, mean, draws, simulated) -> tuple[list, dict]:
    chance = weight @ go
    wrong = rates <= null + 1e-12
    error = np.sqrt(chance * (1 - chance) / draws) if simulated else np.zeros(len(n))
    rows = [
        {
            "scenario": name, "basket": j + 1, "n": int(n[j]), "rate": rates[j],
            "null": bool(wrong[j]), "go": chance[j], "mean": weight @ mean[:, j],
            "se_go": error[j],
        }
        for j in range(len(n))
    ]  # fmt: skip
    right = go[:, ~wrong]
    return rows, {
        "scenario": name, "any_wrong": float(weight @ go[:, wrong].any(axis=1)),
        "any_right": float(weight @ right.any(axis=1)),
        "all_right": float(weight @ right.all(axis=1)) if right.size else float("nan"),
    }  # fmt: skip


@dataclass(frozen=True)
class Cutoff:
    """A calibrated cutoff.

    Attributes
    ----------
    cutoff
        Smallest γ whose error is at most `alpha` when every rate is p0.
    error
        What it attains.
    alpha, kind
        What was asked.
    exact
        Whether outcomes were enumerated.
    """

    cutoff: float
    error: float
    alpha: float
    kind: str
    exact: bool


def calibrate(
    n: Any,
    *,
    p0: Any,
    model: str | Model = "exnex",
    alpha: float = 0.05,
    kind: Literal["basket", "family"] = "basket",
    draws: int = 4000,
    seed: int = 1,
) -> Cutoff:
    """The cutoff that keeps the type I error when no basket responds beyond p0.

    Parameters
    ----------
    n, p0, model, draws, seed
        As in `operating_characteristics`.
    alpha
        Largest error.
    kind
        "basket": of the worst basket; "family": of any basket.

    Notes
    -----
    The error in mixed scenarios, where some baskets respond, is larger with borrowing: look at
    `operating_characteristics`.
    """
    if kind not in ERRORS:
        raise unknown_name("kind of error", kind, ERRORS, where="kind")
    alpha = check_between("alpha", alpha, 0, 1)
    size, null, chosen = _design(n, p0, model)
    solver = posterior_of(chosen, size, null)
    fixed = _enumerated(solver, size)
    uniform = None if fixed else _uniform(draws, seed, len(size))
    weight, found = _at(fixed, solver, size, null, uniform)
    columns = found.prob.max(axis=1)[:, None] if kind == "family" else found.prob
    cut = max(_upper_point(column, weight, alpha) for column in columns.T)
    error = float(np.max(weight @ (columns > cut)))
    return Cutoff(cut, error, alpha, kind, fixed is not None)


def _upper_point(values: Floats, weight: Floats, alpha: float) -> float:
    """The smallest attained value that is exceeded with probability at most α."""
    order = np.argsort(values)[::-1]
    # Values that rounding alone tells apart are one value.
    steps = np.round(values[order], 9)
    exceeded = np.array([weight[order][steps > s].sum() for s in np.unique(steps)])
    return float(np.unique(steps)[exceeded <= alpha + 1e-12].min()) + 1e-9
