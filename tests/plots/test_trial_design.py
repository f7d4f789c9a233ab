"""Figures of design questions: what is drawn from which numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.plots.trial_design import (
    comparison_figure,
    joint_figure,
    label,
    power_figure,
    rules_figure,
    schedules_figure,
)

NAN = float("nan")


def comparison(published: bool = False) -> pd.DataFrame:
    rows = [
        ("every 8 weeks", "pfs_median_months", 2.2, 1.9, 3.6, 1.8, 3.9),
        ("every 12 weeks", "pfs_median_months", 2.8, 2.7, 3.1, 2.6, NAN),
        ("every 8 weeks", "response_any_pct", 6.0, 3.0, 9.0, 0.0, 14.0),
        ("every 12 weeks", "response_any_pct", 5.0, 3.0, 8.0, 0.0, 13.0),
        ("every 8 weeks", "dor_median_months", NAN, NAN, NAN, NAN, NAN),
        ("every 12 weeks", "dor_median_months", NAN, NAN, NAN, NAN, NAN),
    ]
    table = pd.DataFrame(rows, columns=["variant", "endpoint", "value", "lo", "hi", "q05", "q95"])
    return table.assign(published=[3.5, 3.5, 19.4, 19.4, NAN, NAN]) if published else table


def data(figure) -> list[dict]:
    return [row for rows in figure.chart.to_dict()["datasets"].values() for row in rows]


def test_each_statistic_has_a_panel_unless_nothing_is_known():
    figure = comparison_figure(comparison(), title="T", reference="every 8 weeks", note=["a note"])
    text = figure.svg()
    for part in ("median PFS, months", "any response, %", "every 12 weeks", "a note", "Monte"):
        assert part in text, part
    assert "duration of response" not in text and "published" not in text
    assert len(figure.chart.to_dict()["vconcat"][0]["hconcat"]) == 2
    shades = {(r["variant"], r["shade"]) for r in data(figure)}
    assert shades == {("every 8 weeks", "reference"), ("every 12 weeks", "other")}


def test_what_is_not_reached_ends_in_a_triangle_beyond_the_rest():
    rows = data(comparison_figure(comparison(), title="T"))
    open_ends = [r for r in rows if r["open"]]
    assert [(r["variant"], r["endpoint"]) for r in open_ends] == [
        ("every 12 weeks", "pfs_median_months")
    ]
    assert open_ends[0]["q95"] > 3.9


def test_published_values_are_lines():
    text = comparison_figure(comparison(published=True), title="T").svg()
    assert "red: published" in text
    spec = comparison_figure(comparison(published=True), title="T").chart.to_dict()
    assert all(len(p["layer"]) >= 4 for p in spec["vconcat"][0]["hconcat"])


def test_power_has_both_curves_and_a_dot_for_each_replicate():
    curve = pd.DataFrame(
        {"variant": ["d", "d", "n", "n"], "n_treated": [10.0, 20.0] * 2,
         "n_control": [10.0, 20.0] * 2, "percent": [30.0, 60.0, 5.0, 4.0],
         "lo": [25.0, 55.0, 2.0, 1.0], "hi": [35.0, 65.0, 9.0, 8.0]}
    )  # fmt: skip
    ratios = pd.DataFrame({"variant": ["d", "d", "n"], "hr": [0.5, np.inf, 1.1]})
    figure = power_figure(curve, ratios, alpha=0.05, design="d", null="n", title="T")
    text = figure.svg()
    for part in ("power, as designed", "type I error", "patients of both arms", "5 %"):
        assert part in text, part
    assert sorted(r["hr"] for r in data(figure) if "hr" in r) == [0.5, 1.1]
    assert {r["n"] for r in data(figure) if "n" in r} == {20.0, 40.0}


def simon() -> pd.DataFrame:
    row = {"stop": 20.0, "stop_lo": 15.0, "stop_hi": 26.0, "promising": 60.0,
           "promising_lo": 54.0, "promising_hi": 66.0, "stop_binomial": 12.0,
           "promising_binomial": 71.0}  # fmt: skip
    return pd.DataFrame([{"endpoint": e, **row} for e in ("any", "confirmed")])


def test_rules_stand_beside_the_binomial_distribution():
    empty = pd.DataFrame(columns=["basket", "endpoint", "n", "x", "go", "go_lo", "go_hi"])
    figure = rules_figure(simon(), empty, design="stop at 0/10", title="T")
    assert len(figure.chart.to_dict()["hconcat"]) == 1
    assert {r["binomial"] for r in data(figure)} == {12.0, 71.0}
    baskets = pd.DataFrame(
        {"basket": ["lung", "lung"], "endpoint": ["any", "confirmed"], "n": 5.0, "x": 1.0,
         "go": 20.0, "go_lo": 10.0, "go_hi": 30.0}
    )  # fmt: skip
    text = rules_figure(simon(), baskets, design="stop at 0/10", title="T").svg()
    for part in ("lung (mean n 5.0)", "stop at 0/10", "stops after stage 1", "confirmed"):
        assert part in text, part


def test_schedules_are_points_with_intervals_and_the_own_one_is_first():
    rows = [
        (name, endpoint, value, value - 1, value + 1)
        for name, values in (("B 90 mg", (50.0, 3.0)), ("A 260 mg", (40.0, 2.5)))
        for endpoint, value in zip(
            ("ae_thrombocytopenia_g34_pct", "pfs_median_months"), values, strict=True
        )
    ]
    table = pd.DataFrame(rows, columns=["variant", "endpoint", "value", "lo", "hi"])
    figure = schedules_figure(table, title="T", reference="A 260 mg")
    points = data(figure)
    assert [p["regimen"] for p in points] == ["A 260 mg", "B 90 mg"]
    assert points[1]["x_value"] == 50.0 and points[1]["y_lo"] == 2.0
    text = figure.svg()
    assert "platelets of grade 3 or 4, %" in text and "neutrophils" not in text


def test_every_replicate_is_in_one_bar_beside_what_is_published():
    vectors = pd.DataFrame({"response_any_pct": [0.0, 6.0, 6.0, 12.0], "pfs_median_months": [
        2.0, 3.0, NAN, 2.5]})  # fmt: skip
    table = pd.DataFrame({"statistic": list(vectors), "published": [19.4, 3.5], "tail": [0.1, 0.4]})
    figure = joint_figure(vectors, table, title="T")
    counts = [r["count"] for r in data(figure) if "count" in r]
    assert sum(counts) == 7 and max(counts) == 2
    text = figure.svg()
    assert "published 19.4, p = 0.1" in text and "not reached in 1" in text
    alone = joint_figure(vectors[["response_any_pct"]] * 0, table.iloc[[0]].assign(published=0.0),
                         title="T")  # fmt: skip
    assert "any response" in alone.svg()


@pytest.mark.parametrize(
    ("name", "words"),
    [("pfs_median_months", "median PFS, months"), ("some_new_pct", "some new, %")],
)
def test_statistics_have_words(name, words):
    assert label(name) == words
