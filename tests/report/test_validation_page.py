"""The page of a validation: every demand, every table, figures inside, nothing from outside."""

from __future__ import annotations

import pandas as pd
import pytest

from rpoint.panel.validate import Validation
from rpoint.report.page import render
from rpoint.report.validation import page, write


@pytest.fixture
def found():
    scores = pd.DataFrame(
        {
            "predictor": ["R-point", "arm median"],
            "arm": "CGM097",
            "n": 9,
            "spearman": [0.5, float("nan")],
            "within_folds": [0.4, float("nan")],
        }
    )
    demands = pd.DataFrame(
        {"criterion": ["a <demand>"], "found": ["0.1"], "wanted": ["more"], "met": [False]}
    )
    tables = {"criteria": demands, "xenografts_spearman": scores}
    return Validation(tables, {}, ("left out: X",), "none", 5, 1, ("Gao 2015",))


def test_a_missed_demand_is_told_as_missed(found):
    text = render(page(found))
    assert "missed" in text and "a &lt;demand&gt;" in text and "0 of 1" in text
    assert "left out: X" in text and "Gao 2015" in text and "shipped coefficients" in text
    assert "<script" not in text


def test_files_are_written_for_every_table(found, tmp_path):
    names = write(found, tmp_path)
    assert sorted(names) == sorted(p.name for p in tmp_path.iterdir())
    assert {"validation.html", "validation.json", "criteria.csv"} <= set(names)
    assert pd.read_csv(tmp_path / "xenografts_spearman.csv")["n"].tolist() == [9, 9]
