"""Maximum of a smooth log-likelihood of few parameters, with its curvature, by damped Newton steps.

The function is evaluated at many points in one call, so that a derivative costs one call.  The
differences are of fourth order: with steps of 10⁻³ to 10⁻² in parameters of order 1, gradients are
good to about 10⁻¹¹ and curvatures to about 10⁻⁸.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rpoint.stats._counts import Floats

Batched = Callable[[Floats], Floats]

GRADIENT_STEP, CURVATURE_STEP = 1e-3, 1e-2
LENGTHS = np.array([1.0, 0.5, 0.25, 0.1, 0.03, 0.01, 2.0])  # of a step, tried in one call
MAX_STEP = 2.0
MAX_ROUNDS = 200


@dataclass(frozen=True)
class Maximum:
    """Where the search ended.

    Attributes
    ----------
    point, value
        The best point (d,) and the function there.
    curvature
        Matrix of second derivatives (d, d) there.
    converged
        Whether the gradient vanishes and the curvature is negative definite.
    """

    point: Floats
    value: float
    curvature: Floats
    converged: bool


def maximise(function: Batched, start: Floats, *, tolerance: float = 1e-9) -> Maximum:
    """Climb from `start`; `function` maps points (B, d) to values (B,).

    The step is Newton's where the curvature is negative definite, else along the gradient; of
    several lengths the best is taken.
    """
    point = np.array(start, dtype=float)
    value = float(function(point[None])[0])
    settled = False
    for _ in range(MAX_ROUNDS):
        gradient, curvature = derivatives(function, point)
        step = _step(gradient, curvature)
        if np.abs(step).max() < tolerance:
            settled = True
            break
        tried = point + LENGTHS[:, None] * step
        values = np.nan_to_num(function(tried), nan=-np.inf)
        best = int(np.argmax(values))
        if values[best] <= value + 1e-13 * abs(value):
            # The function no longer tells the points apart; the Newton step still does.
            settled = bool(np.abs(step).max() < 1e-4)
            point, value = (tried[0], float(values[0])) if settled else (point, value)
            break
        point, value = tried[best], float(values[best])
    curvature = derivatives(function, point)[1]
    definite = bool(np.all(np.linalg.eigvalsh(-curvature) > 0))
    return Maximum(point, value, curvature, settled and definite)


def _step(gradient: Floats, curvature: Floats) -> Floats:
    values, vectors = np.linalg.eigh(-curvature)
    strength = np.maximum(np.abs(values), 1e-6 * max(1.0, float(np.abs(values).max())))
    step = vectors @ ((vectors.T @ gradient) / strength)
    return step * min(1.0, MAX_STEP / max(1e-300, float(np.abs(step).max())))


def derivatives(function: Batched, point: Floats) -> tuple[Floats, Floats]:
    """Gradient (d,) and matrix of second derivatives (d, d)."""
    d = len(point)
    eye = np.eye(d)
    g, h = GRADIENT_STEP, CURVATURE_STEP
    offsets = [np.zeros(d)]
    offsets += [s * g * eye[i] for i in range(d) for s in (-2, -1, 1, 2)]
    offsets += [s * h * eye[i] for i in range(d) for s in (-2, -1, 1, 2)]
    pairs = list(combinations(range(d), 2))
    signs = [(a, b) for a in (1, -1) for b in (1, -1)]
    offsets += [
        m * h * (a * eye[i] + b * eye[j]) for i, j in pairs for m in (1, 2) for a, b in signs
    ]
    values = function(point + np.array(offsets))
    centre, rest = values[0], values[1:]
    first, second = rest[: 4 * d].reshape(d, 4), rest[4 * d : 8 * d].reshape(d, 4)
    gradient = first @ np.array([1, -8, 8, -1]) / (12 * g)
    curvature = np.diag((second @ np.array([-1, 16, 16, -1]) - 30 * centre) / (12 * h * h))
    mixed = rest[8 * d :].reshape(len(pairs), 2, 4) @ np.array([1, -1, -1, 1])
    for (i, j), (near, far) in zip(pairs, mixed, strict=True):
        # The four-point formula at h and 2h; their combination cancels the error of order h².
        curvature[i, j] = curvature[j, i] = (4 * near - far / 4) / (12 * h * h)
    return gradient, curvature
