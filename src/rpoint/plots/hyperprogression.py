"""Figures of hyperprogression: growth before against on treatment, agreement, the ecological bound.

All are made from tables; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREY, INK, MUTED, ORANGE, PAPER, RED, Figure

SIDE = 380
MET = ("none", "1 or 2", "3 to 5", "6 or more")
MET_COLOUR = (GREY, "#f0c05a", ORANGE, RED)
SHAPES = {"in the plot": "circle", "beyond the axis": "triangle-up"}
NO_SCAN = "no scan"
CROWD = 400  # points from which on they are drawn smaller


def growth(
    table: pd.DataFrame,
    *,
    title: str = "Growth before and on treatment",
    top: float | None = None,
    sources: Sequence[str] = (),
) -> Figure:
    """Growth rate before treatment against growth rate on treatment, with definition regions.

    Lines: unchanged growth, twice the growth (ratio 2), and differences of 50 and 100 points.
    Patients without a scan before baseline stand in a strip of their own, left of the plot.

    Parameters
    ----------
    table
        One row a patient: patient, tgr_pre, tgr_post (% per month, NaN where unknown), met (number
        of definitions met), judged (number that could be judged).
    top
        End of the upright axis, % per month; default: fitted to the data, at most 600.  What lies
        beyond an axis is drawn at its edge as a triangle.
    """
    drawn = table[table["tgr_post"].notna()].copy()
    frame = _frame(drawn, top)
    drawn["x"] = drawn["tgr_pre"].clip(frame.left, frame.right)
    drawn["y"] = drawn["tgr_post"].clip(LOWEST, frame.top)
    beyond = (drawn["tgr_pre"] > frame.right) | (drawn["tgr_post"] > frame.top)
    drawn["place"] = np.where(beyond, *reversed(SHAPES))
    drawn["definitions met"] = _classes(drawn["met"])
    known = drawn["x"].notna()
    main = alt.layer(*_regions(frame), _points(drawn[known], frame, strip=False))
    parts: list[Any] = [main.properties(width=SIDE, height=SIDE)]
    subtitle = f"one point a patient, n = {int(known.sum())}"
    if not known.all():
        strip = _points(drawn[~known].assign(column=NO_SCAN), frame, strip=True)
        parts.append(strip.properties(width=52, height=SIDE))
        subtitle += f"; right: no scan before baseline, n = {int((~known).sum())}"
    chart = alt.hconcat(*parts, spacing=34).resolve_scale(color="shared", shape="shared")
    chart = chart.properties(title=alt.Title(title, subtitle=subtitle))
    left_out = int(table["tgr_post"].isna().sum())
    caption = (
        "Growth is the growth rate of the target sum taken as a volume (its cube), % per month. "
        "Shaded: growth at least doubled. Left of 0 the tumour did not grow before treatment, and "
        f"a ratio is not defined. {left_out} patients without a growth rate on treatment are not "
        "drawn."
    )
    return Figure(chart, table, title, caption, sources)


LOWEST = -100.0  # the growth rate of a tumour that vanishes


@dataclass(frozen=True)
class Frame:
    """Ends of the axes, % per month."""

    left: float
    right: float
    top: float


def _frame(drawn: pd.DataFrame, top: float | None) -> Frame:
    before = drawn["tgr_pre"].dropna()
    low, high = (before.min(), before.max()) if len(before) else (0.0, 0.0)
    # From 125 and 250 on, the ends of the lines are apart: ×2 meets +100 at (100, 200).
    right = float(np.clip(25 * np.ceil((high + 5) / 25), 125, 300))
    left = float(np.clip(25 * np.floor((low - 5) / 25), LOWEST, -25))
    highest = drawn["tgr_post"].max() if len(drawn) else 0.0
    up = top or float(np.clip(50 * np.ceil((highest + 10) / 50), 250, 600))
    return Frame(left, right, float(up))


def _classes(met: pd.Series) -> np.ndarray:
    return np.array(MET, dtype=object)[np.searchsorted((1, 3, 6), met.to_numpy(), side="right")]


def _points(drawn: pd.DataFrame, frame: Frame, *, strip: bool) -> alt.Chart:
    upright = alt.Scale(domain=[LOWEST, frame.top], nice=False)
    if strip:
        across = alt.X("column:N", title=None,
                       axis=alt.Axis(labelAngle=0, ticks=False, domain=False))  # fmt: skip
        bare = alt.Axis(title=None, labels=False, ticks=False, domain=False)
        up = alt.Y("y:Q", scale=upright, axis=bare)
    else:
        across = _across(frame)
        up = alt.Y("y:Q", title="growth on treatment, % per month", scale=upright)
    colour = alt.Color(
        "definitions met:N", scale=alt.Scale(domain=list(MET), range=list(MET_COLOUR)),
        legend=alt.Legend(orient="right", title="definitions met"),
    )  # fmt: skip
    shape = alt.Shape(
        "place:N", legend=None,
        scale=alt.Scale(domain=list(SHAPES), range=list(SHAPES.values())),
    )  # fmt: skip
    kinds = {"patient": "N", "tgr_pre": "Q", "tgr_post": "Q", "met": "Q", "judged": "Q"}
    tips = [
        alt.Tooltip(f"{name}:{kind}", format=".0f") if kind == "Q" else alt.Tooltip(f"{name}:N")
        for name, kind in kinds.items()
        if name in drawn
    ]
    many = len(drawn) > CROWD
    marks = alt.Chart(drawn).mark_point(
        filled=True, size=18 if many else 55, opacity=0.6 if many else 0.85, stroke=PAPER,
        strokeWidth=0 if many else 0.6,
    )  # fmt: skip
    return marks.encode(x=across, y=up, color=colour, shape=shape, tooltip=tips)


def _across(frame: Frame) -> alt.X:
    return alt.X(
        "x:Q", title="growth before treatment, % per month", axis=alt.Axis(tickCount=7),
        scale=alt.Scale(domain=[frame.left, frame.right], nice=False),
    )  # fmt: skip


# Name, slope and height at 0 of each line.
LINES = (("unchanged", 1.0, 0.0), ("+50", 1.0, 50.0), ("+100", 1.0, 100.0), ("× 2", 2.0, 0.0))


def _regions(frame: Frame) -> list[alt.Chart]:
    """The shaded region of ratio 2 and more, the lines, and their names outside the frame."""
    corner = min(frame.right, frame.top / 2)
    wedge = pd.DataFrame({"x": sorted({0.0, corner, frame.right})})
    wedge["y"] = np.minimum(2 * wedge["x"], frame.top)
    shade = alt.Chart(wedge).mark_area(color=ORANGE, opacity=0.10).encode(
        x="x:Q", y="y:Q", y2=alt.datum(frame.top)
    )
    rows = pd.DataFrame([_line(frame, *line) for line in LINES])
    base = alt.Chart(rows)
    lines = base.mark_rule(strokeWidth=1.2, color=MUTED).encode(
        x="x:Q", y="y:Q", x2="x2:Q", y2="y2:Q",
        strokeDash=alt.StrokeDash(
            "line:N", legend=None,
            scale=alt.Scale(domain=[line[0] for line in LINES],
                            range=[[1, 0], [6, 3], [6, 3], [2, 2]]),
        ),
    )  # fmt: skip
    at_end = {"x": "x2:Q", "y": "y2:Q", "text": "line:N"}
    above = base.transform_filter(alt.datum.side == "top").mark_text(dy=-8, color=INK)
    beside = base.transform_filter(alt.datum.side == "right").mark_text(
        align="left", dx=4, color=INK
    )
    zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=MUTED, opacity=0.5)
    return [shade, zero.encode(x=_across(frame)), lines, above.encode(**at_end),
            beside.encode(**at_end)]  # fmt: skip


def _line(frame: Frame, name: str, slope: float, height: float) -> dict[str, object]:
    """A line from the left or lower edge (ratio 2: from 0) to the upper or right edge."""
    start = 0.0 if slope > 1 else max(frame.left, LOWEST - height)
    end = min(frame.right, (frame.top - height) / slope)
    side = "right" if end == frame.right else "top"
    return {"line": name, "side": side, "x": start, "y": height + slope * start, "x2": end,
            "y2": height + slope * end}  # fmt: skip


def agreement(
    pairs: pd.DataFrame,
    rates: pd.DataFrame,
    *,
    title: str = "Agreement of the definitions",
    sources: Sequence[str] = (),
) -> Figure:
    """Agreement of every two definitions, on the patients that both could judge.

    Below the diagonal the Jaccard index, above it kappa, on the diagonal the definition's own rate.

    Parameters
    ----------
    pairs
        a, b, n, jaccard, kappa.
    rates
        definition, name, yes, evaluable.
    """
    names = dict(zip(rates["definition"], rates["name"], strict=True))
    order = list(names.values())
    cells = []
    for pair in pairs.itertuples():
        ends = names[pair.a], names[pair.b]
        cells.append(_cell(ends[1], ends[0], pair.jaccard, pair.n))
        cells.append(_cell(ends[0], ends[1], pair.kappa, pair.n))
    for row in rates.itertuples():
        shown = f"{row.yes}/{row.evaluable}" if row.evaluable else "–"
        cells.append({"row": row.name, "column": row.name, "value": np.nan, "main": shown,
                      "below": "yes/judged"})  # fmt: skip
    drawn = pd.DataFrame(cells)
    base = alt.Chart(drawn).encode(
        x=alt.X("column:N", sort=order, title=None,
                axis=alt.Axis(orient="top", labelAngle=-40, ticks=False, domain=False)),
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False)),
    )  # fmt: skip
    fill = alt.Color(
        "value:Q", title="agreement",
        scale=alt.Scale(domain=[0, 1], range=["#f4f6f9", BLUE], clamp=True),
        legend=alt.Legend(orient="bottom", gradientLength=220, values=[0, 0.5, 1]),
    )  # fmt: skip
    known = "isValid(datum.value)"
    dark = f"{known} && datum.value > 0.45"
    ink = alt.condition(dark, alt.value(PAPER), alt.value(INK))
    faint = alt.condition(dark, alt.value(PAPER), alt.value(MUTED))
    layers = [
        base.mark_rect(fill="#f4f6f9", stroke=PAPER, strokeWidth=1.5),
        base.transform_filter(known).mark_rect(stroke=PAPER, strokeWidth=1.5).encode(color=fill),
        base.mark_text(dy=-5, fontSize=10.5).encode(text="main:N", color=ink),
        base.mark_text(dy=7, fontSize=8).encode(text="below:N", color=faint),
    ]
    subtitle = "below the diagonal Jaccard, above it kappa; small: patients that both could judge"
    chart = alt.layer(*layers).properties(
        width=alt.Step(52), height=alt.Step(32), title=alt.Title(title, subtitle=subtitle)
    )
    caption = "A dash: not defined, because no patient is judged by both or none is positive."
    return Figure(chart, pairs, title, caption, sources)


def _cell(row: str, column: str, value: float, n: int) -> dict[str, object]:
    # Adding 0 turns a rounded -0.0 into 0.0.
    shown = "–" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
    return {"row": row, "column": column, "value": value, "main": shown, "below": f"n {n}"}


def ecological_line(
    groups: pd.DataFrame,
    line: Mapping[str, float],
    *,
    feature: str = "share of tumours with the feature, %",
    event: str = "incidence, %",
    title: str = "What the line through the groups implies",
    sources: Sequence[str] = (),
) -> Figure:
    """The line through groups, drawn on to a group in which everybody has the feature.

    Parameters
    ----------
    groups
        group, share, incidence (fractions); optional lo, hi (fractions).
    line
        slope, intercept (fractions).
    """
    slope, intercept = float(line["slope"]), float(line["intercept"])
    drawn = groups.copy()
    for name in ("share", "incidence", "lo", "hi"):
        if name in drawn:
            drawn[name] = 100 * drawn[name]
    end = 100 * (intercept + slope)
    top = max(130.0, 10 * np.ceil(end / 10 + 1))
    x = alt.X("share:Q", title=feature, scale=alt.Scale(domain=[0, 100], nice=False))
    y = alt.Y("incidence:Q", title=event, scale=alt.Scale(domain=[0, top], nice=False))
    far = float(drawn["share"].max())
    path = pd.DataFrame(
        {"share": [0.0, far, far, 100.0],
         "incidence": [100 * intercept + slope * s for s in (0.0, far, far, 100.0)],
         "part": ["between the groups", "between the groups", "drawn on", "drawn on"]}
    )  # fmt: skip
    dash = alt.StrokeDash(
        "part:N", legend=None,
        scale=alt.Scale(domain=["between the groups", "drawn on"], range=[[1, 0], [5, 4]]),
    )  # fmt: skip
    over = pd.DataFrame({"share": [50.0], "incidence": [100.0], "top": [top],
                         "words": ["no risk exceeds 100 %"]})  # fmt: skip
    ending = pd.DataFrame({"share": [100.0], "incidence": [end], "words": [f"{end:.0f} %"]})
    layers: list[alt.Chart] = [
        alt.Chart(over).mark_rect(color=RED, opacity=0.09).encode(y="incidence:Q", y2="top:Q"),
        alt.Chart(over).mark_text(color=RED, fontSize=11, align="right", dy=-8).encode(
            x=x, y=y, text="words:N"
        ),
        alt.Chart(path).mark_line(color=BLUE).encode(x=x, y=y, strokeDash=dash),
        alt.Chart(ending).mark_text(align="right", dx=-10, dy=-8, fontWeight=600, color=INK).encode(
            x=x, y=y, text="words:N"
        ),
        alt.Chart(ending).mark_point(color=BLUE, size=70, shape="diamond").encode(x=x, y=y),
    ]
    base = alt.Chart(drawn).encode(x=x)
    if {"lo", "hi"} <= set(drawn):
        layers.append(base.mark_rule(color=INK, opacity=0.5).encode(y="lo:Q", y2="hi:Q"))
    layers.append(base.mark_point(filled=True, size=75, color=INK, opacity=1).encode(y=y))
    names = base.mark_text(align="left", dx=15, dy=-1, color=INK)
    layers.append(names.encode(y=y, text="group:N"))
    subtitle = f"slope {slope:.2f}: carriers would need a risk of {end:.0f} %"
    chart = alt.layer(*layers).properties(
        width=SIDE, height=280, title=alt.Title(title, subtitle=subtitle)
    )
    caption = (
        "If incidence = (1 − a) π0 + a π1, the line's value at a = 100 % is π1, the risk of "
        "carriers. A value above 100 % cannot come from the feature alone."
    )
    return Figure(chart, groups, title, caption, sources)
