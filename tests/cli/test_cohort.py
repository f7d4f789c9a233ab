"""`cohort`: tables, files, the same patients for any number of them, one error for bad input."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from rpoint.cli.app import run

BASKET = ["--tumour", "lung=2", "--tumour", "bladder", "--line", "3", "--require", "TP53:wt",
          "--require", "MDM2:cn>=12", "--central", "MDM2:cn>=8"]  # fmt: skip


def test_a_cohort_is_printed_and_written(tmp_path, capsys):
    out = tmp_path / "out"
    command = ["cohort", *BASKET, "--patients", "60", "--json", "-q", "--out", str(out)]
    assert run(command) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert shown.err == ""
    assert printed["patients"] == len(printed["cohort"]) == 60
    assert printed["screened"] > 60 * 20
    assert [row["condition"] for row in printed["screening"]] == ["TP53:wt", "MDM2:cn>=12"]
    assert {row["type"] for row in printed["types"]} == {"lung", "bladder"}
    assert "nguyen2022" in printed["sources"]
    assert sorted(p.name for p in out.iterdir()) == [
        "alterations.csv", "alterations.svg", "cohort.csv", "cohort.json", "rejections.csv",
        "screening.csv", "types.csv",
    ]  # fmt: skip
    table = pd.read_csv(out / "cohort.csv")
    assert (table["copies_local"] >= 12).all()
    assert json.loads((out / "cohort.json").read_text(encoding="utf-8")) == printed


def test_more_patients_leave_the_first_ones_as_they_are(capsys):
    found = []
    for number in ("20", "30"):
        assert run(["cohort", *BASKET, "--patients", number, "--json", "--seed", "5"]) == 0
        found.append(json.loads(capsys.readouterr().out)["cohort"][:20])
    assert found[0] == found[1]


def test_tables_for_people(capsys):
    arguments = ["--tumour", "breast", "--frequency", "ESR1:mut=0.3", "--patients", "200"]
    assert run(["cohort", *arguments, "--rule", "weights"]) == 0
    text = capsys.readouterr().out
    for part in ("<Cohort of 200: 1 tumour types, 0.0 % screen failures>", "primary frequencies",
                 "given by the user", "effective sample size", "doubles too fast"):  # fmt: skip
        assert part in text, part
    assert "Screening" not in text


def test_the_population_of_a_trial(capsys):
    assert run(["cohort", "solar-1", "--patients", "50", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert all("PIK3CA:mut" in row["alterations"] for row in printed["cohort"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tumour", "brest"], "breast"),
        (["--tumour", "lung=much"], "NAME=NUMBER"),
        (["--require", "TPP53:wt"], "TP53"),
        (["--require", "TP53:wt", "--exclude", "TP53:wt"], "nobody"),
        (["--frequency", "ESR1:mut"], "NAME=NUMBER"),
        (["--frequency", "ESR1:mut=3"], "0 to 1"),
        (["--rule", "weight"], "weights"),
        (["--setting", "metastases"], "metastasis"),
        (["--patients", "0"], "--patients"),
        (["mantra-2", "--require", "TP53:wt"], "one of the two"),
        (["mantra-9"], "mantra"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else value,
)
def test_bad_input_is_the_users_error(arguments, says, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["cohort", *arguments, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert says in shown.err and shown.out == ""
    assert not out.exists()
