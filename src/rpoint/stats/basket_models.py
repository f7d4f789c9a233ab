"""Bayesian models of response rates in baskets: what is borrowed, and under which prior.

θ_j = logit p_j, x_j ~ Bin(n_j, p_j).

`Bhm`
    θ_j ~ N(μ, τ²), μ ~ N(logit rate, rate_sd²), τ ~ half-normal(tau_sd).  Berry et al. 2013
    (doi:10.1177/1740774513497539), with the half-normal that is recommended in place of their
    inverse gamma, to which the result is sensitive.
`Exnex`
    θ_j ~ w N(μ, τ²) + (1 − w) N(logit nex_rate, nex_sd²).  Neuenschwander et al. 2016
    (doi:10.1002/pst.1730), with one exchangeable component.
`Mem`
    Every pair of baskets is exchangeable or not; all symmetric patterns are enumerated, weighted by
    prior and marginal likelihood as in the R package `basket` (Hobbs & Landin 2018,
    doi:10.1002/sim.7893).  p_j has a Beta(shape1, shape2) prior.  At most six baskets.
`Independent`, `Beta`
    Nothing is borrowed: a normal on the logit or a Beta distribution per basket.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from rpoint.errors import RpointError, unknown_name
from rpoint.stats._counts import check_between


@dataclass(frozen=True)
class Bhm:
    """Hierarchical model; `rate` left out is p0 (its mean over the baskets)."""

    rate: float | None = None
    rate_sd: float = 2.0
    tau_sd: float = 1.0


@dataclass(frozen=True)
class Exnex:
    """Exchangeable with probability `weight`, else by itself."""

    rate: float | None = None
    rate_sd: float = 2.0
    tau_sd: float = 1.0
    weight: float = 0.5
    nex_rate: float | None = None
    nex_sd: float = 2.0


@dataclass(frozen=True)
class Mem:
    """Multi-source exchangeability; `prior` is that of a pair being exchangeable."""

    shape1: float = 0.5
    shape2: float = 0.5
    prior: float = 0.5


@dataclass(frozen=True)
class Independent:
    """θ_j ~ N(logit rate, rate_sd²), each by itself."""

    rate: float | None = None
    rate_sd: float = 2.0


@dataclass(frozen=True)
class Beta:
    """p_j ~ Beta(shape1, shape2), each by itself; ½, ½ is Jeffreys'."""

    shape1: float = 0.5
    shape2: float = 0.5


Model = Bhm | Exnex | Mem | Independent | Beta
MODELS: dict[str, type[Model]] = {
    "bhm": Bhm, "exnex": Exnex, "mem": Mem, "independent": Independent, "beta": Beta,
}  # fmt: skip

# Bounds of the parameters; beyond a standard deviation of 5 a prior of θ puts p at 0 and 1.
_BOUNDS = {
    "rate": (0, 1), "nex_rate": (0, 1), "weight": (0, 1), "prior": (0, 1),
    "rate_sd": (0, 5), "nex_sd": (0, 5), "tau_sd": (0, 5), "shape1": (0, 1e3), "shape2": (0, 1e3),
}  # fmt: skip


def checked(model: str | Model, p0: np.ndarray) -> Model:
    """A model by name or as it is, with its defaults filled in.

    Raises
    ------
    RpointError
        For an unknown name or a parameter out of its bounds.
    """
    if isinstance(model, str):
        if model.lower() not in MODELS:
            raise unknown_name("basket model", model, MODELS, where="model")
        model = MODELS[model.lower()]()
    if not isinstance(model, tuple(MODELS.values())):
        raise RpointError("this is no basket model", found=repr(model), allowed=", ".join(MODELS))
    values: dict[str, Any] = {f.name: getattr(model, f.name) for f in fields(model)}
    for name in ("rate", "nex_rate"):
        if name in values and values[name] is None:
            values[name] = float(np.mean(p0))
    for name, value in values.items():
        low, high = _BOUNDS[name]
        if name in ("weight", "prior") and value in (0, 1):
            continue
        values[name] = check_between(name, value, low, high if high < 5 else high + 1e-9)
    return type(model)(**values)
