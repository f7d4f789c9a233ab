"""Synergy figures: dose matrices, scores with intervals, single curves, MuSyC parameters.

Figures are made from tables alone; the model, the scale and the sign are arguments, and every
figure prints them.  No 3-D bars: heat maps with the numbers in the cells.
"""

from __future__ import annotations

import textwrap
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREY, INK, MUTED, ORANGE, PAPER, RED, Figure

MODEL_NAMES = {
    "bliss": "Bliss independence",
    "hsa": "highest single agent",
    "loewe": "Loewe additivity",
    "zip": "ZIP",
    "musyc": "MuSyC without interaction",
}
CELL = 40  # pixels of a cell
SMALL_CELL = 30  # with more than eight doses of a drug
LIGHT, DARK = "#f2f5f9", "#22466f"
MIDDLE = "#f7f6f3"
LEAST_SPAN = 20.0  # points: a difference scale is never narrower, so that noise stays pale
LAST_POWER = 4  # of ten: where the fit of a ratio ends
WRAP = 104  # characters of a line of a subtitle


def dose_matrices(
    cells: pd.DataFrame,
    effects: pd.DataFrame,
    *,
    model: str,
    drug1: str,
    drug2: str,
    unit1: str,
    unit2: str,
    scale: str,
    sign: str,
    top: float = 1.0,
    note: str = "",
) -> Figure:
    """Measured effect, expected effect and their difference, side by side.

    Parameters
    ----------
    cells
        dose1, dose2, observed, expected, excess, lo, hi of the combinations, fractions; NaN where
        the model says nothing.
    effects
        dose1, dose2, n, effect of all cells, single doses (0) among them.
    model
        "bliss", "hsa", "loewe", "zip" or "musyc".
    drug1, drug2, unit1, unit2
        Names and units; drug1 is drawn along x.
    scale, sign
        What the effect and the sign of the difference mean.
    top
        The largest effect of the scale.
    note
        A line for the caption, such as the number of bootstrap samples.
    """
    drawn = _joined(cells, effects)
    names = f"{drug1}, {unit1}", f"{drug2}, {unit2}"
    both = (drawn["dose1"] > 0) & (drawn["dose2"] > 0)
    axes, inner = _axes(drawn, *names), _axes(drawn[both], *names)
    known = drawn["excess"].dropna().abs()
    span = max(LEAST_SPAN, float(known.max()) if len(known) else 0.0)
    ends = [0.0, 100.0 * top]
    smoothed = "smoothed" if model == "zip" else "measured"
    panels = [
        _panel(drawn, "effect", "measured", axes, _shades(ends)),
        _panel(drawn[drawn["expected"].notna()], "expected", "expected", inner, _shades(ends)),
        _panel(
            drawn[drawn["excess"].notna()],
            "excess",
            f"{smoothed} - expected",
            inner,
            _diverging(span),
        ),
    ]
    name = MODEL_NAMES[model]
    title = f"{drug1} + {drug2}: {name}"
    lines = [
        f"effect x 100; {scale}",
        f"{sign}; bold: the interval of the cell leaves out 0",
    ]
    chart = alt.hconcat(*panels, spacing=18).resolve_scale(color="independent")
    chart = chart.properties(title=alt.Title(title, subtitle=_wrapped(lines)))
    caption = f"Reference: {name}. {note}".strip()
    return Figure(chart, drawn.drop(columns=["x", "y"]), title, caption)


def _joined(cells: pd.DataFrame, effects: pd.DataFrame) -> pd.DataFrame:
    """All cells in percent, with labels of their doses and whether the interval leaves out 0."""
    drawn = effects.merge(cells, on=["dose1", "dose2"], how="left", suffixes=("", "_cell"))
    for name in ("effect", "expected", "excess", "lo", "hi"):
        drawn[name] = 100.0 * drawn[name]
    drawn["x"], drawn["y"] = drawn["dose1"].map(dose_text), drawn["dose2"].map(dose_text)
    drawn["clear"] = (drawn["lo"] > 0) | (drawn["hi"] < 0)
    return drawn


def dose_text(dose: float) -> str:
    """A dose as a label: three figures, no exponent where it can be helped.

    >>> dose_text(0.0), dose_text(0.3129), dose_text(1500.0)
    ('0', '0.313', '1500')
    """
    return f"{dose:.0f}" if dose >= 1000 and dose < 1e6 else f"{dose:.3g}"


