"""Figures of survival: what is drawn, and that every case can be drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.plots.survival import incidence_figure, interval_figure, kaplan_meier_figure
from rpoint.stats.survival import survival
from rpoint.stats.survival_causes import competing_survival
from rpoint.stats.survival_intervals import interval_survival


def table(groups=2, n=60, seed=1):
    rng = np.random.default_rng(seed)
    arm = np.array(["it's \\ odd", "control", "c", "d", "e"])[np.arange(n) % groups]
    return pd.DataFrame({"time": rng.exponential(9, n), "event": rng.integers(0, 2, n), "arm": arm})


def marks(spec):
    """The kinds of marks, at any depth."""
    found = []
    for key in ("layer", "vconcat"):
        for part in spec.get(key, ()):
            found += marks(part)
    if "mark" in spec:
        found.append(spec["mark"]["type"])
    return found


@pytest.mark.parametrize("groups", [1, 2, 3, 5])
def test_kaplan_meier_draws_steps_ticks_bands_medians_and_numbers(groups):
    result = survival(table(groups), by="arm" if groups > 1 else None, unit="months")
    figure = kaplan_meier_figure(**result.figure_tables(), title="PFS")
    spec = figure.spec()
    kinds = marks(spec)
    assert {"line", "tick", "rule", "text"} <= set(kinds)
    assert ("area" in kinds) == (groups <= 3)
    assert kinds.count("text") == 4  # at risk, censored, events, conventions
    lines = [layer for layer in spec["vconcat"][0]["layer"] if layer["mark"]["type"] == "line"]
    assert lines[0]["mark"]["interpolate"] == "step-after"
    svg = figure.svg()
    for text in ("At risk", "Censored", "Events", "months", "median", "log-log"):
        assert text in svg


def test_the_numbers_of_the_table_stand_under_the_ticks_of_the_axis():
    result = survival(table(), by="arm", unit="months")
    spec = kaplan_meier_figure(**result.figure_tables()).spec()
    axis = spec["vconcat"][0]["layer"][0]["encoding"]["x"]
    assert axis["axis"]["values"] == sorted(set(result.at_risk["time"]))
    for row in spec["vconcat"][1:4]:
        assert row["encoding"]["x"]["scale"] == axis["scale"]


def test_curves_start_at_one_and_the_table_is_the_users():
    result = survival(table(), by="arm")
    figure = kaplan_meier_figure(**result.figure_tables())
    pd.testing.assert_frame_equal(figure.to_frame(), result.to_frame())
    data = figure.spec()["datasets"]
    first = [rows[0] for rows in data.values() if "survival" in rows[0] and "lo" in rows[0]]
    assert any(row["time"] == 0 and row["survival"] == 1 for row in first)


def test_a_curve_without_events_and_without_median_can_be_drawn():
    frame = table().assign(event=0)
    result = survival(frame, by="arm")
    assert "NR" in kaplan_meier_figure(**result.figure_tables()).svg()


def test_incidences_and_intervals_can_be_drawn():
    rng = np.random.default_rng(2)
    frame = table().assign(cause=rng.integers(0, 3, 60))
    result = competing_survival(frame, "cause", by="arm")
    svg = incidence_figure(**result.figure_tables(), causes={1: "death", 2: "relapse"}).svg()
    assert "death" in svg and "Gray" in svg
    frame = frame.assign(left=np.floor(frame["time"]), right=np.ceil(frame["time"]))
    frame.loc[frame["event"] == 0, "right"] = np.nan
    spans = interval_survival(frame, "left", "right", by="arm")
    figure = interval_figure(**spans.figure_tables())
    assert "median in" in figure.svg() and set(marks(figure.spec())) == {"rect", "rule"}
