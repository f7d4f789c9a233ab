"""Forest, bubble and basket figures: what is drawn from which numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.plots.basket import basket_figure
from rpoint.plots.meta import bubble, forest

STUDIES = pd.DataFrame(
    {
        "study": ["A", "B", "pooled", "prediction"],
        "row": ["study", "study", "pooled", "prediction"],
        "x": [1, 9, 10, None],
        "n": [10, 30, 40, None],
        "estimate": [0.1, 0.3, 0.22, 0.22],
        "lo": [0.01, 0.15, 0.1, 0.02],
        "hi": [0.45, 0.5, 0.4, 0.8],
    }
)
BAND = pd.DataFrame(
    {"covariate": [0.0, 0.2], "estimate": [0.1, 0.3], "lo": [0.05, 0.2], "hi": [0.2, 0.4],
     "pi_lo": [0.01, 0.1], "pi_hi": [0.3, 0.6]}
)  # fmt: skip


def test_a_forest_of_proportions_has_counts_percent_and_prediction():
    text = forest(STUDIES, note="a note").svg()
    for part in ("1 / 10", "10.0 % (1.0–45.0)", "pooled", "prediction interval", "(2.0–80.0)",
                 "a note", "percent"):  # fmt: skip
        assert part in text, part


def test_a_forest_of_ratios_is_logarithmic_and_marks_what_leaves_the_frame():
    table = STUDIES.drop(columns=["x", "n"]).assign(
        estimate=[1.4, 0.5, 0.68, 0.68], lo=[0.01, 0.3, 0.5, 0.3], hi=[250, 1.1, 0.9, 1.2],
        weight_pct=[1.0, 99.0, np.nan, np.nan],
    )  # fmt: skip
    figure = forest(table, measure="risk ratio", log=True)
    text = figure.svg()
    assert "1.40 (0.01 to 250)" in text and "99.0 %" in text and "events / n" not in text
    spec = figure.json()
    assert '"log"' in spec and "triangle-right" in spec
    assert figure.to_frame().equals(table)


def test_labels_of_a_bubble_plot_do_not_cover_each_other():
    rng = np.random.default_rng(1)
    studies = pd.DataFrame(
        {"study": [f"study {i}" for i in range(25)], "n": rng.integers(20, 300, 25),
         "estimate": rng.uniform(0.05, 0.3, 25), "covariate": rng.uniform(0, 0.2, 25)}
    )  # fmt: skip
    studies["lo"], studies["hi"] = studies["estimate"] / 2, studies["estimate"] * 1.5
    text = bubble(studies, BAND, covariate="share", note="slope").svg()
    assert "share, %" in text and "incidence, %" in text and "slope" in text

    from rpoint.plots._bubble import PLACES, _box, _meet, _placed

    scaled = studies.assign(
        covariate=100 * studies["covariate"], estimate=100 * studies["estimate"]
    )
    placed = _placed(scaled, (0.0, 20.0), 50.0)
    boxes = [
        _box(520 * r.covariate / 20, 320 * (1 - r.estimate / 50), r.study, PLACES[r.place])
        for r in placed.itertuples()
        if r.place >= 0
    ]
    assert len(boxes) > 10
    assert not any(_meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_covariate_that_is_no_share_keeps_its_unit():
    studies = pd.DataFrame(
        {"study": ["A", "B"], "n": [10, 20], "estimate": [0.1, 0.2], "lo": [0.05, 0.1],
         "hi": [0.2, 0.3], "covariate": [44.0, 55.0]}
    )  # fmt: skip
    text = bubble(studies, BAND.assign(covariate=[44, 55]), covariate="latitude").svg()
    assert "latitude" in text and "latitude, %" not in text


@pytest.mark.parametrize("go", [True, False])
def test_a_basket_figure_has_both_rates_and_the_verdict(go):
    table = pd.DataFrame(
        {"basket": ["lung"], "x": [8], "n": [19], "observed": [8 / 19], "mean": [0.393],
         "lo": [0.201], "hi": [0.607], "prob": [0.996], "p0": [0.15], "go": [go]}
    )  # fmt: skip
    text = basket_figure(table, model="EXNEX", cutoff=0.95).svg()
    for part in ("lung", "8 / 19", "39.3 % (20.1–60.7)", "0.996", "EXNEX", "0.95"):
        assert part in text, part
