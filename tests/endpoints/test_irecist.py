"""iRECIST: published sequences, confirmation, the bar that is reset.

Source: Seymour 2017 (Lancet Oncol 18:e143), tables 2 and 3.
"""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpoint.endpoints.irecist import ibor, irecist
from rpoint.endpoints.sizes import read_sizes
from rpoint.errors import RpointError

VECTORS = [  # table 3; "|": alternatives of one result, "...": any visits between
    (["iCR", "...", "iUPD", "iCPD"], "iCR"),
    (["iUPD", "iPR|iSD|NE", "iCR"], "iCR"),
    (["iUPD", "iPR"], "iPR"),
    (["iUPD", "iSD|NE", "iPR"], "iPR"),
    (["iUPD", "iSD"], "iSD"),
    (["iUPD", "iCPD"], "iCPD"),
    (["iUPD", "iUPD", "iCPD"], "iCPD"),
    (["iUPD", "NE", "NE"], "iUPD"),
]
BETWEEN = "iCR|iPR|iSD|NE|iUPD"


@pytest.mark.parametrize(("sequence", "expected"), VECTORS)
def test_published_best_responses(sequence, expected):
    choices = [word.replace("...", BETWEEN).split("|") for word in sequence]
    for one in itertools.product(*choices):
        assert ibor(one) == expected, one


# Sums (baseline first) that make each of the published sequences, 6 weeks apart.
SUMS = [
    ([100, 0, 0, 10, 20], ["iCR", "iCR", "iUPD", "iCPD"], "iCR"),
    ([100, 125, 60, 0], ["iUPD", "iPR", "iCR"], "iCR"),
    ([100, 125, 100, 0], ["iUPD", "iSD", "iCR"], "iCR"),
    ([100, 125, None, 0], ["iUPD", "NE", "iCR"], "iCR"),
    ([100, 125, 60], ["iUPD", "iPR"], "iPR"),
    ([100, 125, 100, 60], ["iUPD", "iSD", "iPR"], "iPR"),
    ([100, 125, None, 60], ["iUPD", "NE", "iPR"], "iPR"),
    ([100, 125, 100], ["iUPD", "iSD"], "iSD"),
    ([100, 125, 130], ["iUPD", "iCPD"], "iCPD"),
    ([100, 125, 129, 130], ["iUPD", "iUPD", "iCPD"], "iCPD"),
    ([100, 125, None, None], ["iUPD", "NE", "NE"], "iUPD"),
    # 5 mm more than the first iUPD are needed, and 20 % is not asked for again.
    ([100, 125, 129.9], ["iUPD", "iUPD"], "iUPD"),
    # A decrease that is still progression against the nadir stays iUPD.
    ([100, 60, 90, 80], ["iPR", "iUPD", "iUPD"], "iPR"),
    # The bar is reset: the second progression is a first one again.
    ([100, 125, 100, 126, 132], ["iUPD", "iSD", "iUPD", "iCPD"], "iSD"),
    # A response after a confirmed progression does not count.
    ([100, 125, 131, 40], ["iUPD", "iCPD", "iPR"], "iCPD"),
]


def sums(values, gap=42):
    return pd.DataFrame({
        "patient": "A", "day": [gap * k for k in range(len(values))], "sum_mm": values,
        "status": ["NE" if v is None else "" for v in values],
    })  # fmt: skip


@pytest.mark.parametrize(("values", "visits", "expected"), SUMS)
def test_sums_make_the_published_sequences(values, visits, expected):
    judged = irecist(sums(values))
    assert list(judged.visits["iresponse"].astype(str))[1:] == visits
    assert str(judged.best_overall_response().table.loc[0, "bor_any"]) == expected


def lesions(*rows):
    names = ["day", "lesion", "target", "new", "diameter_mm", "status"]
    return read_sizes(pd.DataFrame(rows, columns=names).assign(patient="A"))


def state(*rows):
    return list(irecist(lesions(*rows)).visits["iresponse"].astype(str))[1:]


