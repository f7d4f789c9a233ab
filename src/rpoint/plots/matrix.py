"""The intervention matrix and the mechanism table as figures."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, INK, MUTED, PAPER, RED, Figure

CELL_WIDTH, CELL_HEIGHT = 104, 34
COLD, MIDDLE, WARM = "#3b6fb6", "#f7f4ee", "#c9693c"


def matrix(table: pd.DataFrame, *, title: str = "Intervention matrix") -> Figure:
    """Heat map of the matrix.

    Fill: net growth at day 21 over the wild-type vehicle (median).  Text: the sign expected and,
    below it, the share of the ensemble in which the cell holds.  Outline: strong cells, red where
    they do not hold in the required share.

    Parameters
    ----------
    table
        genotype, treatment, sign, strong, share, scored, median, verdict; optional lo, hi.
    """
    drawn = table.copy()
    drawn["text"] = [_share_text(row) for row in drawn.itertuples()]
    drawn["state"] = [_state(row) for row in drawn.itertuples()]
    drawn["fill"] = drawn["median"].clip(-0.5, 1.5)
    drawn["column"] = [_two_lines(name) for name in drawn["treatment"]]
    drawn["shown"] = drawn["sign"].replace("as without fulvestrant", "as without fulv.")
    x = alt.X("column:N", sort=list(dict.fromkeys(drawn["column"])), title=None,
              axis=_TOP, scale=alt.Scale(paddingInner=0.04, paddingOuter=0.02))  # fmt: skip
    y = alt.Y("genotype:N", sort=list(dict.fromkeys(drawn["genotype"])), title=None,
              axis=_LEFT, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.05))  # fmt: skip
    base = alt.Chart(drawn).encode(x=x, y=y)
    fill = alt.Color(
        "fill:Q",
        title="net growth / wild-type vehicle",
        scale=alt.Scale(
            domain=[-0.5, 0.0, 1.0, 1.5], range=[COLD, "#93b6de", MIDDLE, WARM], interpolate="rgb"
        ),
        legend=alt.Legend(orient="bottom", gradientLength=260, titleLimit=300),
    )
    dark = "datum.fill < -0.25 || datum.fill > 1.45"
    layers = [
        base.mark_rect(stroke=PAPER, strokeWidth=1.5).encode(color=fill, tooltip=_tips(drawn)),
        _outline(base, drawn, "strong, holds", INK),
        _outline(base, drawn, "strong, does not hold", RED),
        base.mark_text(dy=-7, fontSize=10.5, fontWeight=600).encode(
            text="shown:N", color=alt.condition(dark, alt.value(PAPER), alt.value(INK))
        ),
        base.mark_text(dy=7, fontSize=9.5).encode(
            text="text:N", color=alt.condition(dark, alt.value(PAPER), alt.value(MUTED))
        ),
    ]
    subtitle = [
        "sign expected, and share of the ensemble in which it holds; outlined: strong cells "
        "(required in 90 %),",
        "red: not met; fill: median net growth at day 21 over the wild-type vehicle",
    ]
    chart = alt.layer(*layers).properties(
        width=alt.Step(CELL_WIDTH), height=alt.Step(CELL_HEIGHT),
        title=alt.Title(title, subtitle=subtitle),
    )  # fmt: skip
    caption = "Rows: genotypes. Columns: treatments. ns: not scored."
    return Figure(chart, table, title, caption)


# Column labels of two lines above the cells; a bar in the name parts the lines.
_TOP = alt.Axis(
    orient="top",
    labelAngle=0,
    labelExpr="split(datum.label, '|')",
    labelLimit=150,
    labelPadding=20,
    domain=False,
    ticks=False,
    grid=False,
)
_LEFT = alt.Axis(domain=False, ticks=False, grid=False, labelLimit=340)


def _two_lines(name: str) -> str:
    """A label of two lines, its parts joined by a bar; the first is empty for a short name."""
    parts = name.replace(" (", " + (").split(" + ")
    if len(parts) == 1:
        return f" |{name}"
    joint = "" if "(" in name else " +"
    return f"{parts[0]}{joint}|{' + '.join(parts[1:])}"


def _share_text(row: object) -> str:
    held, scored = row.share, row.scored  # type: ignore[attr-defined]
    if row.sign == "ns":  # type: ignore[attr-defined]
        return ""
    if np.isnan(held):
        return "not scored"
    shown = f"{100 * held:.0f} %"
    return shown if scored > 0.995 else f"{shown} of {100 * scored:.0f} %"


def _state(row: object) -> str:
    if not row.strong:  # type: ignore[attr-defined]
        return "reported"
    return "strong, holds" if row.verdict == "holds" else "strong, does not hold"  # type: ignore[attr-defined]


def _outline(base: alt.Chart, drawn: pd.DataFrame, state: str, colour: str) -> alt.Chart:
    return base.transform_filter(alt.datum.state == state).mark_rect(
        fill=None, fillOpacity=0, stroke=colour, strokeWidth=2.4
    )


def _short(level: float) -> str:
    """Two decimals, or the power of ten where a ratio explodes."""
    return f"{level:.2f}" if level < 1000 else f"> {10 ** int(np.log10(level)):,}"


def _tips(drawn: pd.DataFrame) -> list[alt.Tooltip]:
    wanted = ("genotype", "treatment", "sign", "share", "scored", "median", "lo", "hi", "verdict")
    return [alt.Tooltip(name) for name in wanted if name in drawn]


def mechanism(table: pd.DataFrame, cell: str) -> Figure:
    """Share of the ensemble in which each read-out is shown, by variant of the model.

    Parameters
    ----------
    table
        cell, variant, read_out, kind, criterion, median, share.
    cell
        Which cell to draw.
    """
    drawn = table[table["cell"] == cell].copy()
    drawn["label"] = (
        drawn["read_out"] + " " + drawn["criterion"].str.replace(">=", "≥").str.replace("<=", "≤")
    )
    drawn["text"] = [
        "–" if np.isnan(m) else f"{_short(m)}  ({0 if np.isnan(s) else 100 * s:.0f} %)"
        for m, s in zip(drawn["median"], drawn["share"], strict=True)
    ]
    drawn["fill"] = drawn["share"].fillna(-1.0)
    drawn["column"] = [_two_lines(name) for name in drawn["variant"]]
    order = list(dict.fromkeys(drawn["label"]))
    base = alt.Chart(drawn).encode(
        x=alt.X("column:N", sort=list(dict.fromkeys(drawn["column"])), title=None, axis=_TOP),
        y=alt.Y("label:N", sort=order, title=None, axis=_LEFT),
    )
    fill = alt.Color(
        "fill:Q",
        title="share of the ensemble in which it is shown",
        scale=alt.Scale(domain=[0, 1], range=["#f4f1ea", BLUE], clamp=True, interpolate="rgb"),
        legend=alt.Legend(orient="bottom", gradientLength=220, format="%", titleLimit=320),
    )
    rects = base.mark_rect(stroke=PAPER, strokeWidth=1.5).encode(
        color=alt.condition("datum.fill < 0", alt.value("#eceff2"), fill)
    )
    words = base.mark_text(fontSize=10.5).encode(
        text="text:N",
        color=alt.condition("datum.fill > 0.6", alt.value(PAPER), alt.value(INK)),
    )
    chart = alt.layer(rects, words).properties(
        width=alt.Step(122), height=alt.Step(30),
        title=alt.Title(
            f"Mechanism and phenotype apart, {cell}",
            subtitle=["median of each read-out and share of the ensemble in which it is shown;",
                      "upper four rows: the sink itself, lower three: what the doublet does"],
        ),
    )  # fmt: skip
    return Figure(
        chart, drawn, "Mechanism and phenotype apart", f"Cell: {cell}. –: cannot be scored."
    )


__all__ = ["matrix", "mechanism"]
