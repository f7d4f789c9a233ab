"""MuSyC: synergy of potency, of efficacy and of cooperativity, from one fitted surface.

Sources: Meyer et al. 2019 (Cell Systems 8:97, doi:10.1016/j.cels.2018.12.003) and Wooten et al.
2021 (Nat Commun 12:4607, doi:10.1038/s41467-021-24789-z).

A cell is untreated (U), under drug 1 (A1), under drug 2 (A2) or under both (A12), with effects E0,
E1, E2, E3.  It moves between these states at the rates

    U  <-> A1    (d1 / C1)^h1                        and 1
    U  <-> A2    (d2 / C2)^h2                        and 1
    A1 <-> A12   (alpha12 d2 / C2)^(gamma12 h2)      and 1
    A2 <-> A12   (alpha21 d1 / C1)^(gamma21 h1)      and 1

and the effect is the mean over the stationary shares.  alpha12 > 1: drug 1 makes drug 2 more
potent; alpha21 the other way round; gamma: the same for the slopes; beta = (E3 - the stronger of
E1, E2) / (that - E0): how much further the two together go.

The original has the rates of leaving a state as parameters r1, r2; they are one here.  They matter
only where alpha and gamma break detailed balance, and little there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.stats._batched_fit import BatchFit, best_of, fit_batch
from rpoint.stats.hill import BEYOND, SLOPES, SOFT

NAMES = (
    "E0", "E1", "E2", "E3", "C1", "C2", "h1", "h2", "alpha12", "alpha21", "gamma12", "gamma21",
)  # fmt: skip
LOG = slice(4, 12)  # parameters that are fitted as logarithms
MAX_LOG_RATE = 200.0  # exp of three times this is still a number
ALPHAS = (1e-4, 1e4)
GAMMAS = (0.1, 10.0)
CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1), (-1, -1), (-1, 0), (0, -1), (2, 2))


@dataclass(frozen=True)
class MusycParameters:
    """The twelve parameters; effects grow with effect, doses in the units of the drugs.

    >>> MusycParameters(0, 0.8, 0.5, 0.9, 1, 1, 1, 1).beta
    0.12499999999999994
    """

    E0: float
    E1: float
    E2: float
    E3: float
    C1: float
    C2: float
    h1: float
    h2: float
    alpha12: float = 1.0
    alpha21: float = 1.0
    gamma12: float = 1.0
    gamma21: float = 1.0

    @property
    def beta(self) -> float:
        """How much further than the stronger drug the two together go, over that drug's effect."""
        return float(beta(self.vector()[None, :])[0])

    def vector(self) -> np.ndarray:
        """(12,) the parameters, from C1 on as natural logarithms."""
        values = np.array([getattr(self, name) for name in NAMES], float)
        values[LOG] = np.log(values[LOG])
        return values

    def effect(self, dose1, dose2) -> np.ndarray:
        """The effect at doses of the two drugs, any one shape."""
        one, two = np.broadcast_arrays(np.asarray(dose1, float), np.asarray(dose2, float))
        return surface(self.vector()[None, :], one.ravel(), two.ravel())[0].reshape(one.shape)


def surface(vectors: np.ndarray, dose1: np.ndarray, dose2: np.ndarray) -> np.ndarray:
    """(batch, cells) effects of (batch, 12) parameter vectors at (cells,) doses."""
    e0, e1, e2, e3, c1, c2, h1, h2, a12, a21, g12, g21 = (vectors[:, [k]] for k in range(12))
    with np.errstate(divide="ignore"):
        log1, log2 = np.log(dose1) - c1, np.log(dose2) - c2
    slope1, slope2 = np.exp(h1), np.exp(h2)
    x1, x2 = _rate(slope1 * log1), _rate(slope2 * log2)
    y1 = _rate(slope1 * np.exp(g21) * (log1 + a21))
    y2 = _rate(slope2 * np.exp(g12) * (log2 + a12))
    # Stationary shares by the matrix tree theorem on the ring U - A1 - A12 - A2.
    none = 2.0 + y1 + y2
    first = x1 * (2.0 + y1) + x2 * y1
    second = x2 * (2.0 + y2) + x1 * y2
    both = x2 * y1 * (1.0 + y2) + x1 * y2 * (1.0 + y1)
    return (e0 * none + e1 * first + e2 * second + e3 * both) / (none + first + second + both)


