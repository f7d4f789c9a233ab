"""Synergy figures: the model, scale and sign are named, the scale is centred, gaps stay empty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.plots.synergy import dose_matrices, musyc_parameters, scores, single_agents

WORDS = {"scale": "inhibition (0 untreated)", "sign": "positive: more effect than expected"}
DRUGS = {"drug1": "A", "drug2": "B", "unit1": "nM", "unit2": "uM"}


def tables():
    one, two = (a.ravel() for a in np.meshgrid([0.0, 1, 10], [0.0, 2, 20], indexing="ij"))
    effects = pd.DataFrame({"dose1": one, "dose2": two, "n": 2, "effect": one / 20 + two / 80})
    cells = effects[(one > 0) & (two > 0)].rename(columns={"effect": "observed"})
    cells = cells.assign(expected=0.2, excess=[0.1, -0.3, 0.0, np.nan], lo=-0.05, hi=0.2)
    cells.loc[cells.index[0], "lo"] = 0.02
    return cells.drop(columns="n"), effects


def test_a_matrix_names_its_model_scale_and_sign():
    figure = dose_matrices(*tables(), model="loewe", **DRUGS, **WORDS)
    text = " ".join(figure.svg().replace("</text>", " ").split())
    for word in ("Loewe additivity", "A, nM", "B, uM", "measured - expected", "inhibition"):
        assert word in text
    assert "positive: more effect" in text


def test_the_difference_scale_is_centred_at_zero_and_never_narrow():
    spec = dose_matrices(*tables(), model="bliss", **DRUGS, **WORDS).spec()
    scale = spec["hconcat"][2]["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == [-30.0, 0.0, 30.0]
    cells, effects = tables()
    small = dose_matrices(
        cells.assign(excess=0.01), effects, model="bliss", **DRUGS, **WORDS
    ).spec()
    scale = small["hconcat"][2]["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == [-20.0, 0.0, 20.0]


def test_a_cell_without_a_value_is_left_empty_and_a_clear_one_is_bold():
    figure = dose_matrices(*tables(), model="bliss", **DRUGS, **WORDS)
    table = figure.to_frame()
    assert table["clear"].sum() == 1
    data = figure.spec()["datasets"]
    shown = [rows for rows in data.values() if any(str(r["text"]).startswith("+10") for r in rows)]
    assert len(shown) == 1 and len(shown[0]) == 3


def test_scores_say_why_a_model_is_missing():
    table = pd.DataFrame(
        {
            "model": ["bliss", "loewe"], "status": ["ok", "not evaluable: too few doses"],
            "mean_excess": [0.05, np.nan], "lo": [0.01, np.nan], "hi": [0.09, np.nan],
            "verdict": ["more than expected", ""], "cells": [4, 0],
        }
    )  # fmt: skip
    figure = scores(table, pair="A + B", level=0.95, **WORDS)
    text = figure.svg()
    assert "not evaluable: too few doses" in text and "more than expected" in text
    # both panels have the same rows, in the same order: words stand beside their own model
    spec = figure.spec()["hconcat"]
    names = ["Bliss independence", "Loewe additivity"]
    assert spec[0]["layer"][1]["encoding"]["y"]["scale"]["domain"] == names
    assert spec[1]["encoding"]["y"]["scale"]["domain"] == names


@pytest.mark.parametrize("empty", [False, True])
def test_single_drugs_are_drawn_with_or_without_a_curve(empty):
    points = pd.DataFrame({"drug": list("AAAB"), "dose": [0, 1, 10, 5], "effect": [0, 0.2, 0.6, 1]})
    curves = pd.DataFrame(
        {"drug": "A", "unit": "nM", "dose": [1, 10], "effect": [0.2, 0.6], "status": "weak effect"}
    )
    figure = single_agents(curves.iloc[:0] if empty else curves, points, pair="A + B", scale="x")
    assert ("weak effect" in figure.svg()) is not empty


def test_musyc_parameters_mark_an_interval_without_an_end():
    table = pd.DataFrame(
        {
            "parameter": ["E0", "alpha12", "beta"], "value": [0, 3.0, 0.1], "lo": [0, 0.5, -0.1],
            "hi": [0, 1e4, 0.3], "means": ["", "potency", "efficacy"],
            "verdict": ["", "not told apart from none", "synergy"],
            "status": ["ok", "the interval has no end on one side", "ok"],
        }
    )  # fmt: skip
    spec = musyc_parameters(table, pair="A + B", level=0.95).spec()
    drawn = [row for data in spec["datasets"].values() for row in data]
    rows = [row for row in drawn if row.get("parameter") == "alpha12"]
    assert rows[0]["right"] is True and rows[0]["left"] is False
