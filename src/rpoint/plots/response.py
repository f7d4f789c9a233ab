"""Figures of tumour response: waterfall, spider, swimmer.  Made of tables alone."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.plots._figure import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    Figure,
)

RESPONSE_COLOUR = {
    "CR": GREEN,
    "PR": BLUE,
    "unconfirmed CR": "#7fd3b8",
    "unconfirmed PR": SKY,
    "SD": GREY,
    "NON-CR/NON-PD": "#b9c2cb",
    "PD": RED,
    "iCR": GREEN,
    "iPR": BLUE,
    "unconfirmed iCR": "#7fd3b8",
    "unconfirmed iPR": SKY,
    "iSD": GREY,
    "NON-iCR/NON-iUPD": "#b9c2cb",
    "iUPD": ORANGE,
    "iCPD": RED,
    "NE": "#d9dee4",
}
_X = "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z"
MARKS = {
    "response": ("triangle-up", INK),
    "progression": ("cross", RED),
    "death": (_X, INK),
    "treatment stopped": ("square", PURPLE),
    "ongoing": ("triangle-right", INK),
    "new lesion": ("diamond", YELLOW),
}
MONTH = 30.4375
LEGEND = "confirmed best response"
TOP = 100.0  # %: growth above it is cut, and marked
THIN = 0.8  # %: the height of a bar of no change
TALLEST = 900.0  # px of a swimmer plot
WIDTH = 680


def _need(table: pd.DataFrame, names: Sequence[str], figure: str) -> None:
    missing = [name for name in names if name not in table]
    if missing:
        raise RpointError(f"the table of the {figure} lacks columns", found=", ".join(missing),
                          allowed=", ".join(names))  # fmt: skip
    if not len(table):
        raise RpointError(f"there is nothing to draw in the {figure}")


def _colour(labels: Sequence[str], title: str) -> alt.Color:
    there = [name for name in RESPONSE_COLOUR if name in set(labels)]
    scale = alt.Scale(domain=there, range=[RESPONSE_COLOUR[name] for name in there])
    legend = alt.Legend(title=title, offset=46, symbolType="circle", symbolOpacity=1)
    return alt.Color("response:N", scale=scale, sort=there, legend=legend)


def _lines() -> alt.LayerChart:
    table = pd.DataFrame({"y": [-30.0, 20.0], "label": ["−30 %", "+20 %"]})
    rule = alt.Chart(table).mark_rule(strokeDash=[5, 4], color=MUTED, strokeWidth=1)
    text = alt.Chart(table).mark_text(align="left", dx=4, color=MUTED, fontSize=10)
    return rule.encode(y="y:Q") + text.encode(y="y:Q", x=alt.value(WIDTH), text="label:N")


def _mark_legend(names: Sequence[str]) -> alt.Shape:
    there = [name for name in MARKS if name in set(names)]
    return alt.Shape(
        "mark:N",
        title="mark",
        scale=alt.Scale(domain=there, range=[MARKS[name][0] for name in there]),
        legend=alt.Legend(offset=46, symbolOpacity=1),
    )


def _mark_colour(names: Sequence[str]) -> alt.Color:
    there = [name for name in MARKS if name in set(names)]
    scale = alt.Scale(domain=there, range=[MARKS[name][1] for name in there])
    return alt.Color("mark:N", title="mark", scale=scale)


def waterfall(
    table: pd.DataFrame, *, orr: str = "", treated: int | None = None,
    title: str = "Best change of the target sum", sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Best change from baseline of every patient, the largest growth first.

    Parameters
    ----------
    table
        patient, best_change_pct, response (confirmed best response), new_lesion.
    orr
        Response rates in words, shown under the title.
    treated
        Patients treated, for the count beside those drawn, if it is known.
    title
        One line.
    """
    _need(table, ("patient", "best_change_pct", "response", "new_lesion"), "waterfall")
    drawn = table.dropna(subset=["best_change_pct"]).copy()
    _need(drawn, ("patient",), "waterfall")
    drawn = drawn.sort_values(["best_change_pct", "patient"], ascending=[False, True])
    drawn["rank"] = np.arange(1, len(drawn) + 1)
    drawn["shown"] = drawn["best_change_pct"].clip(upper=TOP)
    flat = drawn["shown"].abs() < THIN  # no change at all is still a patient
    drawn["shown"] = drawn["shown"].mask(flat, THIN)
    x = alt.X("rank:O", axis=None, scale=alt.Scale(paddingInner=0.12 if len(drawn) < 150 else 0))
    axis = alt.Axis(values=[-100, -75, -50, -25, 0, 25, 50, 75, 100])
    y = alt.Y("shown:Q", title="best change from baseline, %", axis=axis)
    y = y.scale(domain=[-108, 112], nice=False)
    bars = alt.Chart(drawn).mark_bar()
    bars = bars.encode(x=x, y=y, color=_colour(drawn["response"], LEGEND))
    layers = [bars, _lines(), *_waterfall_marks(drawn, x)]
    of = f"of {len(table)} patients" if treated is None else f"of {treated} treated"
    lines = [f"{len(drawn)} with a target sum after baseline, {of}"]
    chart = alt.layer(*layers).properties(
        width=WIDTH, height=320, title=alt.Title(title, subtitle=[*lines, orr] if orr else lines)
    )
    chart = chart.resolve_scale(shape="independent")
    caption = (
        "Least change of the target sum from baseline to the end of assessment, one bar a patient; "
        "growth above 100 % is cut and marked by a triangle; no change is a thin bar. Colour: best "
        "response, confirmed by a later visit. Diamond: a new lesion. The lines are no classifier: "
        "progression is judged against the nadir, and new lesions are not in the sum."
    )
    return Figure(chart, drawn.reset_index(drop=True), title, caption, tuple(sources))


