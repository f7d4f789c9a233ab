"""Figures of simulated tumours: sizes, nodes, interventions, rankings, long culture, xenografts."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import (
    BLUE,
    CATEGORY,
    GREY,
    INK,
    MUTED,
    ORANGE,
    TREATMENT_COLOUR,
    Figure,
)

NO_DRUG = ("untreated", "vehicle", "control")


def arm_colours(arms: Sequence[str]) -> alt.Scale:
    """One colour per arm: the house colour of a treatment's name, grey without drug."""
    free = [colour for colour in CATEGORY if colour not in (GREY,)]
    used = [TREATMENT_COLOUR.get(arm) for arm in arms]
    free = [colour for colour in free if colour not in used]
    colours = []
    for arm, own in zip(arms, used, strict=True):
        if own is None:
            own = MUTED if arm in NO_DRUG else free.pop(0) if free else GREY
        colours.append(own)
    return alt.Scale(domain=list(arms), range=colours)


def band_table(values: np.ndarray, days: np.ndarray, arms: Sequence[str]) -> pd.DataFrame:
    """Median and 5th to 95th percentile over subjects.

    Parameters
    ----------
    values
        (n, A, T).
    days
        (T,).
    arms
        A names.

    Returns
    -------
    pandas.DataFrame
        arm, day, lo, median, hi.
    """
    lo, mid, hi = np.nanpercentile(values, [5, 50, 95], axis=0)
    frames = [
        pd.DataFrame({"arm": arm, "day": days, "lo": lo[a], "median": mid[a], "hi": hi[a]})
        for a, arm in enumerate(arms)
    ]
    return pd.concat(frames, ignore_index=True)


def _legend(arms: Sequence[str]) -> alt.Legend:
    return alt.Legend(
        title=None, orient="top", labelLimit=260, columns=min(4, len(arms)), symbolOpacity=1
    )


def size_curves(table: pd.DataFrame, title: str, sources: Sequence[str] = ()) -> Figure:
    """Change of the sum of diameters over time: median and 90 % of patients per arm.

    Parameters
    ----------
    table
        arm, day, lo, median, hi (%), as of `band_table`.
    title
        One line.
    """
    arms = list(dict.fromkeys(table["arm"]))
    data = table.assign(week=table["day"] / 7.0)
    top = float(min(max(60.0, np.nanmax(table["median"]) * 1.3), 250.0))
    y = alt.Y("median:Q", title="change of the sum of diameters, %")
    y = y.scale(domain=[-100, top], clamp=True)
    colour = alt.Color("arm:N", scale=arm_colours(arms), legend=_legend(arms))
    x = alt.X("week:Q", title="weeks on treatment")
    base = alt.Chart(data).encode(x=x, color=colour)
    bands = (
        base.mark_area(opacity=0.12, clip=True)
        .encode(y=y, y2="hi:Q")
        .transform_calculate(median="datum.lo")
    )
    lines = base.mark_line(clip=True).encode(y=y)
    marks = pd.DataFrame({"y": [-30.0, 0.0, 20.0], "label": ["−30 %", "", "+20 %"]})
    rules = (
        alt.Chart(marks).mark_rule(strokeDash=[4, 3], color=MUTED, strokeWidth=1).encode(y="y:Q")
    )
    notes = (
        alt.Chart(marks)
        .mark_text(align="left", dx=5, color=MUTED, fontSize=10)
        .encode(y="y:Q", x=alt.value(560), text="label:N")
    )
    chart = (bands + rules + lines + notes).properties(width=560, height=300, title=title)
    caption = (
        "True sum of the target lesions' diameters, change from the start. Line: median patient; "
        "band: 5th to 95th percentile. Dashed: 30 % below the start, no change, 20 % above it "
        "(progression is judged against the nadir, not here)."
    )
    return Figure(chart, table, title, caption, tuple(sources))


