"""Figure of outcomes by inclusion rule, from a table alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import GREY, INK, MUTED, ORANGE, Figure
from rpoint.plots.trial_design import label

RULE_COLOUR = {"acceptance": INK, "weights": ORANGE, "plausible": GREY}
RULE_WORDS = {
    "acceptance": "accepted patients",
    "weights": "weighted patients",
    "plausible": "plausible candidates, no fit",
}
UNITS = ("% of patients", "months", "hazard ratio")
WIDTH, ROW = 300, 54
MARKS = "dot: patients of all replicates; bar: 95 % Monte Carlo interval (triangle: not reached)"


def inclusion_figure(
    table: pd.DataFrame, *, title: str, note: Sequence[str] = (), sources: Sequence[str] = ()
) -> Figure:
    """Outcomes under every inclusion rule, and their differences from those of accepted patients.

    Parameters
    ----------
    table
        arm, endpoint, rule, value, lo, hi, difference, difference_lo, difference_hi.
    title, note
        Heading and further lines.
    """
    arms = list(dict.fromkeys(table["arm"]))
    blocks = []
    for arm in arms:
        mine = table[table["arm"] == arm]
        unit = mine["endpoint"].map(_unit)
        rows = [
            alt.hconcat(_outcomes(part, name), _differences(part, name), spacing=36)
            for name in UNITS
            if (part := mine[unit == name])["value"].notna().any()
        ]
        head: dict[str, Any] = {"title": arm} if len(arms) > 1 else {}
        blocks.append(alt.vconcat(*rows, spacing=14, **head))
    lines = [*note, MARKS]
    chart = alt.vconcat(*blocks, spacing=26, title=alt.TitleParams(title, subtitle=lines))
    return Figure(chart, table=table, title=title, caption=" ".join(lines), sources=sources)


def _unit(endpoint: str) -> str:
    """One of `UNITS`."""
    return UNITS[0] if endpoint.endswith("_pct") else UNITS[2 if endpoint.endswith("_hr") else 1]


def _outcomes(part: pd.DataFrame, unit: str) -> Any:
    """Values of all rules, one band a statistic."""
    words = " : ".join(f"datum.value == '{rule}' ? '{w}'" for rule, w in RULE_WORDS.items())
    legend = alt.Legend(orient="top", symbolOpacity=1, labelLimit=300, labelExpr=f"{words} : ''")
    shown = _marked(part, "value", "lo", "hi")
    base = _base(shown, axis=True, legend=legend if unit.startswith("%") else None)
    top = float(shown[["value", "hi"]].max(axis=None))
    scale = alt.Scale(domain=[0.0, 1.04 * top or 1.0], nice=False)
    return _layers(base, shown, ("value", "lo", "hi"), {"title": unit, "scale": scale})


def _differences(part: pd.DataFrame, unit: str) -> Any:
    """Differences from accepted patients, with the line of none."""
    names = ("difference", "difference_lo", "difference_hi")
    shown = _marked(part[part["rule"] != "acceptance"], *names)
    what = "points" if unit.startswith("%") else unit
    title = f"difference from accepted patients, {what}"
    x = {"title": title, "scale": alt.Scale(zero=True, nice=True, padding=8)}
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=MUTED, strokeDash=[4, 4])
    return alt.layer(zero.encode(x="zero:Q"), _layers(_base(shown, axis=False), shown, names, x))


def _base(shown: pd.DataFrame, *, axis: bool, legend: alt.Legend | None = None) -> alt.Chart:
    """Bands of statistics with one line a rule; the same places with and without an axis."""
    rules = list(RULE_COLOUR)
    shape = alt.Axis(domain=False, ticks=False, labelLimit=240) if axis else None
    y = alt.Y("what:N", sort=list(dict.fromkeys(shown["what"])), title=None, axis=shape)
    scale = alt.Scale(domain=rules, range=list(RULE_COLOUR.values()))
    return alt.Chart(shown).encode(
        y=y, yOffset=alt.YOffset("rule:N", sort=rules, scale=alt.Scale(domain=rules)),
        color=alt.Color("rule:N", title=None, scale=scale, legend=legend),
    )  # fmt: skip


def _marked(part: pd.DataFrame, value: str, lo: str, hi: str) -> pd.DataFrame:
    """Words for the statistics; upper ends that are not reached at the edge, marked `open`."""
    known = part[[value, lo, hi]].to_numpy(float)
    finite = known[np.isfinite(known)]
    edge = float(finite.max() + 0.1 * (np.ptp(finite) or 1.0)) if len(finite) else 1.0
    never = part[hi].isna() & part[lo].notna()
    words = part["endpoint"].map(lambda e: label(str(e)).removesuffix(", %").split(", months")[0])
    return part.assign(what=words, open=never, **{hi: part[hi].where(~never, edge)})


def _layers(
    base: alt.Chart, shown: pd.DataFrame, names: tuple[str, str, str], x: dict[str, Any]
) -> Any:
    value, lo, hi = names

    def at(name: str) -> alt.X:
        return alt.X(f"{name}:Q", axis=alt.Axis(tickCount=6), **x)

    layers = [
        base.mark_rule(strokeWidth=5, opacity=0.4).encode(x=at(lo), x2=f"{hi}:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=at(value)),
    ]
    if shown["open"].any():
        arrow = base.transform_filter("datum.open").mark_point(
            shape="triangle-right", filled=True, size=70, opacity=1
        )
        layers.append(arrow.encode(x=at(hi)))
    return alt.layer(*layers).properties(width=WIDTH, height=ROW * shown["what"].nunique())
