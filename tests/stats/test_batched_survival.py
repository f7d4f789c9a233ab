"""Batched statistics: the same as one trial at a time, for any chunk, jobs and padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.stats.batched import PARTS, batched_survival
from rpoint.stats.cox import cox
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.logrank import logrank


def trials(seed, count=6, patients=50, grid=None):
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, patients)
    time = rng.exponential(np.where(arm, 8.0, 5.0), (count, patients))
    end = rng.uniform(2, 12, time.shape)
    event, time = time <= end, np.minimum(time, end)
    return (np.ceil(time * grid) / grid if grid else time), event, arm


@given(st.integers(0, 10_000), st.sampled_from([None, 1, 4]))
def test_each_trial_has_the_numbers_of_the_single_functions(seed, grid):
    time, event, arm = trials(seed, grid=grid)
    found = batched_survival(time, event, arm)
    for i in range(len(time)):
        test, model = logrank(time[i], event[i], arm), cox(time[i], event[i], arm)
        assert found.status[i] == {"converged": "ok"}.get(model.status, model.status)
        assert found.statistic[i] == pytest.approx(test.statistic, abs=1e-10)
        assert found.expected[i] == pytest.approx(test.expected[1], abs=1e-10)
        assert found.coef[i] == pytest.approx(model.coef[0], abs=1e-10)
        assert found.std_error[i] == pytest.approx(model.std_error[0], abs=1e-10)
        assert found.loglik[i] == pytest.approx(model.loglik, abs=1e-9)
        assert found.hr_hi[i] == pytest.approx(model.to_frame()["hi"][0], rel=1e-9)
        for side in (0, 1):
            m = kaplan_meier(time[i][arm == side], event[i][arm == side]).median
            np.testing.assert_allclose(
                (found.median[i, side], found.median_lo[i, side], found.median_hi[i, side]),
                (m.estimate, m.lo, m.hi),
                rtol=1e-12,
            )


@pytest.mark.parametrize("transform", ["log", "plain", "logit", "arcsin"])
def test_limits_of_medians_on_every_scale(transform):
    time, event, arm = trials(1, grid=4)
    found = batched_survival(time, event, arm, transform=transform, level=0.9)
    for i in range(len(time)):
        chosen = arm == 1
        m = kaplan_meier(time[i][chosen], event[i][chosen], transform=transform, level=0.9).median
        np.testing.assert_allclose((found.median_lo[i, 1], found.median_hi[i, 1]), (m.lo, m.hi))


@pytest.mark.parametrize("grid", [None, 4])
@pytest.mark.parametrize(("chunk", "jobs"), [(1, 1), (7, 1), (7, 3), (1000, 2)])
def test_results_do_not_depend_on_chunk_or_jobs(grid, chunk, jobs):
    time, event, arm = trials(2, count=40, grid=grid)
    one = batched_survival(time, event, arm).to_frame()
    other = batched_survival(time, event, arm, chunk=chunk, jobs=jobs).to_frame()
    assert one.equals(other)  # bit for bit, NaN included


def test_one_tied_trial_in_a_chunk_changes_no_other():
    time, event, arm = trials(3, count=8)
    alone = batched_survival(time, event, arm).to_frame()
    time[5] = np.ceil(time[5])
    mixed = batched_survival(time, event, arm).to_frame()
    assert alone.drop(index=5).equals(mixed.drop(index=5))


@given(st.integers(0, 10_000))
def test_padding_changes_nothing(seed):
    time, event, arm = trials(seed, grid=2)
    pad = 13
    mask = np.hstack([np.ones(time.shape, bool), np.zeros((len(time), pad), bool)])
    wide = [
        np.hstack([a, np.full((len(time), pad), fill)])
        for a, fill in (
            (time, np.nan),
            (event.astype(float), 9.0),
            (np.tile(arm, (len(time), 1)), 1),
        )
    ]
    order = np.random.default_rng(seed).permutation(mask.shape[1])
    one = batched_survival(time, event, arm).to_frame()
    other = batched_survival(*(a[:, order] for a in wide), mask=mask[:, order]).to_frame()
    assert (one["status"] == other["status"]).all()
    numbers = one.columns.drop("status")
    np.testing.assert_allclose(one[numbers], other[numbers], rtol=1e-10, atol=1e-12)


def test_failures_are_a_status_and_the_batch_goes_on():
    time = np.tile([1.0, 2.0, 3.0, 4.0], (7, 1))
    event = np.ones((7, 4), int)
    arm = np.tile([1, 0, 1, 0], (7, 1))
    event[1] = 0
    arm[2] = 1
    time[3, 2] = np.nan
    event[4], arm[4] = [1, 1, 0, 0], [1, 1, 0, 0]
    event[5, 0] = 2
    arm[6], event[6] = [0, 0, 1, 1], [1, 1, 0, 0]
    found = batched_survival(time, event, arm)
    assert found.status.tolist() == [
        "ok", "no events", "one arm", "bad input", "monotone likelihood", "bad input",
        "monotone likelihood",
    ]  # fmt: skip
    assert np.isfinite(found.coef[0]) and np.isnan(found.coef[[1, 2, 3, 5]]).all()
    assert found.coef[4] == np.inf and found.hr[6] == 0.0
    assert np.isnan(found.std_error[4]) and np.isnan(found.statistic[[1, 2, 3, 5]]).all()
    single = cox(time[4], event[4], arm[4])
    assert found.loglik[4] == pytest.approx(single.loglik, abs=1e-9)
    assert "2 bad input" in found.summary()


def test_parts_that_are_not_asked_for_are_not_computed():
    time, event, arm = trials(4)
    only = batched_survival(time, event, arm, parts=("logrank",))
    assert np.isfinite(only.p).all() and np.isnan(only.coef).all() and np.isnan(only.median).all()
    assert set(PARTS) == {"logrank", "cox", "medians"}


def test_the_log_rank_test_holds_its_level():
    rng = np.random.default_rng(5)
    time = rng.exponential(size=(4000, 60))
    found = batched_survival(time, np.ones_like(time), np.tile([0, 1], 30), parts=("logrank",))
    assert np.mean(found.p < 0.05) == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"time": [1.0, 2.0]}, "trials by patients"),
        ({"event": np.ones((2, 3))}, "does not fit"),
        ({"treated": np.array(["a", "b"])}, "not made of 0 and 1"),
        ({"parts": ("km",)}, "unknown part"),
        ({"jobs": 0}, "counts"),
        ({"chunk": 0}, "counts"),
        ({"level": 2}, "level"),
        ({"transform": "x"}, "transform"),
    ],
)
def test_wrong_batches_are_refused(change, says):
    arguments = {"time": np.ones((2, 2)), "event": np.ones((2, 2)), "treated": [0, 1], **change}
    with pytest.raises(RpointError, match=says):
        batched_survival(**arguments)
