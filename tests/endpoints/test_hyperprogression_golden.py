"""Every definition on the worked patients, the anchors and the smallest ratios.

The numbers are worked examples under the rules of each definition, computed by hand; inputs and
expected verdicts stand side by side.
"""

import numpy as np
import pandas as pd
import pytest

from rpoint.endpoints._hp_definitions import KEYS
from rpoint.endpoints._hp_indices import MONTH_D, growth_rate
from rpoint.endpoints.hyperprogression import hyperprogression

# name: (S-1, days before, S0, S1, days after, TTF, new in involved, new organ, organs, ECOG)
PATIENTS = {
    "accelerating": (40, 60, 44, 75, 49, 50, 0, 1, 1, 1),
    "fast but unchanged": (50, 56, 70, 98, 56, 57, 0, 0, 0, 0),
    "shrinking before": (60, 56, 50, 80, 42, 45, 0, 0, 0, 0),
    "no pre scan": (None, None, 30, 47, 40, 41, 2, 0, 1, 2),
    "small slow": (10, 60, 11, 16, 56, 100, 0, 0, 0, 0),
}
NA = None
INDICES = {
    "accelerating": {
        "tgr_pre": 15.61, "tgr_post": 170.151, "tgr_ratio": 10.9003, "delta_tgr": 154.542,
        "tgk_ratio": 9.4898, "burden_change_pct": 70.455, "pace_ratio": 8.6271,
        "ttf_months": 1.6427, "pd_at_first": 1,
    },
    "fast but unchanged": {
        "tgr_pre": 73.091, "tgr_post": 73.091, "tgr_ratio": 1.0, "delta_tgr": 0.0,
        "tgk_ratio": 1.4, "burden_change_pct": 40.0, "pace_ratio": 1.0, "ttf_months": 1.8727,
        "pd_at_first": 1,
    },
    "shrinking before": {
        "tgr_pre": -25.717, "tgr_post": 177.83, "tgr_ratio": NA, "delta_tgr": 203.547,
        "tgk_ratio": NA, "burden_change_pct": 60.0, "pace_ratio": NA, "ttf_months": 1.4784,
        "pd_at_first": 1,
    },
    "no pre scan": {
        "tgr_pre": NA, "tgr_post": 178.673, "tgr_ratio": NA, "delta_tgr": NA, "tgk_ratio": NA,
        "burden_change_pct": 56.667, "pace_ratio": NA, "ttf_months": 1.347, "pd_at_first": 1,
    },
    "small slow": {
        "tgr_pre": 15.61, "tgr_post": 84.221, "tgr_ratio": 5.3954, "delta_tgr": 68.612,
        "tgk_ratio": 5.3571, "burden_change_pct": 45.455, "pace_ratio": 4.8701,
        "ttf_months": 3.2854, "pd_at_first": 1,
    },
}  # fmt: skip
ORDER = ("champiat", "saada_bouzid", "kato", "nanchang", "ferrara", "lo_russo", "matos", "kas",
         "kim", "fast_progression")  # fmt: skip
Y, N, X = True, False, None
VERDICTS = {
    "accelerating": (Y, Y, Y, Y, Y, Y, Y, Y, Y, N),
    "fast but unchanged": (N, N, N, N, N, N, Y, N, N, N),
    "shrinking before": (X, X, X, Y, Y, N, Y, Y, X, Y),
    "no pre scan": (X, X, X, Y, X, Y, Y, X, X, Y),
    "small slow": (Y, Y, N, N, Y, N, N, N, N, N),
}


def golden() -> pd.DataFrame:
    """The worked patients as a table."""
    columns = ("s_pre", "day_pre", "s_base", "s_first", "day_first", "ttf_days",
               "new_in_involved_organ", "new_organ", "organs_with_new",
               "ecog_worsening")  # fmt: skip
    table = pd.DataFrame.from_dict(PATIENTS, orient="index", columns=list(columns))
    table["day_pre"] = -table["day_pre"]
    return table.assign(day_base=0, first_response="PD").rename_axis("patient").reset_index()


