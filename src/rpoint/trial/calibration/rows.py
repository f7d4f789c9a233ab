"""Published rows with the role `calibrate`, on the scale of the likelihood.

The likelihood takes ln median, ln hazard ratio and logit rate as normal, with the error that the
published interval gives (without one, that of the number of patients) and, added in quadrature, an
error of the emulator.  Rows with the role `check` are never read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rpoint.trial.analyse import plain
from rpoint.trial.read import read_trial
from rpoint.trial.spec import Published, Trial

TRIALS = ("paloma-2", "paloma-3", "faktion", "tbcrc-041", "palbociclib-liposarcoma")
EMULATOR_SD = 0.08  # of ln median, ln hazard ratio or logit rate
LEAST_SHARE = 0.002  # added to a rate and to its complement, so that none of some has a logit


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


def off_scale(endpoint: str, value: Any) -> Any:
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
