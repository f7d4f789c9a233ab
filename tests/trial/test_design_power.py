"""Power and type I error against what theory gives for exponential times."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rpoint.errors import RpointError
from rpoint.trial.design import power as design_power
from rpoint.trial.design.power import DESIGN, NULL, null_trial, power
from rpoint.trial.read import read_trial

TREATED, CONTROL = "drug", "nothing"


@pytest.fixture(scope="module")
def found(root):
    """300 replicates of 20 against 20 patients with a hazard ratio of 0.5 (HR of the fake)."""
    folder = str(root / "tests" / "trial" / "fakes")
    sys.path.insert(0, folder)
    try:
        yield power(trial(20), replicates=300, seed=2, fractions=(0.25, 0.5), resamples=5,
                    compute="fake_design_compute:compute")  # fmt: skip
    finally:
        sys.path.remove(folder)
        sys.modules.pop("fake_design_compute", None)


def trial(patients: int):
    drug = {"regimen": "milademetan 260 mg qd", "patients": patients}
    arms = {TREATED: drug, CONTROL: {"regimen": "none", "patients": patients}}
    return read_trial("mantra-2").changed(
        {"arms": arms, "published": [], "facts": {}, "analysis.contrast": [TREATED, CONTROL],
         "visits.scan_weeks": 1}
    )  # fmt: skip


def test_type_one_error_is_nominal(found):
    row = found.row(NULL)
    assert row["replicates"] == 300 and row["lo"] <= 5.0 <= row["hi"] and found.nominal
    # The interval is of some points only: an error of 10 % would be seen.
    assert row["hi"] - row["lo"] < 6.0


def test_power_is_that_of_schoenfeld(found):
    """Z ~ N(sqrt(d) |ln HR| / 2, 1) for d events and equal arms (doi:10.1093/biomet/68.1.316)."""
    events = 40.0  # nobody is censored
    expected = 100 * stats.norm.sf(1.959964 - np.sqrt(events) * np.log(2) / 2)
    row = found.row(DESIGN)
    error = 100 * np.sqrt(0.5 * 0.5 / 300)
    # The formula is for small effects; ties of weekly scans cost a little: 4 points beside noise.
    assert abs(row["percent"] - expected) < 2.5 * error + 4.0
    assert abs(found.row(DESIGN, test="cox")["percent"] - row["percent"]) < 4.0


def test_the_curve_ends_at_the_trial_and_rises(found):
    for variant in (DESIGN, NULL):
        curve = found.curve[found.curve["variant"] == variant].set_index("fraction")
        assert curve.loc[1.0, "percent"] == pytest.approx(found.row(variant)["percent"])
        assert curve["n_treated"].tolist() == [5.0, 10.0, 20.0]
        assert (curve["lo"] <= curve["percent"]).all() and (curve["percent"] <= curve["hi"]).all()
    design = found.curve[found.curve["variant"] == DESIGN]["percent"].to_numpy()
    assert (np.diff(design) > 5.0).all()
    assert found.ratios.groupby("variant")["hr"].median()[DESIGN] == pytest.approx(0.5, abs=0.06)


def test_sub_samples_are_nested_and_of_the_right_size():
    rows = pd.DataFrame(
        {"REPL": np.repeat([0, 1], 10), "TRT01P": ["a", "b"] * 10, "pfs": np.arange(20.0) + 1,
         "pfs_event": 1.0}
    )  # fmt: skip
    laid = design_power._Laid.of(rows, "pfs", "a")
    order = laid.order(seed=1, resample=0)
    for r in range(2):
        for arm in (True, False):
            mine = laid.there[r] & (laid.treated[r] == arm)
            assert sorted(order[r, mine]) == [0, 1, 2, 3, 4]
    assert (laid.order(1, 0) == order).all() and (laid.order(1, 1) != order).any()
    one = design_power._Laid.of(rows[rows["REPL"] == 1], "pfs", "a")
    assert (one.order(1, 0)[0] == order[1]).all()  # whatever replicates are beside it


def test_null_trial_treats_both_arms_alike():
    mantra = read_trial("mantra")
    null = null_trial(mantra, *mantra.analysis.contrast)
    first, second = null.arms.values()
    assert first.observed_control == second.observed_control and first.regimen is None
    assert [a.patients for a in null.arms.values()] == [86, 89]


def test_what_cannot_be_is_said():
    with pytest.raises(RpointError, match="compares no arms"):
        power(read_trial("mantra-2"), replicates=1)
    with pytest.raises(RpointError, match="unknown endpoint"):
        power(trial(5), endpoint="dor", replicates=1)
    with pytest.raises(RpointError, match="between 0 and 1"):
        power(trial(5), alpha=1.5, replicates=1)
