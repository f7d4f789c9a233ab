"""Population parameters from the trials whose rows have the role `calibrate`.

`python -m rpoint.trial.calibration --out draws.csv` makes the draws that the package ships, from
nothing but the published rows: the pools of patients, tempered sequential Monte Carlo on the
emulator, the discrepancy between the full simulation and the emulator at what was found, and the
sampler again with it, twice.

The likelihood takes ln median, ln hazard ratio and logit rate as normal, with the error that the
published interval gives (without one, that of the number of patients) and, added in quadrature, an
error of the emulator.  Rows with the role `check` are never read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from rpoint.stats.batched import batched_survival
from rpoint.trial.analyse import plain
from rpoint.trial.discrepancy import Discrepancy, simulate
from rpoint.trial.emulator import Emulator, Outcome, TrialPool, trial_pool
from rpoint.trial.parameters import prior
from rpoint.trial.read import read_trial
from rpoint.trial.spec import MONTH_D, Published, Trial

TRIALS = ("paloma-2", "paloma-3", "faktion", "tbcrc-041", "palbociclib-liposarcoma")
EMULATOR_SD = 0.08  # of ln median, ln hazard ratio or logit rate
LEAST_SHARE = 0.002  # added to a rate and to its complement, so that none of some has a logit
POOL, COPIES = 512, 2
PARTICLES = (128, 128, 256)  # of the fits, one after the other
# Months that the emulator follows: two and a half times the longest published median.
MONTHS = {"paloma-2": 60.0, "paloma-3": 30.0, "faktion": 27.0}
SHORTEST_MONTHS = 12.0
SD_LIMITS = {"cell_loss_logit_sd": (0.1, 2.5), "effect_log_sd": (0.05, 1.5),
             "clone_share_log10_sd": (0.2, 3.0)}  # fmt: skip


def names() -> tuple[str, ...]:
    """The parameters that are fitted."""
    drugs = ("letrozole", "fulvestrant", "palbociclib", "capivasertib", "alisertib")
    return (
        "cell_loss_logit_mean", "cell_loss_logit_sd", "later_line_doubling", "effect_log_sd",
        "clone_share_log10_mean", "clone_share_log10_sd", "new_lesion_rate", "doubling breast",
        "doubling liposarcoma", *(f"effect {drug}" for drug in drugs),
    )  # fmt: skip


@dataclass(frozen=True)
class Datum:
    """One published value on the scale of the likelihood."""

    trial: str
    arm: str
    endpoint: str
    value: float
    sd: float


def data(trials: Sequence[str] = TRIALS) -> list[Datum]:
    """The rows with the role `calibrate` of the trials."""
    found = []
    for name in trials:
        trial = read_trial(name)
        for row in trial.published:
            if row.role == "calibrate" and row.not_predicted is None and row.subset is None:
                found.append(_datum(trial, row))
    return found


def _datum(trial: Trial, row: Published) -> Datum:
    kind = plain(row.endpoint)
    scale = partial(on_scale, kind)
    z = {0.95: 1.96, 0.9: 1.645}[row.level]
    if row.lo is not None and row.hi is not None and row.lo > 0:
        sd = (scale(row.hi) - scale(row.lo)) / (2 * z)
    else:
        n = row.n or sum(trial.arms[a].patients for a in row.arms if a in trial.arms)
        sd = _plain_sd(kind, row.value, n)
    return Datum(
        trial.name, row.arm, kind, float(scale(row.value)), float(np.hypot(sd, EMULATOR_SD))
    )


def on_scale(endpoint: str, value: float) -> float:
    """A value on the scale of the likelihood: logit of a rate in %, logarithm of anything else."""
    if endpoint.endswith("_pct"):
        share = value / 100.0
        return float(np.log((share + LEAST_SHARE) / (1.0 + LEAST_SHARE - share)))
    return float(np.log(value))


def off_scale(endpoint: str, value: np.ndarray) -> np.ndarray:
    """The inverse of `on_scale`."""
    odds = np.exp(value)
    if endpoint.endswith("_pct"):
        return 100.0 * (odds * (1.0 + LEAST_SHARE) - LEAST_SHARE) / (1.0 + odds)
    return odds


def _plain_sd(endpoint: str, value: float, n: int) -> float:
    """Error of a value without an interval: exponential times with six events in ten patients."""
    if endpoint.endswith("_pct"):
        share = value / 100.0
        return float(1.0 / np.sqrt(n * share * (1 - share)))
    return float((2.0 if "_hr" in endpoint else 1.25) / np.sqrt(0.6 * n))


def predict(emulators: Mapping[str, Emulator], rows: Sequence[Datum], theta) -> np.ndarray:
    """The rows at some parameters, on the scale of the likelihood."""
    arms: dict[tuple[str, str], Outcome] = {}

    def outcome(trial: str, arm: str) -> Outcome:
        if (trial, arm) not in arms:
            arms[trial, arm] = emulators[trial].arm(arm, theta)
        return arms[trial, arm]

    return np.array([_one(row, outcome) for row in rows])


def _one(row: Datum, outcome) -> float:
    if " vs " in row.arm:
        treated, control = (outcome(row.trial, a) for a in row.arm.split(" vs "))
        return _log_hr(treated, control)
    found = outcome(row.trial, row.arm)
    if row.endpoint.endswith("_pct"):
        if row.endpoint.startswith("pfs_rate_12wk"):
            share = float(np.mean(found.pfs_d > 84.0))
        else:
            share = float(np.mean(found.confirmed))
        return on_scale(row.endpoint, 100.0 * share)
    per = 7.0 if row.endpoint.endswith("weeks") else MONTH_D
    return float(np.log(_smooth_median(found.pfs_d) / per))


def _smooth_median(time: np.ndarray) -> float:
    """Median of times on a grid of scans, made continuous: the mean of the middle tenth."""
    return float(np.quantile(time, np.linspace(0.45, 0.55, 11)).mean())


def _log_hr(treated: Outcome, control: Outcome) -> float:
    time = np.concatenate([treated.pfs_d, control.pfs_d])[None]
    event = np.concatenate([treated.event, control.event])[None]
    arm = np.repeat([1.0, 0.0], [len(treated.pfs_d), len(control.pfs_d)])[None]
    return float(batched_survival(time, event, arm, parts=("cox",)).coef[0])


# -- sampling -------------------------------------------------------------------------------------
def log_prior(x: np.ndarray) -> float:
    """Of parameters in the order of `names`."""
    total = 0.0
    for name, value in zip(names(), x, strict=True):
        mean, sd = prior(name)
        total -= 0.5 * ((value - mean) / sd) ** 2
        if name in SD_LIMITS and not SD_LIMITS[name][0] < value < SD_LIMITS[name][1]:
            return -np.inf
    return total


class Target:
    """Log-likelihood of parameters; made once in every worker."""

    def __init__(self, pools: Mapping[str, TrialPool], apart: Discrepancy | None = None) -> None:
        self.emulators = {
            name: Emulator(pool, COPIES, MONTHS.get(name, SHORTEST_MONTHS))
            for name, pool in pools.items()
        }
        self.rows = data()
        self.apart = apart or Discrepancy.none(len(self.rows))

    def emulated(self, x: np.ndarray) -> np.ndarray:
        """(rows,) what the emulator says."""
        return predict(self.emulators, self.rows, dict(zip(names(), x, strict=True)))

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood, and the predicted rows."""
        predicted = self.emulated(x) + self.apart.mean
        sd = np.hypot([row.sd for row in self.rows], self.apart.error)
        miss = (predicted - np.array([row.value for row in self.rows])) / sd
        if not np.isfinite(miss).all():
            return -np.inf, predicted
        return float(-0.5 * (miss**2).sum()), predicted


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


