"""Figures of hyperprogression on hand-made tables, with the awkward values they must bear."""

import numpy as np
import pandas as pd
import pytest

from rpoint.plots import hyperprogression as draw


@pytest.fixture
def patients():
    return pd.DataFrame(
        {"patient": list("abcde"), "tgr_pre": [10.0, -20.0, np.nan, 900.0, 5.0],
         "tgr_post": [60.0, 5000.0, 30.0, 10.0, np.nan], "met": [7, 1, 0, 0, 0],
         "judged": [11, 11, 5, 11, 2]}
    )  # fmt: skip


def test_growth_draws_every_patient_and_marks_what_lies_beyond(patients):
    figure = draw.growth(patients)
    svg = figure.svg()
    assert "NaN" not in svg and "Infinity" not in svg
    assert "n = 3; right: no scan before baseline, n = 1" in svg
    assert "1 patients without a growth rate" in figure.caption
    points = [one["place"] for rows in figure.spec()["datasets"].values() for one in rows
              if "place" in one]  # fmt: skip
    assert points.count("beyond the axis") == 2 and points.count("in the plot") == 2
    for name in ("unchanged", "+50", "+100", "× 2"):
        assert f">{name}<" in svg
    assert figure.to_frame().equals(patients)


@pytest.mark.parametrize("keep", [[], [2]])
def test_growth_bears_nobody_and_nobody_with_an_earlier_scan(patients, keep):
    assert "<svg" in draw.growth(patients.iloc[keep]).svg()


@pytest.mark.parametrize("right", range(125, 301, 25))
@pytest.mark.parametrize("top", range(250, 601, 50))
def test_the_names_of_the_lines_never_meet(right, top):
    frame = draw.Frame(-50.0, float(right), float(top))
    ends = [draw._line(frame, *line) for line in draw.LINES]
    for i, one in enumerate(ends):
        for other in ends[i + 1 :]:
            across = abs(one["x2"] - other["x2"]) / (right + 50) * draw.SIDE
            up = abs(one["y2"] - other["y2"]) / (top + 100) * draw.SIDE
            assert across > 14 or up > 10, (one, other)


def test_agreement_shows_both_measures_and_the_rates():
    pairs = pd.DataFrame(
        [{"a": "k", "b": "n", "n": 7, "jaccard": 0.25, "kappa": -0.1},
         {"a": "k", "b": "e", "n": 0, "jaccard": np.nan, "kappa": np.nan},
         {"a": "n", "b": "e", "n": 3, "jaccard": 1.0, "kappa": np.nan}]
    )  # fmt: skip
    rates = pd.DataFrame({"definition": ["k", "n", "e"], "name": ["Kato", "Nanchang", "early"],
                          "yes": [1, 2, 0], "evaluable": [7, 8, 0]})  # fmt: skip
    svg = draw.agreement(pairs, rates).svg()
    for text in ("0.25", "−0.10", "1.00", "1/7", "2/8", "n 7", "–"):
        assert f">{text}<" in svg, text
    assert "NaN" not in svg


def test_the_line_is_drawn_on_to_everybody():
    groups = pd.DataFrame({"group": ["A", "B"], "share": [0.01, 0.2], "incidence": [0.02, 0.25],
                           "lo": [0.0, 0.1], "hi": [0.1, 0.4]})  # fmt: skip
    svg = draw.ecological_line(groups, {"slope": 1.21, "intercept": 0.008}).svg()
    assert ">122 %<" in svg and "no risk exceeds 100 %" in svg and ">A<" in svg
