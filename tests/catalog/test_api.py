"""The public face: names, lookups, search, tables, citations, pages, errors, speed."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys

import pytest

import rpoint.catalog
from rpoint import catalog
from rpoint.catalog import _bib, _load, _quantity, _yaml
from rpoint.errors import RpointError

PUBLIC = """CELL_INPUTS GRADES HANDLES KINDS PK_STRUCTURES PK_UNITS PK_UNITS_PER_KG
REFERENCE_HANDLES UNITS Alteration Counts Drive Drug Effect Entry Exposure Frequency Growth
Metabolite Pharmacokinetics Quantity Regimen Source Target TumourType alteration alterations cite
drug drugs entry genotype markdown names parse_yaml quantities regimens search source sources_of
to_frame tumour tumours""".split()


def test_public_names_are_pinned():
    assert sorted(catalog.__all__) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(catalog, name) is not None


@pytest.mark.parametrize("module", [rpoint.catalog, _bib, _load, _quantity, _yaml])
def test_docstring_examples(module):
    failed, tried = doctest.testmod(module)
    assert failed == 0
    assert tried or module in (_bib, _load)


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_name_leads_to_its_entry(kind):
    names = catalog.names(kind)
    assert names and len(set(names)) == len(names)
    for name in names:
        wanted = name.partition(": ")[0] if kind == "regimens" else name.replace("=N", "=12")
        assert catalog.entry(kind, wanted)


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_kind_is_a_table(kind):
    frame = catalog.to_frame(kind)
    assert len(frame) and "entry" in frame.columns


def test_drug_table_holds_every_number():
    frame = catalog.to_frame("drugs")
    count = sum(
        isinstance(q, catalog.Quantity) for d in catalog.drugs() for _, q in catalog.quantities(d)
    )
    assert len(frame) == count
    assert frame[["unit", "grade", "source", "width"]].notna().all().all()


def test_entries_are_plain_data():
    for d in catalog.drugs():
        again = json.loads(json.dumps(d.to_dict()))
        assert catalog.Drug.model_validate(again) == d


@pytest.mark.parametrize(
    ("call", "argument", "nearest"),
    [
        (catalog.drug, "palbocicilb", "palbociclib"),
        (catalog.drug, "", None),
        (catalog.drug, "x" * 1_000_000, None),
        (catalog.tumour, "brest", "breast"),
        (catalog.source, "gao2016", "gao2015"),
        (catalog.names, "drug", "drugs"),
        (catalog.to_frame, "drugz", "drugs"),
        (catalog.markdown, "regimens", None),
        (catalog.regimens, "ribocyclib", "ribociclib"),
    ],
)
def test_wrong_names(call, argument, nearest):
    with pytest.raises(RpointError) as caught:
        call(argument)
    assert caught.value.nearest == nearest
    assert len(str(caught.value)) < 2000


def test_regimens_by_setting():
    assert [r.text for r in catalog.regimens("capivasertib", "label")] == [
        "capivasertib 400 mg bid 4/7"
    ]
    assert all(r.setting == "mouse" for r in catalog.regimens("palbociclib", "mouse"))
    assert catalog.drug("milademetan").label_regimen().setting == "trial"


def test_search_finds_ids_names_aliases_and_sources():
    found = catalog.search("AMG-232")
    assert ("drugs", "navtemadlin") in found
    assert ("tumours", "liposarcoma") in catalog.search("ddlps")
    assert ("alterations", "RB1:loss") in catalog.search("rb1")
    assert catalog.search("no such thing at all") == ()


def test_cite_gives_each_source_once_in_three_styles():
    keys = ["gao2015", "wander2020", "gao2015"]
    assert catalog.cite(keys).count("\n") == 1
    assert catalog.cite(keys, "bibtex").count("@article") == 2
    assert [s["key"] for s in json.loads(catalog.cite(keys, "json"))] == ["gao2015", "wander2020"]
    with pytest.raises(RpointError, match="citation style"):
        catalog.cite(keys, "endnote")
    with pytest.raises(RpointError, match="unknown source"):
        catalog.cite(["nobody"])


def test_bibtex_comes_back():
    text = catalog.cite(catalog.names("sources"), "bibtex")
    assert _bib.parse_bibtex(text) == {k: catalog.source(k) for k in catalog.names("sources")}


@pytest.mark.parametrize("key", catalog.names("sources"))
def test_sources_are_sound(key):
    source = catalog.source(key)
    assert _quantity.SOURCE_PATTERN.match(key)
    assert source.fields["title"] and source.text().endswith(".")
    if source.type == "article":
        assert source.fields.get("journal") or source.fields.get("seen")


TWICE = "@article{a, title = {x}}\n@misc{a, title = {y}}"


@pytest.mark.parametrize("text", [TWICE, "@misc{a, title = {x}", "@misc{a, title = 3}"])
def test_broken_bibtex_is_refused(text):
    with pytest.raises(RpointError, match="BibTeX"):
        _bib.parse_bibtex(text)


@pytest.mark.parametrize("kind", ["drugs", "alterations", "tumours", "sources"])
def test_documentation_pages(kind):
    text = catalog.markdown(kind)
    for name in catalog.names(kind):
        assert name.replace("=N", "") in text


def test_a_bad_entry_is_refused_with_file_and_path(tmp_path, monkeypatch):
    good = (_load._DATA / "drugs" / "palbociclib.yaml").read_text(encoding="utf-8")
    (tmp_path / "drugs").mkdir()
    bad = good.replace("value: 0.187,", "value: fast,")
    assert bad != good
    (tmp_path / "drugs" / "palbociclib.yaml").write_text(bad, encoding="utf-8")
    monkeypatch.setattr(_load, "_DATA", tmp_path)
    with pytest.raises(RpointError) as caught:
        _load.load_drug.__wrapped__("palbociclib")
    assert "drugs/palbociclib.yaml, pk_human.parameters.ka.value" in str(caught.value)


def test_the_whole_catalogue_loads_quickly():
    code = (
        "import pydantic, time; t = time.process_time(); from rpoint import catalog;"
        "catalog.drugs(); catalog.alterations(); catalog.tumours(); catalog.names('sources');"
        "print(time.process_time() - t)"
    )
    runs = [
        float(
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, encoding="utf-8"
            ).stdout
        )
        for _ in range(3)
    ]
    assert min(runs) < 0.45  # processor seconds; 0.23 where it was written, the design asks 0.3


def test_one_drug_does_not_load_the_others():
    code = (
        "from rpoint import catalog; from rpoint.catalog import _load; catalog.drug('palbociclib');"
        "print(_load.load_drug.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.stdout.strip() == "1", done.stderr
