"""Figures of a cohort: its genotypes beside their source, and what the two tests make of copies."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from rpoint.plots._figure import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, Figure
from rpoint.plots._rows import wrapped

MOST_ROWS = 18  # alterations of one type
ROW_HEIGHT = 15
WIDTH = 210
DRAWN, SOURCE = "cohort", "source"


def frequencies(
    table: pd.DataFrame,
    *,
    title: str = "Alterations of the cohort and of its source",
    note: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Frequencies in the drawn cohort beside those of their source, one panel a tumour type.

    Parameters
    ----------
    table
        type, patients, alteration, percent, lo, hi, source_percent, source_lo, source_hi (missing
        where the type's own tumours were not counted).
    title, note
        One line; further lines under it.
    """
    charts = []
    for kind in dict.fromkeys(table["type"]):
        rows = table[table["type"] == kind].head(MOST_ROWS)
        charts.append(_panel(rows, f"{kind}, {int(rows['patients'].iloc[0])} drawn"))
    heading = alt.TitleParams(title, subtitle=wrapped(note.splitlines(), 110), offset=14)
    chart = alt.concat(*charts, columns=2, spacing=26, title=heading)
    caption = (
        "Share of patients with each alteration: drawn (filled, exact 95 % interval) and in the "
        "table it is drawn from (open; bar: exact 95 % interval of the counts, none where no "
        f"tumour of the type was counted). Commonest {MOST_ROWS} alterations at most. {note}"
    )
    return Figure(chart, table, title, caption, tuple(sources))


def _panel(rows: pd.DataFrame, name: str) -> alt.LayerChart:
    order = rows["alteration"].tolist()
    drawn = rows[["alteration", "percent", "lo", "hi"]].assign(which=DRAWN)
    source = rows[["alteration"]].assign(
        percent=rows["source_percent"], lo=rows["source_lo"], hi=rows["source_hi"], which=SOURCE
    )
    both = pd.concat([drawn, source], ignore_index=True)
    y = alt.Y(
        "alteration:N",
        sort=order,
        title=None,
        axis=alt.Axis(grid=True, ticks=False, labelPadding=8),
    )
    offset = alt.YOffset("which:N", sort=[DRAWN, SOURCE], scale=alt.Scale(paddingOuter=0.35))
    x = alt.X("percent:Q", title="patients, %", scale=alt.Scale(domainMin=0))
    colour = alt.Color(
        "which:N",
        scale=alt.Scale(domain=[DRAWN, SOURCE], range=[BLUE, ORANGE]),
        legend=alt.Legend(title=None, orient="top"),
    )
    bars = both.dropna(subset=["lo", "hi"])
    base = dict(y=y, yOffset=offset, color=colour)
    ends = alt.Chart(bars).mark_rule(strokeWidth=1.6).encode(x=alt.X("lo:Q"), x2="hi:Q", **base)
    filled = alt.Chart(drawn).mark_point(filled=True, size=34, opacity=1).encode(x=x, **base)
    open_ = alt.Chart(source).mark_point(filled=False, size=30, opacity=1).encode(x=x, **base)
    return (ends + filled + open_).properties(
        width=WIDTH,
        height=max(ROW_HEIGHT * len(order), 60),
        title=alt.TitleParams(name, fontSize=12),
    )


def unconfirmed(
    table: pd.DataFrame,
    *,
    published: tuple[float, float, float] | None = None,
    title: str = "Tumours that the central test does not confirm",
    note: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Share of local calls that the central test does not confirm, against the tests' error.

    Parameters
    ----------
    table
        local_error (SD of ln copies), law (which tumours), percent.
    published
        Percent, and its lower and upper limit.
    """
    laws = list(dict.fromkeys(table["law"]))
    colours = [BLUE, ORANGE, GREEN, PURPLE][: len(laws)]
    axis = alt.Axis(tickCount=6)
    x = alt.X("local_error:Q", title="error of the local test, SD of ln(copies)", axis=axis)
    y = alt.Y("percent:Q", title="not confirmed, %", scale=alt.Scale(domainMin=0))
    colour = alt.Color(
        "law:N", sort=laws, scale=alt.Scale(domain=laws, range=colours),
        legend=alt.Legend(title=None, orient="right", labelLimit=230),
    )  # fmt: skip
    layers = [alt.Chart(table).mark_line(strokeWidth=2).encode(x=x, y=y, color=colour)]
    if published is not None:
        value, low, high = published
        ends = pd.DataFrame({"low": [low], "high": [high], "value": [value]})
        band = alt.Chart(ends).mark_rect(color=MUTED, opacity=0.12).encode(y="low:Q", y2="high:Q")
        line = alt.Chart(ends).mark_rule(color=INK, strokeDash=[5, 3]).encode(y="value:Q")
        layers = [band, line, *layers]
    heading = alt.TitleParams(title, subtitle=wrapped(note.splitlines(), 90))
    chart = alt.layer(*layers).properties(width=420, height=260, title=heading)
    caption = f"Lines: expected share. Dashed line and band: published value and interval. {note}"
    return Figure(chart, table, title, caption, tuple(sources))
