"""Basket models: golden numbers, a second quadrature, the R package `basket`, calibration."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from rpoint.errors import RpointError
from rpoint.stats import basket as module
from rpoint.stats._basket_grid import above
from rpoint.stats.basket import basket
from rpoint.stats.basket_design import calibrate, operating_characteristics
from rpoint.stats.basket_models import Beta, Bhm, Exnex, Independent, Mem

X, N = [8, 0, 1, 1, 6, 2], [19, 10, 26, 8, 14, 7]

# Counts of a vemurafenib basket trial; two independent quadratures, mean 1e-3, probability 4e-3.
GOLDEN = {
    "bhm": (
        [0.3667, 0.0911, 0.0798, 0.1577, 0.3603, 0.2446],
        [0.992, 0.188, 0.100, 0.463, 0.981, 0.758],
    ),
    "exnex": (
        [0.3927, 0.0579, 0.0575, 0.1563, 0.3914, 0.2694],
        [0.996, 0.087, 0.041, 0.433, 0.989, 0.777],
    ),
    "independent": (
        [0.4036, 0.0474, 0.0525, 0.1378, 0.4050, 0.2655],
        [0.996, 0.055, 0.028, 0.364, 0.990, 0.762],
    ),
}


@pytest.mark.parametrize("model", GOLDEN)
def test_golden_numbers(model):
    found = basket(X, N, p0=0.15, model=model).table
    mean, prob = GOLDEN[model]
    assert found["mean"].tolist() == pytest.approx(mean, abs=2e-4)
    assert found["prob"].tolist() == pytest.approx(prob, abs=6e-4)


def test_jeffreys_is_closed_form():
    found = basket(X, N, p0=0.15, model="beta").table
    assert found["mean"].tolist() == pytest.approx(
        [0.425, 0.0455, 0.0556, 0.1667, 0.4333, 0.3125], abs=1e-4
    )
    assert found["prob"].iloc[0] == pytest.approx(stats.beta.sf(0.15, 8.5, 11.5), abs=1e-12)


def test_mem_is_that_of_the_r_package_basket():
    """Snapshots of its tests (mem_exact, p0 = 0.25): probabilities are exact there, means drawn."""
    three = basket([8, 0, 1], [19, 10, 26], p0=0.25, model="mem").table
    assert three["prob"].round(3).tolist() == [0.951, 0.002, 0.0]
    assert three["mean"].tolist() == pytest.approx([0.4245, 0.041, 0.042], abs=1.5e-3)


def by_integration(x, n, p0):
    """Mean and P(p > p0) of the first of two baskets under the BHM, μ integrated by hand.

    Given τ, s = (θ1 + θ2)/2 ~ N(m, 2² + τ²/2) and θ1 − θ2 ~ N(0, 2τ²) are independent.
    """
    centre = special.logit(p0)
    s = centre + np.linspace(-12, 12, 2401)[:, None]
    z = np.linspace(-7, 7, 141)[None, :]
    nodes, weights = np.polynomial.legendre.leggauss(30)
    total = np.zeros(3)
    for tau, w in zip(2.5 * (nodes + 1), weights, strict=True):
        half = tau * z / np.sqrt(2)
        p1, p2 = special.expit(s + half), special.expit(s - half)
        density = stats.binom.pmf(x[0], n[0], p1) * stats.binom.pmf(x[1], n[1], p2)
        density = density * stats.norm.pdf(s, centre, np.hypot(2, tau / np.sqrt(2)))
        density = density * stats.norm.pdf(z) * w * np.exp(-(tau**2) / 2)
        share = np.clip((s + half - centre) / 0.01 + 0.5, 0, 1)  # of a cell above the threshold
        total += [density.sum(), (density * p1).sum(), (density * share).sum()]
    return total[1] / total[0], total[2] / total[0]


@pytest.mark.slow
def test_bhm_is_the_integral_over_mu_and_tau():
    x, n = [1, 4], [12, 9]
    found = basket(x, n, p0=0.15, model=Bhm()).table
    mean, prob = by_integration(x, n, 0.15)
    assert found["mean"].iloc[0] == pytest.approx(mean, abs=1e-6)
    assert found["prob"].iloc[0] == pytest.approx(prob, abs=2e-5)


def test_independent_is_one_integral():
    found = basket([3], [10], p0=0.2, model=Independent(rate=0.3, rate_sd=1.5)).table
    prior = stats.norm(special.logit(0.3), 1.5)

    def weight(t):
        return stats.binom.pmf(3, 10, special.expit(t)) * prior.pdf(t)

    total = integrate.quad(weight, -15, 15)[0]
    tail = integrate.quad(weight, special.logit(0.2), 15)[0]
    assert found["prob"].iloc[0] == pytest.approx(tail / total, abs=1e-6)
    limit = special.logit(found["lo"].iloc[0])
    assert integrate.quad(weight, -15, limit)[0] / total == pytest.approx(0.025, abs=1e-5)


def test_limits_of_the_models():
    """No borrowing and full borrowing are reached at the ends of the priors."""
    apart = basket(X, N, p0=0.15, model=Exnex(weight=0.0)).table
    alone = basket(X, N, p0=0.15, model="independent").table
    assert apart["prob"].tolist() == pytest.approx(alone["prob"].tolist(), abs=1e-6)
    whole = basket(X, N, p0=0.15, model=Exnex(weight=1.0)).table
    bhm = basket(X, N, p0=0.15, model="bhm").table
    assert whole["prob"].tolist() == pytest.approx(bhm["prob"].tolist(), abs=1e-6)
    never = basket(X, N, p0=0.15, model=Mem(prior=0.0)).table
    beta = basket(X, N, p0=0.15, model=Beta()).table
    assert never["prob"].tolist() == pytest.approx(beta["prob"].tolist(), abs=1e-12)
    always = basket(X, N, p0=0.15, model=Mem(prior=1.0)).table
    pooled = stats.beta.sf(0.15, 0.5 + sum(X), 0.5 + sum(N) - sum(X))
    assert always["prob"].tolist() == pytest.approx([pooled] * 6, abs=1e-12)
    tight = basket(X, N, p0=0.15, model=Bhm(tau_sd=0.01)).table["mean"]
    assert tight.max() - tight.min() < 0.002


outcomes = st.lists(
    st.integers(3, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=2, max_size=4,
)  # fmt: skip


@settings(max_examples=3)
@given(outcomes, st.sampled_from(["bhm", "exnex", "mem"]))
def test_order_and_one_responder_more(rows, model):
    x, n = map(np.array, zip(*rows, strict=True))
    found = basket(x, n, p0=0.2, model=model).table
    back = basket(x[::-1], n[::-1], p0=0.2, model=model).table
    assert back["prob"].tolist()[::-1] == pytest.approx(found["prob"].tolist(), abs=1e-9)
    assert ((found["lo"] < found["mean"]) & (found["mean"] < found["hi"])).all()
    if x[0] < n[0]:
        more = x.copy()
        more[0] += 1
        assert basket(more, n, p0=0.2, model=model).table["prob"].iloc[0] > found["prob"].iloc[0]


def test_a_lower_null_rate_in_one_basket_alone():
    found = basket([2, 2], [10, 10], p0=[0.1, 0.3], model=Bhm(rate=0.2)).table
    assert found["mean"].iloc[0] == pytest.approx(found["mean"].iloc[1], abs=1e-9)
    assert found["prob"].iloc[0] > found["prob"].iloc[1]


def test_independent_characteristics_are_binomial():
    """Without borrowing P(go) is a binomial tail, and the cutoff a quantile."""
    found = operating_characteristics(
        [12, 12], {"mixed": [0.1, 0.4]}, p0=0.1, model="beta", cutoff=0.95
    )
    assert found.exact
    x = np.arange(13)
    go = stats.beta.sf(0.1, 0.5 + x, 12.5 - x) > 0.95
    expected = [stats.binom.pmf(x, 12, p) @ go for p in (0.1, 0.4)]
    assert found.table["go"].tolist() == pytest.approx(expected, abs=1e-12)
    assert found.family["any_wrong"].iloc[0] == pytest.approx(expected[0], abs=1e-12)


@pytest.mark.parametrize("kind", ["basket", "family"])
def test_the_calibrated_cutoff_keeps_its_error_and_a_lower_one_does_not(kind):
    options = {"p0": 0.15, "model": "exnex"}
    cut = calibrate([9, 9], alpha=0.1, kind=kind, **options)
    assert cut.exact and cut.error <= 0.1
    column = {"basket": "go", "family": "any_wrong"}[kind]

    def error(cutoff):
        found = operating_characteristics([9, 9], {"null": [0.15] * 2}, cutoff=cutoff, **options)
        return (found.table if kind == "basket" else found.family)[column].max()

    assert error(cut.cutoff) == pytest.approx(cut.error, abs=1e-9)
    assert error(cut.cutoff - 1e-6) > 0.1


def test_simulation_agrees_with_enumeration_and_repeats():
    exact = operating_characteristics([9, 9, 9], [[0.15, 0.15, 0.5]], p0=0.15, model="mem")
    sizes = [9, 9, 9, 9, 9]
    drawn = operating_characteristics(
        sizes, {"s": [0.15, 0.15, 0.5, 0.15, 0.15]}, p0=0.15, model="beta", draws=3000, seed=4
    )
    again = operating_characteristics(
        sizes, {"s": [0.15, 0.15, 0.5, 0.15, 0.15]}, p0=0.15, model="beta", draws=3000, seed=4
    )
    assert exact.exact and not drawn.exact and drawn.table.equals(again.table)
    x = np.arange(10)
    truth = stats.binom.pmf(x, 9, 0.5) @ (stats.beta.sf(0.15, 0.5 + x, 9.5 - x) > 0.95)
    row = drawn.table.iloc[2]
    assert abs(row["go"] - truth) < 4 * row["se_go"]


def test_weights_above_a_threshold_integrate_smooth_functions():
    theta = np.arange(-6, 6.001, 0.04)
    for threshold in (-1.7346, 0.0, 0.019, 1.2):
        weights = above(theta, threshold)
        got = 0.04 * weights @ stats.norm.pdf(theta, 0.2, 0.5)
        assert got == pytest.approx(stats.norm.sf(threshold, 0.2, 0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: basket([1, 5], [3, 4], p0=0.1), "entry 2"),
        (lambda: basket([1], [3], p0=0), "p0 is out of its range"),
        (lambda: basket([1, 1], [3, 3], p0=[0.1, 0.2, 0.3]), "one a basket"),
        (lambda: basket([1], [3], p0=0.1, model="exnexx"), "nearest: exnex"),
        (lambda: basket([1], [3], p0=0.1, model=Bhm(tau_sd=0)), "tau_sd"),
        (lambda: basket([1], [3], p0=0.1, model=Bhm(rate_sd=100)), "rate_sd"),
        (lambda: basket([1], [3], p0=0.1, model=object()), "no basket model"),
        (lambda: basket([1] * 7, [3] * 7, p0=0.1, model="mem"), "at most 6"),
        (lambda: basket([1], [3], p0=0.1, cutoff=1.5), "cutoff"),
        (lambda: basket([1, 1], [3, 3], p0=0.1, names=["a", "a"]), "there twice"),
        (lambda: operating_characteristics([5], [[0.1, 0.2]], p0=0.1), "one rate"),
        (lambda: calibrate([5], p0=0.1, kind="familly"), "nearest: family"),
    ],
)
def test_what_is_refused(call, says):
    with pytest.raises(RpointError, match=says):
        call()


def test_doctests():
    assert doctest.testmod(module).failed == 0
