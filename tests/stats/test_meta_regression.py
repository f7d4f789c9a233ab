"""Binomial meta-regression, with and without an error of the covariate."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

from rpoint.errors import RpointError
from rpoint.stats import covariate_error
from rpoint.stats.covariate_error import JointLikelihood, beta_range, fit_with_error, make_sources
from rpoint.stats.glmm import Likelihood, fit_glmm
from rpoint.stats.meta_regression import meta_regression


def simulated(seed: int, m: int, k: int = 20, slope: float = 6.0):
    """Outcome and covariate counts of `k` studies whose true slope is known."""
    rng = np.random.default_rng(seed)
    a = special.expit(rng.normal(-2.5, 0.9, k))
    y = rng.binomial(m, a)
    n = rng.integers(60, 400, k)
    x = rng.binomial(n, special.expit(-2.5 + slope * a + 0.3 * rng.normal(size=k)))
    return x, n, y, np.full(k, m)


def test_without_error_it_is_the_glmm_with_a_covariate():
    x, n, y, m = simulated(1, 500)
    found = meta_regression(x, n, y / m, name="share")
    plain = fit_glmm(x, n, np.column_stack([np.ones(20), y / m]))
    assert found.coef == pytest.approx(plain.coef, abs=1e-10)
    assert found.names == ("intercept", "share") and not found.with_error
    null = fit_glmm(x, n)
    assert found.lrt == pytest.approx(2 * (plain.loglik - null.loglik), abs=1e-8)
    assert found.r2 == pytest.approx(1 - plain.tau2 / null.tau2, abs=1e-9)


def test_the_unit_of_the_covariate_does_not_matter():
    x, n, y, m = simulated(2, 500)
    share = meta_regression(x, n, y / m)
    percent = meta_regression(x, n, 100 * y / m)
    assert percent.slope == pytest.approx(share.slope / 100, rel=1e-7)
    assert percent.se[1] == pytest.approx(share.se[1] / 100, rel=1e-6)
    bands = share.band([0.1]), percent.band([10.0])
    for name in ("estimate", "lo", "hi", "pi_lo", "pi_hi"):
        assert bands[0][name].iloc[0] == pytest.approx(bands[1][name].iloc[0], abs=1e-7)


@pytest.mark.parametrize("model", ["structural", "beta"])
def test_the_joint_likelihood_is_the_double_integral(model):
    x, n = np.array([12.0, 3, 30]), np.array([100.0, 80, 120])
    y, m = np.array([4.0, 1, 20]), np.array([40.0, 50, 60])
    names = np.array(["A", "A", "B"]) if model == "beta" else np.arange(3)
    if model == "beta":
        y, m = y[[0, 0, 2]], m[[0, 0, 2]]
    sources = make_sources(y, m, names, model, 81)
    rows = Likelihood(x, n, np.ones((3, 1)), np.eye(3), 25)
    joint = JointLikelihood(rows, special.expit(sources.logit) @ sources.member.T, sources)
    shared = [-1.8, -0.2] if model == "structural" else []
    b0, b1, tau = -2.0, 3.0, 0.5

    def inner(i, a):
        grid = np.linspace(-9, 9, 2001)
        p = special.expit(b0 + b1 * a + tau * grid)
        return np.trapezoid(stats.binom.pmf(x[i], n[i], p) * stats.norm.pdf(grid), grid)

    def outer(t, group):
        a = special.expit(t)
        i = group[0]
        if model == "structural":
            weight = stats.binom.pmf(y[i], m[i], a) * stats.norm.pdf(t, -1.8, np.exp(-0.2))
        else:
            weight = stats.beta.pdf(a, y[i] + 0.5, m[i] - y[i] + 0.5) * a * (1 - a)
        return weight * np.prod([inner(j, a) for j in group])

    groups = [[0], [1], [2]] if model == "structural" else [[0, 1], [2]]
    exact = sum(
        np.log(integrate.quad(outer, -9, 3, args=(g,), epsabs=1e-16, limit=300)[0]) for g in groups
    )
    got = joint(np.array([[b0, b1, *shared, tau]]))[0]
    assert got == pytest.approx(exact, abs=2e-6)


@pytest.mark.parametrize("model", ["structural", "beta"])
def test_as_many_nodes_are_taken_as_are_needed(model):
    """Here 327 patients of one study narrow its integral: the first 31 nodes are too few."""
    x, n, y, m = simulated(3, 60, k=8)
    found = fit_with_error(x, n, y, m, model=model)
    many = fit_with_error(x, n, y, m, model=model, nodes=200)
    assert found.coef == pytest.approx(many.coef, abs=5e-6)
    few = fit_with_error(x, n, y, m, model=model, nodes=31)
    assert few.coef != pytest.approx(many.coef, abs=5e-6)


def test_exact_covariates_give_the_plain_fit():
    """With very large counts there is no error left."""
    x, n, y, m = simulated(4, 500, k=10)
    exact = meta_regression(x, n, y / m)
    joint = meta_regression(x, n, covariate_counts=(2000 * y, 2000 * m))
    assert joint.slope == pytest.approx(exact.slope, abs=2e-3)
    assert joint.lrt == pytest.approx(exact.lrt, abs=2e-3)


@pytest.mark.slow
def test_the_structural_model_takes_away_the_dilution_and_the_beta_model_does_not():
    """Thirty patients behind each covariate, true slope 6: medians over three sets of studies."""
    slopes = []
    for seed in range(3):
        x, n, y, m = simulated(100 + seed, 30)
        found = meta_regression(x, n, covariate_counts=(y, m))
        beta = meta_regression(x, n, covariate_counts=(y, m), error="beta")
        slopes.append((found.naive_slope, beta.slope, found.slope, beta.se[1], found.se[1]))
    naive, beta, structural, se_beta, se_structural = np.median(slopes, axis=0)
    assert naive < 5 and beta < 5
    assert abs(structural - 6) < abs(naive - 6)
    assert se_structural > se_beta


def test_one_source_is_left_out_as_a_whole_and_shares_its_truth():
    x, n, y, m = simulated(5, 200, k=8)
    source = np.array(["A", "A", "B", "C", "D", "E", "F", "G"])
    y[1] = y[0]
    found = meta_regression(x, n, covariate_counts=(y, m), source=source, error="beta")
    table = found.leave_one_out()
    assert table["left_out"].tolist() == list("ABCDEFG")
    assert table["k"].tolist() == [6] + [7] * 6
    by_hand = meta_regression(x[2:], n[2:], covariate_counts=(y[2:], m[2:]), error="beta")
    assert table["slope"].iloc[0] == pytest.approx(by_hand.slope, abs=1e-6)
    apart = meta_regression(x, n, covariate_counts=(y, m), error="beta")
    assert apart.loglik != pytest.approx(found.loglik, abs=1e-6)


def test_leverage_shows_in_leave_one_out():
    x, n = np.array([10, 11, 9, 10, 60]), np.array([100] * 5)
    table = meta_regression(x, n, [0.01, 0.02, 0.015, 0.012, 0.2]).leave_one_out()
    full = meta_regression(x, n, [0.01, 0.02, 0.015, 0.012, 0.2])
    without = table.set_index("left_out").loc["5"]
    assert full.lo[1] > 0 and without["lo"] < 0 < without["hi"]


def test_separated_counts_are_a_status():
    found = meta_regression([0, 0, 30, 28], [40] * 4, [0, 0, 1, 1])
    assert not found.converged and any("not finite" in note for note in found.notes)


def test_adjusting_columns_and_the_logit_scale():
    x, n, y, m = simulated(6, 500)
    extra = pd.DataFrame({"definition": np.arange(20) % 2})
    found = meta_regression(x, n, y / m, adjust=extra, scale="logit", name="share")
    assert found.names == ("intercept", "share", "definition")
    assert "logit share" in found.summary() and len(found.band(points=5)) == 5
    assert found.to_dict()["coefficients"][2]["name"] == "definition"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "either the covariate or its counts"),
        ({"covariate": [1, 2, 3], "covariate_counts": ([1] * 3, [9] * 3)}, "either"),
        ({"covariate": [1, 1, 1]}, "cannot be told apart"),
        ({"covariate": [1, 2]}, "one finite number a study"),
        ({"covariate": ["a", "b", "c"]}, "not a number"),
        ({"covariate": [0.0, 0.1, 0.2], "scale": "logit"}, "not finite"),
        ({"covariate": [1, 2, 3], "scale": "logitt"}, "nearest: logit"),
        ({"covariate_counts": ([1, 2, 9], [9, 9, 8])}, "entry 3"),
        ({"covariate_counts": ([1, 2, 3], [9] * 3), "source": ["A", "A", "B"]}, "two different"),
        ({"covariate_counts": ([1, 1, 3], [9] * 3), "source": ["A", "A", "B"]}, "three sources"),
        ({"covariate_counts": ([5, 5, 5], [50] * 3)}, "cannot be told apart|does not differ"),
        ({"covariate_counts": ([1, 2, 3], [9] * 3), "error": "bta"}, "nearest: beta"),
        ({"covariate": [1, 2, 3], "adjust": pd.DataFrame({"a": [1, 2]})}, "row a study"),
    ],
)
def test_what_is_refused(options, says):
    with pytest.raises(RpointError, match=says):
        meta_regression([5, 8, 12], [50, 50, 50], **options)


def test_the_nodes_hold_the_beta_distribution():
    for y, m in [(0, 36), (3, 509), (126, 1070), (36, 36)]:
        t = beta_range(np.array([float(y)]), np.array([float(m)]), 61)[:, 0]
        a = special.expit(t)
        w = np.exp((y + 0.5) * np.log(a) + (m - y + 0.5) * np.log1p(-a))
        assert (w @ a) / w.sum() == pytest.approx((y + 0.5) / (m + 1), abs=1e-8)


def test_doctests():
    assert doctest.testmod(covariate_error).failed == 0
