"""The error type: what it says, and that it never repeats a huge text."""

from __future__ import annotations

import doctest
import pickle

import rpoint.errors
from rpoint.errors import RpointError, nearest_name, unknown_name


def test_block_has_every_part_once_and_in_order():
    error = RpointError(
        "no such thing", where="a.yaml:3", found="x", allowed="y", nearest="y", mend="write y"
    )
    lines = str(error).splitlines()
    assert lines[0] == "no such thing"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "where",
        "found",
        "allowed",
        "nearest",
        "mend",
    ]


def test_unknown_name_gives_the_nearest_whatever_the_case():
    error = unknown_name("gene", "tp35", ["TP53", "RB1", "MDM2"])
    assert error.nearest == "TP53"
    assert "RB1" in str(error)


def test_nothing_near_gives_no_nearest():
    assert nearest_name("zzzzzz", ["TP53", "RB1"]) is None


def test_a_megabyte_makes_a_short_error():
    assert len(str(unknown_name("drug", "x" * 2**20, ["palbociclib"]))) < 400
    assert len(str(RpointError("bad", found="y\n" * 2**19))) < 400


def test_is_a_value_error_and_survives_pickling():
    error = unknown_name("drug", "palbo", ["palbociclib"])
    assert isinstance(error, ValueError)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.nearest == error.nearest


def test_doctests():
    assert doctest.testmod(rpoint.errors).failed == 0
