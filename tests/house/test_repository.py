"""The repository agrees with itself: versions, licence, words that must not be in it, sizes."""

from __future__ import annotations

import csv
import re
import subprocess
import tomllib

import pytest
from ruamel.yaml import YAML

import rpoint
from rpoint import catalog

# Written in two halves so that this file does not hold what it looks for.
FORBIDDEN = [
    "/" + "work/",
    "/" + "opt/",
    ".." + "/shared",
    "py" + "pi.org",
    "python" + "hosted",
    "registry." + "npmjs",
    "index-" + "url",
    "C:" + "\\Users",
    "/" + "home/",
]
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".ant", ".csv", ".bib", ".json", ".cff", ".txt", ""}
MAX_LINES = 550


def tracked(root):
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, encoding="utf-8", check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: which files are tracked is unknown")
    return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def test_one_version_everywhere(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = YAML(typ="safe").load((root / "CITATION.cff").read_text(encoding="utf-8"))
    latest = re.search(r"^## (\S+)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert rpoint.__version__ == project["version"] == citation["version"] == latest.group(1)


def test_the_licence_is_apache_2_and_the_tables_keep_theirs(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0 AND MIT AND ODbL-1.0 AND CC-BY-4.0"
    assert all((root / name).is_file() for name in project["license-files"])
    assert "Apache License" in (root / "LICENSE").read_text(encoding="utf-8")[:200]
    tables = (root / "src/rpoint/calibrate/data/LICENSES.md").read_text(encoding="utf-8")
    assert "MIT License" in tables and "LICENSES.md" in (root / "NOTICE").read_text("utf-8")
    assert "license: Apache-2.0" in (root / "CITATION.cff").read_text(encoding="utf-8")


def test_tables_from_a_database_that_is_share_alike_say_so_and_are_named(root):
    notice = " ".join((root / "NOTICE").read_text("utf-8").split())
    licence = "Open Database License (ODbL) 1.0"
    assert licence in notice and "MSK-MET" in notice and "opendatacommons.org" in notice
    assert licence in catalog.source("nguyen2022").text()
    tables = [p for p in (root / "src").rglob("*.csv") if "nguyen2022" in p.read_text("utf-8")]
    assert {p.parent.parent.name for p in tables} == {"cohort", "panel"}
    for path in tables:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["source"] == "nguyen2022"]
        assert rows and {row["licence"] for row in rows} == {"ODbL"}
        assert path.name in notice and path.parent.relative_to(root).as_posix() in notice


def test_no_tracked_file_names_a_machine_or_a_registry(root):
    files = [path for path in tracked(root) if path.suffix in TEXT]
    assert len(files) > 10
    found = [
        f"{path.relative_to(root)}: {word}"
        for path in files
        for word in FORBIDDEN
        if word in path.read_text(encoding="utf-8")
    ]
    assert not found


def test_source_files_stay_short(root):
    long = {
        str(path.relative_to(root)): count
        for path in (root / "src").rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert not long


def test_nothing_is_left_to_do_in_the_source(root):
    pattern = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    found = [
        str(path.relative_to(root))
        for path in (root / "src").rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_constraints_pin_every_dependency_exactly_and_nothing_else(root):
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin) for pin in pins)
    pinned = {pin.partition("==")[0] for pin in pins}
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + sum(project["optional-dependencies"].values(), [])
    names = {re.match(r"[A-Za-z0-9._-]+", w).group().lower().replace(".", "-") for w in wanted}
    assert names <= pinned
