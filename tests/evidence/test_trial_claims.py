"""Claims judged on replicated trials: each holds on a made-up table and fails where it must."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from rpoint.evidence import trial_numbers
from rpoint.evidence.claims import load_experiments
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import judge
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells
from rpoint.evidence.trial_numbers import NotShipped
from rpoint.files import to_json
from rpoint.trial import predictions

_spec = importlib.util.spec_from_file_location(
    "trial_table", Path(__file__).with_name("trial_table.py")
)
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
load_experiments()

M2, MUT = "mantra-2", "mantra-2, TP53 mutated"
M, P2, P2C, P3, P3C = made.MILA, made.P2, made.P2C, made.P3, made.P3C
INTACT = "vilgelm-patients, TP53 and RB1 intact"
ALONE = ["C6", "C7", "C8", "C9", "C10", "C11", "C12", "C14", "C15", "A17", "B2", "B10", "E2", "E6"]


def verdict(claim, rows):
    given = made.lab(rows)
    return judge(claims()[claim], EXPERIMENTS[claim].judge(given), given.weights, 0.0)


def failing(found):
    checks = (*found.finding.acceptance, *found.finding.falsifier)
    return [check.quantity for check in checks if not check.holds(3).all()]


@pytest.mark.parametrize("claim", ALONE)
def test_a_claim_holds_where_every_number_is_right(claim):
    found = verdict(claim, made.holding())
    assert failing(found) == []
    assert found.verdict == claims()[claim].held
    assert json.loads(to_json(found.record()))["id"] == claim
    assert all(figure.spec() for figure in found.finding.figures)


def changed(key, **columns):
    rows = made.holding()
    trial, arm, subset, endpoint = key
    rows[trial, arm, subset, endpoint] = rows[trial, arm, subset, endpoint] | columns
    return rows


R = made.R
FEW, LATE = np.array([1] * R), np.full(R, 6.0)
WRONG = [
    ("C6", (M2, M, "", "response_any_pct"), {"N": 38}, "90th|10th"),
    ("C6", (M2, M, "", "ae_thrombocytopenia_g34_pct"), {"N": 39}, "departure from 40"),
    ("C6", ("mantra", M, "", "response_any_pct"), {"N": 60}, "without central confirmation"),
    ("C7", (M2, M, "", "response_any_pct"), {"VALUE": 100 / 31 * 2, "N": 31}, "90th"),
    ("C7", (M2, M, "", "response_any_pct"), {"VALUE": 100 / 31 * 12, "N": 31}, "10th"),
    ("C7", (MUT, M, "", "response_any_pct"), {"VALUE": 10.0}, "TP53 mutated"),
    ("C8", (M2, M, "", "response_confirmed_pct"), {"VALUE": 100 / 31 * 4, "N": 31}, "at most 1"),
    ("C8", (M2, M, "", "response_any_pct"), {"VALUE": 0.0}, "at most 1"),
    ("C8", (MUT, M, "", "response_any_pct"), {"VALUE": 20.0}, "TP53 is mutated"),
    ("C9", (M2, M, "", "best_target_change_pct"), {"VALUE": -80.0}, "reaches -100"),
    ("C9", (MUT, M, "", "best_target_change_pct"), {"VALUE": -100.0}, "TP53 is mutated"),
    ("C10", (M2, M, "", "pfs_median_months"), {"VALUE": 2.5}, "median PFS, median"),
    ("C10", (M2, M, "", "pfs_median_months"), {"LO": 2.5}, "lower 95 %"),
    ("C10", (M2, M, "", "pfs_median_months"), {"HI": np.nan}, "upper 95 %"),
    ("C10", (M2, M, "", "response_confirmed_pct"), {"VALUE": 100 / 31 * 7, "N": 31}, "joint tail"),
    ("C10", (MUT, M, "", "pfs_median_months"), {"VALUE": 4.0}, "TP53 mutated less"),
    ("C11", (M2, M, "", "ae_diarrhoea_g34_pct"), {"VALUE": 0.0}, "grade 3/4 diarrhoea"),
    ("C11", (M2, M, "", "ae_neutropenia_g34_pct"), {"VALUE": 29.9}, "thrombocytopenia > neut"),
    ("C11", (M2, M, "", "ae_neutropenia_g34_pct"), {"VALUE": 35.0}, "neutropenia, in the range"),
    ("C11", ("paloma-2", P2C, "", "ae_anaemia_g34_pct"), {"VALUE": 8.0}, "without a drug"),
    ("C12", ("mantra", M, "", "dose_reduction_pct"), {"VALUE": 30.0}, "dose reduced"),
    ("C12", ("mantra", M, "", "ae_discontinuation_pct"), {"VALUE": 25.0}, "stopped"),
    ("C12", ("paloma-2", P2C, "", "dose_reduction_pct"), {"VALUE": 9.0}, "without a drug"),
    ("C14", (M2, M, "", "response_held_median_weeks"), {"VALUE": 17.0}, "median time"),
    ("C14", (M2, M, "", "response_held_median_weeks"), {"N": 0}, "median time"),
    ("C14", (M2, M, "", "lost_at_next_scan_pct"), {"VALUE": 40.0}, "next scan"),
    ("C14", (MUT, M, "", "response_any_pct"), {"VALUE": 10.0}, "TP53 is mutated"),
    ("C15", ("mantra-2, with palbociclib", M, "", "pfs_median_months"), {"VALUE": 3.0},
     "with palbociclib"),
    ("C15", ("mantra-2, first line", M, "", "pfs_median_months"), {"VALUE": np.nan}, "can be told"),
    ("C15", (MUT, M, "", "pfs_median_months"), {"VALUE": 4.0}, "TP53 is mutated"),
    ("A17", (INTACT, made.DOUBLET, "", "pfs_median_months"), {"VALUE": 3.9}, "RB1 intact"),
    ("A17", ("vilgelm-patients, TP53 mutated", made.DOUBLET, "", "pfs_median_months"),
     {"VALUE": 4.3}, "TP53 mutated"),
    ("A17", ("vilgelm-patients, RB1 lost", made.DOUBLET, "", "pfs_median_months"),
     {"VALUE": 4.3}, "RB1 lost"),
    ("B2", ("paloma-2", f"{P2} vs {P2C}", "", "pfs_hr"), {"VALUE": 0.45}, "PALOMA-2"),
    ("B2", ("monarch-3", "abemaciclib+AI vs placebo+AI", "", "pfs_hr"), {"VALUE": 1.2}, "of 4"),
    ("B2", ("paloma-3, RB1 lost", f"{P3} vs {P3C}", "", "pfs_hr"), {"VALUE": 0.7}, "lost RB1"),
    ("B10", ("paloma-3", P3, "", "ae_neutropenia_g34_pct"), {"VALUE": 55.0}, "paloma-3"),
    ("B10", ("paloma-2", P2C, "", "ae_neutropenia_g34_pct"), {"VALUE": 9.0}, "without palbo"),
    ("E2", ("paloma-2, five years", P2, "", "pfs_rate_60mo_pct"), {"VALUE": 25.0}, "80|by 60"),
    ("E2", ("paloma-2, five years", P2C, "", "pfs_rate_60mo_pct"), {"VALUE": 15.0}, "time alone"),
    ("E6", ("paloma-2", P2, "pakt:high", "pfs_hr_prognostic"), {"VALUE": 1.3}, "high against"),
    ("E6", ("paloma-3", P3, "pakt:high", "pfs_hr_prognostic"), {"LO": 0.9}, "lower 95 %"),
    ("E6", ("paloma-3", P3C, "pakt:high", "pfs_hr_prognostic"), {"VALUE": 2.4}, "without palbo"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "key", "columns", "words"), WRONG)
def test_a_claim_is_missed_where_a_number_is_wrong(claim, key, columns, words):
    found = verdict(claim, changed(key, **columns))
    assert found.verdict == "missed"
    assert any(word in quantity for quantity in failing(found) for word in words.split("|"))


@pytest.mark.parametrize("claim", ALONE)
def test_a_claim_waits_for_replicates_that_are_not_there(claim):
    rows = {("oak", "docetaxel", "", "os_median_months"): {"VALUE": 9.0, "N": 1}}
    found = verdict(claim, rows)
    assert found.verdict == "waiting"
    assert found.record()["waits_for"].startswith("predictions: ")


def test_a_check_trial_that_is_not_shipped_is_named():
    rows = {key: row for key, row in made.holding().items() if key[0] != "monarch-3"}
    found = verdict("B2", rows)
    assert found.verdict == "reproduced"
    assert "Without replicates of monarch-3." in found.finding.notes


# ---- how numbers of replicates are read


def test_counts_come_back_from_percentages():
    table = made.trials(made.holding())
    assert table.counts(M2, "response_any_pct")["x"].tolist() == made.ANY
    assert table.pooled(M2, "response_confirmed_pct") == pytest.approx(
        100 * sum(made.KEPT) / (25 * (30 + 31 + 31 + 32))
    )


def test_one_of_several_arms_must_be_named():
    table = made.trials(made.holding())
    with pytest.raises(NotShipped, match="one arm"):
        table.values("paloma-2", "dose_reduction_pct")
    assert len(table.values("paloma-2", "dose_reduction_pct", P2)) == R


def test_a_time_that_is_not_reached_is_larger_than_any():
    rows = changed((M2, M, "", "pfs_median_months"), VALUE=np.where(np.arange(R) < 40, 3.0, np.nan))
    times = made.trials(rows).times(M2, "pfs_median_months")["VALUE"].to_numpy()
    assert trial_numbers.median(times) == np.inf


def test_the_range_beside_is_that_of_replicates():
    row = trial_numbers.over("x", np.arange(101.0), np.mean).record(np.full(3, 1 / 3))
    assert (row["median"], row["lo"], row["hi"], row["replicates"]) == (50.0, 5.0, 95.0, 101)


def test_without_a_shipped_table_claims_wait(monkeypatch, tmp_path):
    monkeypatch.setattr(predictions, "SHIPPED", tmp_path / "absent.parquet")
    predictions.shipped_analysis.cache_clear()
    try:
        lab = Lab(Cells(np.full(3, 1 / 3)))
        found = judge(claims()["C7"], EXPERIMENTS["C7"].judge(lab), lab.weights, 0.0)
        assert found.verdict == "waiting"
    finally:
        predictions.shipped_analysis.cache_clear()
