"""Folds hang on the name alone: adding or reordering models moves no other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.panel.folds import folds

NAMES = st.lists(st.text(max_size=20), min_size=1, max_size=40)


def test_folds_are_pinned():
    """BLAKE2b of the name under the key "1": the same on every machine (computed once)."""
    names = ["X-1004", "X-1008", "X-1298", "22RV1", "201T", "MCF7"]
    assert folds(names, 5, 1).tolist() == [2, 0, 0, 2, 2, 3]
    assert folds(names, 5, 2).tolist() != folds(names, 5, 1).tolist()


@given(NAMES, NAMES, st.integers(2, 50), st.integers(0, 2**63 - 1))
def test_a_model_keeps_its_fold_when_others_come(first, more, k, seed):
    alone = folds(first, k, seed)
    together = folds([*more, *first], k, seed)
    assert together[len(more) :].tolist() == alone.tolist()
    assert ((alone >= 0) & (alone < k)).all()


@given(NAMES, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(names, random):
    order = list(range(len(names)))
    random.shuffle(order)
    shuffled = folds([names[i] for i in order])
    assert shuffled.tolist() == folds(names)[order].tolist()


def test_folds_are_about_equal():
    counts = np.bincount(folds(range(5000), 5), minlength=5)
    assert abs(counts - 1000).max() < 100  # 3.5 standard deviations of a binomial of 1/5


@pytest.mark.parametrize("k", [0, 1, -3, 51, 2.5, True, "5"])
def test_a_wrong_number_of_folds_is_refused(k):
    with pytest.raises(RpointError, match="number of folds"):
        folds(["a"], k)
