"""`survival`: what it prints and writes, ADaM tables, forty ways to hand it a wrong table."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from rpoint.cli.app import run

PALOMA = ["survival", "example:paloma3_pfs", "--by", "arm", "--time", "time_months"]
CONTROL = ["--reference", "placebo + fulvestrant"]


@pytest.fixture
def table(tmp_path):
    """Writes a CSV and gives its path."""

    def write(text, name="t.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def rows(names, *lines):
    return "\n".join([names, *lines]) + "\n"


GOOD = [f"{i},{t},{e},{a}" for i, (t, e, a) in enumerate(
    [(1, 1, "A"), (2, 0, "B"), (3, 1, "A"), (4, 1, "B"), (5, 1, "A"), (6, 0, "B")]
)]  # fmt: skip


def adtte(seed=1, n=60):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "USUBJID": [f"p{i}" for i in range(n)] * 2,
            "PARAMCD": ["OS"] * n + ["PFS"] * n,
            "AVAL": rng.exponential(10, 2 * n).round(2),
            "AVALU": "MONTHS",
            "CNSR": rng.choice([0, 0, 1, 2], 2 * n),
            "TRTP": np.tile(["Drug", "Control"], n),
        }
    )


def test_it_writes_tables_a_figure_and_the_json_that_it_prints(tmp_path, capsys):
    out = tmp_path / "out"
    assert run([*PALOMA, *CONTROL, "--at", "6", "--json", "-q", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert shown.err == ""
    assert json.loads((out / "survival.json").read_text(encoding="utf-8")) == printed
    assert sorted(p.name for p in out.iterdir()) == [
        "at_risk.csv", "curves.csv", "hazard_ratios.csv", "survival.csv", "survival.json",
        "survival.svg", "survival_at.csv",
    ]  # fmt: skip
    assert [g["group"] for g in printed["groups"]][0] == "placebo + fulvestrant"
    assert printed["groups"][1]["median"] == 9.5
    assert printed["cox"]["coefficients"][0]["hr"] == pytest.approx(0.466, abs=0.001)
    assert "log-log" in printed["conventions"]["interval_of_the_median"]
    for row in printed["at_risk"]:
        total = {"placebo + fulvestrant": 174, "palbociclib + fulvestrant": 347}[row["group"]]
        assert row["at_risk"] + row["events"] + row["censored"] == total


def test_it_prints_what_a_report_needs(capsys):
    assert run([*PALOMA, *CONTROL, "--transform", "log", "--test", "log-rank", "--test",
                "gehan"]) == 0  # fmt: skip
    text = capsys.readouterr().out
    parts = ["9.5", "log scale", "log-rank: χ²", "gehan: χ²", "0.466", "proportional hazards"]
    parts += ["restricted mean", "347 / 0 / 0", "at risk: follow-up of t or longer"]
    assert [part for part in parts if part not in text] == []


def test_adam_names_are_understood_and_cnsr_is_turned_round(table, capsys):
    frame = adtte()
    path = table(frame.to_csv(index=False))
    assert run(["survival", path, "--param", "OS", "--json"]) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    os_rows = frame[frame["PARAMCD"] == "OS"]
    events = (os_rows["CNSR"] == 0).groupby(os_rows["TRTP"]).sum()
    assert {g["group"]: g["events"] for g in printed["groups"]} == events.to_dict()
    assert printed["conventions"]["unit"] == "months"
    assert "CNSR is 0" in shown.err and "groups: TRTP" in shown.err


def test_parquet_and_csv_and_the_order_of_rows_give_the_same(table, tmp_path, capsys):
    frame = adtte(2)
    path = tmp_path / "t.parquet"
    frame.sample(frac=1, random_state=3).to_parquet(path)
    results = []
    for source in (table(frame.to_csv(index=False)), str(path)):
        assert run(["survival", source, "--param", "pfs", "--json", "-q"]) == 0
        text = capsys.readouterr().out
        results.append(json.loads(text, parse_float=lambda number: round(float(number), 10)))
    assert results[0] == results[1]


def test_codes_other_than_0_and_1(table, capsys):
    path = table(rows("time,status,arm", *(f"{i},{1 + i % 2},{'AB'[i % 3 > 0]}" for i in
                                           range(1, 13))))  # fmt: skip
    assert run(["survival", path, "--event", "status", "--event-is", "2", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["groups"][0]["events"] == 6


def test_strata_covariates_and_missing_values(table, capsys):
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "time": rng.exponential(size=80),
            "event": 1,
            "arm": rng.choice(["x", "y"], 80),
            "site": rng.choice([1, 2], 80),
            "age": rng.normal(60, 9, 80),
            "sex": rng.choice(["f", "m"], 80),
        }
    )
    frame.loc[[3, 5], "age"] = np.nan
    path = table(frame.to_csv(index=False))
    options = ["--by", "arm", "--strata", "site", "--covariates", "age", "--covariates", "sex"]
    assert run(["survival", path, *options]) == 1
    assert "lines 5, 7" in capsys.readouterr().err
    assert run(["survival", path, *options, "--missing", "drop", "--json"]) == 0
    shown = capsys.readouterr()
    printed = json.loads(shown.out)
    assert "left out: 2 patients without age" in shown.err
    assert sum(g["n"] for g in printed["groups"]) == 78 and printed["cox"]["strata"] == 2
    names = [c["covariate"] for c in printed["cox_adjusted"]["coefficients"]]
    assert names == ["y v x", "age", "sex=m"]


def test_an_infinite_hazard_ratio_is_told(table, capsys):
    lines = [f"{t},{int(t <= 6)},{'AB'[t > 6]}" for t in range(1, 13)]
    path = table(rows("time,event,arm", *lines))
    assert run(["survival", path, "--by", "arm"]) == 0
    text = capsys.readouterr().out
    assert "monotone likelihood" in text and "profile" in text


def test_without_events_there_are_curves_and_no_test(table, capsys):
    path = table(rows("time,event,arm", *(f"{t},0,{'AB'[t % 2]}" for t in range(1, 9))))
    assert run(["survival", path, "--by", "arm"]) == 0
    text = capsys.readouterr().out
    assert "NR" in text and "there are no events" in text and "χ²" not in text


def test_scan_intervals(table, tmp_path, capsys):
    path = table(rows("last_free,first_seen,arm", "0,8,A", "8,16,A", "8,16,A", "16,,A", "0,8,B",
                      "16,24,B", "24,,B"))  # fmt: skip
    out = tmp_path / "out"
    arguments = ["survival", path, "--interval", "last_free", "first_seen", "--by", "arm"]
    assert run([*arguments, "--out", str(out), "--json", "-q"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["groups"][0]["median_region"] == [8.0, 16.0]
    assert (out / "survival.svg").stat().st_size > 1000 and (out / "intervals.csv").exists()
    assert run(arguments) == 0
    assert "no confidence limits" in capsys.readouterr().out


def test_competing_risks(table, tmp_path, capsys):
    rng = np.random.default_rng(5)
    lines = [
        f"{t:.3f},{c},{a}"
        for t, c, a in zip(
            rng.exponential(size=80), rng.integers(0, 3, 80), rng.choice(["A", "B"], 80)
        )
    ]
    path, out = table(rows("time,cause,arm", *lines)), tmp_path / "out"
    arguments = ["survival", path, "--cause", "cause", "--by", "arm", "--at", "1"]
    assert run([*arguments, "--out", str(out), "--json", "-q"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {t["cause"] for t in printed["tests"]} == {1, 2} and len(printed["incidence_at"]) == 4
    assert set(printed["cause_specific"]) == {"1", "2"} and (out / "survival.svg").exists()
    assert run(arguments) == 0
    assert "Gray" in capsys.readouterr().out


H = "id,time,event,arm"
BY = ["--by", "arm"]
BAD = [
    ("", [], "cannot be read as a table"),
    ("time,event,arm\n", BY, "no rows"),
    (rows(H, *GOOD, "7,-3,1,A"), BY, "line 8: time is -3"),
    (rows(H, *GOOD, "7,,1,A", "8,x,1,A"), BY, "line 8: time is missing"),
    (rows(H, *GOOD, "7,,1,A", "8,x,1,A"), BY, "line 9: time is x"),
    (rows(H, *GOOD, "7,NaN,1,A"), BY, "line 8: time is missing"),
    (rows(H, *GOOD, "7,inf,1,A"), BY, "line 8: time is inf"),
    (rows(H, *GOOD, '7,"3,5",1,A'), BY, "decimals with a point"),
    (rows(H, *GOOD, "7,3,2,A"), BY, "line 8: event is 2"),
    (rows(H, *GOOD, "7,3,2,A"), BY, "--event-is"),
    (rows(H, *GOOD, "7,3,,A"), BY, "line 8: event is missing"),
    (rows(H, *GOOD, "7,3,dead,A"), BY, "line 8: event is dead"),
    (rows(H, *GOOD, "7,3,0.5,A"), BY, "line 8: event is 0.5"),
    (rows(H, *GOOD, "7,3,1,"), BY, "line 8"),
    (rows(H, *(g[:-1] + "A" for g in GOOD)), BY, "one group alone"),
    (rows(H, *GOOD), ["--by", "amr"], "nearest: arm"),
    (rows(H, *GOOD), [*BY, "--time", "tiem"], "nearest: time"),
    (rows(H, *GOOD), [*BY, "--event", "evnt"], "nearest: event"),
    (rows(H, *GOOD), [*BY, "--strata", "sit"], "unknown column 'sit'"),
    (rows(H, *GOOD), [*BY, "--covariates", "age"], "unknown column 'age'"),
    (rows(H, *GOOD), [*BY, "--covariates", "arm"], "cannot be group and covariate"),
    (rows(H, *GOOD), ["--by", "time"], "cannot be time and group"),
    (rows("id,t,e,arm", *GOOD), BY, "which column is the time"),
    (rows("id,time,e,arm", *GOOD), BY, "which column is the event"),
    (rows("id,AVAL,CNSR,arm", *GOOD), [*BY, "--event", "CNSR"], "sounds like the opposite"),
    (rows("id,AVAL,event,arm", *GOOD), [*BY, "--censor", "event"], "sounds like the opposite"),
    (rows("id,time,event,CNSR", *(g[:-1] + "0" for g in GOOD)), [], "event and a censoring"),
    (rows(H, *GOOD), [*BY, "--event", "event", "--censor", "event"], "one of them"),
    (rows("id,AVAL,CNSR,arm", *GOOD, "7,3,-1,A"), BY, "line 8: CNSR is -1"),
    (rows("time,event,time", "1,1,2"), [], "two columns have one name"),
    (rows("patient,time,event,arm", "p1,1,1,A", "p2,2,1,B", "p1,3,0,A"), BY, "lines 2, 4"),
    (rows("PARAMCD,AVAL,CNSR,TRTP", "OS,1,0,A", "PFS,2,0,B"), [], "several endpoints"),
    (rows("PARAMCD,AVAL,CNSR,TRTP", "OS,1,0,A", "PFS,2,0,B"), ["--param", "OSS"], "nearest: OS"),
    (rows(H, *GOOD), [*BY, "--param", "OS"], "no column PARAMCD"),
    (rows("AVAL,AVALU,CNSR", "1,DAYS,0", "2,MONTHS,0"), [], "several units"),
    (rows(H, *GOOD), [*BY, "--reference", "C"], "unknown group 'C'"),
    (rows(H, *GOOD), ["--reference", "A"], "needs groups"),
    (rows(H, *(f"{i},{i + 1},1,{i}" for i in range(30))), BY, "too many groups"),
    (rows(H, *GOOD), [*BY, "--transform", "loglog"], "log-log"),
    (rows(H, *GOOD), [*BY, "--level", "95"], "level"),
    (rows(H, *GOOD), [*BY, "--ties", "efro"], "efron"),
    (rows(H, *GOOD), [*BY, "--test", "wilcoxon"], "unknown weight"),
    (rows(H, *GOOD), [*BY, "--rho", "1"], "another test"),
    (rows(H, *GOOD), [*BY, "--tau", "100"], "not known up to tau"),
    (rows(H, *GOOD), [*BY, "--tau", "-1"], "tau"),
    (rows(H, *GOOD), [*BY, "--at=-1"], "out of range"),
    (rows(H, *GOOD), [*BY, "--missing", "ignore"], "error, drop"),
    (rows(H, *GOOD), [*BY, "--event-is", "9"], "unknown value '9'"),
    (rows("id,time,event,arm,one", *(g + ",1" for g in GOOD)), [*BY, "--covariates", "one"],
     "does not vary"),
    (rows("l,r", "1,2", "3,2"), ["--interval", "l", "r"], "line 3: l 3, r 2"),
    (rows("l,r", "1,2"), ["--interval", "l", "l"], "two columns"),
    (rows("l,r", "1,2"), ["--interval", "l", "r", "--event", "r"], "cannot be used"),
    (rows("time,cause", "1,1", "2,x"), ["--cause", "cause"], "line 3: time 2, cause x"),
    (rows("time,cause", "1,0", "2,0"), ["--cause", "cause"], "nobody had an event"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "options", "says"), BAD, ids=range(len(BAD)))
def test_a_wrong_table_is_one_clear_error_and_writes_nothing(
    table, tmp_path, capsys, text, options, says
):
    out = tmp_path / "out"
    assert run(["survival", table(text), *options, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not out.exists()
    assert says in shown.err and len(shown.err) < 1500
    assert shown.err.count("rpoint: error:") == 1


@pytest.mark.parametrize(
    ("source", "says"),
    [("missing.csv", "no such file"), ("example:paloma", "nearest: paloma3_pfs"), (".", "folder")],
)
def test_a_source_that_is_no_table(source, says, capsys):
    assert run(["survival", source]) == 1
    assert says in capsys.readouterr().err


def test_a_binary_file_is_the_users_error(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_bytes(bytes(range(256)) * 20)
    assert run(["survival", str(path)]) == 1
    broken = tmp_path / "t.parquet"
    broken.write_bytes(b"PAR1 no")
    assert run(["survival", str(broken)]) == 1
    assert capsys.readouterr().err.count("rpoint: error:") == 2


def test_all_wrong_rows_are_named_at_once(table, capsys):
    bad = [f"{9 + i},-1,1,A" for i in range(12)]
    assert run(["survival", table(rows(H, *GOOD, *bad)), "--by", "arm"]) == 1
    shown = capsys.readouterr().err
    assert "12 rows" in shown and "line 8" in shown and "and 4 more" in shown
