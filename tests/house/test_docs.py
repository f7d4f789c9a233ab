"""The documentation is run: Python blocks in one session per page, `rpoint` lines as commands.

A block that follows a line `<!-- not run: REASON -->` is left out; the reason is part of the page.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>.+?) -->\n+)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.S | re.M
)


def blocks(page: Path, kind: str) -> list[str]:
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [m["text"] for m in found if m["kind"] == kind and not m["why"]]


def command_lines() -> list[tuple[str, str]]:
    lines = []
    for page in PAGES:
        for text in blocks(page, "sh"):
            joined = text.replace("\\\n", " ")
            lines += [
                (page.name, line) for line in joined.splitlines() if line.startswith("rpoint ")
            ]
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_python_blocks_run_in_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session: dict = {"__name__": "__main__"}
    for text in blocks(page, "python"):
        exec(compile(text, str(page), "exec"), session)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "line"), command_lines(), ids=lambda text: text[:60])
def test_command_lines_run(page, line, tmp_path, monkeypatch, capsys):
    from rpoint.cli.app import run

    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(line, comments=True)[1:]) == 0, capsys.readouterr().err


def test_the_two_commands_of_the_readme_are_its_first_blocks():
    first, second = blocks(ROOT / "README.md", "sh")[:2]
    assert first.startswith("python3 -m venv") and "rpoint claims" in first
    assert second.startswith("python3 -m venv") and second.rstrip().endswith("python -m pytest")
    check = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "pytest" not in re.sub(r"^#.*$|grep -c pytest", "", check, flags=re.M)


def test_the_documentation_builds_without_a_warning(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", str(tmp_path / "html")],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html" / "index.html").exists()