BASE = [(0, "t", 1, 0, 40.0, "measured"), (0, "x", 0, 0, None, "present")]
FIRST = [(42, "t", 1, 0, 40.0, "measured"), (42, "x", 0, 0, None, "present")]
NEXT = [(84, "t", 1, 0, 40.0, "measured"), (84, "x", 0, 0, None, "present")]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # New lesions: the same, gone, larger (target: 5 mm; others: any), more of them.
        ([("z", 0, 1, 8)], [("z", 0, 1, 8)], ["iUPD", "iUPD"]),
        ([("z", 0, 1, 8)], [("z", 0, 1, 0)], ["iUPD", "iSD"]),
        ([("z", 0, 1, 8)], [("z", 0, 1, 9)], ["iUPD", "iCPD"]),
        ([("z", 1, 1, 12)], [("z", 1, 1, 16.9)], ["iUPD", "iUPD"]),
        ([("z", 1, 1, 12)], [("z", 1, 1, 17)], ["iUPD", "iCPD"]),
        ([("z", 0, 1, 8)], [("z", 0, 1, 8), ("y", 0, 1, 7)], ["iUPD", "iCPD"]),
        # Progression in another category: first the targets, then a new lesion.
        ([("t", 1, 0, 50)], [("t", 1, 0, 50), ("z", 0, 1, 8)], ["iUPD", "iCPD"]),
        ([("z", 0, 1, 8)], [("z", 0, 1, 8), ("t", 1, 0, 50)], ["iUPD", "iCPD"]),
    ],
)
def test_new_lesions_confirm_by_growth_number_or_category(first, second, expected):
    def visit(base, extra):
        named = {row[0] for row in extra}
        day = base[0][0]
        kept = [row for row in base if row[1] not in named]
        return kept + [(day, n, t, new, size, "measured") for n, t, new, size in extra]

    assert state(*BASE, *visit(FIRST, first), *visit(NEXT, second)) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [("progression", "iUPD"), ("increased", "iCPD"), ("present", "iSD"), ("absent", "iSD")],
)
def test_non_target_disease_confirms_by_any_increase(second, expected):
    first = [FIRST[0], (42, "x", 0, 0, None, "progression")]
    # Called increased it is no progression by RECIST; the target keeps the visit open.
    target = (84, "t", 1, 0, 50.0, "measured") if second == "increased" else NEXT[0]
    found = state(*BASE, *first, target, (84, "x", 0, 0, None, second))
    assert found == ["iUPD", expected]


def test_new_lesions_are_never_in_the_sum():
    judged = irecist(lesions(*BASE, *FIRST, (42, "z", 1, 1, 30.0, "measured")))
    assert list(judged.visits["sum_mm"]) == [40.0, 40.0]


def test_growth_seen_too_soon_does_not_confirm():
    values = [100, 125, 140]
    table = sums(values).assign(day=[0, 42, 62])
    judged = irecist(table)
    assert list(judged.visits["iresponse"].astype(str))[1:] == ["iUPD", "iUPD"]
    assert judged.visits["why"].iloc[2] == "too early to confirm"
    assert list(irecist(table, min_confirm_days=20).visits["iresponse"])[2] == "iCPD"


def test_a_confirmed_progression_is_dated_by_its_first_day():
    best = irecist(sums([100, 125, 127, 135])).best_overall_response().table.iloc[0]
    assert best["pd_day"] == 42 and best["icpd_day"] == 126


def test_the_audit_says_what_confirmed():
    text = str(irecist(sums([100, 125, 131])).audit("A"))
    assert "iUPD: first progression" in text
    assert "iCPD: further growth of the targets" in text


def test_words_that_are_none_are_refused():
    with pytest.raises(RpointError, match="unknown iRECIST response 'PD'"):
        ibor(["PD"])
    with pytest.raises(RpointError, match="0 or more"):
        irecist(sums([100, 90]), min_confirm_days=-1)


@settings(max_examples=25)
@given(st.lists(st.floats(0, 200).map(lambda x: round(x, 1)), min_size=1, max_size=7))
def test_a_confirmed_progression_follows_an_unconfirmed_one(values):
    table = sums([50.0, *(value if value == 0 else max(value, 26.0) for value in values)])
    visits = irecist(table).visits
    states = list(visits["iresponse"].astype(str))[1:]
    plain = list(visits["at_visit"].astype(str))[1:]
    for k, word in enumerate(states):
        assert (word in ("iUPD", "iCPD")) == (plain[k] == "PD")
        if word == "iCPD":
            assert states[k - 1] in ("iUPD", "iCPD") and k > 0
