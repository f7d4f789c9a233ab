"""`proportion`, `simon`, `basket`, `meta`: what is printed, written, refused."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from rpoint.cli.app import run

SIX = (
    "study,definition,x,n\nChampiat 2017,ratio,12,131\nSaâda-Bouzid 2017,ratio,10,34\n"
    "Kato 2017,time,6,155\nFerrara 2018,ratio,56,406\nLo Russo 2019,time,39,152\n"
    "Matos 2020,time,29,270\n"
)
REGRESSION = (
    "study,tumour,x,n,y,m,share\n1,A,3,90,3,200,0.015\n2,A,5,80,3,200,0.015\n3,B,9,100,12,210,"
    "0.057\n4,C,8,60,10,150,0.067\n5,D,25,120,40,220,0.18\n"
)


@pytest.fixture
def six(tmp_path):
    path = tmp_path / "six.csv"
    path.write_text(SIX, encoding="utf-8")
    return str(path)


@pytest.fixture
def regression(tmp_path):
    path = tmp_path / "regression.csv"
    path.write_text(REGRESSION, encoding="utf-8")
    return str(path)


def printed(arguments, capsys):
    assert run([*arguments, "--json", "-q"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return json.loads(shown.out)


def test_proportion_prints_any_and_confirmed_side_by_side(capsys):
    assert run(["proportion", "any=6/31", "confirmed=1/31", "-q"]) == 0
    out = capsys.readouterr().out
    assert "any: 6/31 = 19.4 % (7.5–37.5)" in out
    assert "confirmed: 1/31 = 3.2 % (0.1–16.7)" in out
    assert "95 % clopper-pearson" in out


def test_proportion_forms_are_one(six, capsys):
    a = printed(["proportion", "12/131", "10/34"], capsys)
    b = printed(["proportion", "12", "131", "10", "34"], capsys)
    assert a == b
    table = printed(["proportion", "--table", six, "--method", "wilson"], capsys)
    assert len(table["proportions"]) == 6 and table["proportions"][2]["label"] == "Kato 2017"


def test_proportion_compares_two(tmp_path, capsys):
    out = tmp_path / "out"
    found = printed(["proportion", "6/6", "43/149", "--compare", "--out", str(out)], capsys)
    assert found["fisher"]["odds_ratio"] is None and found["fisher"]["p"] < 1e-3
    assert found["difference"]["points"] == pytest.approx(100 - 4300 / 149)
    assert json.loads((out / "proportion.json").read_text(encoding="utf-8")) == found


def test_simon_prints_its_designs_and_the_verdict_on_confirmation(capsys):
    arguments = ["simon", "--p0", "0.05", "--p1", "0.20", "--responders", "6", "--responders", "1"]
    found = printed(arguments, capsys)["designs"]
    assert [(d["r1"], d["n1"], d["r"], d["n"]) for d in found][-1] == (0, 10, 3, 29)
    assert found[-1]["responders"] == {"6": True, "1": False}
    given = printed(["simon", "--p0", "0.05", "--p1", "0.2", "--design", "0/10,3/29"], capsys)
    assert given["designs"][0]["en0"] == found[-1]["en0"]


def test_basket_writes_what_it_prints(tmp_path, capsys):
    out = tmp_path / "out"
    found = printed(
        ["basket", "--counts", "lung=4/9,colon=0/9", "--p0", "0.15", "--model", "bhm",
         "--calibrate", "0.1", "--rates", "0.15,0.45", "--out", str(out)], capsys,
    )  # fmt: skip
    assert [b["basket"] for b in found["baskets"]] == ["lung", "colon"]
    assert found["calibration"]["error"] <= 0.1 and found["calibration"]["exact"]
    rates = found["operating_characteristics"]["baskets"]
    assert rates[1]["go"] > 0.5 and rates[0]["null"]
    names = sorted(p.name for p in out.iterdir())
    assert names == ["basket.csv", "basket.json", "basket.svg", "basket_rates.csv"]
    assert json.loads((out / "basket.json").read_text(encoding="utf-8")) == found


def test_meta_pools_with_prediction_interval_and_leave_one_out(six, tmp_path, capsys):
    out = tmp_path / "out"
    found = printed(["meta", six, "--by", "definition", "--out", str(out)], capsys)
    assert found["method"] == "GLMM" and found["estimate"] == pytest.approx(0.1297, abs=1e-4)
    assert found["pi_lo"] < found["lo"] and len(found["leave_one_out"]) == 6
    assert len(found["subgroups"]["groups"]) == 2
    names = sorted(p.name for p in out.iterdir())
    assert names == [
        "forest.svg", "leave_one_out.csv", "meta.json", "studies.csv", "subgroups.csv",
    ]  # fmt: skip
    rows = pd.read_csv(out / "studies.csv")["row"].tolist()
    assert rows == ["study"] * 6 + ["pooled", "prediction"]


def test_meta_says_the_warning_of_freeman_tukey(six, capsys):
    assert run(["meta", six, "--method", "dl", "--transform", "freeman-tukey", "-q"]) == 0
    assert "can mislead" in capsys.readouterr().out


def test_meta_regresses_with_and_without_error(regression, tmp_path, capsys):
    plain = printed(["meta", regression, "--covariate", "share"], capsys)
    assert not plain["with_error"] and len(plain["leave_one_out"]) == 5
    out = tmp_path / "out"
    arguments = ["meta", regression, "--covariate-counts", "y", "m", "--source", "tumour"]
    joint = printed([*arguments, "--error", "beta", "--out", str(out)], capsys)
    assert joint["with_error"] and [r["left_out"] for r in joint["leave_one_out"]] == list("ABCD")
    assert (out / "bubble.svg").exists() and (out / "band.csv").exists()


TABLES = {
    "more.csv": "study,x,n\nA,11,10\nB,1,10\n",
    "negative.csv": "study,x,n\nA,-1,10\nB,1,10\n",
    "half.csv": "study,x,n\nA,1.5,10\nB,1,10\n",
    "nobody.csv": "study,x,n\nA,0,0\nB,1,10\n",
    "twice.csv": "study,x,n\nA,1,10\nA,2,10\n",
    "single.csv": "study,x,n\nA,1,10\n",
    "empty.csv": "",
    "header.csv": "study,x,n\n",
    "column.csv": "study,events,pateints\nA,1,10\nB,2,10\n",
    "noevent.csv": "study,x,n\nA,0,10\nB,0,12\n",
    "text.csv": "study,x,n\nA,one,10\nB,2,10\n",
    "missing.csv": "study,x,n\nA,,10\nB,2,10\n",
    "good.csv": "study,x,n,z,y,m\nA,1,10,1,2,9\nB,2,10,1,2,9\nC,3,10,1,2,9\n",
}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["meta", "more.csv"], "line 2: x = 11 is more than n = 10"),
        (["meta", "negative.csv"], "line 2: x = -1 is negative"),
        (["meta", "half.csv"], "line 2: x = 1.5 is not a whole number"),
        (["meta", "nobody.csv"], "line 2: n = 0"),
        (["meta", "twice.csv"], "line 3: A is there already"),
        (["meta", "single.csv"], "rpoint proportion"),
        (["meta", "empty.csv"], "the table is empty"),
        (["meta", "header.csv"], "no rows"),
        (["meta", "column.csv"], "pateints"),
        (["meta", "noevent.csv"], "no event in any study"),
        (["meta", "text.csv"], "one is not a number"),
        (["meta", "missing.csv"], "line 2: x is missing"),
        (["meta", "none.csv"], "no such file"),
        (["meta", "good.csv", "--method", "remel"], "REML"),
        (["meta", "good.csv", "--test", "hk", "--method", "glmm"], "Hartung"),
        (["meta", "good.csv", "--by", "arm"], "arm"),
        (["meta", "good.csv", "--covariate", "z"], "cannot be told apart"),
        (["meta", "good.csv", "--covariate", "zz"], "nearest: z"),
        (["meta", "good.csv", "--covariate", "z", "--covariate-counts", "y", "m"], "one covariate"),
        (["meta", "good.csv", "--level", "95"], "0.95 for 95 %"),
        (["proportion"], "counts or a table"),
        (["proportion", "7/6"], "more than n"),
        (["proportion", "6"], "x without its n"),
        (["proportion", "6/31", "--method", "wald"], "clopper-pearson"),
        (["proportion", "6/31", "--compare"], "two counts"),
        (["simon", "--p0", "0.3", "--p1", "0.2"], "p0 must be below p1"),
        (["simon", "--p0", "0.1", "--p1", "0.2", "--design", "0/10"], "two stages"),
        (["basket", "--p0", "0.1"], "one of the two"),
        (["basket", "--counts", "1/2,5/4"], "more than n"),
        (["basket", "--counts", "1/2,1/4", "--model", "bhmm"], "nearest: bhm"),
        (["basket", "--counts", "1/2,1/4", "--model", "mem", "--tau-sd", "1"], "--tau-sd"),
        (["basket", "--counts", "1/2,1/4", "--rates", "0.1,x"], "--rates"),
        (["basket", "--counts", "1/2,1/4", "--cutoff", "0.9", "--calibrate", "0.1"], "one of the"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else value,
)  # fmt: skip
def test_bad_input_is_the_users_error_and_writes_nothing(arguments, says, tmp_path, capsys):
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = [str(tmp_path / a) if a.endswith(".csv") else a for a in arguments]
    out = tmp_path / "out"
    assert run([*given, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert says in shown.err and len(shown.err) < 1500 and not out.exists()
    assert shown.err.count("rpoint: error:") == 1
