"""Waterfall, spider, swimmer: what is drawn is what the table holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.plots.response import RESPONSE_COLOUR, spider, swimmer, waterfall

FALL = pd.DataFrame({
    "patient": list("ABCDE"), "best_change_pct": [-40.0, 150.0, 0.0, np.nan, 12.0],
    "response": ["unconfirmed PR", "PD", "SD", "NE", "SD"],
    "new_lesion": [True, True, False, False, False],
})  # fmt: skip
WEB = pd.DataFrame({
    "patient": list("AAAABB"), "day": [0, 42, 84, 126, 0, 40],
    "change_pct": [0, -20, np.nan, -40, 0, 30.0], "response": ["PR"] * 4 + ["PD"] * 2,
    "progression": [False] * 5 + [True], "new_lesion": [False] * 6,
})  # fmt: skip
LANES = pd.DataFrame({
    "patient": ["A", "B"], "response": ["PR", "PD"], "end_day": [200.0, 90],
    "response_day": [42, np.nan],
    "response_end_day": [126, np.nan], "pd_day": [126, 40.0], "death_day": [np.nan, 90],
    "stop_day": [130, 41], "ongoing": [False, False],
})  # fmt: skip


def layers(figure):
    """Every mark of a figure, nested layers opened, with the data of each."""
    spec = figure.spec()
    found = []

    def walk(node, above):
        name = node.get("data", {}).get("name", above)
        if "layer" in node:
            for child in node["layer"]:
                walk(child, name)
        else:
            found.append((node["mark"], node["encoding"], spec["datasets"][name]))

    walk(spec, None)
    return found


def test_waterfall_sorts_counts_and_cuts():
    figure = waterfall(FALL, orr="any 1/5", treated=7)
    assert list(figure.table["patient"]) == ["B", "E", "C", "A"]
    assert list(figure.table["shown"]) == [100, 12, 0.8, -40]
    subtitle = figure.spec()["title"]["subtitle"]
    assert subtitle == ["4 with a target sum after baseline, of 7 treated", "any 1/5"]
    rules = [rows for mark, _, rows in layers(figure) if mark["type"] == "rule"]
    assert [row["y"] for row in rules[0]] == [-30, 20]
    diamonds = [rows for mark, enc, rows in layers(figure) if "shape" in enc]
    assert {row["patient"] for row in diamonds[0]} == {"A", "B"}
    triangles = [rows for mark, _, rows in layers(figure) if mark.get("shape") == "triangle-up"]
    assert [row["patient"] for row in triangles[0]] == ["B"]


def test_colours_are_of_the_confirmed_response():
    bars = next(enc for mark, enc, _ in layers(waterfall(FALL)) if mark["type"] == "bar")
    scale = bars["color"]["scale"]
    assert scale["domain"] == ["unconfirmed PR", "SD", "PD"]
    assert scale["range"] == [RESPONSE_COLOUR[name] for name in scale["domain"]]
    assert RESPONSE_COLOUR["unconfirmed PR"] != RESPONSE_COLOUR["PR"]


def test_spider_starts_at_zero_and_breaks_at_what_was_not_seen():
    figure = spider(WEB)
    seen = figure.table
    assert (seen[seen["day"] == 0]["change_pct"] == 0).all()
    line = next((enc, rows) for mark, enc, rows in layers(figure) if mark["type"] == "line")
    segments = {row["segment"] for row in line[1] if row["patient"] == "A"}
    assert len(segments) == 2  # before and after the scan that is not evaluable
    assert line[0]["detail"]["field"] == "segment"
    marks = [rows for mark, enc, rows in layers(figure) if "shape" in enc][0]
    assert [(row["patient"], row["mark"]) for row in marks] == [("B", "progression")]


def test_swimmer_has_a_lane_for_everybody_and_a_mark_for_every_event():
    holds = pd.DataFrame({"patient": ["A"], "from_day": [60], "to_day": [70]})
    figure = swimmer(LANES, holds=holds)
    assert list(figure.table["patient"]) == ["A", "B"]
    marks = [rows for mark, enc, rows in layers(figure) if "shape" in enc][0]
    assert sorted((row["patient"], row["mark"]) for row in marks) == [
        ("A", "progression"), ("A", "response"), ("A", "treatment stopped"), ("B", "death"),
        ("B", "progression"), ("B", "treatment stopped"),
    ]  # fmt: skip
    bars = [rows for mark, _, rows in layers(figure) if mark["type"] == "bar"]
    assert len(bars) == 2 and bars[1][0]["a"] == pytest.approx(60 / 7)


def test_an_ongoing_patient_has_an_arrow():
    lanes = LANES.assign(ongoing=[True, False])
    marks = [rows for mark, enc, rows in layers(swimmer(lanes)) if "shape" in enc][0]
    assert ("A", "ongoing") in {(row["patient"], row["mark"]) for row in marks}


@pytest.mark.parametrize(("draw", "table"), [(waterfall, FALL), (spider, WEB), (swimmer, LANES)])
def test_figures_render_and_refuse_what_they_cannot_draw(draw, table):
    figure = draw(table)
    assert figure.svg().startswith("<svg") and len(figure.caption) > 80
    with pytest.raises(RpointError, match="lacks columns"):
        draw(table.drop(columns="response"))
    with pytest.raises(RpointError, match="nothing to draw"):
        draw(table.iloc[:0])
