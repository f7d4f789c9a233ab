"""`rank`: the table, the files, equal numbers for any jobs, one clear error for bad input."""

from __future__ import annotations

import json

import pytest

from rpoint.cli.app import run

DRUGS = ["--drug", "palbociclib", "--drug", "milademetan", "--largest", "2"]


@pytest.mark.slow
def test_rank_writes_and_prints_every_combination(tmp_path, capsys):
    arguments = ["rank", "--tumour", "melanoma", *DRUGS, "--json", "-q"]
    assert run([*arguments, "--out", str(tmp_path), "--jobs", "1"]) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert shown.err == ""
    found = {row["combination"] for row in printed["combinations"]}
    assert found == {"palbociclib", "milademetan", "palbociclib + milademetan"}
    assert printed["sources"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "ranking.csv",
        "ranking.json",
        "ranking.svg",
    ]
    assert json.loads((tmp_path / "ranking.json").read_text(encoding="utf-8")) == printed
    assert run([*arguments, "--jobs", "2"]) == 0
    assert json.loads(capsys.readouterr().out) == printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tumour", "melanom"], "melanoma"),
        (["--tumour", "melanoma", "--alteration", "RB1:lost"], "RB1:loss"),
        (["--tumour", "melanoma", "--drug", "palbocicilb"], "palbociclib"),
        (["--tumour", "melanoma", "--drug", "nivolumab"], "cannot be ranked"),
        (["--tumour", "melanoma", "--drug", "palbociclib -5 mg qd"], "greater than zero"),
        (["--tumour", "melanoma", "--drug", "x" * 2**20], "drug"),
        (["--tumour", "melanoma", "--largest", "4"], "--largest"),
        (["--tumour", "melanoma", "--top", "0"], "--top"),
        ([], "--tumour"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else value,
)
def test_bad_input_is_the_users_error(arguments, says, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["rank", *arguments, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not out.exists()
    assert says in shown.err and len(shown.err) < 1000
    assert shown.err.count("rpoint: error:") == 1
