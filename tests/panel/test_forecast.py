"""`predict`: columns, statuses, options that exclude each other, and growth from volumes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.panel.coefficients import prior_only
from rpoint.panel.concentrations import read_range
from rpoint.panel.forecast import predict
from rpoint.panel.read import read_panel
from rpoint.panel.untreated import growth_rates
from rpoint.tumour.facts import facts


def panel(**columns):
    table = {
        "model_id": ["a", "b", "c"],
        "tumour_type": ["melanoma", "xyzzy", "breast"],
        "TP53": ["wt", "mut", "?"],
        "RB1": ["wt", "loss", "?"],
    }
    return pd.DataFrame({**table, **columns})


def run(table=None, arms=("LEE011",), **options):
    options = {"draws": 8, "coefficients": prior_only(8), **options}
    return predict(panel() if table is None else table, arms, **options)


def test_xenografts_have_the_promised_columns_and_a_status_a_row():
    found = run(arms=["LEE011", "CGM097"], days=[21, 7])
    names = ["model_id", "arm", "growth_inhibition", "lo90", "hi90", "score", "status"]
    assert list(found.to_frame()) == names and len(found.to_frame()) == 6
    curves = found.curves()
    assert list(curves)[:3] == ["model_id", "arm", "day"] and len(curves) == 12
    assert curves["day"].unique().tolist() == [7, 21]
    status = found.to_frame().drop_duplicates("model_id")["status"].tolist()
    assert status[0] == "ok" and "xyzzy" in status[1] and "no usable gene" in status[2]
    assert any("xyzzy" in note for note in found.notes) and found.missing == 0
    assert "mg/kg" in found.settings["regimens"]["LEE011"]
    assert found.to_dict()["label"] == "prediction, not measurement"
    assert found.summary()["models"].tolist() == [3, 3]
    assert found.plot().svg().startswith("<svg")


def test_lines_have_areas_and_no_curves(tmp_path):
    file = tmp_path / "panel.csv"
    panel().to_csv(file, index=False)
    found = run(file, "palbociclib", assay="line", conc="0.004:10uM")
    assert list(found.to_frame()) == ["model_id", "drug", "auc", "lo90", "hi90", "status"]
    assert found.settings["concentration_nM"] == [4.0, 10_000.0]
    with pytest.raises(RpointError, match="no volume curves"):
        found.curves()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"assay": "lines"}, "line"),
        ({"draws": 7}, "number of draws"),
        ({"draws": True}, "number of draws"),
        ({"conc": "4nM:10uM"}, "for lines alone"),
        ({"assay": "line", "days": [7]}, "for xenografts alone"),
        ({"days": []}, "days after the first dose"),
        ({"days": [0]}, "days after the first dose"),
        ({"days": [float("nan")]}, "days after the first dose"),
        ({"days": ["x"]}, "days after the first dose"),
        ({"arms": ["LEE01"]}, "LEE011|unknown drug"),
        ({"arms": []}, "different names"),
        ({"assay": "line", "arms": ["palbociclib"], "conc": (10.0, 1.0)}, "ascend"),
    ],
)
def test_wrong_options_are_one_error(options, says):
    with pytest.raises(RpointError, match=says):
        run(**options)


def test_a_combination_gains_over_the_better_of_its_parts():
    found = run(arms=["LEE011", "HDM201", "LEE011+HDM201"], draws=16)
    table = found.gain("LEE011+HDM201").to_frame()
    assert set(table["model_id"]) == {"a", "b", "c"} and list(table["gain"])[0] > -1e-3
    mutated = table.set_index("model_id").loc["b", "gain"]
    assert abs(mutated) < 0.05  # neither drug has its target's gene
    with pytest.raises(RpointError, match="unknown arm"):
        found.gain("LEE011+CGM097")
    with pytest.raises(RpointError, match="no combination"):
        found.gain("LEE011")
    lines = run(arms="palbociclib", assay="line")
    with pytest.raises(RpointError, match="for xenografts alone"):
        lines.gain("palbociclib")


def test_curves_of_a_part_of_the_panel_are_those_of_the_whole(monkeypatch):
    from rpoint.panel import forecast

    whole = run(days=[7, 21]).curves()
    monkeypatch.setattr(forecast, "CURVES_AT_ONCE", 1)
    pd.testing.assert_frame_equal(run(days=[7, 21]).curves(), whole)


def test_the_shipped_example_is_a_panel():
    assert len(run("example:panel").to_frame()) == 16
    with pytest.raises(RpointError, match="unknown example"):
        run("example:panels")


# -- concentrations ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "range_nM"),
    [
        ("0.004:10uM", (4.0, 10_000.0)),
        ("4nM:10uM", (4.0, 10_000.0)),
        (" 0.1 : 30 nM ", (0.1, 30.0)),
        ("1e-3:1 µM", (1.0, 1000.0)),
        ("5pM:1mM", (0.005, 1e6)),
    ],
)
def test_ranges_are_read(text, range_nM):
    assert read_range(text) == pytest.approx(range_nM)


@pytest.mark.parametrize(
    "text",
    ["", "10uM", "1:2", "1uM:2", "2:1uM", "0:1uM", "-1:1uM", "1:2:3uM", "a:b", "1:inf uM", "1:2 M",
     "1:2 uM x", "1,5:2uM", "1:99M", "1:100000mM", "9" * 5000 + ":1uM"],
)  # fmt: skip
def test_what_is_no_range_is_one_error(text):
    with pytest.raises(RpointError) as told:
        read_range(text)
    assert "0.004:10uM" in str(told.value) and len(str(told.value)) < 600


@given(st.floats(1e-3, 1e3), st.floats(1.001, 1e3))
def test_a_range_reads_back(low, factor):
    high = low * factor
    found = read_range(f"{low:.9f}:{high:.9f}nM")
    assert found == pytest.approx((low, high), rel=1e-5)


# -- growth from volumes ----------------------------------------------------------------------
def grown(rate, days=(0, 3, 7), start=200.0):
    return {f"vol:{d}": [start * np.exp(rate * d)] for d in days}


def rates(volumes, median=0.05, spread=0.5):
    table = {"model_id": ["a"], "tumour_type": ["melanoma"], "TP53": ["wt"], **volumes}
    return growth_rates(read_panel(pd.DataFrame(table)), [median], [spread])


def test_many_days_say_the_rate_and_few_say_the_type():
    long = rates(grown(0.1, range(0, 60, 3))).iloc[0]
    assert long["rate"] == pytest.approx(0.1, rel=0.02) and long["sd"] < 0.003
    short = rates(grown(0.1, (0, 1))).iloc[0]
    assert 0.045 < short["rate"] < 0.07 and short["sd"] > 0.015


def test_the_rate_is_the_posterior_by_hand():
    """Slope 0.1 of days 0, 3, 7: sum of squares 24.67; a Gaussian times a log-normal."""
    error = facts()["caliper_sd_log"].value / np.sqrt(24.0 + 2.0 / 3.0)
    z = np.linspace(-6, 6, 20_001)
    weight = np.exp(-0.5 * z**2 - 0.5 * ((0.1 - 0.05 * np.exp(0.5 * z)) / error) ** 2)
    middle = 0.05 * np.exp(0.5 * z[np.searchsorted(np.cumsum(weight) / weight.sum(), 0.5)])
    assert rates(grown(0.1)).iloc[0]["rate"] == pytest.approx(middle, rel=0.01)


def test_a_shrinking_tumour_still_has_a_rate_above_zero():
    row = rates(grown(-0.1)).iloc[0]
    assert 0 < row["rate"] < 0.05 and row["sd"] > 0


@given(st.floats(-0.2, 0.4), st.floats(0.01, 0.2))
def test_a_rate_lies_between_the_type_and_the_slope(slope, median):
    row = rates(grown(slope), median=median).iloc[0]
    low, high = sorted((max(slope, 0.0), median))
    assert low * 0.97 - 0.02 <= row["rate"] <= high * 1.03 + 0.02


def test_one_day_or_none_says_nothing():
    assert rates({}).empty and rates({"vol:0": [200.0]}).empty
    assert rates({"vol:0": [200.0], "vol:3": [np.nan]}).empty
