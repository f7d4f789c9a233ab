"""The measured tables, the split between calibration and check, and the targets made from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from rpoint.calibrate import noise, reduce, reporters
from rpoint.calibrate.targets import COLUMNS, DATA, load_targets, read_table, segments
from rpoint.calibrate.targets_summary import western_means
from rpoint.errors import RpointError

ROWS = {
    "mcf7_counts": 271,
    "mcf7_combination_17d": 36,
    "mcf7_long_term": 24,
    "mcf7_westerns": 60,
    "mcf7_resistant_lines": 18,
    "published_westerns": 5,
    "published_values": 12,
    "hepg2_nutlin": 1150,
    "hepg2_cisplatin": 916,
    "mcf7_e2": 810,
}
# Experiments of which a block stands on either side; SPLIT.md says which and why.
SHARED = {
    "longterm_12m_curated_by_authors",
    "westerns_2w",
    "nutlin_cisplatin_2022",
    "e2_reporters",
}


@pytest.fixture(scope="module")
def targets() -> pd.DataFrame:
    return load_targets()


def pick(targets: pd.DataFrame, curve: str, readout: str, time_h: float) -> pd.Series:
    rows = targets[(targets["curve"] == curve) & (targets["readout"] == readout)]
    rows = rows[rows["time_h"] == time_h]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize(("table", "rows"), ROWS.items())
def test_tables_have_the_expected_rows(table, rows):
    assert len(read_table(table)) == rows


def test_every_table_is_described_and_licensed():
    text = (DATA / "README.md").read_text("utf-8")
    licences = (DATA / "LICENSES.md").read_text("utf-8")
    for table in ROWS:
        assert f"**{table}**" in text
        assert f"`{table}" in licences
    assert {p.stem for p in DATA.glob("*.csv")} >= set(ROWS)
    for line in ("2024 Wei He", "2022 LACDR-DDS Beltman lab", "2023 LACDR-DDS Beltman lab"):
        assert f"Copyright (c) {line}" in licences


def test_golden_numbers_of_targets(targets):
    counted = targets.groupby(["kind", "role"]).size().to_dict()
    assert counted == {
        ("curve", "calibrate"): 78,
        ("curve", "check"): 139,
        ("slope", "calibrate"): 27,
        ("slope", "check"): 7,
        ("dose_response", "calibrate"): 28,
        ("dose_response", "check"): 18,
        ("summary", "calibrate"): 8,
        ("summary", "check"): 13,
        ("published", "calibrate"): 11,
        ("published", "check"): 1,
    }
    assert list(targets.columns) == COLUMNS


def test_every_target_is_complete(targets):
    assert targets["id"].is_unique
    for column in ("value", "sd_replicate", "sd_between"):
        assert np.isfinite(targets[column]).all()
    assert (targets["sd_replicate"] > 0).all()
    assert (targets["sd_between"] >= 0).all()
    assert (targets["n"] >= 1).all()
    assert targets["source"].str.len().min() > 10
    assert set(targets["role"]) == {"calibrate", "check"}


def test_roles_are_disjoint_by_experiment(targets):
    sides = targets.groupby("experiment")["role"].nunique()
    assert set(sides[sides > 1].index) == SHARED


def test_the_fitted_block_of_a_shared_experiment_comes_first(targets):
    for experiment in ("longterm_12m_curated_by_authors", "westerns_2w"):
        rows = targets[targets["experiment"] == experiment]
        latest = rows[rows["role"] == "calibrate"]["time_h"].max()
        assert latest < rows[rows["role"] == "check"]["time_h"].min()
    nutlin = targets[targets["experiment"] == "nutlin_cisplatin_2022"]
    fitted = nutlin[nutlin["role"] == "calibrate"]
    assert set(fitted["nutlin_uM"]) == {5.0}
    assert fitted["time_h"].max() == 24
    reporter = targets[targets["table"] == "mcf7_e2"]["curve"].str.split(" ").str[0]
    role = targets["role"][reporter.index]
    assert set(reporter[role == "calibrate"]).isdisjoint(reporter[role == "check"])


def test_no_measured_fold_is_on_both_sides():
    table = read_table("mcf7_counts")
    table = table[(table["time_d"] > 0) & (table["double_entry"] == 0)]
    assert not table["fold_cells"].duplicated().any()
    assert read_table("mcf7_counts")["double_entry"].sum() == 7


def test_cyclin_d1_rises_as_published():
    """He 2025: 2.7-fold after one week, 3.3-fold after two (means of three blots over day 0)."""
    means = western_means().set_index(["protein", "time_d"])["palbociclib_over_T0"]
    assert means["CyclinD1", 7] == pytest.approx(2.7, abs=0.01)
    assert means["CyclinD1", 14] == pytest.approx(3.32, abs=0.01)


def test_cyclin_e_over_vehicle_is_the_published_mean():
    """The authors' own means: 1.389 and 1.455 over the vehicle of the same day."""
    means = western_means().set_index(["protein", "time_d"])["palbociclib_over_vehicle"]
    published = read_table("published_westerns").set_index(["protein", "time_d"])["fold"]
    for day in (7, 14):
        assert means["CyclinE", day] == pytest.approx(published["CyclinE1", day], abs=0.01)