def _wrapped(lines: list[str], width: int = WRAP) -> list[str]:
    return [part for line in lines for part in textwrap.wrap(line, width)]


def _axes(drawn: pd.DataFrame, name1: str, name2: str) -> dict[str, Any]:
    ones = [dose_text(d) for d in sorted(drawn["dose1"].unique())]
    twos = [dose_text(d) for d in sorted(drawn["dose2"].unique())]
    size = CELL if max(len(ones), len(twos)) <= 8 else SMALL_CELL
    plain: dict[str, Any] = {"domain": False, "ticks": False, "grid": False, "labelAngle": 0}
    return {
        "x": alt.X("x:O", sort=ones, title=name1, axis=alt.Axis(**plain),
                   scale=alt.Scale(domain=ones)),
        "y": alt.Y("y:O", sort=twos[::-1], title=name2, axis=alt.Axis(**plain),
                   scale=alt.Scale(domain=twos[::-1])),
        "size": size, "width": size * len(ones), "height": size * len(twos),
    }  # fmt: skip


def _shades(ends: list[float]) -> dict[str, Any]:
    return {
        "scale": alt.Scale(domain=ends, range=[LIGHT, DARK], clamp=True, interpolate="lab"),
        "dark": f"datum.shown > {0.55 * ends[1]}",
        "format": "{:.0f}",
        "title": "effect, %",
        "values": [ends[0], ends[1] / 2, ends[1]],
    }


def _diverging(span: float) -> dict[str, Any]:
    limit = float(np.ceil(span / 10.0) * 10.0)
    return {
        "scale": alt.Scale(
            domain=[-limit, 0.0, limit], range=[BLUE, MIDDLE, RED], clamp=True, interpolate="lab"
        ),
        "dark": f"abs(datum.shown) > {0.6 * limit}",
        "format": "{:+.0f}",
        "title": "difference, points (orange: more than expected)",
        "values": [-limit, 0.0, limit],
    }


def _panel(
    table: pd.DataFrame, column: str, title: str, axes: dict[str, Any], look: dict[str, Any]
) -> Any:
    data = table.assign(shown=table[column])
    # "-0" is a rounding of nothing
    data["text"] = [look["format"].format(v + 0.0 if abs(v) >= 0.5 else 0.0) for v in data["shown"]]
    data["text"] = data["text"].replace("+0", "0")
    base = alt.Chart(data[["x", "y", "shown", "text", "clear"]]).encode(x=axes["x"], y=axes["y"])
    legend = alt.Legend(
        orient="bottom",
        direction="horizontal",
        gradientLength=min(axes["width"], 200),
        titleLimit=400,
        titleOrient="top",
        values=look["values"],
    )
    fill = base.mark_rect(stroke=PAPER, strokeWidth=1.5).encode(
        color=alt.Color("shown:Q", title=look["title"], scale=look["scale"], legend=legend)
    )
    ink = alt.condition(look["dark"], alt.value(PAPER), alt.value(INK))
    size = 11 if axes["size"] == CELL else 9.5
    layers = [fill]
    if column == "excess":
        faint = alt.condition(look["dark"], alt.value(PAPER), alt.value(MUTED))
        plain = base.transform_filter("!datum.clear").mark_text(fontSize=size)
        bold = base.transform_filter("datum.clear").mark_text(fontSize=size, fontWeight=700)
        layers += [plain.encode(text="text:N", color=faint), bold.encode(text="text:N", color=ink)]
    else:
        layers.append(base.mark_text(fontSize=size).encode(text="text:N", color=ink))
    return alt.layer(*layers).properties(
        width=axes["width"], height=axes["height"],
        title=alt.Title(title, fontSize=11.5, offset=6, anchor="start"),
    )  # fmt: skip


