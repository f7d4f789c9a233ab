"""Writing is all or nothing, and JSON is strict."""

from __future__ import annotations

import doctest
import json

import numpy as np
import pandas as pd
import pytest

import rpoint.files
from rpoint.errors import RpointError
from rpoint.files import (
    names_file,
    output_file,
    output_folder,
    staged,
    to_json,
    write_bytes,
    write_text,
)


def test_staged_moves_everything_at_the_end(tmp_path):
    out = tmp_path / "new" / "results"
    with staged(out) as stage:
        write_text(stage / "a.txt", "1")
        (stage / "figures").mkdir()
        write_bytes(stage / "figures" / "b.bin", b"2")
        assert not (out / "a.txt").exists()
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*")) == [
        "a.txt",
        "figures",
        "figures/b.bin",
    ]


def test_an_error_leaves_nothing(tmp_path):
    out = tmp_path / "results"
    with pytest.raises(KeyError), staged(out) as stage:
        write_text(stage / "a.txt", "1")
        raise KeyError("x")
    assert not out.exists()


def test_an_error_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("old", encoding="utf-8")
    with pytest.raises(KeyError), staged(tmp_path) as stage:
        write_text(stage / "a.txt", "new")
        raise KeyError("x")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "old"


def test_write_replaces_as_a_whole(tmp_path):
    path = write_text(tmp_path / "a.txt", "long text")
    write_text(path, "é")
    assert path.read_bytes() == "é".encode()
    with pytest.raises(TypeError):
        write_bytes(path, "not bytes")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 5000])
def test_a_folder_that_cannot_be_is_one_error(tmp_path, name):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RpointError) as caught:
        output_folder(tmp_path / name)
    assert len(str(caught.value)) < 600
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_json_is_strict_and_plain():
    value = {
        "array": np.array([1.0, np.nan]),
        "number": np.float64("inf"),
        "flag": np.bool_(True),
        "frame": pd.DataFrame({"a": [1, 2]}),
        "series": pd.Series([1.5], index=["x"]),
        3: {"set": (1, None)},
    }
    assert json.loads(to_json(value)) == {
        "array": [1.0, None],
        "number": None,
        "flag": True,
        "frame": [{"a": 1}, {"a": 2}],
        "series": {"x": 1.5},
        "3": {"set": [1, None]},
    }


def test_doctests():
    assert doctest.testmod(rpoint.files).failed == 0


def test_an_output_file_is_checked_and_not_created(tmp_path):
    target = tmp_path / "new" / "PRED.csv"
    assert output_file(target) == target and not target.parent.exists()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert output_file(tmp_path / "file") == tmp_path / "file"
    with pytest.raises(RpointError, match="cannot be written there"):
        output_file(tmp_path / "file" / "PRED.csv")
    with pytest.raises(RpointError, match="cannot be written there"):
        output_file(tmp_path)
    assert names_file("a/PRED.CSV", ".csv") and not names_file("a/PRED.tsv", ".csv")
    folder = tmp_path / "odd.csv"
    folder.mkdir()
    assert not names_file(folder, ".csv")
