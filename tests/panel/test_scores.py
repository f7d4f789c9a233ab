"""Scores against numbers worked out by hand, against SciPy, and by their own symmetries."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rpoint.panel import scores

VALUES = st.floats(-100, 100, allow_nan=False).map(lambda v: round(v, 2))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=4, max_size=40)


def test_spearman_by_hand():
    """Ranks (1 2 3 4 5) and (2 1 4 3 5): 1 - 6 * 4 / (5 * 24) = 0.8."""
    found = scores.spearman([10, 20, 30, 40, 50], [0.2, 0.1, 0.4, 0.3, 0.9])
    assert found.value == pytest.approx(0.8)
    half = 1.959964 * math.sqrt((1 + 0.32) / 2)
    assert found.lo == pytest.approx(math.tanh(math.atanh(0.8) - half), abs=1e-6)
    assert found.hi == pytest.approx(math.tanh(math.atanh(0.8) + half), abs=1e-6)
    assert found.n == 5


@given(PAIRS)
def test_spearman_is_that_of_scipy(pairs):
    x, y = np.array(pairs).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    found = scores.spearman(x, y)
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-9)
    assert -1 <= found.lo <= found.value + 1e-9 and found.value - 1e-9 <= found.hi <= 1


@given(PAIRS)
def test_spearman_knows_no_scale_and_turns_with_the_sign(pairs):
    x, y = np.array(pairs).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    value = scores.rank_correlation(x, y)
    assert scores.rank_correlation(np.exp(x / 50), y) == pytest.approx(value, abs=1e-9)
    assert scores.rank_correlation(x, -y) == pytest.approx(-value, abs=1e-9)


def test_missing_pairs_are_left_out_and_constants_have_no_correlation():
    found = scores.spearman([1, 2, 3, 4, np.nan, 6], [2, 4, np.nan, 9, 1, 12])
    assert (found.value, found.n) == (pytest.approx(1.0), 4)
    assert math.isnan(scores.spearman([1, 2, 3, 4, 5], [7, 7, 7, 7, 7]).value)
    assert math.isnan(scores.spearman([], []).value)
    few = scores.spearman([1, 2, 3], [1, 3, 2])
    assert few.value == pytest.approx(0.5) and math.isnan(few.lo)


def test_ranks_within_strata_forget_the_level_of_a_stratum():
    """In both strata the ranks agree; over all they do not, because the strata are swapped."""
    x, y, fold = [1, 2, 3, 11, 12, 13], [11, 12, 13, 1, 2, 3], [0, 0, 0, 1, 1, 1]
    assert scores.spearman(x, y, strata=fold).value == pytest.approx(1.0)
    assert scores.spearman(x, y).value == pytest.approx(1 - 6 * 54 / (6 * 35))


def test_a_learnt_level_is_punished_over_folds_and_not_within_them():
    """The median of the other folds is high where the held-out fold is low."""
    rng = np.random.default_rng(1)
    y, fold = rng.normal(size=200), np.arange(200) % 5
    level = np.array([np.median(y[fold != f]) for f in fold])
    assert scores.spearman(y, level).value < -0.05
    assert math.isnan(scores.spearman(y, level, strata=fold).value)


def test_superiority_by_hand():
    """Pairs of (3 4 5) over (1 2 3): 8 wins, one tie of nine: 8.5 / 9."""
    assert scores.superiority([3, 4, 5], [1, 2, 3]).value == pytest.approx(8.5 / 9)


def test_newcombes_interval_is_wilsons_for_one_against_one():
    """With m = n = 1 the variance is theta (1 - theta): the score interval of 1 of 1, 1/(1+z²)."""
    found = scores.superiority([1], [0])
    assert (found.value, found.hi) == (1.0, 1.0)
    assert found.lo == pytest.approx(1 / (1 + 1.959964**2), abs=1e-6)


def test_newcombes_interval_solves_its_equation():
    """Newcombe 2006, method 5, written out for theta = 0.8 of 12 against 20."""
    rng = np.random.default_rng(3)
    found = scores.superiority(rng.normal(1, 1, 12), rng.normal(0, 1, 20))
    for end in (found.lo, found.hi):
        star = (12 + 20) / 2 - 1
        variance = end * (1 - end) / 240 * (1 + star * ((1 - end) / (2 - end) + end / (1 + end)))
        assert abs(found.value - end) / math.sqrt(variance) == pytest.approx(1.959964, abs=1e-4)


@given(PAIRS)
def test_superiority_is_mann_whitney_and_mirrors(pairs):
    a, b = np.array(pairs).T
    found, mirrored = scores.superiority(a, b), scores.superiority(b, a)
    u = stats.mannwhitneyu(a, b).statistic
    assert found.value == pytest.approx(u / (len(a) * len(b)))
    assert mirrored.value == pytest.approx(1 - found.value)
    assert mirrored.lo == pytest.approx(1 - found.hi, abs=1e-6)
    assert 0 <= found.lo <= found.value <= found.hi <= 1


def test_the_interval_of_a_superiority_covers():
    """Normal groups one standard deviation apart: P = Phi(1/√2); 95 % of 400 within 3 SE."""
    rng, truth = np.random.default_rng(2), stats.norm.cdf(1 / math.sqrt(2))
    hits = 0
    for _ in range(400):
        found = scores.superiority(rng.normal(1, 1, 15), rng.normal(0, 1, 25))
        hits += found.lo <= truth <= found.hi
    assert abs(hits / 400 - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 400)


def test_roc_auc_leaves_out_what_is_unknown():
    found = scores.roc_auc([0.9, 0.8, 0.1, 0.2, 0.5], [1, 1, 0, 0, np.nan])
    assert (found.value, found.n) == (1.0, 4)
    assert math.isnan(scores.roc_auc([1, 2], [1, 1]).value)


def test_coverage_and_width_by_hand():
    found = scores.interval_score([0.0, 1.0, 2.0, np.nan], [-1, 2, 2, 0], [1, 3, 4, 1])
    assert found["n"] == 3 and found["coverage"] == pytest.approx(2 / 3)
    assert found["width"] == pytest.approx((2 + 1 + 2) / 3)
    wilson = stats.binomtest(2, 3).proportion_ci(0.95, method="wilson")
    assert (found["coverage_lo"], found["coverage_hi"]) == pytest.approx((wilson.low, wilson.high))
    assert scores.interval_score([], [], [])["n"] == 0


@given(hnp.arrays(float, st.integers(1, 30), elements=VALUES), st.floats(0, 5), st.floats(0, 5))
def test_wider_intervals_cover_more(values, a, b):
    narrow, wide = sorted((a, b))
    inner, outer = (
        scores.interval_score(values, np.zeros(len(values)) - w, np.zeros(len(values)) + w)
        for w in (narrow, wide)
    )
    assert inner["coverage"] <= outer["coverage"] and inner["width"] <= outer["width"]


def test_the_ceiling_is_a_root():
    assert scores.ceiling(0.64) == pytest.approx(0.8)
    assert math.isnan(scores.ceiling(-0.1))


def test_the_ceiling_holds_in_a_simulation():
    """Two noisy repeats of one truth: the truth correlates with one by the root of their own."""
    rng = np.random.default_rng(5)
    truth = rng.normal(size=20_000)
    a, b = truth + rng.normal(size=(2, 20_000))
    repeat = scores.rank_correlation(a, b)
    assert scores.ceiling(repeat) == pytest.approx(scores.rank_correlation(truth, a), abs=0.02)


def test_the_gain_of_one_predictor_over_another():
    rng = np.random.default_rng(7)
    y = rng.normal(size=120)
    good, bad = y + rng.normal(size=120), rng.normal(size=120)
    found = scores.spearman_gain(y, good, bad)
    single = scores.rank_correlation(y, good) - scores.rank_correlation(y, bad)
    assert found.value == pytest.approx(single)
    assert 0 < found.lo < found.value < found.hi
    assert scores.spearman_gain(y, good, good).value == 0
    alone = scores.spearman_gain(y, good, np.zeros(120))
    assert alone.value == pytest.approx(scores.rank_correlation(y, good))


def test_rows_of_one_cluster_are_drawn_together():
    """Every row four times over says no more than the row once."""
    rng = np.random.default_rng(8)
    y = rng.normal(size=60)
    good, bad = y + rng.normal(size=60), y + 3 * rng.normal(size=60)
    once = scores.spearman_gain(y, good, bad)
    four = [np.repeat(v, 4) for v in (y, good, bad)]
    naive = scores.spearman_gain(*four)
    told = scores.spearman_gain(*four, clusters=np.repeat(np.arange(60), 4))
    assert told.value == pytest.approx(once.value, abs=1e-9)
    assert told.hi - told.lo == pytest.approx(once.hi - once.lo, rel=0.1)
    assert naive.hi - naive.lo < 0.6 * (told.hi - told.lo)


def test_by_arm_ends_with_the_pool():
    table = pd.DataFrame(
        {
            "arm": ["a"] * 5 + ["b"] * 5,
            "measured": [1, 2, 3, 4, 5, 11, 12, 13, 14, 15],
            "predicted": [1, 2, 3, 4, 5, 15, 14, 13, 12, 11],
            "fold": [0, 0, 1, 1, 1] * 2,
        }
    )
    found = scores.by_arm(table).set_index("arm")
    assert found["spearman"].to_dict() == pytest.approx(
        {"a": 1.0, "b": -1.0, "pooled": 1 - 40 / 165}
    )
    assert found.loc["a", "within_folds"] == pytest.approx(1.0)
    assert scores.by_arm(table.drop(columns="fold"))["within_folds"].isna().all()


def test_inhibition_is_clipped():
    assert scores.clip_inhibition([-3, 0.2, 30]).tolist() == [-1, 0.2, 2]
