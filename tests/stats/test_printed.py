"""Counts behind a printed percentage: golden lists, and every count finds itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.stats.printed import counts_that_print, printed_table, prints_as

# Every (x, n), n >= 3, that prints as the percentages of Ju 2019 and of the news text.
GOLDEN = [
    ("1.58", 260, [(3, 190), (4, 253)]),
    ("24.3", 80, [(9, 37), (17, 70), (18, 74)]),
    ("20.38", 270, [(32, 157), (43, 211), (53, 260), (54, 265)]),
    ("0.74", 545, [(1, 135), (1, 136), *[(2, n) for n in range(269, 273)],
                   *[(3, n) for n in range(403, 409)], *[(4, n) for n in range(537, 545)]]),
    ("0.75", 540, [(1, 133), (1, 134), *[(2, n) for n in range(265, 269)],
                   *[(3, n) for n in range(398, 403)], *[(4, n) for n in range(530, 537)]]),
]  # fmt: skip


@pytest.mark.parametrize(("percent", "n_max", "expected"), GOLDEN)
def test_golden(percent, n_max, expected):
    assert counts_that_print(percent, n_max) == expected


@given(st.integers(1, 400), st.integers(3, 400), st.integers(0, 3))
def test_every_count_is_among_those_that_print_like_it(x, n, decimals):
    x = min(x, n)
    printed = prints_as(x, n, decimals)
    assert (x, n) in counts_that_print(str(printed), n, n_min=n)
    assert abs(float(printed) - 100 * x / n) <= 0.5 * 10**-decimals + 1e-12


def test_table_has_exact_intervals():
    table = printed_table("24.3", 40)
    assert table["text"].tolist() == ["9/37 = 24.3 % (11.8–41.2)"]
    assert printed_table("24.31", 40).empty


@pytest.mark.parametrize("percent", ["", "101", "-1", "x", "NaN", "inf"])
def test_not_a_percentage(percent):
    with pytest.raises(RpointError, match="not a printed percentage"):
        counts_that_print(percent, 100)


def test_denominator_out_of_range():
    with pytest.raises(RpointError, match="n_max"):
        counts_that_print("10", 10**9)
