"""Verdict logic on hand-made findings: each word can be reached, and only when it is due."""

import json

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.evidence._weighted import quantiles, share
from rpoint.evidence.findings import REQUIRED_SHARE, Check, Criterion, Finding, judge
from rpoint.evidence.registry import claims

SETS = 10
WEIGHTS = np.full(SETS, 1 / SETS)


def check(holding, sets=SETS):
    """A check that holds in the first `holding` sets."""
    return Check("level", np.where(np.arange(sets) < holding, 2.0, 1.0), Criterion(">=", 2.0))


def word(claim, **finding):
    return judge(claims()[claim], Finding(ran="", **finding), WEIGHTS, 0.0).verdict


def test_a_claim_needs_acceptance_and_falsifier_in_the_same_sets():
    assert word("A4", acceptance=[check(8)], falsifier=[check(9)]) == "reproduced"
    assert word("A4", acceptance=[check(8)], falsifier=[check(7)]) == "missed"
    late = Check("late", np.where(np.arange(SETS) >= 1, 2.0, 1.0), Criterion(">=", 2.0))
    assert word("A4", acceptance=[check(8)], falsifier=[late]) == "missed"  # 7 sets hold both


def test_every_acceptance_criterion_counts():
    assert word("A4", acceptance=[check(10), check(7)]) == "missed"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("A3", "reproduced with correction"),
        ("C4", "reproduced under a stated assumption"),
        ("E7", "predicted"),
        ("A4", "reproduced"),
    ],
)
def test_a_claim_that_holds_gets_its_own_word(claim, expected):
    assert word(claim, acceptance=[check(10)]) == expected


def test_a_literal_statement_that_must_fail_and_holds_makes_a_miss():
    finding = {"acceptance": [check(10)], "literal": check(10)}
    assert word("A3", **finding, literal_must_fail=True) == "missed"
    assert word("A3", **finding) == "reproduced with correction"
    assert word("A3", acceptance=[check(10)], literal=check(2), literal_must_fail=True).startswith(
        "rep"
    )


def test_waiting_not_testable_and_corrected():
    assert judge(claims()["C7"], None, WEIGHTS, 0.0).verdict == "waiting"
    assert word("E1", beside=[check(10)], waiting="trials") == "waiting"
    assert word("A4", beside=[check(10)]) == "not testable"
    assert judge(claims()["D13"], None, WEIGHTS, 0.0).verdict == "corrected"


def test_a_failed_simulation_counts_against_the_claim():
    values = np.where(np.arange(SETS) < 3, np.nan, 5.0)
    assert word("A4", acceptance=[Check("x", values, Criterion(">=", 1.0))]) == "missed"


def test_facts_are_scalars_that_hold_everywhere_or_nowhere():
    fact = Check("count", np.array(4.0), Criterion(">=", 4.0, "published"))
    verdict = judge(claims()["B9"], Finding(ran="", acceptance=[fact]), WEIGHTS, 0.0)
    assert (verdict.verdict, verdict.share) == ("reproduced", 1.0)


def test_record_has_the_fixed_keys_and_is_strict_json():
    values = np.where(np.arange(SETS) < 9, np.inf, np.nan)
    finding = Finding(
        ran="run", acceptance=[Check("x", values, Criterion(">=", 1.0))], falsifier=[check(10)]
    )
    record = judge(claims()["A4"], finding, WEIGHTS, 1.5).record()
    fixed = ["id", "study", "verdict", "observed", "acceptance", "falsifier", "seconds"]
    assert list(record)[:7] == fixed
    assert record["study"] == "Vilgelm 2019"
    assert record["observed"][0]["median"] == "inf"
    assert record["acceptance"]["criteria"][0]["share"] == pytest.approx(0.9)
    json.dumps(record, allow_nan=False)


@pytest.mark.parametrize(
    ("operator", "threshold", "holds"),
    [(">=", 2, [0, 1, 1]), (">", 2, [0, 0, 1]), ("<=", 2, [1, 1, 0]), ("<", 2, [1, 0, 0]),
     ("within", (1, 2), [1, 1, 0])],
)  # fmt: skip
def test_operators(operator, threshold, holds):
    values = np.array([1.0, 2.0, 3.0, np.nan])
    assert Criterion(operator, threshold).holds(values).tolist() == [*map(bool, holds), False]


def test_unknown_operator_and_origin_are_refused():
    with pytest.raises(RpointError, match="operator"):
        Criterion("=>", 1.0)
    with pytest.raises(RpointError, match="origin"):
        Criterion(">=", 1.0, "rumour")


def test_weighted_median_is_the_sample_median_for_equal_weights():
    rng = np.random.default_rng(1)
    for size in (5, 8):
        values = rng.normal(size=size)
        median = quantiles(values, np.ones(size), (0.5,))[0]
        assert median == pytest.approx(np.median(values))


def test_weights_move_shares_and_quantiles():
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 8.0])
    assert share(values >= 3, weights) == pytest.approx(0.8)
    assert quantiles(values, weights, (0.5,))[0] == 3.0
    assert np.isnan(quantiles(np.full(3, np.nan), weights)).all()
    assert np.isnan(share(values > 0, weights, values > 5))


def test_the_required_share_is_stated_once():
    assert REQUIRED_SHARE == 0.8
