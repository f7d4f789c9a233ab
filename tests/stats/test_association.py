"""Weighted correlations and their permutation tests."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from rpoint.errors import RpointError
from rpoint.stats.association import associate, weighted_pearson

VALUE = st.integers(-20, 20).map(float)
ROWS = st.lists(st.tuples(VALUE, VALUE, st.integers(1, 5)), min_size=3, max_size=7)


@given(ROWS)
def test_weights_are_counts_of_the_same_point(rows):
    x, y, w = (np.array(column, float) for column in zip(*rows, strict=True))
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    repeated = np.repeat(np.arange(len(x)), w.astype(int))
    want = stats.pearsonr(x[repeated], y[repeated]).statistic
    assert weighted_pearson(x, y, w) == pytest.approx(want, abs=1e-9)


@given(ROWS)
def test_the_scale_and_order_of_groups_do_not_matter(rows):
    x, y, w = (np.array(column, float) for column in zip(*rows, strict=True))
    r = weighted_pearson(x, y, w)
    assert weighted_pearson(x[::-1], y[::-1], w[::-1]) == pytest.approx(r, abs=1e-9, nan_ok=True)
    assert weighted_pearson(3 * x - 2, y, w) == pytest.approx(r, abs=1e-9, nan_ok=True)
    assert weighted_pearson(-x, y, w) == pytest.approx(-r, abs=1e-9, nan_ok=True)


def test_few_groups_are_permuted_in_every_way():
    x, y = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 4, 3, 6])
    found = associate(x, y, kind="spearman", bootstrap=0)
    assert found.estimate == pytest.approx(stats.spearmanr(x, y).statistic)
    every = [stats.spearmanr(p, y).statistic for p in itertools.permutations(x)]
    want = np.mean(np.abs(every) >= abs(found.estimate) - 1e-12)
    assert found.exact and found.arrangements == 120 and found.p == pytest.approx(want)
    assert "all permutations" in found.summary()


def test_many_groups_are_permuted_at_random_and_reproducibly():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=20), rng.normal(size=20)
    one, two = (associate(x, y, permutations=20_000, seed=5) for _ in range(2))
    assert one == two and not one.exact
    assert one.p == pytest.approx(stats.pearsonr(x, y).pvalue, abs=0.02)
    assert one.lo <= one.estimate <= one.hi
    linked = associate(x, x, permutations=999, bootstrap=0)
    assert linked.p == pytest.approx(1 / 1000)  # never 0


def test_no_number_where_there_is_no_correlation():
    few = associate([1.0, 2], [3.0, 4])
    assert np.isnan(few.estimate) and "three groups" in few.status == few.summary()[9:]
    flat = associate([1.0, 1, 1], [1.0, 2, 3])
    assert np.isnan(flat.p) and "vary" in flat.status


def test_wrong_input():
    with pytest.raises(RpointError, match="missing"):
        associate([1.0, np.nan, 3], [1.0, 2, 3])
    with pytest.raises(RpointError, match="one value a group"):
        associate([1.0, 2], [1.0, 2, 3])
    with pytest.raises(RpointError, match="negative"):
        associate([1.0, 2, 3], [1.0, 2, 3], [1, -1, 1])
    with pytest.raises(RpointError, match="kind of correlation"):
        associate([1.0, 2, 3], [1.0, 2, 3], kind="kendall")
