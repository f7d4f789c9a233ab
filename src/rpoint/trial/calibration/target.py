"""Likelihood and prior of the population's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rpoint.stats.batched import batched_survival
from rpoint.trial.calibration.discrepancy import Discrepancy
from rpoint.trial.calibration.emulator import Emulator, Outcome, TrialPool
from rpoint.trial.calibration.rows import Datum, data, on_scale
from rpoint.trial.parameters import prior
from rpoint.trial.spec import MONTH_D

COPIES = 2  # lives of every patient of a pool
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
