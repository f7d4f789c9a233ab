"""Figures of how good a panel's predictions are: baselines, marker effects, calibration, curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PURPLE, RED, SKY, Figure

OURS = "R-point"
PREDICTOR_STYLE = {
    OURS: (BLUE, "circle"),
    "arm × genotype median": (ORANGE, "square"),
    "ridge on genotype": (PURPLE, "triangle-up"),
    "ridge on genotype and tumour type": (SKY, "diamond"),
    "arm median": (GREY, "cross"),
}
CEILING = "reproducibility"


def predictors(
    table: pd.DataFrame,
    *,
    ceilings: pd.DataFrame | None = None,
    title: str = "Rank correlation with the measurement",
    subtitle: str = "",
    sources: Sequence[str] = (),
) -> Figure:
    """Spearman of the model and of the baselines, by arm.

    Parameters
    ----------
    table
        predictor, arm, value (a correlation), lo, hi (of the model only, else NaN); the arms stand
        in the order of their first rows.
    ceilings
        arm, ceiling: what a noiseless predictor could reach (drawn as a tick).
    """
    drawn = table[np.isfinite(table["value"])].copy()
    arms = list(dict.fromkeys(table["arm"]))
    names = [name for name in PREDICTOR_STYLE if name in set(drawn["predictor"])]
    low = float(min(-0.1, drawn["value"].min(), drawn["lo"].min(skipna=True)))
    x = alt.X(
        "value:Q",
        title="Spearman's ρ with the measurement",
        scale=alt.Scale(domain=[np.floor(low * 10) / 10, 1.0], nice=False),
        axis=alt.Axis(tickCount=6),
    )
    y = alt.Y("arm:N", sort=arms, title=None)
    scales = {
        "color": alt.Scale(domain=names, range=[PREDICTOR_STYLE[n][0] for n in names]),
        "shape": alt.Scale(domain=names, range=[PREDICTOR_STYLE[n][1] for n in names]),
    }
    legend = alt.Legend(title=None, orient="top", columns=2, symbolOpacity=1, symbolSize=70)
    dots = (
        alt.Chart(drawn)
        .mark_point(filled=True, size=58, opacity=0.95)
        .encode(
            x=x,
            y=y,
            color=alt.Color("predictor:N", scale=scales["color"], legend=legend),
            shape=alt.Shape("predictor:N", scale=scales["shape"], legend=legend),
        )
    )
    own = drawn[drawn["predictor"] == OURS]
    bars = (
        alt.Chart(own)
        .mark_rule(color=BLUE, opacity=0.4, strokeWidth=3)
        .encode(x=alt.X("lo:Q", title="Spearman's ρ with the measurement"), x2="hi:Q", y=y)
    )
    zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=INK, strokeWidth=1)
    layers = [zero.encode(x="x:Q"), bars, dots]
    caption = "Line: 95 % interval of the model's."
    if ceilings is not None and len(ceilings):
        ticks = alt.Chart(ceilings).mark_tick(color=RED, thickness=3, size=15, opacity=1)
        layers.insert(1, ticks.encode(x="ceiling:Q", y=y))
        caption += " Red tick: what two repeats of the experiment allow (square root of theirs)."
    head = alt.TitleParams(title, subtitle=subtitle) if subtitle else title
    chart = alt.layer(*layers).properties(width=430, height=alt.Step(22), title=head)
    caption += (
        " Ranks are taken within the folds of the cross-validation, so that no predictor is "
        "punished for the level that it learns; a constant one has no correlation."
    )
    return Figure(chart, drawn, title, caption, tuple(sources))


def marker_effects(
    table: pd.DataFrame,
    *,
    limit: float = 0.2,
    title: str = "What a marker shifts: measured and predicted",
    sources: Sequence[str] = (),
) -> Figure:
    """Measured and predicted shift of the response by each marker, in standard deviations.

    Parameters
    ----------
    table
        arm, marker, control, n_altered, measured, measured_lo, measured_hi, predicted and, if
        known, predicted_lo, predicted_hi.
    limit
        A negative control's prediction must lie within plus and minus this (shaded).
    """
    drawn = table.copy()
    text = drawn["arm"] + " · " + drawn["marker"] + " (" + drawn["n_altered"].astype(str) + ")"
    drawn["label"] = text
    parts = []
    for control, heading in ((False, "markers"), (True, "negative controls")):
        rows = drawn[drawn["control"].astype(bool) == control]
        if len(rows):
            parts.append(_effect_rows(rows, heading, limit if control else None, _reach(drawn)))
    chart = alt.vconcat(*parts, spacing=16).properties(title=title)
    caption = (
        "Median of the models with the marker minus that of those without, over the arm's measured "
        "standard deviation; in brackets the models with it. Lines: 90 %, by bootstrap (measured) "
        "and over tumours drawn from their predicted distributions (predicted). Shaded: "
        f"predictions of negative controls must lie within ±{limit:g}. Wide lines are cut."
    )
    return Figure(chart, drawn, title, caption, tuple(sources))


def _reach(table: pd.DataFrame) -> float:
    values = table[["measured", "predicted"]].abs().to_numpy(float)
    return float(np.clip(np.nanmax(values) * 1.25, 1.0, 3.0)) if values.size else 1.0


def _effect_rows(rows: pd.DataFrame, heading: str, limit: float | None, reach: float) -> Any:
    long = pd.concat(
        [
            pd.DataFrame(
                {
                    "label": rows["label"],
                    "side": side,
                    "value": rows[side],
                    "lo": rows.get(f"{side}_lo", np.nan),
                    "hi": rows.get(f"{side}_hi", np.nan),
                }
            )
            for side in ("measured", "predicted")
        ],
        ignore_index=True,
    )
    sides = ["measured", "predicted"]
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    x_title = "shift of the median, standard deviations of the arm"
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=sides, range=[INK, BLUE]),
        legend=alt.Legend(title=None, orient="top", symbolOpacity=1),
    )
    base = alt.Chart(long).encode(
        y=alt.Y("label:N", sort=list(rows["label"]), title=None),
        yOffset=alt.YOffset("side:N", sort=sides),
        color=colour,
    )
    bars = base.mark_rule(strokeWidth=2, opacity=0.45, clip=True).encode(
        x=alt.X("lo:Q", title=x_title, scale=scale), x2="hi:Q"
    )
    dots = base.mark_circle(size=48, opacity=1, clip=True).encode(x=alt.X("value:Q", scale=scale))
    zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=MUTED, strokeDash=[4, 3])
    layers = [zero.encode(x=alt.X("x:Q", scale=scale)), bars, dots]
    if limit is not None:
        band = alt.Chart(pd.DataFrame({"a": [-limit], "b": [limit]})).mark_rect(opacity=0.18)
        layers.insert(0, band.encode(x=alt.X("a:Q", scale=scale), x2="b:Q", color=alt.value(GREEN)))
    body = alt.layer(*layers).properties(width=380, height=alt.Step(9))
    return body.properties(title=alt.TitleParams(heading, fontSize=11, frame="group"))


def calibration(
    pit: pd.DataFrame,
    coverage: pd.DataFrame,
    *,
    title: str = "Are the intervals honest?",
    sources: Sequence[str] = (),
) -> Figure:
    """PIT histogram, and coverage of the 50 and 90 % intervals by arm.

    Parameters
    ----------
    pit
        lo, hi, share, expected: bins of the probability integral transform.
    coverage
        arm, level (50 or 90), coverage, coverage_lo, coverage_hi.
    """
    left = _pit_bars(pit).properties(width=230, height=240)
    arms = list(dict.fromkeys(coverage["arm"]))
    long = coverage.assign(interval=coverage["level"].astype(int).astype(str) + " % interval")
    names = ["50 % interval", "90 % interval"]
    colour = alt.Color(
        "interval:N",
        scale=alt.Scale(domain=names, range=[ORANGE, BLUE]),
        legend=alt.Legend(title=None, orient="top", symbolOpacity=1),
    )
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=5)
    base = alt.Chart(long).encode(
        y=alt.Y("arm:N", sort=arms, title=None),
        yOffset=alt.YOffset("interval:N", sort=names),
        color=colour,
    )
    bars = base.mark_rule(strokeWidth=2, opacity=0.45).encode(
        x=alt.X("coverage_lo:Q", title="measurements inside", scale=scale, axis=axis),
        x2="coverage_hi:Q",
    )
    dots = base.mark_circle(size=48, opacity=1).encode(x=alt.X("coverage:Q", scale=scale))
    lines = alt.Chart(pd.DataFrame({"x": [0.5, 0.9], "interval": names}))
    nominal = lines.mark_rule(strokeDash=[4, 3]).encode(x=alt.X("x:Q", scale=scale), color=colour)
    right = alt.layer(nominal, bars, dots)
    right = right.properties(width=300, height=alt.Step(max(10, 240 / (2 * max(len(arms), 1)))))
    chart = alt.hconcat(left, right, spacing=36).properties(title=title)
    caption = (
        "Left: where measurements fall in their predicted distributions; flat is honest, a hump "
        "says too wide, a trough too narrow. Right: share inside the intervals, with its own 95 % "
        "interval; dashed: what it should be."
    )
    return Figure(chart, coverage, title, caption, tuple(sources))


def _pit_bars(pit: pd.DataFrame) -> Any:
    top = float(max(pit["share"].max(), 2 * pit["expected"].max())) * 1.08
    y = alt.Y(
        "share:Q",
        title="share of measurements",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(format="%", tickCount=5),
    )
    bars = (
        alt.Chart(pit)
        .mark_rect(color=BLUE, opacity=0.75, stroke="white")
        .encode(
            x=alt.X("lo:Q", title="probability integral transform", scale=alt.Scale(domain=[0, 1])),
            x2="hi:Q",
            y=y,
            y2=alt.datum(0),
        )
    )
    level = alt.Chart(pit.head(1)).mark_rule(color=INK, strokeDash=[4, 3])
    return alt.layer(bars, level.encode(y=alt.Y("expected:Q", title="share of measurements")))


def curve_density(
    table: pd.DataFrame,
    *,
    title: str = "Volume curves: predicted distribution against the arm's mean curve",
    sources: Sequence[str] = (),
) -> Figure:
    """Gain in mean log density over the Gaussian about the arm's mean, by arm.

    Parameters
    ----------
    table
        arm, mice, gain (nats per point), gain_lo, gain_hi (bootstrap over models).
    """
    drawn = table.sort_values("gain", ascending=False).copy()
    drawn["label"] = drawn["arm"] + " (" + drawn["mice"].astype(int).astype(str) + ")"
    drawn["better"] = np.where(drawn["gain"] > 0, "better than the mean curve", "worse")
    names = ["better than the mean curve", "worse"]
    x_title = "gain in log density, nats per point"
    reach = 1.25 * max(0.2, float(drawn["gain"].abs().max()))
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    x = alt.X("gain:Q", title=x_title, scale=scale)
    base = alt.Chart(drawn).encode(y=alt.Y("label:N", sort=list(drawn["label"]), title=None))
    bars = base.mark_bar(opacity=0.8).encode(
        x=x,
        color=alt.Color(
            "better:N",
            scale=alt.Scale(domain=names, range=[BLUE, ORANGE]),
            legend=alt.Legend(title=None, orient="top", symbolOpacity=1),
        ),
    )
    rules = base.mark_rule(color=INK, clip=True).encode(
        x=alt.X("gain_lo:Q", title=x_title, scale=scale), x2="gain_hi:Q"
    )
    chart = alt.layer(bars, rules).properties(width=400, height=alt.Step(20), title=title)
    caption = (
        "Log of volume over day-0 volume at days 7, 14 and 21. Right of 0 the held-out prediction "
        "gives the measured points a higher density than the Gaussian about the mean of the arm's "
        "other models. Lines: 90 %, by bootstrap over models, cut at the edge; in brackets mice."
    )
    return Figure(chart, drawn, title, caption, tuple(sources))
