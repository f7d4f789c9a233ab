"""Differential-evolution Markov chains with an archive (DREAM-ZS), on the unit cube.

All chains are proposed at once, so that one iteration is one batch of the engine. Proposals add the
difference of archived states to a random subset of the coordinates, now and then at full length to
jump between modes; a share of them are plain random walks on a few coordinates, so that chains that
start close together spread. Proposals are reflected at the bounds.

References
----------
ter Braak & Vrugt 2008, Stat Comput 18:435, doi:10.1007/s11222-008-9104-9.
Vrugt 2016, Environ Model Softw 75:273, doi:10.1016/j.envsoft.2015.08.013.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LogDensity = Callable[[np.ndarray], np.ndarray]

CROSSOVER = (0.1, 0.25, 0.5, 1.0)
JUMP = 0.1
#: Share of plain random-walk proposals, and the lengths they choose from.
WALK, WALK_LENGTHS = 0.3, (0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True)
class Chains:
    """States of all chains at all kept iterations.

    Attributes
    ----------
    x : ndarray, shape (iterations, chains, dimensions)
    log_density : ndarray, shape (iterations, chains)
    accepted : float
        Share of accepted proposals.
    """

    x: np.ndarray
    log_density: np.ndarray
    accepted: float


def sample(
    density: LogDensity,
    start: np.ndarray,
    iterations: int,
    *,
    rng: np.random.Generator,
    archive: np.ndarray | None = None,
    archive_every: int = 5,
    pull: bool = False,
    tick: Callable[[int, np.ndarray, float], None] | None = None,
) -> Chains:
    """Run the chains.

    Parameters
    ----------
    density : callable
        (n, d) points of the unit cube -> (n,) log densities; ``-inf`` or NaN is refused.
    start : ndarray, shape (chains, d)
    iterations : int
    archive : ndarray, shape (m, d), optional
        States to draw differences from; default ``start``.
    pull : bool
        Half of the proposals also move towards one of the best chains. Faster to a good region,
        but no longer a sampler: for annealing only.
    tick : callable, optional
        Called after every iteration with (iteration, log densities, acceptance so far).
    """
    x = np.array(start, float)
    p = _clean(density(x))
    past = np.array(start if archive is None else archive, float)
    kept_x, kept_p, accepted = [], [], 0
    for i in range(iterations):
        y = propose(x, past, rng, x[np.argsort(p)[-max(2, len(x) // 10) :]] if pull else None)
        q = _clean(density(y))
        take = np.log(rng.random(len(x))) < q - p
        x[take], p[take] = y[take], q[take]
        accepted += int(take.sum())
        if i % archive_every == archive_every - 1:
            past = np.concatenate([past, x])
        kept_x.append(x.copy())
        kept_p.append(p.copy())
        if tick:
            tick(i, p, accepted / ((i + 1) * len(x)))
    return Chains(np.array(kept_x), np.array(kept_p), accepted / max(1, iterations * len(x)))


def _clean(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, -np.inf)


def propose(
    x: np.ndarray, past: np.ndarray, rng: np.random.Generator, best: np.ndarray | None = None
) -> np.ndarray:
    """One proposal for every chain, shape of ``x``; ``best`` pulls half of them (annealing)."""
    n, d = x.shape
    pairs = np.asarray(rng.integers(1, 4, n))
    step = np.zeros_like(x)
    for k in range(3):
        a, b = rng.integers(len(past), size=(2, n))
        step += np.where(np.greater(pairs, k)[:, None], past[a] - past[b], 0.0)
    chosen = np.less(rng.random((n, d)), rng.choice(CROSSOVER, n)[:, None])
    chosen[np.arange(n), rng.integers(d, size=n)] = True
    size = chosen.sum(1)
    gamma = 2.38 / np.sqrt(2 * pairs * size)
    gamma = np.where(rng.random(n) < JUMP, 1.0, gamma)
    shake = 1 + rng.uniform(-0.05, 0.05, (n, d))
    move = gamma[:, None] * shake * step + 1e-4 * rng.standard_normal((n, d))
    walks = np.less(rng.random(n), WALK)
    few = np.less(rng.random((n, d)), rng.choice([1.0, 3.0, 8.0], n)[:, None] / d)
    few[np.arange(n), rng.integers(d, size=n)] = True
    walk = rng.choice(WALK_LENGTHS, n)[:, None] * rng.standard_normal((n, d))
    move = np.where(walks[:, None], walk, move)
    chosen = np.where(walks[:, None], few, chosen)
    if best is not None:
        leader = best[rng.integers(len(best), size=n)]
        strength = rng.uniform(0.1, 0.7, (n, 1)) * (rng.random((n, 1)) < 0.4)
        move = 0.5 * move + strength * (leader - x)
    return reflect(np.where(chosen, x + move, x))


def reflect(x: np.ndarray) -> np.ndarray:
    """Fold points back into the unit cube."""
    y = np.mod(x, 2.0)
    return np.where(y > 1.0, 2.0 - y, y)
