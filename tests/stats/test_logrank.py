"""Log-rank tests: R's numbers, lifelines, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rpoint.errors import RpointError
from rpoint.stats.cox import cox
from rpoint.stats.logrank import WEIGHTS, logrank


def groups_sample(n=40, groups=3):
    return st.tuples(
        arrays(np.int64, n, elements=st.integers(1, 12)),
        arrays(np.bool_, n),
        arrays(np.int64, n, elements=st.integers(0, groups - 1)),
    )


def test_double_programming_r_aml(aml):
    test = logrank(**aml)
    assert test.statistic == pytest.approx(3.396388699, abs=1e-8)
    assert test.p == pytest.approx(0.06533932204, abs=1e-8)
    assert test.observed.tolist() == [7, 11]
    np.testing.assert_allclose(test.expected, [10.68933599, 7.310664008], atol=1e-8)
    peto = logrank(**aml, weight="peto-peto")
    assert peto.statistic == pytest.approx(2.779279545, abs=1e-8)
    assert peto.p == pytest.approx(0.09549111541, abs=1e-8)


def test_exact_two_patients():
    test = logrank([1, 2], [1, 1], [0, 1])
    assert test.expected.tolist() == [0.5, 1.5]
    assert test.statistic == pytest.approx(1.0, abs=1e-15)  # (1 − ½)² / ¼


def test_peto_peto_is_fleming_harrington_with_rho_1(aml):
    one = logrank(**aml, weight="peto-peto")
    other = logrank(**aml, weight="fleming-harrington", rho=1)
    assert one.statistic == pytest.approx(other.statistic, rel=1e-14)


@settings(max_examples=20)
@given(groups_sample(groups=2), st.sampled_from(["", "gehan", "tarone-ware", "modified-peto-peto"]))
def test_double_programming_lifelines_two_groups(data, weight):
    from lifelines import statistics
    time, event, group = data
    assume(event.any() and 0 < group.sum() < len(group))
    own = logrank(time, event, group, weight=weight or "log-rank")
    assume(own.df == 1)
    theirs = {"gehan": "wilcoxon", "tarone-ware": "tarone-ware", "modified-peto-peto": "peto"}
    other = statistics.multivariate_logrank_test(time, group, event, weightings=theirs.get(weight))
    assert own.statistic == pytest.approx(other.test_statistic, abs=1e-6)


@settings(max_examples=20)
@given(groups_sample(groups=3))
def test_double_programming_lifelines_three_groups(data):
    from lifelines import statistics
    time, event, group = data
    own_groups = len(set(group.tolist()))
    assume(event.any() and own_groups == 3)
    own = logrank(time, event, group)
    assume(own.df == 2)
    other = statistics.multivariate_logrank_test(time, group, event)
    assert own.statistic == pytest.approx(other.test_statistic, abs=1e-6)


@given(groups_sample(), st.permutations(range(40)), st.sampled_from(WEIGHTS))
def test_row_order_time_scale_and_names_do_not_matter(data, order, weight):
    time, event, group = data
    assume(len(set(group.tolist())) > 1)
    order = list(order)
    one = logrank(time, event, group, weight=weight)
    names = np.array(["z", "m", "a"])[group]
    other = logrank(time[order] * 30.4375, event[order], names[order], weight=weight)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8, abs=1e-9)
    assert other.df == one.df


def test_one_stratum_is_no_stratum_and_strata_add_up(aml):
    plain = logrank(**aml)
    same = logrank(**aml, strata=["s"] * 23)
    assert same.statistic == plain.statistic
    twice = logrank(
        **{name: values * 2 for name, values in aml.items()}, strata=["s"] * 23 + ["t"] * 23
    )
    assert twice.statistic == pytest.approx(2 * plain.statistic, rel=1e-12)
    np.testing.assert_allclose(twice.expected, 2 * plain.expected, rtol=1e-14)


def test_without_ties_it_is_the_score_test_of_cox():
    rng = np.random.default_rng(3)
    time, group = rng.exponential(size=50), rng.integers(0, 2, 50)
    event = rng.random(50) < 0.7
    test, model = logrank(time, event, group), cox(time, event, group)
    assert test.statistic == pytest.approx(model.score.statistic, rel=1e-10)


def test_groups_that_never_meet_cannot_be_compared():
    test = logrank([1, 1, 5, 5], [0, 0, 1, 1], ["a", "a", "b", "b"])
    assert test.df == 0 and np.isnan(test.p)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"group": ["a"] * 23}, "two groups"),
        ({"group": ["a"] * 22}, "one group"),
        ({"group": [None, *["a", "b"] * 11]}, "group is missing"),
        ({"weight": "logrank"}, "log-rank"),
        ({"rho": 1.0}, "another weight"),
        ({"weight": "fleming-harrington", "rho": -1.0}, "out of range"),
        ({"strata": ["s"] * 3}, "stratum"),
    ],
)
def test_wrong_options_are_refused(aml, change, says):
    with pytest.raises(RpointError, match=says):
        logrank(**{**aml, **change})
