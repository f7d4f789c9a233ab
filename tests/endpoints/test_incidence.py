"""Incidence against a feature: missing rows stay missing, the bound is always there."""

import json

import numpy as np
import pandas as pd
import pytest

from rpoint.endpoints.incidence import incidence_study
from rpoint.errors import RpointError
from rpoint.files import to_json

ENDS = pd.DataFrame(
    {"group": ["renal", "sarcoma", "other"], "incidence_pct": [1.58, 24.3, np.nan],
     "feature_pct": [0.74, 20.38, 5.0], "reason": [None, None, "not published"]}
)  # fmt: skip


def synthetic(seed: int = 4, groups: int = 8, slope: float = 12.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a = np.linspace(0.01, 0.2, groups)
    p = 1 / (1 + np.exp(-(-3 + slope * a)))
    n, m = np.full(groups, 400), np.full(groups, 2000)
    return pd.DataFrame(
        {"group": [f"T{i}" for i in range(groups)], "x": rng.binomial(n, p), "n": n,
         "y": rng.binomial(m, a), "m": m}
    )  # fmt: skip


def test_two_published_ends_give_a_bound_and_no_correlation():
    study = incidence_study(ENDS, known_risk=4 / 6)
    assert study.bound.implied_with == pytest.approx(1.16406, abs=1e-4)
    assert study.left_out.to_dict("records") == [{"group": "other", "reason": "not published"}]
    assert study.correlations["pearson"].status != "ok" and study.regression is None
    text = study.summary()
    assert "Ecological bound" in text and "116 %" in text and "not counted" in text


def test_a_made_up_slope_is_found_again_with_its_interval():
    study = incidence_study(synthetic(), permutations=2000, error="none")
    lo, hi = study.regression.lo[1], study.regression.hi[1]
    assert lo < 12 < hi and lo > 0
    assert study.correlations["pearson"].p < 0.01
    assert len(study.without_each) == 8 and (study.without_each["slope"] > 0).all()
    assert "Ecological bound" in study.summary()
    assert json.loads(to_json(study.to_dict()))["ecological_bound"]["possible"] in (True, False)


def test_no_association_in_shuffled_incidence():
    table = synthetic()
    order = [3, 7, 1, 5, 0, 6, 2, 4]
    table[["x", "n"]] = table[["x", "n"]].to_numpy()[order]
    study = incidence_study(table, permutations=2000, error="none")
    assert study.correlations["pearson"].p > 0.05
    assert study.regression.lo[1] < 0 < study.regression.hi[1]


def test_leaving_out_the_one_group_that_makes_the_slope_shows_it():
    table = synthetic(slope=0.0)
    table.loc[7, "x"] = 200
    study = incidence_study(table, permutations=100, error="none")
    slopes = study.without_each.set_index("group")["slope"]
    assert abs(slopes["T7"]) < 0.3 * study.regression.slope


def test_row_order_does_not_matter():
    table = synthetic(groups=4)
    one, two = (incidence_study(t, error="none", permutations=100) for t in (table, table[::-1]))
    assert one.regression.slope == pytest.approx(two.regression.slope, rel=1e-4)
    assert one.bound.slope == pytest.approx(two.bound.slope)
    assert one.correlations["spearman"].p == pytest.approx(two.correlations["spearman"].p)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x": [5, 300]}, "x = 300 of n = 40"),
        ({"x": [5, -1]}, "row 2: x = -1"),
        ({"x": [5, 1.5]}, "x = 1.5"),
        ({"n": [20, "many"]}, "n = many"),
        ({"group": ["a", "a"]}, "'a' again"),
        ({"group": ["a", None]}, "no group"),
        ({"incidence_pct": [25, 40]}, "incidence_pct says 40"),
        ({"incidence_pct": [25, 400]}, "incidence_pct = 400"),
    ],
)
def test_bad_rows_are_named(change, says):
    table = pd.DataFrame({"group": ["a", "b"], "x": [5, 4], "n": [20, 40], "y": [1, 9],
                          "m": [50, 60]}).assign(**change)  # fmt: skip
    with pytest.raises(RpointError) as caught:
        incidence_study(table)
    assert says in str(caught.value)


def test_missing_columns_and_options():
    with pytest.raises(RpointError, match="incidence_pct"):
        incidence_study(pd.DataFrame({"group": ["a"], "incidence_pc": [1], "feature_pct": [1]}))
    with pytest.raises(RpointError, match="table of tumour types is needed"):
        incidence_study([1])
    counted = pd.DataFrame({"group": ["a", "b"], "x": [5, 4], "n": [20, 40], "feature_pct": [1, 9]})
    with pytest.raises(RpointError, match="tumours counted"):
        incidence_study(counted, error="beta")
    with pytest.raises(RpointError, match="scale"):
        incidence_study(counted, scale="log")
