"""Figures of questions about a trial's design, from tables alone.

In all of them a dot is the value over the replicates, a thick bar the interval for the Monte Carlo
error (more replicates shorten it), a thin line the range in which 90 % of single trials fall (more
replicates do not shorten it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, CATEGORY, GREY, INK, MUTED, ORANGE, RED, Figure

LABELS = {
    "pfs_hr": "hazard ratio of progression-free survival",
    "pfs_median_months": "median PFS, months",
    "pfs_median_months_lo": "lower limit of the median PFS, months",
    "pfs_median_months_hi": "upper limit of the median PFS, months",
    "pfs_rate_6mo_pct": "progression-free at 6 months, %",
    "pfs_median_weeks": "median PFS, weeks",
    "os_median_months": "median OS, months",
    "dor_median_months": "median duration of response, months",
    "response_any_pct": "any response, %",
    "response_confirmed_pct": "confirmed response, %",
    "orr_pct": "response, %",
    "dcr_pct": "disease control, %",
    "cbr24_pct": "clinical benefit at 24 weeks, %",
    "change_16w_pct": "mean change of tumours at week 16, %",
    "best_target_change_pct": "best change of any patient, %",
    "lost_at_next_scan_pct": "responses gone at the next scan, %",
    "screened_per_patient": "screened for one patient",
    "ae_thrombocytopenia_g34_pct": "platelets of grade 3 or 4, %",
    "ae_neutropenia_g34_pct": "neutrophils of grade 3 or 4, %",
    "ae_anaemia_g34_pct": "anaemia of grade 3 or 4, %",
    "dose_reduction_pct": "dose reduced, %",
    "ae_discontinuation_pct": "stopped for toxicity, %",
    "planned_mg_per_day": "dose planned, mg a day",
    "taken_mg_per_day": "dose taken, mg a day",
}
WIDTH, HEIGHT, ROW = 225, 110, 26
BINS = 24  # of a histogram
MARKS = (
    "dot: value; bar: 95 % Monte Carlo interval; line: 5th to 95th percentile of single trials "
    "(triangle: not reached)"
)


def label(endpoint: str) -> str:
    """A statistic in words."""
    return LABELS.get(endpoint, endpoint.replace("_pct", ", %").replace("_", " "))


def comparison_figure(
    table: pd.DataFrame, *, title: str, reference: str = "", note: Sequence[str] = (),
    columns: int = 3, sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Variants of a trial side by side, one panel a statistic.

    Parameters
    ----------
    table
        variant, endpoint, value, lo, hi, q05, q95, and published (NaN for none) if there is any.
    title, note
        Heading and further lines.
    reference
        The variant that is drawn in another colour.
    columns
        Panels in a row.
    """
    variants = list(dict.fromkeys(table["variant"]))
    endpoints = [e for e in dict.fromkeys(table["endpoint"]) if _drawn(table, e)]
    rows = []
    for start in range(0, len(endpoints), columns):
        panels = [
            _panel(table[table["endpoint"] == name], variants, name, reference, first=k == 0)
            for k, name in enumerate(endpoints[start : start + columns])
        ]
        rows.append(alt.hconcat(*panels, spacing=22))
    published = "published" in table and table["published"].notna().any()
    lines = [*note, MARKS + ("; red: published" if published else "")]
    chart = alt.vconcat(*rows, spacing=24, title=alt.TitleParams(title, subtitle=lines))
    return Figure(chart, table=table, title=title, caption=" ".join(lines), sources=sources)


def _drawn(table: pd.DataFrame, endpoint: str) -> bool:
    """Whether anything of a statistic can be drawn."""
    mine = table.loc[table["endpoint"] == endpoint, ["value", "q05", "q95"]]
    return bool(mine.notna().to_numpy().any())


