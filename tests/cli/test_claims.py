"""`claims`: the fixed JSON, the files, the exit codes, and one clear error for bad input."""

from __future__ import annotations

import json

import pytest

from rpoint.cli.app import run
from rpoint.cli.claims import waiting

FIXED = {"id", "study", "verdict", "observed", "acceptance", "falsifier", "seconds"}
QUICK = ["claims", "--claim", "A4", "--claim", "B3", "--claim", "C5"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Three claims of three kinds with every file."""
    folder = tmp_path_factory.mktemp("claims") / "out"
    assert run([*QUICK, "--out", str(folder), "--figures", "svg", "-q"]) == 0
    return folder


def test_the_folder_has_the_report_the_tables_and_the_figures(outputs):
    names = {p.relative_to(outputs).as_posix() for p in outputs.rglob("*") if p.is_file()}
    assert {"claims.html", "claims.json", "claims.csv"} <= names
    assert any(name.startswith("figures/A4-") for name in names)
    page = (outputs / "claims.html").read_text(encoding="utf-8")
    assert "Research use only" in page and "A4" in page
    assert "<script src=" not in page and "<link " not in page


def test_json_has_the_fixed_keys_and_nothing_else_is_printed(outputs, capsys):
    assert run([*QUICK, "--json"]) == 0
    shown = capsys.readouterr()
    claims = json.loads(shown.out)["claims"]
    assert shown.err == ""
    assert [claim["id"] for claim in claims] == ["A4", "B3", "C5"]
    assert all(set(claim) >= FIXED for claim in claims)
    written = json.loads((outputs / "claims.json").read_text(encoding="utf-8"))["claims"]
    for now, then in zip(claims, written, strict=True):
        assert {k: v for k, v in now.items() if k != "seconds"} == {
            k: v for k, v in then.items() if k != "seconds"
        }


def test_the_table_for_people_names_verdicts_and_what_waits(capsys, monkeypatch):
    from rpoint.evidence import trial_numbers

    def absent():
        raise trial_numbers.NotShipped("any trial")

    monkeypatch.setattr(trial_numbers, "shipped", absent)
    assert run([*QUICK, "--claim", "C7"]) == 0
    shown = capsys.readouterr().out
    assert "A4" in shown and "corrected" in shown and "waiting for predictions: C7" in shown


def test_waiting_claims_are_grouped_by_what_they_wait_for():
    rows = [
        {"id": "X1", "verdict": "waiting", "observed": "trials"},
        {"id": "X2", "verdict": "missed", "observed": "1"},
        {"id": "X3", "verdict": "waiting", "observed": ""},
        {"id": "X4", "verdict": "waiting", "observed": "trials"},
    ]
    assert waiting(rows) == {"trials": ["X1", "X4"], "their experiment": ["X3"]}


def test_check_exits_with_2_if_a_claim_is_missed(capsys, monkeypatch):
    from rpoint.evidence import findings

    facts = ["claims", "--claim", "E8", "-q"]  # holds by the register alone
    assert run([*facts, "--check"]) == 0
    monkeypatch.setattr(findings, "REQUIRED_SHARE", 1.1)
    assert run([*facts, "--check"]) == 2
    assert run(facts) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--claim", "A99"], "A9"),
        (["--claim", "x" * 2**20], "claim"),
        (["--claim", ","], "claim"),
        (["--study", "vilgelmm"], "vilgelm"),
        (["--study", "alves", "--claim", "A4"], "none of these claims"),
        (["--figures", "svg"], "--out"),
        (["--figures", "bmp"], "--figures"),
        (["--seed", "x"], "--seed"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else value,
)
def test_bad_input_is_the_users_error(arguments, says, capsys):
    assert run(["claims", *arguments]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and says in shown.err and len(shown.err) < 1000
    assert shown.err.count("rpoint: error:") == 1


def test_each_verdict_is_said_when_it_is_reached(capsys):
    assert run([*QUICK, "-v"]) == 0
    said = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert sorted(words[0] for words in said) == ["A4", "B3", "C5"]
    assert ["B3", "corrected"] in said