def _rate(log_rate: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(log_rate, MAX_LOG_RATE))


def beta(vectors: np.ndarray) -> np.ndarray:
    """(batch,) beta; NaN where no drug has an effect of its own."""
    stronger = np.maximum(vectors[:, 1], vectors[:, 2])
    reach = stronger - vectors[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(reach > 1e-9, (vectors[:, 3] - stronger) / reach, np.nan)


def without_interaction(vectors: np.ndarray) -> np.ndarray:
    """The same drugs with alpha = gamma = 1 and beta = 0."""
    plain = vectors.copy()
    plain[:, 3] = np.maximum(vectors[:, 1], vectors[:, 2])
    plain[:, 8:] = 0.0
    return plain


def fit_musyc(
    dose1: np.ndarray,
    dose2: np.ndarray,
    effects: np.ndarray,
    pair: np.ndarray,
    *,
    top: float = 1.0,
    gamma: bool = False,
    near: np.ndarray | None = None,
) -> BatchFit:
    """Fit surfaces to a batch of effects by robust least squares.

    Parameters
    ----------
    dose1, dose2
        (wells,) doses.
    effects
        (batch, wells).
    pair
        (7,) single curves from `hill.fit_pair`, from which the fits start.
    top
        The largest effect that the scale allows.
    gamma
        Fit gamma12 and gamma21 too; they are 1 otherwise (Meyer 2019).
    near
        (12,) a parameter vector to start from instead.

    Returns
    -------
    BatchFit
        Parameters (batch, 12).
    """
    observed = np.atleast_2d(effects)
    lower, upper = _limits(dose1, dose2, observed, top, gamma)
    starts = np.atleast_2d(near) if near is not None else _starts(dose1, dose2, observed, pair)
    fit = fit_batch(
        lambda p, rows: surface(p, dose1, dose2),
        np.tile(starts, (len(observed), 1)),
        np.repeat(observed, len(starts), axis=0),
        lower,
        upper,
        soft=SOFT,
    )
    return best_of(fit, len(starts))


def _limits(dose1, dose2, effects, top: float, gamma: bool) -> tuple[np.ndarray, np.ndarray]:
    low, high = float(effects.min()), float(effects.max())
    spans = [np.log([d[d > 0].min() / BEYOND, d.max() * BEYOND]) for d in (dose1, dose2)]
    turns = np.log(GAMMAS) if gamma else np.zeros(2)
    ends = [min(low, 0.0) - 0.25, max(top, high)]
    limits = [
        (low - 0.25, high + 0.05), ends, ends, ends, *spans,
        np.log(SLOPES), np.log(SLOPES), np.log(ALPHAS), np.log(ALPHAS), turns, turns,
    ]  # fmt: skip
    both = np.array(limits, float)
    return both[:, 0], both[:, 1]


def _starts(dose1, dose2, effects: np.ndarray, pair: np.ndarray) -> np.ndarray:
    e0, e1, e2, c1, c2, h1, h2 = pair
    corner = effects[:, (dose1 == dose1.max()) & (dose2 == dose2.max())]
    ends = [max(e1, e2)] + ([float(corner.mean())] if corner.size else [])
    step = np.log(6.0)
    return np.array(
        [
            [e0, e1, e2, end, c1, c2, h1, h2, step * a, step * b, 0.0, 0.0]
            for end in ends
            for a, b in CORNERS
        ]
    )


def at_limit(vector: np.ndarray, dose1, dose2, effects, top: float, gamma: bool) -> list[str]:
    """The names of the fitted parameters that ran into their limits."""
    lower, upper = _limits(dose1, dose2, np.atleast_2d(effects), top, gamma)
    free = upper > lower
    free[1:4] = False  # an effect at the end of the scale is a finding, not a failure
    hit = free & ((vector <= lower + 1e-6) | (vector >= upper - 1e-6))
    return [name for name, bad in zip(NAMES, hit) if bad]
