"""The forest plot of a meta-analysis, made from a table alone.

Every study with its counts and interval, the pooled value as a diamond and, always, the prediction
interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._bubble import bubble
from rpoint.plots._figure import BLUE, INK, MUTED, ORANGE, Figure
from rpoint.plots._rows import ROW, text_column, wrapped, y_axis

__all__ = ["bubble", "forest"]

WIDTH = 300
DIAMOND = 0.3  # half its height, in rows


def forest(
    table: pd.DataFrame,
    *,
    measure: str = "proportion",
    title: str = "",
    note: str = "",
    log: bool = False,
    sources: Sequence[str] = (),
) -> Figure:
    """A forest plot.

    Parameters
    ----------
    table
        row ("study", "pooled" or "prediction"), study, estimate, lo, hi; for proportions x and n
        and values as fractions; weight_pct where studies have weights.
    measure
        "proportion" draws percent; anything else the values as they are.
    title, note
        One line; further lines under it.
    log
        Logarithmic axis, with a line at 1.
    """
    shown = _rows(table, measure)
    axis, domain = _axis(shown, measure, log)
    columns = [text_column(shown, "study", "study", 170, align="left", bold="summary")]
    if "x" in table:
        columns.append(text_column(shown, "count", "events / n", 70, bold="summary"))
    values = text_column(shown, "value", "estimate (interval)", 130, bold="summary")
    columns += [_marks(shown, axis, domain, log), values]
    if table.get("weight_pct", pd.Series(dtype=float)).notna().any():
        columns.append(text_column(shown, "weight", "weight", 52))
    heading = alt.TitleParams(
        text=title or f"Pooled {measure}", subtitle=wrapped(note.splitlines(), 125), offset=26
    )
    chart = alt.hconcat(*columns, spacing=10, title=heading)
    caption = (
        f"{measure} of each study with its interval, area by size; diamond: pooled value and its "
        "interval; bar: prediction interval, where the true value of a further study lies. "
        + note.replace("\n", " ")
    )
    return Figure(chart, table=table, title=title or "forest plot", caption=caption,
                  sources=sources)  # fmt: skip


def _rows(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    shown = table.copy().reset_index(drop=True)
    if "row" not in shown:
        shown["row"] = "study"
    factor = 100 if measure == "proportion" else 1
    for name in ("estimate", "lo", "hi"):
        shown[name] = factor * shown[name].astype(float)
    shown["position"] = np.arange(len(shown)) + 0.35 * (shown["row"] != "study")
    shown["summary"] = shown["row"] != "study"
    shown["value"] = [_value(r, measure) for r in shown.itertuples()]
    named = {"pooled": "pooled", "prediction": "prediction interval"}
    shown["study"] = [named.get(r.row, r.study) for r in shown.itertuples()]
    if "x" in shown:
        shown["count"] = [
            f"{int(r.x)} / {int(r.n)}" if pd.notna(r.x) else "" for r in shown.itertuples()
        ]
        shown[["x", "n"]] = shown[["x", "n"]].astype(float)
    weight = shown.get("weight_pct", pd.Series(np.nan, index=shown.index)).astype(float)
    shown["weight"] = [f"{w:.1f} %" if w == w else "" for w in weight]
    share = weight if weight.notna().any() else shown.get("n", pd.Series(1.0, index=shown.index))
    study = ~shown["summary"]
    top = float(share[study].max()) if study.any() else 1.0
    shown["area"] = np.where(study, 25 + 130 * share.fillna(0) / (top or 1.0), 0.0)
    return shown


def _value(row: Any, measure: str) -> str:
    if measure == "proportion":
        ends = f"{row.lo:.1f}–{row.hi:.1f}"
        return f"({ends})" if row.row == "prediction" else f"{row.estimate:.1f} % ({ends})"
    ends = f"{_short(row.lo)} to {_short(row.hi)}"
    return f"({ends})" if row.row == "prediction" else f"{_short(row.estimate)} ({ends})"


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def _axis(shown: pd.DataFrame, measure: str, log: bool) -> tuple[alt.X, list[float]]:
    """The horizontal axis and its two ends."""
    if measure == "proportion":
        top = min(100.0, float(np.ceil(shown["hi"].max() / 10) * 10))
        domain = [0.0, max(top, 10.0)]
    elif log:
        # Wide intervals of small studies may leave the frame; the arrows tell.
        low = max(float(shown["lo"].min()), float(shown["estimate"].min()) / 6)
        high = min(float(shown["hi"].max()), float(shown["estimate"].max()) * 6)
        domain = [min(low, 0.9), max(high, 1.1)]
    else:
        domain = [min(0.0, float(shown["lo"].min())), max(0.0, float(shown["hi"].max()))]
    axis = alt.Axis(tickCount=5, format=".3~g", grid=True)
    if log:
        axis = alt.Axis(values=_decades(*domain), format=".3~g", grid=True)
    scale = alt.Scale(type="log" if log else "linear", domain=domain, nice=False, zero=False)
    names = {"proportion": "percent"}
    return alt.X("estimate:Q", title=names.get(measure, measure), scale=scale, axis=axis), domain


def _decades(low: float, high: float) -> list[float]:
    """Ticks 1, 2, 5 of each decade, or the decades alone where they would crowd."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    wide = np.log10(high / low) > 2.5
    ticks = [m * 10.0**p for p in powers for m in ((1,) if wide else (1, 2, 5))]
    return [t for t in ticks if low <= t <= high]


