"""The calibration problem on the unit cube: prior, fit to the data, acceptance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rpoint.biology import parameters
from rpoint.calibrate import acceptance
from rpoint.calibrate.ensemble import Ensemble
from rpoint.calibrate.predict import ASSAY, Predictions, chi_square, predict, predictable
from rpoint.tumour.cells import run_cells

#: Weight of a missed demand: a miss of one scale unit costs this many log units, linearly.
HINGE = 25.0
#: The same for the strong cells of the matrix (their names have a bar), and for the demands that
#: a single drug leaves enough growth for a combination to be judged at all.
STRONG_HINGE = 65.0
#: A missed demand also costs this much at once, so that small misses do not pile up on thresholds.
STEP = 0.5
#: The fit is tempered: the variance of every target is multiplied by this number, because the model
#: is structurally wrong somewhere and an untempered fit would pin the parameters to compensate.
TEMPER = 1.5


@dataclass(frozen=True)
class Score:
    """Evaluation of parameter sets.

    Attributes
    ----------
    log_density : ndarray (sets,)
    chi2 : ndarray (sets,)
    margins : DataFrame (sets, demands)
        Met when <= 0.
    """

    log_density: np.ndarray
    chi2: np.ndarray
    margins: pd.DataFrame

    @property
    def missed(self) -> np.ndarray:
        """Number of missed demands per set."""
        return (~(self.margins.to_numpy() <= 1e-9)).sum(axis=1)

    @property
    def strong_missed(self) -> np.ndarray:
        """Number of missed strong cells of the matrix per set."""
        strong = [name for name in self.margins if "|" in name]
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
    rtol: float = 1e-4
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
        """Evaluate points of the unit cube."""
        ensemble = self.to_ensemble(np.atleast_2d(unit))
        run = run_cells(
            acceptance.conditions(), ensemble, nodes=self.nodes,
            observables=acceptance.OBSERVABLES, threads=self.threads, rtol=self.rtol,
        )  # fmt: skip
        margins = pd.DataFrame(acceptance.margins(run))
        fit: Predictions = predict(
            ensemble, self.targets, nodes=self.nodes, threads=self.threads, rtol=self.rtol
        )
        chi2 = chi_square(fit)
        miss = np.maximum(margins.to_numpy(), 0.0)
        weight = np.where(["|" in name for name in margins.columns], STRONG_HINGE, HINGE)
        cost = (weight * np.minimum(miss, 3.0) + STEP * (miss > 0)).sum(axis=1)
        density = -0.5 * chi2 / TEMPER - cost
        bad = (run.status.max(axis=0) > 0) | ~np.isfinite(density)
        return Score(np.where(bad, -np.inf, density), chi2, margins)