@pytest.mark.parametrize(
    ("curve", "fold"),
    [
        ("TP53 / nutlin-3a 5 uM", 2.7),
        ("TP53 / nutlin-3a 10 uM", 3.0),
        ("MDM2 / nutlin-3a 5 uM", 2.2),
        ("MDM2 / nutlin-3a 10 uM", 2.2),
    ],
)
def test_nutlin_folds_at_24_h(targets, curve, fold):
    row = pick(targets, curve, "log_fold_over_control", 24)
    assert np.exp(row["value"]) == pytest.approx(fold, abs=0.05)


@pytest.mark.parametrize(("dose", "fold"), [(0, 39), (50, 7.1), (100, 2.4), (300, 1.2)])
def test_combination_folds_at_17_d(targets, dose, fold):
    rows = targets[
        (targets["table"] == "mcf7_combination_17d") & (targets["palbociclib_nM"] == dose)
    ]
    assert np.exp(rows["value"].item()) == pytest.approx(fold, rel=0.02)


def test_long_runs_disagree_and_the_noise_says_so(targets):
    rows = targets[(targets["table"] == "mcf7_long_term") & (targets["time_h"] == 672)]
    assert np.exp(rows["value"]).round(1).tolist() == [4.3, 0.4]
    assert rows["sd_between"].iloc[0] == pytest.approx(1.63, abs=0.01)


def test_between_experiment_noise_of_counts(targets):
    rows = targets[(targets["readout"] == "log_fold_cells") & (targets["time_h"] == 168)]
    assert rows["sd_between"].iloc[0] == pytest.approx(0.47, abs=0.01)
    dense = targets[targets["saturated"]].groupby("table").size().to_dict()
    assert dense == {"mcf7_counts": 12, "mcf7_long_term": 7, "hepg2_nutlin": 6}


def test_oestradiol_half_dose(targets):
    rows = targets[(targets["readout"] == "log_ec50_nM") & (targets["time_h"] == 24)]
    ec50_pM = (1000 * np.exp(rows["value"])).round().tolist()
    assert ec50_pM == [150, 58, 31]  # GREB1, PGR, TFF1


def test_a_wrong_role_kind_or_table_is_named():
    with pytest.raises(RpointError, match="calibrate"):
        load_targets(role="calibrat")
    with pytest.raises(RpointError, match="slope"):
        load_targets(kind="slop")
    with pytest.raises(RpointError, match="mcf7_counts"):
        read_table("mcf7_count")


def test_filters_partition_the_targets(targets):
    assert len(load_targets("calibrate")) + len(load_targets("check")) == len(targets)
    assert set(load_targets(kind="slope")["kind"]) == {"slope"}


def test_schedules_can_be_read(targets):
    weekly = targets["schedule"][targets["schedule"] != "constant"].unique()
    assert len(weekly) == 2
    for text in weekly:
        weeks = segments(text)
        assert len(weeks) == 2
        assert all(name.endswith("_nM") for week in weeks for name in week)
    assert segments("constant") == []


@given(
    st.lists(st.floats(0.05, 2.0), min_size=2, max_size=6),
    st.integers(1, 3),
    st.floats(0.0, 1.5),
)
def test_likelihood_is_the_multivariate_normal(sds, curves, between):
    size = len(sds)
    frame = pd.DataFrame(
        {
            "value": np.linspace(-1, 1, size),
            "sd_replicate": sds,
            "sd_between": between,
            "n": 2,
            "curve": [f"c{i % curves}" for i in range(size)],
        }
    )
    same = frame["curve"].to_numpy()[:, None] == frame["curve"].to_numpy()
    covariance = np.diag(frame["sd_replicate"] ** 2 / 2 + 0.01) + between**2 * same
    predicted = np.zeros(size)
    expected = multivariate_normal(frame["value"], covariance).logpdf(predicted)
    assert noise.log_likelihood(frame, predicted)[0] == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_a_failed_prediction_has_no_likelihood(targets):
    predicted = np.tile(targets["value"].to_numpy(), (2, 1))
    predicted[1, 3] = np.nan
    likelihood = noise.log_likelihood(targets, predicted)
    assert np.isfinite(likelihood[0])
    assert likelihood[1] == -np.inf


@given(st.floats(-5, 2), st.floats(0.4, 3))
def test_hill_fit_recovers_its_own_curve(log_ec50, hill):
    dose = np.array([1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0])
    curve = 1 / (1 + np.exp(-hill * (np.log(dose) - log_ec50)))
    found = reporters.hill_fit(pd.Series(dose), pd.Series(curve))
    assert found[0] == pytest.approx(log_ec50, abs=0.01)
    assert found[2] < 1e-3


@pytest.mark.data
def test_shipped_tables_come_from_the_public_ones(data_folder):
    for name, table in reduce.reduce_all(data_folder).items():
        shipped = read_table(name)
        pd.testing.assert_frame_equal(table, shipped, check_dtype=False, rtol=1e-5, atol=1e-6)


@pytest.mark.data
def test_the_authors_fitted_counts_are_already_in_the_counts(data_folder):
    folder = data_folder / "mcf7_endocrine_cdk46"
    fitted = pd.read_csv(folder / "fitted_counts_by_authors.csv")
    measured = pd.read_csv(folder / "short_term_counts.csv")["fold_cells"].round(9)
    assert fitted["fold_cells"].round(9).isin(measured).all()
