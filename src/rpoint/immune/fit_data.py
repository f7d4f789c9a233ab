"""Measured series and survival times that the facts of this room are fitted on and checked with.

They are read from a folder (tables `tgi_recist/target_lesions.csv` and `oak_poplar/clinical.csv`);
the package does not hold them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.immune.halves import fitting_half
from rpoint.immune.lung import ANTIBODY, DOCETAXEL
from rpoint.immune.summaries import GRID, on_grid, survival_summary

DAYS_PER_MONTH = 30.4375
STUDY = "Study4"  # OAK
LEAST_MM = 2.0  # a lesion that is gone or too small has some size


def read_table(folder: str | Path, name: str) -> pd.DataFrame:
    """A table of the data folder.

    Raises
    ------
    RpointError
        If it is not there.
    """
    path = Path(folder) / name
    if not path.is_file():
        raise RpointError(
            "a data table is missing", where=str(path), mend="name the folder that holds it"
        )
    return pd.read_csv(path)


def size_series(folder: str | Path, arm: str, fitting: bool, study: str = STUDY) -> np.ndarray:
    """(n, GRID) ln(size over baseline) of the patients of one arm and one half.

    Parameters
    ----------
    fitting
        True for the half that facts are fitted on, False for the other.
    study
        Study of the table.
    """
    table = read_table(folder, "tgi_recist/target_lesions.csv")
    table = table[(table["study"] == study) & (table["arm"] == arm)]
    table = table[table["longest_diameter_mm"].notna() & (table["status"] != "NOT EVALUABLE")]
    table = table[fitting_half(table["patient_id"]) == fitting]
    rows = []
    for _, one in table.sort_values("time_d").groupby("patient_id", sort=True):
        day, size = one["time_d"].to_numpy(float), one["longest_diameter_mm"].to_numpy(float)
        if (day <= 0).any() and (day > 0).any():
            base = size[day <= 0][-1]
            later = day > 0
            rows.append(on_grid(day[later], np.log(np.maximum(size[later], LEAST_MM) / base)))
    return np.array(rows).reshape(-1, GRID)


def oak(folder: str | Path, arm: str, fitting: bool | None = None) -> pd.DataFrame:
    """Patients of OAK: times (d) and events of PFS and OS, baseline sum; one arm, a half or all."""
    table = read_table(folder, "oak_poplar/clinical.csv")
    table = table[(table["trial"] == "OAK") & (table["arm"] == arm)]
    if fitting is not None:
        table = table[fitting_half(table["patient_id"]) == fitting]
    return pd.DataFrame(
        {
            "patient": table["patient_id"],
            "pfs_d": table["pfs_months"] * DAYS_PER_MONTH,
            "pfs": table["pfs_event"].astype(int),
            "os_d": table["os_months"] * DAYS_PER_MONTH,
            "os": table["os_event"].astype(int),
            "sum_mm": table["baseline_sld_mm"],
            "response": table["best_response"],
        }
    ).reset_index(drop=True)


def survival_of(table: pd.DataFrame) -> dict[str, float]:
    """Summary of PFS and OS, and of OS by the half of the patients with more disease."""
    found = survival_summary("pfs", table["pfs_d"].to_numpy(), table["pfs"].to_numpy())
    found |= survival_summary("os", table["os_d"].to_numpy(), table["os"].to_numpy())
    return found


ARMS_FITTED = (ANTIBODY, DOCETAXEL)
