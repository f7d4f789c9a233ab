"""Zero interaction potency (ZIP): does one drug change the potency of the other?

Source: Yadav et al. 2015 (Comput Struct Biotechnol J 13:504, doi:10.1016/j.csbj.2015.09.001).

The reference is the Bliss combination of the two *fitted* single curves.  The observed surface is
smoothed by curves too: for every dose of one drug a Hill curve in the other, which starts from the
fitted effect of the first alone; the two fitted values of a cell are averaged.  delta = smoothed -
reference.

Two choices differ between implementations.  The largest effect of a conditional curve is fitted
here, not fixed at 1 (with 1, independent drugs of partial effect would get a delta).  An effect E0
without drugs is taken out of the reference, 1 - (1 - y1)(1 - y2) / (1 - E0); with E0 = 0 that is
the formula of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.stats._batched_fit import best_of, fit_batch
from rpoint.stats.dose_matrix import DoseMatrix
from rpoint.stats.hill import BEYOND, FEWEST_DOSES, SLOPES, SOFT, curves_of_pair, hill

STARTS = (0.15, 0.5, 0.85)  # quantiles of the log doses where a half effect is sought first


@dataclass(frozen=True)
class ZipSurface:
    """Arrays (batch, cells); NaN where a cell lies on fewer than two conditional curves."""

    expected: np.ndarray
    fitted: np.ndarray

    @property
    def delta(self) -> np.ndarray:
        """Smoothed minus expected."""
        return self.fitted - self.expected


def zip_surface(matrix: DoseMatrix, means: np.ndarray, pair: np.ndarray) -> ZipSurface:
    """The reference and the smoothed surface.

    Parameters
    ----------
    matrix
        The doses.
    means
        (batch, cells) mean effects.
    pair
        (batch, 7) single curves from `hill.fit_pair`.
    """
    one, two = curves_of_pair(pair)
    first = hill(matrix.cell_dose1, *(p[:, None] for p in one))
    second = hill(matrix.cell_dose2, *(p[:, None] for p in two))
    expected = 1.0 - (1.0 - first) * (1.0 - second) / (1.0 - one[0][:, None])
    along1 = _conditional(matrix.cell_dose1, matrix.cell_dose2, second, means, matrix)
    along2 = _conditional(matrix.cell_dose2, matrix.cell_dose1, first, means, matrix)
    return ZipSurface(expected, 0.5 * (along1 + along2))


def _conditional(
    moving: np.ndarray, fixed: np.ndarray, bottom: np.ndarray, means: np.ndarray, matrix: DoseMatrix
) -> np.ndarray:
    """(batch, cells) fitted by a curve in `moving` for each dose of `fixed`; NaN elsewhere."""
    fitted = np.full(means.shape, np.nan)
    levels = [
        cells
        for level in np.unique(fixed[fixed > 0])
        if len(cells := np.flatnonzero((fixed == level) & (moving > 0))) >= FEWEST_DOSES
    ]
    for size in sorted({len(cells) for cells in levels}):
        alike = np.array([cells for cells in levels if len(cells) == size])  # (curves, points)
        fitted[:, alike] = _curves(moving[alike], bottom, means, alike, matrix)
    return fitted


def _curves(
    dose: np.ndarray, bottom: np.ndarray, means: np.ndarray, cells: np.ndarray, matrix: DoseMatrix
) -> np.ndarray:
    """Fitted values, (batch, curves, points), of Hill curves with a given start."""
    batch, (curves, points), tried = len(means), dose.shape, len(STARTS)
    target = means[:, cells].reshape(-1, points)
    start = bottom[:, cells[:, 0]].reshape(-1, 1)
    log_dose = np.log(dose)
    middles = np.quantile(log_dose, STARTS, axis=1).T  # (curves, starts)
    begin = np.empty((batch, curves, tried, 3))
    begin[..., 0] = target.reshape(batch, curves, points)[..., -1:]
    begin[..., 1], begin[..., 2] = middles, 0.0
    reach = np.log(BEYOND)
    lower = [means.min() - 0.25, log_dose.min() - reach, np.log(SLOPES[0])]
    upper = [max(matrix.top, means.max()), log_dose.max() + reach, np.log(SLOPES[1])]
    doses = np.repeat(np.tile(dose, (batch, 1)), tried, axis=0)
    floor = np.repeat(start, tried, axis=0)

    def model(p: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return hill(doses[rows], floor[rows], p[:, [0]], p[:, [1]], p[:, [2]])

    weight = np.repeat(np.tile(matrix.count[cells], (batch, 1)), tried, axis=0)
    fit = fit_batch(
        model, begin.reshape(-1, 3), np.repeat(target, tried, axis=0),
        np.array(lower), np.array(upper), weight=weight, soft=SOFT,
    )  # fmt: skip
    p = best_of(fit, tried).params
    values = hill(np.tile(dose, (batch, 1)), start, p[:, [0]], p[:, [1]], p[:, [2]])
    return values.reshape(batch, curves, points)
