"""`validate`: the files, the JSON, one clear error; the numbers are tested with the room."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from rpoint.cli.app import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six xenografts in one arm."""
    made = tmp_path_factory.mktemp("data")
    names = [f"X-{i}" for i in range(6)]
    rows = {"mouse_id": names, "pdx_model": names, "tumor_type": "CRC", "arm": "CGM097"}
    rows |= {"growth_inhibition_frac": [0.5, 0.1, 0.4, 0.0, 0.7, -0.1]}
    rows |= {"growth_rate_21d_per_d": 0.03, "control_growth_rate_21d_per_d": 0.05, "n_points": 8}
    rows |= {"v0_mm3": 200, "best_response_pct": 10, "best_avg_response_pct": 20}
    frame = pd.DataFrame({**rows, "mrecist": ["mSD", "mPD"] * 3})
    frame.to_csv(made / "response.csv", index=False)
    calls = {"pdx_model": names[1::2], "gene": "TP53", "category": "MutKnownFunctional"}
    pd.DataFrame({**calls, "copy_number": float("nan")}).to_csv(
        made / "genotype_events.csv", index=False
    )
    return made


@pytest.mark.slow
def test_shipped_coefficients_are_compared_and_every_file_written(folder, tmp_path, capsys):
    out = tmp_path / "comparison"
    given = ["validate", str(folder), "--fit", "none", "--folds", "2", "--json", "-q"]
    assert run([*given, "--out", str(out)]) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert shown.err == "" and printed["fit"] == "none" and printed["folds"] == 2
    names = {p.name for p in out.iterdir()}
    assert {"validation.html", "validation.json", "criteria.csv"} <= names
    assert {"xenografts_agreement.svg", "xenografts_agreement.png"} <= names
    table = pd.read_csv(out / "xenografts_predictions.csv")
    assert set(table["model_id"]) == {f"X-{i}" for i in range(6)}
    page = (out / "validation.html").read_text(encoding="utf-8")
    assert "Research use only" in page and "<script" not in page and page.count("<svg") >= 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["absent"], "cannot be read"),
        ([".", "--fit", "crosval"], "crossval"),
        ([".", "--folds", "1"], "--folds"),
        ([], "FOLDER"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_bad_input_is_the_users_error(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["validate", *arguments, "--out", "out"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not (tmp_path / "out").exists()
    assert says in shown.err and shown.err.count("rpoint: error:") == 1