def scores(
    table: pd.DataFrame, *, pair: str, scale: str, sign: str, level: float, note: str = ""
) -> Figure:
    """The mean excess of every model with its interval; models that cannot be made say why.

    Parameters
    ----------
    table
        model, status, mean_excess, lo, hi, verdict, cells.
    pair, scale, sign
        The two drugs, what the effect means, what the sign means.
    level
        Of the intervals.
    """
    drawn = _said(table)
    reach = drawn[["mean_excess", "lo", "hi"]].abs().max().max()
    reach = 1.15 * float(reach) if np.isfinite(reach) and reach > 0 else 10.0
    order = list(drawn["name"])
    rows = alt.Scale(domain=order)  # a model without a score keeps its row
    y = alt.Y("name:N", scale=rows, title=None, axis=alt.Axis(domain=False, ticks=False))
    x = alt.X(
        "mean_excess:Q", title="mean excess over the combinations, points of effect",
        scale=alt.Scale(domain=[-reach, reach]), axis=alt.Axis(tickCount=7),
    )  # fmt: skip
    colour = alt.Color("colour:N", scale=None)
    known = drawn[drawn["mean_excess"].notna()]
    base = alt.Chart(known).encode(y=y)
    layers = [
        alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=INK).encode(x="zero:Q"),
        base.mark_rule(strokeWidth=2.5).encode(x="lo:Q", x2="hi:Q", color=colour),
        base.mark_circle(size=90, opacity=1).encode(x=x, color=colour),
    ]
    chart = alt.layer(*layers).properties(width=380, height=alt.Step(30))
    room = int(min(360, 6.2 * drawn["said"].str.len().max()))
    words = (
        alt.Chart(drawn)
        .mark_text(align="left", color=INK, fontSize=11, limit=room)
        .encode(y=alt.Y("name:N", scale=rows, axis=None), x=alt.value(0), text="said:N")
        .properties(width=room, height=alt.Step(30))
    )
    lines = [f"effect: {scale}", sign, f"lines: {100 * level:g} % bootstrap intervals"]
    title = f"{pair}: synergy by model"
    whole = alt.hconcat(chart, words, spacing=8).properties(
        title=alt.Title(title, subtitle=_wrapped(lines, 92))
    )
    caption = f"Each model expects something else, so the scores differ by construction. {note}"
    return Figure(whole, table, title, caption.strip())


def _said(table: pd.DataFrame) -> pd.DataFrame:
    """Scores in points, with the name of the model, a colour and the words beside it."""
    drawn = table.assign(name=[MODEL_NAMES[m] for m in table["model"]])
    for column in ("mean_excess", "lo", "hi"):
        drawn[column] = 100.0 * drawn[column].astype(float)
    colours = {"more than expected": RED, "less than expected": BLUE}
    drawn["colour"] = drawn["verdict"].map(colours).fillna(GREY)
    drawn["said"] = [r.verdict if r.status == "ok" else r.status for r in drawn.itertuples()]
    return drawn


def single_agents(
    curves: pd.DataFrame, points: pd.DataFrame, *, pair: str, scale: str, note: str = ""
) -> Figure:
    """The wells of each drug alone with the fitted curve.

    Parameters
    ----------
    curves
        drug, unit, dose (> 0), effect, status.
    points
        drug, dose, effect; wells at dose 0 are drawn as a line across.
    """
    panels = []
    for drug in dict.fromkeys(points["drug"]):
        mine, line = points[points["drug"] == drug], curves[curves["drug"] == drug]
        unit, status = (line["unit"].iloc[0], line["status"].iloc[0]) if len(line) else ("", "")
        low = 100 * min(0.0, float(points["effect"].min()))
        high = 100 * max(1.0, float(points["effect"].max()))
        doses = mine.loc[mine["dose"] > 0, "dose"]
        ends = [doses.min() / 1.4, doses.max() * 1.4]
        x = alt.X(
            "dose:Q", title=f"{drug}, {unit}", scale=alt.Scale(type="log", domain=ends, nice=False),
            axis=alt.Axis(grid=False, tickCount=5, format="~g"),
        )  # fmt: skip
        y = alt.Y("effect:Q", title="effect, %", scale=alt.Scale(domain=[low, high]))
        treated = mine[mine["dose"] > 0].assign(effect=100 * mine["effect"])
        base = 100 * mine.loc[mine["dose"] == 0, "effect"].mean()
        layers = [alt.Chart(treated).mark_circle(color=BLUE, size=45, opacity=0.7).encode(x=x, y=y)]
        if np.isfinite(base):
            rule = alt.Chart(pd.DataFrame({"effect": [base]})).mark_rule(
                color=MUTED, strokeDash=[4, 3]
            )
            layers.append(rule.encode(y="effect:Q"))
        if len(line):
            shown = line.assign(effect=100 * line["effect"])
            layers.append(alt.Chart(shown).mark_line(color=ORANGE, clip=True).encode(x=x, y=y))
        text = f"{drug} alone" + (f" ({status})" if status not in ("", "ok") else "")
        panels.append(
            alt.layer(*layers).properties(
                width=280, height=220, title=alt.Title(text, fontSize=11.5, anchor="start")
            )
        )
    title = f"{pair}: single drugs"
    lines = [f"effect: {scale}", "dots: wells; line: fitted Hill curve; dashed: untreated wells"]
    chart = alt.hconcat(*panels, spacing=24).properties(
        title=alt.Title(title, subtitle=_wrapped(lines, 96))
    )
    return Figure(chart, points, title, note)


