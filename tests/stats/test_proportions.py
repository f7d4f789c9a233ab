"""Intervals for proportions: published numbers, exact edges, properties, refusals."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import rpoint.stats.proportions as module
import rpoint.stats.two_proportions as two
from rpoint.errors import RpointError
from rpoint.stats.proportions import METHODS, limits, proportion, proportion_table
from rpoint.stats.two_proportions import difference, fisher_exact

# x, n, Clopper-Pearson, Wilson: R 4.2.2 binom.test and prop.test(correct=FALSE).
R_LIMITS = [
    (0, 10, 0, 0.3084971078, 0, 0.2775327999),
    (1, 10, 0.002528578544, 0.4450161170, 0.0178762131, 0.4041500268),
    (5, 10, 0.1870860284, 0.8129139716, 0.2365930905, 0.7634069095),
    (10, 10, 0.6915028922, 1, 0.7224672001, 1),
    (0, 25, 0, 0.1371851715, 0, 0.1331922509),
    (3, 29, 0.02186373683, 0.2735151979, 0.03581489135, 0.2638508109),
    (7, 20, 0.1539092048, 0.5921885345, 0.1811918241, 0.5671457233),
    (13, 43, 0.1718249925, 0.4612533057, 0.1860200014, 0.4510536418),
    (30, 100, 0.2124064205, 0.3998146762, 0.2189488529, 0.3958485463),
    (263, 263, 0.9860717506, 1, 0.9856039656, 1),
]

# x, n, percent, Clopper-Pearson, Wilson, Jeffreys (no edge rule), in percent: counts of published
# trials (MANTRA-2, milademetan and siremadlin phase 1, hyperprogression cohorts), limits by SciPy.
TRIALS = [
    (6, 31, 19.3548, 7.452, 37.4732, 9.187, 36.2803, 8.5069, 35.6169),
    (1, 31, 3.2258, 0.0816, 16.7021, 0.5717, 16.1941, 0.3503, 14.1038),
    (5, 31, 16.129, 5.4524, 33.7272, 7.0926, 32.6344, 6.4326, 31.8008),
]


@pytest.mark.parametrize(("x", "n", "cp_lo", "cp_hi", "w_lo", "w_hi"), R_LIMITS)
def test_limits_are_those_of_r(x, n, cp_lo, cp_hi, w_lo, w_hi):
    assert limits(x, n) == pytest.approx((cp_lo, cp_hi), abs=1e-10)
    assert limits(x, n, method="wilson") == pytest.approx((w_lo, w_hi), abs=1e-10)


def test_other_levels_and_sides_are_those_of_r():
    assert limits(7, 20, level=0.9) == pytest.approx((0.1773109176, 0.5580345113), abs=1e-10)
    assert limits(0, 30, side="upper") == pytest.approx((0, 0.09503385286), abs=1e-11)
    assert limits(30, 30, side="lower") == pytest.approx((1 - 0.09503385286, 1), abs=1e-11)


@pytest.mark.parametrize("row", TRIALS, ids=lambda r: f"{r[0]}/{r[1]}")
def test_the_trials_intervals(row):
    x, n, percent, *expected = row
    for method, lo, hi in zip(METHODS, expected[::2], expected[1::2], strict=True):
        found = proportion(x, n, method=method)
        assert (found.percent, found.lo, found.hi) == pytest.approx((percent, lo, hi), abs=1e-3)


def test_any_and_confirmed_response_print_as_published():
    assert str(proportion(6, 31)) == "6/31 = 19.4 % (7.5–37.5)"
    assert str(proportion(1, 31)) == "1/31 = 3.2 % (0.1–16.7)"
    labelled = proportion(1, 31, label="confirmed").summary()
    assert labelled.startswith("confirmed: 1/31") and "95 % clopper-pearson" in labelled


counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.5, 0.999)
methods = st.sampled_from(METHODS)


@given(counts, levels, methods)
def test_limits_are_ordered_and_mirror(count, level, method):
    x, n = count
    lo, hi = limits(x, n, level=level, method=method)
    assert 0 <= lo < hi <= 1
    if method != "jeffreys":
        assert lo <= x / n <= hi
        assert (lo == 0) == (x == 0) and (hi == 1) == (x == n)
    mirrored = limits(n - x, n, level=level, method=method)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((float(lo), float(hi)), abs=1e-12)


@given(counts, methods, st.floats(0.5, 0.98))
def test_a_higher_level_is_wider_and_one_side_is_a_two_sided_limit(count, method, level):
    x, n = count
    lo, hi = limits(x, n, level=level, method=method)
    wider = limits(x, n, level=level + 0.01, method=method)
    assert wider[0] <= lo and hi <= wider[1]
    one = limits(x, n, level=(1 + level) / 2, method=method, side="lower")
    assert one == pytest.approx((float(lo), 1.0), abs=1e-12)


@given(st.integers(2, 60), st.floats(0.02, 0.98))
def test_clopper_pearson_covers_at_least_its_level(n, p):
    x = np.arange(n + 1)
    lo, hi = limits(x, n)
    covered = stats.binom.pmf(x, n, p)[(lo <= p) & (p <= hi)].sum()
    assert covered >= 0.95 - 1e-12


def test_wilson_covers_its_level_on_average_and_not_always():
    n, p = 30, np.linspace(0.01, 0.99, 197)
    x = np.arange(n + 1)
    lo, hi = limits(x, n, method="wilson")
    inside = (lo[:, None] <= p) & (p <= hi[:, None])
    cover = (stats.binom.pmf(x[:, None], n, p) * inside).sum(axis=0)
    assert abs(cover.mean() - 0.95) < 0.01 and cover.min() < 0.94


def test_a_table_is_its_rows():
    table = proportion_table([6, 1], 31, label=["any", "confirmed"])
    assert list(table.columns) == ["label", "x", "n", "percent", "lo", "hi", "text"]
    assert table["text"].tolist() == [str(proportion(6, 31)), str(proportion(1, 31))]


@pytest.mark.parametrize(
    ("x", "n", "says"),
    [
        (3, 2, "more than n = 2"),
        (-1, 4, "negative"),
        (1, 0, "n = 0"),
        (1.5, 3, "not a whole number"),
        (1e300, 3, "not a whole number"),
        (float("nan"), 3, "x is missing"),
        (float("inf"), 3, "not a whole number"),
        ("six", 31, "not a number"),
        (True, 3, "true or false"),
        ([1, 5, 9], [2, 2, 8], "entry 3: x = 9"),
    ],
)
def test_counts_that_are_refused(x, n, says):
    with pytest.raises(RpointError, match=says):
        limits(x, n)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, float("nan"), "0.95", True])
def test_a_level_that_is_refused(level):
    with pytest.raises(RpointError, match=r"0\.95 for 95 %"):
        proportion(1, 2, level)


def test_unknown_method_and_side_are_named():
    with pytest.raises(RpointError, match="nearest: wilson"):
        proportion(1, 2, method="wilsn")
    with pytest.raises(RpointError, match="nearest: lower"):
        proportion(1, 2, side="lowr")


@pytest.mark.parametrize(
    ("counts", "lo", "hi"),
    [  # Newcombe 1998, Stat Med 17:873, Table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((5, 56, 0, 29), -0.0381, 0.1926),
    ],
)
def test_newcombe_difference(counts, lo, hi):
    found = difference(*counts)
    assert (found.lo, found.hi) == pytest.approx((100 * lo, 100 * hi), abs=0.005)
    back = difference(*counts[2:], *counts[:2])
    assert (-back.hi, -back.lo) == pytest.approx((found.lo, found.hi), abs=1e-12)


def test_fisher_is_exact_for_the_tea_taster():
    """R prints 6.408309 (0.21173, 621.934), found with uniroot's wide default tolerance; the
    limits below solve P(X ≥ 3) = 0.025 and P(X ≤ 3) = 0.025 for weights 1, 16, 36, 16, 1."""
    found = fisher_exact(3, 4, 1, 4)
    assert found.p == pytest.approx(0.4857142857, abs=1e-10)
    assert found.odds_ratio == pytest.approx(6.408308867, rel=1e-5)
    assert found.lo == pytest.approx(0.2117329153, rel=1e-4)
    weights = np.array([1, 16, 36, 16, 1.0])

    def chances(odds):
        terms = weights * odds ** np.arange(5)
        return terms / terms.sum()

    assert chances(found.odds_ratio) @ np.arange(5) == pytest.approx(3, abs=1e-9)
    assert chances(found.lo)[3:].sum() == pytest.approx(0.025, abs=1e-9)
    assert chances(found.hi)[:4].sum() == pytest.approx(0.025, abs=1e-9)


WANDER = [  # resistant of 41, sensitive of 18, two-sided p: Wander 2020, counts, p by SciPy
    (27, 3, 0.000631025),
    (11, 0, 0.0131046),
    (6, 1, 0.421678),
    (5, 1, 0.656121),
    (24, 0, 7.70233e-06),
    (14, 3, 0.221923),
    (18, 8, 1.0),
    (4, 4, 0.231498),
]


@pytest.mark.parametrize(("resistant", "sensitive", "p"), WANDER)
def test_fisher_on_published_counts(resistant, sensitive, p):
    assert fisher_exact(resistant, 41, sensitive, 18).p == pytest.approx(p, rel=1e-5)


def test_fisher_at_the_edges():
    kato = fisher_exact(6, 6, 0, 10)
    assert kato.odds_ratio == np.inf and kato.hi == np.inf and 6 < kato.lo < 7
    nobody = fisher_exact(0, 6, 0, 10)
    assert np.isnan(nobody.odds_ratio) and nobody.p == 1 and (nobody.lo, nobody.hi) == (0, np.inf)


def test_doctests():
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(two).failed == 0
