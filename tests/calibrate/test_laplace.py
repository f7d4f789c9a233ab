"""Linearised randomised maximum likelihood: exact for a linear model, one-sided for demands."""

import numpy as np
import pytest

from rpoint.calibrate.laplace import draw, linearise, spread

D = 3
A = np.array([[2.0, 0.5, 0.0], [0.0, 1.0, -1.0]])
Y = np.array([1.0, -0.5])
NO_DEMAND = np.zeros(1)


def linear(z):
    return z @ A.T - Y, np.full((len(z), 1), -1.0)


def demanding(z):
    """The same data, and z[0] at most -0.2."""
    return z @ A.T - Y, z[:, :1] + 0.2


def test_draws_of_a_linear_model_are_its_posterior():
    """Normal prior, linear data: mean (A'A + I)^-1 A'y, covariance (A'A + I)^-1."""
    optimum = linearise(linear, np.array([0.3, -0.2, 0.1]))
    rng = np.random.default_rng(1)
    draws = np.array([draw(optimum, NO_DEMAND, rng) for _ in range(8000)])
    covariance = np.linalg.inv(A.T @ A + np.eye(D))
    np.testing.assert_allclose(draws.mean(0), covariance @ A.T @ Y, atol=0.03)
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.03)


def test_a_heavy_demand_holds_in_every_draw_and_without_weight_it_does_not():
    optimum = linearise(demanding, np.zeros(D))
    rng = np.random.default_rng(2)
    held = np.array([draw(optimum, np.array([1e6]), rng)[0] for _ in range(300)])
    free = np.array([draw(optimum, NO_DEMAND, rng)[0] for _ in range(300)])
    assert (held <= -0.2 + 1e-3).all()
    assert (free > -0.2).mean() > 0.5


def test_the_linear_model_is_that_of_the_point():
    optimum = linearise(lambda z: (z**2, z[:, :1]), np.array([1.0, -2.0]), step=1e-4)
    assert optimum.residuals == pytest.approx([1.0, 4.0])
    np.testing.assert_allclose(optimum.j_residuals, np.diag([2.0, -4.0]), atol=1e-3)


def test_a_draw_off_a_cliff_is_pulled_back_and_others_are_kept():
    optima = [linearise(linear, np.zeros(D))]

    def cliff(z):
        return np.where(np.abs(z[:, 0]) < 0.2, 0.0, -1e3)

    rng = np.random.default_rng(3)
    points, full = spread(cliff, optima, NO_DEMAND, 50, rng)
    far = np.abs(full[:, 0]) >= 0.2
    assert far.any() and not far.all()
    assert (np.abs(points[far, 0]) < 0.2).mean() > 0.9
    np.testing.assert_array_equal(points[~far], full[~far])
    lost, _ = spread(lambda z: np.full(len(z), np.nan), optima, NO_DEMAND, 4, rng)
    assert np.isfinite(lost).all()