def pools(ensemble: Any, seed: int, threads: int | None, n: int = POOL) -> dict[str, TrialPool]:
    """The pools of all calibrating trials."""
    return {name: trial_pool(read_trial(name), n, ensemble, seed, threads) for name in TRIALS}


def fit_table(now: Sample) -> pd.DataFrame:
    """Published and fitted rows: trial, arm, endpoint, published, q05, median, q95."""
    rows = []
    for k, datum in enumerate(data()):
        quantiles = np.quantile(now.predicted[:, k], [0.05, 0.5, 0.95])
        values = off_scale(datum.endpoint, np.array([datum.value, *quantiles]))
        rows.append((datum.trial, datum.arm, datum.endpoint, *values))
    columns = ["trial", "arm", "endpoint", "published", "q05", "median", "q95"]
    return pd.DataFrame(rows, columns=columns)


def draws_of(now: Sample, count: int, seed: int) -> pd.DataFrame:
    """Some of the particles as the package ships them."""
    rows = np.random.default_rng(seed).permutation(len(now.x))[:count]
    return pd.DataFrame(now.x[rows], columns=list(names())).round(5)


def discrepancy(
    found: Mapping[str, TrialPool], draws: pd.DataFrame, jobs: int
) -> tuple[Discrepancy, pd.DataFrame]:
    """Full simulation minus emulator at some draws, and the table of both."""
    target = Target(found)
    simulated, used = simulate(target.rows, draws, jobs)
    endpoints = [row.endpoint for row in target.rows]
    emulated = np.full(simulated.shape, np.nan)
    for k in sorted({int(i) for rows in used.values() for i in rows}):
        values = target.emulated(draws.loc[k, list(names())].to_numpy(float))
        emulated[k] = [off_scale(e, v) for e, v in zip(endpoints, values, strict=True)]
    apart = Discrepancy.of(simulated, emulated, endpoints, on_scale)
    columns = {
        "trial": [r.trial for r in target.rows], "arm": [r.arm for r in target.rows],
        "endpoint": [r.endpoint for r in target.rows], "apart": apart.mean, "error": apart.error,
        "trials": apart.count, "simulated": np.nanmedian(simulated, axis=0),
        "published": [float(off_scale(r.endpoint, r.value)) for r in target.rows],
    }  # fmt: skip
    return apart, pd.DataFrame(columns)


