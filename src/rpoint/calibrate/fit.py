"""Build the ensemble: spread the chains around optima, sample, keep the accepted draws.

1. Around each optimum of ``data/start.csv`` the model is linearised, and every chain starts at a
   draw of the linearised posterior (:mod:`rpoint.calibrate.laplace`).
2. The chains sample (:mod:`rpoint.calibrate.sampler`); their archive begins with such draws too.
3. Draws of the second half are accepted when they meet every strong cell of the matrix and the
   effect of label doses, miss at most :data:`MISSES` of the other demands, and none of these by
   more than :data:`FAR`; accepted draws, each once, in random order, make the ensemble.

Results do not depend on the number of threads. Progress goes to a checkpoint that a later call with
the same file continues from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from rpoint.calibrate.diagnostics import effective_size, r_hat
from rpoint.calibrate.ensemble import Ensemble
from rpoint.calibrate.laplace import draw, linearise, spread
from rpoint.calibrate.problem import SOFT, Problem, Score, hinges, is_strong
from rpoint.calibrate.sampler import sample
from rpoint.errors import RpointError

Tell = Callable[[str], None]

#: Other demands that an accepted set may miss, and by how much of the scale unit at most; what
#: every set must meet (`is_strong`) it may not.
MISSES, FAR = 3, 0.5
#: States that the chains' archive begins with, beside the chains themselves.
ARCHIVE = 120
#: Nodes of the final judgement (the search uses fewer).
JUDGE_NODES = 5
#: Draws judged for one set that is shipped.
JUDGED = 4
JUDGE_RTOL = 1e-5


@dataclass(frozen=True)
class Plan:
    """Effort and seed of a build."""

    chains: int = 48
    iterations: int = 400
    sets: int = 200
    seed: int = 20261125


def begin(
    problem: Problem, start: np.ndarray, plan: Plan, tell: Tell
) -> tuple[np.ndarray, np.ndarray]:
    """Chains around the starting points, (chains, d), and an archive of states to step by."""
    rng = np.random.default_rng([plan.seed, 0])
    demands = list(problem.score(start[:1]).margins)

    def evaluate(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        score = problem.score(ndtr(z))
        return score.residuals, score.margins.to_numpy()

    def density(z: np.ndarray) -> np.ndarray:
        return problem.score(ndtr(z)).log_density - 0.5 * (z**2).sum(axis=1)

    optima = [linearise(evaluate, ndtri(np.clip(u, 1e-4, 1 - 1e-4))) for u in start]
    tell(f"linear models at {len(optima)} optima")
    weight = 4.0 * hinges(demands)
    z, drawn = spread(density, optima, weight, plan.chains, rng)
    more = [draw(o, weight, rng) for _ in range(ARCHIVE // len(optima)) for o in optima]
    centre = np.array([o.z for _ in range(ARCHIVE // len(optima)) for o in optima])
    shrunk = centre + rng.uniform(0.1, 0.6, (len(more), 1)) * (np.array(more) - centre)
    length = np.linalg.norm(z - drawn, axis=1)
    tell(f"chains spread; median pull back {np.median(length):.1f} prior SDs")
    return ndtr(z), ndtr(np.concatenate([z, shrunk]))


def run(
    problem: Problem, start: np.ndarray, plan: Plan, checkpoint: Path, tell: Tell
) -> dict[str, np.ndarray]:
    """Spread and sample; returns and saves ``x`` (draws, chains, d) and ``log_density``."""
    if checkpoint.exists():
        saved = np.load(checkpoint)
        x, before_x, before_p = saved["x"][-1], saved["x"], saved["log_density"]
        done, first = len(before_x), saved["archive"]
    else:
        x, first = begin(problem, start, plan, tell)
        before_x, before_p, done = np.empty((0, *x.shape)), np.empty((0, len(x))), 0
    while done < plan.iterations:
        n = min(20, plan.iterations - done)
        rng = np.random.default_rng([plan.seed, 1, done])
        late = before_x[done // 2 :: 5]  # the archive forgets where the chains came from
        archive = np.concatenate([x, *late, first if done < 60 else x])
        chains = sample(lambda u: problem.score(u).log_density, x, n, rng=rng, archive=archive)
        before_x = np.concatenate([before_x, chains.x])
        before_p = np.concatenate([before_p, chains.log_density])
        x, done = chains.x[-1], done + n
        np.savez_compressed(checkpoint, x=before_x, log_density=before_p, archive=first)
        tell(
            f"sampled {done}/{plan.iterations}: log density "
            f"{np.median(chains.log_density[-1]):.1f}, accepted {chains.accepted:.2f}"
        )
    return {"x": before_x, "log_density": before_p}


def select(
    problem: Problem, draws: dict[str, np.ndarray], plan: Plan, tell: Tell
) -> tuple[Ensemble, pd.DataFrame]:
    """The ensemble; per parameter: quantiles, width against the prior, R-hat, effective size."""
    half = draws["x"][len(draws["x"]) // 2 :]
    states = np.unique(half.reshape(-1, half.shape[-1]), axis=0)  # a chain that stays counts once
    states = np.random.default_rng([plan.seed, 2]).permutation(states)[: JUDGED * plan.sets]
    good = accept(replace(problem, nodes=JUDGE_NODES, rtol=JUDGE_RTOL).score(states))
    tell(f"{good.sum()} of {len(states)} different draws accepted")
    chosen = states[good]
    if len(chosen) < plan.sets:
        raise RpointError(
            f"Only {len(chosen)} of {len(states)} different draws are accepted; {plan.sets} are "
            "needed. Sample longer (--iterations)."
        )
    return problem.to_ensemble(chosen[: plan.sets]), diagnose(problem, half, chosen)


def accept(score: Score) -> np.ndarray:
    """Which sets may enter the ensemble, shape (sets,)."""
    other = [d for d in score.margins if not is_strong(d) and d not in SOFT]
    farthest = score.margins[other].max(axis=1).to_numpy()
    good = np.isfinite(score.log_density) & (score.strong_missed == 0)
    return good & (score.missed <= MISSES) & (farthest <= FAR)


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
