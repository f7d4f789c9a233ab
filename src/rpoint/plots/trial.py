"""Figures of virtual trials: predicted against published values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREY, INK, MUTED, RED, Figure

SIDE = 250
PANELS = (
    ("median, months", "months", "log"),
    ("hazard ratio", "hazard ratio", "log"),
    ("share of patients, %", "%", "linear"),
)
HITS = ("in the 90 % interval", "outside")


def predicted_against_published(
    table: pd.DataFrame,
    *,
    title: str = "Predicted against published",
    subtitle: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Predicted medians with their 90 % intervals against published values, by kind of endpoint.

    Parameters
    ----------
    table
        trial, arm, subset, endpoint, role, published, lo, hi, predicted, q05, q95, hit; rows of
        other kinds (counts, days) are left out.
    """
    drawn = _drawn(table)
    charts = [
        _panel(drawn[drawn["panel"] == name], name, scale)
        for name, _, scale in PANELS
        if (drawn["panel"] == name).any()
    ]
    chart: Any = alt.hconcat(*charts, spacing=30).properties(
        title=alt.TitleParams(text=title, subtitle=subtitle, anchor="start")
    )
    return Figure(
        chart,
        drawn.drop(columns="panel"),
        title=title,
        caption="Each point is one published value. Vertical bars: 90 % predictive interval of a "
        "trial of the real size; horizontal bars: the published interval. On the line, prediction "
        "and publication agree. Squares were used to fit the population's parameters.",
        sources=sources,
    )


def _drawn(table: pd.DataFrame) -> pd.DataFrame:
    endpoint = table["endpoint"]
    share = endpoint.str.contains("_pct") & ~endpoint.str.startswith("best_target_change")
    panel = np.select(
        [
            endpoint.str.contains("median_months|median_weeks"),
            endpoint.str.contains("_hr"),
            share,
        ],
        [name for name, _, _ in PANELS],
        "",
    )
    drawn = table.assign(panel=panel)[panel != ""].copy()
    weeks = drawn["endpoint"].str.contains("median_weeks")
    for column in ("published", "lo", "hi", "predicted", "q05", "q95"):
        drawn[column] = np.where(weeks, drawn[column] * 7 / 30.4375, drawn[column])
    drawn = drawn[np.isfinite(drawn["predicted"].astype(float))]
    drawn["within"] = np.where(drawn["hit"], *HITS)
    drawn["use"] = np.where(drawn["role"] == "calibrate", "fitted", "check")
    return drawn


def _panel(drawn: pd.DataFrame, name: str, kind: str) -> alt.LayerChart | alt.FacetChart:
    numbers = drawn[["published", "lo", "hi", "predicted", "q05", "q95"]].to_numpy(float)
    numbers = numbers[np.isfinite(numbers)]
    if kind == "log":
        numbers = numbers[numbers > 0]
        domain = [float(numbers.min() / 1.15), float(numbers.max() * 1.15)]
    else:
        domain = [0.0, float(min(100.0, numbers.max() * 1.05))]
    shown = drawn.assign(
        q95=np.minimum(drawn["q95"].astype(float), domain[1]),
        q05=np.maximum(drawn["q05"].astype(float), domain[0]),
    )
    scale = alt.Scale(type=cast(Any, kind), domain=domain, nice=False)
    axis = alt.Axis(tickCount=5, format="~r")
    x = alt.X("published:Q", title=f"published {name}", scale=scale, axis=axis)
    y = alt.Y("predicted:Q", title=f"predicted {name}", scale=scale, axis=axis)
    colour = alt.Color(
        "within:N",
        scale=alt.Scale(domain=list(HITS), range=[BLUE, RED]),
        legend=alt.Legend(title="published value", orient="bottom"),
    )
    shape = alt.Shape(
        "use:N",
        scale=alt.Scale(domain=["check", "fitted"], range=["circle", "square"]),
        legend=alt.Legend(title="row", orient="bottom"),
    )
    line = alt.Chart(pd.DataFrame({"v": domain})).mark_line(color=GREY, strokeWidth=1)
    base = alt.Chart(shown)
    bars = base.mark_rule(opacity=0.45).encode(x=x, y=alt.Y("q05:Q", scale=scale), y2="q95:Q",
                                               color=colour)  # fmt: skip
    wide = base.transform_filter("isValid(datum.lo) && isValid(datum.hi)")
    across = wide.mark_rule(opacity=0.25, color=INK).encode(
        x=alt.X("lo:Q", scale=scale), x2="hi:Q", y=y
    )
    dots = base.mark_point(filled=True, size=46, opacity=0.95).encode(
        x=x, y=y, color=colour, shape=shape, tooltip=["trial:N", "arm:N", "subset:N", "endpoint:N"]
    )
    diagonal = line.encode(x=alt.X("v:Q", scale=scale), y=alt.Y("v:Q", scale=scale))
    return alt.layer(diagonal, across, bars, dots).properties(
        width=SIDE, height=SIDE, title=alt.TitleParams(text=name, color=MUTED, fontWeight=500)
    )
