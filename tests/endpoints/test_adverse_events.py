"""CTCAE v5.0 grades at every edge; worst grades."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.endpoints.adverse_events import SCALES, ctcae_grade, grade_table, worst_grades
from rpoint.errors import RpointError

LLN = {"platelets": 150, "neutrophils": 1.8, "leukocytes": 4.0, "haemoglobin": 12.0}


@pytest.mark.parametrize(
    ("analyte", "values", "grades"),
    [  # CTCAE v5.0; the lower bound belongs to the milder grade
        ("platelets", [160, 150, 149, 75, 74.9, 50, 49.9, 25, 24.9, 0],
         [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]),
        ("neutrophils", [2.1, 1.79, 1.5, 1.49, 1.0, 0.99, 0.5, 0.49], [0, 1, 1, 2, 2, 3, 3, 4]),
        ("leukocytes", [4.1, 3.9, 3.0, 2.9, 2.0, 1.9, 1.0, 0.9], [0, 1, 1, 2, 2, 3, 3, 4]),
        ("haemoglobin", [13, 11.9, 10.0, 9.9, 8.0, 7.9, 3.0], [0, 1, 1, 2, 2, 3, 3]),
    ],
)  # fmt: skip
def test_grades_at_the_edges(analyte, values, grades):
    assert ctcae_grade(values, analyte, LLN[analyte]).tolist() == grades


@pytest.mark.parametrize(
    ("analyte", "unit", "factor"),
    [("platelets", "/uL", 1000), ("neutrophils", "/mm3", 1000), ("haemoglobin", "g/L", 10)],
)
def test_units_change_nothing(analyte, unit, factor):
    values = np.linspace(0.1, LLN[analyte] * 1.2, 400)
    edges = [LLN[analyte], *SCALES[analyte].below]
    values = np.concatenate([values, edges])
    same = ctcae_grade(values * factor, analyte, LLN[analyte] * factor, unit=unit)
    assert (same == ctcae_grade(values, analyte, LLN[analyte])).all()


@given(st.sampled_from(sorted(LLN)), st.lists(st.floats(0, 400), min_size=2, max_size=20))
def test_a_lower_count_never_has_a_lower_grade(analyte, values):
    grades = ctcae_grade(np.sort(values), analyte, LLN[analyte])
    assert (np.diff(grades) <= 0).all()


def test_the_worst_grade_of_a_patient_with_its_day():
    counts = pd.DataFrame({
        "patient": ["A", "A", "A", "B", "B", "C"], "day": [0, 15, 22, 0, 8, 8],
        "value": [200, 40, 30, 200, 160, np.nan],
    })  # fmt: skip
    worst = worst_grades(counts, "platelets", 150)
    assert worst.values.tolist() == [
        ["A", "platelet count decreased", 3.0, 30.0, 22],
        ["B", "platelet count decreased", 0.0, 160.0, 8],
    ]
    table = grade_table(worst, patients=3)
    assert list(zip(table["grade"], table["x"], table["n"])) == [
        (1, 1, 3), (2, 1, 3), (3, 1, 3), (4, 0, 3), (5, 0, 3),
    ]  # fmt: skip
    dead = worst_grades(counts, "platelets", 150, deaths=("A",))
    assert dead.loc[0, "grade"] == 5


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        (([1], "platelet", 150), {}, "platelets"),
        (([1], "platelets", 50), {}, "below grade 2"),
        (([1], "platelets", 150), {"unit": "g/L"}, "unknown unit"),
        (([-1], "platelets", 150), {}, "negative"),
        (([1], "neutrophils", float("nan")), {}, "below grade 2"),
    ],
)
def test_bad_counts_are_refused(arguments, options, says):
    with pytest.raises(RpointError, match=says):
        ctcae_grade(*arguments, **options)
