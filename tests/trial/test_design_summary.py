"""Statistics over replicates and paired differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rpoint.trial.design.summary import compare, is_share, is_time, summarise


def test_a_rate_has_its_mean_and_t_interval():
    values = np.array([10.0, 20.0, 30.0, np.nan])
    found = summarise(values)
    lo, hi = stats.t.interval(0.95, 2, loc=20.0, scale=stats.sem(values[:3]))
    assert found["value"] == 20.0 and found["missing"] == 1
    assert (found["lo"], found["hi"]) == pytest.approx((lo, hi))


def test_a_median_that_is_not_reached_is_later_than_any():
    found = summarise(np.array([3.0, np.nan, 1.0, 2.0, np.nan]), time=True)
    assert found["value"] == 3.0 and np.isnan(found["q95"]) and found["q05"] == 1.0
    assert np.isnan(summarise(np.array([1.0, np.nan, np.nan]), time=True)["value"])
    assert np.isnan(summarise(np.array([]))["value"])


@pytest.mark.parametrize("n", [10, 25, 100])
def test_the_interval_of_a_median_is_that_of_order_statistics(n):
    found = summarise(np.arange(1.0, n + 1.0), time=True)
    low, high = int(found["lo"]), int(found["hi"])
    assert low + high == n + 1
    cover = stats.binom.cdf(high - 1, n, 0.5) - stats.binom.cdf(low - 1, n, 0.5)
    narrower = stats.binom.cdf(high - 2, n, 0.5) - stats.binom.cdf(low, n, 0.5)
    assert cover >= 0.95 > narrower


def test_few_replicates_have_no_limits():
    assert np.isnan(summarise(np.arange(5.0), time=True)["lo"])
    assert np.isnan(summarise(np.array([3.0]))["hi"])


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=30), st.floats(-20, 20).map(lambda v: v + 0.0)
)
def test_a_shift_of_every_replicate_is_the_paired_difference(values, shift):
    frames = [
        pd.DataFrame({"VARIANT": name, "REPL": range(len(values)), "ARM": "x",
                      "ENDPOINT": "change_16w_pct", "VALUE": np.array(values) + by})
        for name, by in (("reference", 0.0), ("other", shift))
    ]  # fmt: skip
    table = compare(pd.concat(frames), "x", ["change_16w_pct"], "reference").set_index("variant")
    row = table.loc["other"]
    assert row["difference"] == pytest.approx(shift, abs=1e-9)
    assert row["difference_lo"] == pytest.approx(row["difference_hi"], abs=1e-6)
    assert row["pairs"] == len(values) and table.loc["reference", "difference"] == 0.0


def test_names_say_what_a_statistic_is():
    assert is_time("pfs_median_months_hi") and not is_time("response_any_pct")
    assert is_share("response_any_pct") and not is_share("best_target_change_pct")
