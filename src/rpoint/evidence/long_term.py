"""A year of palbociclib in culture: acquired resistance, fitted to half of it, checked on the rest.

Adaptive resistance is in the cell model, intrinsic resistance in the genotype; this one is
selection on a ladder of cyclin E expression (`rpoint.tumour.ladder`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpoint.calibrate.predict import PALBOCICLIB_CDK6_OVER_CDK4
from rpoint.calibrate.targets import load_targets
from rpoint.tumour.culture import LongCulture, fit_long_culture

if TYPE_CHECKING:
    from rpoint.calibrate.ensemble import Ensemble

PALBOCICLIB_NM = 750.0
MONTH_H = 672.0
SETS = 12


def measured() -> pd.DataFrame:
    """Monthly folds: month, fold, role, run."""
    rows = load_targets()
    rows = rows[rows["table"] == "mcf7_long_term"]
    curated = rows["experiment"].str.contains("curated")
    fitted = np.where(rows["role"] == "calibrate", "fitted", "check")
    return pd.DataFrame(
        {
            "month": (rows["time_h"] / MONTH_H).round().astype(int),
            "fold": np.exp(rows["value"]),
            "role": np.where(curated, fitted, "check, independent run"),
            "run": rows["experiment"],
        }
    ).reset_index(drop=True)


def long_culture(ensemble: Ensemble, sets: int = SETS) -> LongCulture:
    """The ladder fitted to months 1 to 6, for some parameter sets of the ensemble."""
    constant = np.asarray(ensemble.nuisance["assay_K_palbociclib_nM"], float)
    treatment = {
        "c_CDK4": PALBOCICLIB_NM / constant,
        "c_CDK6": PALBOCICLIB_NM / (constant * PALBOCICLIB_CDK6_OVER_CDK4),
    }
    return fit_long_culture(measured(), ensemble, treatment, sets=sets)