RESULT = hyperprogression(golden())


@pytest.mark.parametrize("name", PATIENTS)
def test_indices_of_the_worked_patients(name):
    row = RESULT.indices.set_index("patient").loc[name]
    for index, value in INDICES[name].items():
        expected = np.nan if value is None else value
        assert row[index] == pytest.approx(expected, abs=0.01, nan_ok=True), index


@pytest.mark.parametrize("name", PATIENTS)
def test_verdicts_of_the_worked_patients(name):
    row = RESULT.verdicts.set_index("patient").loc[name]
    found = tuple(None if pd.isna(row[key]) else bool(row[key]) for key in ORDER)
    assert found == VERDICTS[name]
    assert str(row["kanjanapan"]) == str(row["champiat"])


def test_all_twelve_definitions_are_there_with_their_own_denominator():
    rates = RESULT.rates().set_index("definition")
    assert tuple(rates.index) == KEYS and len(KEYS) == 12
    assert rates["evaluable"].to_dict() == {
        "champiat": 3, "saada_bouzid": 3, "kato": 3, "nanchang": 5, "ferrara": 4, "lo_russo": 5,
        "matos": 5, "kas": 4, "kanjanapan": 3, "kim": 3, "fast_progression": 5, "early_death": 0,
    }  # fmt: skip
    left = rates["no_pre_scan"] + rates["undefined_ratio"] + rates["missing_facts"]
    assert (left == rates["patients"] - rates["evaluable"]).all()
    assert rates.loc["champiat", ["no_pre_scan", "undefined_ratio"]].tolist() == [1, 1]
    assert rates.loc["kas", ["no_pre_scan", "undefined_ratio"]].tolist() == [1, 0]
    assert rates.loc["nanchang", "text"] == "3/5 = 60.0 % (14.7–94.7)"
    assert rates.loc["early_death", "text"] == "nobody is evaluable"


def test_reasons_of_the_worked_patients():
    reasons = RESULT.reasons.set_index("patient")
    assert reasons.loc["no pre scan", "kato"] == "no scan before baseline"
    assert "did not grow" in reasons.loc["shrinking before", "kato"]
    assert reasons.loc["accelerating", "kato"] == ""
    assert reasons.loc["accelerating", "early_death"].startswith("missing: death_from_pd")


def test_growth_rates_at_an_eight_week_scan():
    # Anchors: TGR in % per month for S1/S0 = 1.1 ... 2.0 after 56 days.
    rates = growth_rate(1.0, np.array([1.1, 1.2, 1.4, 1.5, 2.0]), 56 / MONTH_D)
    assert rates == pytest.approx([16.8138, 34.6206, 73.0906, 93.7006, 209.6375], abs=1e-3)


@pytest.mark.parametrize(
    ("key", "smallest"),
    [
        ("ferrara", (1.28231, 1.33408, 1.38462, 1.48236)),
        ("kas", (1.52973, 1.5762, 1.62181, 1.71071)),
    ],
)
def test_smallest_ratios_that_exceed_the_difference(key, smallest):
    # Growth before of 0, 10, 20, 40 % per month; both scans 56 days apart.
    for before, ratio in zip((0, 10, 20, 40), smallest, strict=True):
        months = 56 / MONTH_D
        start = 100.0 / (1 + before / 100) ** (months / 3)
        table = pd.DataFrame(
            {"s_pre": start, "day_pre": -56, "s_base": 100.0, "day_base": 0, "day_first": 56,
             "s_first": [100 * (ratio - 1e-4), 100 * (ratio + 1e-4)], "first_response": "PD"}
        )  # fmt: skip
        found = hyperprogression(table, definitions=key).verdicts[key]
        assert found.tolist() == [False, True]


def test_growth_counts_the_definitions_that_say_yes():
    table = RESULT.growth().set_index("patient")
    assert table.loc["accelerating", ["met", "judged"]].tolist() == [10, 11]
    assert table.loc["no pre scan", ["met", "judged"]].tolist() == [4, 4]