def musyc_parameters(
    table: pd.DataFrame, *, pair: str, level: float, note: str = ""
) -> Figure:
    """Potency and cooperativity (ratios, log axis) beside efficacy (beta, linear axis).

    Parameters
    ----------
    table
        parameter, value, lo, hi, means, verdict, status.
    """
    judged = table[table["verdict"] != ""].copy()
    judged["label"] = [
        f"{row.parameter}: {row.means}"
        + (" (not identified)" if row.verdict == "not identified" else "")
        for row in judged.itertuples()
    ]
    judged["colour"] = judged["verdict"].map({"synergy": RED, "antagonism": BLUE}).fillna(GREY)
    ratio = judged[judged["parameter"] != "beta"]
    panels = [
        _intervals(ratio, "factor (1: no synergy)", 1.0, "log"),
        _intervals(judged[judged["parameter"] == "beta"], "beta (0: no synergy)", 0.0, "linear"),
    ]
    title = f"{pair}: MuSyC"
    lines = [
        "alpha, gamma above 1 and beta above 0: synergy of potency, cooperativity and efficacy",
        f"lines: {100 * level:g} % bootstrap intervals; arrow: no end on that side of the axis",
    ]
    chart = alt.vconcat(*panels, spacing=14).properties(
        title=alt.Title(title, subtitle=_wrapped(lines))
    )
    return Figure(chart, table, title, note)


def _intervals(table: pd.DataFrame, title: str, null: float, kind: str) -> Any:
    drawn = table.copy()
    if kind == "log":
        known = np.log10(drawn[["value", "lo", "hi"]].to_numpy(float))
        farthest = np.nanmax(np.abs(known)) if np.isfinite(known).any() else 0.0
        high = 10.0 ** np.clip(np.ceil(farthest + 0.05), 1, LAST_POWER)
        low = 1.0 / high
        end = 0.99 * 10.0**LAST_POWER
        drawn["left"], drawn["right"] = drawn["lo"] <= 1.0 / end, drawn["hi"] >= end
    else:
        reach = 1.15 * float(drawn[["value", "lo", "hi"]].abs().max().max() or 1.0)
        low, high = -reach, reach
        drawn["left"] = drawn["right"] = False
    scale = alt.Scale.from_dict({"type": kind, "domain": [low, high]})
    values: Any = alt.Undefined
    if kind == "log":
        power = int(round(np.log10(high)))
        values = [10.0**k for k in range(-power, power + 1)]
    y = alt.Y("label:N", sort=list(drawn["label"]), title=None,
              axis=alt.Axis(labelLimit=420, domain=False, ticks=False))  # fmt: skip
    colour = alt.Color("colour:N", scale=None)
    axis = alt.Axis(values=values, format="~g")
    base = alt.Chart(drawn).encode(y=y)
    tip: dict[str, Any] = {"size": 90, "filled": True, "opacity": 1}
    layers = [
        alt.Chart(pd.DataFrame({"null": [null]})).mark_rule(color=INK).encode(x="null:Q"),
        base.mark_rule(strokeWidth=2.5).encode(
            x=alt.X("lo:Q", title=title, scale=scale, axis=axis), x2="hi:Q", color=colour
        ),
        base.mark_circle(size=90, opacity=1).encode(x=alt.X("value:Q", scale=scale), color=colour),
        base.transform_filter("datum.left").mark_point(shape="triangle-left", **tip).encode(
            x="lo:Q", color=colour
        ),
        base.transform_filter("datum.right").mark_point(shape="triangle-right", **tip).encode(
            x="hi:Q", color=colour
        ),
    ]  # fmt: skip
    return alt.layer(*layers).properties(width=320, height=alt.Step(32))
