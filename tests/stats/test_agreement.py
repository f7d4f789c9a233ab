"""Jaccard and kappa: by hand, where undefined, and against a definition from the table itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.stats.agreement import jaccard, kappa, pairwise, square


def test_by_hand():
    # 50 units: both 20, a only 5, b only 10, neither 15: p_o 0.7, p_e 0.5.
    assert kappa(20, 5, 10, 15) == pytest.approx(0.4)
    assert jaccard(20, 5, 10) == pytest.approx(20 / 35)
    assert kappa(5, 0, 0, 5) == 1 and kappa(0, 5, 5, 0) == -1


def test_undefined_is_missing_not_zero():
    assert np.isnan([kappa(0, 0, 0, 9), kappa(0, 0, 0, 0), jaccard(0, 0, 0)]).all()
    assert kappa(0, 0, 3, 6) == 0  # one of the two is constant: no more than chance


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, np.nan])] * 3), min_size=1, max_size=30))
def test_pairs_are_counted_where_both_are_known(rows):
    table = np.array(rows)
    for pair in pairwise(table, ["a", "b", "c"]).to_dict("records"):
        own = table[:, ["abc".index(pair["a"]), "abc".index(pair["b"])]]
        own = own[~np.isnan(own).any(axis=1)]
        assert pair["n"] == len(own)
        assert pair["both"] == (own.sum(axis=1) == 2).sum()
        if len(own):
            seen = (own[:, 0] == own[:, 1]).mean()
            p, q = own.mean(axis=0)
            chance = p * q + (1 - p) * (1 - q)
            want = (seen - chance) / (1 - chance) if chance < 1 - 1e-12 else np.nan
            assert pair["kappa"] == pytest.approx(want, abs=1e-9, nan_ok=True)


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, np.nan])] * 2), min_size=1, max_size=20))
def test_agreement_is_symmetric_and_bounded(rows):
    table = np.array(rows)
    (one,) = pairwise(table, ["a", "b"]).to_dict("records")
    (other,) = pairwise(table[:, ::-1], ["b", "a"]).to_dict("records")
    for key in ("jaccard", "kappa", "n"):
        assert one[key] == pytest.approx(other[key], nan_ok=True)
    assert np.isnan(one["kappa"]) or -1 <= one["kappa"] <= 1
    wide = square(pairwise(table, ["a", "b"]), ["a", "b"], "kappa")
    assert np.array_equal(wide, wide.T, equal_nan=True)


def test_wrong_input_is_refused():
    with pytest.raises(RpointError, match="yes, no or missing"):
        pairwise([[2.0, 1.0]], ["a", "b"])
    with pytest.raises(RpointError, match="one column"):
        pairwise([[1.0]], ["a", "b"])