def node_courses(table: pd.DataFrame, title: str, sources: Sequence[str] = ()) -> Figure:
    """Courses of read-outs of the cell over time, as fold of the untreated cell.

    Parameters
    ----------
    table
        node, arm, day, lo, median, hi (fold).
    """
    arms = list(dict.fromkeys(table["arm"]))
    base = alt.Chart(table).encode(
        x=alt.X("day:Q", title="days on treatment"),
        color=alt.Color("arm:N", scale=arm_colours(arms), legend=_legend(arms)),
    )
    y = alt.Y("median:Q", title="fold of untreated")
    band = base.mark_area(opacity=0.12).encode(y=alt.Y("lo:Q", title=""), y2="hi:Q")
    panel = (band + base.mark_line(strokeWidth=1.6).encode(y=y)).properties(width=220, height=130)
    chart = panel.facet(
        facet=alt.Facet("node:N", title=None, sort=list(dict.fromkeys(table["node"]))), columns=3
    ).resolve_scale(y="independent")
    chart = chart.properties(title=title)
    caption = (
        "Level of each read-out in the most frequent clone, mean over cell-to-cell variation, "
        "over the same patient's untreated level. Line: median patient; band: 5th to 95th "
        "percentile."
    )
    return Figure(chart, table, title, caption, tuple(sources))


def intervention_bars(table: pd.DataFrame, title: str, sources: Sequence[str] = ()) -> Figure:
    """How much of the difference between two arms a clamp of each node takes away.

    Parameters
    ----------
    table
        node, direction, removed_pct, lo, hi.
    """
    order = list(table.groupby("node")["removed_pct"].mean().sort_values(ascending=False).index)
    directions = list(dict.fromkeys(table["direction"]))
    span = [min(-20.0, float(table["removed_pct"].min()) - 5), 110.0]
    span[1] = max(110.0, float(table["removed_pct"].max()) + 5)
    scale = alt.Scale(domain=span, clamp=True)
    x = alt.X("removed_pct:Q", title="share of the difference removed, %", scale=scale)
    colour = alt.Color(
        "direction:N",
        scale=alt.Scale(domain=directions, range=[BLUE, ORANGE]),
        legend=alt.Legend(
            title=None, orient="top", labelLimit=420, direction="vertical", symbolOpacity=1
        ),
    )
    base = alt.Chart(table).encode(
        y=alt.Y("node:N", sort=order, title=None),
        yOffset=alt.YOffset("direction:N", sort=directions),
    )
    rules = base.mark_rule(color=INK, clip=True).encode(
        x=alt.X("lo:Q", title="share of the difference removed, %", scale=scale), x2="hi:Q"
    )
    bars = base.mark_bar(opacity=0.85, clip=True).encode(x=x, color=colour)
    guide = pd.DataFrame({"x": [0.0, 100.0]})
    lines = alt.Chart(guide).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x="x:Q")
    chart = (bars + rules + lines).properties(width=430, height=alt.Step(13), title=title)
    caption = (
        "Each node is held to its course in the other arm. 100 %: the difference between the arms "
        "is gone; 0 %: the node does not carry it; below 0: it works against it. Lines: 5th to "
        "95th percentile over the parameter sets (cut at the edge of the panel)."
    )
    return Figure(chart, table, title, caption, tuple(sources))


