"""Figures of cohorts: what is drawn from which numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.plots.cohort import MOST_ROWS, frequencies, unconfirmed

TABLE = pd.DataFrame(
    {
        "type": ["breast", "breast", "lung"],
        "patients": [1648, 1648, 788],
        "alteration": ["TP53:mut", "NF1:mut", "TP53:mut"],
        "percent": [28.0, 4.5, 55.0],
        "lo": [26.0, 3.5, 52.0],
        "hi": [30.0, 5.7, 58.0],
        "source_percent": [29.0, 3.9, 56.7],
        "source_lo": [25.9, np.nan, 54.2],
        "source_hi": [32.5, np.nan, 59.1],
    }
)


def test_frequencies_stand_beside_their_source():
    text = frequencies(TABLE, note="a note").svg()
    for part in (
        "breast, 1648 drawn",
        "lung, 788 drawn",
        "TP53:mut",
        "NF1:mut",
        "source",
        "a note",
    ):
        assert part in text, part
    spec = frequencies(TABLE).chart.to_dict()
    assert len(spec["concat"]) == 2


def test_what_was_not_counted_has_no_bar():
    spec = frequencies(TABLE[TABLE["type"] == "breast"]).chart.to_dict()
    bars = [
        row for rows in spec["datasets"].values() for row in rows
        if row.get("which") == "source" and row.get("lo") is not None and "hi" in row
    ]  # fmt: skip
    assert {row["alteration"] for row in bars if row["lo"] == row["lo"]} == {"TP53:mut"}


def test_a_long_list_is_cut():
    many = pd.concat([TABLE.iloc[[0]].assign(alteration=f"G{k}:mut") for k in range(40)])
    text = frequencies(many).svg()
    assert f"G{MOST_ROWS - 1}:mut" in text and f"G{MOST_ROWS}:mut" not in text


def test_the_unconfirmed_share_is_drawn_over_the_published_interval():
    table = pd.DataFrame({"local_error": [0.1, 0.5], "law": ["a", "a"], "percent": [2.0, 13.0]})
    figure = unconfirmed(table, published=(22.5, 10.8, 38.5), note="9 of 40")
    text = figure.svg()
    for part in ("not confirmed, %", "SD of ln(copies)", "9 of 40"):
        assert part in text, part
    assert len(figure.chart.to_dict()["layer"]) == 3
    assert len(unconfirmed(table).chart.to_dict()["layer"]) == 1
