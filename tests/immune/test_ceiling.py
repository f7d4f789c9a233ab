"""The ceiling of growth acceleration, on a few parameter sets of the shipped ensemble."""

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.immune.ceiling import KATO_PACE, ceiling, pace_ratio
from rpoint.tumour.simulate import shipped


@pytest.fixture(scope="module")
def table():
    return ceiling((2, 4, 12, 60), ensemble=shipped().thin(12))


def test_the_ceiling_falls_with_copies_and_stays_below_the_published_pace(table):
    assert (np.diff(table["ifn"]) < 0).all() and (np.diff(table["p53_share"]) < 0).all()
    assert 1.25 < table["ifn"].iloc[0] < 1.6  # two copies: 1.40 over the whole ensemble
    assert 1.0 <= table["ifn"].iloc[2] < 1.02  # twelve: 1.009
    assert table["tumour_hi"].max() < KATO_PACE[0]


def test_interferon_gives_no_more_than_the_loss_of_p53(table):
    for name in ("ifn", "ifn_lo", "ifn_hi"):
        assert (table[name] <= table[name.replace("ifn", "null")] + 1e-3).all()
    assert (table["tumour"] >= table["ifn"]).all()


def test_more_interferon_gives_hardly_more(table):
    ten_times = ceiling((12,), ensemble=shipped().thin(12), mdm2_ifn=3000.0)
    assert ten_times["ifn"].iloc[0] == pytest.approx(table["ifn"].iloc[2], abs=0.002)


def test_without_the_switch_nothing_is_faster():
    none = ceiling((4,), ensemble=shipped().thin(4), mdm2_ifn=0.0)
    np.testing.assert_allclose(none[["ifn", "tumour"]], 1.0, rtol=1e-3)


def test_a_pace_is_a_ratio_of_rates():
    assert pace_ratio(0.02, 0.01) == 2.0
    assert np.isnan(pace_ratio(0.02, 0.0)) and np.isnan(pace_ratio(0.02, -0.01))


@pytest.mark.parametrize("copies", [(), (0,), (2, -1)])
def test_impossible_copies_are_refused(copies):
    with pytest.raises(RpointError, match="copies"):
        ceiling(copies)
