"""`rpoint trial new`, `check`, `list`, `show`: text and JSON, files, one clear error, no litter."""

from __future__ import annotations

import json

import pytest

from rpoint.cli.app import run
from rpoint.trial.read import library_names, library_text, read_trial


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("arms", [1, 2, 6])
def test_a_new_file_passes_the_check(arms, folder, capsys):
    assert run(["trial", "new", "my-trial", "--arms", str(arms)]) == 0
    assert "rpoint trial check my-trial.yaml" in capsys.readouterr().out
    assert names(folder) == ["my-trial.yaml"]
    assert run(["trial", "check", "my-trial.yaml"]) == 0
    shown = capsys.readouterr().out
    assert f"arm-{arms}: 100 patients" in shown
    assert len(read_trial("my-trial.yaml").arms) == arms


@pytest.mark.parametrize(
    ("out", "made"), [("sub/x.yaml", "sub/x.yaml"), ("sub", "sub/my-trial.yaml")]
)
def test_a_new_file_goes_where_out_says(out, made, folder, capsys):
    assert run(["trial", "new", "my-trial", "--out", out, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["file"] == made
    assert (folder / made).read_text(encoding="utf-8") == printed["text"]
    assert [p.name for p in (folder / "sub").iterdir()] == [made.partition("/")[2]]


def test_a_file_that_is_there_is_not_replaced(folder, capsys):
    (folder / "my-trial.yaml").write_text("mine")
    assert run(["trial", "new", "my-trial"]) == 1
    assert "already" in capsys.readouterr().err
    assert (folder / "my-trial.yaml").read_text() == "mine" and names(folder) == ["my-trial.yaml"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["My Trial"], "nearest: my-trial"),
        (["../evil"], "nearest: evil"),
        ([""], "small letters"),
        (["a" * 5000], "at most 60"),
        (["a-trial", "--arms", "0"], "1 to 6"),
        (["a-trial", "--arms", "7"], "1 to 6"),
        (["a-trial", "--arms", "two"], "--arms"),
    ],
)
def test_bad_names_leave_nothing_behind(arguments, says, folder, capsys):
    assert run(["trial", "new", *arguments]) == 1
    error = capsys.readouterr().err
    assert says in error and len(error) < 1000
    assert names(folder) == []


def test_the_check_tells_schedule_size_and_cost(capsys):
    assert run(["trial", "check", "mantra-2", "--replicates", "500", "--jobs", "2"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "milademetan 260 mg 3/14: 40 patients",
        "milademetan, po: 260 mg on days 1-3, 15-17, 29-31, 43-45",
        "platelets of grade 4: hold until grade 1, resume one level lower",
        "scans on days 56, 112, 168",
        "blood counts on days 1, 8, 15, 22",
        "40 patients x 500 trials; 240 engine lanes a trial",
        "estimate",
        "s of CPU",
        "MB on disk",
        "unverified",
    ):
        assert words in shown


def test_the_check_as_json(folder, capsys):
    assert run(["trial", "check", "mantra", "--json", "-q", "--out", "o"]) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert shown.err == "" and printed["ok"] is True
    assert printed["digest"] == read_trial("mantra").digest()
    assert printed["cost"]["estimate"] is True and printed["cost"]["lanes"] == 86 * 6
    assert [arm["arm"] for arm in printed["plan"]["arms"]] == list(read_trial("mantra").arms)
    assert names(folder / "o") == ["trial-check-mantra.json"]
    assert json.loads((folder / "o/trial-check-mantra.json").read_text("utf-8")) == printed


def test_a_bad_file_is_one_block_on_stderr_and_exit_1(folder, capsys):
    text = library_text("mantra-2").replace("scan_weeks: 8", "scan_weeks: 8 weeks")
    text = text.replace("milademetan 260 mg qd", "milademetann 260 mg qd")
    (folder / "bad.yaml").write_text(text, encoding="utf-8")
    assert run(["trial", "check", "bad.yaml", "--out", "o"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("rpoint: error: bad.yaml: 2 problems\n")
    assert "visits.scan_weeks" in shown.err and "^^^^^^^^^^^^" in shown.err
    assert names(folder) == ["bad.yaml"]


def test_a_bad_file_as_json_lists_its_problems(folder, capsys):
    (folder / "bad.yaml").write_text("rpoint_trial: 1\nnam: x\n", encoding="utf-8")
    assert run(["trial", "check", "bad.yaml", "--json"]) == 1
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert printed["ok"] is False and printed["file"] == "bad.yaml"
    found = {p["key"]: p for p in printed["problems"]}
    assert found["nam"]["nearest"] == "name" and found["nam"]["line"] == 2
    assert found["arms"]["what"] == "the key is missing"


@pytest.mark.parametrize("name", ["nothing.yaml", "mantra-3", ".", ""])
def test_what_is_no_trial(name, folder, capsys):
    for command in ("check", "show"):
        assert run(["trial", command, name]) == 1
        error = capsys.readouterr().err
        assert error.startswith("rpoint: error: ") and "defect" not in error
    assert names(folder) == []


def test_the_list_has_every_trial_and_the_roles_of_its_rows(capsys):
    assert run(["trial", "list", "--json"]) == 0
    rows = {row["trial"]: row for row in json.loads(capsys.readouterr().out)["trials"]}
    assert tuple(rows) == library_names()
    assert rows["mantra-2"]["registry"] == "NCT05012397" and rows["mantra-2"]["n"] == 40
    assert (rows["paloma-2"]["calibrate"], rows["paloma-2"]["check"]) == (3, 14)
    assert run(["trial", "list"]) == 0
    assert "NCT01740427" in capsys.readouterr().out


def test_show_prints_the_file_as_it_is(folder, capsys):
    assert run(["trial", "show", "oak"]) == 0
    assert capsys.readouterr().out == library_text("oak")
    (folder / "own.yaml").write_text(library_text("oak"), encoding="utf-8")
    assert run(["trial", "show", "own.yaml", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["text"] == library_text("oak") and printed["trial"]["name"] == "oak"
    assert run(["trial", "new", "copy", "-q"]) == 0
