"""The calibration problem: prior on the unit cube, fit to the data, demands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rpoint.biology import parameters
from rpoint.calibrate import acceptance
from rpoint.calibrate.ensemble import Ensemble
from rpoint.calibrate.noise import whitener
from rpoint.calibrate.predict import ASSAY, DISCREPANCY, predict, predictable
from rpoint.tumour.cells import run_cells

#: Weight of a missed demand: a miss of one scale unit costs this many log units, linearly.
HINGE = 120.0
#: The same for what every accepted set must meet (their names have a bar): the strong cells of the
#: matrix, that a single drug leaves enough growth for a combination to be judged at all, and the
#: effect of label doses.
STRONG_HINGE = 200.0
#: A missed demand also costs this much at once, so that small misses do not pile up on thresholds.
STEP = 3.0
#: A demand that no set of either fit meets together with the others is asked for softly.
SOFT = {"E3 doublet regrows": 10.0}
#: Margins are cut off here, so that one failing demand does not outvote everything else.
WORST = 3.0
#: The fit is tempered: the variance of every target is multiplied by this number, because the model
#: is structurally wrong somewhere and an untempered fit would pin the parameters to compensate.
TEMPER = 1.5
#: Sets of one batch of the engine.
BATCH = 240


def hinges(demands: list[str]) -> np.ndarray:
    """Cost of each demand's miss by one scale unit."""
    return np.array([SOFT.get(d, STRONG_HINGE if is_strong(d) else HINGE) for d in demands])


def is_strong(demand: str) -> bool:
    """Whether every accepted set must meet the demand."""
    return "|" in demand


@dataclass(frozen=True)
class Score:
    """Evaluation of parameter sets.

    Attributes
    ----------
    residuals : ndarray (sets, targets)
        Whitened by the tempered covariance of the data; NaN where the model fails.
    margins : DataFrame (sets, demands)
        Met when <= 0.
    """

    residuals: np.ndarray
    margins: pd.DataFrame

    @property
    def chi2(self) -> np.ndarray:
        """Generalised chi-square of the data, not tempered, shape (sets,)."""
        return TEMPER * (self.residuals**2).sum(axis=1)

    @property
    def log_density(self) -> np.ndarray:
        """Tempered fit and cost of the missed demands, shape (sets,); minus infinity on failure."""
        miss = np.maximum(self.margins.to_numpy(), 0.0)
        cost = (hinges(list(self.margins)) * miss).sum(axis=1)
        hard = [name not in SOFT for name in self.margins]
        cost = cost + STEP * (miss[:, hard] > 0).sum(axis=1)
        density = -0.5 * self.chi2 / TEMPER - cost
        return np.where(np.isfinite(density), density, -np.inf)

    @property
    def missed(self) -> np.ndarray:
        """Number of missed demands per set; all of them where the model fails."""
        return (~(self.margins.to_numpy() <= 1e-9)).sum(axis=1)

    @property
    def strong_missed(self) -> np.ndarray:
        """Number of missed demands that every set must meet, per set."""
        strong = [name for name in self.margins if is_strong(name)]
        return (~(self.margins[strong].to_numpy() <= 1e-9)).sum(axis=1)


@dataclass(frozen=True)
class Problem:
    """Prior box, data and demands.

    Parameters
    ----------
    nodes : int
        Cell-to-cell nodes used in every evaluation.
    rtol : float
        Relative tolerance of the engine; far below the noise of any target.
    """

    nodes: int = 5
    threads: int | None = None
    rtol: float = 3e-4
    targets: pd.DataFrame = field(default_factory=lambda: predictable("calibrate"))

    @property
    def names(self) -> list[str]:
        """Fitted parameters, then the numbers of the assays."""
        return [p.name for p in parameters().values() if p.fitted] + list(ASSAY)

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of the prior bounds."""
        box = [(p.lo, p.hi) for p in parameters().values() if p.fitted] + list(ASSAY.values())
        lo, hi = np.log(np.array(box)).T
        return lo, hi

    def to_ensemble(self, unit: np.ndarray) -> Ensemble:
        """Points of the unit cube, shape (n, d), as parameter sets."""
        lo, hi = self.bounds
        table = pd.DataFrame(np.exp(lo + unit * (hi - lo)), columns=self.names)
        assay = list(ASSAY)
        return Ensemble(table.drop(columns=assay), table[assay])

    def to_unit(self, ensemble: Ensemble) -> np.ndarray:
        """Parameter sets as points of the unit cube."""
        lo, hi = self.bounds
        table = pd.concat([ensemble.parameters, ensemble.nuisance], axis=1)[self.names]
        return np.clip((np.log(table.to_numpy()) - lo) / (hi - lo), 0.0, 1.0)

    def score(self, unit: np.ndarray) -> Score:
        """Evaluate points of the unit cube, in batches of the engine."""
        unit = np.atleast_2d(unit)
        parts = [self._score(unit[i : i + BATCH]) for i in range(0, len(unit), BATCH)]
        return Score(
            np.concatenate([p.residuals for p in parts]),
            pd.concat([p.margins for p in parts], ignore_index=True),
        )

    def _score(self, unit: np.ndarray) -> Score:
        ensemble = self.to_ensemble(unit)
        options: dict[str, Any] = {"nodes": self.nodes, "threads": self.threads, "rtol": self.rtol}
        run = run_cells(
            acceptance.conditions(), ensemble, observables=acceptance.OBSERVABLES, **options
        )
        margins = pd.DataFrame(acceptance.margins(run)).clip(-WORST - 2.0, WORST)
        found = predict(ensemble, self.targets, **options).values
        residuals = whitener(self.targets, DISCREPANCY) @ (
            found - self.targets["value"].to_numpy()[:, None]
        )
        residuals = residuals.T / np.sqrt(TEMPER)
        bad = (run.status.max(axis=0) > 0) | ~np.isfinite(residuals).all(axis=1)
        bad |= ~np.isfinite(margins.to_numpy()).all(axis=1)
        residuals[bad], margins.loc[bad] = np.nan, np.nan
        return Score(residuals, margins)
