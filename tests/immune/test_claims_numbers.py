"""Numbers for D4, D5, D6 and A16."""

import numpy as np
import pytest

from rpoint.immune import claims_numbers as claims
from rpoint.immune.facts import facts
from rpoint.immune.melanoma import growth_per_d, melanoma_response, posterior


def test_crossing_curves_come_with_intervals_over_trials():
    found = claims.crossing_weeks(replicates=4, seed=2, n=150)
    assert set(found) == {"pfs", "os", "pfs early excess, points", "os early excess, points"}
    for one in found.values():
        assert one.lo <= one.value <= one.hi
    assert found["pfs early excess, points"].value > 0


def test_simulated_hyperprogression_stands_beside_the_published_counts():
    table = claims.hyperprogression_anchors(n=400, seed=1).set_index("number")
    assert table.loc["ferrara", "published_antibody"].startswith("56/406 = 13.8 %")
    assert table.loc["ferrara", "published_chemotherapy"].startswith("3/59 = 5.1 %")
    assert table.loc["early_death", "published_antibody"].startswith("36/406 = 8.9 %")
    assert table.loc["fast_progression", "published_chemotherapy"] == "-"


def test_the_ceiling_does_not_explain_six_of_six():
    table = claims.kato_under(1.017, copies=12.0, n=500).set_index("explanation")
    nothing, hypothesis, null = table["six_of_six"]
    assert nothing < 0.05 and hypothesis < 0.05
    assert table.loc["NATURAL_HISTORY", "growth"] == pytest.approx(
        6.0 ** facts()["natural_history_exponent"].value
    )
    assert null > hypothesis


def test_the_anecdote_is_a_record_without_an_inference():
    told = claims.anecdote()
    assert (told["patients"], told["amplified"], told["use"]) == (2, 2, "anecdote")
    assert told["inference"] is None


def test_non_response_of_melanoma_has_a_wide_interval():
    found = claims.melanoma_nonresponse(n=300, draws=3)
    assert found.lo < found.value < found.hi
    assert found.hi - found.lo > 20  # twelve patients cannot say more


@pytest.mark.slow
def test_the_antigenicity_of_melanoma_is_its_posterior():
    known = facts()["antigenicity_factor_melanoma"]
    low, middle, high = posterior(n=500)
    np.testing.assert_allclose([*known.range, known.value], [low, high, middle], rtol=0.05)


def test_more_antigen_more_responses():
    shares = [melanoma_response(x, n=300) for x in (0.5, 2.0, 8.0)]
    assert shares[0] < shares[1] < shares[2]
    assert growth_per_d() == pytest.approx(np.log(2) / 60)
