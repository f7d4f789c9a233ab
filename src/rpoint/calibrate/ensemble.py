"""The shipped ensemble of accepted parameter sets.

The ensemble stands for what the data, the priors and the acceptance leave open. Every set has equal
weight. ``python -m rpoint.calibrate`` rebuilds it; how it was made, how little its chains have
mixed and what stays unidentified is in the documentation, under calibration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.biology import parameters
from rpoint.errors import RpointError

FILE = "ensemble.csv"
DIAGNOSTICS = "ensemble_diagnostics.csv"


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Parameter sets of the cell model, one row each.

    Attributes
    ----------
    parameters : DataFrame, shape (sets, fitted parameters)
        In the units of :func:`rpoint.biology.parameters`.
    nuisance : DataFrame, shape (sets, k)
        Fitted numbers that belong to an assay, not to the cell (in-cell drug constants of culture).
    """

    parameters: pd.DataFrame
    nuisance: pd.DataFrame

    def __len__(self) -> int:
        return len(self.parameters)

    def __repr__(self) -> str:
        return f"Ensemble({len(self)} parameter sets, {self.parameters.shape[1]} fitted parameters)"

    @property
    def weights(self) -> np.ndarray:
        """Equal weights, shape (sets,)."""
        return np.full(len(self), 1.0 / len(self))

    def take(self, rows: np.ndarray | slice | list[int]) -> Ensemble:
        """The sets of the given rows."""
        return Ensemble(
            self.parameters.iloc[rows].reset_index(drop=True),
            self.nuisance.iloc[rows].reset_index(drop=True),
        )

    def thin(self, n: int) -> Ensemble:
        """At most ``n`` sets, evenly spaced over the rows."""
        if n >= len(self):
            return self
        return self.take(np.unique(np.linspace(0, len(self) - 1, n).round().astype(int)))


def read(path: str | Path) -> Ensemble:
    """Read an ensemble from CSV: columns of the cell model, and ``assay_*`` columns."""
    table = pd.read_csv(path)
    fitted = [p.name for p in parameters().values() if p.fitted]
    missing = [name for name in fitted if name not in table]
    if missing:
        raise RpointError(
            f"{path}: the ensemble lacks the fitted parameter(s) {', '.join(missing)}. "
            "Rebuild it with `python -m rpoint.calibrate`."
        )
    return Ensemble(table[fitted], table[[c for c in table if c.startswith("assay_")]])


@cache
def diagnostics() -> pd.DataFrame:
    """Per fitted number of the shipped ensemble: quantiles, width against the prior, R-hat, ESS."""
    with as_file(files("rpoint.calibrate") / "data" / DIAGNOSTICS) as path:
        return pd.read_csv(path, index_col="parameter")


@cache
def load() -> Ensemble:
    """The ensemble shipped with the package."""
    with as_file(files("rpoint.calibrate") / "data" / FILE) as path:
        return read(path)
