"""Ridge regression whose penalty is chosen by leaving one row out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

PENALTIES = np.logspace(-1, 5, 31)  # for columns of unit variance


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge regression.

    Parameters
    ----------
    centre, scale
        (p,) mean and standard deviation of the columns; a constant column has weight 0.
    weights
        (p,) for the standardised columns.
    intercept
        Mean of the fitted values.
    penalty
        The chosen one of `PENALTIES`.
    residuals
        (n,) left-one-out residuals at that penalty.
    """

    centre: Floats
    scale: Floats
    weights: Floats
    intercept: float
    penalty: float
    residuals: Floats

    def predict(self, columns: ArrayLike) -> Floats:
        """(m,) predictions for (m, p) columns; a missing value counts as the column's mean."""
        x = (np.asarray(columns, dtype=float) - self.centre) / self.scale
        return self.intercept + np.nan_to_num(x) @ self.weights


def fit_ridge(columns: ArrayLike, y: ArrayLike, penalties: ArrayLike = PENALTIES) -> Ridge:
    """Fit y on standardised columns; the penalty has the least squared left-one-out error.

    Parameters
    ----------
    columns
        (n, p); a missing value counts as the column's mean.
    y
        (n,) without missing values, n >= 2.
    penalties
        Candidates, as multiples of the columns' unit variance.

    Notes
    -----
    Hoerl & Kennard 1970, Technometrics 12:55.  With the singular values s and left vectors U of the
    columns, the hat matrix is 1/n + U diag(s²/(s² + penalty)) U', and the left-one-out residual is
    residual / (1 - its diagonal) (Golub, Heath & Wahba 1979, Technometrics 21:215, eq. 2.3).  Only
    the centring of the columns is not repeated for each row left out.
    """
    x, centre, scale = _standardised(np.asarray(columns, dtype=float))
    target = np.asarray(y, dtype=float)
    intercept = float(target.mean())
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    along = u.T @ (target - intercept)
    best: tuple[float, float, Floats] | None = None
    for penalty in np.asarray(penalties, dtype=float):
        shrink = s**2 / (s**2 + penalty)
        hat = 1 / len(target) + (u**2) @ shrink
        left_out = (target - intercept - u @ (shrink * along)) / np.maximum(1 - hat, 1e-9)
        error = float(np.mean(left_out**2))
        if best is None or error < best[0]:
            best = error, float(penalty), left_out
    assert best is not None
    weights = vt.T @ (s / (s**2 + best[1]) * along)
    return Ridge(centre, scale, weights, intercept, best[1], best[2])


def _standardised(x: Floats) -> tuple[Floats, Floats, Floats]:
    known = np.isfinite(x)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, x, 0.0).sum(axis=0) / count
    off = np.where(known, x - centre, 0.0)
    scale = np.sqrt((off**2).sum(axis=0) / count)
    scale = np.where(scale > 1e-12, scale, 1.0)
    return off / scale, centre, scale
