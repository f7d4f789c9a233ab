"""Best overall response: the confirmation table of RECIST 1.1, independent vectors, properties."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rpoint as rp
from rpoint.endpoints.best_response import best_response
from rpoint.errors import RpointError

MET, NOT_MET = (42, 84), (21, 35)  # days of the two visits; 42 days make a stable disease


def best(sequence, days, which="confirmed", **choices):
    visits = pd.DataFrame({"patient": "A", "day": days, "response": sequence})
    return str(best_response(visits, **choices).table.loc[0, f"bor_{which}"])


@pytest.mark.parametrize(
    ("first", "next_", "met", "not_met"),
    [  # Eisenhauer 2009, table 3: best response if the minimum for SD was met, and if it was not
        ("CR", "CR", "CR", None),
        ("CR", "SD", "SD", "PD"),
        ("CR", "PD", "SD", "PD"),
        ("CR", "NE", "SD", "NE"),
        ("PR", "CR", "PR", None),
        ("PR", "PR", "PR", None),
        ("PR", "SD", "SD", "NE"),
        ("PR", "PD", "SD", "PD"),
        ("PR", "NE", "SD", "NE"),
        ("NE", "NE", "NE", "NE"),
        ("SD", "PD", "SD", "PD"),
        ("NE", "CR", "SD", None),
        ("NE", "SD", "SD", "NE"),
    ],
)
def test_confirmation_table_of_the_paper(first, next_, met, not_met):
    assert best([first, next_], MET) == met
    if not_met is not None:
        assert best([first, next_], NOT_MET) == not_met


@pytest.mark.parametrize(
    ("after_cr", "days", "expected"),
    [  # the note to table 3: CR, then PR
        ("pd", MET, "SD"),
        ("pd", NOT_MET, "PD"),
        ("pr", MET, "PR"),
        ("as-read", MET, "SD"),
    ],
)
def test_disease_after_a_complete_response_is_read_as_asked(after_cr, days, expected):
    assert best(["CR", "PR"], days, after_cr=after_cr) == expected


@pytest.mark.parametrize(
    ("sequence", "days", "choices", "expected"),
    [
        (["PR", "SD", "PR"], (42, 84, 126), {}, "SD"),
        (["PR", "SD", "PR"], (42, 84, 126), {"allow_sd_between": True}, "PR"),
        (["PR", "SD", "SD", "PR"], (42, 84, 126, 168), {"allow_sd_between": True}, "SD"),
        (["PR", "NE", "PR"], (42, 84, 126), {}, "PR"),
        (["PR", "NE", "PR"], (42, 84, 126), {"max_not_evaluable": 0}, "SD"),
        (["PR", "NE", "NE", "PR"], (42, 84, 126, 168), {}, "SD"),
        (["PR", "NE", "NE", "PR"], (42, 84, 126, 168), {"max_not_evaluable": 2}, "PR"),
        (["PR", "PR"], (42, 69), {}, "SD"),  # 27 days
        (["PR", "PR"], (42, 70), {}, "PR"),  # 28 days
        (["PR", "PR", "PR"], (42, 60, 75), {}, "PR"),  # the third confirms the first
        (["PR", "PR"], (42, 70), {"confirm_days": 42}, "SD"),
        (["CR", "NE", "CR"], (42, 84, 126), {}, "CR"),
        (["PR", "CR", "CR"], (42, 84, 126), {}, "CR"),
        (["PR", "CR", "PD"], (42, 84, 126), {}, "PR"),
        (["SD", "PD", "PR", "PR"], (42, 84, 126, 168), {}, "SD"),
        (["PD", "CR", "CR"], (42, 84, 126), {}, "PD"),
        (["NON-CR/NON-PD", "PD"], (42, 84), {}, "NON-CR/NON-PD"),
        (["NON-CR/NON-PD", "PD"], (21, 84), {}, "PD"),
        (["SD"], (41,), {}, "NE"),
        (["SD"], (42,), {}, "SD"),
        (["SD"], (41,), {"min_sd_days": 35}, "SD"),
    ],
)
def test_what_confirms_and_what_does_not(sequence, days, choices, expected):
    assert best(sequence, days, **choices) == expected


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        (["PR", "PD"], "PR"), (["CR", "PD"], "CR"), (["SD", "PR", "PD"], "PR"),
        (["SD", "PD"], "SD"), (["PD", "PR"], "PD"), (["NE", "NE"], "NE"), (["PR", "CR"], "CR"),
    ],
)  # fmt: skip
def test_unconfirmed_best_response(sequence, expected):
    days = [42 * (k + 1) for k in range(len(sequence))]
    assert best(sequence, days, "any") == expected


# Unit tests of pharmaverse/admiralonco (Apache-2.0), commit 83370b1289b2.
START = {1: "2020-01-01", 2: "2019-12-12", 3: "2019-11-11", 4: "2019-12-30", 5: "2020-01-01",
         6: "2020-02-02", 7: "2020-02-02", 8: "2020-04-01", 9: "2020-02-01"}  # fmt: skip
NN = "NON-CR/NON-PD"
ASSESSED = {
    1: [("2020-01-01", "PR"), ("2020-02-01", "CR"), ("2020-02-16", "NE"), ("2020-03-01", "CR"),
        ("2020-04-01", "SD")],
    2: [("2020-01-01", "SD"), ("2020-02-01", "PR"), ("2020-03-01", "SD"), ("2020-03-13", "CR")],
    3: [("2019-11-12", "CR"), ("2019-12-02", "CR"), ("2020-01-01", "SD")],
    4: [("2020-01-01", "PR"), ("2020-03-01", "SD"), ("2020-04-01", "SD"), ("2020-05-01", "PR"),
        ("2020-05-15", NN)],
    5: [("2020-01-01", "PR"), ("2020-01-10", "SD"), ("2020-01-20", "PR"), ("2020-05-15", NN)],
    6: [("2020-02-06", "PR"), ("2020-02-16", "CR"), ("2020-03-30", "PR")],
    7: [("2020-02-06", "PR"), ("2020-02-16", "CR"), ("2020-04-01", "NE")],
    8: [],
    9: [("2020-02-16", "PD"), ("2020-03-06", "SD")],
}  # fmt: skip


def day(text):
    return (dt.date.fromisoformat(text) - dt.date(2019, 1, 1)).days


def vectors(replaced=None, patients=range(1, 10), **choices):
    assessed = ASSESSED | (replaced or {})
    rows = [(k, day(d), r) for k in patients for d, r in assessed[k]]
    visits = pd.DataFrame(rows, columns=["patient", "day", "response"])
    people = pd.DataFrame({
        "patient": list(patients), "first_dose_day": [day(START[k]) for k in patients],
    })  # fmt: skip
    return best_response(visits, people, after_cr="as-read", **choices).table.set_index("patient")


def expect(table, name, expected):
    for patient, (when, response) in expected.items():
        assert str(table.loc[patient, name]) == response, patient
        found = table.loc[patient, f"{name}_day"]
        assert np.isnan(found) if when is None else found == day(when), patient


def test_confirmed_best_response_of_admiralonco():
    table = vectors(min_sd_days=28, confirm_days=28, max_not_evaluable=1, missing_as_ne=False)
    expect(table, "bor_confirmed", {
        1: ("2020-02-01", "CR"), 2: ("2020-02-01", "SD"), 3: ("2020-01-01", "SD"),
        4: ("2020-03-01", "SD"), 5: ("2020-05-15", NN), 6: ("2020-03-30", "SD"),
        7: ("2020-02-06", "NE"), 8: (None, "MISSING"), 9: ("2020-02-16", "PD"),
    })  # fmt: skip


def test_confirmed_best_response_of_admiralonco_with_sd_allowed():
    table = vectors(
        {7: [("2020-04-02", "ND")]}, min_sd_days=28, confirm_days=14, max_not_evaluable=0,
        allow_sd_between=True,
    )  # fmt: skip
    expect(table, "bor_confirmed", {
        1: ("2020-01-01", "PR"), 2: ("2020-02-01", "PR"), 3: ("2019-11-12", "CR"),
        4: ("2020-03-01", "SD"), 5: ("2020-01-01", "PR"), 6: ("2020-03-30", "SD"),
        7: ("2020-04-02", "ND"), 8: (None, "NE"), 9: ("2020-02-16", "PD"),
    })  # fmt: skip


def test_unconfirmed_best_response_of_admiralonco():
    table = vectors(patients=range(1, 9), min_sd_days=28, missing_as_ne=False)
    expect(table, "bor_any", {
        1: ("2020-02-01", "CR"), 2: ("2020-03-13", "CR"), 3: ("2019-11-12", "CR"),
        4: ("2020-01-01", "PR"), 5: ("2020-01-01", "PR"), 6: ("2020-02-16", "CR"),
        7: ("2020-02-16", "CR"), 8: (None, "MISSING"),
    })  # fmt: skip


def test_confirmed_response_of_admiralonco():
    found = vectors(confirm_days=28)["confirmed_response_day"]
    assert found[1] == day("2020-01-01")
    assert found.drop(index=1).isna().all()


def test_visits_after_a_new_therapy_do_not_count():
    visits = pd.DataFrame({"patient": "A", "day": [42, 84, 126], "response": ["SD", "PR", "PR"]})
    people = pd.DataFrame({"patient": ["A"], "new_therapy_day": [60.0]})
    table = best_response(visits, people).table
    assert str(table.loc[0, "bor_any"]) == "SD"
    assert table.loc[0, "end_of_assessment"] == "new therapy"


def test_six_and_one_of_31_print_as_published():
    """MANTRA-2: 19.4 % (7.5 to 37.5) and 3.2 % (0.1 to 16.7) from one table of sums."""
    rows = []
    for k in range(31):
        sums = [100, 65, 60 if k == 0 else 90] if k < 6 else [100, 95, 130]
        rows += [(f"P{k}", 56 * j, s) for j, s in enumerate(sums)]
    table = pd.DataFrame(rows, columns=["patient", "day", "sum_mm"])
    orr = rp.recist(rp.read_sizes(table)).best_overall_response(confirm_weeks=4).orr()
    assert orr.text("any") == "6/31, 19.4 % (7.5–37.5)"
    assert orr.text("confirmed") == "1/31, 3.2 % (0.1–16.7)"
    assert str(orr) == "any 6/31, 19.4 % (7.5–37.5); confirmed 1/31, 3.2 % (0.1–16.7)"


def test_denominators_are_the_evaluable_and_all():
    table = pd.DataFrame({
        "patient": ["A", "A", "A", "B", "B"], "day": [0, 42, 84, 0, 42],
        "sum_mm": [100, 60, 60, 100, None], "status": ["", "", "", "", "NE"],
    })  # fmt: skip
    people = pd.DataFrame({"patient": ["A", "B", "C"]})
    found = rp.recist(rp.read_sizes(table, patients=people)).best_overall_response()
    assert (found.orr().any.x, found.orr().any.n) == (1, 1)
    assert (found.orr(of="all").confirmed.x, found.orr(of="all").confirmed.n) == (1, 3)
    assert list(found.table["patient"]) == ["A", "B", "C"]
    empty = rp.recist(rp.read_sizes(table.iloc[3:])).orr()
    assert empty.any.n == 0 and np.isnan(empty.any.percent)
    assert empty.text("any") == "0/0, no rate"


@pytest.mark.parametrize(
    "choices",
    [{"after_cr": "sd"}, {"confirm_days": -1}, {"min_sd_days": float("nan")},
     {"max_not_evaluable": True}],
)  # fmt: skip
def test_choices_that_are_none_are_refused(choices):
    with pytest.raises(RpointError):
        best(["PR", "PR"], MET, **choices)


@pytest.mark.parametrize(
    ("visits", "says"),
    [
        ({"patient": ["A"], "day": [1], "response": ["XX"]}, "unknown response 'XX'"),
        ({"patient": ["A"], "day": [1]}, "unknown column 'response'"),
        ({"patient": ["A", "A"], "day": [1, 1], "response": ["PR", "PR"]}, "two responses"),
        ({"patient": ["A"], "day": [1], "response": [None]}, "a response is blank"),
    ],
)
def test_visits_that_cannot_be_used_are_refused(visits, says):
    with pytest.raises(RpointError, match=says):
        best_response(pd.DataFrame(visits))


# ----------------------------------------------------------------------------- properties

ORDER = ["CR", "PR", "SD", NN, "NE", "PD"]  # best first
SEQUENCES = st.lists(st.sampled_from(["CR", "PR", "SD", "PD", "NE"]), min_size=1, max_size=8)


@settings(max_examples=25)
@given(SEQUENCES, st.integers(0, 8), st.sampled_from(["pd", "as-read"]), st.booleans())
def test_adding_a_progression_never_improves_a_best_response(sequence, at, after_cr, allow):
    days = [30 * (k + 1) for k in range(len(sequence))]
    worse_days = sorted([*days, 30 * at + 15])
    worse = [*sequence[:at], "PD", *sequence[at:]][: len(worse_days)]
    if at > len(sequence):
        worse = [*sequence, "PD"]
    choices = {"after_cr": after_cr, "allow_sd_between": allow}
    for which in ("any", "confirmed"):
        before = ORDER.index(best(sequence, days, which, **choices))
        assert ORDER.index(best(worse, worse_days, which, **choices)) >= before


@settings(max_examples=25)
@given(SEQUENCES)
def test_a_confirmed_response_is_never_better_than_an_unconfirmed_one(sequence):
    days = [30 * (k + 1) for k in range(len(sequence))]
    confirmed = ORDER.index(best(sequence, days))
    assert confirmed >= ORDER.index(best(sequence, days, "any"))


@settings(max_examples=25)
@given(SEQUENCES, st.integers(0, 60))
def test_asking_for_a_later_confirmation_never_makes_a_response(sequence, more):
    days = [25 * (k + 1) for k in range(len(sequence))]
    soon = best(sequence, days, confirm_days=28)
    late = best(sequence, days, confirm_days=28 + more)
    assert ORDER.index(late) >= ORDER.index(soon)


@settings(max_examples=15)
@given(st.lists(SEQUENCES, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_patients_do_not_touch_each_other_and_rows_may_come_in_any_order(many, random):
    rows = [
        (f"P{p}", 30 * (k + 1), word)
        for p, sequence in enumerate(many)
        for k, word in enumerate(sequence)
    ]
    alone = [best(s, [30 * (k + 1) for k in range(len(s))]) for s in many]
    random.shuffle(rows)
    visits = pd.DataFrame(rows, columns=["patient", "day", "response"])
    assert list(best_response(visits).table["bor_confirmed"].astype(str)) == alone
