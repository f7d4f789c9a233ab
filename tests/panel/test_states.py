"""States of a gene: one canonical spelling, and a reason for what is none."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rpoint.panel.genes
import rpoint.panel.states
from rpoint import catalog
from rpoint.panel.genes import acting_genes, gene, gene_names, genes
from rpoint.panel.states import STATES, SYNONYMS, StateError, canonical, copies, split

SINGLE = ["mut", "vus", "loss", "amp", "gain", "cn=8", "cn=0.5", "cn=2", "high", "low"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("wt", "wt"),
        (" WT ", "wt"),
        ("Wild-Type", "wt"),
        ("wild type", "wt"),
        ("MUT", "mut"),
        ("mutated", "mut"),
        ("homdel", "loss"),
        ("Amplification", "amp"),
        ("cn=6", "cn=6"),
        ("CN = 6.50", "cn=6.5"),
        ("copies=3", "cn=3"),
        ("cn=0", "cn=0"),
        ("", "?"),
        ("  ", "?"),
        ("-", "?"),
        ("NA", "?"),
        (None, "?"),
        (float("nan"), "?"),
        ("loss+mut", "mut+loss"),
        ("mut + cn=6", "mut+cn=6"),
        ("mut+mut", "mut"),
        ("mut+vus", "mut"),
        ("wt+amp", "amp"),
        ("wt+high", "high"),
        ("loss+cn=0.4", "loss+cn=0.4"),
        ("amp+cn=12", "amp+cn=12"),
    ],
)
def test_spellings(written, meant):
    assert canonical(written) == meant


@pytest.mark.parametrize(
    ("written", "says", "nearest"),
    [
        ("lsot", "unknown state", "loss"),
        ("mutt", "unknown state", "mut"),
        ("R175H", "unknown state", None),
        ("1", "number alone", None),
        ("-2", "number alone", None),
        ("2.5", "number alone", None),
        ("cn=", "0 to 200", None),
        ("cn=-3", "0 to 200", None),
        ("cn=201", "200", None),
        ("cn=nan", "0 to 200", None),
        ("cn=1e9", "0 to 200", None),
        ("cn=6,5", "0 to 200", None),
        ("wt+mut", "contradicts", None),
        ("mut+?", "beside a known state", None),
        ("mut+", "beside a '+'", None),
        ("+", "beside a '+'", None),
        ("amp+loss", "contradicts", None),
        ("gain+cn=1", "contradicts", None),
        ("loss+cn=8", "contradicts", None),
        ("cn=2+cn=8", "two copy numbers", None),
        ("high+low", "contradicts", None),
        ("mut" * 10_000, "too long", None),
    ],
)
def test_what_is_no_state_has_a_reason(written, says, nearest):
    with pytest.raises(StateError, match=says.replace("+", r"\+")) as caught:
        canonical(written)
    assert nearest is None or caught.value.nearest == nearest


@given(st.lists(st.sampled_from(SINGLE), min_size=1, max_size=4))
def test_order_and_repetition_do_not_matter_and_canonical_is_a_fixed_point(parts):
    def result(words):
        try:
            return canonical("+".join(words))
        except StateError:
            return "error"

    found = result(parts)
    assert result(parts[::-1]) == found
    assert result([*parts, parts[0]]) == found
    if found != "error":
        assert canonical(found) == found
        assert set(split(found)) <= set(parts)


@given(st.text(max_size=40))
def test_any_text_is_a_state_or_a_reason(text):
    try:
        found = canonical(text)
    except StateError as error:
        assert error.reason
    else:
        assert canonical(found) == found


@given(st.decimals(0, 200, places=2))
def test_copies_are_kept(number):
    written = canonical(f"mut+cn={number}")
    assert copies(written) == pytest.approx(float(number), rel=1e-5)
    assert copies("mut") is None


def test_synonyms_mean_states():
    assert set(SYNONYMS.values()) <= set(STATES)


def test_every_gene_of_the_catalogue_may_be_named():
    assert {a.gene for a in catalog.alterations()} == set(acting_genes())
    assert all(gene(symbol.lower()) == symbol for symbol in genes())
    assert all(gene(name) in genes() for name in gene_names())
    assert len(set(genes())) == len(genes())


@pytest.mark.parametrize(
    ("alias", "symbol"),
    [
        ("p53", "TP53"),
        ("HDM2", "MDM2"),
        ("MDMX", "MDM4"),
        ("p16", "CDKN2A"),
        ("INK4A", "CDKN2A"),
        ("her2", "ERBB2"),
        ("HER-2", "ERBB2"),
        ("cyclin D1", "CCND1"),
        ("K-Ras", "KRAS"),
        ("p21", "CDKN1A"),
        ("p27", "CDKN1B"),
        ("PD-L1", "CD274"),
        ("CDK5", None),
        ("", None),
    ],
)
def test_gene_aliases(alias, symbol):
    assert gene(alias) == symbol


def test_doctests():
    assert doctest.testmod(rpoint.panel.states).failed == 0
    assert doctest.testmod(rpoint.panel.genes).failed == 0
