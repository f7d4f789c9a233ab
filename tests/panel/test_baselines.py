"""Baselines by hand, without a look at the held-out fold; markers; the ridge and its penalty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.panel import baselines as b
from rpoint.panel import markers
from rpoint.panel.folds import folds
from rpoint.panel.ridge import fit_ridge


@pytest.fixture(scope="module")
def states():
    names = [f"X-{i}" for i in range(40)]
    calls = ["mut", "wt", "vus", "loss"] * 10
    return pd.DataFrame({"TP53": calls, "MDM2": ["cn=9", "wt"] * 20}, index=names)


def responses(states, arm="CGM097", seed=1):
    rng = np.random.default_rng(seed)
    wild = (states["TP53"] == "wt").to_numpy()
    table = pd.DataFrame({"model_id": states.index, "arm": arm})
    table["measured"] = 0.6 * wild + rng.normal(0, 0.1, len(table))
    return table.assign(fold=folds(table["model_id"]))


def test_alterations_by_hand():
    cells = ["wt", "mut+loss", "cn=4.9", "cn=5", "cn=0.5", "gain", "?"]
    flags = markers.alterations(pd.Series(cells))
    assert flags["amp"].iloc[:6].tolist() == [0, 0, 0, 1, 0, 0] and np.isnan(flags["amp"].iloc[6])
    assert flags["loss"].iloc[:6].tolist() == [0, 1, 0, 0, 1, 0]
    assert flags["mut"].iloc[:6].tolist() == [0, 1, 0, 0, 0, 0]


def test_a_mutation_of_unknown_meaning_counts_for_suppressors_alone():
    table = pd.DataFrame({"TP53": ["vus", "wt", "?"], "KRAS": ["vus", "mut", "wt"]})
    assert markers.carries(table, "TP53").iloc[:2].tolist() == [1, 0]
    assert np.isnan(markers.carries(table, "TP53").iloc[2])
    assert markers.carries(table, "KRAS").tolist() == [0, 1, 0]
    assert markers.carries(table, "TP53:mut+loss").iloc[0] == 0
    assert markers.carries(table, "KRAS|TP53").tolist() == [1, 1, 0]
    assert markers.carries(table, "EGFR").isna().all()


def test_an_arm_is_grouped_by_the_markers_of_its_drugs(states):
    assert markers.arm_markers("LEE011+encorafenib") == ("RB1", "BRAF")
    assert markers.arm_markers("Nutlin-3a, GDSC1") == ("TP53",)
    assert markers.arm_markers("nothing") == ()
    assert markers.genotype_group(states, "HDM201").iloc[:4].tolist() == ["1", "0", "1", "1"]
    assert set(markers.genotype_group(states, "LEE011")) == {"?"}
    assert set(markers.genotype_group(states, "nothing")) == {""}


def test_arm_median_is_that_of_the_other_folds():
    table = pd.DataFrame(
        {"model_id": list("abcd"), "arm": "A", "measured": [1.0, 2, 3, 10], "fold": [0, 0, 1, 1]}
    )
    found = b.cross_validate(table, b.arm_median)
    assert found["predicted"].tolist() == [6.5, 6.5, 1.5, 1.5]
    assert found["lo50"].tolist() == [4.75, 4.75, 1.25, 1.25]


def test_genotype_median_is_that_of_its_group(states):
    table = responses(states)
    found = b.cross_validate(table, b.genotype_median(states))
    row = found.iloc[1]
    train = table[(table["fold"] != row["fold"]) & (states["TP53"] == "wt").to_numpy()]
    assert len(train) >= b.MIN_GROUP
    assert row["predicted"] == pytest.approx(train["measured"].median())


def test_a_small_group_takes_the_median_of_the_arm(states):
    table = responses(states).assign(fold=0)
    table.loc[:3, "fold"] = 1
    rare = states.assign(TP53=["mut"] * 4 + ["loss"] + ["wt"] * 35)
    found = b.cross_validate(table, b.genotype_median(rare))
    everyone = table.loc[table["fold"] == 0, "measured"].median()
    assert found["predicted"].iloc[:4].tolist() == pytest.approx([everyone] * 4)


@pytest.mark.parametrize("name", [b.ARM_MEDIAN, b.GENOTYPE_MEDIAN, b.RIDGE, b.RIDGE_TYPE])
def test_no_baseline_sees_the_fold_it_predicts(states, name):
    table = responses(states)
    spoilt = table.assign(measured=table["measured"].where(table["fold"] != 2, 1e3))
    types = ["breast", "lung"] * 20
    first, second = (b.baselines(t, states, types) for t in (table, spoilt))
    held = (first["predictor"] == name) & (first["fold"] == 2)
    assert held.any()
    columns = list(b.QUANTILES)
    assert np.allclose(first.loc[held, columns], second.loc[held, columns])
    others = (first["predictor"] == name) & (first["fold"] != 2)
    assert not np.allclose(first.loc[others, columns], second.loc[others, columns])


def test_baselines_keep_every_row_and_order_their_quantiles(states):
    table = pd.concat([responses(states), responses(states, "LEE011", 2)], ignore_index=True)
    found = b.baselines(table, states, ["breast"] * 40)
    assert len(found) == 4 * len(table)
    quantiles = found[["lo90", "lo50", "hi50", "hi90"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert not found["predicted"].isna().any()


def test_ridge_columns_name_gene_and_change(states):
    columns = b.ridge_columns(states, ["a", "b"] * 20)
    assert list(columns)[:6] == [
        f"{g}:{c}" for g in ("TP53", "MDM2") for c in ("mut", "loss", "amp")
    ]
    assert list(columns)[-2:] == ["type:a", "type:b"]
    assert columns["TP53:mut"].iloc[:4].tolist() == [1, 0, 1, 0]
    unknown = b.ridge_columns(states.assign(TP53="?", MDM2="?"))
    assert unknown["not genotyped"].eq(1).all()


# -- ridge ------------------------------------------------------------------------------------
def test_the_left_out_residuals_are_those_of_leaving_out():
    """The shortcut against refitting without each row, the columns' centring kept."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(12, 4))
    x = (x - x.mean(0)) / x.std(0)
    y = x @ [1.0, 0, -1, 0.5] + rng.normal(size=12)
    fit = fit_ridge(x, y, [3.0])
    for i in range(12):
        kept = np.arange(12) != i
        design = np.column_stack([np.ones(11), x[kept]])
        penalty = np.diag([0.0, 3, 3, 3, 3])
        beta = np.linalg.solve(design.T @ design + penalty, design.T @ y[kept])
        assert fit.residuals[i] == pytest.approx(y[i] - beta[0] - x[i] @ beta[1:], rel=1e-6)


