"""immune_course: switches, doses not given, arguments."""

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.immune import Switches, growth_factor, immune_course
from rpoint.immune.facts import fact

ANTIBODY = "pembrolizumab 200 mg iv q21d"


def course(**options):
    return immune_course(ANTIBODY, 90, 30, seed=2, **options)


def test_switches_are_off_by_default():
    assert Switches() == Switches(False, False, False)
    plain = course(mdm2_copies=np.full(30, 40.0), tcell_mdm2=3.0)
    assert (plain.ifn == 0).all() and plain.mdm2_ifn == 0 and (plain.growth_factor == 1).all()
    np.testing.assert_array_equal(plain.kill_per_h, course().kill_per_h)


def test_interferon_reaches_the_cell_model_with_its_switch_only():
    found = course(switches=Switches(IFNG_TO_MDM2=True))
    assert ((found.ifn > 0) & (found.ifn < 1)).all() and found.mdm2_ifn == fact("mdm2_ifn_max")
    more = found.ifn[:, 60] > found.ifn[:, 0]
    assert more.mean() > 0.9  # the antibody raises interferon-gamma
    np.testing.assert_array_equal(found.kill_per_h, course().kill_per_h)


def test_mdm2_of_t_cells_supports_killing_with_its_switch_only():
    on = Switches(TCELL_MDM2=True)
    raised, lowered, same = (
        course(switches=on, tcell_mdm2=level).kill_per_h[:, -1] for level in (2.0, 0.5, 1.0)
    )
    base = course().kill_per_h[:, -1]
    np.testing.assert_allclose(same, base, rtol=1e-12)
    assert np.median(raised - base) > 0 > np.median(lowered - base)


def test_natural_history_is_a_factor_on_growth_and_changes_no_killing():
    copies = np.full(30, 16.0)
    found = course(switches=Switches(NATURAL_HISTORY=True), mdm2_copies=copies)
    expected = 8.0 ** fact("natural_history_exponent")
    np.testing.assert_allclose(found.growth_factor, expected)
    np.testing.assert_array_equal(found.kill_per_h, course().kill_per_h)
    assert growth_factor(np.array([1.0, 2.0])).tolist() == [1.0, 1.0]


def test_the_kill_is_divided_by_the_in_vivo_scale_if_one_is_given():
    scale = np.linspace(0.01, 0.1, 30)
    found = course(in_vivo_scale=scale)
    np.testing.assert_allclose(found.kill_per_h * scale[:, None], course().kill_per_h, rtol=1e-12)


def test_stopping_is_the_same_as_not_taking_the_later_doses():
    stop = np.full(30, np.nan)
    stop[:10] = 21.0  # the second dose is due on day 21: not given
    taken = np.ones((30, 5))
    taken[:10, 1:] = 0.0
    one, other = course(stop_day=stop), course(taken={"pembrolizumab": taken})
    np.testing.assert_array_equal(one.kill_per_h, other.kill_per_h)
    np.testing.assert_array_equal(one.kill_per_h[10:], course().kill_per_h[10:])
    assert (one.occupancy[:10, -1] < course().occupancy[:10, -1]).all()


def test_the_seed_and_the_number_make_the_patient():
    again, other = course(), immune_course(ANTIBODY, 90, 30, seed=3)
    np.testing.assert_array_equal(course().kill_per_h, again.kill_per_h)
    assert (again.kill_per_h[:, -1] != other.kill_per_h[:, -1]).all()


def test_part_of_the_patients_respond():
    """Killing beyond the growth of the median tumour after six weeks: some, not most."""
    found = immune_course("atezolizumab 1200 mg iv q21d", 85, 2000, seed=9)
    share = (24 * found.kill_per_h[:, 84] > fact("lung_growth_median")).mean()
    assert 0.1 < share < 0.5
    melanoma = immune_course(ANTIBODY, 85, 2000, seed=9, tumour="melanoma")
    assert (24 * melanoma.kill_per_h[:, 84] > fact("lung_growth_median")).mean() > share + 0.2


def test_an_impossible_number_is_a_status_of_its_patient():
    pk = {"pembrolizumab": {"V_F": np.r_[np.nan, np.ones(29)]}}
    found = course(pk=pk)
    assert found.status[0] == 1 and (found.status[1:] == 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regimen": "palbociclib 125 mg qd 21/28"}, "no antibody"),
        ({"days": 0}, "1 or more"),
        ({"n": 0}, "1 or more"),
        ({"index": np.arange(3)}, "one number a patient"),
        ({"mdm2_copies": np.ones(3)}, "mdm2_copies"),
        ({"mdm2_copies": 0.0}, "mdm2_copies"),
        ({"in_vivo_scale": -1.0}, "in_vivo_scale"),
        ({"switches": Switches(TCELL_MDM2=True), "tcell_mdm2": np.ones(3)}, "tcell_mdm2"),
        ({"facts": {"antigenicity_median": 1e9}}, "outside its range"),
        ({"facts": {"antigenicty_median": 1.0}}, "antigenicity_median"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    call = {"regimen": ANTIBODY, "days": 10, "n": 4} | change
    with pytest.raises(RpointError, match=message):
        immune_course(**call)


def test_patients_of_several_types_have_each_the_antigenicity_of_their_own():
    kinds = np.array(["melanoma", "lung"] * 15, dtype=object)
    mixed = course(tumour=kinds).immunity.antigenicity
    for kind in ("melanoma", "lung"):
        alone = course(tumour=kind).immunity.antigenicity
        np.testing.assert_array_equal(mixed[kinds == kind], alone[kinds == kind])
    assert not np.array_equal(mixed, course().immunity.antigenicity)
