"""MANTRA-2 numbers: what is printed and what follows from it."""

import json

import numpy as np

from rpoint.endpoints.best_response import best_response
from rpoint.evidence import mantra2_numbers, mantra2_responses
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import judge
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells

LAB = Lab(Cells(np.full(3, 1 / 3)))


def verdict(claim):
    return judge(claims()[claim], EXPERIMENTS[claim].judge(LAB), LAB.weights, 0.0)


def change(monkeypatch, *path, to):
    changed = json.loads(json.dumps(mantra2_numbers.facts()))
    entry = changed
    for step in path[:-1]:
        entry = entry[step]
    entry[path[-1]] = to
    monkeypatch.setattr(mantra2_numbers, "facts", lambda: changed)


def test_any_and_confirmed_response_side_by_side():
    rows = mantra2_numbers.rate_rows()
    assert [row["rate"] for row in rows if row["of"].startswith("efficacy")] == [
        "6/31 = 19.35 % (7.45–37.47)", "1/31 = 3.23 % (0.08–16.70)", "5/31 = 16.13 % (5.45–33.73)",
    ]  # fmt: skip
    assert {row["response"] for row in rows} == {"any response", "confirmed",
                                                 "partial, not confirmed"}  # fmt: skip
    any_, confirmed = (mantra2_numbers.rate(n) for n in ("any_response", "confirmed_response"))
    assert any_.text() == "6/31 = 19.4 % (7.5–37.5)"
    assert confirmed.text() == "1/31 = 3.2 % (0.1–16.7)"


def test_a_count_that_prints_otherwise_is_seen(monkeypatch):
    six = mantra2_responses.printed("any", 6, 31)
    assert six.holds(1).all() and not mantra2_responses.printed("any", 7, 31).holds(1).any()
    low, high = mantra2_responses.exact_limits("any_response", "any", (7.45, 37.47))
    assert low.holds(1).all() and high.holds(1).all()
    change(monkeypatch, "counts", "any_response", "value", to=7)
    low, _ = mantra2_responses.exact_limits("any_response", "any", (7.45, 37.47))
    assert not low.holds(1).any()


def test_confirmation_and_vanished_targets_follow_recist():
    orr = best_response(mantra2_numbers.confirmation_patients()).orr(of="all")
    assert (orr.any.x, orr.confirmed.x) == (6, 1)
    assert mantra2_numbers.all_gone("absent") == ("CR", -100.0)
    assert mantra2_numbers.all_gone("present") == ("PR", -100.0)
    assert mantra2_numbers.vanished("absent", 9.0) == "CR"
    assert mantra2_numbers.vanished("absent", 10.0) != "CR"


def test_types_of_responders_are_judged(monkeypatch):
    assert verdict("C13").verdict == "reproduced"
    change(monkeypatch, "interim", 1, "change", to=-29)
    assert verdict("C13").verdict == "missed"


def test_two_types_are_not_several(monkeypatch):
    change(monkeypatch, "best_change", "tumour", to="lung")
    assert verdict("C13").verdict == "missed"


def test_every_fact_has_a_grade_and_a_source():
    facts = mantra2_numbers.facts()
    rows = [*facts["trial"].values(), *facts["counts"].values(), *facts["interim"],
            facts["best_change"], facts["response_duration"]]  # fmt: skip
    for row in rows:
        assert row["source"] in facts["sources"] and row["grade"] in ("read", "secondary")
        if "value" in row:
            assert (row["value"] is None) == ("reason" in row)