def ranking(table: pd.DataFrame, title: str, sources: Sequence[str] = ()) -> Figure:
    """Combinations by predicted growth.

    Parameters
    ----------
    table
        combination, drugs_n, growth_over_untreated, lo, hi, best_part, beats_best_part_pct.
    """
    order = list(table["combination"])
    kinds = {1: "one drug", 2: "two drugs", 3: "three drugs"}
    data = table.assign(kind=table["drugs_n"].map(kinds))
    y = alt.Y("combination:N", sort=order, title=None)
    x_title = "net growth over untreated"
    base = alt.Chart(data).encode(y=y)
    span = base.mark_rule(color=MUTED, strokeWidth=2).encode(
        x=alt.X("lo:Q", title=x_title), x2="hi:Q"
    )
    part = base.mark_tick(color=MUTED, thickness=2, size=11).encode(x="best_part:Q")
    dots = base.mark_circle(size=70, opacity=1).encode(
        x=alt.X("growth_over_untreated:Q", title=x_title),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=list(kinds.values()), range=[GREY, BLUE, ORANGE]),
            legend=alt.Legend(title=None, orient="top"),
        ),
    )
    zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=INK, strokeWidth=1).encode(x="x:Q")
    chart = (span + part + dots + zero).properties(width=430, height=alt.Step(17), title=title)
    caption = (
        "Mean net growth of the tumour's cells over four weeks of the label regimens, over that "
        "without drug: dot median, line 5th to 95th percentile over the parameter sets; tick: the "
        "best part of the combination (a drug or doublet within it). Left of 0 the tumour shrinks."
    )
    return Figure(chart, table, title, caption, tuple(sources))


def long_culture(table: pd.DataFrame, title: str, sources: Sequence[str] = ()) -> Figure:
    """Fold of cells in each month of a year in drug: measured and modelled.

    Parameters
    ----------
    table
        month, run, role, measured, median, lo, hi.
    """
    x = alt.X("month:Q", title="month in palbociclib 750 nM", axis=alt.Axis(tickMinStep=1))
    scale = alt.Scale(type="log", domain=[0.2, 300])
    title_y = "cells at the end of the month over its start"
    model = alt.Chart(table[table["role"] != "check, independent run"])
    band = model.mark_area(opacity=0.2, color=BLUE, clip=True).encode(
        x=x, y=alt.Y("lo:Q", scale=scale, title=title_y), y2="hi:Q"
    )
    line = model.mark_line(color=BLUE, clip=True).encode(
        x=x, y=alt.Y("median:Q", scale=scale, title=title_y)
    )
    roles = ["fitted", "check", "check, independent run"]
    dots = (
        alt.Chart(table)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            x=x,
            y=alt.Y("measured:Q", scale=scale, title=title_y),
            color=alt.Color(
                "role:N",
                scale=alt.Scale(domain=roles, range=[INK, ORANGE, GREY]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            shape=alt.Shape("role:N", scale=alt.Scale(domain=roles), legend=None),
        )
    )
    chart = (band + line + dots).properties(width=520, height=300, title=title)
    caption = (
        "MCF-7 kept in palbociclib and re-plated every 28 days. Line and band: cyclin E ladder, "
        "median and 5th to 95th percentile over the parameter sets, fitted to the black points."
    )
    return Figure(chart, table, title, caption, tuple(sources))


def xenograft_curves(table: pd.DataFrame, title: str, sources: Sequence[str] = ()) -> Figure:
    """Caliper volumes of every mouse, and the mean of each arm.

    Parameters
    ----------
    table
        model, arm, mouse, day, volume_mm3.
    """
    arms = list(dict.fromkeys(table["arm"]))
    colour = alt.Color("arm:N", scale=arm_colours(arms), legend=_legend(arms))
    x = alt.X("day:Q", title="days on treatment")
    mice = (
        alt.Chart(table)
        .mark_line(strokeWidth=0.7, opacity=0.45)
        .encode(x=x, y=alt.Y("volume_mm3:Q", title="volume, mm³"), color=colour, detail="mouse:N")
    )
    means = table.groupby(["arm", "day"], sort=False, as_index=False)["volume_mm3"].mean()
    mean = alt.Chart(means).mark_line(strokeWidth=3).encode(x=x, y="volume_mm3:Q", color=colour)
    chart = (mice + mean).properties(width=520, height=300, title=title)
    caption = "Thin: caliper volume of every mouse. Thick: mean of the arm."
    return Figure(chart, table, title, caption, tuple(sources))
