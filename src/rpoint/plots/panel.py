"""Figures of a panel's predictions: beside measurements, as a ranking, and of new combinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREEN, GREY, INK, MUTED, ORANGE, Figure

SIDE = 150
MOST_ROWS = 60  # models that a ranking shows: the first and last halves of a longer one
INHIBITION = "growth inhibition (1 = stasis)"
AREA = "area under the viability curve"


def agreement(
    table: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    quantity: str = INHIBITION,
    title: str = "Predicted and measured, one point a model",
    group: str = "",
    columns: int = 4,
    shared: bool = True,
    sources: Sequence[str] = (),
) -> Figure:
    """Measured against predicted, one panel per arm.

    Parameters
    ----------
    table
        model_id, arm, predicted, measured; with `group`, a column of that name whose values colour
        the points.
    scores
        arm, n, spearman, lo, hi: written into the panels, which stand in its order.
    quantity
        Name of what is predicted, for the axes.
    group
        Column to colour by; "" for one colour.
    columns
        Panels in a row.
    shared
        One scale for all panels, or one each.
    """
    order = [arm for arm in scores["arm"] if arm in set(table["arm"])]
    drawn = table[table["arm"].isin(order)].copy()
    lines = dict(zip(scores["arm"], _score_text(scores), strict=True))
    colour = _group_colour(drawn, group) if group else alt.value(BLUE)
    size = float(np.clip(2600 / max(len(drawn) / max(len(order), 1), 1), 7, 26))
    charts = []
    for arm in order:
        rows = drawn[drawn["arm"] == arm]
        limits = _limits(drawn if shared else rows)
        head = alt.TitleParams(arm, subtitle=lines[arm], fontSize=11, subtitleFontSize=10)
        body = _scatter(rows, limits, size, colour)
        charts.append(body.properties(width=SIDE, height=SIDE, title=head))
    chart = alt.concat(*charts, columns=columns, spacing=14).properties(title=title)
    caption = (
        f"{quantity[0].upper()}{quantity[1:]}: held-out prediction and measurement. Dashed: equal. "
        "ρ: Spearman with 95 % interval."
    )
    if group:
        caption += f" Colour: {group} (of the first drug of a combination)."
    return Figure(chart, drawn, title, caption, tuple(sources))


def _scatter(rows: pd.DataFrame, limits: list[float], size: float, colour: Any) -> Any:
    scale = alt.Scale(domain=limits, nice=False)
    x = alt.X("predicted:Q", title="predicted", scale=scale, axis=alt.Axis(tickCount=4))
    y = alt.Y("measured:Q", title="measured", scale=scale, axis=alt.Axis(tickCount=4))
    points = alt.Chart(rows).mark_circle(size=size, opacity=0.6, clip=True)
    ends = alt.Chart(pd.DataFrame({"predicted": limits, "measured": limits}))
    diagonal = ends.mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1).encode(x=x, y=y)
    return alt.layer(diagonal, points.encode(x=x, y=y, color=colour))


def _score_text(scores: pd.DataFrame) -> list[str]:
    texts = []
    for row in scores.itertuples():
        if not np.isfinite(row.spearman):
            texts.append(f"constant, n = {row.n}")
        else:
            ends = f" ({_signed(row.lo)} to {_signed(row.hi)})" if np.isfinite(row.lo) else ""
            texts.append(f"ρ = {_signed(row.spearman)}{ends}, n = {row.n}")
    return texts


def _signed(value: float) -> str:
    text = f"{value:.2f}".replace("-", "−")
    return "0.00" if text == "−0.00" else text


def _limits(table: pd.DataFrame) -> list[float]:
    values = table[["predicted", "measured"]].to_numpy(float)
    low, high = (np.nanmin(values), np.nanmax(values)) if values.size else (0.0, 1.0)
    margin = 0.04 * max(high - low, 1e-6)
    return [float(low - margin), float(high + margin)]


def _group_colour(table: pd.DataFrame, group: str) -> alt.Color:
    names = sorted(table[group].astype(str).unique())
    own = {"altered": ORANGE, "intact": BLUE, "not known": GREY}
    free = iter([BLUE, ORANGE, GREEN, GREY, INK])
    colours = [own.get(name) or next(free, MUTED) for name in names]
    return alt.Color(
        f"{group}:N",
        scale=alt.Scale(domain=names, range=colours),
        legend=alt.Legend(title=group, orient="top", symbolOpacity=1, symbolSize=60),
    )


def forecast(
    table: pd.DataFrame,
    *,
    value: str = "growth_inhibition",
    quantity: str = INHIBITION,
    title: str = "Predicted response",
    columns: int = 3,
    sources: Sequence[str] = (),
) -> Figure:
    """Predictions of a panel with 90 % intervals, sorted within each arm.

    Parameters
    ----------
    table
        model_id, arm (or drug), the column `value`, lo90, hi90; rows without a value are left out.
        Of more than `MOST_ROWS` models an arm shows the first and last.
    """
    arm = "arm" if "arm" in table else "drug"
    drawn = table[np.isfinite(table[value].astype(float))].copy()
    parts = [_ends(part.sort_values(value)) for _, part in drawn.groupby(arm, sort=False)]
    scale = alt.Scale(domain=_span(drawn, value), nice=False)
    charts = []
    for part in parts:
        y = alt.Y("model_id:N", sort=list(part["model_id"])[::-1], title=None)
        base = alt.Chart(part).encode(y=y)
        bars = base.mark_rule(color=BLUE, opacity=0.4, strokeWidth=2, clip=True).encode(
            x=alt.X("lo90:Q", title=quantity, scale=scale), x2="hi90:Q"
        )
        dots = base.mark_circle(size=32, color=BLUE, opacity=1).encode(x=f"{value}:Q")
        body = alt.layer(bars, dots).properties(width=210, height=alt.Step(11))
        charts.append(body.properties(title=alt.TitleParams(str(part[arm].iloc[0]), fontSize=11)))
    chart = alt.concat(*charts, columns=columns, spacing=24).properties(title=title)
    caption = "Dot: predicted median; line: 90 % predictive interval of a new measurement."
    if any(len(part) < (drawn[arm] == part[arm].iloc[0]).sum() for part in parts):
        caption += f" Only the {MOST_ROWS // 2} highest and lowest models of an arm are shown."
    shown = pd.concat(parts, ignore_index=True) if parts else drawn
    return Figure(chart, shown, title, caption, tuple(sources))


def _ends(part: pd.DataFrame) -> pd.DataFrame:
    half = MOST_ROWS // 2
    return part if len(part) <= MOST_ROWS else pd.concat([part.head(half), part.tail(half)])


def _span(table: pd.DataFrame, value: str) -> list[float]:
    if table.empty:
        return [0.0, 1.0]
    low, high = float(table["lo90"].min()), float(table["hi90"].max())
    low, high = min(low, float(table[value].min())), max(high, float(table[value].max()))
    margin = 0.03 * max(high - low, 1e-6)
    return [low - margin, high + margin]


def new_combinations(
    table: pd.DataFrame,
    *,
    title: str = "A combination that nobody has measured: predicted gain by genotype",
    quantity: str = "gain in growth inhibition over the better single drug",
    sources: Sequence[str] = (),
) -> Figure:
    """What a combination is predicted to add, by genotype group, the largest gain first.

    Parameters
    ----------
    table
        setting, group, n, gain, gain_lo90, gain_hi90; one row per setting (such as "xenografts",
        "breast cancer patients") and genotype.
    """
    drawn = table.sort_values("gain", ascending=False).copy()
    drawn["label"] = drawn["group"] + " (n = " + drawn["n"].astype(int).astype(str) + ")"
    low, high = min(0.0, drawn["gain_lo90"].min()), max(0.0, drawn["gain_hi90"].max())
    margin = 0.04 * max(high - low, 1e-6)
    scale = alt.Scale(domain=[low - margin, high + margin], nice=False)
    charts = []
    for setting, part in drawn.groupby("setting", sort=False):
        y = alt.Y("label:N", sort=list(part["label"]), title=None)
        base = alt.Chart(part).encode(y=y)
        bars = base.mark_rule(color=GREEN, opacity=0.45, strokeWidth=3).encode(
            x=alt.X("gain_lo90:Q", title=quantity, scale=scale), x2="gain_hi90:Q"
        )
        dots = base.mark_circle(size=70, color=GREEN, opacity=1).encode(x="gain:Q")
        zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=INK, strokeWidth=1)
        body = alt.layer(zero.encode(x=alt.X("x:Q", scale=scale)), bars, dots)
        body = body.properties(width=400, height=alt.Step(20))
        charts.append(body.properties(title=alt.TitleParams(str(setting), fontSize=11)))
    chart = alt.vconcat(*charts, spacing=18).properties(title=title)
    caption = (
        "Prediction, not measurement. Dot: mean over the tumours of that genotype; line: 90 % "
        "interval of that mean over what the model does not know. Right of 0 the combination "
        "inhibits more than the better of its parts."
    )
    return Figure(chart, drawn, title, caption, tuple(sources))
