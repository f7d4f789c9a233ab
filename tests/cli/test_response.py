"""`response`: the numbers, the JSON contract, the files, and one clear error for each bad table."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from rpoint.cli.app import run

HEAD = "patient,day,lesion,target,new,diameter_mm"
GOOD = f"""{HEAD}
A,0,1,1,0,50
A,42,1,1,0,35
A,84,1,1,0,33
B,0,1,1,0,25
B,42,1,1,0,26
B,84,1,1,0,40
"""


@pytest.fixture
def cohort(tmp_path):
    """MANTRA-2's counts: 40 treated, 31 evaluable, 6 with a response, 1 of them confirmed."""
    rows = []
    for k in range(31):
        sums = [100, 65, 60 if k == 0 else 90] if k < 6 else [100, 95, 130]
        rows += [(f"P{k:02d}", 56 * j, 1, 1, 0, s, "arm x") for j, s in enumerate(sums)]
    table = pd.DataFrame(rows, columns=[*HEAD.split(","), "arm"])
    table.to_csv(tmp_path / "sizes.csv", index=False)
    people = pd.DataFrame({"patient": [f"P{k:02d}" for k in range(40)], "stop_day": 40})
    people.loc[:30, "stop_day"] = 120
    people.to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path


def test_any_and_confirmed_are_printed_side_by_side(cohort, capsys):
    assert run(["response", str(cohort / "sizes.csv"), "-q"]) == 0
    shown = capsys.readouterr().out
    header, line = (next(x for x in shown.splitlines() if word in x)
                    for word in ("objective response", "evaluable"))  # fmt: skip
    assert header.split() == ["objective", "response", "any", "confirmed"]
    assert "6/31, 19.4 % (7.5–37.5)" in line and "1/31, 3.2 % (0.1–16.7)" in line
    assert line.index("6/31") < line.index("1/31")
    assert header.index("any") == line.index("6/31")
    assert header.index("confirmed") == line.index("1/31")
    assert "Research use only" in shown


