"""Starting points of the chains: linearised randomised maximum likelihood around a few optima.

In units in which the prior is a standard normal, every draw has a point z0 of the prior and an
error e of the whitened data, and minimises the linearised

    1/2 |r + J (z - z*) - e|^2 + 1/2 |z - z0|^2 + 1/2 sum w max(0, m + M (z - z*))^2

around an optimum z*, r the residuals and m the margins of the demands there. For a linear model
without demands these are independent draws of the posterior, wide in what the data leave open and
narrow in what they fix. The model is not linear: a draw is pulled back along the line to its
optimum to the length at which its density is best among a few, and the sampler takes over.

Reference: Oliver, He & Reynolds 1996, 5th European Conference on the Mathematics of Oil Recovery.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Points z (n, d) -> residuals (n, T) and margins (n, k).
Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

#: Step of the finite differences: wide, because a population of bistable cells steps from plateau
#: to plateau, and a short difference sees the step or nothing.
STEP = 0.1
EDGE = 3.5
#: Lengths along the line from the optimum to a draw, the longest first.
LENGTHS = (1.0, 0.7, 0.5, 0.3, 0.2, 0.12, 0.07)
#: Log density below the optimum's that a spread draw may have: what sampling 75 dimensions costs
#: (half of 75) less the part that the data leave free.
DROP = 25.0


@dataclass(frozen=True)
class Optimum:
    """A point with its linear model.

    Attributes
    ----------
    z : ndarray (d,)
    residuals, margins : ndarray (T,), (k,)
    j_residuals, j_margins : ndarray (T, d), (k, d)
    """

    z: np.ndarray
    residuals: np.ndarray
    margins: np.ndarray
    j_residuals: np.ndarray
    j_margins: np.ndarray


def linearise(evaluate: Evaluate, z: np.ndarray, step: float = STEP) -> Optimum:
    """Finite differences at a point, towards the middle of the prior; costs d + 1 evaluations."""
    sign = np.where(z > 0, -step, step)
    r, m = evaluate(np.concatenate([z[None], z + np.diag(sign)]))
    j_r = np.nan_to_num((r[1:] - r[0]) / sign[:, None]).T
    j_m = np.nan_to_num((m[1:] - m[0]) / sign[:, None]).T
    return Optimum(z, r[0], m[0], j_r, j_m)


def draw(optimum: Optimum, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One draw of the linearised posterior, shape (d,)."""
    j_r, j_m = optimum.j_residuals, optimum.j_margins
    error = rng.standard_normal(len(j_r))
    prior = rng.standard_normal(len(optimum.z)) - optimum.z
    hessian = j_r.T @ j_r + np.eye(len(optimum.z))
    slope = j_r.T @ (optimum.residuals - error) - prior
    step = np.zeros_like(optimum.z)
    for k in range(20):  # which demands are missed is found by iteration
        active = weight * (optimum.margins + j_m @ step > 0)
        matrix = hessian + (j_m.T * active) @ j_m
        new = np.linalg.solve(matrix, -(slope + j_m.T @ (active * optimum.margins)))
        if np.allclose(new, step, atol=1e-6):
            break
        step = new if k < 8 else 0.5 * (step + new)
    return np.clip(optimum.z + step, -EDGE, EDGE)


def spread(
    density: Callable[[np.ndarray], np.ndarray],
    optima: list[Optimum],
    weight: np.ndarray,
    n: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """``n`` points around the optima in turn, shape (n, d), and the untouched draws.

    Of the lengths of :data:`LENGTHS`, the longest whose density is within :data:`DROP` of the
    optimum's, or else the one of the highest density.
    """
    centre = np.array([optima[i % len(optima)].z for i in range(n)])
    full = np.array([draw(optima[i % len(optima)], weight, rng) for i in range(n)])
    top = density(np.array([o.z for o in optima]))[np.arange(n) % len(optima)]
    points = [centre + a * (full - centre) for a in LENGTHS]
    found = np.array([_clean(density(p)) for p in points])
    enough = found >= top - DROP
    chosen = np.where(enough.any(0), enough.argmax(0), found.argmax(0))
    return np.array(points)[chosen, np.arange(n)], full


def _clean(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, -np.inf)
