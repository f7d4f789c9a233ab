"""Outcomes by inclusion rule: what is drawn from which numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from rpoint.plots.trial_inclusion import inclusion_figure

NAN = float("nan")


def table(arm: str = "A", hi: float = 4.0) -> pd.DataFrame:
    rows = [
        ("response_any_pct", "acceptance", 7.0, 3.0, 11.0, NAN, NAN, NAN),
        ("response_any_pct", "weights", 6.5, 1.0, 13.0, -0.5, -4.0, 3.0),
        ("response_any_pct", "plausible", 6.0, 3.0, 10.0, -1.0, -2.0, 1.0),
        ("pfs_median_months", "acceptance", 3.5, 2.0, hi, NAN, NAN, NAN),
        ("pfs_median_months", "weights", 3.2, 2.0, hi, -0.3, -1.0, 0.4),
        ("pfs_median_months", "plausible", 2.0, 1.9, 2.8, -1.5, -1.6, -0.1),
    ]
    names = ["endpoint", "rule", "value", "lo", "hi", "difference", "difference_lo",
             "difference_hi"]  # fmt: skip
    return pd.DataFrame(rows, columns=names).assign(arm=arm)


def data(figure) -> list[dict]:
    return [row for rows in figure.chart.to_dict()["datasets"].values() for row in rows]


@pytest.fixture(scope="module")
def drawn():
    return inclusion_figure(table(), title="T", note=["a note"])


def test_rules_are_named_and_differences_have_a_line_of_none(drawn):
    text = drawn.svg()
    for part in ("accepted patients", "weighted patients", "plausible candidates", "median PFS",
                 "any response", "difference from accepted patients, points", "a note", "months",
                 "Monte Carlo"):  # fmt: skip
        assert part in text, part
    assert sum("zero" in row for row in data(drawn)) >= 1
    assert drawn.table.equals(table())


def test_every_value_is_drawn_once_and_accepted_patients_have_no_difference(drawn):
    rows = [row for row in data(drawn) if "what" in row]
    whole = [r for r in rows if r["rule"] == "acceptance"]
    assert {(r["what"], r["value"]) for r in whole} == {("any response", 7.0), ("median PFS", 3.5)}
    assert len(rows) == 2 * (3 + 2)  # values of three rules, differences of two
    assert not any(r["open"] for r in rows)


def test_a_median_whose_limit_is_not_reached_ends_in_a_triangle():
    rows = [r for r in data(inclusion_figure(table(hi=NAN), title="T")) if r.get("open")]
    assert {(r["what"], r["rule"]) for r in rows} == {
        ("median PFS", "acceptance"), ("median PFS", "weights")
    }  # fmt: skip
    assert all(r["hi"] > 3.5 for r in rows)


def test_arms_are_named_where_there_are_two(drawn):
    both = inclusion_figure(pd.concat([table("arm one"), table("arm two")]), title="T").svg()
    assert "arm one" in both and "arm two" in both
    assert "legend" in both and ">A<" not in drawn.svg()
