"""The whole suite runs in two processes: nothing that happens in the second is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

FIRST = """
import pathlib, time
def test_first():  # with the next module taken, until the second has taken the rest
    while not pathlib.Path("taken").exists(): time.sleep(0.01)
"""
SECOND = """
import os, pathlib, pytest
def test_passes(): assert "RPOINT_TEST_REPORTS" in os.environ
def test_is_skipped(): pytest.skip("a skip of the second process must be counted, too")
def test_the_next_module_is_taken_before_this_runs(): pathlib.Path("taken").touch()
"""
EVENED = """
import os
def test_the_first_takes_what_is_left(): assert "RPOINT_TEST_REPORTS" not in os.environ
"""
FATES = {
    "good": ("def test_more(): pass", 0, "5 passed, 1 skipped"),
    "fails": ("def test_more(): assert 3 == 4", 1, "1 failed, 4 passed, 1 skipped"),
    "dies": ("import os\ndef test_more(): os._exit(0)", 3, "the second process stopped with 0"),
    "is no test": ("import nothing_of_this_name", 2, "ModuleNotFoundError"),
}


@pytest.mark.parametrize("fate", FATES)
def test_what_happens_in_the_second_process_is_reported(root, tmp_path, fate):
    more, code, says = FATES[fate]
    files = {
        "house/test_a.py": FIRST,
        "cohort/test_b.py": EVENED,
        "stats/test_c.py": SECOND,
        "stats/test_d.py": more,
    }
    for name, text in files.items():
        (tmp_path / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests" / name).write_text(text)
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copy(root / "tests" / "conftest.py", tmp_path / "tests")
    env = {k: v for k, v in os.environ.items() if k != "RPOINT_TEST_REPORTS"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stdout
