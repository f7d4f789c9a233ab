"""`list`, `show` and `cite`: what they print, as JSON and as files, and their errors."""

from __future__ import annotations

import doctest
import json

import pytest

from rpoint import catalog
from rpoint.cli import catalogue as group
from rpoint.cli import console
from rpoint.cli.app import run
from rpoint.cli.catalogue import label


def as_json(arguments, capsys):
    assert run([*arguments, "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return json.loads(shown.out)


def test_list_without_a_kind_counts_every_kind(capsys):
    found = as_json(["list"], capsys)["kinds"]
    assert {row["kind"] for row in found} == {*catalog.KINDS, "claims"}
    assert all(row["entries"] > 0 for row in found)


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_list_names_every_entry(kind, capsys):
    entries = as_json(["list", kind], capsys)["entries"]
    assert tuple(row["id"] for row in entries) == catalog.names(kind)
    assert all(row["entry"] for row in entries)
    assert run(["list", kind]) == 0
    assert capsys.readouterr().out.count("\n") > len(entries)


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_show_and_cite_take_every_first_entry(kind, capsys):
    name = catalog.names(kind)[0].partition(": ")[0]
    assert as_json(["show", kind, name], capsys)["entries"]
    assert as_json(["cite", kind, name], capsys)["sources"]
    assert run(["show", kind, name]) == 0
    assert capsys.readouterr().out.strip()


def test_claims_are_listed_shown_and_cited(capsys):
    ids = [row["id"] for row in as_json(["list", "claims"], capsys)["entries"]]
    assert {"A1", "A4", "E3a"} <= set(ids)
    (shown,) = as_json(["show", "claims", "A4"], capsys)["entries"]
    assert shown["acceptance"] and shown["text"]
    assert as_json(["cite", "claims", "A4"], capsys)["sources"] == shown["sources"]
    assert run(["show", "claims", "A99"]) == 1


def test_a_kind_may_be_named_in_the_singular_and_a_drug_by_an_alias(capsys):
    shown = as_json(["show", "drug", "LEE011"], capsys)
    assert shown["kind"] == "drugs" and shown["entries"][0]["id"] == "ribociclib"


def test_show_prints_unit_grade_and_source_of_every_number(capsys):
    assert run(["show", "drugs", "palbociclib"]) == 0
    shown = capsys.readouterr().out
    drug = catalog.drug("palbociclib")
    for path, number in catalog.quantities(drug):
        if isinstance(number, catalog.Quantity):
            assert (
                label(drug, path).split()[0] in shown
                and number.source in shown
                and number.grade in shown
            )
    assert "sources:" in shown


@pytest.mark.parametrize("style", ["text", "bibtex", "json"])
def test_cite_prints_in_every_style(style, capsys):
    assert run(["cite", "drugs", "palbociclib", "--style", style]) == 0
    shown = capsys.readouterr().out
    assert shown.lstrip()[0] in {"text": shown.lstrip()[0], "bibtex": "@", "json": "["}[style]
    assert len(shown) > 100


def test_copy_numbers_are_shown_with_the_number(capsys):
    assert (
        as_json(["show", "alterations", "MDM2:cn=12"], capsys)["entries"][0]["id"] == "MDM2:cn=12"
    )
    rows = {row["id"]: row["entry"] for row in as_json(["list", "alterations"], capsys)["entries"]}
    assert "N / 2" in rows["MDM2:cn=N"]


def test_out_writes_what_json_prints(tmp_path, capsys):
    printed = as_json(["list", "drugs", "--out", str(tmp_path / "new"), "-q"], capsys)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["list-drugs.json"]
    written = json.loads((tmp_path / "new" / "list-drugs.json").read_text(encoding="utf-8"))
    assert written == printed


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["list", "drogs"], "drugs"),
        (["show", "drugs", "palbocicilb"], "palbociclib"),
        (["show", "tumours", "melanom"], "melanoma"),
        (["show", "alterations", "TP35:mut"], "TP53"),
        (["show", "alterations", "TP53:mutt"], "TP53:mut"),
        (["cite", "drugs", "x" * 2**20], ""),
        (["show", "alterations", "MDM2:cn=-3"], ""),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else value,
)
def test_an_unknown_name_is_one_error_with_the_nearest(arguments, nearest, tmp_path, capsys):
    out = tmp_path / "out"
    assert run([*arguments, "--out", str(out)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not out.exists()
    assert shown.err.count("rpoint: error:") == 1 and len(shown.err) < 1000
    assert nearest in shown.err


def test_doctests():
    assert doctest.testmod(group).failed == 0
    assert doctest.testmod(console).failed == 0
