"""Trial files: immutable, versioned, the same whatever their layout; what the models offer."""

from __future__ import annotations

import json
import pickle
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from rpoint.errors import RpointError
from rpoint.trial.read import library_names, library_text, parse_trial, read_trial, trial_of
from rpoint.trial.spec import Trial, Visits
from rpoint.trial.spec.conduct import MONTH_D
from rpoint.trial.spec.cost import SETUP_S, cost
from rpoint.trial.spec.plan import day_ranges, follow_up_months, plan
from rpoint.trial.spec.problems import TrialProblems
from rpoint.trial.spec.rules import rules_in_words
from rpoint.trial.spec.schema import schema_text
from rpoint.trial.spec.template import MAX_ARMS, template


def test_the_shipped_schema_is_that_of_the_models():
    shipped = (files("rpoint.trial.spec") / "schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "run: python -m rpoint.trial.spec.schema"


@pytest.mark.parametrize("name", library_names())
def test_the_schema_takes_the_library(name):
    content = YAML(typ="safe", pure=True).load(library_text(name))
    jsonschema.validate(content, json.loads(schema_text()))


def test_the_schema_refuses_what_the_reader_refuses():
    content = YAML(typ="safe", pure=True).load(library_text("mantra-2"))
    content["visits"]["scan_weeks"] = "8 weeks"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, json.loads(schema_text()))
    content["visits"] = {"scan_weeks": 8, "scan_week": 8}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, json.loads(schema_text()))


@pytest.mark.parametrize("arms", range(1, MAX_ARMS + 1))
def test_the_template_is_right_as_it_stands(arms):
    trial = parse_trial(template("a-trial", arms))
    assert len(trial.arms) == arms and trial.name == "a-trial"
    assert (trial.analysis.contrast is None) == (arms == 1)
    assert plan(trial).arms[0].doses


OPTIONS = (
    "registry",
    "source",
    "growth",
    "resistant_clones",
    "frequencies",
    "visceral",
    "next",
    "crossover",
    "immune",
    "observed_control",
    "until_week",
    "published",
    "facts",
    "notes",
)


def optional(text):
    """The key that a commented line of the template shows, if it shows one."""
    head = text.strip().removeprefix("# ").split(":")[0]
    return head if text.strip().startswith("# ") and head in OPTIONS else None


LINES = {optional(t): n for n, t in enumerate(template("a").splitlines()) if optional(t)}


@pytest.mark.parametrize("head", OPTIONS)
def test_what_the_template_comments_out_is_right_too(head):
    """Each optional key that the template shows can be switched on by taking away its '#'."""
    lines, line = template("a-trial", 2).splitlines(), LINES[head]
    lines[line] = lines[line].replace("# ", "", 1)
    if head == "until_week":
        lines[line + 1] = lines[line + 1].replace("# ", "", 1)
    if head == "observed_control":
        lines = [t for t in lines if 'regimen: "palbociclib' not in t]
        lines = [t for t in lines if "rules: {palbociclib" not in t]
    if head in ("published", "facts"):
        for k in range(line + 1, line + (3 if head == "published" else 2)):
            lines[k] = lines[k].replace("# ", "", 1)
    trial = parse_trial("\n".join(lines))
    assert trial != parse_trial(template("a-trial", 2))


@pytest.mark.parametrize("arms", [0, -1, MAX_ARMS + 1])
def test_a_template_has_a_few_arms(arms):
    with pytest.raises(RpointError, match=f"1 to {MAX_ARMS}"):
        template("a-trial", arms)


def test_a_trial_cannot_be_changed_in_place_but_copied():
    trial = read_trial("mantra-2")
    with pytest.raises(ValidationError):
        trial.name = "other"
    other = trial.changed({"assessment.confirm_weeks": None, "visits.scan_weeks": 12})
    assert other.assessment.confirm_weeks is None and other.visits.scan_weeks == 12
    assert trial.assessment.confirm_weeks == 4 and trial.visits.scan_weeks == 8
    arm = next(iter(trial.arms))
    more = trial.changed({("arms", arm, "patients"): 400})
    assert more.patients == 400 and trial.patients == 40


def test_a_trial_prints_on_one_line_and_as_a_table():
    trial = read_trial("mantra")
    assert repr(trial) == str(trial) == "<Trial mantra: 2 arms, 175 patients>"
    table = trial.to_frame()
    assert table["patients"].tolist() == [86, 89]
    assert table["rules"].tolist() == ["milademetan", "none"]


def test_a_changed_copy_is_checked_as_a_file_is():
    with pytest.raises(TrialProblems, match="scan_weeks") as caught:
        read_trial("mantra-2").changed({"visits.scan_weeks": -1, "dropout.per_month": "x"})
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("name", ["mantra", "pace", "solar-1"])
def test_a_trial_survives_processes_and_mappings(name):
    trial = read_trial(name)
    assert pickle.loads(pickle.dumps(trial)) == trial
    again = trial_of(trial.to_dict())
    assert again == trial and again.digest() == trial.digest()
    assert trial_of(json.loads(json.dumps(trial.to_dict()))).digest() == trial.digest()


def test_the_digest_is_of_the_content_not_of_the_layout():
    text = library_text("mantra-2")
    moved = text.replace("line: 3", "line:    3   # third").replace(
        ": {months: 15}", ":\n  months: 15"
    )
    assert moved != text
    assert parse_trial(moved).digest() == parse_trial(text).digest()
    other = text.replace("months: 15", "months: 16")
    assert parse_trial(other).digest() != parse_trial(text).digest()


