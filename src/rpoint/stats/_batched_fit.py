"""Many small least-squares fits at once: Levenberg-Marquardt in a box, a soft L1 loss.

A bootstrap of a dose matrix is thousands of fits of the same curve.  One fit a call of
`scipy.optimize.least_squares` costs about a millisecond an iteration in overhead alone; here every
iteration works on the whole batch.  Start points are rows of the batch as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MAX_STEPS = 300
STEP = 1e-6  # forward difference; the parameters are of order one (effects, logarithms)
DONE = 1e-9  # a step this small in every parameter ends a fit
FLAT = 1e-10  # so does a relative gain this small, three times running

# Predicts (rows, points) from parameters (rows, parameters) for the batch rows of an index vector.
Model = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class BatchFit:
    """The fits of a batch.

    Attributes
    ----------
    params
        (batch, parameters).
    cost
        (batch,) half the sum of the loss.
    converged
        (batch,) whether the steps died out within `MAX_STEPS`.
    """

    params: np.ndarray
    cost: np.ndarray
    converged: np.ndarray


def fit_batch(
    model: Model,
    start: np.ndarray,
    target: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    soft: float = np.inf,
) -> BatchFit:
    """Fit every row of a batch.

    Parameters
    ----------
    model
        `model(params, rows)` predicts for the rows of the batch that are still being fitted.
    start
        (batch, parameters).
    target
        (batch, points), or (points,) for all alike.
    lower, upper
        (parameters,) or (batch, parameters) limits.
    weight
        (batch, points) or (points,), 0 for a point that is not there; 1 without it.
    soft
        Residuals beyond it count about linearly: loss s^2 (sqrt(1 + (r/s)^2) - 1), the soft L1 loss
        of SciPy with `f_scale` s.  Infinite: plain least squares.

    Returns
    -------
    BatchFit
    """
    params = np.clip(np.array(start, float), lower, upper)
    batch, points = len(params), np.shape(target)[-1]
    target = np.broadcast_to(target, (batch, points))
    weight = np.broadcast_to(1.0 if weight is None else weight, (batch, points))
    lower, upper = (np.broadcast_to(limit, params.shape) for limit in (lower, upper))
    state = _State(params, np.full(batch, np.inf), np.full(batch, 1e-2), np.zeros(batch, int))
    rows = np.arange(batch)
    residual = model(params, rows) - target
    state.cost[:] = _loss(residual, weight, soft)
    for _ in range(MAX_STEPS):
        rows = rows[state.stalls[rows] < 3]
        if not len(rows):
            break
        _step(model, state, rows, residual, target, weight, lower, upper, soft)
    return BatchFit(state.params, state.cost, state.stalls >= 3)


@dataclass
class _State:
    params: np.ndarray
    cost: np.ndarray
    damping: np.ndarray
    stalls: np.ndarray


def _loss(residual: np.ndarray, weight: np.ndarray, soft: float) -> np.ndarray:
    if np.isinf(soft):
        return 0.5 * (weight * residual**2).sum(axis=-1)
    z = (residual / soft) ** 2
    # z / (sqrt(1 + z) + 1) is sqrt(1 + z) - 1 without cancellation
    return soft**2 * (weight * z / (np.sqrt(1.0 + z) + 1.0)).sum(axis=-1)


def _jacobian(model: Model, params: np.ndarray, rows: np.ndarray, base: np.ndarray) -> np.ndarray:
    columns = []
    for k in range(params.shape[1]):
        moved = params.copy()
        moved[:, k] += STEP
        columns.append((model(moved, rows) - base) / STEP)
    return np.stack(columns, axis=-1)


def _step(model, state, rows, residual, target, weight, lower, upper, soft) -> None:
    """One damped Gauss-Newton step of the rows; `residual` and `state` are changed in place."""
    params, error = state.params[rows], residual[rows]
    jacobian = _jacobian(model, params, rows, error + target[rows])
    pull = weight[rows]
    if not np.isinf(soft):
        pull = pull / np.sqrt(1.0 + (error / soft) ** 2)
    gradient = (np.swapaxes(jacobian, 1, 2) @ (pull * error)[..., None])[..., 0]
    normal = np.swapaxes(jacobian * pull[..., None], 1, 2) @ jacobian
    # a parameter at its limit that the gradient pushes outwards stays there
    fixed = ((params <= lower[rows]) & (gradient > 0)) | ((params >= upper[rows]) & (gradient < 0))
    move = _solve(normal, np.where(fixed, 0.0, gradient), fixed, state.damping[rows])
    tried = np.clip(params - move, lower[rows], upper[rows])
    found = model(tried, rows) - target[rows]
    cost = _loss(found, weight[rows], soft)
    better = cost < state.cost[rows]
    gain = (state.cost[rows] - cost) / np.maximum(state.cost[rows], 1e-300)
    small = np.abs(tried - params).max(axis=1) < DONE
    still = small | (better & (gain < FLAT)) | (state.cost[rows] < 1e-28)
    state.stalls[rows] = np.where(still, state.stalls[rows] + 1, 0)
    state.stalls[rows[state.damping[rows] > 1e12]] = 3  # no step helps any more
    state.damping[rows] *= np.where(better, 0.2, 6.0)
    state.damping[rows] = np.maximum(state.damping[rows], 1e-12)
    won = rows[better]
    state.params[won], state.cost[won] = tried[better], cost[better]
    residual[won] = found[better]


def _solve(
    normal: np.ndarray, gradient: np.ndarray, fixed: np.ndarray, damping: np.ndarray
) -> np.ndarray:
    """(batch, parameters) solutions of the damped normal equations; 0 where `fixed`."""
    free = ~fixed
    system = normal * free[:, :, None] * free[:, None, :]
    diagonal = np.einsum("bpp->bp", system).copy()
    floor = 1e-10 * np.maximum(diagonal.max(axis=1, keepdims=True), 1e-30)
    extra = damping[:, None] * np.maximum(diagonal, floor) + floor * 1e-3 + fixed
    index = np.arange(system.shape[1])
    system[:, index, index] += extra
    return np.linalg.solve(system, gradient[..., None])[..., 0]


def best_of(fit: BatchFit, starts: int) -> BatchFit:
    """The cheapest of every `starts` consecutive rows of a batch."""
    cost = fit.cost.reshape(-1, starts)
    row = np.arange(len(cost)) * starts + cost.argmin(axis=1)
    return BatchFit(fit.params[row], fit.cost[row], fit.converged[row])
