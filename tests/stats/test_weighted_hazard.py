"""Weighted hazard ratios: lifelines, weights of one, strata, resampled groups, ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.stats.batched import batched_survival
from rpoint.stats.weighted_hazard import weighted_hazards

N = 90


@pytest.fixture(scope="module")
def data():
    """Times with many ties, a third censored, two arms, weights from 0.05 to 5, three groups."""
    rng = np.random.default_rng(8)
    arm = rng.random(N) < 0.5
    time = np.ceil(rng.exponential(8.0, N) * np.where(arm, 1.6, 1.0))
    return time, rng.random(N) < 0.67, arm, 0.05 + 5 * rng.random(N) ** 2, np.arange(N) % 3


@pytest.mark.parametrize("strata", [False, True])
def test_double_programming_lifelines(data, strata):
    import lifelines

    time, event, arm, weight, group = data
    frame = pd.DataFrame({"t": time, "e": event, "x": arm.astype(float), "w": weight, "g": group})
    more = {"strata": ["g"]} if strata else {}
    with pytest.warns(lifelines.exceptions.StatisticalWarning):
        other = lifelines.CoxPHFitter().fit(
            frame if strata else frame.drop(columns="g"), "t", "e", weights_col="w",
            fit_options={"precision": 1e-11}, **more,
        )  # fmt: skip
    found = weighted_hazards(time, event, arm, weight, group if strata else None)
    ones = np.ones((1, 3 if strata else 1))
    assert found.log_ratio(ones)[0] == pytest.approx(other.params_["x"], abs=1e-6)


def test_weights_of_one_are_the_plain_model(data):
    time, event, arm, _, _ = data
    plain = batched_survival(
        time[None], event[None].astype(float), arm[None].astype(float), parts=("cox",)
    )
    found = weighted_hazards(time, event, arm, np.ones(N)).log_ratio([[1.0]])
    assert found[0] == pytest.approx(plain.coef[0], abs=1e-8)


def test_a_factor_on_all_weights_changes_nothing(data):
    time, event, arm, weight, group = data
    once, more = (weighted_hazards(time, event, arm, f * weight, group) for f in (1.0, 7.5))
    np.testing.assert_allclose(
        once.log_ratio(np.ones((1, 3))), more.log_ratio(np.ones((1, 3))), rtol=1e-10
    )


def test_a_group_that_counts_twice_is_two_strata(data):
    time, event, arm, weight, group = data
    found = weighted_hazards(time, event, arm, weight, group, 4)  # nobody in the fourth
    copies = np.array([[2.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]])
    mine = [group == 0, group == 2]
    twice = np.concatenate([np.flatnonzero(m) for m in (mine[0], mine[0], mine[1])])
    strata = np.repeat([0, 1, 2], [mine[0].sum(), mine[0].sum(), mine[1].sum()])
    by_hand = weighted_hazards(time[twice], event[twice], arm[twice], weight[twice], strata)
    assert found.log_ratio(copies)[0] == pytest.approx(by_hand.log_ratio(np.ones((1, 3)))[0])
    assert found.log_ratio(copies)[0] != pytest.approx(found.log_ratio(copies)[1], abs=1e-3)


def test_weights_of_nothing_leave_patients_out(data):
    time, event, arm, weight, _ = data
    some = np.arange(N) % 2 == 0
    found = weighted_hazards(time, event, arm, np.where(some, weight, 0.0))
    fewer = weighted_hazards(time[some], event[some], arm[some], weight[some])
    assert found.log_ratio([[1.0]]) == pytest.approx(fewer.log_ratio([[1.0]]), abs=1e-9)


@pytest.mark.parametrize("shift", [-4.0, -0.9, 0.0, 0.013, 2.6])
def test_large_and_small_ratios_are_found_between_the_points_of_the_grid(shift):
    """Exponential times: the score is 0 there to the last digits."""
    rng = np.random.default_rng(3)
    arm = np.arange(400) % 2 == 1
    time = rng.exponential(1.0, 400) * np.exp(-shift * arm)
    found = weighted_hazards(time, np.ones(400), arm, np.ones(400)).log_ratio([[1.0]])[0]
    plain = batched_survival(time[None], np.ones((1, 400)), arm[None].astype(float), parts=("cox",))
    assert found == pytest.approx(plain.coef[0], abs=1e-7)
    assert found == pytest.approx(shift, abs=0.6)


def test_events_in_one_arm_alone_have_an_infinite_ratio():
    time, weight = [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 1.0, 1.0]
    arm = [True, True, False, False]
    assert weighted_hazards(time, [1, 1, 0, 0], arm, weight).log_ratio([[1.0]])[0] == np.inf
    assert (
        weighted_hazards(time, [1, 1, 0, 0], ~np.array(arm), weight).log_ratio([[1.0]])[0]
        == -np.inf
    )
    assert np.isnan(weighted_hazards(time, [0, 0, 0, 0], arm, weight).log_ratio([[1.0]])[0])
    assert np.isnan(weighted_hazards(time, [1, 1, 1, 1], [True] * 4, weight).log_ratio([[1.0]])[0])


@pytest.mark.parametrize("weight", [[1.0, -1.0], [1.0, np.nan], [1.0]])
def test_weights_that_cannot_be_are_refused(weight):
    with pytest.raises(RpointError, match="weights are one number a patient"):
        weighted_hazards([1.0, 2.0], [1, 1], [True, False], weight)
