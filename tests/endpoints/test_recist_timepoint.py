"""RECIST 1.1 at one visit: the whole truth table, boundaries, nodes, too small, not evaluable.

Sources: Eisenhauer 2009 (Eur J Cancer 45:228), tables 1 and 2; EORTC RECIST questions and answers.
"""

from __future__ import annotations

import pandas as pd
import pytest

from rpoint.endpoints.recist import overall_response, recist
from rpoint.endpoints.sizes import read_sizes

# Table 1, without a new lesion: rows are the target response, columns the non-target one.
NONTARGET = ("none", "CR", "NON-CR/NON-PD", "NE", "PD")
TABLE_1 = {
    "CR": ("CR", "CR", "PR", "PR", "PD"),
    "PR": ("PR", "PR", "PR", "PR", "PD"),
    "SD": ("SD", "SD", "SD", "SD", "PD"),
    "NE": ("NE", "NE", "NE", "NE", "PD"),
    "PD": ("PD", "PD", "PD", "PD", "PD"),
    # Table 2: patients without target lesions.
    "none": ("NE", "CR", "NON-CR/NON-PD", "NE", "PD"),
}
CASES = [
    (target, nontarget, new, "PD" if new else row[column])
    for target, row in TABLE_1.items()
    for column, nontarget in enumerate(NONTARGET)
    for new in (False, True)
]


@pytest.mark.parametrize(("target", "nontarget", "new", "expected"), CASES)
def test_overall_response_is_that_of_the_paper(target, nontarget, new, expected):
    assert overall_response(target, nontarget, new) == expected


def test_the_truth_table_is_whole():
    assert len(CASES) == 60


def judge(sums, **columns):
    days = [42 * k for k in range(len(sums))]
    table = pd.DataFrame({"patient": "A", "day": days, "sum_mm": sums, **columns})
    return list(recist(table).visits["overall"].astype(str))[1:]


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        # EORTC RECIST questions and answers: 80 is 14.3 % above the nadir of 70.
        ([100, 70, 70, 80, 80, 80], ["PR", "PR", "PR", "PR", "PR"]),
        ([50, 10, 13], ["PR", "PR"]),  # +30 % but +3 mm
        ([50, 20, 25], ["PR", "PD"]),  # +25 % and +5 mm over the nadir
        ([50, 20, 24], ["PR", "PR"]),  # +20 % but +4 mm
        ([100, 70], ["PR"]),
        ([100, 70.1], ["SD"]),
        ([100, 120], ["PD"]),
        ([100, 119.9], ["SD"]),
        ([20, 24.9], ["SD"]),  # +24.5 % but +4.9 mm
        ([20, 25], ["PD"]),
        ([25, 30], ["PD"]),  # exactly +20 % and +5 mm
        ([25, 29.9], ["SD"]),
        ([100, 130, 110], ["PD", "SD"]),  # the nadir is the baseline
        ([100, 60, 72], ["PR", "PD"]),  # progression from the nadir, though below baseline
        ([100, 60, 71.9], ["PR", "SD"]),
        ([100, 0, 4.9], ["CR", "PR"]),  # 5 mm above a nadir of 0 are needed
        ([100, 0, 5], ["CR", "PD"]),
        ([70, 49], ["PR"]),  # 49/70 - 1 is -0.30000000000000004
        ([30, 36], ["PD"]),
        # Exact in decimals, short of the threshold in binary: the tolerance decides.
        ([11, 7.7], ["PR"]),
        ([26, 31.2], ["PD"]),
        ([11.4, 16.4], ["PD"]),
        ([0.7 * 3 * 10, 0.7 * 0.7 * 3 * 10], ["PR"]),
        ([100, 100, 100], ["SD", "SD"]),
        ([100, 90, 108], ["SD", "PD"]),
        ([100, 69, 75, 60, 74], ["PR", "SD", "PR", "PD"]),
    ],
)
def test_target_response_at_the_boundaries(sums, expected):
    assert judge(sums) == expected


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("confirmed", ["PR", "SD", "SD"]),
        ("any", ["PR", "PR", "PR"]),
        ("never", ["PR", "SD", "SD"]),
    ],
)
def test_a_partial_response_is_kept_as_asked(keep, expected):
    table = pd.DataFrame({"patient": "A", "day": [0, 42, 84, 126], "sum_mm": [100, 70, 80, 80]})
    assert list(recist(table, keep_pr=keep).visits["overall"])[1:] == expected


