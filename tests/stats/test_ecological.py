"""The ecological bound on golden numbers, and as an identity."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.files import to_json
from rpoint.stats.ecological import baseline_risk, bound_of_line, ecological_bound

# The two published ends of Ju 2019 (J Clin Oncol 37(15 suppl):2557) and Kato 2017's 4 of 6.
ENDS = ([0.0074, 0.2038], [0.0158, 0.243])
FRACTION = st.floats(0, 1)


def test_golden_numbers_of_the_published_ends():
    bound = ecological_bound(*ENDS, groups=["renal", "sarcoma"], known_risk=4 / 6)
    assert bound.slope == pytest.approx(1.15682, abs=1e-4)
    assert bound.intercept == pytest.approx(0.00724, abs=1e-4)
    assert bound.implied_with == pytest.approx(1.16406, abs=1e-4)
    rows = bound.groups.set_index("group")
    assert rows.loc["sarcoma", "baseline_if_certain"] == pytest.approx(0.04923, abs=1e-4)
    assert rows.loc["renal", "baseline_if_certain"] == pytest.approx(0.00846, abs=1e-4)
    assert rows.loc["sarcoma", "baseline_if_known"] == pytest.approx(0.13456, abs=1e-4)
    assert not bound.possible
    assert "116 %" in bound.text() and "impossible" in str(bound)
    assert "sarcoma: risk without it if carriers have 66.7 %" in set(bound.summary()["quantity"])
    assert json.loads(to_json(bound.to_dict()))["possible"] is False


@given(FRACTION, FRACTION, st.lists(FRACTION, min_size=2, max_size=8, unique=True))
def test_two_risks_make_a_line_that_gives_them_back(without, with_it, shares):
    a = np.array(shares)
    if np.ptp(a) < 0.01:
        return
    h = np.clip((1 - a) * without + a * with_it, 0, 1)
    bound = ecological_bound(a, h)
    assert bound.implied_with == pytest.approx(with_it, abs=1e-6)
    assert bound.implied_without == pytest.approx(without, abs=1e-6)
    # The only doubt is rounding at 0 and 1.
    assert bound.possible or min(with_it, without) < 1e-6 or max(with_it, without) > 1 - 1e-6


@given(st.floats(0, 0.99), FRACTION, FRACTION)
def test_baseline_risk_inverts_the_mixture(share, without, with_it):
    incidence = (1 - share) * without + share * with_it
    assert baseline_risk(share, incidence, with_it) == pytest.approx(without, abs=1e-9)


def test_weights_and_a_known_line():
    a, h = [0.1, 0.2, 0.3], [0.1, 0.5, 0.2]
    heavy = ecological_bound(a, h, weights=[1, 0, 1])
    assert heavy.slope == pytest.approx(0.5)
    assert bound_of_line(0.5, 0.05).possible
    assert not bound_of_line(0.5, -0.05).possible
    assert "not a risk" in bound_of_line(0.5, -0.05).text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.1], [0.2]), "two groups"),
        (([0.1, 0.1], [0.2, 0.3]), "two groups"),
        (([0.1, 20.0], [0.2, 0.3]), "not a fraction"),
        (([0.1, np.nan], [0.2, 0.3]), "not a fraction"),
        (([0.1, 0.2], [0.2]), "differ in length"),
    ],
)
def test_no_line_no_bound(arguments, says):
    with pytest.raises(RpointError, match=says):
        ecological_bound(*arguments)


def test_wrong_weights():
    with pytest.raises(RpointError, match="weights"):
        ecological_bound(*ENDS, weights=[0, 0])
