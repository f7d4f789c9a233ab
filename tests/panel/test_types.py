"""Tumour types of a panel and the frequencies that stand in for what is not known."""

from __future__ import annotations

import doctest
import re

import pandas as pd
import pytest

import rpoint.panel.types
from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.panel import frequencies
from rpoint.panel.types import base_tumour, frequency, nearest_type, panel_type, panel_types

TCGA_NOTE = re.compile(r"(\d+) of (\d+), GISTIC")
PDXE_NOTE = re.compile(r"(\d+) of (\d+) models")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("BRCA", "breast"),
        ("Breast cancer", "breast"),
        ("CM", "melanoma"),
        ("SKCM", "melanoma"),
        ("CRC", "colorectal"),
        ("COAD/READ", None),
        ("large_intestine", "colorectal"),
        ("GC", "gastric"),
        ("STOMACH", "gastric"),
        ("NSCLC", "lung"),
        ("lung_NSCLC", "lung"),
        ("LUSC", "lung-squamous"),
        ("PDAC", "pancreas"),
        ("DDLPS", "liposarcoma"),
        ("leukemia", "leukaemia"),
        ("LAML", "leukaemia"),
        ("HAEMATOPOIETIC_AND_LYMPHOID_TISSUE", "blood"),
        ("CENTRAL_NERVOUS_SYSTEM", "glioma"),
        ("aero_dig_tract", "head-neck"),
        ("AUTONOMIC_GANGLIA", "neuroblastoma"),
        ("Oesophagus", "oesophagus"),
        ("other/untested", "other"),
        ("  kidney ", "kidney"),
        ("", None),
        ("xx", None),
    ],
)
def test_names(written, meant):
    assert panel_type(written) == meant


def test_every_name_of_the_catalogue_means_the_same_here():
    kinds = panel_types()
    for entry in catalog.tumours():
        assert base_tumour(entry.id) == entry.id
        for name in (entry.id, entry.name, *entry.aliases):
            assert panel_type(name) == entry.id, name
    assert {k.tumour for k in kinds.values()} - {None} == {t.id for t in catalog.tumours()}
    assert len(kinds) >= 29


def test_every_type_answers_to_its_own_names():
    for kind in panel_types().values():
        for name in (kind.id, kind.name, *kind.tcga, *kind.aliases):
            assert panel_type(name.upper()) == kind.id


def test_a_wrong_name_has_a_neighbour():
    assert nearest_type("brest") == "breast"
    assert nearest_type("zzzzzz") is None
    with pytest.raises(RpointError, match="unknown tumour type") as caught:
        base_tumour("melanom")
    assert caught.value.nearest == "melanoma"
    with pytest.raises(RpointError, match="unknown tumour type"):
        frequency("melanom")
    with pytest.raises(RpointError, match="unknown kind of tumours"):
        frequency("melanoma", "mice")


def test_counts_are_counts():
    table = frequencies.counts()
    assert list(table.columns) == frequencies.COLUMNS
    assert not table.isna().any().any()
    assert ((table["altered"] >= 0) & (table["altered"] <= table["n"]) & (table["n"] > 0)).all()
    assert set(table["state"]) == {"mut", "loss", "amp"}
    assert set(table["among"]) == set(frequencies.AMONG)
    assert set(table["type"]) <= set(panel_types())
    assert not table.duplicated(["cohort", "gene", "state", "type"]).any()


@pytest.mark.parametrize(("prefix", "note"), [("TCGA", TCGA_NOTE), ("PDXE", PDXE_NOTE)])
def test_counts_agree_with_the_catalogue(prefix, note):
    table = frequencies.counts().set_index(["type", "cohort", "gene", "state"])
    seen = 0
    for entry in catalog.tumours():
        for known in entry.frequencies:
            match = note.match(known.value.note or "")
            key = (entry.id, known.cohort, *known.alteration.split(":"))
            if known.cohort.startswith(prefix) and match and key in table.index:
                row = table.loc[key]
                assert (row["altered"], row["n"]) == tuple(map(int, match.groups())), key
                seen += 1
    assert seen >= 50


def test_a_fraction_is_the_shrunken_count():
    """RB1 loss in gastric cancer: 9 of 438 in TCGA, 0 or more of the lines, K = 10."""
    rows = frequencies.counts().query("type == 'gastric' and gene == 'RB1' and state == 'loss'")
    p0 = frequencies.pooled()[("RB1", "loss")]
    a, n = rows["altered"].sum(), rows["n"].sum()
    own = frequency("gastric").set_index(["gene", "state"]).loc[("RB1", "loss")]
    assert own["fraction"] == pytest.approx((a + 10 * p0) / (n + 10), rel=1e-12)
    assert own["n"] == n
    lines = rows[rows["among"] == "lines"]
    expected = (lines["altered"].sum() + 10 * own["fraction"]) / (lines["n"].sum() + 10)
    of_lines = frequency("gastric", "lines").set_index(["gene", "state"]).loc[("RB1", "loss")]
    assert of_lines["fraction"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("among", [None, *frequencies.AMONG])
def test_fractions_of_a_gene_are_a_distribution(among):
    for kind in ("", *panel_types()):
        table = frequency(kind, among)
        assert table["fraction"].between(0, 1).all()
        assert table.groupby("gene")["fraction"].sum().max() <= 1 + 1e-12
        assert set(table["gene"]) >= {"TP53", "RB1", "CDKN2A", "MDM2", "CCND1", "KRAS"}


def test_known_facts_of_the_field():
    def share(kind, gene, state):
        return frequency(kind).set_index(["gene", "state"]).loc[(gene, state), "fraction"]

    assert share("liposarcoma", "MDM2", "amp") > 0.8
    assert share("liposarcoma", "CDK4", "amp") > 0.8
    assert share("sclc", "TP53", "mut") > 0.8
    assert share("thyroid", "TP53", "mut") < 0.15
    assert share("melanoma", "BRAF", "mut") > 0.35
    assert share("pancreas", "KRAS", "mut") > 0.7
    assert share("colorectal", "CDKN2A", "loss") < 0.03
    assert share("mesothelioma", "CDKN2A", "loss") > 0.35


def test_other_is_the_mean_over_types():
    pd.testing.assert_frame_equal(frequency(""), frequency("other"))
    own = frequency("")
    own.loc[:, "fraction"] = 0.0  # a copy: the next caller is not harmed
    assert frequency("")["fraction"].sum() > 0


@pytest.mark.data
def test_the_counts_can_be_made_again(data_folder):
    """All but TCGA's, whose table is not among the data sets."""
    from rpoint.panel import _counts
    from rpoint.panel._tables import Folder

    folder = Folder.open(data_folder)
    makers = (_counts._xenografts, _counts._lines, _counts._patients, _counts._mutations)
    made = pd.concat([make(folder) for make in makers])
    key = ["type", "gene", "state", "cohort"]
    shipped = frequencies.counts().query("source != 'tcga_pancan'")
    both = shipped.merge(made, on=key, suffixes=("", "_made"))
    assert len(both) >= 3000
    assert (both["altered"] == both["altered_made"]).all()
    assert (both["n"] == both["n_made"]).all()


def test_doctests():
    assert doctest.testmod(rpoint.panel.types).failed == 0