def test_ridge_is_the_normal_equation():
    rng = np.random.default_rng(2)
    x = rng.normal(3, 2, size=(30, 5))
    y = rng.normal(size=30)
    fit = fit_ridge(x, y, [7.0])
    z = (x - x.mean(0)) / x.std(0)
    beta = np.linalg.solve(z.T @ z + 7 * np.eye(5), z.T @ (y - y.mean()))
    assert np.allclose(fit.predict(x), y.mean() + z @ beta)


def test_noise_is_shrunk_and_signal_is_not():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 20))
    noise = fit_ridge(x, rng.normal(size=200))
    signal = fit_ridge(x, 3 * x[:, 0] + 0.1 * rng.normal(size=200))
    assert noise.penalty > 100 * signal.penalty
    assert np.abs(noise.predict(x) - noise.intercept).max() < 0.5
    assert signal.weights[0] == pytest.approx(3, abs=0.1)


@given(st.integers(0, 1000))
def test_constant_and_missing_columns_do_no_harm(seed):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=15), np.ones(15), np.full(15, np.nan)])
    fit = fit_ridge(x, rng.normal(size=15))
    assert np.isfinite(fit.predict(x)).all() and fit.weights[1:].tolist() == [0, 0]
    assert fit.predict([[np.nan] * 3])[0] == pytest.approx(fit.intercept)
