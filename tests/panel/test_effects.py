"""Marker effects by hand, negative controls, and the sizes that the shared tables show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.panel import effects as e
from rpoint.panel.scores import clip_inhibition


@pytest.fixture
def table():
    names = [f"m{i}" for i in range(8)]
    frame = pd.DataFrame({"model_id": names, "arm": "A"})
    frame["measured"] = [0.0, 0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 1.3]
    frame["predicted"] = [0.1] * 4 + [0.3] * 4
    return frame


@pytest.fixture
def states(table):
    calls = {"TP53": ["mut"] * 4 + ["wt"] * 4, "MDM2": ["cn=9", "wt"] * 4}
    return pd.DataFrame(calls, index=table["model_id"])


def test_an_effect_by_hand(table, states):
    row = e.marker_effects(table, states, [e.Contrast("A", "TP53")]).iloc[0]
    sd = np.std(table["measured"], ddof=1)
    assert (row["n_altered"], row["n_reference"]) == (4, 4)
    assert row["measured"] == pytest.approx((0.15 - 0.75) / sd)
    assert row["predicted"] == pytest.approx(-0.2 / sd)
    assert row["p_measured"] == row["p_predicted"] == 0.0
    assert row["measured_lo"] < row["measured"] < row["measured_hi"]


def test_within_compares_those_that_lack_another_marker(table, states):
    contrast = e.Contrast("A", "MDM2:amp+gain", within="TP53", control=True)
    row = e.marker_effects(table, states, [contrast]).iloc[0]
    assert (row["n_altered"], row["n_reference"]) == (2, 2)
    assert row["marker"] == "MDM2 gain, TP53 intact"
    assert e.controls_held(pd.DataFrame([row]))["held"].tolist() == [True]


def test_a_strong_control_does_not_hold(table, states):
    contrast = e.Contrast("A", "TP53", control=True)
    found = e.controls_held(e.marker_effects(table, states, [contrast]))
    assert found["held"].tolist() == [False]


def test_draws_give_the_interval_of_the_measured_difference(table, states):
    rng = np.random.default_rng(1)
    draws = table["predicted"].to_numpy()[:, None] + rng.normal(0, 0.1, (8, 400))
    row = e.marker_effects(table, states, [e.Contrast("A", "TP53")], draws).iloc[0]
    assert row["predicted_lo"] < row["predicted"] < row["predicted_hi"]


def test_random_numbers_that_models_share_do_not_widen_the_interval():
    """Two groups of 100, SD 1: the difference of medians has SD √(2 π/2 / 100) = 0.177."""
    n = 200
    frame = pd.DataFrame({"model_id": [f"m{i}" for i in range(n)], "arm": "A", "predicted": 0.0})
    frame["measured"] = np.random.default_rng(2).normal(size=n)
    states = pd.DataFrame({"TP53": ["mut", "wt"] * (n // 2)}, index=frame["model_id"])
    shared = np.tile(np.random.default_rng(3).normal(size=2000), (n, 1))
    row = e.marker_effects(frame, states, [e.Contrast("A", "TP53")], shared).iloc[0]
    half = 1.645 * np.sqrt(np.pi / 100)
    assert row["predicted_hi"] * row["sd"] == pytest.approx(half, rel=0.12)
    assert row["predicted_lo"] * row["sd"] == pytest.approx(-half, rel=0.12)


def test_absent_arms_and_single_models_are_left_out(table, states):
    assert e.marker_effects(table, states, [e.Contrast("B", "TP53")]).empty
    lonely = states.assign(TP53=["mut"] + ["wt"] * 7)
    assert e.marker_effects(table, lonely, [e.Contrast("A", "TP53")]).empty
    assert e.controls_held(pd.DataFrame()).empty


@pytest.mark.data
def test_the_shared_tables_show_the_published_sizes(data_folder):
    """P(altered > reference) of checks.md of the data sets: the readers and the flags agree."""
    from rpoint.panel.folder import line_tables, xenograft_tables

    mice, lines = xenograft_tables(data_folder), line_tables(data_folder)
    table = mice.response.assign(measured=clip_inhibition(mice.response["growth_inhibition"]))
    table = table.dropna(subset="measured", ignore_index=True).assign(predicted=0.0)
    states = mice.panel.states.set_axis(mice.panel.ids)
    found = e.marker_effects(table, states, e.XENOGRAFT_CONTRASTS)
    found = found.set_index(["arm", "marker"])["p_measured"].round(3)
    expected = {
        ("CGM097", "TP53"): 0.236,
        ("CGM097", "TP53 (known)"): 0.309,
        ("HDM201", "TP53"): 0.353,
        ("HDM201", "TP53 (known)"): 0.362,
        ("LEE011", "RB1"): 0.307,
        ("LEE011", "TP53"): 0.473,
        ("LEE011", "CDKN2A"): 0.506,
        ("LEE011", "CCNE1 amplified"): 0.445,
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=0.0015)
    auc = lines.auc.assign(arm=lines.auc["drug"] + ", " + lines.auc["dataset"])
    auc = auc.assign(measured=auc["auc"], predicted=0.0)
    states = lines.panel.states.set_axis(lines.panel.ids)
    found = e.marker_effects(auc, states, e.LINE_CONTRASTS)
    found = found.set_index(["arm", "marker"])["p_measured"].round(3)
    nest = {"RB1": 0.804, "CDKN2A lost": 0.362, "CCNE1 amplified": 0.672, "CCND1 gain": 0.527}
    nest["MDM2 gain"] = 0.489
    measured = {name: found["palbociclib, NeST", name] for name in nest}
    assert measured == pytest.approx(nest, abs=0.0015)
