"""The commands about designs: what they print, write and refuse."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest

from rpoint.cli.app import run
from rpoint.trial.design import runs as design_runs

ARM = "milademetan 260 mg 3/14"
SMALL = ["--replicates", "3", "--jobs", "1", "-q"]


@pytest.fixture
def fast(monkeypatch, root):
    """The commands with a computation of milliseconds, in this process."""
    monkeypatch.syspath_prepend(str(root / "tests" / "trial" / "fakes"))
    monkeypatch.setattr(design_runs, "COMPUTE", "fake_design_compute:compute")
    crew = design_runs.Crew
    monkeypatch.setattr(design_runs, "Crew", lambda fixed, jobs: crew(fixed, 0))
    yield
    sys.modules.pop("fake_design_compute", None)


def told(capsys, *words: str) -> dict:
    assert run(["trial", *words, *SMALL, "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return json.loads(shown.out)


def written(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_numbers_may_follow_one_another_or_the_option(fast, capsys, tmp_path):
    size = ["--patients", f"{ARM}=6"]
    one = told(capsys, "scan-interval", "mantra-2", "--weeks", "4", "12", *size,
               "--out", str(tmp_path / "x"))  # fmt: skip
    two = told(capsys, "scan-interval", "mantra-2", "--weeks", "4", "--weeks", "12", *size)
    assert one == two
    assert set(one["patients"]) == {"every 4 weeks", "every 8 weeks", "every 12 weeks"}
    assert (one["replicates"], one["seed"], one["patients"]["every 4 weeks"]) == (3, 1, 6)
    assert written(tmp_path / "x") == {
        "scan-interval.json", "scan-interval.csv", "replicates.csv", "scan-interval.svg"
    }  # fmt: skip
    each = pd.read_csv(tmp_path / "x" / "replicates.csv")
    assert set(each["REPL"]) == {0, 1, 2} and set(each["VARIANT"]) == set(one["patients"])


def test_power_prints_both_errors_and_writes_its_curve(fast, capsys, tmp_path):
    whole = ["trial", "power", "mantra", *SMALL, "--out", str(tmp_path / "x")]
    assert run(whole) == 0
    text = capsys.readouterr().out
    assert "type I error: " in text and "power: " in text and "in the interval" in text
    assert written(tmp_path / "x") == {
        "power.json", "power.csv", "curve.csv", "replicates.csv", "power.svg"
    }  # fmt: skip
    assert set(pd.read_csv(tmp_path / "x" / "curve.csv")["variant"]) == {
        "as designed", "control in both arms"
    }  # fmt: skip
    assert run(["trial", "power", "mantra-2", *SMALL]) == 1
    assert "compares no arms" in capsys.readouterr().err


def test_rules_take_a_design(fast, capsys, tmp_path):
    words = ["rules", "mantra-2", "--patients", f"{ARM}=12", "--baskets", "1", "--model", "beta"]
    found = told(capsys, *words, "--design", "0/4,1/10", "--out", str(tmp_path / "x"))
    assert (found["design"]["n1"], found["design"]["n"]) == (4, 10)
    assert [row["endpoint"] for row in found["simon"]] == ["any", "confirmed"]
    assert len(found["baskets"]) == 6
    assert written(tmp_path / "x") == {"rules.json", "simon.csv", "baskets.csv", "rules.svg"}
    assert run(["trial", "rules", "mantra-2", *SMALL, "--design", "4/10"]) == 1
    assert "two stages" in capsys.readouterr().err


def test_copies_and_schedules_are_compared_in_the_same_patients(fast, capsys, tmp_path):
    size = ["--patients", f"{ARM}=6"]
    copies = told(capsys, "copy-number-cutoff", "mantra-2", "--copies", "8", "12", *size)
    assert copies["reference"] == "MDM2 copies >= 12" and len(copies["digests"]) == 2
    found = told(capsys, "schedules", "mantra-2", "--regimen", "milademetan 90 mg qd d1-21/28",
                 *size, "--out", str(tmp_path / "x"))  # fmt: skip
    assert found["reference"] == "milademetan 260 mg qd d1-3,15-17/28"
    assert {"schedules.svg", "schedules-all.svg"} < written(tmp_path / "x")
    assert run(["trial", "schedules", "mantra-2", "--regimen", "milademetan daily", *SMALL]) == 1
    assert "milademetan daily" in capsys.readouterr().err


def test_inclusion_compares_rules_and_says_why_there_is_no_hazard_ratio(fast, capsys, tmp_path):
    assert run(["trial", "inclusion", "mantra", *SMALL, "--out", str(tmp_path / "x")]) == 0
    text = capsys.readouterr().out
    for part in ("any response, %", "progression-free at 6 months, %", "258 weighted patients say",
                 "258 of 258", "no hazard ratio", "in 0 of 4 outcomes"):  # fmt: skip
        assert part in text, part
    assert "trabectedin: " not in text  # its curve is published: no rule, no patients
    assert written(tmp_path / "x") == {
        "inclusion.json", "inclusion.csv", "replicates.csv", "inclusion.svg"
    }  # fmt: skip
    found = told(capsys, "inclusion", "mantra-2", "--patients", f"{ARM}=6")
    assert found["patients"] == {"acceptance": 6, "weights": 6}
    assert len({row["value"] for row in found["table"]
                if row["endpoint"] == "response_any_pct"}) == 1  # fmt: skip


def test_joint_says_what_is_as_extreme_and_what_each_part_does(fast, capsys, tmp_path):
    assert run(["trial", "joint", "mantra-2", *SMALL, "--out", str(tmp_path / "x")]) == 0
    text = capsys.readouterr().out
    for part in ("joint tail probability, smallest tail area", "P(confirmed <= 1 | any >= 5)",
                 "responses count when seen", "scans every week", "response_any_pct"):  # fmt: skip
        assert part in text, part
    assert written(tmp_path / "x") == {
        "joint.json", "joint.csv", "conditions.csv", "parts.csv", "part-joint.csv",
        "replicates.csv", "joint.svg", "parts.svg",
    }  # fmt: skip
    alone = told(capsys, "joint", "mantra-2", "--whole")
    assert list(alone["patients"]) == ["as it is"]


def test_failed_replicates_are_told_and_make_the_run_partial(fast, monkeypatch, capsys):
    import rpoint.trial.design.questions as questions

    real = questions.run_variants
    monkeypatch.setattr(
        questions, "run_variants", lambda t, **k: real(t, **k, options={"fail": [250]})
    )
    words = ["trial", "scan-interval", "mantra-2", "--weeks", "12", "--patients", f"{ARM}=100"]
    assert run([*words, "--replicates", "4", "--jobs", "1"]) == 3
    shown = capsys.readouterr()
    assert "every 8 weeks, replicates 2 to 2 failed" in shown.err and "no luck" in shown.err
    assert "4 replicates: a share is known to about 50 points at best" in shown.err
