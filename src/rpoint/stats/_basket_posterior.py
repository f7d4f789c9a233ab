"""Posteriors of every basket for many outcomes at once, by table look-up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from rpoint.errors import RpointError
from rpoint.stats._basket_grid import REACH, SPACING, Integrals, Normals
from rpoint.stats._counts import Floats
from rpoint.stats.basket_models import Beta, Bhm, Exnex, Independent, Mem, Model

TAU_NODES = 24
MU_REACH = 5.0  # prior standard deviations of μ on either side
LARGEST_STEP = 0.1  # of μ: P(p > p0) is then good to about 10⁻⁵
CHUNK = 400  # outcomes at a time
MOST_MEM = 6


@dataclass(frozen=True)
class Posterior:
    """Means and P(p > p0) of outcomes, each (B, J)."""

    mean: Floats
    prob: Floats


class Hierarchical:
    """BHM, EXNEX and independent normals: a mixture over the nodes of (μ, τ).

    Parameters
    ----------
    model, n, p0
        The checked model, sizes (J,) and null rates (J,).
    """

    def __init__(self, model: Bhm | Exnex | Independent, n: np.ndarray, p0: Floats) -> None:
        self.n, self.p0 = n, p0
        self.normals, self.log_prior = _nodes(model, n)
        self.tables = [self._table(model, int(k), float(p)) for k, p in zip(n, p0, strict=True)]

    def _table(self, model: Model, n: int, p0: float) -> Integrals:
        shared = self.normals.integrals(n, p0)
        if not isinstance(model, Exnex):
            return shared
        return shared.mixed(_alone(model, self.normals).integrals(n, p0), model.weight)

    def __call__(self, x: np.ndarray) -> Posterior:
        """Posteriors of the outcomes `x` (B, J)."""
        parts = [self._some(x[i : i + CHUNK]) for i in range(0, len(x), CHUNK)]
        return Posterior(
            np.concatenate([p.mean for p in parts]), np.concatenate([p.prob for p in parts])
        )

    def weights(self, x: np.ndarray) -> Floats:
        """Posterior weights of the nodes (M, B)."""
        log = self.log_prior[:, None] + sum(
            np.log(t.value[:, x[:, j]]) for j, t in enumerate(self.tables)
        )
        log -= log.max(axis=0)
        w = np.exp(log)
        return w / w.sum(axis=0)

    def _some(self, x: np.ndarray) -> Posterior:
        w = self.weights(x)
        mean, prob = np.empty(x.shape), np.empty(x.shape)
        for j, table in enumerate(self.tables):
            share = w / table.value[:, x[:, j]]
            mean[:, j] = (share * table.mean[:, x[:, j]]).sum(axis=0)
            prob[:, j] = (share * table.tail[:, x[:, j]]).sum(axis=0)
        return Posterior(mean, np.clip(prob, 0, 1))


def _nodes(model: Bhm | Exnex | Independent, n: np.ndarray) -> tuple[Normals, Floats]:
    """Normals at the nodes of (μ, τ) and the log of their prior weights."""
    centre = float(special.logit(model.rate))
    if isinstance(model, Independent):
        theta = _theta(centre, model.rate_sd)
        return Normals(np.array([centre]), np.array([model.rate_sd]), theta), np.zeros(1)
    # No narrower peak of μ than that of all patients together at p = ½; and fine enough for the
    # jump of 1[p > p0] that small τ leave in μ.
    peak = 1 / np.sqrt(n.sum() / 4 + 1 / model.rate_sd**2)
    step = min(0.05 * model.rate_sd, LARGEST_STEP, peak)
    reach = MU_REACH * model.rate_sd
    mu = centre + np.linspace(-reach, reach, 2 * int(np.ceil(reach / step)) + 1)
    nodes, weights = np.polynomial.legendre.leggauss(TAU_NODES)
    tau = model.tau_sd * 2.5 * (nodes + 1)  # 0 to 5 scales: all but 6·10⁻⁷ of the half-normal
    log_tau = np.log(weights) - (tau / model.tau_sd) ** 2 / 2
    log_mu = -(((mu - centre) / model.rate_sd) ** 2) / 2
    means, sds = np.meshgrid(mu, tau, indexing="ij")
    spread = float(np.hypot(model.rate_sd, 2 * model.tau_sd))
    if isinstance(model, Exnex):
        away = abs(centre - float(special.logit(model.nex_rate)))
        spread = max(spread, model.nex_sd + away / REACH)
    normals = Normals(means.ravel(), sds.ravel(), _theta(centre, spread))
    return normals, (log_mu[:, None] + log_tau).ravel()


def _alone(model: Exnex, shared: Normals) -> Normals:
    centre = np.array([float(special.logit(model.nex_rate))])
    return Normals(centre, np.array([model.nex_sd]), shared.theta)


def _theta(centre: float, spread: float) -> Floats:
    half = int(np.ceil(REACH * spread / SPACING))
    return centre + SPACING * np.arange(-half, half + 1, dtype=float)


class Exchangeability:
    """MEM: all symmetric patterns of exchangeable pairs.

    The weight of a pattern is a product over the baskets, each factor a function of the set of
    partners of one basket; so 2^(J−1) terms a basket serve 2^(J(J−1)/2) patterns.
    """

    def __init__(self, model: Mem, n: np.ndarray, p0: Floats) -> None:
        j = len(n)
        if j > MOST_MEM:
            raise RpointError(
                "MEM enumerates every pattern of pairs", found=f"{j} baskets",
                allowed=f"at most {MOST_MEM}", mend="use 'exnex' for more",
            )  # fmt: skip
        self.model, self.n, self.p0 = model, n, p0
        pairs = list(combinations(range(j), 2))
        bits = (np.arange(2 ** len(pairs))[:, None] >> np.arange(len(pairs))) & 1
        self.partners = np.tile(1 << np.arange(j), (len(bits), 1))  # the basket itself is in
        for column, (a, b) in enumerate(pairs):
            self.partners[:, a] |= bits[:, column] << b
            self.partners[:, b] |= bits[:, column] << a
        joined = bits.sum(axis=1)
        self.log_prior = special.xlogy(joined, model.prior) + special.xlogy(
            len(pairs) - joined, 1 - model.prior
        )
        self.sets = ((np.arange(2**j)[:, None] >> np.arange(j)) & 1).astype(float)

    def __call__(self, x: np.ndarray) -> Posterior:
        """Posteriors of the outcomes `x` (B, J)."""
        mean, prob = np.empty(x.shape), np.empty(x.shape)
        for i, row in enumerate(x):
            mean[i], prob[i] = self._one(row)
        return Posterior(mean, prob)

    def _one(self, x: np.ndarray) -> tuple[Floats, Floats]:
        a, b = self.shapes(x)
        weight = self.set_weights(x)
        mean = weight @ (a / (a + b))
        return mean, (weight * special.betaincc(a, b, self.p0[:, None])).sum(axis=1)

    def shapes(self, x: np.ndarray) -> tuple[Floats, Floats]:
        """Beta parameters of a basket with each set of partners (2^J,)."""
        return (
            self.model.shape1 + self.sets @ x,
            self.model.shape2 + self.sets @ (self.n - x),
        )

    def set_weights(self, x: np.ndarray) -> Floats:
        """Posterior probability of each set of partners of each basket (J, 2^J)."""
        each = special.betaln(self.model.shape1 + x, self.model.shape2 + self.n - x)
        none = special.betaln(self.model.shape1, self.model.shape2)
        term = special.betaln(*self.shapes(x)) - none + (1 - self.sets) @ (each - none)
        log = self.log_prior + term[self.partners].sum(axis=1)
        w = np.exp(log - log.max())
        w /= w.sum()
        size = len(self.sets)
        return np.array(
            [np.bincount(self.partners[:, j], weights=w, minlength=size) for j in range(len(x))]
        )


class Separate:
    """A Beta distribution per basket."""

    def __init__(self, model: Beta, n: np.ndarray, p0: Floats) -> None:
        self.model, self.n, self.p0 = model, n, p0

    def __call__(self, x: np.ndarray) -> Posterior:
        """Posteriors of the outcomes `x` (B, J)."""
        a, b = self.model.shape1 + x, self.model.shape2 + self.n - x
        return Posterior(a / (a + b), special.betaincc(a, b, self.p0))


def posterior_of(
    model: Model, n: np.ndarray, p0: Floats
) -> Hierarchical | Exchangeability | Separate:
    """The solver of a model; it is called with outcomes (B, J)."""
    if isinstance(model, Mem):
        return Exchangeability(model, n, p0)
    if isinstance(model, Beta):
        return Separate(model, n, p0)
    assert isinstance(model, Bhm | Exnex | Independent)
    return Hierarchical(model, n, p0)
