"""The coefficients shipped with the package: learnt from public panels (see docs, panels)."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.panel.coefficients import Coefficients

FILE = "coefficients.csv"


@cache
def shipped() -> Coefficients:
    """Draws of the shipped coefficients."""
    with as_file(files("rpoint.panel") / "data" / FILE) as path:
        return read_coefficients(path)


def read_coefficients(path: str | Path) -> Coefficients:
    """Read draws from a CSV: one column a draw, one row a coefficient, the first its name."""
    table = pd.read_csv(path, index_col=0)
    if table.empty or not np.isfinite(table.to_numpy(float)).all():
        raise RpointError("these are no coefficients of a panel", where=str(path))
    return Coefficients(tuple(str(name) for name in table.index), table.to_numpy(float).T)


def write_coefficients(path: str | Path, coefficients: Coefficients) -> None:
    """Write what `read_coefficients` reads; four significant digits."""
    table = pd.DataFrame(coefficients.draws.T, index=list(coefficients.names))
    table.index.name = "coefficient"
    table.to_csv(path, float_format="%.4g")
