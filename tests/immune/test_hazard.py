"""Hazard of death."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.immune import death_hazard
from rpoint.immune.facts import fact
from rpoint.immune.hazard import growth_per_week


def test_the_formula_by_hand():
    days = 100
    sums = 50.0 * np.exp(0.01 * np.arange(days) / 7.0)[None]  # 1 % a week
    found = death_hazard(sums)[0, 70]
    entry = 1 - fact("death_entry_effect") * np.exp(-10.0 / fact("death_entry_weeks"))
    expected = (
        fact("death_hazard_reference")
        * (sums[0, 70] / 70.0) ** fact("death_burden_exponent")
        * np.exp(fact("death_growth_effect") * 0.01)
        * entry
    )
    assert found == pytest.approx(expected, rel=1e-12)


@given(st.floats(6.0, 300.0), st.floats(1.01, 3.0))
def test_more_disease_kills_more(size, factor):
    low, high = death_hazard(np.array([[size] * 3, [size * factor] * 3]))
    assert (high > low).all()


@given(st.floats(-0.1, 0.1), st.floats(0.001, 0.1))
def test_faster_growth_kills_more_at_the_same_size(rate, more):
    size = np.full((2, 4), 60.0)
    change = np.array([[rate] * 4, [rate + more] * 4])
    low, high = death_hazard(size, change)
    assert (high > low).all()


def test_growth_is_that_of_the_last_six_weeks():
    sums = np.r_[np.full(50, 30.0), np.full(50, 60.0)][None]
    found = growth_per_week(sums)[0]
    assert found[49] == 0 and found[60] == pytest.approx(np.log(2) / 6) and found[95] == 0


def test_disease_that_cannot_be_measured_is_still_there():
    gone = death_hazard(np.zeros((1, 5)))
    assert (gone > 0).all() and np.isfinite(gone).all()


def test_enrolment_lowers_the_hazard_at_first_and_can_be_left_out():
    size = np.full((1, 400), 70.0)
    trial, other = death_hazard(size)[0], death_hazard(size, enrolled=False)[0]
    assert trial[0] == pytest.approx((1 - fact("death_entry_effect")) * other[0])
    assert trial[-1] == pytest.approx(other[-1], rel=0.01) and (np.diff(other) == 0).all()


def test_types_have_hazards_of_their_own():
    size = np.full((2, 3), 70.0)
    both = death_hazard(size, tumour=np.array(["lung", "breast"]))
    np.testing.assert_allclose(both[1], fact("death_factor_breast") * both[0])
    np.testing.assert_array_equal(both[0], death_hazard(size)[0])


def test_a_flat_table_is_refused():
    with pytest.raises(RpointError, match="one row a patient"):
        death_hazard(np.ones(5))


def test_a_coarse_grid_of_days_gives_the_hazard_of_the_fine_one():
    days = np.arange(0, 200, 7)
    sums = 40.0 * np.exp(0.003 * np.arange(200))[None]
    fine, coarse = death_hazard(sums), death_hazard(sums[:, days], day=days)
    np.testing.assert_allclose(coarse, fine[:, days], rtol=1e-9)
    with pytest.raises(RpointError, match="each column"):
        death_hazard(sums, day=days)
