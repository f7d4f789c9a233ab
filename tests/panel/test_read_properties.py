"""What must not matter when a panel is read, over random panels; and the round trip."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.panel.genes import gene, gene_names, genes
from rpoint.panel.read import read_panel

STATES = ["wt", "mut", "vus", "loss", "amp", "gain", "cn=6", "cn=0.5", "high", "low", "?", ""]
TYPES = ["BRCA", "melanoma", "colon", "xx", "", "other", "Lung squamous cell carcinoma"]
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)
IDS = NAMES.map(str.strip).filter(bool)
LOG2 = st.floats(-10, 20, width=32) | st.none()


@st.composite
def panels(draw):
    """A random table that is a panel."""
    ids = draw(st.lists(IDS, min_size=1, max_size=8, unique=True))
    n = len(ids)
    frame = pd.DataFrame({"model_id": ids})
    frame["tumour_type"] = draw(st.lists(st.sampled_from(TYPES), min_size=n, max_size=n))
    for name in draw(st.lists(st.sampled_from(genes()), min_size=1, max_size=6, unique=True)):
        frame[name] = draw(st.lists(st.sampled_from(STATES), min_size=n, max_size=n))
    for name in draw(st.lists(st.sampled_from(genes()), max_size=4, unique=True)):
        frame[f"expr:{name}"] = pd.Series(draw(st.lists(LOG2, min_size=n, max_size=n)), dtype=float)
    for day in draw(st.lists(st.sampled_from([0, 3, 7, 10.5]), max_size=3, unique=True)):
        sizes = st.lists(st.floats(50, 2000), min_size=n, max_size=n)
        frame[f"vol:{day:g}"] = draw(sizes)
    return frame


def same(one, other, *, order=True):
    """Whether two panels say the same; the order of the columns is not asked."""
    assert (one.ids, one.types, one.status) == (other.ids, other.types, other.status)
    for mine, theirs in ((one.states, other.states), (one.expression, other.expression)):
        pd.testing.assert_frame_equal(mine, theirs, check_like=not order)
    assert (one.volumes is None) == (other.volumes is None)
    if one.volumes is not None:
        pd.testing.assert_frame_equal(one.volumes, other.volumes)


@settings(max_examples=20)
@given(panels())
def test_every_row_stays_in_its_place(frame):
    panel = read_panel(frame)
    assert panel.ids == tuple(frame["model_id"])
    assert len(panel.status) == len(panel.types) == len(panel.states) == len(frame)
    assert all(status for status in panel.status)


@settings(max_examples=20)
@given(panels())
def test_to_frame_is_read_back_to_the_same_panel(frame):
    panel = read_panel(frame)
    same(read_panel(panel.to_frame()), panel)


@given(panels())
@settings(max_examples=20)
def test_a_csv_file_is_read_back_to_the_same_panel(tmp_path_factory, frame):
    path = tmp_path_factory.mktemp("panel") / "panel.csv"
    panel = read_panel(frame)
    panel.to_frame().to_csv(path, index=False)
    same(read_panel(path), panel)


@settings(max_examples=20)
@given(panels(), st.randoms(use_true_random=False))
def test_the_order_of_rows_moves_rows_only(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    same(read_panel(frame.iloc[order]), read_panel(frame).subset(order))


@settings(max_examples=20)
@given(panels(), st.randoms(use_true_random=False))
def test_the_order_of_columns_does_not_matter(frame, random):
    names = list(frame.columns)
    random.shuffle(names)
    same(read_panel(frame[names]), read_panel(frame), order=False)


@settings(max_examples=20)
@given(panels(), st.randoms(use_true_random=False))
def test_letter_case_does_not_matter(frame, random):
    def recased(text):
        return "".join(random.choice((c.upper(), c.lower())) for c in text)

    cased = frame.rename(columns=recased)
    for column, name in zip(cased.columns, frame.columns, strict=True):
        if gene(name) or name == "tumour_type":
            cased[column] = [recased(cell) for cell in frame[name]]
    one, other = read_panel(cased), read_panel(frame)
    assert one.types == other.types
    pd.testing.assert_frame_equal(one.states, other.states)
    pd.testing.assert_frame_equal(one.expression, other.expression)


@settings(max_examples=20)
@given(panels(), st.randoms(use_true_random=False))
def test_any_alias_of_a_gene_is_that_gene(frame, random):
    def alias(name):
        prefix, colon, symbol = name.rpartition(":")
        names = [n for n in gene_names() if gene(n) == gene(symbol)] if gene(symbol) else [symbol]
        return prefix + colon + random.choice(names)

    same(read_panel(frame.rename(columns=alias)), read_panel(frame))


@settings(max_examples=20)
@given(panels(), st.integers(0, 7), st.text(max_size=12))
def test_any_text_in_a_cell_is_a_state_or_one_error(frame, row, text):
    column = next(name for name in frame.columns if gene(name))
    frame.loc[row % len(frame), column] = text
    try:
        panel = read_panel(frame)
    except RpointError as error:
        assert column in str(error) and len(str(error)) < 1200
    else:
        assert len(panel) == len(frame)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_panel_or_one_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        read_panel(path)
    except RpointError as error:
        assert len(str(error)) < 1500


@given(st.text(st.sampled_from('model_id,tumour_type,TP53\n"wt;\t\r\ufeff?=+01.'), max_size=120))
def test_any_text_that_is_nearly_a_csv_is_a_panel_or_one_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "nearly.csv"
    path.write_bytes(("model_id,tumour_type,TP53\n" + text).encode())
    try:
        panel = read_panel(path)
    except RpointError as error:
        assert len(str(error)) < 1500
    else:
        assert len(panel) >= 1 and np.all([panel.ids])
