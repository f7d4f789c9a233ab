"""Conditions on a genotype: what is understood, what is refused, when it holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.cohort.expressions import (
    Term,
    allowed_states,
    parse_alteration,
    parse_expression,
    states,
)
from rpoint.errors import RpointError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("TP53:wt", "TP53:wt"),
        (" tp53 : WT ", "TP53:wt"),
        ("p53:mut", "TP53:mut"),
        ("HDM2:cn>=12", "MDM2:cn>=12"),
        ("MDM2: cn ≥ 12", "MDM2:cn>=12"),
        ("MDM2:cn<8.5", "MDM2:cn<8.5"),
        ("CDK4:amp", "CDK4:amp"),
        ("AKT1|PIK3CA|PTEN:altered", "AKT1:altered|PIK3CA:altered|PTEN:altered"),
        ("RB1:mut|loss", "RB1:mut|RB1:loss"),
        ("RB1:loss|TP53:mut", "RB1:loss|TP53:mut"),
        ("TP53:mut|TP53:mut", "TP53:mut"),
        ("type:DDLPS", "type:liposarcoma"),
        ("ERBB2:mut|amp|EGFR:amp", "ERBB2:mut|ERBB2:amp|EGFR:amp"),
    ],
)
def test_texts_and_their_canonical_spelling(text, canonical):
    found = parse_expression(text)
    assert str(found) == canonical
    assert parse_expression(str(found)) == found


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("TPP53:wt", "TP53"),
        ("HDM22:amp", "MDM2"),
        ("TP53:wild", "TP53:wt"),
        ("TP53:mutt", "TP53:mut"),
        ("CDK4:ampl", "CDK4:amp"),
        ("ESR1:cn>=8", "ESR1:altered"),
        ("MDM2:cn=12", "MDM2:cn>=12"),
        ("MDM2:cn", "MDM2:cn>=12"),
        ("MDM2:cn>=1e3", "MDM2:cn>=12"),
        ("type:lipsarcoma", "liposarcoma"),
    ],
)
def test_an_error_names_the_nearest(text, nearest):
    with pytest.raises(RpointError) as caught:
        parse_expression(text, where="trial.yaml, line 3")
    assert caught.value.nearest == nearest
    assert "trial.yaml, line 3" in str(caught.value)
    assert f"nearest: {nearest}" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "  ", None, 3, ["TP53:wt"], "TP53", "TP53|", "|TP53:wt", "TP53:wt||RB1:wt", ":wt", "TP53:",
     "MDM2:cn>=201", "wt", "TP53:wt|RB1", "A" * 500, "type:", "PIK3CA:loss"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(RpointError):
        parse_expression(text)


@given(st.text(max_size=40))
def test_any_text_gives_a_condition_or_one_clear_error(text):
    try:
        found = parse_expression(text)
    except RpointError as error:
        assert error.what
    else:
        assert parse_expression(str(found)) == found


@given(st.sampled_from(sorted(states())))
def test_every_state_of_every_gene_is_understood(gene):
    for state in allowed_states(gene):
        written = state.replace("N", "6")
        assert str(parse_expression(f"{gene}:{written}")) == f"{gene}:{written}"


def test_an_alteration_whose_frequency_can_be_set():
    assert parse_alteration("ESR1:mut") == ("ESR1", "mut")
    for text in ("ESR1:wt", "ESR1:altered", "MDM2:cn>=3", "RB1:mut|loss", "type:breast"):
        with pytest.raises(RpointError, match="one alteration"):
            parse_alteration(text)


HAVE = {("RB1", "mut"): [1, 0, 0, 0], ("RB1", "loss"): [0, 1, 0, 0], ("MDM2", "amp"): [0, 0, 1, 1]}
COPIES = {"MDM2": [2.0, 2.0, 7.9, 40.0]}


def _holds(text):
    none = np.zeros(4, bool)
    return parse_expression(text).holds(
        lambda gene, state: np.array(HAVE.get((gene, state), none), bool),
        lambda gene: np.array(COPIES[gene]),
        lambda kind: np.array([kind == "breast", False, False, True]),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RB1:wt", [0, 0, 1, 1]),
        ("RB1:altered", [1, 1, 0, 0]),
        ("RB1:mut", [1, 0, 0, 0]),
        ("RB1:mut|MDM2:cn>=8", [1, 0, 0, 1]),
        ("MDM2:cn<8", [1, 1, 1, 0]),
        ("MDM2:wt", [1, 1, 0, 0]),  # only ever amplified: wild type is not amplified
        ("MDM2:amp", [0, 0, 1, 1]),
        ("TP53:wt", [1, 1, 1, 1]),
        ("type:breast", [1, 0, 0, 1]),
    ],
)
def test_when_a_condition_holds(text, expected):
    np.testing.assert_array_equal(_holds(text), np.array(expected, bool))


def test_an_amplified_gene_can_be_wild_type():
    found = parse_expression("PIK3CA:wt").holds(
        lambda gene, state: np.array([state == "amp", state == "mut"]), None, None
    )
    np.testing.assert_array_equal(found, [True, False])


def test_terms_print_as_they_are_written():
    assert str(Term("MDM2", "cn", ">=", 12.0)) == "MDM2:cn>=12"
    assert parse_expression("MDM2:cn>=12").needs_copies
    assert parse_expression("TP53:wt|CDK4:amp").genes == ("TP53", "CDK4")
