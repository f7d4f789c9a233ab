"""The reader of the catalogue's part of YAML agrees with ruamel.yaml and refuses the rest."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rpoint.catalog import parse_yaml
from rpoint.errors import RpointError

DATA = files("rpoint.catalog") / "data"
FILES = sorted(
    str(p.relative_to(DATA))
    for p in DATA.rglob("*.yaml")  # type: ignore[attr-defined]
)


def oracle(text: str):
    return YAML(typ="safe", pure=True).load(text)


def test_there_are_files():
    assert len(FILES) > 30


@pytest.mark.parametrize("name", FILES)
def test_same_content_as_ruamel(name):
    text = DATA.joinpath(name).read_text(encoding="utf-8")
    assert parse_yaml(text, name) == oracle(text)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda x: round(x, 6)),
    st.text(st.characters(max_codepoint=0x2FF, exclude_categories=["C"]), max_size=12),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=6), inner, max_size=4),
    ),
    max_leaves=12,
)


def flow(value) -> str:
    """A value in flow style with every text quoted."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, float) else f"{value:.6f}"


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=6), TREES, min_size=1))
def test_flow_values_come_back(tree):
    text = "\n".join(f"{key}: {flow(value)}" for key, value in tree.items())
    assert parse_yaml(text) == oracle(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &anchor 1",
        "a: *anchor",
        "a: !!int 1",
        "a: |\n  text",
        "a: >-\n  text",
        "a: 'single'",
        "a: {b: 1",
        "a: [1, 2",
        'a: "open',
        "a: 1\na: 2",
        "a: {b: 1, b: 2}",
        "a:\n  b: 1\n c: 2",
        "a: 1\n  b: 2",
        "just text\nmore text",
        "a: {b: 1} and more",
    ],
)
def test_what_is_outside_the_part_is_refused_with_its_line(text):
    with pytest.raises(RpointError, match=r"line \d") as caught:
        parse_yaml(text, "somewhere.yaml")
    assert "somewhere.yaml" in str(caught.value)


def test_a_comment_is_no_content():
    assert parse_yaml('a: 1  # one\n# two\nb: "#3"') == {"a": 1, "b": "#3"}


def test_an_empty_text_is_nothing():
    assert parse_yaml("# only a comment\n") is None
