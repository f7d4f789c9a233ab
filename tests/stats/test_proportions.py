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
# trials (MANTRA-2, milademetan and siremadlin phase 1, hyperprogression cohorts, Wander 2020) and
# counts that print as published percentages; limits by SciPy, to 1e-3.
TRIALS = [
    (6, 31, 19.3548, 7.452, 37.4732, 9.187, 36.2803, 8.5069, 35.6169),
    (1, 31, 3.2258, 0.0816, 16.7021, 0.5717, 16.1941, 0.3503, 14.1038),
    (5, 31, 16.129, 5.4524, 33.7272, 7.0926, 32.6344, 6.4326, 31.8008),
    (6, 40, 15.0, 5.7102, 29.8353, 7.0612, 29.0723, 6.5126, 28.3313),
    (1, 40, 2.5, 0.0633, 13.1586, 0.4427, 12.8814, 0.2711, 11.0949),
    (49, 107, 45.7944, 36.1243, 55.7032, 36.6638, 55.2165, 36.5714, 55.2415),
    (31, 53, 58.4906, 44.134, 71.8642, 45.0944, 70.7391, 45.0668, 71.0149),
    (10, 16, 62.5, 35.4346, 84.8016, 38.641, 81.5188, 38.3413, 82.5684),
    (3, 20, 15.0, 3.2071, 37.8927, 5.2369, 36.0419, 4.4131, 34.8578),
    (1, 20, 5.0, 0.1265, 24.8733, 0.8881, 23.6131, 0.5449, 21.0819),
    (31, 107, 28.972, 20.6075, 38.5366, 21.2243, 38.1771, 21.0218, 38.0423),
    (16, 107, 14.9533, 8.7955, 23.1445, 9.4188, 22.917, 9.1648, 22.6062),
    (14, 107, 13.0841, 7.3417, 20.9776, 7.9565, 20.7705, 7.7014, 20.43),
    (34, 86, 39.5349, 29.1511, 50.661, 29.8624, 50.1023, 29.6871, 50.074),
    (22, 86, 25.5814, 16.7777, 36.1303, 17.5431, 35.7079, 17.2723, 35.5024),
    (16, 86, 18.6047, 11.0248, 28.4472, 11.7891, 28.105, 11.4898, 27.7905),
    (38, 86, 44.186, 33.4794, 55.3046, 34.1627, 54.7065, 34.027, 54.7292),
    (3, 29, 10.3448, 2.1864, 27.3515, 3.5815, 26.3851, 3.0011, 25.0993),
    (1, 24, 4.1667, 0.1054, 21.1202, 0.7393, 20.2418, 0.4533, 17.8695),
    (3, 15, 20.0, 4.3312, 48.0891, 7.0475, 45.1854, 5.9771, 44.3635),
    (6, 27, 22.2222, 8.6217, 42.2583, 10.6072, 40.7569, 9.8485, 40.1907),
    (3, 74, 4.0541, 0.844, 11.3937, 1.3882, 11.2547, 1.1548, 10.4238),
    (41, 74, 55.4054, 43.3894, 66.9753, 44.0931, 66.1842, 44.0544, 66.3427),
    (12, 131, 9.1603, 4.8233, 15.4545, 5.3178, 15.3297, 5.1057, 14.9924),
    (10, 34, 29.4118, 15.0984, 47.4781, 16.8346, 46.1689, 16.2346, 45.9287),
    (6, 155, 3.871, 1.4336, 8.2348, 1.786, 8.1872, 1.6316, 7.8036),
    (56, 406, 13.7931, 10.5902, 17.5349, 10.7768, 17.4881, 10.6999, 17.4002),
    (3, 59, 5.0847, 1.0611, 14.1487, 1.7443, 13.9165, 1.4527, 12.9505),
    (39, 152, 25.6579, 18.925, 33.3649, 19.3747, 33.1411, 19.2189, 33.0137),
    (29, 270, 10.7407, 7.3122, 15.0603, 7.5831, 14.9999, 7.4676, 14.8496),
    (14, 221, 6.3348, 3.5063, 10.4004, 3.8107, 10.3511, 3.6767, 10.1253),
    (26, 239, 10.8787, 7.2305, 15.5325, 7.5327, 15.4623, 7.4041, 15.2932),
    (22, 406, 5.4187, 3.4267, 8.0893, 3.6054, 8.0678, 3.5255, 7.9439),
    (75, 406, 18.4729, 14.8165, 22.5962, 14.9997, 22.5372, 14.9291, 22.4643),
    (36, 406, 8.867, 6.2876, 12.0643, 6.4735, 12.0315, 6.3927, 11.9249),
    (9, 406, 2.2167, 1.0185, 4.1662, 1.1705, 4.1587, 1.1024, 4.0064),
    (49, 318, 15.4088, 11.6221, 19.8545, 11.8558, 19.7876, 11.7614, 19.6823),
    (12, 318, 3.7736, 1.9648, 6.4989, 2.1716, 6.4791, 2.0791, 6.3024),
    (9, 37, 24.3243, 11.7725, 41.1992, 13.3614, 40.1173, 12.7729, 39.715),
    (3, 190, 1.5789, 0.3268, 4.5448, 0.5384, 4.5387, 0.4467, 4.1532),
    (27, 41, 65.8537, 49.4053, 79.9166, 50.5498, 78.4412, 50.6543, 78.9019),
    (3, 18, 16.6667, 3.5785, 41.4177, 5.8366, 39.222, 4.9288, 38.1357),
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


# Resistant of 41, sensitive of 18, two-sided p, Clopper-Pearson of the resistant in percent:
# counts of Wander 2020 (PMID 32404308), p by SciPy.
WANDER = [
    (27, 3, 0.000631025, 49.405, 79.917),  # any of 8
    (11, 0, 0.0131046, 14.221, 42.944),  # AURKA amp
    (6, 1, 0.421678, 5.566, 29.173),  # CCNE2 amp
    (5, 1, 0.656121, 4.081, 26.204),  # AKT1
    (5, 0, 0.310113, 4.081, 26.204),  # ERBB2
    (4, 0, 0.302743, 2.723, 23.131),  # RB1 biallelic
    (4, 0, 0.302743, 2.723, 23.131),  # RAS
    (3, 0, 0.545972, 1.535, 19.925),  # FGFR2
    (3, 0, 0.545972, 1.535, 19.925),  # ER loss
    (24, 0, 7.70233e-06, 42.11, 73.683),  # TP53 mut
    (14, 3, 0.221923, 20.083, 50.595),  # ESR1 mut
    (18, 8, 1.0, 28.469, 60.25),  # PIK3CA
    (11, 3, 0.516314, 14.221, 42.944),  # CCND1
    (8, 1, 0.251775, 8.821, 34.867),  # MYC
    (4, 4, 0.231498, 2.723, 23.131),  # FGFR1
    (4, 1, 1.0, 2.723, 23.131),  # NF1
    (4, 1, 1.0, 2.723, 23.131),  # IGF1R
]


@pytest.mark.parametrize("row", WANDER, ids=lambda r: f"{r[0]}/41-{r[1]}/18")
def test_fisher_on_published_counts(row):
    resistant, sensitive, p, lo, hi = row
    assert fisher_exact(resistant, 41, sensitive, 18).p == pytest.approx(p, rel=1e-5)
    share = proportion(resistant, 41)
    assert (share.lo, share.hi) == pytest.approx((lo, hi), abs=1e-3)


def test_one_sided_fisher():
    """Wander 2020, AURKA amplification: the paper prints p = 0.0081, which no exact test gives."""
    found = fisher_exact(11, 41, 0, 18)
    assert found.p == pytest.approx(0.013105, rel=1e-4)
    assert found.p_greater == pytest.approx(0.011289, rel=1e-4)


def test_fisher_at_the_edges():
    kato = fisher_exact(6, 6, 0, 10)
    assert kato.odds_ratio == np.inf and kato.hi == np.inf and 6 < kato.lo < 7
    nobody = fisher_exact(0, 6, 0, 10)
    assert np.isnan(nobody.odds_ratio) and nobody.p == 1 and (nobody.lo, nobody.hi) == (0, np.inf)


def test_doctests():
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(two).failed == 0
