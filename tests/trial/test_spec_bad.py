"""Bad trial files: one clear error each, with the line, the key, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rpoint.errors import RpointError
from rpoint.trial.read import parse_trial, read_trial
from rpoint.trial.spec.problems import TrialProblems

GOOD = """\
rpoint_trial: 1
name: a-trial
title: "A trial"
population:
  tumours: {breast: 1, lung: 0.5}
  line: 2
  require: ["TP53:wt"]
  central: ["MDM2:cn>=8"]
  prior: "palbociclib 125 mg qd 21/28"
  resistant_clones: {RB1-loss: {carriers: 0.1, share: 0.01}}
  frequencies: {"ESR1:mut": 0.3}
arms:
  new:
    regimen: "palbociclib 125 mg qd 21/28 + letrozole 2.5 mg qd"
    patients: 30
    rules: {palbociclib: palbociclib}
  old:
    regimen: "letrozole 2.5 mg qd"
    patients: 30
enrolment: {months: 12}
visits: {scan_weeks: 8, blood_days: [0, 14], cycle_days: 28}
assessment: {confirm_weeks: 4, new_lesions: true}
treatment: {max_months: 24}
cutoff: {months_after_first_entry: 30}
analysis:
  contrast: [new, old]
  sets: {efficacy: central}
  endpoints: [pfs, orr_any]
published:
  - arm: new
    endpoint: pfs_median_months
    value: 9
    lo: 8
    hi: 11
    source: X
    grade: read
    role: check
notes: ["a note"]
"""
SIMON = "  interim: {simon: {n1: %d, r1: %d, n: %d, r: %d}}\n"

CASES = YAML(typ="safe", pure=True).load(Path(__file__).with_name("bad_trials.yaml"))


def bad(name):
    """The text of a case, the key of its one problem, and the words of its message."""
    case = CASES[name]
    old = GOOD if case["old"] == "*" else case["old"]
    assert old in GOOD, "the case changes nothing"
    return GOOD.replace(old, case["new"], 1), case["key"], case["words"]


def problems(text):
    with pytest.raises(TrialProblems) as caught:
        parse_trial(text, "a.yaml")
    return caught.value.problems, str(caught.value)


def test_the_good_file_is_good():
    assert parse_trial(GOOD).patients == 60
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_gets_one_clear_error(name):
    text, key, words = bad(name)
    found, message = problems(text)
    assert [p.path for p in found] == [key], message
    assert message.startswith("a.yaml: one problem\n")
    for word in words:
        assert word in message, message
    assert "Traceback" not in message and "pydantic" not in message and "Input" not in message


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case["key"] and case["new"]])
def test_the_line_is_that_of_the_key(name):
    text, key, _ = bad(name)
    found, message = problems(text)
    line = text.splitlines()[found[0].line - 1]
    last = key.split(".")[-1].split("[")[0]
    parent = key.split(".")[-2].split("[")[0] if "." in key else last
    assert last in line or parent in line or (key == "published[0]" and "arm: new" in line), (
        f"{key}: line {found[0].line} is {line!r}"
    )
    assert f"line {found[0].line}" in message


def test_all_problems_of_a_file_are_told_at_once():
    text = GOOD
    for name in ("negative weeks", "unknown drug", "unknown key", "contrast with an unknown arm"):
        text = text.replace(CASES[name]["old"], CASES[name]["new"], 1)
    for name in ("truth for a text", "key given twice", "more events than patients"):
        text = text.replace(CASES[name]["old"], CASES[name]["new"], 1)
    found, message = problems(text)
    assert [p.path for p in found] == [
        "title",
        "population.line",
        "arms.old.regimen",
        "visits.scan_weeks",
        "treatment.max_month",
        "cutoff.events",
        "analysis.contrast[1]",
    ]
    assert message.startswith("a.yaml: 7 problems\n")
    assert [p.line for p in found] == sorted(p.line for p in found)


@pytest.mark.parametrize(
    ("numbers", "key", "says"),
    [
        ((10, 1, 31, 5), "analysis.interim.simon.n", "more patients than the arm has"),
        ((29, 5, 10, 1), "analysis.interim.simon", "n1 must be smaller than n"),
        ((10, 10, 29, 11), "analysis.interim.simon", "r1 must be smaller than n1"),
        ((10, 3, 29, 2), "analysis.interim.simon", "r1 must not be larger than r"),
        ((10, 3, 29, 29), "analysis.interim.simon", "r must be smaller than n"),
        ((10, -1, 29, 5), "analysis.interim.simon.r1", "at least 0"),
    ],
)
def test_simon_numbers_that_contradict(numbers, key, says):
    start, rest = GOOD.index("  old:"), GOOD.index("enrolment")
    single = GOOD[:start] + GOOD[rest:]
    text = single.replace("  contrast: [new, old]\n", SIMON % numbers)
    found, message = problems(text)
    assert [p.path for p in found] == [key]
    assert says in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01\x02rpoint", ["not text"]),
        (GOOD.encode("utf-16"), ["not"]),
        (GOOD.replace("A trial", "Caf\u00e9").encode("latin-1"), ["not UTF-8", "0xe9", "line 3"]),
        (b"a: 1\n" * 2_500_000, ["too large"]),
        (b"x" * 90_000, ["mapping"]),
        (b"[" * 90_000, ["nested too deeply"]),
        (b"- " * 45_000, ["nested too deeply"]),
        (b"".join(b" " * i + b"a:\n" for i in range(400)), ["nested too deeply"]),
        (b"\xef\xbb\xbf", ["empty"]),
    ],
    ids=[
        "binary",
        "UTF-16",
        "Latin-1",
        "10 MB",
        "one long word",
        "brackets",
        "dashes",
        "indents",
        "a byte order mark",
    ],
)
def test_files_that_are_no_text_of_a_trial(content, words, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(RpointError) as caught:
        read_trial(path)
    for word in words:
        assert word in str(caught.value)
    assert str(path) in str(caught.value) or path.name in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_a_bomb_of_aliases_is_refused_in_no_time():
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    found, _ = problems("rpoint_trial: 1\n" + "\n".join(lines))
    assert any("anchors" in p.what for p in found)


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_trial(path) == parse_trial(GOOD)


@pytest.mark.parametrize("where", ["nothing.yaml", ".", "mantra-3"])
def test_what_is_no_file(where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RpointError) as caught:
        read_trial(where)
    assert where in str(caught.value)


def test_the_nearest_trial_of_the_library_is_named():
    with pytest.raises(RpointError, match="nearest: mantra-2"):
        read_trial("mantr-2")
