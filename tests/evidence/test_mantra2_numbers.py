"""MANTRA-2 numbers: what is printed, what is judged, what waits."""

import json

import numpy as np
import pytest

from rpoint.evidence import mantra2_numbers
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import judge
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells

LAB = Lab(Cells(np.full(3, 1 / 3)))


def verdict(claim):
    return judge(claims()[claim], EXPERIMENTS[claim].judge(LAB), LAB.weights, 0.0)


def shown(claim):
    return {check.quantity: float(check.values) for check in verdict(claim).finding.beside}


def change(monkeypatch, *path, to):
    changed = json.loads(json.dumps(mantra2_numbers.facts()))
    entry = changed
    for step in path[:-1]:
        entry = entry[step]
    entry[path[-1]] = to
    monkeypatch.setattr(mantra2_numbers, "facts", lambda: changed)


@pytest.mark.parametrize("claim", ["C5", "C6", "C7", "C8", "C9", "C14"])
def test_what_needs_trials_waits_and_shows_its_numbers(claim):
    found = verdict(claim)
    assert found.verdict == "waiting" and found.finding.waiting.startswith("trials: ")
    assert found.finding.beside and claims()[claim].waits == "trials"


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
    assert shown("C7")["6/31 prints as 19.4 (1: yes)"] == 1
    assert shown("C8")["confirmed + unconfirmed partial - any"] == 0


def test_a_count_that_prints_otherwise_is_seen(monkeypatch):
    change(monkeypatch, "counts", "any_response", "value", to=7)
    assert shown("C7")["6/31 prints as 19.4 (1: yes)"] == 0
    assert shown("C8")["confirmed + unconfirmed partial - any"] == -1


def test_nine_of_forty_without_central_confirmation():
    assert shown("C6")["without central confirmation"] == 22.5


def test_confirmation_and_vanished_targets_follow_recist():
    eight = shown("C8")
    assert eight["made-up responders, any"] == 6 and eight["made-up responders, confirmed"] == 1
    nine = shown("C9")
    assert nine["change of the target sum"] == -100
    assert [nine[key] for key in nine if "yes" in key] == [1, 1, 1, 0]


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
