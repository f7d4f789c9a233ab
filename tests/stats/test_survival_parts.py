"""Restricted means, Turnbull, competing risks, sizes: golden numbers, limits, properties.

R's numbers: survival 3.5-3 for restricted means; cmprsk's own test output (test.Rout.save of its
source package) for incidences and Gray's tests, whose data are remade from its random seed.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize

from rpoint.errors import RpointError
from rpoint.stats.competing_risks import cause_specific, cumulative_incidence
from rpoint.stats.gray import gray
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.logrank import logrank
from rpoint.stats.rmst import rmst
from rpoint.stats.survival_size import events_needed, power_of_events, trial_size
from rpoint.stats.turnbull import turnbull

INF = float("inf")


# ---------------------------------------------------------------- restricted mean


def test_double_programming_r_restricted_means_of_aml(aml):
    table = rmst(**aml, tau=161).groups
    np.testing.assert_allclose(table["rmst"], [52.64545455, 22.70833333], atol=1e-8)
    np.testing.assert_allclose(table["std_error"], [19.828602796, 4.180941981], atol=1e-8)
    assert not table["extended"].any()  # the second curve has come down to 0


def test_without_censoring_the_restricted_mean_is_the_mean_of_the_cut_times():
    time = np.array([1.0, 2.0, 4.0, 7.0, 11.0])
    found = rmst(time, np.ones(5), tau=6.0).groups.iloc[0]
    cut = np.minimum(time, 6.0)
    assert found.rmst == pytest.approx(cut.mean(), abs=1e-14)
    assert found.std_error == pytest.approx(cut.std() / np.sqrt(5), abs=1e-14)


def test_the_difference_is_against_the_first_group_and_turns_round(aml):
    one = rmst(**aml).differences.iloc[0]
    swapped = [{"maintained": "z", "not": "a"}[g] for g in aml["group"]]
    other = rmst(aml["time"], aml["event"], swapped).differences.iloc[0]
    assert one.difference == pytest.approx(-other.difference) and one.p == pytest.approx(other.p)
    assert one.ratio == pytest.approx(1 / other.ratio)


def test_tau_past_the_follow_up_is_refused_unless_the_curve_is_drawn_on():
    with pytest.raises(RpointError, match="not known up to tau") as error:
        rmst([1, 2, 3], [1, 0, 0], tau=5)
    assert "at most 3" in str(error.value)
    extended = rmst([1, 2, 3], [1, 0, 0], tau=5, extend=True).groups.iloc[0]
    assert extended.rmst == pytest.approx(1 + 4 * 2 / 3) and extended.extended
    with pytest.raises(RpointError, match="out of range"):
        rmst([1, 2], [1, 1], tau=0)


# ---------------------------------------------------------------- Turnbull


def test_exact_four_patients():
    found = turnbull([0, 2, 2, 4], [2, 4, 4, INF])
    assert found.left.tolist() == [0, 2, 4] and found.right.tolist() == [2, 4, INF]
    np.testing.assert_allclose(found.probability, [0.25, 0.5, 0.25], atol=1e-9)
    assert found.median_region == (2.0, 4.0) and found.quantile_region(0.9) == (4.0, INF)
    at = found.survival_at([1, 2, 3, 5])
    np.testing.assert_allclose(at["highest"], [1, 0.75, 0.75, 0.25], atol=1e-9)
    np.testing.assert_allclose(at["lowest"], [0.75, 0.75, 0.25, 0], atol=1e-9)


@given(st.integers(0, 10_000))
def test_with_exact_and_censored_times_it_is_kaplan_meier(seed):
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 12, 40).astype(float), rng.random(40) < 0.7
    assume(event.any())
    found = turnbull(time, np.where(event, time, INF))
    km = kaplan_meier(time, event)
    steps = km.time[km.events > 0]
    at = found.survival_at(steps)
    np.testing.assert_allclose(at["highest"], km.survival[km.events > 0], atol=1e-5)
    assert found.status == "converged"


def scans(seed, n=40, days=56):
    rng = np.random.default_rng(seed)
    time = rng.exponential(90, n)
    grid = np.cumsum(rng.integers(days - 5, days + 6, (n, 8)), axis=1)
    left = np.where(grid < time[:, None], grid, 0).max(axis=1)
    right = np.where(grid >= time[:, None], grid, INF).min(axis=1)
    return left.astype(float), right


@given(st.integers(0, 10_000))
def test_no_other_distribution_is_likelier(seed):
    """The certificate, from its definition: every derivative is at most n at the maximum."""
    left, right = scans(seed)
    found = turnbull(left, right)
    holds = (found.left[None, :] >= left[:, None]) & (found.right[None, :] <= right[:, None])
    mixture = holds @ found.probability
    assert found.loglik == pytest.approx(np.log(mixture).sum(), abs=1e-9)
    for at in np.unique(np.concatenate([left, right[np.isfinite(right)]])):
        inside = (left < at) & (at <= right)  # all probability moved to the point `at`
        assert (inside / mixture).sum() <= len(left) + 1e-6


@given(st.integers(0, 10_000), st.sampled_from([0.01, 30.4375]))
def test_row_order_and_time_scale_do_not_matter(seed, factor):
    left, right = scans(seed)
    order = np.random.default_rng(seed).permutation(len(left))
    one, other = turnbull(left, right), turnbull(left[order] * factor, right[order] * factor)
    assert other.loglik == pytest.approx(one.loglik, abs=1e-7)
    np.testing.assert_allclose(np.array(other.median_region) / factor, one.median_region, rtol=1e-9)


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        ([1, 3], [2, 2], "row 2: left 3, right 2"),
        ([-1], [2], "row 1"),
        ([np.nan], [2], "row 1"),
        ([], [], "two ends"),
    ],
)
def test_wrong_intervals_are_refused(left, right, says):
    with pytest.raises(RpointError, match=says):
        turnbull(left, right)


# ---------------------------------------------------------------- competing risks


def test_double_programming_cmprsk_incidences(cmprsk_set):
    for cause, expected in (
        (1, [0.2352861, 0.3287068, 0.4247898]),
        (2, [0.2567862, 0.3931580, 0.4631781]),
    ):
        curve = cumulative_incidence(cmprsk_set["time"], cmprsk_set["cause"], of=cause)
        np.testing.assert_allclose(curve.at([1, 2, 3])["incidence"], expected, atol=5e-8)


def test_double_programming_cmprsk_gray(cmprsk_set):
    arguments = {name: cmprsk_set[name] for name in ("time", "cause", "group")}
    strata = cmprsk_set["stratum"]
    for cause, statistic, p in ((1, 3.393977, 0.1832345), (2, 1.989511, 0.3698139)):
        test = gray(**arguments, strata=strata, of=cause)
        assert test.statistic == pytest.approx(statistic, abs=5e-7)
        assert test.p == pytest.approx(p, abs=5e-8) and test.df == 2
    two = cmprsk_set["group"] != 1
    some = {name: values[two] for name, values in arguments.items()}
    for cause, statistic in ((1, 3.5151549), (2, 0.1400145)):
        test = gray(**some, strata=strata[two], of=cause)
        assert test.statistic == pytest.approx(statistic, abs=5e-8) and test.df == 1


@given(st.integers(0, 10_000))
def test_causes_and_survival_add_up_to_one(seed):
    rng = np.random.default_rng(seed)
    time, cause = rng.integers(1, 15, 60), rng.integers(0, 4, 60)
    assume(set(cause) == {0, 1, 2, 3})
    curves = [cumulative_incidence(time, cause, of=k) for k in (1, 2, 3)]
    km = kaplan_meier(time, cause > 0)
    np.testing.assert_allclose(sum(c.incidence for c in curves), 1 - km.survival, atol=1e-12)


@given(st.integers(0, 10_000))
def test_with_one_cause_it_is_kaplan_meier_and_greenwood(seed):
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 15, 40), rng.random(40) < 0.7
    assume(event.any())
    curve, km = cumulative_incidence(time, event.astype(int)), kaplan_meier(time, event)
    np.testing.assert_allclose(curve.incidence, 1 - km.survival, atol=1e-13)
    known = km.survival > 0
    np.testing.assert_allclose(curve.std_error[known], km.std_error[known], atol=1e-9)


def test_double_programming_lifelines_incidence_and_error():
    import lifelines
    rng = np.random.default_rng(11)
    time, cause = rng.exponential(size=80), rng.integers(0, 3, 80)
    own = cumulative_incidence(time, cause, of=2)
    other = lifelines.AalenJohansenFitter().fit(time, cause, event_of_interest=2)
    np.testing.assert_allclose(
        own.incidence, other.cumulative_density_.to_numpy()[1:, 0], atol=1e-9
    )
    np.testing.assert_allclose(own.std_error**2, other.variance_.to_numpy()[1:].ravel(), atol=1e-9)


def test_one_minus_kaplan_meier_of_one_cause_is_larger_than_its_incidence(cmprsk_set):
    own = cumulative_incidence(cmprsk_set["time"], cmprsk_set["cause"])
    km = kaplan_meier(cmprsk_set["time"], cause_specific(cmprsk_set["cause"]))
    assert (1 - km.survival >= own.incidence - 1e-12).all()
    assert 1 - km.survival[-1] > own.incidence[-1] + 0.1


def test_gray_without_other_causes_has_the_score_of_the_log_rank_test():
    rng = np.random.default_rng(12)
    group = rng.integers(0, 2, 200)
    time, event = rng.exponential(1 + group), rng.random(200) < 0.8
    own, other = gray(time, event.astype(int), group), logrank(time, event, group)
    assert own.statistic == pytest.approx(other.statistic, rel=0.05)  # other variance


def test_gray_holds_its_level():
    rng = np.random.default_rng(13)
    low = 0
    for _ in range(400):
        group = rng.integers(0, 2, 80)
        low += gray(rng.exponential(size=80), rng.integers(0, 3, 80), group).p < 0.05
    assert 0.025 <= low / 400 <= 0.08  # 2.3 binomial standard errors


@pytest.mark.parametrize(
    ("cause", "of", "says"),
    [([0, 1.5], 1, "row 2"), ([0, -1], 1, "row 2"), ([0, 1], 2, "nobody"), ([0, 0], 1, "nobody")],
)
def test_wrong_causes_are_refused(cause, of, says):
    with pytest.raises(RpointError, match=says):
        cumulative_incidence([1, 2], cause, of=of)


# ---------------------------------------------------------------- sizes


def test_double_programming_schoenfeld_in_r():
    assert events_needed(0.7) == pytest.approx(246.7871045, abs=1e-7)


def test_power_and_events_are_inverse_and_allocation_costs():
    needed = events_needed(0.6, power=0.9, alpha=0.025, sides=1, allocation=2 / 3)
    power = power_of_events(needed, 0.6, alpha=0.025, sides=1, allocation=2 / 3)
    assert power == pytest.approx(0.9, abs=1e-12)
    assert needed == pytest.approx(events_needed(0.6, power=0.9) * 0.25 / (2 / 9), rel=1e-12)


def test_the_share_with_an_event_is_what_integration_gives():
    size = trial_size(0.5, control_median=6, accrual=10, follow_up=4, dropout=0.02)
    hazard, total = np.log(2) / 6, np.log(2) / 6 + 0.02
    entry = (np.arange(200_000) + 0.5) / 20_000
    expected = np.mean(hazard / total * -np.expm1(-total * (14 - entry)))
    assert size.share_control == pytest.approx(expected, abs=1e-9)
    assert size.events == pytest.approx(events_needed(0.5))


def test_a_design_of_this_size_has_its_power():
    from rpoint.stats.batched import batched_survival

    rng = np.random.default_rng(14)
    events = int(np.ceil(events_needed(0.6)))
    arm = np.tile([0, 1], events)
    time = rng.exponential(np.where(arm, 1 / 0.6, 1.0), (4000, 2 * events))
    cut = np.sort(time, axis=1)[:, events - 1][:, None]
    found = batched_survival(np.minimum(time, cut), time <= cut, arm, parts=("logrank",))
    assert np.mean(found.p < 0.05) == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize(
    "options",
    [{"hazard_ratio": 1}, {"hazard_ratio": -1}, {"hazard_ratio": 0.7, "power": 1.2},
     {"hazard_ratio": 0.7, "sides": 3}, {"hazard_ratio": 0.7, "allocation": 1}],
)  # fmt: skip
def test_wrong_designs_are_refused(options):
    with pytest.raises(RpointError):
        events_needed(**options)


def test_the_maximum_of_turnbull_agrees_with_a_general_optimiser():
    left, right = scans(1, n=15)
    found = turnbull(left, right)
    count = len(found.left)
    holds = (found.left >= left[:, None]) & (found.right <= right[:, None])
    best = optimize.minimize(
        lambda p: -np.log(np.maximum(holds @ p, 1e-12)).sum(), np.full(count, 1 / count),
        bounds=[(0, 1)] * count, constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
    )  # fmt: skip
    assert found.loglik == pytest.approx(-best.fun, abs=1e-4)
