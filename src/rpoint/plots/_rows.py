"""Rows of text beside rows of marks: what forest plots are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from rpoint.plots._figure import INK, MUTED

ROW = 21  # px
FONT = 11


def y_axis(rows: int) -> alt.Y:
    """Rows 0 … rows − 1 from the top, without an axis."""
    scale = alt.Scale(domain=[rows - 0.5, -0.5], nice=False, zero=False)
    return alt.Y("position:Q", axis=None, scale=scale)


def text_column(
    table: pd.DataFrame,
    column: str,
    header: str,
    width: int,
    *,
    align: Any = "right",
    bold: str | None = None,
) -> alt.LayerChart | alt.FacetChart:
    """A column of text, one cell a row; rows whose `bold` column is true are in bold."""
    rows = len(table)
    at = 0 if align == "left" else width
    base = alt.Chart(table).encode(y=y_axis(rows), x=alt.XValue(at), text=alt.Text(f"{column}:N"))
    style: dict[str, Any] = {"align": align, "baseline": "middle", "fontSize": FONT, "color": INK}
    layers = [base.mark_text(**style, limit=width + 4)]
    if bold:
        layers = [
            base.transform_filter(f"!datum.{bold}").mark_text(**style, limit=width + 4),
            base.transform_filter(f"datum.{bold}").mark_text(
                **style, fontWeight=600, limit=width + 4
            ),
        ]
    head = (
        alt.Chart(pd.DataFrame({"header": [header]}))
        .mark_text(align=align, baseline="bottom", fontSize=FONT, color=MUTED, dy=-6)
        .encode(x=alt.XValue(at), y=alt.YValue(0), text="header:N")
    )
    return alt.layer(*layers, head).properties(width=width, height=ROW * rows)


def wrapped(lines: Sequence[str], width: int) -> list[str]:
    """Lines broken at `width` characters."""
    import textwrap

    return [part for line in lines for part in (textwrap.wrap(line, width) or [""])]