def test_a_partial_response_is_not_kept_past_a_progression():
    table = pd.DataFrame({
        "patient": "A", "day": [0, 42, 84, 126, 168], "sum_mm": [100, 70, 70, 84, 80],
    })  # fmt: skip
    assert list(recist(table).visits["overall"])[1:] == ["PR", "PR", "PD", "SD"]


def lesions(*rows):
    """Rows (day, lesion, target, new, node, diameter_mm, status) of one patient."""
    names = ["day", "lesion", "target", "new", "node", "diameter_mm", "status"]
    return pd.DataFrame(rows, columns=names).assign(patient="A")


def last(table, name="overall", **options):
    return recist(read_sizes(table, **options)).visits.iloc[-1][name]


BASE = [(0, "t", 1, 0, 0, 40.0, "measured"), (0, "n", 1, 0, 1, 20.0, "measured")]
EXTRA = (0, "x", 0, 0, 0, None, "present")


@pytest.mark.parametrize(
    ("rows", "target", "overall"),
    [
        # Nodes: below 10 mm is normal, so a complete response has a sum above 0.
        ([(42, "t", 1, 0, 0, 0, "measured"), (42, "n", 1, 0, 1, 9.9, "measured")], "CR", "CR"),
        ([(42, "t", 1, 0, 0, 0, "measured"), (42, "n", 1, 0, 1, 10, "measured")], "PR", "PR"),
        ([(42, "t", 1, 0, 0, None, "absent"), (42, "n", 1, 0, 1, 5, "measured")], "CR", "CR"),
        # Too small to measure counts 5 mm: 5 + 20 = 25 of 60.
        ([(42, "t", 1, 0, 0, None, "too small"), (42, "n", 1, 0, 1, 20, "measured")], "PR", "PR"),
        ([(42, "t", 1, 0, 0, None, "too small"), (42, "n", 1, 0, 1, 4, "measured")], "PR", "PR"),
        # One target not evaluable, or its row missing: no verdict ...
        ([(42, "t", 1, 0, 0, 40, "measured"), (42, "n", 1, 0, 1, None, "NE")], "NE", "NE"),
        ([(42, "t", 1, 0, 0, 10, "measured")], "NE", "NE"),
        # ... unless what is left has progressed by itself: 72 is 20 % above 60.
        ([(42, "t", 1, 0, 0, 72, "measured"), (42, "n", 1, 0, 1, None, "NE")], "PD", "PD"),
        ([(42, "t", 1, 0, 0, 71.9, "measured")], "NE", "NE"),
        # A new lesion is progression whatever the targets do, evaluable or not.
        ([(42, "t", 1, 0, 0, 10, "measured"), (42, "n", 1, 0, 1, 5, "measured"),
          (42, "z", 0, 1, 0, 8, "measured")], "PR", "PD"),
        ([(42, "t", 1, 0, 0, 10, "measured"), (42, "z", 0, 1, 0, None, "present")], "NE", "PD"),
        # An equivocal new lesion is not.
        ([(42, "t", 1, 0, 0, 40, "measured"), (42, "n", 1, 0, 1, 20, "measured"),
          (42, "z", 0, 1, 0, 6, "equivocal")], "SD", "SD"),
        # A new node below 10 mm is normal.
        ([(42, "t", 1, 0, 0, 40, "measured"), (42, "n", 1, 0, 1, 20, "measured"),
          (42, "z", 0, 1, 1, 9, "measured")], "SD", "SD"),
        ([(42, "t", 1, 0, 0, 40, "measured"), (42, "n", 1, 0, 1, 20, "measured"),
          (42, "z", 0, 1, 1, 11, "measured")], "SD", "PD"),
    ],
)  # fmt: skip
def test_lesions_nodes_and_what_cannot_be_measured(rows, target, overall):
    table = lesions(*BASE, *rows)
    assert last(table, "target") == target
    assert last(table) == overall


GONE = [(42, "t", 1, 0, 0, 0, "measured"), (42, "n", 1, 0, 1, 5, "measured")]
SAME = [(42, "t", 1, 0, 0, 40, "measured"), (42, "n", 1, 0, 1, 20, "measured")]


