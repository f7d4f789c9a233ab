"""`rpoint trial published` and `compare`."""

import json

import pytest

from rpoint.cli.app import run


def test_published_shows_the_shipped_predictions(capsys, tmp_path):
    out = tmp_path / "o"
    assert run(["trial", "published", "--trial", "mantra-2", "--json", "--out", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["trial"] for row in found["rows"]} == {"mantra-2"}
    assert {row["role"] for row in found["hits"]} == {"check"}
    names = {p.name for p in out.iterdir()}
    assert names == {"comparison.csv", "comparison.json", "comparison.png", "comparison.html"}


def test_a_role_is_chosen(capsys):
    assert run(["trial", "published", "--role", "calibrate", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["role"] for row in found["rows"]} == {"calibrate"}


@pytest.mark.parametrize(
    ("given", "near"), [(["--trial", "mantra2"], "mantra-2"), (["--role", "chek"], "check")]
)
def test_unknown_names_get_the_nearest(capsys, given, near):
    assert run(["trial", "published", *given]) == 1
    assert near in capsys.readouterr().err


def test_compare_refuses_a_folder_that_is_no_run(capsys, tmp_path):
    assert run(["trial", "compare", str(tmp_path)]) == 1
    assert str(tmp_path.name) in capsys.readouterr().err
