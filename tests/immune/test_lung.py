"""Patients with lung cancer: sums, events, scans."""

import numpy as np
import pandas as pd
import pytest

from rpoint.endpoints.recist import recist
from rpoint.endpoints.sizes import read_sizes
from rpoint.immune import lung, visits
from rpoint.immune.facts import values
from rpoint.immune.halves import fitting_half
from rpoint.immune.summaries import on_grid, size_summary, survival_at
from rpoint.stats.kaplan_meier import kaplan_meier

P = values()


def test_a_constant_hazard_gives_exponential_times():
    uniform = np.array([0.9, 0.5, 0.1, 0.001])
    found = lung.event_day(np.full((4, 1000), 0.004), uniform)
    expected = -np.log(uniform) / 0.004
    np.testing.assert_allclose(found[:3], expected[:3], rtol=1e-9)
    assert found[3] == np.inf


def test_without_a_hazard_nothing_happens():
    assert (lung.event_day(np.zeros((3, 50)), np.array([0.1, 0.5, 0.9])) == np.inf).all()


def test_an_untreated_sum_grows_as_the_cube_root_of_volume():
    patients = lung.draw_lung(np.arange(6), 1)
    p = P | {"lung_sum_largest": 1e9}
    sums = lung.sum_course(patients, np.zeros((6, 100)), p)
    rate = patients.growth_per_d(p) / 3.0
    np.testing.assert_allclose(np.log(sums[:, 99] / sums[:, 0]), 99 * rate, rtol=1e-6)


def test_treatment_that_ends_leaves_a_share_of_growth():
    patients = lung.draw_lung(np.arange(4), 1)
    p = P | {"lung_sum_largest": 1e9}
    kill = np.full((4, 100), 0.05)
    sums = lung.sum_course(patients, kill, p, np.array([50.0, np.nan, 50.0, np.nan]))
    log = np.diff(np.log(sums), axis=1) * 3.0
    growth = patients.growth_per_d(p)
    np.testing.assert_allclose(log[:, 20], growth - 0.05, rtol=1e-6)
    np.testing.assert_allclose(log[0, 60], growth[0] * P["lung_later_growth"], rtol=1e-5)
    np.testing.assert_allclose(log[1, 60], growth[1] - 0.05, rtol=1e-6)


def test_new_lesions_come_with_growth_only():
    shrinking = np.exp(-0.01 * np.arange(50))[None] * 50
    growing = np.exp(0.01 * np.arange(50))[None] * 50
    assert (lung.spread_hazard(shrinking, P) == 0).all()
    np.testing.assert_allclose(lung.spread_hazard(growing, P), 0.03 * P["lung_occult_lesions"])


def test_scans_are_every_six_weeks_to_week_36_then_every_nine():
    assert visits.scan_days(500).tolist() == [0, 42, 84, 126, 168, 210, 252, 315, 378, 441]


def test_target_progression_is_that_of_recist():
    """The quick rule against the room that reads users' data, over simulated series."""
    patients = lung.draw_lung(np.arange(40), 8)
    kill = lung.docetaxel_kill(patients, 400, P)
    scans = visits.read_scans(lung.sum_course(patients, kill, P), patients, P)
    rows = [
        {"patient": f"p{i}", "day": int(day), "sum_mm": float(size)}
        for i, row in enumerate(scans.read_mm)
        for day, size in zip(scans.day, row, strict=True)
    ]
    table = recist(read_sizes(pd.DataFrame(rows))).visits
    progressed = table[table["target"] == "PD"].groupby("patient", observed=True)["day"].min()
    for i, day in enumerate(scans.target):
        assert progressed.get(f"p{i}", np.inf) == day


def test_reading_errors_have_the_published_size():
    patients = lung.draw_lung(np.arange(3000), 2)
    kill = np.broadcast_to(patients.growth_per_d(P)[:, None], (3000, 90))  # sums stand still
    one = np.ones(3000, int)
    big = P | {"lung_sum_median": 80.0}
    read = visits.read_scans(lung.sum_course(patients, kill, big), patients, big, lesions=one)
    spread = np.std(np.log(read.read_mm[:, 1] / read.read_mm[:, 2]))
    assert spread == pytest.approx(0.061 * np.sqrt(2), rel=0.06)


def test_the_halves_are_fixed():
    names = [f"S4-{k:04d}" for k in range(2000)]
    half = fitting_half(names)
    assert 0.46 < half.mean() < 0.54
    np.testing.assert_array_equal(half[:5], fitting_half(names[:5]))
    assert fitting_half(["S4-0001", "S4-0002", "OAK-1088"]).tolist() == [False, False, True]


def test_survival_at_agrees_with_the_kaplan_meier_room():
    rng = np.random.default_rng(4)
    time = np.round(rng.exponential(100, 300)) + 1
    event = rng.random(300) < 0.7
    days = np.array([0.0, 20.0, 90.0, 200.0])
    curve = kaplan_meier(time, event)
    at = np.searchsorted(curve.time, days, side="right")
    np.testing.assert_allclose(
        survival_at(time, event, days), np.r_[1.0, curve.survival][at], rtol=1e-12
    )


def test_only_series_with_two_scans_count_in_a_summary():
    rows = np.full((3, 9), np.nan)
    rows[0, 0] = 5.0  # one scan: left out
    rows[1, :3] = [0.0, 0.1, 0.4]
    rows[2, :2] = [-0.4, -0.5]
    found = size_summary(rows)
    assert found["first q50"] == pytest.approx(-0.2)
    assert found["scans>=3"] == 0.5 and found["grown by scan 3"] == 0.5
    assert found["grown by scan 1"] == 0.0


def test_series_are_read_on_the_scan_grid():
    found = on_grid(np.array([41.0, 80.0, 200.0]), np.array([1.0, 2.0, 5.0]))
    assert found[:2].tolist() == [1.0, 2.0] and found[4] == 5.0 and np.isnan(found[2])