@pytest.mark.parametrize(
    ("rows", "nontarget", "overall"),
    [
        ([*GONE, (42, "x", 0, 0, 0, None, "absent")], "CR", "CR"),
        ([*GONE, (42, "x", 0, 0, 0, None, "present")], "NON-CR/NON-PD", "PR"),
        ([*GONE, (42, "x", 0, 0, 0, None, "not evaluable")], "NE", "PR"),
        (GONE, "NE", "PR"),  # a row left out is not evaluated
        ([*GONE, (42, "x", 0, 0, 0, None, "progression")], "PD", "PD"),
        ([*SAME, (42, "x", 0, 0, 0, None, "absent")], "CR", "SD"),
        ([*SAME, (42, "x", 0, 0, 0, None, "increased")], "NON-CR/NON-PD", "SD"),
        ([*SAME, (42, "x", 0, 0, 0, None, "unequivocal progression")], "PD", "PD"),
        # Growth of a measured non-target lesion is no progression: that is a judgement.
        ([*SAME, (42, "x", 0, 0, 0, 90, "measured")], "NON-CR/NON-PD", "SD"),
    ],
)
def test_non_target_disease(rows, nontarget, overall):
    table = lesions(*BASE, EXTRA, *rows)
    assert last(table, "nontarget") == nontarget
    assert last(table) == overall


def test_a_non_target_node_is_gone_below_10_mm():
    table = lesions(*BASE, (0, "x", 0, 0, 1, 12, "measured"), *GONE,
                    (42, "x", 0, 0, 1, 9.9, "measured"))  # fmt: skip
    assert last(table, "nontarget") == "CR"
    assert last(table) == "CR"


def test_an_equivocal_lesion_counts_from_its_first_day_once_it_is_sure():
    table = lesions(
        *BASE, *SAME, (42, "z", 0, 1, 0, 6, "equivocal"),
        *[(84, *row[1:]) for row in SAME], (84, "z", 0, 1, 0, 14, "measured"),
    )  # fmt: skip
    assert list(recist(read_sizes(table)).visits["overall"])[1:] == ["PD", "PD"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [("absent", "CR"), ("present", "NON-CR/NON-PD"), ("NE", "NE"), ("progression", "PD")],
)
def test_patients_without_target_lesions(state, expected):
    table = lesions(EXTRA, (42, "x", 0, 0, 0, None, state))
    assert last(table) == expected
    assert last(table, "target") == ""


def test_nodes_that_vary_below_10_mm_stay_a_complete_response():
    table = lesions(
        (0, "n", 1, 0, 1, 20, "measured"), (42, "n", 1, 0, 1, 3, "measured"),
        (84, "n", 1, 0, 1, 9, "measured"),
    )  # fmt: skip
    assert last(table) == "CR"  # +6 mm and +200 % over the nadir, but normal


def test_the_sum_holds_targets_alone_and_the_nadir_complete_sums_alone():
    table = lesions(
        *BASE, EXTRA,
        (42, "t", 1, 0, 0, 20, "measured"), (42, "n", 1, 0, 1, None, "NE"),
        (84, "t", 1, 0, 0, 40, "measured"), (84, "n", 1, 0, 1, 20, "measured"),
        (84, "z", 0, 1, 0, 30, "measured"),
    )  # fmt: skip
    visits = recist(read_sizes(table)).visits
    assert list(visits["sum_mm"].fillna(-1)) == [60, -1, 60]
    assert visits["nadir_mm"].iloc[2] == 60


def test_scans_before_baseline_are_kept_and_not_judged():
    table = pd.DataFrame({
        "patient": "A", "day": [-60, -3, 40], "sum_mm": [30.0, 50.0, 52.0],
    })  # fmt: skip
    visits = recist(table).visits
    assert list(visits["phase"]) == ["before", "baseline", "treatment"]
    assert list(visits["overall"]) == ["", "", "SD"]
    assert visits["nadir_mm"].iloc[2] == 50  # the smaller sum before baseline does not count


def test_every_verdict_names_its_rule_and_its_numbers():
    table = pd.DataFrame({
        "patient": "A", "day": [0, 42, 84, 126], "sum_mm": [50, 20, 20, 25], "new": [0, 0, 0, 0],
    })  # fmt: skip
    text = str(recist(table).audit("A"))
    assert "day 126: sum 25.0 mm" in text
    assert "+25.0 % and +5.0 mm from the nadir (20.0 mm)" in text
    assert "PD: sum at least 20 % and 5 mm above the nadir" in text
    assert "confirmed on day 84 (42 days later)" in text