def _panel(
    part: pd.DataFrame, variants: Sequence[str], endpoint: str, reference: str, *, first: bool
) -> alt.LayerChart | alt.FacetChart:
    part = _open_ended(part).assign(
        shade=np.where(part["variant"] == reference, "reference", "other")
    )
    axis = alt.Axis(labelLimit=300, domain=False, ticks=False) if first else None
    y = alt.Y("variant:N", sort=list(variants), title=None, axis=axis)
    x_title = label(endpoint)
    scale = alt.Scale(zero=False, nice=True, padding=8)
    colour = alt.Color(
        "shade:N", legend=None, scale=alt.Scale(domain=["reference", "other"], range=[INK, BLUE])
    )
    base = alt.Chart(part).encode(y=y, color=colour)

    def x(name: str) -> alt.X:
        return alt.X(f"{name}:Q", title=x_title, scale=scale, axis=alt.Axis(tickCount=5))

    layers = [
        base.mark_rule(strokeWidth=1.2, opacity=0.75).encode(x=x("q05"), x2="q95:Q"),
        base.mark_rule(strokeWidth=6, opacity=0.45).encode(x=x("lo"), x2="hi:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=x("value")),
    ]
    if part["open"].any():
        arrow = base.transform_filter("datum.open").mark_point(
            shape="triangle-right", filled=True, size=70, opacity=1
        )
        layers.append(arrow.encode(x=x("q95")))
    if "published" in part and part["published"].notna().any():
        mark = alt.Chart(part.drop_duplicates("published")).mark_rule(
            color=RED, strokeWidth=1.6, strokeDash=[5, 3]
        )
        layers.append(mark.encode(x=x("published")))
    return alt.layer(*layers).properties(width=WIDTH, height=ROW * len(variants))


def _open_ended(part: pd.DataFrame) -> pd.DataFrame:
    """Upper ends that are not reached at the right edge of what is known, marked `open`."""
    known = part[["value", "lo", "hi", "q05", "q95"]].to_numpy(float)
    low, high = np.nanmin(known), np.nanmax(known)
    edge = high + 0.12 * ((high - low) or abs(high) or 1.0)
    never = part["q95"].isna() & part["q05"].notna()
    unsure = part["hi"].isna() & part["lo"].notna()
    return part.assign(
        q95=part["q95"].where(~never, edge), hi=part["hi"].where(~unsure, edge), open=never
    )


def power_figure(
    curve: pd.DataFrame, ratios: pd.DataFrame, *, alpha: float, design: str, null: str,
    title: str, note: Sequence[str] = (), sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Power and type I error against the number of patients, and the hazard ratios.

    Parameters
    ----------
    curve
        variant (`design`, `null`), n_treated, n_control, percent, lo, hi.
    ratios
        variant, hr, one row a replicate.
    alpha
        Two-sided level, drawn as a line.
    """
    shown = curve.assign(n=curve["n_treated"] + curve["n_control"])
    names = {design: "power, as designed", null: "type I error, control in both arms"}
    shown["what"] = shown["variant"].map(names)
    colour = alt.Color(
        "what:N", title=None, legend=alt.Legend(orient="top", labelLimit=320, symbolOpacity=1),
        scale=alt.Scale(domain=list(names.values()), range=[BLUE, ORANGE]),
    )  # fmt: skip
    x = alt.X("n:Q", title="patients of both arms", scale=alt.Scale(zero=True))
    y_title = "significant replicates, %"
    y = alt.Y("percent:Q", title=y_title, scale=alt.Scale(domain=[0, 100]))
    base = alt.Chart(shown).encode(x=x, color=colour)
    level = alt.Chart(pd.DataFrame({"level": [100 * alpha], "text": [f"{100 * alpha:g} %"]}))
    left = alt.layer(
        base.mark_area(opacity=0.18).encode(y=alt.Y("lo:Q", title=y_title), y2="hi:Q"),
        base.mark_line().encode(y=y),
        base.mark_point(filled=True, size=30, opacity=1).encode(y=y),
        level.mark_rule(color=MUTED, strokeDash=[4, 4]).encode(y="level:Q"),
        level.mark_text(align="left", dx=4, dy=-6, color=MUTED).encode(
            y="level:Q", x=alt.value(0), text="text:N"
        ),
    ).properties(width=360, height=260)
    lines = [*note, "band: 95 % Monte Carlo interval; smaller trials are random subsets of each"
             " replicate"]  # fmt: skip
    chart = alt.hconcat(
        left, _ratios(ratios, names), spacing=30, title=alt.TitleParams(title, subtitle=lines)
    )
    return Figure(chart, table=curve, title=title, caption=" ".join(lines), sources=sources)


def _ratios(ratios: pd.DataFrame, names: Mapping[str, str]) -> alt.LayerChart | alt.FacetChart:
    """A dot a replicate: hazard ratio of the whole trial, on a log scale."""
    finite = ratios[np.isfinite(ratios["hr"]) & (ratios["hr"] > 0)].copy()
    short = {v: k for v, k in zip(names, ("as designed", "control in both"), strict=True)}
    finite["what"], finite["short"] = finite["variant"].map(names), finite["variant"].map(short)
    finite["jitter"] = (np.arange(len(finite)) * 0.618034) % 1.0 - 0.5
    colour = alt.Color(
        "what:N", legend=None, scale=alt.Scale(domain=list(names.values()), range=[BLUE, ORANGE])
    )
    x = alt.X("short:N", title=None, sort=list(short.values()), axis=alt.Axis(labelAngle=0))
    ends = [0.9 * min(1.0, finite["hr"].min()), 1.1 * max(1.0, finite["hr"].max())]
    scale = alt.Scale(type="log", domain=[float(end) for end in ends], nice=False)
    axis = alt.Axis(values=[0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10])
    y = alt.Y("hr:Q", title="hazard ratio of each replicate", scale=scale, axis=axis)
    base = alt.Chart(finite).encode(x=x, y=y)
    dots = base.mark_circle(size=18, opacity=0.55).encode(
        color=colour, xOffset=alt.XOffset("jitter:Q", scale=alt.Scale(domain=[-0.9, 0.9]))
    )
    middle = base.mark_tick(color=INK, thickness=2.5, width=50).encode(y="median(hr):Q")
    one = alt.Chart(pd.DataFrame({"one": [1.0]})).mark_rule(color=MUTED, strokeDash=[4, 4])
    return alt.layer(one.encode(y="one:Q"), dots, middle).properties(width=210, height=260)


def rules_figure(
    simon: pd.DataFrame, baskets: pd.DataFrame, *, design: str, title: str,
    note: Sequence[str] = (), sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Rates at which rules stop and find promising, by what counts as a response.

    Parameters
    ----------
    simon
        endpoint (any, confirmed), stop, promising with _lo and _hi, and ..._binomial.
    baskets
        basket, endpoint, go, go_lo, go_hi; may be empty.
    design
        The two-stage design in words.
    """
    parts = []
    for verdict, name in (("stop", "stops after stage 1"), ("promising", "promising at the end")):
        parts.append(pd.DataFrame(
            {"rule": name, "endpoint": simon["endpoint"], "value": simon[verdict],
             "lo": simon[f"{verdict}_lo"], "hi": simon[f"{verdict}_hi"],
             "binomial": simon[f"{verdict}_binomial"]}
        ))  # fmt: skip
    left = _rates(pd.concat(parts), "rule", "replicates, %", "two-stage rule", legend=True)
    charts: list[Any] = [left]
    if len(baskets):
        shown = baskets.rename(columns={"go": "value", "go_lo": "lo", "go_hi": "hi"})
        size = shown["n"].map("{:.1f}".format)
        shown = shown.assign(binomial=np.nan, basket=shown["basket"] + " (mean n " + size + ")")
        charts.append(_rates(shown, "basket", "replicates with go, %", "rule for baskets"))
    lines = [*note, design, "bar: 95 % Monte Carlo interval; ring: what the binomial distribution"
             " gives at the mean rate"]  # fmt: skip
    chart = alt.hconcat(*charts, spacing=28, title=alt.TitleParams(title, subtitle=lines))
    return Figure(chart, table=simon, title=title, caption=" ".join(lines), sources=sources)


def _rates(
    table: pd.DataFrame, row: str, x_title: str, heading: str, legend: bool = False
) -> alt.LayerChart | alt.FacetChart:
    colour = alt.Color(
        "endpoint:N", title="response counts when",
        legend=alt.Legend(
            orient="top", symbolOpacity=1, titleOrient="left",
            labelExpr="datum.value == 'any' ? 'seen' : 'confirmed'",
        ) if legend else None, scale=alt.Scale(domain=["any", "confirmed"], range=[ORANGE, BLUE]),
    )  # fmt: skip
    scale = alt.Scale(domain=[0, 100])
    y = alt.Y(f"{row}:N", sort=list(dict.fromkeys(table[row])), title=None,
              axis=alt.Axis(labelLimit=230, domain=False, ticks=False))  # fmt: skip
    offset = alt.YOffset("endpoint:N", sort=["any", "confirmed"])
    base = alt.Chart(table).encode(y=y, yOffset=offset, color=colour)
    layers = [
        base.mark_rule(strokeWidth=5, opacity=0.4).encode(
            x=alt.X("lo:Q", title=x_title, scale=scale), x2="hi:Q"
        ),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("value:Q", scale=scale)),
    ]
    if table["binomial"].notna().any():
        ring = base.mark_point(filled=False, size=110, color=INK, strokeWidth=1.3)
        layers.append(ring.encode(x=alt.X("binomial:Q", scale=scale), color=alt.value(INK)))
    count = table[row].nunique()
    return alt.layer(*layers).properties(width=270, height=44 * count, title=heading)


def schedules_figure(
    table: pd.DataFrame, *, title: str, reference: str,
    efficacy: Sequence[str] = ("pfs_median_months", "change_16w_pct"),
    toxicity: Sequence[str] = ("ae_thrombocytopenia_g34_pct", "ae_neutropenia_g34_pct"),
    note: Sequence[str] = (), sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Efficacy against toxicity of several schedules, each with its Monte Carlo intervals.

    Parameters
    ----------
    table
        variant, endpoint, value, lo, hi.
    reference
        The trial's own regimen, named first.
    efficacy, toxicity
        Endpoints of the rows and columns of panels; what is not in the table is left out.
    """
    names = [reference, *(v for v in dict.fromkeys(table["variant"]) if v != reference)]
    wide = table.pivot(index="variant", columns="endpoint", values=["value", "lo", "hi"])
    have = set(table["endpoint"])
    rows = [
        alt.hconcat(*(_frontier(wide, names, harm, good) for harm in toxicity if harm in have),
                    spacing=26)
        for good in efficacy if good in have
    ]  # fmt: skip
    lines = [*note, "bars: 95 % Monte Carlo intervals; the same patients on every schedule"]
    chart = alt.vconcat(*rows, spacing=18, title=alt.TitleParams(title, subtitle=lines))
    return Figure(chart, table=table, title=title, caption=" ".join(lines), sources=sources)


def _frontier(
    wide: pd.DataFrame, names: Sequence[str], harm: str, good: str
) -> alt.LayerChart | alt.FacetChart:
    cells = {
        f"{axis}_{which}": [wide.loc[name, (which, endpoint)] for name in names]
        for axis, endpoint in (("x", harm), ("y", good)) for which in ("value", "lo", "hi")
    }  # fmt: skip
    shown = pd.DataFrame({"regimen": names, **cells})
    colour = alt.Color(
        "regimen:N", sort=list(names), title=None,
        scale=alt.Scale(domain=list(names), range=[INK, *CATEGORY[: len(names) - 1]]),
        legend=alt.Legend(orient="bottom", columns=2, labelLimit=340, symbolOpacity=1),
    )  # fmt: skip
    base = alt.Chart(shown).encode(color=colour)
    at_x = alt.Scale(domain=_span(shown, "x", 0.0), nice=False)
    at_y = alt.Scale(domain=_span(shown, "y"), nice=True)

    def axis(kind: Any, column: str, scale: alt.Scale, endpoint: str) -> Any:
        return kind(f"{column}:Q", scale=scale, title=label(endpoint), axis=alt.Axis(tickCount=5))

    x, y = axis(alt.X, "x_value", at_x, harm), axis(alt.Y, "y_value", at_y, good)
    return alt.layer(
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(
            x=axis(alt.X, "x_lo", at_x, harm), x2="x_hi:Q", y=y
        ),
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(
            x=x, y=axis(alt.Y, "y_lo", at_y, good), y2="y_hi:Q"
        ),
        base.mark_point(filled=True, size=110, opacity=1).encode(x=x, y=y),
    ).properties(width=300, height=210)


def _span(shown: pd.DataFrame, axis: str, least: float | None = None) -> list[float]:
    """Limits of an axis that hold all intervals, with a margin."""
    values = shown[[f"{axis}_value", f"{axis}_lo", f"{axis}_hi"]].to_numpy(float)
    low, high = np.nanmin(values), np.nanmax(values)
    margin = 0.08 * max(high - low, 1e-6) or 1.0
    return [low - margin if least is None else max(least, low - margin), high + margin]


def joint_figure(
    vectors: pd.DataFrame, table: pd.DataFrame, *, title: str, note: Sequence[str] = (),
    columns: int = 3, sources: Sequence[str] = (),
) -> Figure:  # fmt: skip
    """Every replicate's statistics, one panel each, with the published value.

    Parameters
    ----------
    vectors
        One row a replicate, one column a statistic; NaN for a time that is not reached.
    table
        statistic, published, tail.
    """
    panels = [_cloud(vectors[r["statistic"]], r) for r in table.to_dict("records")]
    rows = [
        alt.hconcat(*panels[k : k + columns], spacing=24) for k in range(0, len(panels), columns)
    ]
    lines = [*note, "grey: trials as simulated; red: published; p: two-sided tail area"]
    chart = alt.vconcat(*rows, spacing=18, title=alt.TitleParams(title, subtitle=lines))
    return Figure(chart, table=table, title=title, caption=" ".join(lines), sources=sources)


def _cloud(values: pd.Series, row: Mapping[str, Any]) -> alt.LayerChart | alt.FacetChart:
    """Counts of replicates by value, as bars, with the published value as a line."""
    shown = pd.DataFrame({"value": values.dropna().to_numpy(float)})
    inside = [*shown["value"], row["published"]]
    low, high = min(inside), max(inside)
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    count, _ = np.histogram(shown["value"], edges)
    binned = pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": count})
    margin = 0.04 * float(edges[-1] - edges[0])
    scale = alt.Scale(domain=[float(edges[0]) - margin, float(edges[-1]) + margin], nice=False)
    axis = alt.Axis(tickCount=5, grid=False)
    bars = alt.Chart(binned[binned["count"] > 0]).mark_bar(color=GREY).encode(
        x=alt.X("low:Q", title=label(row["statistic"]), scale=scale, axis=axis),
        x2="high:Q",
        y=alt.Y("count:Q", title="replicates", axis=alt.Axis(tickCount=3, tickMinStep=1)),
        y2=alt.value(HEIGHT),
    )  # fmt: skip
    mark = pd.DataFrame({"value": [row["published"]]})
    line = alt.Chart(mark).mark_rule(color=RED, strokeWidth=2).encode(
        x=alt.X("value:Q", scale=scale)
    )  # fmt: skip
    missed = int(values.isna().sum())
    head = f"published {row['published']:.3g}, p = {row['tail']:.2g}"
    head += f"; not reached in {missed}" if missed else ""
    return alt.layer(bars, line).properties(
        width=WIDTH, height=HEIGHT, title=alt.TitleParams(head, fontSize=11, fontWeight=500)
    )