def _marks(shown: pd.DataFrame, axis: alt.X, domain: list[float], log: bool) -> Any:
    rows = len(shown)
    clipped = shown.assign(
        from_=shown["lo"].clip(lower=domain[0]), to_=shown["hi"].clip(upper=domain[1])
    )
    studies = clipped[~clipped["summary"]]
    y = y_axis(rows)
    layers = []
    if log or domain[0] < 0:
        layers.append(_upright(1.0 if log else 0.0, MUTED, []))
    pooled = clipped[clipped["row"] == "pooled"]
    if len(pooled):
        layers.append(_upright(float(pooled["estimate"].iloc[0]), BLUE, [3, 3]))
    whiskers = alt.Chart(studies).mark_rule(color=INK, strokeWidth=1.2)
    layers.append(whiskers.encode(y=y, x="from_:Q", x2="to_:Q"))
    layers += [_arrows(studies, domain, y, side) for side in ("left", "right")]
    boxes = alt.Chart(studies).mark_point(shape="square", filled=True, color=INK, opacity=1)
    layers.append(boxes.encode(y=y, x=axis, size=alt.Size("area:Q", scale=None)))
    layers.append(_diamond(pooled, axis, y))
    ahead = clipped[clipped["row"] == "prediction"]
    bar = alt.Chart(ahead).mark_rule(color=ORANGE, strokeWidth=5, strokeCap="round")
    layers.append(bar.encode(y=y, x="from_:Q", x2="to_:Q"))
    return alt.layer(*layers).properties(width=WIDTH, height=ROW * rows)


def _upright(value: float, colour: str, dash: list[int]) -> alt.Chart:
    rule = alt.Chart(pd.DataFrame({"at": [value]})).mark_rule(color=colour, strokeDash=dash)
    return rule.encode(x="at:Q")


def _arrows(studies: pd.DataFrame, domain: Sequence[float], y: alt.Y, side: str) -> alt.Chart:
    """A triangle where an interval goes on beyond the frame."""
    left = side == "left"
    out = studies[studies["lo"] < domain[0]] if left else studies[studies["hi"] > domain[1]]
    end = "from_:Q" if left else "to_:Q"
    mark = alt.Chart(out).mark_point(shape=f"triangle-{side}", filled=True, color=INK, size=45)
    return mark.encode(y=y, x=end)


def _diamond(pooled: pd.DataFrame, axis: alt.X, y: alt.Y) -> alt.Chart:
    corners = [
        {"estimate": x, "position": r.position + dy, "order": i}
        for r in pooled.itertuples()
        for i, (x, dy) in enumerate(
            [(r.lo, 0), (r.estimate, DIAMOND), (r.hi, 0), (r.estimate, -DIAMOND), (r.lo, 0)]
        )
    ]
    frame = pd.DataFrame(corners, columns=["estimate", "position", "order"])
    shape = alt.Chart(frame).mark_line(filled=True, fill=BLUE, stroke=BLUE, strokeWidth=1)
    return shape.encode(x=axis, y=y, order="order:Q")
