import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.streams import choices, lognormal_factors, normals, stream, uniforms


@given(st.integers(0, 2**31), st.integers(1, 20), st.integers(1, 20))
def test_a_patient_does_not_depend_on_how_many_others_there_are(seed, few, more):
    total = few + more
    assert (normals(seed, "x", total, 3)[:few] == normals(seed, "x", few, 3)).all()
    assert (uniforms(seed, "x", total, 3)[:few] == uniforms(seed, "x", few, 3)).all()


def test_purposes_patients_and_seeds_have_their_own_numbers():
    drawn = {
        float(stream(seed, purpose, patient).normal())
        for seed in (1, 2)
        for purpose in ("growth", "pk")
        for patient in (0, 1)
    }
    assert len(drawn) == 8


def test_numbers_are_pinned_so_that_an_old_run_can_be_rebuilt():
    assert stream(1, "growth", 3).integers(0, 1000, 4).tolist() == [307, 624, 404, 674]


def test_factors_have_median_one_and_the_asked_spread():
    drawn = lognormal_factors(7, "clearance", 4000, 0.4)[:, 0]
    assert np.median(drawn) == pytest.approx(1.0, abs=0.03)
    assert drawn.std() / drawn.mean() == pytest.approx(0.4, abs=0.03)
    assert (lognormal_factors(7, "clearance", 5, 0.0) == 1).all()


def test_choices_follow_the_weights_and_refuse_nonsense():
    drawn = choices(3, "set", 4000, np.array([0.0, 1.0, 3.0]))
    assert (drawn > 0).all()
    assert (drawn == 2).mean() == pytest.approx(0.75, abs=0.03)
    with pytest.raises(ValueError):
        choices(3, "set", 4, np.array([0.0, 0.0]))
    with pytest.raises(ValueError):
        lognormal_factors(1, "x", 3, -0.1)


def test_numbers_of_patients_name_the_same_patients_as_a_count():
    assert (normals(3, "growth", np.array([4, 1]), 2) == normals(3, "growth", 5, 2)[[4, 1]]).all()
    assert (choices(3, "x", [2], np.ones(7)) == choices(3, "x", 3, np.ones(7))[2:]).all()
