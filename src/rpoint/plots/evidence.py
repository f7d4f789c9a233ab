"""Figures of the claims report, from tables of medians and 5-95 % ranges over the ensemble."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import CATEGORY, GREY, INK, MUTED, RED, TREATMENT_COLOUR, Figure

WIDTH = 420
BAND = "median and 5–95 % of the ensemble"


def dots(
    table: pd.DataFrame,
    *,
    axis: str,
    title: str,
    threshold: float | None = None,
    threshold_label: str = "required",
    caption: str = "",
    log: bool = False,
    sources: Sequence[str] = (),
    band: str = BAND,
) -> Figure:
    """Median and range of several quantities on one axis.

    Parameters
    ----------
    table
        label, median, lo, hi; drawn in the order given.
    threshold
        Drawn as a dashed line.
    log
        Logarithmic axis; levels at or below 0.001 are drawn at 0.001.
    band
        What points and ranges are, for the subtitle.
    """
    drawn = _capped(_finite(table, 1e-3 if log else None), table)
    rows = alt.Y("label:N", sort=list(dict.fromkeys(drawn["label"])), title=None)
    kind = alt.Scale(type="log" if log else "linear", nice=True)
    base = alt.Chart(drawn).encode(y=rows)
    ticks = _decades(pd.concat([drawn["lo"], drawn["hi"]])) if log else alt.Axis()
    ranges = base.mark_rule(strokeWidth=3, color=CATEGORY[0], opacity=0.45).encode(
        x=alt.X("lo:Q", title=axis, scale=kind, axis=ticks), x2="hi:Q"
    )
    points = base.mark_point(filled=True, size=70, color=CATEGORY[0], opacity=1).encode(
        x=alt.X("median:Q", title=axis, scale=kind, axis=ticks),
        shape=alt.Shape(
            "reached:N",
            scale=alt.Scale(domain=[True, False], range=["circle", "triangle-right"]),
            legend=None,
        ),
    )
    layers = [ranges, points]
    if threshold is not None:
        layers.insert(0, _line("x", threshold, threshold_label))
    chart = alt.layer(*layers).properties(
        width=WIDTH, height=alt.Step(26), title=alt.Title(title, subtitle=band)
    )
    return Figure(chart, table, title, caption, sources)


def courses(
    table: pd.DataFrame,
    *,
    axis: str,
    title: str,
    measured: pd.DataFrame | None = None,
    measured_label: str = "measured",
    threshold: float | None = None,
    log: bool = False,
    caption: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Time courses with their range, measured points under them where they exist.

    Parameters
    ----------
    table
        arm, day, median, lo, hi.
    measured
        arm, day, value and, if known, sd.
    """
    drawn = _finite(table, 1e-3 if log else None)
    arms = list(dict.fromkeys(drawn["arm"]))
    colour = _by_name("arm", arms, alt.Legend(orient="bottom", columns=2))
    kind = alt.Scale(type="log" if log else "linear", zero=not log)
    days = alt.X("day:Q", title="days of treatment")
    base = alt.Chart(drawn).encode(x=days, color=colour)
    layers: list = [] if threshold is None else [_line("y", threshold, "required")]
    layers.append(
        base.mark_area(opacity=0.16, line=False).encode(
            y=alt.Y("lo:Q", title=axis, scale=kind), y2="hi:Q"
        )
    )
    layers.append(base.mark_line().encode(y=alt.Y("median:Q", title=axis, scale=kind)))
    if measured is not None and len(measured):
        layers += _measured(measured, colour, kind, axis)
    subtitle = BAND if measured is None else f"{BAND}; diamonds: {measured_label}"
    chart = alt.layer(*layers).properties(
        width=WIDTH, height=230, title=alt.Title(title, subtitle=subtitle)
    )
    return Figure(chart, table, title, caption, sources)


def _measured(
    measured: pd.DataFrame, colour: alt.Color, kind: alt.Scale, axis: str
) -> list[alt.Chart]:
    data = measured.copy()
    spread = data["sd"] if "sd" in data else 0.0
    data["low"], data["high"] = data["value"] - spread, data["value"] + spread
    base = alt.Chart(data).encode(x="day:Q", color=colour)
    bars = base.mark_rule(strokeWidth=1.2).encode(
        y=alt.Y("low:Q", title=axis, scale=kind), y2="high:Q"
    )
    points = base.mark_point(shape="diamond", filled=True, size=80, stroke=INK, opacity=1).encode(
        y=alt.Y("value:Q", title=axis, scale=kind)
    )
    return [bars, points]


