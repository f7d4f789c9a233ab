"""Alterations: classes of claim B4, effects on the cell model, counts, copy numbers, genotypes."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint import catalog
from rpoint.catalog import HANDLES, REFERENCE_HANDLES
from rpoint.errors import RpointError

ALL = catalog.alterations()

# Claim B4: every gene in exactly one class.
B4 = {
    "cell cycle": {"RB1", "CCNE1", "CCNE2", "CDK6", "AURKA"},
    "growth signalling": {
        "AKT1", "KRAS", "NRAS", "HRAS", "FGFR1", "FGFR2", "ERBB2", "PIK3CA", "PTEN", "NF1",
    },
    "ER dependence": {"ESR1"},
}  # fmt: skip


def test_each_gene_has_exactly_one_class():
    classes: dict[str, set[str]] = {}
    for a in ALL:
        classes.setdefault(a.gene, set()).add(a.alteration_class)
    assert all(len(found) == 1 for found in classes.values())
    for name, genes in B4.items():
        assert {g for g in genes if classes[g] == {name}} == genes


@pytest.mark.parametrize("a", ALL, ids=lambda a: a.id)
def test_ids_effects_and_matched_drugs(a):
    assert re.fullmatch(r"[A-Z][A-Z0-9]*:(mut|null|wt|loss|amp|high|ko|cn)", a.id)
    assert a.effects
    for effect in a.effects:
        assert effect.handle in HANDLES
    for drug in a.matched_drugs:
        assert catalog.drug(drug).id == drug


def test_handles_and_their_reference_are_those_of_the_cell_model():
    text = (files("rpoint.biology") / "modules" / "inputs.ant").read_text(encoding="utf-8")
    model = {k: float(v) for k, v in re.findall(r"\b((?:g|in)_\w+) = ([\d.]+);", text)}
    assert {k: model[k] for k in REFERENCE_HANDLES} == REFERENCE_HANDLES
    assert {k for k in model if k.startswith("g_")} <= set(REFERENCE_HANDLES)


def test_cell_inputs_are_those_of_the_cell_model():
    text = (files("rpoint.biology") / "modules" / "inputs.ant").read_text(encoding="utf-8")
    drugs = set(re.findall(r"\b(c_\w+) = 0;", text))
    assert drugs | {"in_E2"} == set(catalog.CELL_INPUTS)


# Wander 2020, resistant of 41 and sensitive of 18
WANDER = {
    "AURKA:amp": (11, 0), "CCNE2:amp": (6, 1), "AKT1:mut": (5, 1), "ERBB2:amp": (5, 0),
    "RB1:loss": (4, 0), "KRAS:mut": (4, 0), "FGFR2:amp": (3, 0), "ESR1:loss": (3, 0),
    "TP53:mut": (24, 0), "ESR1:mut": (14, 3), "PIK3CA:mut": (18, 8), "CCND1:amp": (11, 3),
    "MYC:amp": (8, 1), "FGFR1:amp": (4, 4), "NF1:loss": (4, 1), "IGF1R:amp": (4, 1),
}  # fmt: skip


def test_counts_of_the_resistance_series():
    found = {
        a.id: tuple(int(c.altered.value) for c in a.counts)
        for a in ALL
        if a.counts and a.counts[0].altered.source == "wander2020"
    }
    assert found == WANDER
    for a in ALL:
        for c in a.counts:
            assert c.of.value in (41, 18)
            low, high = c.altered.range
            assert low <= c.altered.value <= high <= c.of.value


def test_the_eight_mechanisms_make_41_events():
    eight = ("AURKA:amp", "CCNE2:amp", "AKT1:mut", "ERBB2:amp", "RB1:loss", "KRAS:mut")
    eight += ("FGFR2:amp", "ESR1:loss")
    assert sum(WANDER[a][0] for a in eight) == 41  # in 27 patients


@given(st.floats(0, 200))
def test_any_copy_number(n):
    a = catalog.alteration(f"MDM2:cn={n!r}")
    assert a.effects[0].handle == "g_MDM2"
    assert a.effects[0].value.value == pytest.approx(n / 2)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("RB2:loss", "unknown gene"),
        ("RB1:amp", "RB1:loss"),
        ("TP53", "TP53:mut"),
        ("MDM2:cn", "MDM2:cn=N"),
        ("MDM2:cn=-2", "0 to 200"),
        ("MDM2:cn=many", "0 to 200"),
        ("MDM2:cn=nan", "0 to 200"),
        ("", "unknown gene"),
    ],
)
def test_wrong_alterations_are_refused_with_what_is_allowed(text, hint):
    with pytest.raises(RpointError) as caught:
        catalog.alteration(text)
    assert hint in str(caught.value)


def test_case_and_blanks_do_not_matter():
    assert catalog.alteration(" rb1:LOSS ").id == "RB1:loss"


def test_genotypes():
    assert catalog.genotype() == {}
    assert catalog.genotype("breast", ["RB1:loss", "MDM2:cn=12"]) == {"g_RB1": 0.0, "g_MDM2": 6.0}
    assert catalog.genotype(None, ["CCND1:amp", "CCND1:amp"])["g_CCND1"] == 2.5**2
    # two drives of one pathway do not add
    assert catalog.genotype(None, ["KRAS:mut", "NF1:loss"]) == {"g_RAS": 2.0}
    assert catalog.genotype("breast", all_handles=True) == REFERENCE_HANDLES


def test_a_named_gene_replaces_the_type_s_default():
    assert catalog.genotype("melanoma")["g_BRAF"] == 1.5
    assert "g_p16" not in catalog.genotype("melanoma")
    assert catalog.genotype("melanoma", ["CDKN2A:wt"])["g_p16"] == 1.0
    assert catalog.genotype("liposarcoma", ["MDM2:cn=24"])["g_MDM2"] == 12.0
