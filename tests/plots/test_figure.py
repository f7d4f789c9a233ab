"""`Figure` renders without a browser or a network and never leaves half a file."""

import json

import altair as alt
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.plots import Figure
from rpoint.plots._figure import FORMATS


@pytest.fixture
def figure():
    table = pd.DataFrame({"time": [0, 1, 2], "level": [1.0, 2.0, 4.0]})
    chart = alt.Chart(table).mark_line().encode(x="time:Q", y="level:Q")
    return Figure(chart, table, title="Levels", sources=("somebody 2020",))


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_written(figure, tmp_path, kind):
    target = figure.save(tmp_path / f"figure.{kind}")
    start = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF", "html": b"<!DOCTYPE", "json": b"{"}
    assert target.read_bytes().startswith(start[kind])
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_html_needs_no_network(figure):
    assert 'src="http' not in figure.html()


def test_json_carries_the_data(figure):
    spec = json.loads(figure.json())
    (rows,) = spec["datasets"].values()
    assert [row["level"] for row in rows] == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("name", ["figure.gif", "figure"])
def test_other_formats_are_refused(figure, tmp_path, name):
    with pytest.raises(RpointError, match="format"):
        figure.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_one_error(figure, tmp_path):
    with pytest.raises(RpointError, match="cannot be written"):
        figure.save(tmp_path / "absent" / "figure.svg")


def test_many_rows_are_drawn():
    table = pd.DataFrame({"x": range(6000), "y": range(6000)})
    chart = alt.Chart(table).mark_point().encode(x="x:Q", y="y:Q")
    assert "<svg" in Figure(chart, table).svg()


def test_figure_gives_back_a_copy_of_its_table(figure):
    figure.to_frame()["level"] = 0
    assert list(figure.table["level"]) == [1.0, 2.0, 4.0]
    assert figure.cite() == ["somebody 2020"]
