"""Cox's model: R's numbers, the exactly solvable set, lifelines, infinite coefficients."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import optimize, stats

from rpoint.errors import RpointError
from rpoint.stats.cox import cox
from rpoint.stats.cox_likelihood import TiedLikelihood, blocks
from rpoint.stats.cox_monotone import infinite_direction
from rpoint.stats.survival_data import check_follow_up, one_stratum

# Therneau & Grambsch 2000, appendix E, data set 1 (the row without a time left out).
TG_TIME, TG_EVENT = [9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0]
TG_X = [0, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("ties", "coef", "error", "null", "loglik"),
    [
        ("efron", 0.915532575, 0.5119342752, -42.72483926, -41.0326156),
        ("breslow", 0.9042197237, 0.5122479073, -42.8981239, -41.25011435),
        ("exact", 0.9217608692, 0.5162484008, -40.64539772, -38.96354701),
    ],
)
def test_double_programming_r_aml(aml, ties, coef, error, null, loglik):
    fit = cox(aml["time"], aml["event"], np.array(aml["group"]), ties=ties, names=["x"])
    assert fit.status == "converged" and fit.names == ("x=not",)
    assert fit.coef[0] == pytest.approx(coef, abs=1e-8)
    assert fit.std_error[0] == pytest.approx(error, abs=1e-8)
    assert fit.loglik_null == pytest.approx(null, abs=1e-8)
    assert fit.loglik == pytest.approx(loglik, abs=1e-8)
    assert fit.likelihood_ratio.statistic == pytest.approx(2 * (loglik - null), abs=2e-8)


def test_exact_therneau_grambsch_breslow():
    fit = cox(TG_TIME, TG_EVENT, TG_X, ties="breslow")
    b = fit.coef[0]
    solved = optimize.minimize_scalar(
        lambda t: -(2 * t - np.log(3 * np.exp(t) + 3) - 2 * np.log(np.exp(t) + 3)),
        bounds=(-2, 5), method="bounded", options={"xatol": 1e-12},
    )  # fmt: skip
    assert b == pytest.approx(solved.x, abs=1e-6)
    e = np.exp(b)  # the score at the maximum is 0
    assert 2 - e / (e + 1) - 2 * e / (e + 3) == pytest.approx(0, abs=1e-12)
    assert fit.loglik == pytest.approx(-solved.fun, abs=1e-12)
    assert fit.loglik_null == pytest.approx(-np.log(6) - 2 * np.log(4), abs=1e-14)
    assert fit.score.statistic == pytest.approx(1.0**2 / (1 / 4 + 2 * 3 / 16), abs=1e-12)


def test_exact_therneau_grambsch_first_newton_step():
    """Score 1 and information 5/8 at 0 give a first step of 8/5, as printed in the book's tests."""
    data = check_follow_up(TG_TIME, TG_EVENT)
    made = blocks(data, np.array(TG_X, float)[:, None], one_stratum(6), "breslow")
    value = TiedLikelihood(made)(np.zeros(1))
    assert value.score[0] / value.information[0, 0] == pytest.approx(8 / 5, abs=1e-14)


def brute_force(time, event, x, beta, ties):
    """The log partial likelihood, written as the textbooks write it."""
    total = 0.0
    for t in sorted({a for a, e in zip(time, event, strict=True) if e}):
        risk = [i for i in range(len(time)) if time[i] >= t]
        dead = [i for i in risk if time[i] == t and event[i]]
        r = {i: np.exp(x[i] @ beta) for i in risk}
        total += sum(x[i] @ beta for i in dead)
        if ties == "exact":
            subsets = itertools.combinations(risk, len(dead))
            total -= np.log(sum(np.prod([r[i] for i in s]) for s in subsets))
            continue
        for k in range(len(dead)):
            cut = k / len(dead) if ties == "efron" else 0.0
            total -= np.log(sum(r.values()) - cut * sum(r[i] for i in dead))
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("seed", range(4))
def test_double_programming_likelihood_and_maximum(ties, seed):
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 6, 14), rng.random(14) < 0.7
    x = rng.normal(size=(14, 2)).round(1)
    fit = cox(time, event, x, ties=ties)
    assert fit.status == "converged"
    assert fit.loglik == pytest.approx(brute_force(time, event, x, fit.coef, ties), abs=1e-10)
    best = optimize.minimize(
        lambda b: -brute_force(time, event, x, b, ties), fit.coef + 0.1, method="BFGS", tol=1e-10
    )
    np.testing.assert_allclose(best.x, fit.coef, atol=1e-4)
    step = 1e-4
    hessian = np.empty((2, 2))
    for i, j in itertools.product(range(2), repeat=2):
        a, b = np.eye(2)[i] * step, np.eye(2)[j] * step
        hessian[i, j] = sum(
            s * t * brute_force(time, event, x, fit.coef + s * a + t * b, ties)
            for s in (1, -1)
            for t in (1, -1)
        ) / (4 * step**2)
    np.testing.assert_allclose(np.linalg.inv(-hessian), fit.covariance, rtol=1e-4)


