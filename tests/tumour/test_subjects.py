import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.tumour.noun import tumour
from rpoint.tumour.subjects import PER_ORGAN, draw_mice, draw_patients

MIXED = tumour("breast").with_clones({"RB1-loss": 0.01})
WEIGHTS = np.ones(5)


def test_more_patients_do_not_change_the_first_ones():
    few = draw_patients(MIXED, 7, WEIGHTS, 3, ("palbociclib",))
    many = draw_patients(MIXED, 40, WEIGHTS, 3, ("palbociclib",))
    for name in ("sets", "doubling_time_d", "start_mm3", "mix", "organs"):
        assert np.array_equal(getattr(few, name), getattr(many, name)[:7], equal_nan=name[0] == "d")
    assert (few.pk["palbociclib"]["CL_F"] == many.pk["palbociclib"]["CL_F"][:7]).all()


def test_lesions_follow_recist():
    people = draw_patients(MIXED, 200, WEIGHTS, 1)
    table = people.to_frame()
    assert table.groupby("subject").size().between(1, 5).all()
    assert table.groupby(["subject", "organ"]).size().max() <= PER_ORGAN
    assert (table["organ"] != "").all()
    smallest = (6 * table["start_mm3"].min() / np.pi) ** (1 / 3)
    assert smallest >= 10 - 1e-9


def test_the_minor_clone_differs_between_lesions_and_the_shares_add_up():
    people = draw_patients(MIXED, 100, WEIGHTS, 1)
    assert np.allclose(people.mix.sum(axis=2), 1)
    assert people.mix[:, :, 1].std() > 0.003
    assert np.median(people.mix[:, :, 1]) == pytest.approx(0.01, rel=0.2)


def test_clearance_varies_as_the_catalogue_says():
    people = draw_patients(MIXED, 2000, WEIGHTS, 1, ("palbociclib",))
    factor = people.pk["palbociclib"]["CL_F"]
    assert factor.std() / factor.mean() == pytest.approx(0.33, abs=0.06)


def test_mice_of_one_model_share_the_parameter_set():
    mice = draw_mice(MIXED, 10, 3, 1, ("palbociclib",), start_mm3=150.0)
    assert (mice.sets == 3).all() and mice.start_mm3.shape == (10, 1)
    assert mice.doubling_time_d.std() > 0


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True])
def test_a_number_of_patients_that_is_none_is_refused(wrong):
    with pytest.raises(RpointError, match="whole number"):
        draw_patients(MIXED, wrong, WEIGHTS, 1)
