"""Figures of the claims report on hand-made tables, with the awkward values they must bear."""

import numpy as np
import pandas as pd
import pytest

from rpoint.plots.evidence import courses, curves, dots
from rpoint.plots.matrix import matrix, mechanism


@pytest.fixture
def levels():
    return pd.DataFrame(
        {"label": ["a", "b", "c"], "median": [1.0, np.inf, 0.0], "lo": [0.5, 2.0, -1.0],
         "hi": [2.0, np.inf, 0.1]}
    )  # fmt: skip


@pytest.mark.parametrize("log", [True, False])
def test_dots_bear_infinite_and_non_positive_levels(levels, log):
    figure = dots(levels, axis="level", title="Levels", threshold=1.0, log=log)
    svg = figure.svg()
    assert "NaN" not in svg and "Infinity" not in svg
    assert list(figure.table["median"]) == [1.0, np.inf, 0.0]  # the table keeps the truth


def test_dots_bear_a_table_without_any_number():
    empty = pd.DataFrame({"label": ["a"], "median": [np.nan], "lo": [np.nan], "hi": [np.nan]})
    assert "<svg" in dots(empty, axis="level", title="Nothing").svg()


def test_courses_draw_measured_points_with_their_source():
    table = pd.DataFrame(
        {"arm": "MDM2i", "day": [0.0, 1.0], "median": [1, 2], "lo": [1, 1], "hi": [1, 3]}
    )
    measured = pd.DataFrame({"arm": ["MDM2i"], "day": [1.0], "value": [2.5], "sd": [0.2]})
    figure = courses(table, axis="p53", title="p53", measured=measured, sources=["somebody"])
    assert "mark-symbol" in figure.svg()
    assert figure.cite() == ["somebody"]


def test_curves_have_one_legend_entry_per_line():
    rows = [(line, dose, 1.0, 0.9, 1.1) for line in ("wt", "null") for dose in (0.1, 1.0, 10.0)]
    table = pd.DataFrame(rows, columns=["line", "dose", "median", "lo", "hi"])
    svg = curves(table, axis="GR", dose_axis="dose", title="GR", threshold=0.5).svg()
    assert ">wt<" in svg and ">null<" in svg


def test_matrix_shows_signs_shares_and_what_is_not_scored():
    table = pd.DataFrame(
        {
            "genotype": ["wild type"] * 3,
            "treatment": ["MDM2i", "CDK4/6i + MDM2i", "CDK4/6i + fulvestrant + AKTi"],
            "sign": ["−", "c", "ns"],
            "strong": [True, True, False],
            "share": [0.95, 1.0, np.nan],
            "scored": [1.0, 0.4, 0.0],
            "median": [0.3, -0.2, np.nan],
            "verdict": ["holds", "not tested", "ns"],
        }
    )
    svg = matrix(table).svg()
    for text in ("95 %", "100 % of 40 %", ">ns<", ">fulvestrant + AKTi<"):
        assert text in svg


def test_mechanism_shows_medians_and_shares():
    table = pd.DataFrame(
        {
            "cell": "reference",
            "variant": ["sink (α = 1)", "no cyclin D1 feedback"],
            "read_out": "cyclin D1 over vehicle",
            "kind": "mechanism",
            "criterion": ">= 1.5",
            "median": [2.0, np.nan],
            "lo": [1.9, np.nan],
            "hi": [2.1, np.nan],
            "share": [0.9, np.nan],
            "scored": [1.0, 0.0],
        }
    )
    svg = mechanism(table, "reference").svg()
    assert "2.00  (90 %)" in svg and "≥ 1.5" in svg and ">–<" in svg
