"""Weighted Kaplan–Meier curves: lifelines, weights of one, groups and mixtures."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.weighted_survival import weighted_curves

N = 60


@pytest.fixture(scope="module")
def data():
    """Times with many ties, a third censored, weights from 0 to 5."""
    rng = np.random.default_rng(8)
    return rng.integers(1, 15, N).astype(float), rng.random(N) < 0.67, 5 * rng.random(N) ** 2


def test_double_programming_lifelines(data):
    import lifelines

    time, event, weight = data
    found = weighted_curves(*data)
    with pytest.warns(lifelines.exceptions.StatisticalWarning):
        other = lifelines.KaplanMeierFitter().fit(time, event, weights=weight)
    np.testing.assert_allclose(
        found.survival[0], other.survival_function_at_times(found.time), atol=1e-12
    )
    assert found.median()[0] == other.median_survival_time_


def test_weights_of_one_are_the_plain_curve(data):
    time, event, _ = data
    found, plain = weighted_curves(time, event, np.ones(N)), kaplan_meier(time, event)
    np.testing.assert_allclose(found.survival[0], plain.survival, atol=1e-12)
    np.testing.assert_array_equal(found.at_risk[0], plain.at_risk)
    assert found.median()[0] == plain.median.estimate
    for day in (0.0, 0.5, 3.0, 7.7, 14.0, 20.0):
        expected = plain.survival_at([day])["survival"].iloc[0]
        np.testing.assert_allclose(found.survival_at(day)[0], expected, atol=1e-12)


def test_a_whole_weight_is_so_many_patients(data):
    time, event, _ = data
    times = np.arange(N) % 4
    found = weighted_curves(time, event, times)
    many = kaplan_meier(np.repeat(time, times), np.repeat(event, times))
    np.testing.assert_allclose(
        [found.survival_at(t)[0] for t in many.time], many.survival, atol=1e-12
    )
    assert found.median()[0] == many.median.estimate


def test_groups_are_curves_of_their_own_and_mixtures_of_them_pool_patients(data):
    time, event, weight = data
    group = np.arange(N) % 3
    found = weighted_curves(time, event, weight, group, 4)  # nobody in the fourth
    assert found.survival.shape == (4, len(found.time))
    for k in range(3):
        alone = weighted_curves(time[group == k], event[group == k], weight[group == k])
        at = np.searchsorted(found.time, alone.time)
        np.testing.assert_allclose(found.survival[k, at], alone.survival[0], atol=1e-12)
        assert found.median()[k] == alone.median()[0] or np.isnan(alone.median()[0])
    mixed = found.mixed([[1, 1, 1, 1], [2, 0, 1, 0]])
    np.testing.assert_allclose(
        mixed.survival[0], weighted_curves(time, event, weight).survival[0], atol=1e-12
    )
    copies = np.array([2, 0, 1])[group]
    again = weighted_curves(time, event, weight * copies)
    np.testing.assert_allclose(mixed.survival[1], again.survival[0], atol=1e-12)
    assert np.isnan(found.survival_at(5.0)[3])


def test_past_the_last_follow_up_only_zero_is_known():
    two = weighted_curves([1, 2, 1, 2], [1, 0, 1, 1], [1.0, 3.0, 1.0, 3.0], [0, 0, 1, 1])
    np.testing.assert_array_equal(two.survival_at(2.0), [0.75, 0.0])
    np.testing.assert_array_equal(two.survival_at(2.5), [np.nan, 0.0])
    np.testing.assert_array_equal(two.median(), [np.nan, 2.0])


@pytest.mark.parametrize("weight", [[1.0, -1.0], [1.0, np.nan], [1.0]])
def test_weights_that_cannot_be_are_refused(weight):
    with pytest.raises(RpointError, match="weights are one number a patient"):
        weighted_curves([1, 2], [1, 1], weight)
