"""Tables of studies: what is recognised, and every wrong row by its line."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.stats import count_text, meta_table
from rpoint.stats.count_text import parse_counts, parse_words
from rpoint.stats.meta_table import meta_of, regression_of
from rpoint.stats.study_table import read_studies

GOOD = "study,x,n\nA,1,10\nB,2,20\nC,5,30\n"


def write(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("study,x,n", "proportion"),
        ("Trial,Events,Patients", "proportion"),
        ("author,xi,ni", "proportion"),
        ("study,y,v", "effect"),
    ],
)
def test_kinds_and_names(tmp_path, header, kind):
    found = read_studies(write(tmp_path, f"{header}\nA,1,10\nB,2,20\n"))
    assert found.kind == kind and found.frame["study"].tolist() == ["A", "B"]


def test_two_groups_come_before_proportions(tmp_path):
    found = read_studies(write(tmp_path, "study,x1,n1,x2,n2,n\nA,1,9,2,9,18\nB,1,8,0,7,15\n"))
    assert found.kind == "two groups" and found.frame["x2"].tolist() == [2, 0]


def test_the_form_of_the_file_does_not_matter(tmp_path):
    plain = read_studies(write(tmp_path, GOOD)).frame
    frame = pd.DataFrame({"study": list("ABC"), "x": [1, 2, 5], "n": [10, 20, 30]})
    frame.to_parquet(tmp_path / "t.parquet")
    others = [
        read_studies(tmp_path / "t.parquet").frame,
        read_studies(frame).frame,
        read_studies(write(tmp_path, GOOD.replace(",", ";"), "semicolon.csv")).frame,
        read_studies(write(tmp_path, "\ufeff" + GOOD + "\n\n", "bom.csv")).frame,
    ]
    for other in others:
        assert (
            other[["study", "x", "n"]].values.tolist() == plain[["study", "x", "n"]].values.tolist()
        )


def test_every_wrong_row_is_told_at_once_with_its_line(tmp_path):
    text = "study,x,n\nA,11,10\nB,-1,20\nC,1.5,30\nA,1,0\n,2,9\nD,,9\nE,two,9\n"
    with pytest.raises(RpointError) as caught:
        read_studies(write(tmp_path, text))
    message = str(caught.value)
    for part in (
        "line 2: x = 11 is more than n = 10",
        "line 3: x = -1 is negative",
        "line 4: x = 1.5 is not a whole number",
        "line 5: n = 0",
        "line 5: A is there already (line 2)",
        "line 6: the name of the study is missing",
        "line 7: x is missing",
        "line 8: x = two is not a number",
    ):
        assert part in message, part


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("study,x\nA,1\n", "lacks the column 'n'"),
        ("study,x,nn\nA,1,2\n", "nearest: nn"),
        ("", "empty"),
        ("study,x,n\n", "no rows"),
        ("study,x,n\n\n\n", "no rows"),
        ("study,x,x,n\nA,1,1,2\nB,1,1,2\n", "same name"),
        ("study,x,n\nA,1,inf\nB,1,2\n", "line 2: n = inf is not a finite number"),
        ("study,x,n\nA,1,1e40\nB,1,2\n", "not a whole number"),
        ("study,estimate,lo,hi\nA,1,0,2\nB,1,0.5,2\n", "limits of a ratio are above 0"),
        ("study,estimate,lo,hi\nA,3,0.5,2\nB,1,0.5,2\n", "out of order"),
        ("study,y,v\nA,1,0\nB,1,1\n", "a variance is above 0"),
        ("study,x1,n1,x2,n2\nA,1,9,9,8\nB,1,9,1,8\n", "x2 = 9 is more than n2 = 8"),
        ("\x00\x01\x02", "table"),
    ],
)
def test_tables_that_are_refused(tmp_path, text, says):
    with pytest.raises(RpointError) as caught:
        read_studies(write(tmp_path, text))
    assert says in str(caught.value) and len(str(caught.value)) < 1500


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(RpointError):
            read_studies(path)


def test_one_study_is_too_few_to_pool(tmp_path):
    with pytest.raises(RpointError, match="too few rows"):
        read_studies(write(tmp_path, "study,x,n\nA,1,10\n"), least=2)


def test_further_columns(tmp_path):
    found = read_studies(write(tmp_path, "study,x,n,amp,seq,dose\nA,1,9,3,50,1\nB,2,9,4,2,x\n"))
    assert found.column("x").tolist() == [1, 2]
    with pytest.raises(RpointError, match="nearest: amp"):
        found.column("ampl")
    with pytest.raises(RpointError, match="line 3: dose = x"):
        found.numbers("dose")
    with pytest.raises(RpointError, match="line 3: amp = 4 is more than seq = 2"):
        found.counts("amp", "seq")


def test_from_a_table_to_its_analysis(tmp_path):
    counts = read_studies(write(tmp_path, GOOD))
    assert meta_of(counts).method == "GLMM"
    assert meta_of(counts, test="hk").method == "REML"
    ratios = read_studies(write(tmp_path, "study,hr,lcl,ucl\nA,0.5,0.2,1.1\nB,0.7,0.5,0.9\n"))
    pooled = meta_of(ratios)
    assert 0.5 < pooled.estimate < 0.7 and pooled.studies["hi"].tolist() == [1.1, 0.9]
    groups = read_studies(write(tmp_path, "study,x1,n1,x2,n2\nA,1,9,3,8\nB,2,9,4,8\n"))
    assert meta_of(groups, measure="risk difference").estimate < 0
    with pytest.raises(RpointError, match="transformation is for proportions"):
        meta_of(ratios, transform="arcsine")
    with pytest.raises(RpointError, match="one covariate"):
        regression_of(counts)


def test_the_examples_are_the_published_tables():
    bcg = read_studies("example:bcg")
    assert bcg.kind == "two groups" and len(bcg.frame) == 13
    assert bcg.frame["n1"].sum() == 191064 and bcg.frame["x2"].sum() == 1510
    assert read_studies("example:vasospasm").frame["x"].sum() == 246
    with pytest.raises(RpointError, match="nearest: bcg"):
        read_studies("example:bgc")


def test_counts_in_words():
    assert parse_words(["any=6/31", "1/31"]) == [("any", 6, 31), ("", 1, 31)]
    assert parse_counts("lung=8/19,0/10") == [("lung", 8, 19), ("", 0, 10)]
    for words, says in [
        (["6", "31", "1"], "x without its n"),
        (["7/6"], "more than n"),
        (["six/31"], "no count"),
        (["1/0"], "n = 0"),
        (["6/3/1"], "no count"),
        (["-1/4"], "negative"),
        (["1.5/4"], "whole number"),
        (["1e/4"], "no count"),
    ]:
        with pytest.raises(RpointError, match=says):
            parse_words(words)
    assert np.array(parse_words(["6", "31"])).tolist() == [["", "6", "31"]]


def test_doctests():
    assert doctest.testmod(count_text).failed == 0
    assert doctest.testmod(meta_table).failed == 0
