"""Log densities, CRPS and PIT against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rpoint.panel import densities

FINITE = st.floats(-50, 50, allow_nan=False)


def test_kernel_density_of_two_draws_by_hand():
    """Draws 0 and 1: SD 0.7071, IQR/1.34 0.3731, so the width is 0.9 * 0.3731 * 2^-0.2."""
    width = 0.9 * 0.5 / 1.34 * 2**-0.2
    by_hand = math.log(0.5 * stats.norm.pdf(0, 0, width) + 0.5 * stats.norm.pdf(0, 1, width))
    assert densities.kernel_log_density([[0.0, 1.0]], [0.0])[0] == pytest.approx(by_hand)


def test_kernel_density_of_many_normal_draws_is_near_the_normal():
    rng = np.random.default_rng(1)
    draws = rng.normal(2, 3, (1, 200_000))
    for value in (-1.0, 2.0, 6.0):
        found = densities.kernel_log_density(draws, [value])[0]
        assert found == pytest.approx(stats.norm.logpdf(value, 2, 3), abs=0.03)


@given(st.lists(st.lists(FINITE, min_size=8, max_size=8), min_size=1, max_size=5), FINITE)
def test_kernel_density_moves_with_its_draws(rows, shift):
    draws, at = np.array(rows), np.array([row[0] for row in rows])
    found = densities.kernel_log_density(draws, at)
    moved = densities.kernel_log_density(draws + shift, at + shift)
    assert np.allclose(found, moved, atol=1e-3) and np.isfinite(found).all()


def test_kernel_density_integrates_to_one():
    draws = np.random.default_rng(4).gamma(2.0, size=(1, 60))
    grid = np.linspace(-10, 25, 7001)
    values = densities.kernel_log_density(np.repeat(draws, len(grid), 0), grid)
    assert np.exp(values).sum() * (grid[1] - grid[0]) == pytest.approx(1.0, abs=1e-4)


def test_a_mixture_of_normals_has_its_exact_density_far_out_too():
    """A Student cloud with a normal reading error, against the integral over the error's points."""
    points = stats.t.ppf((np.arange(1280) + 0.5) / 1280, 4)
    at = np.array([0.0, 2.0, -6.0])
    found = densities.mixture_log_density(np.tile(points, (3, 1)), 0.5, at)
    x = np.linspace(-12, 12, 24_001)
    both = stats.t.pdf(x, 4) * stats.norm.pdf(at[:, None], x, 0.5)
    by_hand = np.trapezoid(both, x, axis=1)
    assert found == pytest.approx(np.log(by_hand), abs=0.05)
    assert np.isnan(densities.mixture_log_density([[0.0, np.nan]], 1.0, [0.0])).all()


def test_crps_of_draws_by_hand_and_by_pairs():
    assert densities.crps_draws([[0.0, 1.0]], [0.0])[0] == pytest.approx(0.5 - 0.25)
    draws = np.random.default_rng(0).normal(size=(3, 40))
    at = np.array([0.0, 1.0, -2.0])
    pairs = np.abs(draws[:, :, None] - draws[:, None, :]).mean(axis=(1, 2))
    direct = np.abs(draws - at[:, None]).mean(axis=1) - pairs / 2
    assert np.allclose(densities.crps_draws(draws, at), direct)


def test_crps_of_a_gaussian_is_that_of_its_draws():
    draws = np.random.default_rng(2).normal(1, 2, (1, 100_000))
    for value in (-3.0, 1.0, 2.5):
        exact = densities.crps_gaussian([value], [1.0], [2.0])[0]
        assert densities.crps_draws(draws, [value])[0] == pytest.approx(exact, abs=0.01)
    # At the mean: sd (2 phi(0) - 1/√pi)
    at_mean = 2 * (2 / math.sqrt(2 * math.pi) - 1 / math.sqrt(math.pi))
    assert densities.crps_gaussian([1.0], [1.0], [2.0])[0] == pytest.approx(at_mean)


def test_gaussian_log_density():
    assert densities.gaussian_log_density([0.0], [0.0], [1.0])[0] == pytest.approx(
        -0.5 * math.log(2 * math.pi)
    )


def test_pit_counts_ties_by_half_and_keeps_missing_ones():
    draws = [[0.0, 1.0, 2.0, 3.0]] * 4
    found = densities.pit(draws, [1.0, -1.0, 9.0, np.nan])
    assert found[:3].tolist() == [0.375, 0.0, 1.0] and math.isnan(found[3])


def test_calibrated_draws_have_a_flat_pit_and_narrow_ones_do_not():
    rng = np.random.default_rng(9)
    centre = rng.normal(size=2000)
    y = centre + rng.normal(size=2000)
    good = densities.pit(centre[:, None] + rng.normal(size=(2000, 400)), y)
    narrow = densities.pit(centre[:, None] + 0.3 * rng.normal(size=(2000, 400)), y)
    flat = densities.pit_summary(good)
    assert flat["ks_p"] > 0.01 and flat["mean"] == pytest.approx(0.5, abs=0.03)
    assert flat["sd"] == pytest.approx(1 / math.sqrt(12), abs=0.02)
    assert densities.pit_summary(narrow)["ks_p"] < 1e-6
    table = densities.pit_table(narrow)
    assert table["share"].iloc[[0, -1]].min() > 0.2 and table["count"].sum() == 2000


def test_an_empty_pit_says_so():
    assert densities.pit_summary([np.nan])["n"] == 0
    assert densities.pit_table([]).shape == (10, 5)