def test_json_holds_the_contract(cohort, capsys):
    arguments = ["response", str(cohort / "sizes.csv"), "--json", "-q"]
    assert run([*arguments, "--patients", str(cohort / "patients.csv")]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert shown.err == ""
    assert set(found["orr"]) == {"any", "confirmed"}
    assert found["orr"]["any"] == {
        "x": 6, "n": 31, "percent": pytest.approx(19.3548, abs=1e-4),
        "lo": pytest.approx(7.4525, abs=1e-3), "hi": pytest.approx(37.4735, abs=1e-3),
    }  # fmt: skip
    assert found["orr"]["confirmed"]["percent"] == pytest.approx(3.2258, abs=1e-4)
    assert found["orr"]["confirmed"]["hi"] == pytest.approx(16.702, abs=1e-3)
    assert found["orr_all"]["any"]["n"] == 40
    assert len(found["patients"]) == 40
    assert found["patients"][0]["bor_confirmed"] == "PR"


def test_files_appear_whole(cohort, capsys):
    out = cohort / "out"
    arguments = ["response", str(cohort / "sizes.csv"), "--out", str(out), "-q"]
    assert run([*arguments, "--hyperprogression", "all", "--by-arm"]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "adrs.csv", "adtte.csv", "findings.csv", "hyperprogression.csv", "patients.csv",
        "response.json", "spider.png", "spider.svg", "swimmer.png", "swimmer.svg", "visits.csv",
        "waterfall.png", "waterfall.svg",
    ]  # fmt: skip
    adrs = pd.read_csv(out / "adrs.csv")
    assert set(adrs["PARAMCD"]) == {"OVR", "BOR", "CBOR", "RSP", "CRSP", "PD"}
    assert (adrs["PARAMCD"] == "CRSP").sum() == 31
    assert ((adrs["PARAMCD"] == "CRSP") & (adrs["AVALC"] == "Y")).sum() == 1
    assert adrs.loc[adrs["PARAMCD"] == "OVR", "ADY"].min() == 57  # the first dose is day 1
    adtte = pd.read_csv(out / "adtte.csv")
    assert set(adtte["PARAMCD"]) == {"PFS", "TTP", "RSD"}
    told = json.loads((out / "response.json").read_text(encoding="utf-8"))
    assert {row["definition"] for row in told["hyperprogression"]["rates"]} >= {"nanchang"}
    shown = capsys.readouterr().out
    assert "arm x" in shown and "Nanchang 2019" in shown and "nobody is evaluable" in shown


@pytest.mark.parametrize("criteria", ["recist11", "irecist"])
def test_one_patient_can_be_audited(cohort, criteria, capsys):
    arguments = ["response", str(cohort / "sizes.csv"), "--criteria", criteria]
    assert run([*arguments, "--audit", "P00", "-q"]) == 0
    shown = capsys.readouterr().out
    assert "day 56: sum 65.0 mm, -35.0 % from baseline" in shown
    assert "confirmed on day 112 (56 days later)" in shown


def test_confirmation_and_unit_are_options(cohort, capsys):
    def n(*more):
        assert run(["response", str(cohort / "sizes.csv"), "--json", "-q", *more]) == 0
        return json.loads(capsys.readouterr().out)["orr"]["confirmed"]["x"]

    assert n() == 1
    assert n("--confirm-weeks", "8") == 1
    assert n("--confirm-weeks", "8.5") == 0
    table = pd.read_csv(cohort / "sizes.csv")
    table["diameter_mm"] /= 10
    table.rename(columns={"diameter_mm": "size"}).to_csv(cohort / "sizes.csv", index=False)
    assert n("--unit", "cm") == 1


def test_mice(tmp_path, capsys):
    path = tmp_path / "mice.csv"
    path.write_text("mouse,day,volume_mm3\na,0,200\na,10,10\na,20,0\nb,0,200\nb,10,400\n", "utf-8")
    out = tmp_path / "out"
    assert run(["response", str(path), "--criteria", "mrecist", "--json", "-q",
                "--out", str(out)]) == 0  # fmt: skip
    found = json.loads(capsys.readouterr().out)
    assert [row["mrecist"] for row in found["patients"]] == ["mCR", "mPD"]
    assert found["orr"]["any"]["x"] == 1 and found["orr"]["confirmed"] is None
    assert sorted(p.name for p in out.iterdir()) == ["mice.csv", "response.json"]


def test_faulty_patients_left_out_are_told_by_the_exit_code(tmp_path, capsys):
    path = tmp_path / "s.csv"
    path.write_text(GOOD + "C,0,1,1,0,-4\nC,42,1,1,0,4\n", "utf-8")
    assert run(["response", str(path), "--exclude-faulty", "--json"]) == 3
    shown = capsys.readouterr()
    assert json.loads(shown.out)["excluded"] == ["C"]
    assert "diameter is negative" in shown.err and "left out for their errors: 1" in shown.err


def rows(*lines, head=HEAD):
    return "\n".join([head, *lines]) + "\n"


ONE = "A,0,1,1,0,50"
BAD = {  # name: (table, what the error must say)
    "empty": ("", "the table is empty"),
    "header alone": (HEAD + "\n", "no rows"),
    "semicolons": (GOOD.replace(",", ";"), "separator is not a comma"),
    "tabs": (GOOD.replace(",", "\t"), "separator is not a comma"),
    "ragged": (rows(ONE, "A,42,1,1,0,40,7,8"), "not a CSV file"),
    "no target column": (GOOD.replace("target", "goal"), "lacks a column: target"),
    "misspelt": (GOOD.replace("diameter_mm", "diametre_mm"), "did you mean diameter?"),
    "two columns of a name": (rows(ONE + ",1", head=HEAD + ",day"), "same name"),
    "no unit": (GOOD.replace("diameter_mm", "diameter"), "unit of the sizes is not stated"),
    "unknown unit": (rows("A,0,1,1,0,50,inch", head=HEAD[:-3] + ",unit"), "neither mm nor cm"),
    "centimetres": (
        rows("A,0,1,1,0,5", "B,0,1,1,0,3", "C,0,1,1,0,2.5"), "centimetres?",
    ),
    "too large": (rows(ONE, "A,42,1,1,0,900"), "above 500 mm"),
    "negative": (rows(ONE, "A,42,1,1,0,-40"), "diameter is negative"),
    "text for a size": (rows(ONE, "A,42,1,1,0,4O"), "diameter is not a number"),
    "decimal comma": (rows(ONE, 'A,42,1,1,0,"40,5"'), "diameter is not a number"),
    "infinite": (rows(ONE, "A,42,1,1,0,inf"), "diameter is infinite"),
    "blank size": (rows(ONE, "A,42,1,1,0,"), "diameter is blank"),
    "NaN size": (rows(ONE, "A,42,1,1,0,NaN"), "diameter is blank"),
    "text for a day": (rows(ONE, "A,week 6,1,1,0,40"), "day is not a number"),
    "blank day": (rows(ONE, "A,,1,1,0,40"), "the day is missing"),
    "date for a day": (rows(ONE, "A,20240131,1,1,0,40"), "no number of days"),
    "blank patient": (rows(ONE, ",42,1,1,0,40"), "the patient is blank"),
    "blank lesion": (rows(ONE, "A,42,,1,0,40"), "the lesion is blank"),
    "flag of 2": (rows(ONE, "A,42,1,2,0,40"), "target is neither 1 nor 0"),
    "blank flag": (rows(ONE, "A,42,1,1,,40"), "new is blank"),
    "duplicate": (rows(ONE, "A,42,1,1,0,40", "A,42,1,1,0,41"), "given twice on one day"),
    "late target": (rows(ONE, "A,42,1,1,0,40", "A,42,2,1,0,15"), "appears after baseline"),
    "late non-target": (rows(ONE, "A,42,1,1,0,40", "A,42,2,0,0,15"), "non-target lesion appears"),
    "no baseline": (rows("A,1,1,1,0,50", "A,42,1,1,0,40"), "no baseline"),
    "new at baseline": (rows(ONE, "A,0,2,0,1,12", "A,42,1,1,0,40"), "on or before the first dose"),
    "new but known": (rows(ONE, "A,0,2,0,0,12", "A,42,2,0,1,12"), "called new later"),
    "changing target": (rows(ONE, "A,42,1,0,0,40"), "target in one row and not in another"),
    "jump": (rows(ONE, "A,42,1,1,0,450"), "grows eightfold"),
    "spike": (rows(ONE, "A,42,1,1,0,4.9", "A,84,1,1,0,48"), "eightfold and comes back"),
    "zero baseline": (rows("A,0,1,1,0,0", "A,42,1,1,0,10"), "absent at baseline"),
    "unknown status": (
        rows(ONE + ",", "A,42,1,1,0,,evaluabel", head=HEAD + ",status"), "not a known word",
    ),
    "absent with a size": (
        rows(ONE + ",", "A,42,1,1,0,30,absent", head=HEAD + ",status"), "absent has a diameter",
    ),
    "judged target": (
        rows(ONE + ",", "A,42,1,1,0,,progression", head=HEAD + ",status"), "judged by its diameter",
    ),
    "long visit": (
        rows("A,0,1,1,0,50,1", "A,42,1,1,0,40,2", "A,84,1,1,0,40,2", head=HEAD + ",visit"),
        "more than 14 days apart",
    ),
    "unknown kind": (
        "patient,day,lesion,tuorres,diameter_mm\nA,0,1,BENIGN,50\n", "not a known word",
    ),
    "two sums a day": ("patient,day,sum_mm\nA,0,50\nA,42,40\nA,42,41\n", "two sums on one day"),
    "negative sum": ("patient,day,sum_mm\nA,0,50\nA,42,-4\n", "the sum is negative"),
    "sum without baseline": ("patient,day,sum_mm\nA,7,50\nA,42,40\n", "no baseline"),
    "partial date": (
        "patient,scan_date,sum_mm\nA,2024-01,50\n", "date is not a date",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_has_its_clear_error_and_leaves_nothing(name, tmp_path, capsys):
    text, says = BAD[name]
    path, out = tmp_path / "bad.csv", tmp_path / "out"
    path.write_text(text, encoding="utf-8")
    assert run(["response", str(path), "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not out.exists()
    assert says in shown.err
    assert shown.err.count("rpoint: error:") == 1 and len(shown.err) < 1500
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.csv"]


PEOPLE = {
    "no patient": ("arm\nx\n", "names no patient"),
    "repeated": ("patient,arm\nA,x\nA,y\nB,x\n", "more than one row"),
    "unknown patient": ("patient\nA\n", "not in the patients table"),
    "death before scan": ("patient,death_day\nA,50\nB,\n", "after the death"),
    "death before dose": ("patient,death_day\nA,-1\nB,\n", "before the first dose"),
    "stop after death": ("patient,stop_day,death_day\nA,200,100\nB,,\n", "after the death"),
    "ecog": ("patient,ecog\nA,7\nB,1\n", "not 0 to 5"),
    "text": ("patient,stop_day\nA,soon\nB,1\n", "stop_day is not a number"),
    "no first dose": ("patient,first_dose_day\nA,\nB,0\n", "first_dose_day is blank"),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_bad_patients_table_has_its_clear_error(name, tmp_path, capsys):
    text, says = PEOPLE[name]
    (tmp_path / "s.csv").write_text(GOOD, "utf-8")
    (tmp_path / "p.csv").write_text(text, "utf-8")
    out = tmp_path / "out"
    arguments = ["response", str(tmp_path / "s.csv"), "--patients", str(tmp_path / "p.csv")]
    assert run([*arguments, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert says in shown.err and shown.out == "" and not out.exists()
    assert shown.err.count("rpoint: error:") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.csv"], "no such file"),
        (["."], "it is a folder"),
        (["GOOD", "--criteria", "recist10"], "recist11"),
        (["GOOD", "--unit", "cm"], "two units are stated"),
        (["GOOD", "--confirm-weeks", "-1"], "--confirm-weeks"),
        (["GOOD", "--confirm-weeks", "nan"], "--confirm-weeks"),
        (["GOOD", "--hyperprogression", "nanchan"], "nanchang"),
        (["GOOD", "--column", "patient"], "OURS=YOURS"),
        (["GOOD", "--column", "patient=who"], "unknown column 'who'"),
        (["GOOD", "--audit", "Z"], "unknown patient 'Z'"),
        (["GOOD", "--by-arm"], "there is no arm"),
        (["GOOD", "--level", "2"], "--level"),
        (["BINARY"], "not a text file"),
        (["LATIN"], "not UTF-8"),
        (["TORN.parquet"], "Parquet file cannot be read"),
        (["BOOK.xlsx"], "save it as CSV"),
        ([], "SIZES"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else value,
)
def test_bad_options_and_files_are_the_users_error(arguments, says, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "GOOD").write_text(GOOD, "utf-8")
    (tmp_path / "BINARY").write_bytes(b"\x00\x01patient,day\n")
    (tmp_path / "LATIN").write_bytes(GOOD.replace("B,", "Bj\xf6rn,").encode("latin-1"))
    (tmp_path / "TORN.parquet").write_bytes(b"PAR1 torn")
    (tmp_path / "BOOK.xlsx").write_bytes(b"PK")
    assert run(["response", *arguments, "--out", "out"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not (tmp_path / "out").exists()
    assert says in shown.err and len(shown.err) < 1500
    assert shown.err.count("rpoint: error:") == 1
