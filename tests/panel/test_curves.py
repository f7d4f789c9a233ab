"""Volume curves at given days, and the arm-mean Gaussian, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rpoint.panel import curves


def mouse(days, volumes, model="X-1", arm="A", name="m1"):
    return pd.DataFrame(
        {"model_id": model, "arm": arm, "mouse_id": name, "day": days, "volume_mm3": volumes}
    )


def test_between_visits_the_logarithm_is_linear():
    table = curves.measured_curves(mouse([0, 4, 8], [200, 200 * math.e, 200 * math.e**3]), [6, 8])
    assert table["log_ratio"].tolist() == pytest.approx([2.0, 3.0])
    assert table["v0_mm3"].tolist() == [200, 200]


def test_nothing_is_read_after_the_last_visit_or_in_a_long_gap():
    table = curves.measured_curves(mouse([0, 7, 20], [100, 200, 400]), [7, 14, 20, 21])
    assert table["day"].tolist() == [7, 20]


def test_a_tumour_that_vanishes_counts_as_the_floor():
    table = curves.measured_curves(mouse([0, 7], [200, 0]), [7])
    assert table["log_ratio"].tolist() == pytest.approx([math.log(curves.FLOOR_MM3 / 200)])


def test_a_mouse_without_day_zero_and_an_empty_table_give_no_rows():
    assert curves.measured_curves(mouse([3, 7], [200, 300])).empty
    assert curves.measured_curves(mouse([], [])).empty


def test_the_gaussian_is_that_of_the_other_folds():
    table = pd.DataFrame(
        {"arm": "A", "day": 7.0, "log_ratio": [0.0, 1.0, 2.0, 3.0, 4.0, 9.0], "fold": [0] * 5 + [1]}
    )
    found = curves.arm_mean_gaussian(table)
    last = found.iloc[-1]
    assert (last["mean"], last["sd"]) == (2.0, pytest.approx(math.sqrt(2.5)))
    z = 7 / math.sqrt(2.5)
    by_hand = -0.5 * z**2 - 0.5 * math.log(2 * math.pi * 2.5)
    assert last["log_density"] == pytest.approx(by_hand)
    assert found["mean"].iloc[:5].isna().all()  # one mouse trains: no Gaussian


def test_a_mouse_is_never_in_its_own_mean():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"arm": "A", "day": 7.0, "log_ratio": rng.normal(size=40), "fold": np.arange(40) % 4}
    )
    before = curves.arm_mean_gaussian(table)
    table.loc[0, "log_ratio"] = 1e6
    after = curves.arm_mean_gaussian(table)
    same = table["fold"] == 0
    assert np.allclose(before.loc[same, "mean"], after.loc[same, "mean"])
    assert not np.allclose(before.loc[~same, "mean"], after.loc[~same, "mean"])
