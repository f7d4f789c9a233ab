"""Scan interval, copy-number cut-off, schedules."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.trial.design.questions import (
    continuous,
    copy_number_cutoff,
    planned_mg_per_day,
    required,
    scan_interval,
    schedules,
)
from rpoint.trial.read import read_trial

ARM = "milademetan 260 mg 3/14"
OWN = "milademetan 260 mg qd d1-3,15-17/28"


@pytest.fixture
def fake(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "tests" / "trial" / "fakes"))
    yield "fake_design_compute:compute"
    sys.modules.pop("fake_design_compute", None)


def small(patients: int = 10):
    return read_trial("mantra-2").changed({("arms", ARM, "patients"): patients})


def test_a_longer_interval_shows_progression_later(fake):
    """The fake sees progression at the next scan: half an interval later on average."""
    found = scan_interval(small(), (4, 12), replicates=40, compute=fake)
    names = ["every 4 weeks", "every 8 weeks", "every 12 weeks"]
    assert list(dict.fromkeys(found.table["variant"])) == names
    assert found.reference == "every 8 weeks"
    mean = found.runs.rows.groupby("VARIANT")["pfs"].mean()
    assert mean[names[1]] - mean[names[0]] == pytest.approx(14.0, abs=4.0)
    assert mean[names[2]] - mean[names[1]] == pytest.approx(14.0, abs=4.0)
    assert found.value("every 4 weeks", "response_any_pct", "difference") == 0.0
    weeks = np.array([4.0, 8.0, 12.0])
    for name, step in zip(names, weeks, strict=True):
        rows = found.runs.rows[found.runs.rows["VARIANT"] == name]
        assert np.allclose(rows["pfs"] % (7 * step), 0.0)
    assert set(found.replicates()["ENDPOINT"]) == set(found.table["endpoint"])
    assert found.to_dict()["replicates"] == 40 and "every 12 weeks: " in found.summary()


def test_copies_replace_what_is_required(fake):
    found = copy_number_cutoff(small(), "MDM2", (8, 12), replicates=4, compute=fake)
    assert found.reference == "MDM2 copies >= 12"
    trials = found.runs.trials
    assert trials["MDM2 copies >= 8"].population.require == ("TP53:wt", "MDM2:cn>=8")
    assert trials["MDM2 copies >= 8"].population.central == ("MDM2:cn>=8",)
    assert "screened_per_patient" in set(found.table["endpoint"])
    with pytest.raises(RpointError, match="two cut-offs"):
        copy_number_cutoff(small(), "MDM2", (8, 8), replicates=1, compute=fake)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("TP53:wt", "MDM2:cn>=12"), ("TP53:wt", "MDM2:cn>=6")),
        (("MDM2:amp", "CDK4:cn>=5"), ("CDK4:cn>=5", "MDM2:cn>=6")),
        ((), ("MDM2:cn>=6",)),
    ],
)
def test_only_the_gene_itself_is_replaced(before, after):
    assert required(before, "MDM2", 6) == after


def test_more_copies_need_more_screening():
    """The cohort of the simulation itself: two cut-offs, a few patients, hardly any follow-up."""
    trial = small(8).changed({"enrolment.months": 1, "cutoff": {"months_after_last_entry": 1}})
    found = copy_number_cutoff(trial, "MDM2", (8, 20), replicates=1, seed=2)
    few, many = (found.value(f"MDM2 copies >= {n}", "screened_per_patient") for n in (8, 20))
    assert many > few > 1.0


def test_schedules_keep_rules_and_compare_with_the_trials_own(fake):
    other = "milademetan 90 mg qd d1-21/28"
    found = schedules(small(), [other, "palbociclib 125 mg qd d1-21/28"], replicates=3,
                      compute=fake)  # fmt: skip
    assert found.reference == OWN
    trials = found.runs.trials
    assert trials[other].arms[ARM].rules == trials[OWN].arms[ARM].rules
    assert trials["palbociclib 125 mg qd d1-21/28"].arms[ARM].rules is None
    assert found.value(other, "planned_mg_per_day") == pytest.approx(90 * 21 / 28)
    assert found.value(OWN, "taken_mg_per_day") == pytest.approx(3 * 260 / 28)


def test_a_regimen_without_pauses_has_the_same_dose_intensity():
    assert planned_mg_per_day(OWN) == pytest.approx(6 * 260 / 28)
    assert planned_mg_per_day(continuous(OWN)) == pytest.approx(6 * 260 / 28, rel=1e-3)
    mixed = continuous("palbociclib 125 mg qd d1-21/28 + letrozole 2.5 mg qd")
    assert mixed == "palbociclib 93.75 mg qd + letrozole 2.5 mg po qd"
    for text in ("letrozole 2.5 mg qd", "none"):
        with pytest.raises(RpointError, match="no pauses"):
            continuous(text)
    assert planned_mg_per_day("none") == 0.0
