"""The closed loop: what is ordered, taken, measured; no patient depends on another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import rpoint.blood.course as module
from rpoint.blood import (
    BloodPatients,
    Checks,
    Parameters,
    central,
    draw_parameters,
    draw_patients,
    nominal,
    run_blood,
)
from rpoint.endpoints.adverse_events import ctcae_grade
from rpoint.errors import RpointError

MILA = "milademetan 260 mg qd d1-3,15-17/28"
N = 60


@pytest.fixture(scope="module")
def group():
    return draw_patients(N, ("milademetan", "palbociclib"), 1, "liposarcoma")


@pytest.fixture(scope="module")
def course(group):
    return run_blood(MILA, days=84, patients=group, rules={"milademetan": "milademetan"}, seed=5)


def test_nominal_doses_are_those_of_the_regimen():
    doses = nominal("palbociclib 125 mg qd 21/28 + abemaciclib 150 mg bid", 30)
    assert len(doses["palbociclib"]) == 23 and doses["palbociclib"].day.max() == 29
    twice = doses["abemaciclib"]
    assert len(twice) == 60 and set(twice.hour) == {0.0, 12.0}
    assert nominal("vehicle", 10) == {}
    with pytest.raises(RpointError, match="dish"):
        nominal("palbociclib 100 nM", 10)


def test_without_rules_what_is_ordered_is_taken(group):
    run = run_blood(MILA, days=40, patients=group, seed=5)
    doses, taken = run.doses["milademetan"], run.taken["milademetan"]
    assert (taken.mg == doses.mg).all()
    assert (taken.time_h == 24.0 * doses.day + doses.hour).all()
    assert np.isnan(run.stop_day).all() and run.events.empty
    assert sorted(run.measured["day"].unique()) == [0, 14, 28]


def test_a_hold_delays_and_loses_no_dose(course):
    taken = course.taken["milademetan"]
    never = np.isnan(taken.time_h)
    # doses are taken in order, never before the nominal time, whole or reduced
    order = np.diff(np.where(never, 1e9, taken.time_h), axis=1)
    assert (order[~never[:, 1:]] > 0).all()
    assert (np.diff(never.astype(int), axis=1) >= 0).all()
    ordered = 24.0 * course.doses["milademetan"].day
    assert (taken.time_h >= ordered)[~never].all()
    held = course.events[course.events["action"] == "hold"]["row"].unique()
    assert len(held) > 5
    assert np.isin(taken.mg[~never], [260.0, 200.0, 160.0, 120.0]).all()


def test_nothing_is_taken_during_a_hold(course):
    taken = course.taken["milademetan"].time_h
    for row, own in course.events.groupby("row"):
        begun = None
        for _, event in own.iterrows():
            if event["action"] == "hold":
                begun = event["day"]
            elif event["action"] in ("resume", "discontinue") and begun is not None:
                inside = (taken[row] >= 24 * begun) & (taken[row] < 24 * event["day"])
                assert not inside.any()
                begun = None


def test_calendar_keep_loses_the_doses_of_a_hold(group):
    rules = {
        "calendar": "keep",
        "checks": {"days": [0, 7, 14, 21], "cycle_days": 28},
        "counts": [{"analyte": "platelets", "grade": 2, "recover": 1}],
        "max_hold_days": 100,
        "events": None,
    }
    run = run_blood(MILA, days=84, patients=group, rules={"milademetan": rules}, seed=5)
    taken = run.taken["milademetan"]
    ordered = 24.0 * run.doses["milademetan"].day
    assert (taken.time_h == ordered).all()
    assert (taken.mg == 0).any() and (taken.mg == 260).any()


def test_after_discontinuation_nothing_is_given(group):
    rules = {
        "counts": [{"analyte": "platelets", "grade": 2, "discontinue": True}],
        "checks": {"days": [0, 7, 14, 21], "cycle_days": 28},
        "events": None,
    }
    run = run_blood(MILA, days=70, patients=group, rules={"milademetan": rules}, seed=5)
    stopped = np.isfinite(run.stop_day)
    assert stopped.any()
    time = run.taken["milademetan"].time_h
    last = np.where(np.isnan(time), -1.0, time).max(axis=1)
    assert (last[stopped] < 24 * run.stop_day[stopped]).all()
    said = run.events[run.events["action"] == "discontinue"].set_index("row")["day"]
    assert (said.to_numpy() == run.stop_day[said.index]).all()


def test_the_rules_see_measured_counts_graded_by_ctcae(course):
    limits = {"neutrophils": 1.8, "platelets": 150, "haemoglobin": 12, "leukocytes": 4}
    for analyte, own in course.measured.groupby("analyte", observed=True):
        expected = ctcae_grade(own["value"], analyte, limits[analyte])
        assert (own["grade"] == expected).all()
        true = course.counts[analyte][own["row"], own["day"]]
        noise = np.log(own["value"].to_numpy() / true)
        if analyte != "leukocytes":  # theirs is the neutrophils' and the other cells' together
            assert noise.std() == pytest.approx(central()[f"{analyte}_residual"], rel=0.1)
    wide = course.measured.pivot(index=["row", "day"], columns="analyte", values="value")
    assert (wide["leukocytes"] > wide["neutrophils"]).all()  # one blood sample
    counted = course.events["reason"].str.contains("platelets")
    first = course.events[counted].iloc[0]
    seen = course.measured.query("row == @first.row and day == @first.day")
    analyte, grade = first["reason"].split(" grade ")
    assert int(seen.set_index("analyte").loc[analyte, "grade"]) == int(grade)


def test_a_patient_depends_on_no_other(course, group, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 7)
    rows = slice(21, 40)
    some = run_blood(
        MILA,
        days=84,
        patients=group.part(rows),
        rules={"milademetan": "milademetan"},
        seed=5,
        index=np.arange(21, 40),
    )
    for name, counts in some.counts.items():
        assert np.array_equal(counts, course.counts[name][rows])
    mine, theirs = some.taken["milademetan"], course.taken["milademetan"]
    assert np.array_equal(mine.time_h, theirs.time_h[rows], equal_nan=True)
    assert np.array_equal(mine.mg, theirs.mg[rows])
    kept = course.events[course.events["patient"].isin(range(21, 40))]
    columns = ["patient", "day", "drug", "action", "reason", "level"]
    pd.testing.assert_frame_equal(
        some.events[columns].reset_index(drop=True), kept[columns].reset_index(drop=True)
    )


def test_a_shorter_course_is_the_beginning_of_a_longer_one(course, group):
    short = run_blood(MILA, days=30, patients=group, rules={"milademetan": "milademetan"}, seed=5)
    for name, counts in short.counts.items():
        assert np.array_equal(counts, course.counts[name][:, :30])


def test_a_reduced_dose_lowers_the_toxicity(group):
    full = run_blood(MILA, days=56, patients=group, seed=5)
    half = run_blood(MILA.replace("260", "130"), days=56, patients=group, seed=5)
    for name in ("platelets", "neutrophils"):
        assert (half.counts[name].min(axis=1) >= full.counts[name].min(axis=1) - 1e-9).all()


def test_only_the_drug_with_rules_is_held():
    text = "palbociclib 125 mg qd 21/28 + letrozole 2.5 mg qd"
    group = draw_patients(40, ("palbociclib",), 2, "breast")
    run = run_blood(text, days=112, patients=group, rules={"palbociclib": "palbociclib"}, seed=1)
    assert set(run.events["drug"]) == {"palbociclib"}
    assert (run.taken["letrozole"].mg == 2.5).all()


def test_checks_can_be_given(group):
    run = run_blood(
        MILA,
        days=30,
        patients=group,
        rules={"milademetan": "generic"},
        checks=Checks(days=(3,), cycle_days=10),
        seed=5,
    )
    first = run.measured.groupby("row")["day"].min()
    assert (first == 3).mean() > 0.9  # an event may hold the drug before, and is followed weekly


def test_a_later_line_starts_from_the_present_counts(group):
    start = {"platelets": np.full(N, 90.0), "neutrophils": np.full(N, 1.7)}
    run = run_blood("vehicle", days=60, patients=group, seed=5, start=start)
    assert run.counts["platelets"][:, 0] == pytest.approx(90.0)
    assert (run.counts["platelets"][:, 20] > 90.0).all()
    assert run.taken == {}
    with pytest.raises(RpointError, match="platelets"):
        run_blood("vehicle", days=5, patients=group, start={"platelet": np.ones(N)})


def test_no_baseline_below_what_a_trial_admits(course):
    for name, limit in (("neutrophils", 1.5), ("platelets", 100.0), ("haemoglobin", 9.0)):
        assert course.counts[name][:, 0].min() >= limit


@pytest.mark.parametrize(
    "change",
    [
        {"days": 0},
        {"rules": {"palbociclib": "palbociclib"}},
        {"rules": {"milademetan": "palbocicilb"}},
        {"index": np.arange(3)},
        {"start": {"platelets": np.zeros(N)}},
    ],
)
def test_what_a_user_can_mend_is_an_error_of_ours(group, change):
    with pytest.raises(RpointError):
        run_blood(MILA, **{"days": 10, "patients": group, **change})


def test_patients_of_several_draws_are_computed_together(group):
    """Each has what a run with that draw alone would give it."""
    sets = [draw_parameters(1, k) for k in range(3)]
    which = np.arange(N) % 3
    run = run_blood(
        MILA,
        days=40,
        patients=group,
        rules={"milademetan": "milademetan"},
        seed=5,
        parameters=Parameters.of_patients(sets, which),
    )
    alone = run_blood(
        MILA,
        days=40,
        patients=group,
        rules={"milademetan": "milademetan"},
        seed=5,
        parameters=sets[1],
    )
    mine = which == 1
    for name, counts in run.counts.items():
        assert np.array_equal(counts[mine], alone.counts[name][mine])
    assert np.array_equal(
        run.taken["milademetan"].time_h[mine],
        alone.taken["milademetan"].time_h[mine],
        equal_nan=True,
    )
    other = run.other[np.isin(run.other["row"], np.flatnonzero(mine))]
    same = alone.other[np.isin(alone.other["row"], np.flatnonzero(mine))]
    assert other.reset_index(drop=True).equals(same.reset_index(drop=True))
    with pytest.raises(RpointError, match="parameter sets"):
        Parameters.of_patients(sets, which + 1)


def test_patients_are_checked():
    with pytest.raises(RpointError, match="above 0"):
        BloodPatients(2, {"palbociclib": {"CL_F": np.array([1.0, np.nan])}})
    with pytest.raises(RpointError):
        BloodPatients(0)
    with pytest.raises(RpointError, match="one factor a patient"):
        BloodPatients(2, {"palbociclib": {"CL_F": np.ones(3)}})
    with pytest.raises(RpointError, match="tumour"):
        BloodPatients(2, {}, ["breast"])