def draw(seed, n=60):
    """Times with ties, events and two covariates that matter."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 4, (n, 2)).astype(float)
    time = np.ceil(rng.integers(2, 12) * rng.exponential(np.exp(-0.3 * x[:, 0])))
    return time, rng.random(n) < rng.uniform(0.4, 1.0), x


@settings(max_examples=12)
@given(st.integers(0, 10_000))
def test_double_programming_lifelines(seed):
    import lifelines
    time, event, x = draw(seed)
    fit = cox(time, event, x)
    assert fit.status == "converged"
    frame = pd.DataFrame({"t": time, "e": event, "a": x[:, 0], "b": x[:, 1]})
    other = lifelines.CoxPHFitter().fit(frame, "t", "e", fit_options={"precision": 1e-12})
    np.testing.assert_allclose(fit.coef, other.params_, atol=1e-6)
    np.testing.assert_allclose(fit.std_error, other.standard_errors_, atol=1e-6)
    assert fit.loglik == pytest.approx(other.log_likelihood_, abs=1e-6)
    assert fit.concordance().c == pytest.approx(other.concordance_index_, abs=1e-9)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_row_order_and_units_do_not_matter(seed, shuffle):
    time, event, x = draw(seed)
    order = np.random.default_rng(shuffle).permutation(len(time))
    one = cox(time, event, x)
    other = cox(time[order] * 30.4375, event[order], x[order] * [10.0, 1.0] + [5.0, -2.0])
    np.testing.assert_allclose(other.coef, one.coef / [10.0, 1.0], atol=1e-9)
    assert other.loglik == pytest.approx(one.loglik, rel=1e-12)


@given(st.integers(0, 10_000))
def test_changing_the_reference_turns_the_ratio_round(seed):
    time, event, x = draw(seed)
    arm = (x[:, 0] > 0).astype(float)
    one, other = cox(time, event, arm), cox(time, event, 1.0 - arm)
    assert one.status == other.status
    np.testing.assert_allclose(one.coef, -other.coef, atol=1e-9)


def test_strata_add_up():
    rng = np.random.default_rng(5)
    time, event, x = rng.exponential(size=60), rng.random(60) < 0.8, rng.normal(size=(60, 2))
    layer = rng.integers(0, 3, 60)
    fit = cox(time, event, x, strata=layer)
    parts = [brute_force(time[layer == k], event[layer == k], x[layer == k], fit.coef, "efron")
             for k in range(3)]  # fmt: skip
    assert fit.loglik == pytest.approx(sum(parts), abs=1e-10) and fit.strata == 3


def test_a_profile_limit_is_where_the_profile_has_fallen_by_half_a_quantile():
    rng = np.random.default_rng(6)
    time, event, x = rng.exponential(size=40), rng.random(40) < 0.8, rng.normal(size=(40, 2))
    fit = cox(time, event, x)
    drop = stats.chi2.ppf(0.95, 1) / 2
    for j, row in enumerate(fit.profile().itertuples()):
        for limit in (np.log(row.lo), np.log(row.hi)):

            def profile(other, j=j, limit=limit):
                beta = np.insert(other, j, limit)
                return -brute_force(time, event, x, beta, "efron")

            best = optimize.minimize(profile, [fit.coef[1 - j]], tol=1e-12)
            assert fit.loglik + best.fun == pytest.approx(drop, abs=1e-6)


# ---------------------------------------------------------------- infinite coefficients


def test_every_event_in_one_arm_is_told_and_not_numbered():
    fit = cox([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0], names=["arm"])
    assert fit.status == "monotone likelihood" and "profile" in fit.advice
    assert fit.coef[0] == np.inf and np.isnan(fit.std_error[0]) and np.isnan(fit.wald.p)
    # at the infinite end the denominators are 3, 2, 1; at 0 they are 6, 5, 4
    assert fit.likelihood_ratio.statistic == pytest.approx(2 * np.log(120 / 6), abs=1e-9)
    profile = fit.profile().iloc[0]
    assert profile.hi == np.inf
    e = profile.lo
    below = sum(np.log(k * e) - np.log(k * e + 3) for k in (3, 2, 1))  # against the supremum
    assert below == pytest.approx(-stats.chi2.ppf(0.95, 1) / 2, abs=1e-8)


def test_only_the_infinite_coefficient_is_infinite():
    rng = np.random.default_rng(7)
    n = 80
    rare = np.zeros(n)
    rare[:6] = 1.0
    time, x = rng.exponential(size=n), rng.normal(size=n)
    event = (rng.random(n) < 0.7) & (rare == 0)
    fit = cox(time, event, np.column_stack([x, rare]))
    assert fit.coef[1] == -np.inf and np.isfinite(fit.coef[0])
    keep = rare == 0  # in the limit those patients leave the risk sets
    alone = cox(time[keep], event[keep], x[keep])
    assert fit.coef[0] == pytest.approx(alone.coef[0], abs=1e-6)
    assert fit.std_error[0] == pytest.approx(alone.std_error[0], abs=1e-6)
    assert fit.hazard_ratio[1] == 0.0


@given(
    arrays(np.int64, 12, elements=st.integers(1, 5)),
    arrays(np.bool_, 12).filter(lambda e: e.any()),
    arrays(np.int64, 12, elements=st.integers(0, 2)),
    st.sampled_from(["efron", "exact"]),
)
def test_the_linear_programme_finds_what_the_definition_says(time, event, x, ties):
    assume(np.ptp(x) > 0)

    def rises(sign):
        strict = False
        for i in np.flatnonzero(event):
            rivals = time >= time[i]
            if ties == "exact":
                rivals &= ~((time == time[i]) & event)
            gap = sign * (x[i] - x[rivals])
            if (gap < 0).any():
                return False
            strict |= bool((gap > 0).any())
        return strict

    data = check_follow_up(time, event)
    made = blocks(data, x.astype(float)[:, None], one_stratum(12), ties)
    direction = infinite_direction(made, ties)
    assert (direction is not None) == (rises(1) or rises(-1))
    if direction is not None:
        assert rises(np.sign(direction[0]))


def test_a_strong_but_finite_effect_is_not_called_infinite():
    rng = np.random.default_rng(8)
    x = rng.normal(size=300)
    fit = cox(rng.exponential(np.exp(-4 * x)), np.ones(300), x)
    assert fit.status == "converged" and fit.coef[0] > 3


def test_no_comparable_patients_is_a_status():
    fit = cox([5, 5, 5], [1, 1, 1], [1, 0, 1], ties="exact")
    assert fit.status == "no information"


# ---------------------------------------------------------------- checks and refusals


def test_concordance_counts_pairs():
    fit = cox([1, 2, 3, 4], [1, 1, 1, 0], [3.0, 1.0, 2.0, 0.0])
    found = fit.concordance()
    assert (found.concordant, found.discordant, found.tied) == (5, 1, 0)
    assert found.c == pytest.approx(5 / 6)


def test_hazards_that_cross_are_found_and_proportional_ones_are_not():
    rng = np.random.default_rng(9)
    n = 400
    arm = np.repeat([0, 1], n // 2)
    crossing = np.where(arm == 1, rng.weibull(3, n), rng.weibull(0.7, n))
    found = cox(crossing, np.ones(n), arm).proportional_hazards()
    assert found["p"].iloc[-1] < 1e-6
    fair = cox(rng.exponential(np.where(arm, 2, 1)), np.ones(n), arm).proportional_hazards()
    assert fair["p"].iloc[-1] > 0.01


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"event": [0] * 6}, "no events"),
        ({"covariates": [1] * 6}, "does not vary"),
        ({"covariates": np.c_[range(6), range(6)]}, "follows from the covariates before it"),
        ({"covariates": [1, 2, np.nan, 1, 2, 3]}, "rows 3"),
        ({"covariates": [1, 2, np.inf, 1, 2, 3]}, "not finite"),
        ({"covariates": [1, 2]}, "one row of covariates"),
        ({"ties": "efro"}, "efron"),
        ({"level": 0}, "level"),
        ({"strata": [1, 1]}, "stratum"),
        ({"covariates": np.array(["a"] * 6)}, "one value alone"),
        ({"covariates": [1, 1, 1, 0, 0, 0], "strata": [1, 1, 1, 2, 2, 2]}, "within the strata"),
    ],
)
def test_wrong_data_are_refused(change, says):
    arguments = {"time": [1, 2, 3, 4, 5, 6], "event": [1, 1, 0, 1, 1, 1],
                 "covariates": [1, 0, 1, 1, 0, 0], **change}  # fmt: skip
    with pytest.raises(RpointError, match=says):
        cox(**arguments)


def test_a_large_exact_likelihood_is_refused_and_not_run_for_hours():
    n = 20_000
    with pytest.raises(RpointError, match="too large"):
        cox(np.arange(n) // 4000, np.ones(n), np.arange(n) % 7, ties="exact")


def test_a_large_exact_ladder_does_not_overflow():
    rng = np.random.default_rng(10)
    n = 1500
    x = rng.normal(size=n)
    time = np.ceil(4 * rng.exponential(np.exp(-0.5 * x)))
    fit = cox(time, np.ones(n), x, ties="exact")
    assert np.isfinite(fit.loglik) and fit.status == "converged"
