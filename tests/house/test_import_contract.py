"""The import contract holds, and the check can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def lint(folder: Path, source: Path) -> subprocess.CompletedProcess[str]:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "100"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def test_the_rooms_import_downwards_only(root):
    done = lint(root, root / "src")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "violation"),
    [
        ("engine", "from rpoint import catalog\n"),
        ("biology", "import rpoint.engine.solve\n"),
        ("catalog", "import rpoint.cli.app\n"),
        ("errors", "from rpoint.files import plain\n"),
    ],
)
def test_a_forbidden_import_is_found(root, tmp_path, module, violation):
    shutil.copy(root / ".importlinter", tmp_path)
    copy = tmp_path / "src" / "rpoint"
    shutil.copytree(
        root / "src" / "rpoint", copy, ignore=shutil.ignore_patterns("__pycache__", "data")
    )
    target = copy / module
    target = target / "__init__.py" if target.is_dir() else copy / f"{module}.py"
    with target.open("a", encoding="utf-8") as stream:
        stream.write("\n" + violation)
    done = lint(tmp_path, tmp_path / "src")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout or "2 broken" in done.stdout
