"""No number without unit, source, grade and uncertainty: every YAML file is walked."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from rpoint import catalog
from rpoint.catalog import GRADES, UNITS, parse_yaml

DATA = files("rpoint.catalog") / "data"
FILES = sorted(
    str(p.relative_to(DATA))
    for p in DATA.rglob("*.yaml")  # type: ignore[attr-defined]
)
WIDTHS = ("gsd", "cv", "range")
UNIT_IN_TEXT = re.compile(r"\d\s*(nM|L/h|ng/mL)\b")


def walk(value, path=""):
    """Every (path, mapping or leaf) of a tree."""
    yield path, value
    if isinstance(value, dict):
        for key, child in value.items():
            yield from walk(child, f"{path}.{key}")
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from walk(child, f"{path}[{i}]")


def is_quantity(value) -> bool:
    return isinstance(value, dict) and "unit" in value


def problems(content) -> list[str]:
    """What is wrong with a file's content."""
    inside, found = [], []
    for path, value in walk(content):
        if any(path.startswith(p) for p in inside):
            continue
        if is_quantity(value):
            inside.append(path + ".")
            found += [f"{path}: {p}" for p in quantity_problems(value)]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append(f"{path}: bare number {value}")
    return found


def quantity_problems(q: dict) -> list[str]:
    found = []
    if not isinstance(q.get("value"), int | float):
        found.append("no value")
    if q["unit"] not in UNITS:
        found.append(f"unknown unit {q['unit']!r}")
    if q.get("grade") not in GRADES:
        found.append(f"unknown grade {q.get('grade')!r}")
    if q.get("source") not in catalog.names("sources"):
        found.append(f"unknown source {q.get('source')!r}")
    if sum(w in q for w in WIDTHS) != 1:
        found.append("needs exactly one of gsd, cv, range")
    if set(q) - {"value", "unit", "source", "grade", "note", *WIDTHS}:
        found.append(f"unknown keys {sorted(q)}")
    return found


@pytest.mark.parametrize("name", FILES)
def test_no_bare_or_uncited_number(name):
    content = parse_yaml(DATA.joinpath(name).read_text(encoding="utf-8"), name)
    assert problems(content) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("fu: 0.15", "bare number"),
        ("list: [1, 2]", "bare number"),
        ("a: {value: 1, unit: nM, grade: read, source: gao2015}", "exactly one of"),
        ("a: {value: 1, unit: nM, grade: read, cv: 0.1}", "unknown source"),
        ("a: {value: 1, unit: furlong, grade: read, cv: 0.1, source: gao2015}", "unknown unit"),
        ("a: {value: 1, unit: nM, grade: sure, cv: 0.1, source: gao2015}", "unknown grade"),
        ("a: {value: 1, unit: nM, cv: 0.1, gsd: 2, grade: read, source: gao2015}", "exactly one"),
        ("a: {value: 1, unit: nM, cv: 0.1, grade: read, source: nobody2020}", "unknown source"),
    ],
)
def test_the_walk_itself_sees_each_fault(text, complaint):
    assert any(complaint in p for p in problems(parse_yaml(text)))


def test_every_source_is_used_and_every_used_source_exists():
    things = (*catalog.drugs(), *catalog.alterations(), *catalog.tumours())
    used = {key for thing in things for key in catalog.sources_of(thing)}
    known = set(catalog.names("sources"))
    assert used <= known
    package = Path(catalog.__file__).parents[1]
    files = [p for kind in ("*.yaml", "*.csv", "*.py") for p in package.rglob(kind)]
    others = [p for p in files if "catalog" not in p.relative_to(package).parts]
    rooms = "".join(p.read_text(encoding="utf-8") for p in others)
    assert [key for key in sorted(known - used) if key not in rooms] == []


def test_an_unverified_number_is_wide():
    for thing in (*catalog.drugs(), *catalog.alterations(), *catalog.tumours()):
        for path, q in catalog.quantities(thing):
            if isinstance(q, catalog.Quantity) and q.grade == "unverified":
                assert q.as_gsd() >= 2.0, (thing.id, path)


def test_what_has_no_source_is_never_called_read():
    for thing in (*catalog.drugs(), *catalog.alterations(), *catalog.tumours()):
        for path, q in catalog.quantities(thing):
            weak = q.source in ("general_knowledge", "rpoint_assumption")
            assert not (weak and q.grade in ("read", "secondary")), (thing.id, path)
            assert (q.source == "general_knowledge") <= (q.grade == "unverified"), (thing.id, path)


def test_an_inferred_or_computed_number_says_why():
    for thing in (*catalog.drugs(), *catalog.alterations(), *catalog.tumours()):
        for path, q in catalog.quantities(thing):
            if isinstance(q, catalog.Quantity) and q.grade in ("inferred", "computed"):
                assert q.note, (thing.id, path)
