"""Figures of panels draw what their tables hold, long and empty ones too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.plots import panel as plots
from rpoint.plots import panel_quality as quality


def scatter(n=30, arms=("A", "B")):
    rng = np.random.default_rng(1)
    rows = [
        {"model_id": f"m{i}", "arm": arm, "predicted": rng.normal(), "measured": rng.normal()}
        for arm in arms
        for i in range(n)
    ]
    return pd.DataFrame(rows).assign(marker=np.tile(["altered", "intact"], n * len(arms) // 2))


def scores(values=(0.5, float("nan"))):
    table = pd.DataFrame({"arm": ["A", "B"], "n": 30, "spearman": values})
    return table.assign(lo=[-0.001, np.nan], hi=[0.7, np.nan])


def test_agreement_writes_the_correlation_into_each_panel():
    figure = plots.agreement(scatter(), scores(), group="marker")
    text = figure.svg()
    assert "ρ = 0.50 (0.00 to 0.70), n = 30" in text and "constant, n = 30" in text
    assert "altered" in text and len(figure.table) == 60
    alone = plots.agreement(scatter(), scores(), shared=False).svg()
    assert "altered" not in alone


def forecast(n, **more):
    low = np.linspace(0, 1, n)
    table = {"model_id": [f"m{i}" for i in range(n)], "arm": "LEE011", "growth_inhibition": low}
    return pd.DataFrame({**table, "lo90": low - 0.5, "hi90": low + 0.5, **more})


def test_a_long_forecast_shows_its_ends_and_says_so():
    figure = plots.forecast(forecast(500))
    assert len(figure.table) == plots.MOST_ROWS and "highest and lowest" in figure.caption
    assert "highest" not in plots.forecast(forecast(5)).caption


def test_rows_without_a_prediction_are_not_drawn():
    figure = plots.forecast(forecast(4, growth_inhibition=[0.1, np.nan, 0.3, 0.2]))
    assert figure.table["model_id"].tolist() == ["m0", "m3", "m2"]
    assert "<svg" in plots.forecast(forecast(3, growth_inhibition=np.nan)).svg()


def test_new_combinations_put_the_largest_gain_first():
    table = pd.DataFrame(
        {
            "setting": "xenografts",
            "group": ["TP53 -", "none"],
            "n": [9, 4],
            "gain": [0.0, 0.4],
            "gain_lo90": [-0.1, 0.1],
            "gain_hi90": [0.1, 0.8],
        }
    )
    figure = plots.new_combinations(table)
    assert figure.table["group"].tolist() == ["none", "TP53 -"]
    assert "Prediction, not measurement" in figure.caption and "none (n = 4)" in figure.svg()


def test_predictors_leave_out_what_has_no_correlation():
    table = pd.DataFrame(
        {
            "predictor": ["R-point", "arm median", "ridge on genotype"],
            "arm": "A",
            "value": [0.4, np.nan, 0.2],
            "lo": [0.2, np.nan, np.nan],
            "hi": [0.6, np.nan, np.nan],
        }
    )
    ceilings = pd.DataFrame({"arm": ["A"], "ceiling": [0.8]})
    figure = quality.predictors(table, ceilings=ceilings)
    assert "arm median" not in figure.svg() and "Red tick" in figure.caption
    assert "Red tick" not in quality.predictors(table).caption


@pytest.mark.parametrize("control", [[False, True], [False, False], [True, True]])
def test_marker_effects_stand_apart_from_their_controls(control):
    table = pd.DataFrame(
        {
            "arm": ["CGM097", "LEE011"],
            "marker": ["TP53", "CDKN2A"],
            "control": control,
            "n_altered": [40, 9],
            "measured": [-0.9, 0.0],
            "measured_lo": [-1.1, -0.3],
            "measured_hi": [-0.6, 0.3],
            "predicted": [-0.7, 0.1],
            "predicted_lo": [-1.0, -0.2],
            "predicted_hi": [-0.5, 9.0],
        }
    )
    text = quality.marker_effects(table).svg()
    assert ("negative controls" in text) == any(control)
    assert ("markers" in text) == (not all(control))
    assert "LEE011 · CDKN2A (9)" in text


def test_calibration_and_curves_draw():
    pit = pd.DataFrame({"lo": [0, 0.5], "hi": [0.5, 1], "share": [0.6, 0.4], "expected": 0.5})
    table = pd.DataFrame({"arm": ["A", "A"], "level": [50, 90], "coverage": [0.4, 0.9]})
    table = table.assign(coverage_lo=[0.3, 0.8], coverage_hi=[0.5, 0.95])
    text = quality.calibration(pit, table).svg()
    assert "50 % interval" in text and "probability integral transform" in text
    gains = pd.DataFrame({"arm": ["A", "B"], "mice": [5, 7], "gain": [-0.1, 0.2]})
    figure = quality.curve_density(gains.assign(gain_lo=[-0.2, 0.1], gain_hi=[0.0, 0.3]))
    assert figure.table["arm"].tolist() == ["B", "A"] and "B (7)" in figure.svg()
