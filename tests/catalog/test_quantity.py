"""Quantities: rules, conversion, uncertainty."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rpoint.catalog import UNITS, Quantity

BASE = {"value": 2.0, "unit": "nM", "source": "x", "grade": "read"}


def make(**changes) -> Quantity:
    return Quantity(**{**BASE, "cv": 0.1, **changes})


def test_conversion():
    q = make(value=0.22, unit="L/d")
    assert q.to("L/h") == pytest.approx(0.22 / 24)
    with pytest.raises(ValueError, match="cannot be converted"):
        q.to("L")


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.floats(1e-6, 1e6))
def test_conversion_there_and_back(a, b, value):
    if UNITS[a][0] != UNITS[b][0]:
        return
    there = make(value=value, unit=a).to(b)
    assert make(value=there, unit=b).to(a) == pytest.approx(value)


def test_width_as_geometric_standard_deviation():
    assert make().as_gsd() == pytest.approx(math.exp(math.sqrt(math.log(1.01))))
    assert make(cv=None, gsd=3).as_gsd() == 3
    wide = make(cv=None, range=(1.0, 4.0)).as_gsd()
    assert wide**1.6448536 == pytest.approx(2.0, rel=1e-6)
    assert make(value=0.0, cv=None, range=(0.0, 1.0)).as_gsd() == math.inf


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "furlong"},
        {"grade": "sure"},
        {"cv": None},
        {"gsd": 2.0},
        {"cv": None, "gsd": 0.9},
        {"cv": None, "gsd": 2.0, "value": -1.0},
        {"cv": None, "range": (3.0, 4.0)},
        {"grade": "unverified"},
        {"grade": "unverified", "cv": None, "gsd": 1.9},
        {"value": math.nan},
        {"surprise": 1},
    ],
)
def test_refused(changes):
    with pytest.raises(ValidationError):
        make(**changes)


def test_one_line_and_immutable():
    q = make()
    assert str(q) == "2 nM (CV 10 %; read, x)"
    assert float(q) == 2.0
    with pytest.raises(ValidationError):
        q.value = 3.0
