"""Figures of survival: Kaplan–Meier with the KMunicate table, incidences, interval censoring.

The Kaplan–Meier figure follows the proposals of Morris et al. 2019
(doi:10.1136/bmjopen-2019-030215): steps with censor ticks and a band, and under the ticks of the
same axis the numbers at risk, censored and with the event, which add up to n at every tick.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, RED, SKY, Figure

WIDTH, HEIGHT, ROW = 560, 300, 15  # px
COLOURS = (MUTED, BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
ONE = (BLUE,)
BANDS = 3  # groups up to which bands are drawn
COUNTS = (("at_risk", "At risk"), ("censored", "Censored"), ("events", "Events"))


def kaplan_meier_figure(
    curves: pd.DataFrame,
    at_risk: pd.DataFrame,
    medians: pd.DataFrame,
    *,
    title: str = "",
    unit: str = "",
    note: str = "",
    convention: str = "",
    endpoint: str = "probability without event",
    band: bool | None = None,
    sources: Sequence[str] = (),
) -> Figure:
    """Kaplan–Meier curves above their table of numbers.

    Parameters
    ----------
    curves
        group, time, survival, lo, hi, censored (number censored at each time).
    at_risk
        group, time, at_risk, events, censored: the times are the ticks of the axis.
    medians
        group, n, events, median, lo, hi; NaN where not reached.
    title
        One line.
    unit
        Of the times.
    note
        Hazard ratio and test, one line or more.
    convention
        How intervals and numbers at risk are defined.
    endpoint
        Title of the vertical axis.
    band
        Whether the pointwise intervals are drawn; up to three groups without it.
    """
    groups = list(dict.fromkeys(curves["group"]))
    band = len(groups) <= BANDS if band is None else band
    steps = stepped(curves, ("survival", "lo", "hi"), start=1.0)
    axis = _time_axis(at_risk["time"], float(curves["time"].max()), unit)
    left = _margin(groups)
    colour = alt.Color("group:N", scale=_colours(groups), legend=_legend(_labels(medians)))
    layers = [_bands(steps, colour, axis)] if band else []
    layers += [
        _lines(steps, colour, axis, endpoint, left),
        _ticks(curves, colour, axis),
        *_median_rules(medians, colour, axis),
    ]
    top = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    table = [_count_rows(at_risk, name, text, groups, axis, left) for name, text in COUNTS]
    parts = [top, *table, *_footer(convention)]
    heading = alt.TitleParams(
        text=title or "Kaplan–Meier curves", subtitle=note.splitlines(), anchor="start"
    )
    chart = alt.vconcat(*parts, spacing=4, title=heading).resolve_scale(color="independent")
    caption = (
        "Steps: Kaplan–Meier estimate; vertical marks: censored patients; "
        + ("band: pointwise interval; " if band else "")
        + f"dotted: median. {convention}"
    ).strip()
    return Figure(chart, curves, title or "Kaplan–Meier curves", caption, tuple(sources))


def stepped(curves: pd.DataFrame, names: Sequence[str], start: float) -> pd.DataFrame:
    """The curves with their start at time 0 added to each group."""
    parts = []
    for group, part in curves.groupby("group", sort=False):
        first = {"group": group, "time": 0.0, **dict.fromkeys(names, start)}
        body = part[["group", "time", *names]]
        if float(body["time"].iloc[0]) > 0:
            body = pd.concat([pd.DataFrame([first]), body], ignore_index=True)
        parts.append(body)
    return pd.concat(parts, ignore_index=True)


def _colours(groups: Sequence[str]) -> alt.Scale:
    colours = ONE if len(groups) == 1 else COLOURS
    return alt.Scale(
        domain=list(groups), range=[colours[i % len(colours)] for i in range(len(groups))]
    )


def _time_axis(ticks: pd.Series, last: float, unit: str) -> alt.X:
    values = sorted({float(t) for t in ticks})
    return alt.X(
        "time:Q",
        title=unit or "time",
        scale=alt.Scale(domain=[0, max(last, values[-1]) * 1.02 or 1.0], nice=False),
        axis=alt.Axis(values=values, grid=False, labelFlush=False),
    )


def _margin(groups: Sequence[str]) -> float:
    """Width of the left axis, the same for the curves and the table under them."""
    return float(min(180, max(44, 6.2 * max(len(g) for g in groups) + 24)))


def _labels(medians: pd.DataFrame) -> dict[str, str]:
    """The legend: events, n and median with its interval."""
    made = {}
    for row in medians.itertuples():
        values = [_short(v) for v in (row.median, row.lo, row.hi)]
        made[str(row.group)] = (
            f"{row.group}: {row.events}/{row.n} events, "
            f"median {values[0]} ({values[1]}–{values[2]})"
        )
    return made


def _short(value: float) -> str:
    if value != value:
        return "NR"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _legend(labels: dict[str, str]) -> alt.Legend:
    """One line a group, with what `labels` says of it."""
    naming = " : ".join(f"datum.label == {_quoted(g)} ? {_quoted(t)}" for g, t in labels.items())
    return alt.Legend(
        title=None, orient="top", direction="vertical", columns=1, labelLimit=WIDTH,
        symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1, offset=6,
        labelExpr=f"{naming} : datum.label",
    )  # fmt: skip


def _lines(
    steps: pd.DataFrame, colour: alt.Color, axis: alt.X, endpoint: str, left: float
) -> alt.Chart:
    y = alt.Y(
        "survival:Q",
        title=endpoint,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(
            values=[0, 0.25, 0.5, 0.75, 1], format="%", minExtent=left, grid=True, titleX=-44
        ),
    )
    return (
        alt.Chart(steps)
        .mark_line(interpolate="step-after", strokeWidth=1.8)
        .encode(x=axis, y=y, color=colour, tooltip=["group:N", "time:Q", "survival:Q"])
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _bands(steps: pd.DataFrame, colour: alt.Color, axis: alt.X) -> alt.Chart:
    return (
        alt.Chart(steps.dropna(subset=["lo", "hi"]))
        .mark_area(interpolate="step-after", opacity=0.14)
        .encode(x=axis, y=alt.Y("lo:Q", title=""), y2="hi:Q", color=colour)
    )


def _ticks(curves: pd.DataFrame, colour: alt.Color, axis: alt.X) -> alt.Chart:
    return (
        alt.Chart(curves[curves["censored"] > 0])
        .mark_tick(orient="vertical", size=8, thickness=1)
        .encode(x=axis, y=alt.Y("survival:Q", title=""), color=colour)
    )


def _median_rules(medians: pd.DataFrame, colour: alt.Color, axis: alt.X) -> list[alt.Chart]:
    """Dotted from the axis at one half to each median, and down to its time."""
    known = medians.dropna(subset=["median"])
    if known.empty:
        return []
    across = pd.DataFrame({"time": [0.0], "to": [float(known["median"].max())], "y": [0.5]})
    down = pd.DataFrame({"group": known["group"], "time": known["median"], "y": 0.5, "low": 0.0})
    style: dict[str, Any] = {"strokeDash": [2, 3], "strokeWidth": 1}
    y = alt.Y("y:Q", title="")
    return [
        alt.Chart(across).mark_rule(color=MUTED, **style).encode(x=axis, x2="to:Q", y=y),
        alt.Chart(down).mark_rule(**style).encode(x=axis, y=y, y2="low:Q", color=colour),
    ]


def _count_rows(
    at_risk: pd.DataFrame, name: str, text: str, groups: list[str], axis: alt.X, left: float
) -> alt.LayerChart:
    """One kind of number: a row a group under the ticks of the curves."""
    y = alt.Y(
        "group:N",
        sort=groups,
        title=None,
        axis=alt.Axis(
            domain=False, ticks=False, minExtent=left, maxExtent=left, labelLimit=left - 20,
            labelPadding=18, labelColor=_label_colour(groups), labelFontSize=10,
        ),
    )  # fmt: skip
    scale: Any = axis.to_dict()
    bare = alt.X("time:Q", title=None, scale=scale["scale"], axis=None)
    return (
        alt.Chart(at_risk, title=_row_title(text))
        .mark_text(fontSize=10, color=INK)
        .encode(x=bare, y=y, text=alt.Text(f"{name}:Q", format=",d"))
        .properties(width=WIDTH, height=ROW * len(groups))
    )


def _label_colour(groups: list[str]) -> Any:
    scale = _colours(groups).to_dict()
    pairs = list(zip(scale["domain"], scale["range"], strict=True))
    test = " : ".join(f"datum.label == {_quoted(g)} ? {_quoted(c)}" for g, c in pairs)
    return alt.ExprRef(f"{test} : '{INK}'")


def _footer(text: str) -> list[alt.Chart]:
    """The conventions, in small print under the table."""
    lines = textwrap.wrap(text, 105)
    if not lines:
        return []
    chart = alt.Chart(pd.DataFrame({"text": ["\n".join(lines)]})).mark_text(
        align="left", baseline="top", fontSize=9, color=MUTED, lineBreak="\n"
    )
    place = {"x": alt.value(0), "y": alt.value(6), "text": "text:N"}
    return [chart.encode(**place).properties(width=WIDTH, height=12 * len(lines) + 4)]


def _row_title(text: str) -> alt.TitleParams:
    return alt.TitleParams(
        text=text, anchor="start", fontSize=10, fontWeight=600, color=MUTED, offset=1, frame="group"
    )


def incidence_figure(
    curves: pd.DataFrame,
    *,
    title: str = "",
    unit: str = "",
    note: str = "",
    causes: dict[int, str] | None = None,
    sources: Sequence[str] = (),
) -> Figure:
    """Cumulative incidence of each cause: colour is the group, the dash pattern the cause.

    Parameters
    ----------
    curves
        group, cause, time, incidence, lo, hi.
    causes
        Names of the causes.
    """
    groups = list(dict.fromkeys(curves["group"]))
    named = {c: (causes or {}).get(c, f"cause {c}") for c in dict.fromkeys(curves["cause"])}
    parts = []
    for cause, part in curves.groupby("cause", sort=True):
        steps = stepped(part, ("incidence", "lo", "hi"), start=0.0)
        parts.append(steps.assign(cause=named[cause]))
    data = pd.concat(parts, ignore_index=True)
    scale = alt.Scale(domain=[0, float(curves["time"].max()) * 1.02 or 1.0], nice=False)
    legend = alt.Legend(title=None, orient="top")
    single = len(groups) == 1
    chart = (
        alt.Chart(data)
        .mark_line(interpolate="step-after", strokeWidth=1.8)
        .encode(
            x=alt.X("time:Q", title=unit or "time", scale=scale, axis=alt.Axis(grid=False)),
            y=alt.Y("incidence:Q", title="cumulative incidence", axis=alt.Axis(format="%"))
            .scale(domain=[0, min(1.0, float(np.nanmax(data["incidence"])) * 1.15)]),
            color=alt.Color("group:N", scale=_colours(groups), legend=None if single else legend),
            strokeDash=alt.StrokeDash("cause:N", sort=list(named.values()), legend=legend),
        )
        .properties(
            width=WIDTH, height=HEIGHT,
            title=alt.TitleParams(text=title or "Cumulative incidence", subtitle=[note]),
        )
    )  # fmt: skip
    caption = "Steps: Aalen–Johansen estimate; the causes compete, so that they add up to 1 − S."
    return Figure(chart, curves, title or "Cumulative incidence", caption, tuple(sources))


def interval_figure(
    intervals: pd.DataFrame,
    medians: pd.DataFrame,
    *,
    title: str = "",
    unit: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Turnbull's curves: a line where the data fix the curve, a box where they do not.

    Parameters
    ----------
    intervals
        group, left, right, probability, survival (after the interval).
    medians
        group, n, median_from, median_to.
    """
    groups = list(dict.fromkeys(intervals["group"]))
    finite = intervals["right"].replace(np.inf, np.nan)
    last = float(np.nanmax(np.concatenate([finite.to_numpy(), intervals["left"].to_numpy()])))
    last = last * 1.05 or 1.0
    boxes, lines = _turnbull_parts(intervals, last)
    x = alt.X("from:Q", title=unit or "time", axis=alt.Axis(grid=False))
    x = x.scale(domain=[0, last], nice=False)
    colour = alt.Color("group:N", scale=_colours(groups), legend=_legend(_regions(medians)))
    y = alt.Y("upper:Q", title="probability without event", axis=alt.Axis(format="%"))
    y = y.scale(domain=[0, 1])
    box = alt.Chart(boxes).mark_rect(opacity=0.25, clip=True)
    line = alt.Chart(lines).mark_rule(strokeWidth=2, clip=True)
    chart = alt.layer(
        box.encode(x=x, x2="to:Q", y=y, y2="lower:Q", color=colour),
        line.encode(x=x, x2="to:Q", y=y, color=colour),
    ).properties(width=WIDTH, height=HEIGHT, title=title or "Interval-censored survival")
    caption = (
        "Turnbull's estimate. Lines: where the data fix the curve; boxes: where it falls somewhere "
        "inside, and the data do not say where."
    )
    return Figure(chart, intervals, title or "Interval-censored survival", caption, tuple(sources))


def _turnbull_parts(intervals: pd.DataFrame, last: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    boxes, lines = [], []
    for group, part in intervals.groupby("group", sort=False):
        time, height = 0.0, 1.0
        for row in part.itertuples():
            right = min(float(row.right), last)
            lines.append((group, time, float(row.left), height))
            boxes.append((group, float(row.left), right, float(row.survival), height))
            time, height = right, float(row.survival)
        lines.append((group, time, last, height))
    names = ["group", "from", "to"]
    return (
        pd.DataFrame(boxes, columns=[*names, "lower", "upper"]),
        pd.DataFrame(lines, columns=[*names, "upper"]),
    )


def _regions(medians: pd.DataFrame) -> dict[str, str]:
    texts = {}
    for row in medians.itertuples():
        end = _short(row.median_to) if np.isfinite(row.median_to) else "NR"
        texts[str(row.group)] = (
            f"{row.group}: {row.n} patients, median in ({_short(row.median_from)}, {end}]"
        )
    return texts
