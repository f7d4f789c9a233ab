"""Tempered sequential Monte Carlo from the prior to the posterior of the population."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from rpoint.trial.calibration.discrepancy import Discrepancy
from rpoint.trial.calibration.emulator import TrialPool
from rpoint.trial.calibration.target import SD_LIMITS, Target, log_prior, names
from rpoint.trial.parameters import prior

_target: Target | None = None


def _begin(pools: Mapping[str, TrialPool], apart: Discrepancy | None = None) -> None:
    global _target
    _target = Target(pools, apart)


def _evaluate(x: np.ndarray) -> tuple[float, np.ndarray]:
    assert _target is not None
    return (
        _target(x) if np.isfinite(log_prior(x)) else (-np.inf, np.full(len(_target.rows), np.nan))
    )


@dataclass
class Sample:
    """Particles of the sampler.

    Attributes
    ----------
    x
        (N, parameters).
    likelihood, prior
        (N,) logarithms.
    predicted
        (N, rows) on the scale of the likelihood.
    """

    x: np.ndarray
    likelihood: np.ndarray
    prior: np.ndarray
    predicted: np.ndarray


def sample(
    pools: Mapping[str, TrialPool], particles: int, seed: int, jobs: int, moves: int = 4,
    tell: Callable[[str], None] = print, apart: Discrepancy | None = None,
) -> Sample:  # fmt: skip
    """Tempered sequential Monte Carlo from the prior to the posterior.

    Every temperature keeps half of the effective size, resamples, and moves the particles by
    Metropolis steps with the covariance of the particles.
    """
    rng = np.random.default_rng(seed)
    mean, sd = np.array([prior(name) for name in names()]).T
    x = mean + sd * rng.standard_normal((particles, len(mean)))
    for name, (low, high) in SD_LIMITS.items():
        k = names().index(name)
        x[:, k] = np.clip(x[:, k], low + 1e-3, high - 1e-3)
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(pools, apart)) as pool:

        def evaluate(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            found = list(pool.map(_evaluate, points, chunksize=max(1, len(points) // (4 * jobs))))
            return np.array([f[0] for f in found]), np.array([f[1] for f in found])

        like, predicted = evaluate(x)
        now = Sample(x, like, np.array([log_prior(p) for p in x]), predicted)
        heat = 0.0
        while heat < 1.0:
            heat = _step(now, heat, moves, rng, evaluate, tell)
    return now


def _step(now: Sample, heat: float, moves: int, rng, evaluate, tell) -> float:
    like = np.where(np.isfinite(now.likelihood), now.likelihood, -1e9)
    new = _next_heat(like, heat)
    weight = np.exp((new - heat) * (like - like.max()))
    chosen = rng.choice(len(weight), len(weight), p=weight / weight.sum())
    for name in ("x", "likelihood", "prior", "predicted"):
        setattr(now, name, getattr(now, name)[chosen].copy())
    taken = 0.0
    scale = 2.38 / np.sqrt(now.x.shape[1])
    for _ in range(moves):
        cov = np.cov(now.x.T) + 1e-8 * np.eye(now.x.shape[1])
        jump = rng.multivariate_normal(np.zeros(len(cov)), cov, len(now.x))
        trial = now.x + scale * rng.choice([0.15, 0.4, 1.0], len(now.x))[:, None] * jump
        first = np.array([log_prior(p) for p in trial])
        found, predicted = evaluate(trial)
        ratio = new * (found - now.likelihood) + first - now.prior
        yes = np.log(rng.random(len(ratio))) < ratio
        now.x[yes], now.likelihood[yes] = trial[yes], found[yes]
        now.prior[yes], now.predicted[yes] = first[yes], predicted[yes]
        taken += float(yes.mean()) / moves
    tell(f"heat {new:.4f}: accepted {100 * taken:.0f} %, mean log-likelihood "
         f"{now.likelihood.mean():.2f}")  # fmt: skip
    return new


def _next_heat(like: np.ndarray, heat: float) -> float:
    """The temperature at which half of the effective size is left, at most 1."""
    low, high = heat, 1.0

    def size(t: float) -> float:
        w = np.exp((t - heat) * (like - like.max()))
        return float(w.sum() ** 2 / (w**2).sum() / len(w))

    if size(1.0) >= 0.5:
        return 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if size(middle) >= 0.5 else (low, middle)
    return low if low > heat else high
