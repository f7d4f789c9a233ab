"""Predictions of measurements that took no part in the fit: the form in which they are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpoint.errors import RpointError
from rpoint.panel.densities import kernel_log_density, mixture_log_density

NEEDED = ("model_id", "arm", "predicted", "status")
QUANTILES = {"lo90": 0.05, "lo50": 0.25, "hi50": 0.75, "hi90": 0.95}


@dataclass(frozen=True, eq=False)
class HeldOut:
    """One row for each predicted quantity, with draws of what would be measured.

    Attributes
    ----------
    table
        model_id, arm, predicted, status ("ok", or why there is no prediction); `score` where rank
        and value differ; `day` for volume curves.
    draws
        (rows, D) draws of the predictive distribution: differences between models and the noise of
        the measurement are inside.  A row of which more than half is NaN is a row without
        prediction, and all NaN here; single NaN are replaced by quantiles of the row's others.
    notes
        How the predictions were made, and what was left out.
    centres, width
        The same distribution as a mixture of normals of one SD about (rows, D) centres, where it is
        known in that form: its log density is then exact.
    """

    table: pd.DataFrame
    draws: NDArray[np.floating]
    notes: tuple[str, ...] = ()
    centres: NDArray[np.floating] | None = None
    width: float = float("nan")

    def __post_init__(self) -> None:
        lacking = [name for name in NEEDED if name not in self.table]
        if lacking or self.draws.ndim != 2 or len(self.draws) != len(self.table):
            raise RpointError(
                "held-out predictions need a row of draws for each row of the table",
                where="HeldOut",
                found=f"columns absent: {', '.join(lacking)}" if lacking else self.draws.shape,
            )
        object.__setattr__(self, "draws", _completed(self.draws))
        if self.centres is not None:
            object.__setattr__(self, "centres", _completed(self.centres))

    def __len__(self) -> int:
        return len(self.table)

    def with_quantiles(self) -> pd.DataFrame:
        """The table with the columns of `QUANTILES`, from the draws."""
        levels = list(QUANTILES.values())
        found = np.full((len(levels), len(self)), np.nan)
        known = np.isfinite(self.draws[:, 0]) if self.draws.shape[1] else np.zeros(len(self), bool)
        if known.any():
            found[:, known] = np.quantile(self.draws[known], levels, axis=1)
        return self.table.assign(**dict(zip(QUANTILES, found, strict=True)))

    def joined(self, measured: pd.DataFrame, keys: Sequence[str]) -> tuple[pd.DataFrame, NDArray]:
        """Rows of `measured` that have a prediction, with it, and their draws.

        Parameters
        ----------
        measured
            The columns `keys` and any others; several rows may share a prediction.
        keys
            Columns that name a prediction.

        Returns
        -------
        tuple
            The table, with a fresh index, and its (rows, D) draws.
        """
        both, place = self._matched(measured, keys)
        return both, self.draws[place]

    def log_density(self, measured: pd.DataFrame, keys: Sequence[str], value: str) -> NDArray:
        """Log density of the column `value`, for the rows of `joined`, in its order.

        Exact where the mixture is known, else a kernel estimate from the draws.
        """
        both, place = self._matched(measured, keys)
        if self.centres is None:
            return kernel_log_density(self.draws[place], both[value])
        return mixture_log_density(self.centres[place], self.width, both[value])

    def _matched(self, measured: pd.DataFrame, keys: Sequence[str]) -> tuple[pd.DataFrame, NDArray]:
        """Rows with a prediction, and where it stands."""
        own = self.with_quantiles().assign(_row=np.arange(len(self)))
        both = measured.merge(own, on=list(keys), how="inner", validate="many_to_one")
        both = both[np.isfinite(both["predicted"])].reset_index(drop=True)
        return both.drop(columns="_row"), both["_row"].to_numpy()

    def clipped(self, lo: float, hi: float) -> HeldOut:
        """Predictions of a measurement that is clipped to a range."""
        table = self.table.assign(predicted=self.table["predicted"].clip(lo, hi))
        return HeldOut(table, np.clip(self.draws, lo, hi), self.notes)


def _completed(draws: NDArray[np.floating]) -> NDArray[np.floating]:
    known = np.isfinite(draws)
    if known.all():
        return draws
    found = np.where(known, draws, np.nan)
    share = known.mean(axis=1)
    found[share < 0.5] = np.nan
    for row in np.flatnonzero((share >= 0.5) & (share < 1)):
        gaps = ~known[row]
        levels = (np.arange(gaps.sum()) + 0.5) / gaps.sum()
        found[row, gaps] = np.quantile(draws[row, known[row]], levels)
    return found
