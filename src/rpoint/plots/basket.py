"""Figure of a basket trial: observed and posterior response rates of each basket."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREY, INK, RED, Figure
from rpoint.plots._rows import ROW, text_column, y_axis

WIDTH = 340


def basket_figure(
    table: pd.DataFrame,
    *,
    model: str,
    cutoff: float,
    title: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Observed rate (ring), posterior mean with its credible interval, and P(p > p0).

    Parameters
    ----------
    table
        basket, x, n, observed, mean, lo, hi, prob, p0, go; rates are fractions.
    model, cutoff
        Name of the model and γ, for the title.
    """
    shown = _rows(table)
    marks = _marks(shown)
    heading = alt.TitleParams(
        text=title or f"Response rates by basket, {model}",
        subtitle=[
            "ring: observed; dot and line: posterior mean and interval; red: null rate p0",
            f"blue: go, P(p > p0 | data) above {cutoff:.4g}",
        ],
        offset=26,
    )
    chart = alt.hconcat(
        text_column(shown, "basket", "basket", 150, align="left"),
        text_column(shown, "count", "x / n", 55),
        marks,
        text_column(shown, "posterior", "posterior (interval)", 125),
        text_column(shown, "chance", "P(p > p0)", 62, bold="go"),
        spacing=10,
        title=heading,
    )
    caption = f"Posterior response rates under {model}; verdict at {cutoff:.4g}."
    return Figure(chart, table=table, title=title or "basket trial", caption=caption,
                  sources=sources)  # fmt: skip


def _marks(shown: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    top = min(100.0, float(np.ceil(shown[["hi", "observed"]].to_numpy().max() / 10) * 10))
    scale = alt.Scale(domain=[0, top], nice=False)
    x = alt.X("mean:Q", title="response rate, %", scale=scale, axis=alt.Axis(tickCount=6))
    y = y_axis(len(shown))
    verdicts = alt.Scale(domain=["go", "no go"], range=[BLUE, GREY])
    colour = alt.Color("verdict:N", scale=verdicts, legend=None)
    base = alt.Chart(shown).encode(y=y)
    null = base.mark_tick(color=RED, thickness=2, height=ROW, orient="vertical")
    return alt.layer(
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("lo:Q", scale=scale, title="response rate, %"), x2="hi:Q", color=colour
        ),
        null.encode(x=alt.X("p0:Q", scale=scale)),
        base.mark_point(filled=True, size=70, opacity=1).encode(x=x, color=colour),
        base.mark_point(filled=False, size=70, color=INK, opacity=1).encode(
            x=alt.X("observed:Q", scale=scale)
        ),
    ).properties(width=WIDTH, height=ROW * len(shown))


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.copy().reset_index(drop=True)
    for name in ("observed", "mean", "lo", "hi", "p0"):
        shown[name] = 100 * shown[name].astype(float)
    shown["position"] = np.arange(len(shown))
    shown["count"] = [f"{r.x} / {r.n}" for r in shown.itertuples()]
    shown["posterior"] = [
        f"{row['mean']:.1f} % ({row['lo']:.1f}–{row['hi']:.1f})" for row in shown.to_dict("records")
    ]
    shown["chance"] = [f"{p:.3f}" for p in shown["prob"]]
    shown["go"] = shown["go"].astype(bool)
    shown["verdict"] = np.where(shown["go"], "go", "no go")
    return shown
