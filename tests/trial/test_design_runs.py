"""Variants of a trial: the same patients, whole replicates, statistics of tables."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.trial.design import rows as design_rows
from rpoint.trial.design.runs import chosen_arm, only_arms, run_variants
from rpoint.trial.read import read_trial

ARM = "milademetan 260 mg 3/14"
FAKE = "fake_design_compute:compute"


@pytest.fixture
def fake(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "tests" / "trial" / "fakes"))
    yield FAKE
    sys.modules.pop("fake_design_compute", None)


def small(patients: int = 6, **more):
    return read_trial("mantra-2").changed({("arms", ARM, "patients"): patients, **more})


def test_variants_have_the_same_patients(fake):
    trials = {"8": small(), "12": small(**{"visits.scan_weeks": 12})}
    runs = run_variants(trials, replicates=40, compute=fake)
    assert runs.replicates == 40 and runs.failed == {}
    by = {name: part.set_index("PATIDX") for name, part in runs.rows.groupby("VARIANT")}
    for column in ("bor", "TUMTYPE", "NSCREEN", "ENRLDT"):
        assert (by["8"][column] == by["12"][column]).all(), column
    assert (by["12"]["pfs"] >= by["8"]["pfs"] - 28.0).all()  # the grid may cross, not by two scans
    assert by["8"].index.tolist() == list(range(240))
    values = runs.values("8", ARM, "response_any_pct")
    each = by["8"].assign(yes=by["8"]["bor"] == "PR").groupby("REPL")["yes"].mean()
    assert np.allclose(values, 100 * each)


def test_jobs_and_replicates_beside_do_not_matter(fake):
    few = run_variants({"a": small()}, replicates=3, seed=5, compute=fake)
    more = run_variants({"a": small()}, replicates=30, seed=5, jobs=2, compute=fake)
    same = more.rows[more.rows["REPL"] < 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(few.rows, same)


def test_replicates_of_a_failed_chunk_are_left_out_of_every_variant(fake):
    trials = {"a": small(100), "b": small(100, **{"visits.scan_weeks": 4})}
    told: list[tuple[int, int]] = []
    runs = run_variants(
        trials, replicates=4, compute=fake, options={"fail": [250]},
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert runs.replicates == 3 and set(runs.rows["REPL"]) == {0, 1, 3}
    assert set(runs.failed) == {"a, replicates 2 to 2", "b, replicates 2 to 2"}
    assert "no luck" in runs.failed["a, replicates 2 to 2"]
    assert told[0] == (0, 800) and told[-1] == (800, 800)
    with pytest.raises(RpointError, match="no replicate could be computed"):
        run_variants(trials, replicates=1, compute=fake, options={"fail": [0]})
    with pytest.raises(RpointError, match="at least 1"):
        run_variants(trials, replicates=0, compute=fake)


def test_only_arms_leaves_out_what_names_others():
    whole = read_trial("mantra")
    alone = only_arms(whole, [ARM])
    assert list(alone.arms) == [ARM] and alone.analysis.contrast is None
    assert {row.arm for row in alone.published} == {ARM}
    assert alone.cutoff.events is None and alone.cutoff.months_after_last_entry == 12.0
    both = only_arms(whole, list(whole.arms))
    assert both.cutoff == whole.cutoff and both.analysis == whole.analysis
    assert chosen_arm(whole, None) == ARM
    with pytest.raises(RpointError, match="arm with a drug model"):
        chosen_arm(whole, "trabectedin")


def visits(*rows) -> pd.DataFrame:
    """PATIDX, study day, response, change."""
    return pd.DataFrame(rows, columns=["PATIDX", "ADY", "AVALC", "PCHG"])


SCANS = visits(
    (1, 57, "PR", -40.0), (1, 113, "PR", -35.0), (1, 169, "PD", 10.0),
    (2, 57, "PR", -31.0), (2, 113, "NE", None), (2, 169, "SD", -10.0),
    (3, 57, "SD", 5.0), (3, 113, "PD", 30.0),
    (4, 57, "SD", -20.0), (4, 113, "CR", -100.0),
)  # fmt: skip


def test_rows_are_what_the_tables_say():
    change = design_rows.last_change(SCANS, 116.0)
    assert change.to_dict() == {1: -35.0, 2: -31.0, 3: 30.0, 4: -100.0}
    assert design_rows.last_change(SCANS, 60.0)[4] == -20.0
    assert design_rows.lost_at_next(SCANS).to_dict() == {1: 0.0, 2: 100.0}
    held = design_rows.response_held(SCANS)
    assert held["days"].to_dict() == {1: 112.0, 2: 112.0, 4: 0.0}
    assert held["event"].to_dict() == {1: 1.0, 2: 1.0, 4: 0.0}
    doses = pd.DataFrame(
        {"PATIDX": [1, 1, 2], "EXDOSE": [100.0, 50.0, 10.0], "ASTDY": [1, 15, 1],
         "AENDY": [3, 15, 1]}
    )  # fmt: skip
    assert design_rows.amount_taken(doses).to_dict() == {1: 350.0, 2: 10.0}


def test_the_simulation_itself_gives_the_same_patient_in_another_variant():
    short = {"enrolment.months": 1, "cutoff": {"months_after_last_entry": 3}}
    trials = {"as it is": small(4, **short), "no jitter": small(4, **short | {
        "visits.jitter_days": 0})}  # fmt: skip
    runs = run_variants(trials, replicates=1, seed=3)
    by = {name: part.set_index("PATIDX") for name, part in runs.rows.groupby("VARIANT")}
    first, second = by["as it is"], by["no jitter"]
    for column in ("TUMTYPE", "NSCREEN", "ENRLDT"):
        assert (first[column] == second[column]).all()
    assert first["mg_day"].between(1.0, 260.0).all()
    known = first["change_16w"].notna() & second["change_16w"].notna()
    # A scan five days earlier or later sees nearly the same tumour.
    assert known.any() and (first["change_16w"] - second["change_16w"])[known].abs().max() < 25.0
    names = set(runs.statistics["ENDPOINT"])
    assert {"pfs_median_months_lo", "responding_types", "taken_mg_per_day"} <= names