def calibrate(
    found: Mapping[str, TrialPool], particles: Sequence[int], count: int, seed: int, jobs: int,
    tell: Callable[[str], None] = print,
) -> pd.DataFrame:  # fmt: skip
    """Draws of the last of several fits, from nothing but the published rows.

    Parameters
    ----------
    found
        The pools of the trials.
    particles
        Of each fit.  All but the first use the discrepancy at the draws of the fit before.
    count
        Draws that are kept of each fit.

    Returns
    -------
    pandas.DataFrame
        (count, parameters), no more than there are particles.
    """
    apart, draws = None, pd.DataFrame()
    for fit, size in enumerate(particles):
        if fit:
            apart, table = discrepancy(found, draws, jobs)
            tell(table.round(3).to_string())
        now = sample(found, size, seed, jobs, tell=tell, apart=apart)
        tell(fit_table(now).round(2).to_string())
        draws = draws_of(now, count, seed)
    return draws


def main(arguments: Sequence[str] | None = None) -> None:
    """Calibrate and write the draws."""
    import argparse
    from pathlib import Path

    from rpoint.tumour.simulate import shipped

    parser = argparse.ArgumentParser(prog="python -m rpoint.trial.calibration")
    parser.add_argument("--out", type=Path, required=True, help="CSV of the draws")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--particles", type=int, nargs="+", default=PARTICLES,
        help="of each fit; all but the first use the discrepancy at the draws of the fit before",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    found = pools(shipped(), given.seed, given.jobs)
    draws = calibrate(found, given.particles, given.draws, given.seed, given.jobs)
    draws.to_csv(given.out, index=False)


if __name__ == "__main__":
    main()
