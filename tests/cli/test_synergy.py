"""`rpoint synergy`: tables, figures and JSON; one clear error and nothing written for bad input."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rpoint.cli.app import run
from rpoint.stats.musyc import MusycParameters
from rpoint.stats.synthetic_plate import synthetic_plate

DOSES = np.r_[0.0, np.geomspace(0.1, 30.0, 4)]
TRUTH = MusycParameters(0, 0.8, 0.6, 0.95, 1.5, 3, 1.2, 1.8, 4, 0.5)
FIGURES = {"scores.svg", "single-agents.svg"}


@pytest.fixture
def plate(tmp_path):
    path = tmp_path / "plate.csv"
    synthetic_plate(TRUTH, DOSES, DOSES, replicates=2).to_csv(path, index=False)
    return path


def test_everything_is_written_and_json_is_the_same(plate, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["synergy", str(plate), "--bootstrap", "20", "--json", "-q"]
    assert run([*arguments, "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    printed = json.loads(shown.out)
    assert json.loads((out / "synergy.json").read_text(encoding="utf-8")) == printed
    names = {p.name for p in out.iterdir()}
    tables = {"scores", "surface", "musyc", "single_agents", "checks", "matrix"}
    assert names == FIGURES | {"musyc.svg", "synergy.json"} | {f"{t}.csv" for t in tables} | {
        f"matrix-{m}.svg" for m in ("bliss", "hsa", "loewe", "zip", "musyc")
    }
    pair = printed["pairs"][0]
    assert "positive: more effect than expected" in pair["sign"]
    scores = pd.read_csv(out / "scores.csv")
    assert scores["mean_excess"].tolist() == pytest.approx(
        [row["mean_excess"] for row in pair["scores"]]
    )
    assert "Bliss independence" in (out / "matrix-bliss.svg").read_text(encoding="utf-8")


def test_people_are_told_scale_sign_and_verdicts(plate, capsys):
    assert run(["synergy", str(plate), "--model", "bliss", "--bootstrap", "20"]) == 0
    shown = capsys.readouterr().out
    assert "inhibition (0 untreated, 1 nothing left)" in shown
    assert "positive: more effect than expected" in shown and "bliss" in shown


def test_jobs_do_not_change_a_number(plate, capsys):
    shown = []
    for jobs in ("1", "4"):
        arguments = ["synergy", str(plate), "--model", "bliss", "--json", "--jobs", jobs]
        assert run([*arguments, "--bootstrap", "20"]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


def test_a_model_that_cannot_be_made_exits_with_3(plate, capsys):
    table = pd.read_csv(plate)
    table[table["dose1_nM"].isin(DOSES[:3])].to_csv(plate, index=False)
    assert run(["synergy", str(plate), "--bootstrap", "10", "--json"]) == 3
    rows = json.loads(capsys.readouterr().out)["pairs"][0]["scores"]
    assert [r["status"] for r in rows][:2] == ["ok", "ok"]
    assert all("not evaluable" in r["status"] for r in rows[2:])


def test_several_pairs_have_a_folder_of_figures_each(plate, tmp_path):
    table = pd.read_csv(plate)
    pd.concat([table, table.assign(drug2="drug C")]).to_csv(plate, index=False)
    out = tmp_path / "out"
    arguments = ["synergy", str(plate), "--model", "hsa", "--bootstrap", "10"]
    assert run([*arguments, "--out", str(out)]) == 0
    assert {p.name for p in (out / "drug_A___drug_C").iterdir()} == FIGURES | {"matrix-hsa.svg"}
    assert len(pd.read_csv(out / "scores.csv")) == 2


def cell(row, column, value):
    def change(table):
        table = table.astype(object)
        table.loc[row - 2, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (cell(9, "inhibition", ""), [], "row 9"),
        (cell(9, "inhibition", "high"), [], "row 9"),
        (cell(9, "inhibition", 85), [], "row 9"),
        (cell(12, "dose1_nM", -3), [], "row 12"),
        (cell(12, "dose1_nM", "3 nM"), [], "row 12"),
        (cell(12, "dose2_nM", "nan"), [], "row 12"),
        (lambda t: t.rename(columns={"dose1_nM": "dose1"}), [], "--unit1"),
        (lambda t: t.rename(columns={"inhibition": "response"}), [], "--response"),
        (lambda t: t.drop(columns="dose2_nM"), [], "dose2"),
        (lambda t: t.drop(columns=["drug1", "drug2"]), [], "--drug1"),
        (lambda t: t.iloc[:0], [], "no wells"),
        (lambda t: t[(t["dose1_nM"] == 0) | (t["dose2_nM"] == 0)], [], "no well holds both"),
        (lambda t: pd.concat([t, t]), [], "more than once"),
        (lambda t: t, ["--drug1", "drug Z"], "unknown drug"),
        (lambda t: t, ["--response", "viability"], "disagree"),
        (lambda t: t, ["--model", "blis"], "bliss"),
        (lambda t: t, ["--bootstrap", "-1"], "--bootstrap"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_plate_is_one_clear_error_and_nothing_is_written(
    change, options, says, plate, tmp_path, capsys
):
    change(pd.read_csv(plate)).to_csv(plate, index=False)
    out = tmp_path / "out"
    assert run(["synergy", str(plate), *options, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not out.exists()
    assert says in shown.err and len(shown.err) < 1500
    assert shown.err.count("rpoint: error:") == 1
