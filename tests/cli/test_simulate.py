"""`simulate`: the same numbers as the library, whole files, and one clear error for bad input."""

from __future__ import annotations

import json

import pytest

from rpoint.cli.app import run

ARM = "CDK4/6i=palbociclib 125 mg qd 21/28"
SMALL = ["--patients", "4", "--weeks", "8"]
GOOD = {"--tumour": "melanoma", "--arm": ARM}


def simulate(*more, **changed):
    """Arguments of a small run with some options replaced or left out (None)."""
    options = {**GOOD, **{f"--{name}": value for name, value in changed.items()}}
    given = [text for name, value in options.items() if value is not None for text in (name, value)]
    return ["simulate", *given, *SMALL, *more]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """One run with every output."""
    folder = tmp_path_factory.mktemp("simulate") / "out"
    assert run(simulate("--out", str(folder), "-q", "--seed", "5")) == 0
    return folder


def test_the_folder_has_every_table_and_the_figure(outputs):
    assert sorted(p.name for p in outputs.iterdir()) == [
        "scans.csv",
        "simulation.json",
        "sizes.csv",
        "sizes.svg",
        "summary.csv",
    ]
    assert outputs.joinpath("sizes.svg").read_text(encoding="utf-8").startswith("<svg")


def test_json_equals_the_file_and_does_not_depend_on_jobs(outputs, capsys):
    written = json.loads((outputs / "simulation.json").read_text(encoding="utf-8"))
    for jobs in ("1", "2"):
        assert run(simulate("--json", "--seed", "5", "--jobs", jobs)) == 0
        shown = capsys.readouterr()
        assert json.loads(shown.out) == written and shown.err == ""
    assert [row["arm"] for row in written["summary"]] == ["untreated", "CDK4/6i"]
    assert written["sources"] and written["seed"] == 5


def test_another_seed_gives_other_patients(outputs, capsys):
    written = json.loads((outputs / "simulation.json").read_text(encoding="utf-8"))
    assert run(simulate("--json", "--seed", str(2**63 - 1))) == 0
    assert json.loads(capsys.readouterr().out)["summary"] != written["summary"]


def test_the_table_for_people_has_every_arm(capsys):
    assert run(simulate("--alteration", "TP53:mut")) == 0
    shown = capsys.readouterr().out
    assert "CDK4/6i" in shown and "untreated" in shown and "TP53:mut" in shown


@pytest.mark.slow
def test_why_names_what_each_node_carries(tmp_path, capsys):
    both = "both=palbociclib 125 mg qd 21/28 + milademetan 260 mg qd d1-3,15-17/28"
    arguments = simulate("--arm", both, "--why", "both", "--json", "-q", "--out", str(tmp_path))
    assert run(arguments) == 0
    why = json.loads(capsys.readouterr().out)["why"]
    assert (why["arm"], why["against"]) == ("both", "CDK4/6i")
    nodes = {row["node"] for row in why["nodes"]}
    assert why["deciding"] in nodes and {"p53", "p21", "CycD", "CDK2"} <= nodes
    assert {"why.csv", "why.svg"} <= {p.name for p in tmp_path.iterdir()}


BAD = {
    "unknown drug": (simulate(arm="a=palbocicilb 125 mg qd"), "palbociclib"),
    "unknown unit": (simulate(arm="a=palbociclib 125 furlong qd"), "furlong"),
    "negative dose": (simulate(arm="a=palbociclib -125 mg qd"), "greater than zero"),
    "no dose": (simulate(arm="a=palbociclib"), "palbociclib"),
    "empty regimen": (simulate(arm="a="), "NAME=VALUE"),
    "no name": (simulate(arm="palbociclib 125 mg qd"), "NAME=VALUE"),
    "contradiction": (simulate(arm="a=palbociclib 125 mg qd 28/21"), "--arm 'a'"),
    "drugs called untreated": (simulate(arm="untreated=palbociclib 125 mg qd"), "untreated"),
    "one name twice": (simulate("--arm", ARM), "twice"),
    "a megabyte": (simulate(arm="a=" + "palbociclib 125 mg qd + " * 43_691), "--arm 'a'"),
    "a long word": (simulate(arm="a=" + "x" * 2**20), "--arm 'a'"),
    "no arm": (simulate(arm=None), "--arm"),
    "no tumour": (simulate(tumour=None), "--tumour"),
    "unknown tumour": (simulate(tumour="melanom"), "melanoma"),
    "long tumour": (simulate(tumour="x" * 2**20), "tumour"),
    "unknown gene": (simulate("--alteration", "TP35:mut"), "TP53"),
    "unknown state": (simulate("--alteration", "RB1:los"), "RB1:loss"),
    "two states": (simulate("--alteration", "RB1:loss", "--alteration", "RB1:wt"), "two states"),
    "copies": (simulate("--alteration", "MDM2:cn=-3"), "0 to 200"),
    "unknown clone": (simulate("--clone", "RB1-lost=0.1"), "RB1-loss"),
    "too much clone": (simulate("--clone", "RB1-loss=1.5"), "--clone"),
    "share in words": (simulate("--clone", "RB1-loss=much"), "--clone"),
    "no patients": (simulate("--patients", "0"), "patients"),
    "too many patients": (simulate("--patients", "1000000000"), "--patients"),
    "negative weeks": (simulate("--weeks", "-1"), "weeks"),
    "no number of weeks": (simulate("--weeks", "nan"), "weeks"),
    "no scans": (simulate("--scan-weeks", "0"), "--scan-weeks"),
    "why of no arm": (simulate("--why", "CDK46i"), "CDK4/6i"),
    "seed": (simulate("--seed", "-1"), "--seed"),
    "jobs": (simulate("--jobs", "0"), "--jobs"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_short_error_and_nothing_is_written(case, tmp_path, capsys):
    arguments, says = BAD[case]
    out = tmp_path / "out"
    assert run([*arguments, "--out", str(out), "--json"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not out.exists()
    assert shown.err.count("rpoint: error:") == 1
    assert says in shown.err and len(shown.err) < 1000 and "Traceback" not in shown.err
