"""Firth and exact logistic regression: closed forms, Fisher, separation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from rpoint.errors import RpointError
from rpoint.stats.exact_logistic import exact_logistic
from rpoint.stats.firth import firth
from rpoint.stats.two_proportions import fisher_exact


@settings(max_examples=6)
@given(st.integers(0, 8), st.integers(0, 12))
def test_firth_on_a_two_by_two_adds_a_half_to_every_cell(x1, x2):
    """The saturated model: Firth 1993, section 3."""
    found = firth([x1, x2], [8, 12], [1, 0])
    expected = np.log((x1 + 0.5) * (12 - x2 + 0.5) / ((8 - x1 + 0.5) * (x2 + 0.5)))
    assert found.coef[1] == pytest.approx(expected, abs=1e-7)
    assert np.isfinite(found.coef).all() and found.lo[1] < found.coef[1] < found.hi[1]


def test_firth_is_the_maximum_of_the_penalised_likelihood():
    x, n = np.array([3, 1, 4, 1, 0]), np.array([5, 6, 7, 8, 4])
    z = np.array([[0, 1.3], [0, 2.1], [1, 0.2], [1, 4.4], [1, 3.0]])
    design = np.column_stack([np.ones(5), z])

    def penalised(beta):
        p = special.expit(design @ beta)
        info = design.T @ ((n * p * (1 - p))[:, None] * design)
        like = special.xlogy(x, p).sum() + special.xlogy(n - x, 1 - p).sum()
        return -(like + np.linalg.slogdet(info)[1] / 2)

    best = optimize.minimize(
        penalised, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14}
    )
    found = firth(x, n, z)
    assert found.coef == pytest.approx(best.x, abs=1e-6)
    assert found.loglik == pytest.approx(-best.fun, abs=1e-10)
    # The profile limits: fixed there, the maximum over the rest is lower by χ²(0.95)/2.
    for j, limit in [(1, found.lo[1]), (2, found.hi[2])]:
        rest = [i for i in range(3) if i != j]

        def fixed(free, j=j, limit=limit, rest=rest):
            beta = np.empty(3)
            beta[j], beta[rest] = limit, free
            return penalised(beta)

        held = optimize.minimize(fixed, found.coef[rest], method="Nelder-Mead",
                                 options={"xatol": 1e-10, "fatol": 1e-14})  # fmt: skip
        assert held.fun - best.fun == pytest.approx(1.920729, abs=1e-5)


def test_rows_of_patients_are_rows_of_counts():
    grouped = firth([4, 2], [6, 20], pd.DataFrame({"amplified": [1, 0]}))
    y = [1] * 4 + [0] * 2 + [1] * 2 + [0] * 18
    single = firth(y, 1, [1] * 6 + [0] * 20)
    assert single.coef == pytest.approx(grouped.coef, abs=1e-9)
    assert grouped.names == ("intercept", "amplified")
    assert "odds ratio" in grouped.summary()


@settings(max_examples=30)
@given(st.integers(0, 6), st.integers(0, 9))
def test_the_exact_two_by_two_is_fishers(x1, x2):
    found = exact_logistic([x1, x2], [6, 9], [1, 0])[0]
    fisher = fisher_exact(x1, 6, x2, 9)
    assert found.p == pytest.approx(fisher.p, abs=1e-10)
    if 0 < x1 + x2 < 15:
        assert np.exp(found.lo) == pytest.approx(fisher.lo, rel=1e-6)
        assert np.exp(found.hi) == pytest.approx(fisher.hi, rel=1e-6)
        assert np.exp(found.conditional_mle) == pytest.approx(fisher.odds_ratio, rel=1e-6)


def test_an_infinite_odds_ratio_gets_its_median_unbiased_estimate():
    """All six amplified with the event (Kato 2017: time to failure below two months)."""
    found = exact_logistic([6, 43], [6, 149], [1, 0], names=["amplified"])[0]
    assert found.conditional_mle == np.inf and found.median_unbiased
    assert np.isfinite(found.estimate) and found.lo < found.estimate and found.hi == np.inf
    # By hand: P(T = 6 | total 49) = ½ under the conditional distribution.
    t = np.arange(7)
    log = np.array([special.gammaln(7) - special.gammaln(k + 1) - special.gammaln(7 - k)
                    + special.gammaln(150) - special.gammaln(50 - k) - special.gammaln(101 + k)
                    for k in t])  # fmt: skip
    assert special.softmax(log + found.estimate * t)[6] == pytest.approx(0.5, abs=1e-9)
    assert special.softmax(log + found.lo * t)[6] == pytest.approx(0.025, abs=1e-9)
    assert firth([6, 43], [6, 149], [1, 0]).coef[1] < 5


def test_two_covariates_by_enumeration_of_every_outcome():
    x, n = np.array([2, 1, 3, 1]), np.array([3, 3, 4, 3])
    z = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    grid = np.stack(np.meshgrid(*(np.arange(k + 1) for k in n), indexing="ij"), -1).reshape(-1, 4)
    same = (grid.sum(1) == x.sum()) & (grid @ z[:, 1] == x @ z[:, 1])
    weight = np.prod(special.comb(n, grid[same]), axis=1)
    t = grid[same] @ z[:, 0]
    found = exact_logistic(x, n, z)[0]
    tilted = weight * np.exp(found.estimate * t)
    assert (tilted @ t) / tilted.sum() == pytest.approx(x @ z[:, 0], abs=1e-9)
    tilted = weight * np.exp(found.hi * t)
    assert tilted[t <= x @ z[:, 0]].sum() / tilted.sum() == pytest.approx(0.025, abs=1e-9)


def test_nothing_is_known_without_events():
    found = exact_logistic([0, 0], [5, 6], [0, 1])[0]
    assert np.isnan(found.estimate) and (found.lo, found.hi, found.p) == (-np.inf, np.inf, 1)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: firth([1, 2], [3, 3]), "needs a covariate"),
        (lambda: firth([1, 2], [3, 3], [1, 1]), "cannot be told apart"),
        (lambda: firth([1, 2], [3, 3], [1, 2, 3]), "as many rows"),
        (lambda: firth([1, 4], [3, 3], [1, 0]), "entry 2"),
        (lambda: exact_logistic([1, 2], [3, 3], [0.5, 1]), "whole-numbered"),
    ],
)
def test_what_is_refused(call, says):
    with pytest.raises(RpointError, match=says):
        call()