def curves(
    table: pd.DataFrame,
    *,
    axis: str,
    dose_axis: str,
    title: str,
    threshold: float | None = None,
    caption: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Dose-response curves with their range; columns line, dose, median, lo, hi."""
    lines = list(dict.fromkeys(table["line"]))
    colour = _by_name("line", lines, alt.Legend(orient="right"))
    dose = alt.X(
        "dose:Q", title=dose_axis, scale=alt.Scale(type="log"), axis=_decades(table["dose"])
    )
    base = alt.Chart(table).encode(x=dose, color=colour)
    layers = [] if threshold is None else [_line("y", threshold, "half effect")]
    layers.append(base.mark_area(opacity=0.13).encode(y=alt.Y("lo:Q", title=axis), y2="hi:Q"))
    layers.append(base.mark_line(point=alt.OverlayMarkDef(size=28)).encode(y="median:Q"))
    chart = alt.layer(*layers).properties(
        width=WIDTH, height=240, title=alt.Title(title, subtitle=BAND)
    )
    return Figure(chart, table, title, caption, sources)


def _line(channel: str, at: float, label: str) -> alt.LayerChart | alt.FacetChart:
    data = pd.DataFrame({"at": [at], "text": [label]})
    rule = alt.Chart(data).mark_rule(color=RED, strokeDash=[5, 4], strokeWidth=1.4)
    if channel == "x":
        words = alt.Chart(data).mark_text(
            color=RED, fontSize=10, align="left", dx=4, dy=-6, baseline="bottom"
        )
        return alt.layer(
            rule.encode(x="at:Q"), words.encode(x="at:Q", y=alt.value(0), text="text:N")
        )
    words = alt.Chart(data).mark_text(
        color=RED, fontSize=10, align="right", dy=-5, baseline="bottom"
    )
    return alt.layer(
        rule.encode(y="at:Q"), words.encode(y="at:Q", x=alt.value(WIDTH), text="text:N")
    )


def _by_name(field: str, names: Sequence[str], legend: alt.Legend) -> alt.Color:
    """Colours by name; the legend is left out where there is one name only."""
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=list(names), range=_colours(names)),
        title=None,
        legend=legend if len(names) > 1 else None,
    )


def _decades(values: pd.Series) -> alt.Axis:
    """An axis with lines at powers of ten only."""
    low, high = np.log10(values.min()), np.log10(values.max())
    ticks = [float(10.0**k) for k in range(int(np.floor(low)), int(np.ceil(high)) + 1)]
    return alt.Axis(values=ticks, format="~g")


def _colours(names: Sequence[str]) -> list[str]:
    """The colour of a treatment wherever it is drawn; other names take the palette in order."""
    free = iter([*CATEGORY, GREY, MUTED] * 3)
    return [TREATMENT_COLOUR.get(name) or next(free) for name in names]


def _capped(drawn: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Infinite levels moved to three times the largest finite one; `reached` is False there."""
    levels = drawn[["median", "lo", "hi"]].astype(float)
    top = 3.0 * np.nanmax(levels.to_numpy()) if levels.notna().to_numpy().any() else 1.0
    for column in ("median", "lo", "hi"):
        infinite = np.isposinf(table[column].astype(float).to_numpy())
        drawn[column] = np.where(infinite, top, drawn[column].astype(float))
    drawn["reached"] = ~np.isposinf(table["median"].astype(float).to_numpy())
    return drawn


def _finite(table: pd.DataFrame, floor: float | None) -> pd.DataFrame:
    """Infinite levels cannot be drawn; on a logarithmic axis neither can those at or below zero."""
    drawn = table.replace([float("inf"), float("-inf")], None).copy()
    if floor is not None:
        for column in ("median", "lo", "hi"):
            drawn[column] = drawn[column].astype(float).clip(lower=floor)
    return drawn
