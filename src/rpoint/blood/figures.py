"""The figure of blood counts over time, by arm."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from rpoint.plots._figure import CATEGORY, GREY, INK, MUTED, Figure

TITLES = {
    "platelets": "platelets, G/L",
    "neutrophils": "neutrophils, G/L",
    "haemoglobin": "haemoglobin, g/dL",
    "leukocytes": "leukocytes, G/L",
}
GRADE_3 = {"platelets": 50.0, "neutrophils": 1.0, "haemoglobin": 8.0, "leukocytes": 2.0}
_WIDTH, _HEIGHT = 540, 150
SHOWN = ("platelets", "neutrophils", "haemoglobin")


def schedule_figure(
    table: pd.DataFrame,
    title: str,
    sources: Sequence[str] = (),
    analytes: Sequence[str] = SHOWN,
) -> Figure:
    """Median count and the middle half of the patients, one panel an analyte, one colour an arm.

    Parameters
    ----------
    table
        arm, analyte, day, lo, q1, median, q3, hi, as of `course_table`.
    title
        One line.
    sources
        Keys of sources.
    analytes
        Panels, from the top.
    """
    arms = list(dict.fromkeys(table["arm"]))
    data = table[table["analyte"].isin(analytes)].assign(week=lambda t: t["day"] / 7.0)
    colours = [c for c in CATEGORY if c != GREY][: len(arms)]
    scale = alt.Scale(domain=arms, range=colours if len(arms) <= len(colours) else list(CATEGORY))
    last = len(analytes) - 1
    panels = [
        _panel(data[data["analyte"] == name], name, scale, i == 0, i == last)
        for i, name in enumerate(analytes)
    ]
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(color="shared").properties(title=title)
    caption = (
        "True counts of the same patients in every arm. Line: median; band: middle half of the "
        "patients. Dashed: below it, grade 3 (CTCAE v5.0)."
    )
    return Figure(chart, data.reset_index(drop=True), title, caption, tuple(sources))


def _panel(
    data: pd.DataFrame, analyte: str, scale: alt.Scale, first: bool, last: bool
) -> alt.LayerChart:
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1, columns=2, labelLimit=420)
    colour = alt.Color("arm:N", scale=scale, legend=legend if first else None)
    x = alt.X("week:Q", title="weeks on treatment" if last else None).scale(
        domain=[0, float(data["week"].max())], nice=False
    )
    x = x.axis(labels=last, tickMinStep=1, titlePadding=6)
    top = float(data["q3"].max()) * 1.08
    low = 0.0 if analyte != "haemoglobin" else 6.0
    y = alt.Y("median:Q", title=TITLES[analyte]).scale(domain=[low, top], nice=False)
    base = alt.Chart(data).encode(x=x, color=colour)
    band = (
        base.mark_area(opacity=0.16, clip=True)
        .encode(y=y, y2="q3:Q")
        .transform_calculate(median="datum.q1")
    )
    line = base.mark_line(clip=True).encode(y=y)
    edge = pd.DataFrame({"y": [GRADE_3[analyte]], "label": ["grade 3"]})
    rule = alt.Chart(edge).mark_rule(strokeDash=[5, 4], color=INK, strokeWidth=1).encode(y="y:Q")
    note = (
        alt.Chart(edge)
        .mark_text(align="left", dx=6, color=MUTED, fontSize=11)
        .encode(y="y:Q", x=alt.value(_WIDTH), text="label:N")
    )
    return (band + line + rule + note).properties(width=_WIDTH, height=_HEIGHT)