def test_problems_survive_a_process():
    with pytest.raises(TrialProblems) as caught:
        parse_trial("name: x", "a.yaml")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and again.problems == caught.value.problems


def test_the_grid_of_scans():
    grid = Visits(scan_weeks=8, until_week=48, then_weeks=12)
    assert [day / 7 for day in grid.scan_days(96)] == [8, 16, 24, 32, 40, 48, 60, 72, 84, 96]
    assert Visits(scan_weeks=6).scan_days(5.9) == ()


@given(
    step=st.integers(1, 20),
    until=st.integers(1, 100),
    then=st.integers(1, 30),
    weeks=st.integers(1, 300),
)
def test_scans_ascend_by_one_of_the_two_intervals(step, until, then, weeks):
    days = Visits(scan_weeks=step, until_week=until, then_weeks=then).scan_days(weeks)
    assert all(day <= 7 * weeks for day in days)
    for before, after in zip((0.0, *days), days, strict=False):
        gap = (after - before) / 7
        assert gap == (then if before / 7 >= until and before > 0 else step)


@given(st.sets(st.integers(1, 60), min_size=1))
def test_ranges_of_days_read_back(days):
    read = []
    for part in day_ranges(sorted(days)).split(", "):
        low, _, high = part.partition("-")
        read += range(int(low), int(high or low) + 1)
    assert read == sorted(days)


def test_the_plan_of_mantra_2():
    ordered = plan(read_trial("mantra-2"))
    (arm,) = ordered.arms
    assert [(d.days, d.dose) for d in arm.doses] == [("1-3, 15-17, 29-31, 43-45", "260 mg")]
    assert ordered.scan_days[:2] == (56.0, 112.0)
    assert ordered.blood_days == (1, 8, 15, 22, 29, 36, 43, 50)


def test_the_plan_of_doses_twice_a_day_and_of_an_observed_control():
    arms = {arm.arm: arm for arm in plan(read_trial("capitello-291")).arms}
    doses = arms["capivasertib+fulvestrant"].doses
    assert (doses[0].drug, doses[0].dose) == ("capivasertib", "2 x 400 mg")
    assert doses[0].days.startswith("1-4, 8-11, 15-18")
    control = plan(read_trial("mantra")).arms[1]
    assert control.doses == () and "2.2" in control.regimen
    assert plan(read_trial("tbcrc-041")).arms[0].after == "at progression: as alisertib+fulvestrant"


def test_dose_rules_in_words():
    words = list(rules_in_words({"palbociclib": "palbociclib"}))
    assert words[0].startswith("palbociclib: dose levels 125, 100, 75 mg")
    assert any("grade 4" in w and "one level lower" in w for w in words)
    own = {"levels": [1.0, 0.5], "counts": [{"analyte": "platelets", "grade": 2, "reduce": 2}]}
    words = list(rules_in_words({"siremadlin": own}))
    assert "siremadlin: dose levels 100, 50 % (written out in the file)" in words
    assert (
        "siremadlin: platelets of grade 2 or worse: hold until grade 2, resume 2 levels lower"
        in words
    )


def test_the_cost_grows_with_patients_replicates_and_doses():
    trial = read_trial("mantra-2")
    one, many = cost(trial), cost(trial, 500)
    assert one.lanes == 40 * 2 * 3
    assert many.cpu_s - SETUP_S == pytest.approx(500 * (one.cpu_s - SETUP_S))
    assert many.disk_mb == pytest.approx(500 * one.disk_mb)
    # 3 of 14 days: 1.5 doses a week, 0.065 ms a lane for a week
    lane_weeks = 240 * one.weeks
    assert one.cpu_s - SETUP_S == pytest.approx(lane_weeks * 0.065e-3, rel=0.01)
    arm = next(iter(trial.arms))
    daily = trial.changed({("arms", arm, "regimen"): "milademetan 90 mg qd"})
    twice = trial.changed({("arms", arm, "regimen"): "milademetan 45 mg bid"})
    assert cost(daily).cpu_s - SETUP_S == pytest.approx(lane_weeks * 0.18e-3, rel=0.01)
    assert cost(twice).cpu_s - SETUP_S == pytest.approx(lane_weeks * 0.31e-3, rel=0.01)
    assert cost(read_trial("mantra")).lanes == 86 * 6  # the observed control runs no cells


def test_how_long_a_patient_is_followed():
    trial = read_trial("mantra-2")
    assert follow_up_months(trial) == 21  # 15 months of enrolment and 6 after the last entry
    assert follow_up_months(trial.changed({"treatment.max_months": 6})) == 6
    assert cost(trial).weeks == pytest.approx(21 * MONTH_D / 7)


def test_wrong_models_cannot_be_made_in_python_either():
    good = read_trial("paloma-2").to_dict()
    good["arms"]["placebo+letrozole"]["patients"] = 0
    with pytest.raises(ValidationError):
        Trial.model_validate(good)
    good["arms"]["placebo+letrozole"]["patients"] = 222
    good["analysis"]["contrast"] = ["palbociclib+letrozole", "nobody"]
    with pytest.raises(ValidationError, match="unknown arm 'nobody'"):
        Trial.model_validate(good)
