"""CTCAE v5.0 grades of blood counts, and the worst grade of each patient.

Thresholds: CTCAE v5.0 (NCI, 2017), through two open-source transcriptions of it.  The lower bound
of a range belongs to the milder grade: platelets of exactly 75 are grade 1.  The lower limit of
normal is the laboratory's and has to be given.  Haemoglobin has no grade 4 by number (it is
"life-threatening"), and grade 5, death, is not a matter of counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name


@dataclass(frozen=True)
class Scale:
    """Grades of one count.

    Attributes
    ----------
    term
        Name of the adverse event.
    unit
        Unit of the thresholds.
    below
        Grade 2, 3, ... begins below these values; grade 1 below the lower limit of normal.
    per_unit
        Other units to factors into `unit`.
    """

    term: str
    unit: str
    below: tuple[float, ...]
    per_unit: dict[str, float]


_CELLS = {"10^9/L": 1.0, "1e9/L": 1.0, "10^3/uL": 1.0, "/uL": 1e-3, "/mm3": 1e-3}
SCALES = {
    "platelets": Scale("platelet count decreased", "10^9/L", (75.0, 50.0, 25.0), _CELLS),
    "neutrophils": Scale("neutrophil count decreased", "10^9/L", (1.5, 1.0, 0.5), _CELLS),
    "leukocytes": Scale("white blood cell decreased", "10^9/L", (3.0, 2.0, 1.0), _CELLS),
    "haemoglobin": Scale("anemia", "g/dL", (10.0, 8.0), {"g/dL": 1.0, "g/L": 0.1}),
}


def ctcae_grade(
    values: Any, analyte: str, lower_limit_of_normal: float, *, unit: str | None = None
) -> np.ndarray:
    """CTCAE v5.0 grade of every count.

    Parameters
    ----------
    values
        Any shape; NaN is not graded.
    analyte
        platelets, neutrophils, leukocytes or haemoglobin.
    lower_limit_of_normal
        The laboratory's, in `unit`; above the threshold of grade 2.
    unit
        10^9/L (default), 10^3/uL, /uL, /mm3; for haemoglobin g/dL (default) or g/L.

    Returns
    -------
    numpy.ndarray
        Grades 0 to 4 as floats, NaN where the count is NaN.

    >>> ctcae_grade([160, 149, 75, 74.9, 24.9], "platelets", 150).tolist()
    [0.0, 1.0, 1.0, 2.0, 4.0]
    """
    if analyte not in SCALES:
        raise unknown_name("count", analyte, SCALES, where="analyte")
    scale = SCALES[analyte]
    unit = scale.unit if unit is None else unit
    if unit not in scale.per_unit:
        raise unknown_name("unit", unit, scale.per_unit, where="unit")
    factor = scale.per_unit[unit]
    limit = float(lower_limit_of_normal) * factor
    if not limit >= scale.below[0]:
        raise RpointError(
            "the lower limit of normal lies below grade 2",
            where="lower_limit_of_normal",
            found=lower_limit_of_normal,
            allowed=f"at least {scale.below[0] / factor:g} {unit}",
            mend="is the unit right?",
        )
    counts = np.asarray(values, dtype=float) * factor
    if (counts < 0).any():
        raise RpointError("a count is negative", where=analyte, found=float(np.nanmin(counts)))
    grade = sum((counts < edge - 1e-9 * edge).astype(float) for edge in (limit, *scale.below))
    return np.where(np.isnan(counts), np.nan, grade)


def worst_grades(
    counts: pd.DataFrame,
    analyte: str,
    lower_limit_of_normal: float,
    *,
    unit: str | None = None,
    deaths: tuple[object, ...] = (),
) -> pd.DataFrame:
    """The worst grade of every patient, with the count and the day of it.

    Parameters
    ----------
    counts
        patient, day, value.
    deaths
        Patients who died of it: grade 5.

    Returns
    -------
    pandas.DataFrame
        patient, term, grade, value, day; sorted by patient.  The first day of the lowest count.
    """
    for name in ("patient", "day", "value"):
        if name not in counts:
            raise unknown_name("column", name, counts.columns, where="counts")
    grade = ctcae_grade(counts["value"], analyte, lower_limit_of_normal, unit=unit)
    table = counts[["patient", "day", "value"]].assign(grade=grade).dropna(subset=["grade"])
    table = table.sort_values(["patient", "grade", "value", "day"],
                              ascending=[True, False, True, True])  # fmt: skip
    worst = table.drop_duplicates("patient").reset_index(drop=True)
    worst.loc[worst["patient"].isin(deaths), "grade"] = 5.0
    worst["term"] = SCALES[analyte].term
    return worst[["patient", "term", "grade", "value", "day"]]


def grade_table(worst: pd.DataFrame, patients: int | None = None) -> pd.DataFrame:
    """How many patients reach each grade or more: grade, x, n.

    Parameters
    ----------
    worst
        As of `worst_grades`.
    patients
        Denominator; the patients of the table when left out.
    """
    n = len(worst) if patients is None else patients
    rows = [(grade, int((worst["grade"] >= grade).sum()), n) for grade in range(1, 6)]
    return pd.DataFrame(rows, columns=["grade", "x", "n"])