def _waterfall_marks(drawn: pd.DataFrame, x: alt.X) -> list[alt.Chart]:
    size = float(np.clip(3600 / max(len(drawn), 1), 14, 60))
    new = drawn[drawn["new_lesion"].astype(bool)].copy()
    new["at"] = np.where(new["shown"] >= 0, new["shown"] + 5, new["shown"] - 5)
    new.loc[new["best_change_pct"] > TOP, "at"] = TOP - 8  # under the triangle of a cut bar
    new["mark"] = "new lesion"
    cut = drawn[drawn["best_change_pct"] > TOP].assign(at=TOP + 9.0)
    found = []
    if len(new):
        marks = alt.Chart(new).mark_point(filled=True, size=size, fill=YELLOW, stroke=INK,
                                          strokeWidth=0.7, opacity=1)  # fmt: skip
        found.append(marks.encode(x=x, y="at:Q", shape=_mark_legend(["new lesion"])))
    if len(cut):
        marks = alt.Chart(cut).mark_point(filled=True, shape="triangle-up", size=size, color=INK)
        found.append(marks.encode(x=x, y="at:Q"))
    return found


def _time(days: pd.Series) -> tuple[float, str]:
    """Divisor of days and title of a time axis: weeks to a year, then months."""
    if float(days.max()) > 365.0:
        return MONTH, "months from the first dose"
    return 7.0, "weeks from the first dose"


