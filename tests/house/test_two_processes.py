"""The whole suite runs in two processes: nothing that happens in the second is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

SECOND = """
import pytest
def test_passes(): pass
def test_is_skipped(): pytest.skip("a skip of the second process must be counted, too")
"""
FATES = {
    "good": ("def test_more(): pass", 0, "3 passed, 1 skipped"),
    "fails": ("def test_more(): assert 3 == 4", 1, "1 failed, 2 passed, 1 skipped"),
    "dies": ("import os\ndef test_more(): os._exit(0)", 3, "the second process stopped with 0"),
    "is no test": ("import nothing_of_this_name", 3, "ModuleNotFoundError"),
}


@pytest.mark.parametrize("fate", FATES)
def test_what_happens_in_the_second_process_is_reported(root, tmp_path, fate):
    more, code, says = FATES[fate]
    for name in ("house", "stats"):
        (tmp_path / "tests" / name).mkdir(parents=True)
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copy(root / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests/house/test_a.py").write_text("def test_first(): pass\n")
    (tmp_path / "tests/stats/test_b.py").write_text(SECOND)
    (tmp_path / "tests/stats/test_c.py").write_text(more)
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
