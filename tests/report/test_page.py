"""The page: escaped text, figures inside, unique ids, nothing loaded from outside."""

import re

import altair as alt
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.plots import Figure
from rpoint.report import Page, Section, Table, write_page
from rpoint.report.page import render


@pytest.fixture(scope="module")
def figure():
    table = pd.DataFrame({"x": [1, 2], "y": [1, 3]})
    chart = alt.Chart(table).mark_line(clip=True).encode(x="x:Q", y="y:Q")
    return Figure(chart, table, title="Rise & fall", caption="What is drawn.", sources=["somebody"])


def page(**section):
    return Page("Title", "Lead", sections=[Section("one", "First", **section)])


def test_text_is_escaped():
    text = render(page(blocks=[("note", "<b>5 < 6</b>")], tables=[Table(["<i>"], [["<u>"]])]))
    assert "&lt;b&gt;5 &lt; 6&lt;/b&gt;" in text
    assert "<i>" not in text and "<u>" not in text


def test_figures_are_inside_with_ids_of_their_own(figure):
    text = render(page(figures=[figure, figure]))
    assert text.count('<svg role="img" aria-label="Rise &amp; fall"') == 2
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    used = re.findall(r"url\(#([^)]+)\)", text)
    assert used and set(used) <= set(ids)
    assert "Data: somebody." in text


def test_nothing_is_loaded_from_outside(figure):
    text = render(page(figures=[figure]))
    assert "<script" not in text and "<link" not in text
    assert not re.search(r'(src|href)="https?:', text)


def test_numbers_of_a_frame_are_short_and_missing_ones_are_dashes():
    table = Table.of(pd.DataFrame({"a": [0.123456, float("nan")], "b": ["x", None]}))
    assert table.rows == [["0.123", "x"], ["–", "–"]]
    assert list(table.numeric) == [0]


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    target = write_page(page(), tmp_path / "page.html")
    assert target.read_text(encoding="utf-8").rstrip().endswith("</html>")
    with pytest.raises(RpointError, match="cannot be written"):
        write_page(page(), tmp_path / "absent" / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_every_page_says_what_it_is_not_for():
    assert render(page()).count("Research use only") == 2
