"""Figures of immunotherapy: a simulated trial beside its data, the ceiling of acceleration."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from rpoint.plots._figure import BLUE, INK, MUTED, ORANGE, RED, Figure

WIDTH, HEIGHT = 330, 260  # px
TITLES = {"pfs": "Progression-free survival", "os": "Overall survival"}
STATES = ("measured", "predicted, 90 % of trials")


def trial_beside_data(
    curves: pd.DataFrame,
    *,
    title: str = "",
    note: str = "",
    months: float = 24.0,
    sources: Sequence[str] = (),
) -> Figure:
    """Measured survival curves over the band of simulated trials, one panel an endpoint.

    Parameters
    ----------
    curves
        endpoint ("pfs", "os"), arm, month, measured, predicted, lo, hi: shares without event.
    title, note
        Heading, and a line under it.
    months
        Length of the axis.
    """
    shown = curves[curves["month"] <= months]
    arms = list(dict.fromkeys(shown["arm"]))
    colour = alt.Color(
        "arm:N",
        scale=alt.Scale(domain=arms, range=[BLUE, ORANGE, RED, INK][: len(arms)]),
        legend=alt.Legend(title=None, orient="top", symbolType="square", symbolOpacity=1),
    )
    panels = [_panel(shown, end, colour, months) for end in dict.fromkeys(shown["endpoint"])]
    heading = alt.TitleParams(
        text=title or "Simulated and measured trial", subtitle=note.splitlines(), anchor="start"
    )
    caption = (
        "Solid steps: measured (Kaplan-Meier). Dashed and band: median and 5th to 95th percentile "
        "of simulated trials of the same size."
    )
    chart = alt.hconcat(*panels, title=heading, spacing=24)
    return Figure(chart, curves, title or "Simulated and measured trial", caption, tuple(sources))


def _panel(curves: pd.DataFrame, end: str, colour: alt.Color, months: float):
    """One endpoint: band and dashed line of the simulation, steps of the data."""
    own = curves[curves["endpoint"] == end]
    x = alt.X(
        "month:Q",
        title="months",
        scale=alt.Scale(domain=[0, months], nice=False),
        axis=alt.Axis(values=list(range(0, int(months) + 1, 3)), grid=False),
    )
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format="%")
    scale = alt.Scale(domain=[0, 1], nice=False)
    base = alt.Chart(own)
    band = base.mark_area(opacity=0.16).encode(
        x=x, y=alt.Y("lo:Q", title="without event", axis=axis, scale=scale), y2="hi:Q", color=colour
    )
    dashed = base.mark_line(strokeDash=[5, 3], strokeWidth=1.2).encode(
        x=x, y=alt.Y("predicted:Q", scale=scale, axis=axis, title="without event"), color=colour
    )
    steps = base.mark_line(interpolate="step-after", strokeWidth=2.2).encode(
        x=x, y=alt.Y("measured:Q", scale=scale, axis=axis, title="without event"), color=colour
    )
    name = TITLES.get(end, end)
    return alt.layer(band, dashed, steps).properties(width=WIDTH, height=HEIGHT, title=name)


def ceiling_figure(
    table: pd.DataFrame, *, title: str = "", note: str = "", sources: Sequence[str] = ()
) -> Figure:
    """Growth acceleration that a mechanism can give, beside published pace ratios.

    Parameters
    ----------
    table
        copies; ifn, tumour, each with _lo and _hi (ratio of rates); kato_lo, kato_hi.
    """
    names = {"tumour": "tumour that loses half of its cells", "ifn": "cells"}
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "copies": table["copies"], "rate": text, "ratio": table[key],
                    "lo": table[f"{key}_lo"], "hi": table[f"{key}_hi"],
                }
            )
            for key, text in names.items()
        ],
        ignore_index=True,
    )  # fmt: skip
    colour = alt.Color(
        "rate:N",
        scale=alt.Scale(domain=list(names.values()), range=[BLUE, MUTED]),
        legend=alt.Legend(title=None, orient="top", labelLimit=300),
    )
    span = alt.Scale(type="log", domain=[1.8, 70], nice=False)
    x = alt.X(
        "copies:Q",
        title="copies of MDM2",
        scale=span,
        axis=alt.Axis(values=sorted(set(table["copies"])), grid=False, format="d"),
    )
    scale = alt.Scale(type="log", domain=[0.9, 50], nice=False)
    axis = alt.Axis(values=[1, 1.5, 2.3, 5, 10, 20, 42], format="~g")
    y = alt.Y("ratio:Q", title="growth rate, ratio", scale=scale, axis=axis)
    shade, text = _published(table, span, scale, axis)
    base = alt.Chart(rows)
    lines = base.mark_line(point=True).encode(x=x, y=y, color=colour)
    bars = base.mark_rule(strokeWidth=2).encode(x=x, y=alt.Y("lo:Q"), y2="hi:Q", color=colour)
    heading = alt.TitleParams(
        text=title or "What interferon through MDM2 can add to growth",
        subtitle=note.splitlines(),
        anchor="start",
    )
    chart = alt.layer(shade, text, bars, lines).properties(width=440, height=280, title=heading)
    caption = "Points: median over the parameter sets; bars: 5th to 95th percentile."
    return Figure(chart, table, heading.text, caption, tuple(sources))


def _published(table: pd.DataFrame, span: alt.Scale, scale: alt.Scale, axis: alt.Axis):
    """The band of the published pace ratios, and its name."""
    kato = pd.DataFrame(
        {"lo": [table["kato_lo"].iloc[0]], "hi": [table["kato_hi"].iloc[0]], "x": [2.0]}
    )
    published = alt.Chart(kato)
    shade = published.mark_rect(color=ORANGE, opacity=0.18).encode(
        y=alt.Y("lo:Q", scale=scale, axis=axis, title="growth rate, ratio"), y2="hi:Q"
    )
    text = published.mark_text(align="left", baseline="bottom", dy=-6, color=INK).encode(
        x=alt.X("x:Q", scale=span), y=alt.Y("lo:Q", scale=scale),
        text=alt.value("pace ratios of four amplified patients, Kato 2017"),
    )  # fmt: skip
    return shade, text