def spider(
    table: pd.DataFrame, *, title: str = "Change of the target sum over time",
    sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Change from baseline of every patient at the days of the scans, from (0, 0).

    Parameters
    ----------
    table
        patient, day (from the first dose), change_pct (NaN: not evaluable, the line breaks there),
        response, progression, new_lesion.
    title
        One line.
    """
    names = ("patient", "day", "change_pct", "response", "progression", "new_lesion")
    _need(table, names, "spider")
    data = table.sort_values(["patient", "day"]).reset_index(drop=True)
    missing = data["change_pct"].isna()
    part = missing.groupby(data["patient"]).cumsum()
    data["segment"] = data["patient"].astype(str) + "/" + part.astype(str)
    seen = data[~missing].copy()
    _need(seen, ("patient",), "spider")
    unit, label = _time(seen["day"])
    top = float(np.clip(seen["change_pct"].max() * 1.05, 40.0, 200.0))
    for frame in (data, seen):
        frame["time"] = frame["day"] / unit
        frame["shown"] = frame["change_pct"].clip(upper=top)
    n = seen["patient"].nunique()
    thin = n > 80
    x = alt.X("time:Q", title=label, scale=alt.Scale(domainMin=0, nice=False))
    y = alt.Y("shown:Q", title="change from baseline, %")
    y = y.scale(domain=[-105, top + 8], nice=False)
    base = alt.Chart(seen).encode(x=x, y=y, color=_colour(seen["response"], LEGEND))
    lines = base.mark_line(strokeWidth=0.8 if thin else 1.4, opacity=0.45 if thin else 0.85)
    dots = base.mark_point(filled=True, size=4 if thin else 16, opacity=0.8)
    courses = alt.layer(lines.encode(detail="segment:N"), dots)
    layers = [_zero(), _lines(), courses, *_events(data, seen, x, y, thin)]
    subtitle = f"{n} patients; each line is one, from baseline at (0, 0), scan by scan"
    chart = alt.layer(*layers).resolve_scale(color="independent", shape="independent")
    chart = chart.properties(width=WIDTH, height=360, title=alt.Title(title, subtitle=subtitle))
    cut = f" Growth above {top:.0f} % is cut." if seen["change_pct"].max() > top else ""
    caption = (
        "Change of the target sum from baseline at the days of the scans; a line breaks where a "
        "target lesion was not evaluable. Cross: progression, by the sum against the nadir, "
        "non-target disease or a new lesion. Diamond: a new lesion." + cut
    )
    return Figure(chart, seen.drop(columns=["segment"]), title, caption, tuple(sources))


def _zero() -> alt.Chart:
    table = pd.DataFrame({"y": [0.0]})
    return alt.Chart(table).mark_rule(color=MUTED, strokeWidth=0.8).encode(y="y:Q")


def _events(
    data: pd.DataFrame, seen: pd.DataFrame, x: alt.X, y: alt.Y, thin: bool
) -> list[alt.Chart]:
    """First progression and first new lesion of each patient, where the sum is known."""
    parts = []
    for name, column in (("progression", "progression"), ("new lesion", "new_lesion")):
        first = data[data[column].astype(bool)].drop_duplicates("patient")
        here = seen[["patient", "day", "time", "shown"]]
        parts.append(first[["patient", "day"]].merge(here, on=["patient", "day"]).assign(mark=name))
    marks = pd.concat(parts, ignore_index=True)
    if not len(marks):
        return []
    # A new lesion is a progression: its diamond is drawn over the cross, and both stay readable.
    chart = alt.Chart(marks).mark_point(
        filled=True, size=14 if thin else 55, stroke=INK, strokeWidth=0.4, opacity=0.9
    )
    names = list(marks["mark"])
    return [chart.encode(x=x, y=y, shape=_mark_legend(names), color=_mark_colour(names))]


def swimmer(
    table: pd.DataFrame, *, holds: pd.DataFrame | None = None,
    title: str = "Course of every patient", sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """One lane a patient, the longest first: response, progression, stop, death, ongoing.

    Parameters
    ----------
    table
        patient, response, end_day, response_day, response_end_day, pd_day, death_day, stop_day,
        ongoing; days from the first dose.
    holds
        patient, from_day, to_day: treatment held, drawn as a gap.
    title
        One line.
    """
    _need(table, ("patient", "response", "end_day", "response_day", "response_end_day", "pd_day",
                  "death_day", "stop_day", "ongoing"), "swimmer")  # fmt: skip
    data = table.sort_values(["end_day", "patient"], ascending=[False, True])
    data = data.reset_index(drop=True)
    unit, label = _time(data["end_day"])
    order = list(data["patient"].astype(str))
    step = float(min(np.clip(600 / len(data), 2.4, 15), TALLEST / len(data)))
    axis = alt.Axis(title=None, labels=step >= 9, ticks=False, labelLimit=110, domain=False)
    y = alt.Y("patient:N", sort=order, axis=axis, scale=alt.Scale(paddingInner=0.25))
    days = [name for name in data if name.endswith("_day")]
    shown = data.assign(patient=order, **{name: data[name] / unit for name in days}, start=0.0)
    x = alt.X("start:Q", title=label, scale=alt.Scale(domainMin=0))
    colour = _colour(shown["response"], LEGEND)
    lanes = alt.Chart(shown).mark_bar(opacity=0.55).encode(x=x, x2="end_day:Q", y=y, color=colour)
    layers = [lanes]
    periods = shown.dropna(subset=["response_day", "response_end_day"])
    if len(periods):
        bar = alt.Chart(periods).mark_rule(strokeWidth=max(1.0, step * 0.28), color=INK)
        layers.append(bar.encode(x="response_day:Q", x2="response_end_day:Q", y=y))
    layers += _holds(holds, y, unit)
    layers += _swimmer_marks(shown, y, step)
    chart = alt.layer(*layers).resolve_scale(color="independent", shape="independent")
    chart = chart.properties(
        width=WIDTH, height=alt.Step(step),
        title=alt.Title(title, subtitle=f"{len(data)} patients; dark line: in response"),
    )  # fmt: skip
    caption = (
        "One lane a patient from the first dose to the last scan or contact, or death. Colour: "
        "confirmed best response; dark line: from the first complete or partial response to "
        "progression, or to the last evaluable scan. Ongoing: no stop, progression or death is "
        "known. Not a comparison of arms."
    )
    return Figure(chart, data, title, caption, tuple(sources))


def _holds(holds: pd.DataFrame | None, y: alt.Y, unit: float) -> list[alt.Chart]:
    """Gaps in the lanes while treatment was held."""
    if holds is None or not len(holds):
        return []
    gaps = pd.DataFrame({
        "patient": holds["patient"].astype(str), "a": holds["from_day"] / unit,
        "b": holds["to_day"] / unit,
    })  # fmt: skip
    bar = alt.Chart(gaps).mark_bar(color="#ffffff", opacity=0.85)
    return [bar.encode(x="a:Q", x2="b:Q", y=y)]


def _swimmer_marks(shown: pd.DataFrame, y: alt.Y, step: float) -> list[alt.Chart]:
    columns = {
        "response": "response_day",
        "progression": "pd_day",
        "treatment stopped": "stop_day",
        "death": "death_day",
    }
    parts = [
        shown.loc[shown[column].notna(), ["patient"]].assign(
            at=shown.loc[shown[column].notna(), column], mark=name
        )
        for name, column in columns.items()
    ]
    going = shown[shown["ongoing"].astype(bool)]
    width = float(shown["end_day"].max()) or 1.0
    parts.append(going[["patient"]].assign(at=going["end_day"] + 0.008 * width, mark="ongoing"))
    marks = pd.concat(parts, ignore_index=True)
    if not len(marks):
        return []
    names = list(marks["mark"])
    chart = alt.Chart(marks).mark_point(
        filled=True, size=float(np.clip(step * step * 0.5, 8, 70)), strokeWidth=1.2, opacity=1
    )
    return [chart.encode(x="at:Q", y=y, shape=_mark_legend(names), color=_mark_colour(names))]
