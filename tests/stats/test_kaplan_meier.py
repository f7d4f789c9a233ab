"""Kaplan–Meier: R's numbers, lifelines, edges, and what must not matter.

The aml data are Miller 1997 (Survival Analysis); medians and limits from R survival 3.5-3.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rpoint.errors import RpointError
from rpoint.stats.kaplan_meier import kaplan_meier, reached
from rpoint.stats.km_limits import TRANSFORMS
from rpoint.stats.survival_times import table_times

MAINTAINED = (
    [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161],
    [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0],
)
NOT_MAINTAINED = (
    [5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45],
    [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1],
)
NR = float("nan")


def sample(n=40, grid=12, min_events=1):
    """Times on a coarse grid, so that ties are common, with events."""
    times = arrays(np.int64, n, elements=st.integers(1, grid))
    events = arrays(np.bool_, n).filter(lambda e: e.sum() >= min_events)
    return st.tuples(times, events)


@pytest.mark.parametrize(
    ("data", "transform", "expected"),
    [
        (MAINTAINED, "log-log", (31, 13, NR)),
        (MAINTAINED, "log", (31, 18, NR)),
        (MAINTAINED, "plain", (31, 18, 48)),
        (MAINTAINED, "logit", (31, 13, NR)),
        (MAINTAINED, "arcsin", (31, 18, NR)),
        (NOT_MAINTAINED, "log-log", (23, 5, 33)),
        (NOT_MAINTAINED, "log", (23, 8, NR)),
        (NOT_MAINTAINED, "plain", (23, 8, 33)),
        (NOT_MAINTAINED, "logit", (23, 8, 43)),
        (NOT_MAINTAINED, "arcsin", (23, 8, 33)),
    ],
)
def test_double_programming_r_medians_of_aml(data, transform, expected):
    median = kaplan_meier(*data, transform=transform).median
    np.testing.assert_array_equal((median.estimate, median.lo, median.hi), expected)
    assert median.transform == transform


def test_double_programming_r_curve_of_aml():
    km = kaplan_meier(*MAINTAINED, transform="log")
    at = km.survival_at([9, 13, 18, 23, 31, 34, 48])
    survival = [0.909091, 0.818182, 0.715909, 0.613636, 0.490909, 0.368182, 0.184091]
    error = [0.0866784, 0.1162913, 0.1396650, 0.1526323, 0.1641933, 0.1626689, 0.1534927]
    low = [0.7541338, 0.6192490, 0.4884263, 0.3768671, 0.2548600, 0.1548771, 0.0359179]
    high = [1.0, 1.0, 1.0, 0.999158, 0.945585, 0.875261, 0.943526]
    np.testing.assert_allclose(at["survival"], survival, atol=5e-7)
    np.testing.assert_allclose(at["std_error"], error, atol=5e-8)
    np.testing.assert_allclose(at["lo"], low, atol=5e-8)
    np.testing.assert_allclose(at["hi"], high, atol=5e-7)
    assert km.at_risk.tolist() == [11, 10, 8, 7, 6, 5, 4, 3, 2, 1]


def test_exact_curve_of_three_patients():
    km = kaplan_meier([1, 2, 3], [1, 0, 1])
    assert km.survival.tolist() == pytest.approx([2 / 3, 2 / 3, 0.0], abs=1e-15)
    assert km.std_error[0] == pytest.approx(np.sqrt(2 / 27), abs=1e-15)
    z, s, g = 1.959963984540054, 2 / 3, 1 / 6
    assert km.lo[0] == pytest.approx(s ** np.exp(-z * np.sqrt(g) / np.log(s)), rel=1e-12)
    assert np.isnan([km.std_error[2], km.lo[2], km.hi[2]]).all()  # undefined where S = 0


def test_the_median_of_a_curve_that_runs_flat_at_one_half_is_the_middle():
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median.estimate == 2.5  # R and SAS
    # it never falls further: R's print takes the start of the flat stretch
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 0, 0]).median.estimate == 2.0


def test_a_median_that_is_not_reached_is_no_number():
    km = kaplan_meier([1, 2, 3, 4, 5], [1, 0, 0, 0, 0])
    assert np.isnan([km.median.estimate, km.median.hi]).all()
    assert km.median.text() == "NR (1–NR)"
    assert reached(float("nan")) == "NR"


def test_survival_past_the_last_follow_up_is_unknown_unless_it_is_zero():
    assert np.isnan(kaplan_meier([1, 2], [1, 0]).survival_at([3])["survival"]).all()
    assert kaplan_meier([1, 2], [1, 1]).survival_at([3])["survival"].tolist() == [0.0]
    assert kaplan_meier([1, 2], [1, 0]).survival_at([0, 0.9])["survival"].tolist() == [1.0, 1.0]


def test_the_table_of_numbers_adds_up_and_counts_events_at_the_tick_as_at_risk():
    table = kaplan_meier(*MAINTAINED).at_risk_table([0, 13, 18, 200])
    assert table["at_risk"].tolist() == [11, 10, 8, 0]
    assert table["events"].tolist() == [0, 1, 2, 7]
    assert table["censored"].tolist() == [0, 0, 1, 4]


def test_times_that_differ_by_rounding_alone_are_ties():
    km = kaplan_meier([0.3, 0.1 + 0.2, 1.0], [1, 1, 0])
    assert km.time.tolist() == [0.3, 1.0] and km.events.tolist() == [2, 0]


@given(sample())
def test_double_programming_lifelines(data):
    import lifelines
    time, event = data
    km = kaplan_meier(time, event)
    other = lifelines.KaplanMeierFitter().fit(time, event)
    np.testing.assert_allclose(
        km.survival, other.survival_function_["KM_estimate"].to_numpy()[1:], atol=1e-12
    )
    inside = (km.survival > 0) & (km.survival < 1)
    limits = other.confidence_interval_.to_numpy()[1:]
    np.testing.assert_allclose(km.lo[inside], limits[inside, 0], atol=1e-9)
    np.testing.assert_allclose(km.hi[inside], limits[inside, 1], atol=1e-9)


@given(sample(), st.randoms(use_true_random=False), st.sampled_from([0.001, 7.0, 30.4375]))
def test_row_order_does_not_matter_and_medians_scale_with_time(data, random, factor):
    time, event = data
    order = list(range(len(time)))
    random.shuffle(order)
    one, other = kaplan_meier(time, event), kaplan_meier(time[order] * factor, event[order])
    np.testing.assert_array_equal(one.survival, other.survival)
    for name in ("estimate", "lo", "hi"):
        np.testing.assert_allclose(
            getattr(one.median, name) * factor, getattr(other.median, name), rtol=1e-12
        )


@given(sample(), st.sampled_from(TRANSFORMS))
def test_limits_hold_the_curve_and_narrow_with_the_level(data, transform):
    wide = kaplan_meier(*data, transform=transform, level=0.99)
    narrow = kaplan_meier(*data, transform=transform, level=0.8)
    known = np.isfinite(wide.lo)
    assert (wide.lo[known] <= narrow.lo[known] + 1e-15).all()
    assert (narrow.lo[known] <= wide.survival[known] + 1e-15).all()
    assert (wide.survival[known] <= narrow.hi[known] + 1e-15).all()
    assert (narrow.hi[known] <= wide.hi[known] + 1e-15).all()
    assert ((wide.lo[known] >= 0) & (wide.hi[known] <= 1)).all()


@pytest.mark.parametrize(
    ("time", "event", "options", "says"),
    [
        ([1, -2, 3], [1, 1, 0], {}, "row 2: the time -2 is negative"),
        ([1, np.nan], [1, 1], {}, "row 2: the time is missing"),
        ([1, np.inf], [1, 1], {}, "row 2"),
        ([1, 2], [1, 2], {}, "row 2: the event '2'"),
        ([1, 2], [1, None], {}, "row 2: the event is missing"),
        (["1", "x"], [1, 0], {}, "'x'"),
        ([], [], {}, "no patients"),
        ([1, 2], [1], {}, "differ in length"),
        ([[1, 2]], [1, 1], {}, "one value a patient"),
        ([1, 2], [1, 1], {"level": 95}, "level"),
        ([1, 2], [1, 1], {"transform": "loglog"}, "log-log"),
    ],
)
def test_wrong_data_are_refused_with_their_row(time, event, options, says):
    with pytest.raises(RpointError, match=says):
        kaplan_meier(time, event, **options)


def test_every_wrong_row_is_named():
    with pytest.raises(RpointError) as error:
        kaplan_meier([1, -2, None, 4], [1, 1, 1, 7])
    assert all(f"row {i}" in str(error.value) for i in (2, 3, 4))


@pytest.mark.parametrize(
    ("last", "unit", "times"),
    [
        (27.0, "months", [0, 6, 12, 18, 24]),
        (60.0, "months", [0, 12, 24, 36, 48, 60]),
        (161.0, "", [0, 50, 100, 150]),
        (0.7, "", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (0.0, "", [0]),
    ],
)
def test_ticks_are_round(last, unit, times):
    np.testing.assert_allclose(table_times(last, unit), times, atol=1e-12)
