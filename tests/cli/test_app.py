"""The command line's frame: exit codes, one error block, help, start-up."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rpoint.cli import app as cli
from rpoint.cli.app import run
from rpoint.errors import RpointError

HEAVY = ("numpy", "pandas", "scipy", "sympy", "llvmlite", "libsbml", "antimony", "altair", "rich")


def commands() -> list[list[str]]:
    """Every command's path, groups opened."""
    from typer.main import get_command

    def walk(command, path):
        below = getattr(command, "commands", None)
        if not below:
            return [path]
        return [found for name, child in below.items() for found in walk(child, [*path, name])]

    return walk(get_command(cli.app), [])


def test_help_is_printed_without_heavy_imports():
    code = (
        "import sys; from rpoint.cli.app import run; run(['--help']); "
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Research use only" in done.stdout


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example_and_the_shared_options(path, capsys):
    assert run([*path, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Example:  rpoint {' '.join(path)}" in shown
    for option in ("--json", "--out", "--seed", "--jobs", "--quiet", "--verbose"):
        assert option in shown


def test_without_arguments_the_help_is_shown(capsys):
    assert run([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_a_terminal_without_the_letters_stops_nothing():
    import os

    told = {**os.environ, "PYTHONIOENCODING": "ascii"}
    base = [sys.executable, "-m", "rpoint", "show", "drugs", "palbociclib"]
    for more in ([], ["--json"]):
        done = subprocess.run([*base, *more], capture_output=True, env=told, timeout=60)
        assert done.returncode == 0, done.stderr
        shown = done.stdout.decode("ascii")
    whole = subprocess.run([*base, "--json"], capture_output=True, timeout=60).stdout
    assert json.loads(shown) == json.loads(whole.decode("utf-8"))


def test_a_stopped_command_leaves_nothing_behind(tmp_path):
    code = (
        "import os, signal, sys; from rpoint import files; from rpoint.cli import doctor\n"
        "def slow():\n"
        "    with files.staged(sys.argv[1]): os.kill(os.getpid(), signal.SIGTERM); signal.pause()\n"
        "doctor.environment = slow\n"
        "import rpoint.__main__ as m; from rpoint.cli import app\n"
        "inner = app.run; app.run = lambda: inner(['doctor'])\n"
        "m.main()\n"
    )
    out = tmp_path / "out"
    command = [sys.executable, "-c", code, str(out)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 130 and "interrupted" in done.stderr
    assert not out.exists()


def test_version(capsys):
    import rpoint

    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"rpoint {rpoint.__version__}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["doctor", "--no-such-option"],
        ["doctor", "--seed", "-1"],
        ["doctor", "--seed", "one"],
        ["doctor", "--seed", str(2**63)],
        ["doctor", "--jobs", "0"],
        ["doctor", "--jobs", "1.5"],
        ["doctor", "x" * 2**20],
        ["doctor", "--seed", "9" * 2**20],
        ["x" * 2**20],
    ],
    ids=lambda arguments: " ".join(arguments)[:30],
)
def test_wrong_usage_is_one_short_block(arguments, capsys):
    assert run(arguments) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("rpoint: error:") == 1
    assert "--help" in shown.err
    assert len(shown.err) < 800


def test_an_output_folder_that_cannot_be_is_the_users_error(tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run(["doctor", "--out", str(tmp_path / "file" / "out")]) == 1
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [
        (RpointError("wrong dose", mend="write 125 mg"), 1, "mend:    write 125 mg"),
        (ZeroDivisionError("x" * 2**20), 70, "rpoint doctor"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=["the user's", "a defect", "interrupted"],
)
def test_an_error_inside_a_command_has_its_code_and_no_traceback(
    raised, code, says, capsys, monkeypatch
):
    from rpoint.cli import doctor

    def fail():
        raise raised

    monkeypatch.setattr(doctor, "environment", fail)
    assert run(["doctor"]) == code
    shown = capsys.readouterr()
    assert shown.out == "" and says in shown.err and len(shown.err) < 700
    assert "Traceback" not in shown.err
    run(["doctor", "-vv"])
    assert ("Traceback" in capsys.readouterr().err) == (code == 70)


def test_doctor_json_is_the_only_output(capsys):
    assert run(["doctor", "--json"]) == 0
    shown = capsys.readouterr()
    checks = json.loads(shown.out)["checks"]
    assert all(check["ok"] for check in checks)
    assert {"numpy", "typer", "python"} <= {check["library"] for check in checks}
    assert shown.err == ""


def test_doctor_exits_with_2_when_a_library_is_missing(capsys, monkeypatch):
    from rpoint.cli import doctor

    named = ["numpy>=999", "no-such-library>=1", "never-there; extra == 'x'"]
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda name: named)
    assert run(["doctor", "--json"]) == 2
    states = {
        c["library"]: (c["ok"], c["state"]) for c in json.loads(capsys.readouterr().out)["checks"]
    }
    assert states["numpy"] == (False, "another version is wanted")
    assert states["no-such-library"] == (False, "not installed")
    assert states["never-there"] == (True, "not installed (optional)")
