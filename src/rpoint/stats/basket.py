"""Response rates of a basket trial, with borrowing between baskets.

Every posterior is computed by quadrature or enumeration (`rpoint.stats._basket_posterior`): there
is no sampler, no seed and no Monte-Carlo error.  The models are in `rpoint.stats.basket_models`,
operating characteristics and the calibration of the cutoff in `rpoint.stats.basket_design`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import interpolate, optimize, special

from rpoint.errors import RpointError
from rpoint.stats._basket_grid import NARROW, density, likelihood
from rpoint.stats._basket_posterior import Exchangeability, Hierarchical, Separate, posterior_of
from rpoint.stats._counts import Floats, check_between, check_counts, check_level
from rpoint.stats.basket_models import Exnex, Model, checked
from rpoint.stats.meta import _names


@dataclass(frozen=True)
class Basket:
    """The posterior of every basket.

    Attributes
    ----------
    model
        With all its parameters.
    table
        One row a basket: basket, x, n, observed, mean (posterior), lo, hi (equal-tailed credible
        limits), prob (P(p > p0 | data)), p0, go (prob > cutoff); rates are fractions.
    cutoff
        γ of the verdict "go".
    level
        Of the credible limits.
    """

    model: Model
    table: pd.DataFrame
    cutoff: float
    level: float = 0.95

    @property
    def name(self) -> str:
        """Name of the model."""
        short = type(self.model).__name__
        return short.upper() if short in ("Bhm", "Exnex", "Mem") else short.lower()

    def summary(self) -> str:
        """A line a basket."""
        head = f"{self.name}, go if P(p > p0) > {self.cutoff:g}"
        lines = [
            f"{r.basket}: {r.x}/{r.n}, posterior mean {100 * r.mean:.1f} % "
            f"({100 * r.lo:.1f}–{100 * r.hi:.1f}), P(p > {r.p0:g}) = {r.prob:.3f}"
            f"{', go' if r.go else ''}"
            for r in self.table.itertuples()
        ]
        return "\n".join([head, *lines])

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "model": {"name": self.name} | asdict(self.model), "cutoff": self.cutoff,
            "level": self.level, "baskets": self.table.to_dict("records"),
        }  # fmt: skip

    def __str__(self) -> str:
        return self.summary()


def basket(
    x: Any,
    n: Any,
    *,
    p0: Any,
    model: str | Model = "exnex",
    names: Any = None,
    cutoff: float = 0.95,
    level: float = 0.95,
) -> Basket:
    """Analyse a basket trial.

    Parameters
    ----------
    x, n
        Responders and patients, (J,).
    p0
        Null response rate, a number or one a basket, 0–1.
    model
        "bhm", "exnex", "mem", "independent", "beta", or one of the classes of
        `rpoint.stats.basket_models` with its own parameters.
    names
        Of the baskets (J,).
    cutoff
        "go" if P(p > p0 | data) is above it; see `rpoint.stats.basket_design.calibrate`.
    level
        Of the credible limits.

    Raises
    ------
    RpointError
        For counts, rates or a model that are not allowed.

    >>> found = basket([8, 0, 1, 1, 6, 2], [19, 10, 26, 8, 14, 7], p0=0.15, model="bhm")
    >>> [round(float(p), 3) for p in found.table["prob"]]
    [0.992, 0.188, 0.1, 0.463, 0.981, 0.758]
    """
    events, totals = (np.atleast_1d(a) for a in check_counts(x, n))
    null = null_rates(p0, len(events))
    chosen = checked(model, null)
    solver = posterior_of(chosen, totals, null)
    found = solver(events[None])
    lo, hi = _limits(solver, chosen, events, check_level(level))
    cutoff = check_between("cutoff", cutoff, 0, 1)
    table = pd.DataFrame(
        {
            "basket": _names(names, len(events)), "x": events, "n": totals,
            "observed": events / totals, "mean": found.mean[0], "lo": lo, "hi": hi,
            "prob": found.prob[0], "p0": null, "go": found.prob[0] > cutoff,
        }
    )  # fmt: skip
    return Basket(chosen, table, cutoff, float(level))


def null_rates(p0: Any, baskets: int) -> Floats:
    """p0 as one rate a basket.

    Raises
    ------
    RpointError
        If it is not one number or one a basket, or not strictly between 0 and 1.
    """
    given = np.atleast_1d(np.asarray(p0, dtype=float))
    if given.shape not in ((1,), (baskets,)):
        raise RpointError(
            "p0 is one rate, or one a basket", found=f"{given.size} for {baskets} baskets"
        )
    for value in given:
        check_between("p0", value, 0, 1)
    return np.broadcast_to(given, (baskets,)).copy()


Solver = Hierarchical | Exchangeability | Separate


def _limits(solver: Solver, model: Model, x: np.ndarray, level: float) -> tuple[Floats, Floats]:
    """Equal-tailed credible limits of each basket (J,)."""
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if isinstance(solver, Separate):
        a, b = solver.model.shape1 + x, solver.model.shape2 + solver.n - x
        return special.betaincinv(a, b, tails[0]), special.betaincinv(a, b, tails[1])
    if isinstance(solver, Exchangeability):
        found = _mixture_quantiles(solver, x, tails)
    else:
        normals = solver.normals
        broad = density(normals.theta, normals.mean, np.maximum(normals.sd, NARROW))
        found = np.array([
            _grid_quantiles(solver, model, x, j, tails, broad) for j in range(len(x))
        ])  # fmt: skip
    return found[:, 0], found[:, 1]


def _mixture_quantiles(solver: Exchangeability, x: np.ndarray, tails: Floats) -> Floats:
    a, b = solver.shapes(x)
    out = np.empty((len(x), 2))
    for j, weight in enumerate(solver.set_weights(x)):
        for k, tail in enumerate(tails):
            out[j, k] = optimize.brentq(
                lambda p, w=weight, t=tail: float(w @ special.betainc(a, b, p)) - t, 0, 1
            )
    return out


def _grid_quantiles(
    solver: Hierarchical, model: Model, x: np.ndarray, j: int, tails: Floats, broad: Floats
) -> Floats:
    """Quantiles of p_j from its posterior density on the grid of θ; `broad`: the normals there."""
    normals = solver.normals
    # The weight of a node without basket j's own likelihood, which the density brings back.
    share = solver.weights(x[None])[:, 0] / solver.tables[j].value[:, x[j]]
    prior = share @ broad
    if isinstance(model, Exnex):
        centre, sd = np.array([special.logit(model.nex_rate)]), np.array([model.nex_sd])
        alone = share.sum() * density(normals.theta, centre, sd)[0]
        prior = model.weight * prior + (1 - model.weight) * alone
    mass = prior * likelihood(normals.theta, int(solver.n[j]))[:, x[j]]
    slope = np.gradient(mass)
    cumulated = np.concatenate([[0], np.cumsum((mass[1:] + mass[:-1]) / 2)])
    cumulated -= (slope - slope[0]) / 12  # end correction of the trapezoidal rule
    share_below = cumulated / cumulated[-1]
    inner = (share_below > 1e-9) & (share_below < 1 - 1e-9)
    at = interpolate.PchipInterpolator(share_below[inner], normals.theta[inner])
    return special.expit(at(tails))
