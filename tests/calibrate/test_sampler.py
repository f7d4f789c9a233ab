"""The sampler on a density whose moments are known, and the diagnostics on series that are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.calibrate.diagnostics import effective_size, r_hat
from rpoint.calibrate.sampler import propose, reflect, sample


def test_sampler_recovers_a_correlated_normal():
    mean = np.array([0.5, 0.45, 0.55])
    scale = np.array([0.05, 0.03, 0.08])
    rho = 0.8
    cov = np.diag(scale**2)
    cov[0, 1] = cov[1, 0] = rho * scale[0] * scale[1]
    inverse = np.linalg.inv(cov)

    def density(u):
        d = u - mean
        return -0.5 * np.einsum("ni,ij,nj->n", d, inverse, d)

    rng = np.random.default_rng(3)
    chains = sample(density, rng.random((40, 3)), 1200, rng=rng)
    draws = chains.x[400:].reshape(-1, 3)
    np.testing.assert_allclose(draws.mean(0), mean, atol=0.01)
    np.testing.assert_allclose(draws.std(0), scale, rtol=0.1)
    assert np.corrcoef(draws[:, 0], draws[:, 1])[0, 1] == pytest.approx(rho, abs=0.06)
    assert 0.1 < chains.accepted < 0.7
    assert all(r_hat(chains.x[400:, :, j]) < 1.05 for j in range(3))


def test_refused_points_are_never_entered():
    def density(u):
        return np.where(u[:, 0] < 0.5, 0.0, np.nan)

    rng = np.random.default_rng(0)
    chains = sample(density, np.full((10, 2), 0.2), 200, rng=rng, archive=rng.random((50, 2)))
    assert (chains.x[..., 0] < 0.5).all()


@given(st.integers(0, 2**32 - 1))
def test_proposals_stay_in_the_cube_and_move_something(seed):
    rng = np.random.default_rng(seed)
    x, past = rng.random((6, 4)), rng.random((20, 4))
    y = propose(x, past, rng)
    assert ((y >= 0) & (y <= 1)).all()
    assert (y != x).any(axis=1).all()


@given(st.floats(-5, 5))
def test_reflection_folds_into_the_cube(value):
    assert 0 <= reflect(np.array([value]))[0] <= 1
    if 0 <= value <= 1:
        assert reflect(np.array([value]))[0] == pytest.approx(value)


def test_effective_size_of_independent_and_of_sticky_draws():
    rng = np.random.default_rng(1)
    free = rng.standard_normal((500, 20))
    assert effective_size(free) == pytest.approx(10_000, rel=0.25)
    sticky = np.zeros((500, 20))
    for i in range(1, 500):
        sticky[i] = 0.9 * sticky[i - 1] + np.sqrt(1 - 0.81) * rng.standard_normal(20)
    # an AR(1) series with coefficient a is worth (1 - a) / (1 + a) of its length
    assert effective_size(sticky) == pytest.approx(10_000 * 0.1 / 1.9, rel=0.35)


def test_r_hat_sees_chains_that_disagree():
    rng = np.random.default_rng(2)
    agree = rng.standard_normal((200, 8))
    assert r_hat(agree) == pytest.approx(1.0, abs=0.02)
    assert r_hat(agree + np.arange(8)) > 1.5
    assert r_hat(np.ones((10, 2))) == 1.0
