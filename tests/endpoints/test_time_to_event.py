"""Times to events: every censoring rule on a patient worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import rpoint as rp
from rpoint.endpoints.time_to_event import ENDPOINTS, time_to_event
from rpoint.errors import RpointError

SUMS = {  # patient: sums at days 0, 50, 100, 150 (None: no scan)
    "progressed": [100, 90, 130, None],
    "died": [100, 90, None, None],
    "alive": [100, 95, 90, 90],
    "switched": [100, 90, 95, None],
    "never": [100, None, None, None],
    "responder": [100, 60, 55, 80],
    "late": [100, 90, None, 150],
}
FACTS = pd.DataFrame(
    [  # patient, death, new therapy, last contact, stop
        ("progressed", 300, 110, 300, 101),
        ("died", 80, None, 80, 60),
        ("alive", None, None, 200, None),
        ("switched", 200, 101, 200, 100),
        ("never", 30, None, 30, 10),
        ("responder", None, None, 160, None),
        ("late", None, None, 150, 150),
        ("unseen", None, None, 20, 15),
    ],
    columns=["patient", "death_day", "new_therapy_day", "last_contact_day", "stop_day"],
)


@pytest.fixture(scope="module")
def found():
    rows = [
        (name, 50 * k, value)
        for name, values in SUMS.items()
        for k, value in enumerate(values)
        if value is not None
    ]
    table = pd.DataFrame(rows, columns=["patient", "day", "sum_mm"])
    sizes = rp.read_sizes(table, patients=FACTS)
    best = rp.recist(sizes).best_overall_response()
    return lambda endpoint, **choices: time_to_event(best, sizes, endpoint, **choices).set_index(
        "patient"
    )


def check(table, expected):
    for patient, (time, event) in expected.items():
        row = table.loc[patient]
        assert (row["time_days"], row["event"]) == (time, event), patient
    assert len(table) == len(expected)


def test_progression_free_survival(found):
    table = found("pfs")
    check(table, {
        "progressed": (100, 1), "died": (80, 1), "alive": (150, 0), "switched": (100, 0),
        "never": (30, 1), "responder": (150, 1), "late": (150, 1), "unseen": (0, 0),
    })  # fmt: skip
    assert table.loc["switched", "reason"] == "new therapy without progression"
    assert table.loc["unseen", "reason"] == "no evaluable scan after the start"
    assert table.loc["died", "reason"] == "death"


def test_a_new_therapy_may_be_ignored_for_a_later_death(found):
    assert tuple(found("pfs", new_therapy="ignore").loc["switched", ["time_days", "event"]]) == (
        200, 1,
    )  # fmt: skip


def test_an_event_after_too_long_a_gap_is_censored_before_it(found):
    row = found("pfs", max_gap_days=90).loc["late"]
    assert (row["time_days"], row["event"]) == (50, 0)
    assert "too long a gap" in row["reason"]
    assert found("pfs", max_gap_days=100).loc["late", "event"] == 1


def test_time_to_progression_censors_deaths(found):
    check(found("ttp"), {
        "progressed": (100, 1), "died": (50, 0), "alive": (150, 0), "switched": (100, 0),
        "never": (0, 0), "responder": (150, 1), "late": (150, 1), "unseen": (0, 0),
    })  # fmt: skip


def test_overall_survival(found):
    check(found("os"), {
        "progressed": (300, 1), "died": (80, 1), "alive": (200, 0), "switched": (200, 1),
        "never": (30, 1), "responder": (160, 0), "late": (150, 0), "unseen": (20, 0),
    })  # fmt: skip


def test_duration_of_response_starts_at_the_response(found):
    check(found("dor"), {"responder": (100, 1)})
    row = found("dor").loc["responder"]
    assert row["start_day"] == 50


def test_time_to_treatment_failure(found):
    check(found("ttf"), {
        "progressed": (101, 1), "died": (60, 1), "alive": (200, 0), "switched": (100, 1),
        "never": (10, 1), "responder": (160, 0), "late": (150, 1), "unseen": (15, 1),
    })  # fmt: skip


def test_the_progression_lies_between_two_scans(found):
    table = found("pfs")
    assert tuple(table.loc["progressed", ["interval_lo", "interval_hi"]]) == (50, 100)
    assert tuple(table.loc["died", ["interval_lo", "interval_hi"]]) == (80, 80)
    assert tuple(table.loc["alive", ["interval_lo", "interval_hi"]]) == (150, np.inf)
    assert (table["interval_lo"] <= table["interval_hi"]).all()


def test_days_count_from_the_first_dose():
    table = pd.DataFrame({"patient": "A", "day": [-10, 57, 107], "sum_mm": [100, 90, 130]})
    people = pd.DataFrame({"patient": ["A"], "first_dose_day": [7.0]})
    sizes = rp.read_sizes(table, patients=people)
    best = rp.recist(sizes).best_overall_response()
    assert time_to_event(best, sizes).loc[0, "time_days"] == 100
    assert str(best.table.loc[0, "bor_any"]) == "SD"  # 50 days, though the table says day 57


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_months_are_30_4375_days(found, endpoint):
    table = found(endpoint)
    assert table["time_months"].to_numpy() == pytest.approx(table["time_days"] / 30.4375)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"endpoint": "pfz"}, "pfs"),
        ({"endpoint": "pfs", "new_therapy": "drop"}, "censor"),
        ({"endpoint": "pfs", "max_gap_days": 0}, "longer than 0"),
    ],
)
def test_unknown_choices_are_refused(found, choices, says):
    with pytest.raises(RpointError, match=says):
        found(**choices)
