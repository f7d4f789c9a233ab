"""`predict`: one file or a folder, JSON alone on stdout, statuses, one error for bad input."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from rpoint.cli.app import run

ARM = ["--arm", "LEE011", "--draws", "8"]


@pytest.fixture
def panel(tmp_path):
    file = tmp_path / "panel.csv"
    file.write_text(
        "model_id,tumour_type,TP53,RB1,vol:0,vol:7\n"
        "a,melanoma,wt,wt,200,300\n"
        "b,xyzzy,mut,loss,,\n"
        "c,breast,?,?,150,\n",
        encoding="utf-8",
    )
    return str(file)


def test_one_file_is_written_as_named(panel, tmp_path, capsys):
    out = tmp_path / "new" / "PRED.csv"
    assert run(["predict", panel, *ARM, "--out", str(out), "--curves", "--days", "7,21"]) == 0
    shown = capsys.readouterr()
    assert "a prediction, not a measurement" in shown.out and "xyzzy" in shown.err
    assert sorted(p.name for p in out.parent.iterdir()) == ["PRED-curves.csv", "PRED.csv"]
    table = pd.read_csv(out)
    assert list(table["model_id"]) == ["a", "b", "c"] and table["growth_inhibition"].notna().all()
    assert "no usable gene" in table.loc[2, "status"]
    assert len(pd.read_csv(out.parent / "PRED-curves.csv")) == 6


def test_a_folder_gets_tables_json_and_the_figure(panel, tmp_path, capsys):
    out = tmp_path / "results"
    assert run(["predict", panel, *ARM, "--days", "21", "--out", str(out), "--json", "-q"]) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert shown.err == "" and len(printed["predictions"]) == 3 and len(printed["curves"]) == 3
    names = ["curves.csv", "predictions.csv", "predictions.json", "predictions.svg"]
    assert sorted(p.name for p in out.iterdir()) == names
    assert json.loads((out / "predictions.json").read_text(encoding="utf-8")) == printed


def test_gains_of_a_combination_stand_beside_the_table(panel, tmp_path, capsys):
    arms = ["--arm", "LEE011", "--arm", "HDM201", "--arm", "LEE011+HDM201", "--draws", "8"]
    given = ["predict", panel, *arms, "--gain", "LEE011+HDM201", "-q"]
    assert run([*given, "--out", str(tmp_path / "P.csv")]) == 0
    assert "refuted" in capsys.readouterr().out
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["P-gain_groups.csv", "P-gains.csv", "P.csv", "panel.csv"]
    assert run([*given, "--out", str(tmp_path / "all"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed["gains"]) == 3 and printed["gain"]["experiment"]["models_per_group"] > 0
    assert (tmp_path / "all" / "gains.svg").exists()


def test_a_folder_whose_name_ends_like_a_file_stays_a_folder(panel, tmp_path):
    out = tmp_path / "odd.csv"
    out.mkdir()
    assert run(["predict", panel, *ARM, "--out", str(out), "-q"]) == 0
    assert (out / "predictions.csv").exists()


def test_lines(panel, tmp_path, capsys):
    out = tmp_path / "areas.csv"
    given = ["--assay", "line", "--arm", "palbociclib", "--conc", "0.004:10uM", "--draws", "8"]
    assert run(["predict", panel, *given, "--out", str(out), "-q"]) == 0
    assert list(pd.read_csv(out)) == ["model_id", "drug", "auc", "lo90", "hi90", "status"]


def test_equal_numbers_for_any_jobs_and_seed_counts(panel, capsys):
    def printed(*more):
        assert run(["predict", panel, *ARM, "--json", "-q", *more]) == 0
        return json.loads(capsys.readouterr().out)["predictions"]

    one = printed("--jobs", "1")
    assert printed("--jobs", "2") == one
    assert printed("--seed", "2") != one


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--arm", "LEE01"], "unknown drug"),
        (["--arm", "x" * 2**16], "drug"),
        (["--arm", "LEE011", "--arm", "LEE011"], "different names"),
        (["--arm", "pembrolizumab"], "no target"),
        ([], "--arm"),
        ([*ARM, "--days", "7;14"], "--days"),
        ([*ARM, "--days", "0"], "days after the first dose"),
        ([*ARM, "--conc", "1:2uM"], "for lines alone"),
        ([*ARM, "--assay", "line", "--curves"], "for xenografts alone"),
        (["--arm", "palbociclib", "--assay", "line", "--conc", "1:2"], "--conc"),
        (["--arm", "palbociclib", "--assay", "line", "--screen", "GDSC9"], "GDSC"),
        (["--arm", "LEE011", "--draws", "7"], "--draws"),
        ([*ARM, "--assay", "mouse"], "--assay"),
        ([*ARM, "--gain", "LEE011+HDM201"], "--gain"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else value,
)
def test_bad_options_are_the_users_error(panel, arguments, says, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["predict", panel, *arguments, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not out.exists()
    assert says in shown.err and len(shown.err) < 1500
    assert shown.err.count("rpoint: error:") == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty|no row"),
        ("model_id,TP53\na,wt\n", "tumour_type"),
        ("model_id,tumour_type,TP53\na,breast,wt\na,breast,mut\n", "a"),
        ("model_id,tumour_type,TP53\na,breast,mutt\n", "mut"),
        ("model_id,tumour_type,ZZZ9\na,breast,wt\n", "gene"),
        ("model_id,tumour_type,TP53,expr:MDM2\na,breast,wt,9000\n", "log2"),
        ("model_id,tumour_type,TP53,expr:MDM2\na,breast,wt,abc\n", "number"),
    ],
    ids=["empty", "no type", "doubled id", "state", "no gene", "unit", "no number"],
)
def test_bad_panels_are_one_clear_error(text, says, tmp_path, capsys):
    import re

    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    assert run(["predict", str(file), *ARM]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and re.search(says, shown.err)
    assert shown.err.count("rpoint: error:") == 1


def test_what_cannot_be_written_is_told_before_anything_is_computed(panel, tmp_path, capsys):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert run(["predict", panel, *ARM, "--out", str(tmp_path / "file" / "PRED.csv")]) == 1
    assert "cannot be written there" in capsys.readouterr().err
    assert run(["predict", str(tmp_path / "absent.csv"), *ARM]) == 1
    assert "absent.csv" in capsys.readouterr().err
