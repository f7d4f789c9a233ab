"""Build the ensemble: anneal from starting sets, sample, keep the accepted ones.

1. Starting sets (``data/start.csv``) are spread by jumps of random size on random coordinates.
2. The chains run at falling temperatures until they stand in the region that the data and the
   demands leave open, then at temperature one.
3. Draws of the second half of that part are accepted when every strong cell of the matrix holds
   and at most :data:`MISSES` of the other demands are missed; accepted draws, each once, in random
   order, make the ensemble.

Results do not depend on the number of threads. Progress goes to a checkpoint that a later call with
the same file continues from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.calibrate.diagnostics import effective_size, r_hat
from rpoint.calibrate.ensemble import Ensemble
from rpoint.calibrate.problem import Problem
from rpoint.calibrate.sampler import sample
from rpoint.errors import RpointError

Tell = Callable[[str], None]

#: Markers that an accepted set may miss; a strong cell of the matrix it may not.
MISSES = 3
#: Nodes of the final judgement (the search uses fewer).
JUDGE_NODES = 5
JUDGE_RTOL = 1e-5


@dataclass(frozen=True)
class Plan:
    """Effort and seed of a build."""

    chains: int = 160
    temperatures: tuple[float, ...] = (16.0, 8.0, 4.0, 2.0)
    per_temperature: int = 25
    iterations: int = 400
    sets: int = 240
    seed: int = 20261121


def spread(start: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """``n`` points around the starting points, shape (n, d)."""
    x = start[rng.integers(len(start), size=n)]
    size = rng.choice([0.01, 0.03, 0.08, 0.2], n)[:, None]
    chosen = rng.random(x.shape) < rng.choice([0.1, 0.3, 1.0], n)[:, None]
    return np.clip(np.where(chosen, x + size * rng.standard_normal(x.shape), x), 0.0, 1.0)


def anneal(problem: Problem, start: np.ndarray, plan: Plan, tell: Tell) -> np.ndarray:
    """Bring the chains into the open region; shape (chains, d)."""
    rng = np.random.default_rng([plan.seed, 0])
    x = spread(start, plan.chains, rng)
    x[: min(len(start), plan.chains)] = start[: plan.chains]
    for temperature in plan.temperatures:

        def tick(i: int, p: np.ndarray, rate: float, t: float = temperature) -> None:
            if i % 5 == 4:
                tell(f"T {t:g} step {i + 1}: log density {np.median(p) * t:.1f} "
                     f"(best {p.max() * t:.1f}), accepted {rate:.2f}")  # fmt: skip

        def density(u: np.ndarray, t: float = temperature) -> np.ndarray:
            return problem.score(u).log_density / t

        chains = sample(density, x, plan.per_temperature, rng=rng, tick=tick, pull=True)
        x = _refill(chains.x[-1], chains.log_density[-1], rng)
    return x


def _refill(x: np.ndarray, p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Replace chains that lag far behind by copies of others (only between temperatures)."""
    lag = p < np.median(p) - 6.0
    x = x.copy()
    if lag.any() and not lag.all():
        x[lag] = x[rng.choice(np.flatnonzero(~lag), lag.sum())]
    return x


def run(
    problem: Problem, start: np.ndarray, plan: Plan, checkpoint: Path, tell: Tell
) -> dict[str, np.ndarray]:
    """Anneal and sample; returns and saves ``x`` (draws, chains, d) and ``log_density``."""
    if checkpoint.exists():
        saved = np.load(checkpoint)
        x, before_x, before_p = saved["x"][-1], saved["x"], saved["log_density"]
        done = len(before_x)
    else:
        x = anneal(problem, start, plan, tell)
        before_x, before_p, done = np.empty((0, *x.shape)), np.empty((0, len(x))), 0
    while done < plan.iterations:
        n = min(20, plan.iterations - done)
        rng = np.random.default_rng([plan.seed, 1, done])
        archive = np.concatenate([x, *before_x[::5]]) if done else None
        chains = sample(lambda u: problem.score(u).log_density, x, n, rng=rng, archive=archive)
        before_x = np.concatenate([before_x, chains.x])
        before_p = np.concatenate([before_p, chains.log_density])
        x, done = chains.x[-1], done + n
        np.savez_compressed(checkpoint, x=before_x, log_density=before_p)
        tell(
            f"sampled {done}/{plan.iterations}: log density "
            f"{np.median(chains.log_density[-1]):.1f}, accepted {chains.accepted:.2f}"
        )
    return {"x": before_x, "log_density": before_p}


def select(
    problem: Problem, draws: dict[str, np.ndarray], plan: Plan
) -> tuple[Ensemble, pd.DataFrame]:
    """The ensemble; per parameter: quantiles, width against the prior, R-hat, effective size."""
    half = draws["x"][len(draws["x"]) // 2 :]
    every = max(1, half.shape[0] * half.shape[1] // (4 * plan.sets))
    flat = half.reshape(-1, half.shape[-1])[::every]
    score = replace(problem, nodes=JUDGE_NODES, rtol=JUDGE_RTOL).score(flat)
    good = np.isfinite(score.log_density) & (score.strong_missed == 0) & (score.missed <= MISSES)
    accepted = np.unique(flat[good], axis=0)
    if len(accepted) < plan.sets:
        raise RpointError(
            f"Only {len(accepted)} different draws of {len(flat)} are accepted; {plan.sets} are "
            "needed. Sample longer (--iterations)."
        )
    order = np.random.default_rng([plan.seed, 2]).permutation(len(accepted))
    chosen = accepted[order]
    return problem.to_ensemble(chosen[: plan.sets]), diagnose(problem, half, chosen)


def diagnose(problem: Problem, half: np.ndarray, accepted: np.ndarray) -> pd.DataFrame:
    """Per fitted number: quantiles in its unit, share of the prior's log width, R-hat, ESS."""
    lo, hi = problem.bounds
    q = np.exp(lo + np.percentile(accepted, [5, 50, 95], axis=0) * (hi - lo))
    width = np.subtract(*np.percentile(accepted, [95, 5], axis=0)) / 0.9
    table = pd.DataFrame(
        {"q05": q[0], "median": q[1], "q95": q[2], "width_of_prior": width}, index=problem.names
    )
    table["r_hat"] = [r_hat(half[:, :, j]) for j in range(half.shape[2])]
    table["effective_size"] = [effective_size(half[:, :, j]) for j in range(half.shape[2])]
    table.index.name = "parameter"
    return table


def as_table(ensemble: Ensemble) -> pd.DataFrame:
    """One row per set: parameters and assay numbers."""
    return pd.concat([ensemble.parameters, ensemble.nuisance], axis=1)
