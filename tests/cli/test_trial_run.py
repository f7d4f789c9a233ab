"""`trial run`, `resume`, `verify`, `export`: from a trial's name to a folder and back."""

from __future__ import annotations

import json
import sys

import pytest

from rpoint.cli.app import run
from rpoint.trial.disk import identity as disk_identity
from rpoint.trial.disk import run as disk_run
from rpoint.trial.disk.read import open_run
from rpoint.trial.read import library_text, read_trial

ARM = "milademetan 260 mg 3/14"


@pytest.fixture
def fast(monkeypatch, root):
    """The commands with a computation of milliseconds, here and in workers."""
    monkeypatch.syspath_prepend(str(root / "tests" / "trial" / "fakes"))
    monkeypatch.setattr(disk_identity, "code_digest", lambda: "the same")
    monkeypatch.setattr(disk_run, "COMPUTE", "fake_trial_compute:compute")
    monkeypatch.setattr(disk_run, "ANALYSE", "fake_trial_compute:analyse")
    yield
    sys.modules.pop("fake_trial_compute", None)


def begin(folder, *more: str) -> list[str]:
    return ["trial", "run", "mantra-2", "--out", str(folder), "--jobs", "1", "--seed", "4", *more]


def test_run_prints_json_and_leaves_a_folder_that_verifies_and_exports(fast, tmp_path, capsys):
    folder = tmp_path / "run"
    more = ["--replicates", "3", "--patients", f"{ARM}=30", "--draws", "5", "--chunk", "50"]
    assert run([*begin(folder, *more), "--json", "-q"]) == 0
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert shown.err == ""
    assert (told["status"], told["seed"]) == ("complete", 4)
    assert (told["patients"], told["chunks"]) == (90, 2)
    assert {row["statistic"] for row in told["summary"]} == {"orr", "os_mean"}
    kept = open_run(folder)
    assert kept.trial == read_trial("mantra-2").changed({("arms", ARM, "patients"): 30})
    assert kept.info.trial_text == library_text("mantra-2")
    assert kept.info.identity["draws"] == 5 and len(kept.table("adsl")) == 90

    assert run(["trial", "verify", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "chunks": 2, "problems": []}
    export = ["trial", "export", str(folder), "--table", "adtte", "--out", str(tmp_path / "x")]
    assert run(export) == 0
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["adam.json", "adtte.csv"]
    capsys.readouterr()

    (folder / "chunks" / "00001" / "adsl.parquet").unlink()
    assert run(["trial", "verify", str(folder)]) == 2
    assert "chunk 1: adsl.parquet is missing" in capsys.readouterr().out
    assert run(["trial", "resume", str(folder), "--jobs", "1"]) == 0
    shown = capsys.readouterr()
    assert "chunk 1: adsl.parquet is missing: computed again" in shown.err and "orr" in shown.out
    assert open_run(folder).verify().ok


def test_run_refuses_a_folder_in_use_until_it_is_resumed(fast, tmp_path, capsys):
    folder = tmp_path / "run"
    assert run(begin(folder, "--resume", "-q")) == 0
    assert run(begin(folder)) == 1
    assert "there is a run in this folder already" in capsys.readouterr().err
    assert run(begin(folder, "--resume")) == 0
    assert "nothing to do" in capsys.readouterr().err
    assert run(begin(folder, "--resume", "--replicates", "2")) == 1
    assert "replicates: 1 in the folder, 2 now" in capsys.readouterr().err


def test_a_failed_chunk_is_exit_code_3(fast, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(disk_run, "COMPUTE", "fake_trial_compute:compute_badly")
    assert run(begin(tmp_path / "run", "--json")) == 3
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert told["status"] == "partial" and "no luck" in told["failed"]["0"]
    assert told["summary"] == [] and "rpoint trial resume" in shown.err


def test_an_interrupt_says_how_to_go_on(fast, tmp_path, capsys, monkeypatch):
    def interrupt(*args, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(disk_run.workers.Crew, "run", interrupt)
    assert run(begin(tmp_path / "run")) == 130
    assert f"rpoint trial resume {tmp_path / 'run'}" in capsys.readouterr().err
    assert open_run(tmp_path / "run").status == "interrupted"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "mantra-2"], "--out"),
        (["run", "mantra2", "--out", "{}"], "mantra-2"),
        (["run", "mantra-2", "--out", "{}", "--patients", "40"], "ARM=N"),
        (["run", "mantra-2", "--out", "{}", "--patients", f"{ARM}=0"], "ARM=N"),
        (["run", "mantra-2", "--out", "{}", "--patients", f"{ARM}=1e3"], "ARM=N"),
        (["run", "mantra-2", "--out", "{}", "--patients", "milademetan=4"], ARM),
        (["run", "mantra-2", "--out", "{}", "--replicates", "0"], "--replicates"),
        (["run", "mantra-2", "--out", "{}", "--replicates", str(2**60)], "too many patients"),
        (["run", "mantra-2", "--out", "{}", "--draws", "0"], "--draws"),
        (["run", "mantra-2", "--out", "{}", "--cluster", ""], "--cluster"),
        (["resume", "{}"], "no run in this folder"),
        (["resume"], "DIR"),
        (["verify", "{}"], "no run in this folder"),
        (["export", "{}", "--out", "{}"], "no run in this folder"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else value,
)
def test_bad_input_is_the_users_error_and_leaves_nothing(fast, arguments, says, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["trial", *(a.replace("{}", str(out)) for a in arguments)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not (out / "chunks").exists()
    assert says in shown.err and len(shown.err) < 1000
    assert shown.err.count("rpoint: error:") == 1
