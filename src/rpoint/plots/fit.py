"""Measured points over simulated bands, and how far apart they are beside the measurement's noise.

Every function takes one table: the targets of a calibration (one row per measured point) with the
columns of `NEEDED`, among them `predicted`, `lo90` and `hi90`, the median and 90 % band of the
simulations on the scale of `value`.  Rows whose `predicted` is missing are drawn without a band and
left out of the residuals.  Nothing is simulated here.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.plots._figure import BLUE, GREY, INK, MUTED, ORANGE, SKY, Figure

NEEDED = [
    *["table", "role", "experiment", "curve", "readout", "scale", "time_h", "value"],
    *["sd_replicate", "sd_between", "n", "source", "predicted", "lo90", "hi90"],
]
ROLE_COLOUR = {"calibrate": BLUE, "check": ORANGE}
ROLE_SHAPE = {"calibrate": "circle", "check": "diamond"}
CAPACITY_FOLD = 156.9  # plate capacity of the MCF-7 counts (He 2025)
LEVELS = ["log_level_over_T0", "log_level_over_control", "log_cells_over_vehicle"]
NAMES = {
    ("mcf7_counts", "log_fold_cells"): "MCF-7 counts",
    ("mcf7_combination_17d", "log_fold_cells"): "MCF-7 combination, day 17",
    ("mcf7_long_term", "log_fold_over_month"): "MCF-7 fold per month",
    ("mcf7_westerns", "log_level_over_T0"): "MCF-7 westerns",
    ("published_westerns", "log_level_over_control"): "MCF-7 published westerns",
    ("mcf7_resistant_lines", "log_cells_over_vehicle"): "MCF-7 resistant lines",
    ("mcf7_e2", "fraction_of_plateau"): "MCF-7 oestradiol reporters",
    ("hepg2_nutlin", "log_fold_over_control"): "HepG2 p53 and MDM2 reporters",
    ("hepg2_nutlin", "log_cells_over_control"): "HepG2 cell number",
}
HOW_DRAWN = (
    "Band: simulated 90 %; line: simulated median. Points: mean over replicates; thick bar: one "
    "replicate's standard deviation; thin bar: the mean's, with the spread between experiments. "
    "Filled circles calibrate, open diamonds check."
)


def sd_total(frame: pd.DataFrame) -> pd.Series:
    """Standard deviation of a measured mean: replicates averaged, plus between experiments."""
    return np.sqrt(frame["sd_replicate"] ** 2 / frame["n"] + frame["sd_between"] ** 2)


def residual_table(frame: pd.DataFrame) -> pd.DataFrame:
    """How far measured and simulated stand apart, by table and role, beside the noise.

    Returns
    -------
    DataFrame
        what, role, scale, points; `rmse` (root mean square of measured minus predicted; natural log
        where `scale` is log), `replicate_sd` and `between_sd` (root mean squares), the ratios
        `rmse_over_replicate_sd` and `rmse_over_total_sd` (point by point), `bias` (mean residual)
        and `inside90` (share of points within the simulated band widened by the noise).
    """
    rows = _residuals(frame)
    grouped = rows.groupby(["what", "role", "scale"], sort=False)
    table = pd.DataFrame(
        {
            "points": grouped.size(),
            "rmse": grouped["residual"].agg(_rms),
            "replicate_sd": grouped["sd_replicate"].agg(_rms),
            "between_sd": grouped["sd_between"].agg(_rms),
            "rmse_over_replicate_sd": grouped["per_replicate"].agg(_rms),
            "rmse_over_total_sd": grouped["per_total"].agg(_rms),
            "bias": grouped["residual"].mean(),
            "inside90": grouped["inside"].mean(),
        }
    )
    return table.reset_index()


def fit_counts(frame: pd.DataFrame, simulated: pd.DataFrame | None = None) -> Figure:
    """MCF-7 cell counts, one panel per treatment; a line joins the points of one experiment.

    Parameters
    ----------
    simulated
        Denser simulated courses: `curve`, `readout`, `time_h`, `predicted`, `lo90`, `hi90`.
    """
    rows = _chosen(frame, ["log_fold_cells"])
    rows["panel"] = rows["curve"].map(arm_title)
    rows["x"] = rows["time_h"] / 24.0
    bands = _bands(rows, simulated, start=1.0)
    chart = _panels(
        rows,
        bands,
        order=_arm_order(rows),
        x=alt.X("x:Q", title="Days on treatment", axis=alt.Axis(values=[0, 7, 14, 21, 28])),
        y=_fold_axis("Cells over day 0 (fold)", [0.3, 1, 3, 10, 30, 100]),
        columns=5,
        reference=CAPACITY_FOLD,
    )
    caption = f"{HOW_DRAWN} Dotted: the plate's capacity, about 157-fold."
    return _figure(chart, rows, "MCF-7 cell counts: measured over simulated", caption)


def fit_reporters(frame: pd.DataFrame, simulated: pd.DataFrame | None = None) -> Figure:
    """HepG2 p53 and MDM2 reporters and cell number by hour, one panel per reporter and dose."""
    rows = _chosen(frame, ["log_fold_over_control", "log_cells_over_control"])
    rows["panel"] = rows["curve"].str.replace(" uM", " µM").str.replace(" / ", ": ")
    rows["panel"] = rows["panel"].str.replace("nutlin-3a 0 µM + ", "").str.replace(" µM + ", " + ")
    rows["x"] = rows["time_h"]
    bands = _bands(rows, simulated, start=1.0)
    chart = _panels(
        rows,
        bands,
        order=list(dict.fromkeys(rows["panel"])),
        x=alt.X("x:Q", title="Hours of exposure", axis=alt.Axis(values=[0, 12, 24, 36, 48, 60])),
        y=_fold_axis("Over untreated (fold)", [0.7, 1, 1.5, 2, 3, 4]),
        columns=4,
    )
    return _figure(chart, rows, "HepG2 reporters: measured over simulated", HOW_DRAWN)


def fit_doses(frame: pd.DataFrame) -> Figure:
    """MCF-7 oestradiol reporters by dose, one panel per reporter and hour."""
    rows = _chosen(frame, ["fraction_of_plateau"])
    hour = rows["time_h"].map("{:g} h".format)
    rows["panel"] = rows["curve"].str.split(" / ").str[0] + ", " + hour
    rows["x"] = rows["e2_nM"]
    scale = alt.Scale(type="log", domain=[7e-5, 150])
    ticks = alt.Axis(values=[1e-3, 0.1, 10], format="~g")
    chart = _panels(
        rows,
        _bands(rows, None, start=None),
        order=sorted(rows["panel"].unique()),
        x=alt.X("x:Q", title="Oestradiol (nM)", scale=scale, axis=ticks),
        y=alt.Y("y:Q", title="Fraction of plateau", scale=alt.Scale(zero=False)),
        columns=3,
    )
    title = "MCF-7 oestradiol reporters: measured over simulated"
    return _figure(chart, rows, title, HOW_DRAWN)


def fit_months(frame: pd.DataFrame) -> Figure:
    """MCF-7 growth over each month of continuous palbociclib, one panel per run."""
    rows = _chosen(frame, ["log_fold_over_month"])
    names = {"longterm_12m_curated_by_authors": "12-month run"}
    independent = rows["experiment"].str.extract(r"(\d{4})$")[0] + " run"
    rows["panel"] = rows["experiment"].map(names).fillna(independent)
    rows["x"] = rows["time_h"] / 672.0
    chart = _panels(
        rows,
        _bands(rows, None, start=None),
        order=list(dict.fromkeys(rows["panel"])),
        x=alt.X("x:Q", title="Month on palbociclib 750 nM", axis=alt.Axis(values=[1, 4, 8, 12])),
        y=_fold_axis("Cells over the month's start (fold)", [0.1, 1, 10, 100]),
        columns=2,
        reference=CAPACITY_FOLD,
    )
    title = "MCF-7 under palbociclib for a year: measured over simulated"
    return _figure(chart, rows, title, f"{HOW_DRAWN} Cells are plated anew every month.")


def fit_levels(frame: pd.DataFrame) -> Figure:
    """Single values (westerns, resistant lines): simulated interval and measured point."""
    rows = _chosen(frame, LEVELS)
    day = (rows["time_h"] / 24.0).map(", day {:g}".format)
    rows["label"] = rows["curve"].str.split(" / ").str[1:].str.join(", ") + day
    rows["label"] = rows["label"].str.replace("palbociclib_12m", "12-month line")
    order = list(dict.fromkeys(rows["label"]))
    y = alt.Y("label:N", title=None, sort=order)
    ticks = alt.Axis(values=[0.1, 0.2, 0.5, 1, 2, 5], format="~g")
    ends = [0.9 * rows[["t_lo", "r_lo", "lo"]].min().min(), 1.1 * rows[["t_hi", "hi"]].max().max()]
    scale = alt.Scale(type="log", nice=False, domain=ends)
    title = "Level over day 0 or vehicle; cells over vehicle (fold)"
    x = alt.X("y:Q", title=title, scale=scale, axis=ticks)
    base = alt.Chart(rows)
    band = base.mark_bar(color=SKY, opacity=0.35, height=14).encode(x="lo:Q", x2="hi:Q", y=y)
    median = base.mark_tick(color=MUTED, thickness=2, size=14).encode(x="pred:Q", y=y)
    thin = base.mark_rule(strokeWidth=1, color=INK).encode(x="t_lo:Q", x2="t_hi:Q", y=y)
    thick = base.mark_rule(strokeWidth=3, color=INK).encode(x="r_lo:Q", x2="r_hi:Q", y=y)
    point = base.mark_point(size=55, opacity=1).encode(x=x, y=y, **_role_marks())
    chart = alt.layer(band, median, thin, thick, point).properties(width=420)
    return _figure(chart, rows, "Protein levels and resistant lines", HOW_DRAWN)


def fit_residuals(frame: pd.DataFrame) -> Figure:
    """Residuals by table: their size beside the replicates' noise, and each one in units of it."""
    rows = _residuals(frame)
    table = residual_table(frame)
    order = list(dict.fromkeys(rows["what"]))
    chart = alt.hconcat(_sizes(table, order), _strip(rows, order), spacing=26)
    caption = (
        "Left: root mean square of measured minus simulated median, beside one replicate's "
        "standard deviation (bar) and the spread between experiments (tick); natural-log units "
        "except the oestradiol reporters (fraction of plateau). Right: every point over the "
        "standard deviation of its mean; shaded: one and two."
    )
    sources = list(dict.fromkeys(rows["source"]))
    return Figure(chart, table, "Residuals beside the measurement's noise", caption, sources)


def fit_figures(frame: pd.DataFrame, simulated: pd.DataFrame | None = None) -> dict[str, Figure]:
    """Figures that `frame` has rows for: counts, reporters, doses, months, levels, residuals."""
    made = {
        "counts": (["log_fold_cells"], lambda: fit_counts(frame, simulated)),
        "reporters": (["log_fold_over_control"], lambda: fit_reporters(frame, simulated)),
        "doses": (["fraction_of_plateau"], lambda: fit_doses(frame)),
        "months": (["log_fold_over_month"], lambda: fit_months(frame)),
        "levels": (LEVELS, lambda: fit_levels(frame)),
    }
    figures = {n: make() for n, (names, make) in made.items() if frame["readout"].isin(names).any()}
    return figures | {"residuals": fit_residuals(frame)}


def arm_title(curve: str) -> str:
    """The treatment of a counts curve as a panel's title.

    >>> arm_title("exp04 / E2 10 nM + palbociclib 500 nM")
    'palbociclib 500 nM'
    >>> arm_title("exp01 / E2 10 nM"), arm_title("exp02 / no E2")
    ('vehicle (E2 10 nM)', 'no E2')
    >>> arm_title("17d / E2 10 nM + palbociclib 50 nM + fulvestrant 200 nM")
    'palbociclib 50 + fulvestrant 200 nM'
    """
    arm = curve.split(" / ")[1]
    if arm == "E2 10 nM":
        return "vehicle (E2 10 nM)"
    if arm.startswith("alternating"):
        drug = arm.removeprefix("alternating E2 10 nM + ")
        return f"{drug}, alternating"
    return arm.removeprefix("E2 10 nM + ").replace(" nM + ", " + ")


def _arm_order(rows: pd.DataFrame) -> list[str]:
    """Vehicle, less oestradiol, single drugs by dose, pairs, alternating schedules."""
    first = ["vehicle (E2 10 nM)", "E2 0.01 nM", "no E2"]

    def key(title: str) -> tuple:
        words = title.split()
        numbers = [float(w) for w in words if w.replace(".", "").isdigit()]
        names = " ".join(w for w in words if w.isalpha())
        rank = first.index(title) if title in first else len(first)
        return rank, "alternating" in title, title.count("+"), names, numbers

    return sorted(set(rows["panel"]), key=key)


def _need(frame: pd.DataFrame) -> None:
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise RpointError(
            "the table of targets lacks columns",
            where="plots.fit",
            found="no " + ", ".join(missing),
            allowed=", ".join(NEEDED),
        )


def _chosen(frame: pd.DataFrame, readouts: list[str]) -> pd.DataFrame:
    """The rows of some readouts, with everything back-transformed for drawing."""
    _need(frame)
    rows = frame[frame["readout"].isin(readouts)].copy()
    if rows.empty:
        raise RpointError("no targets to draw", where="plots.fit", allowed=", ".join(readouts))
    log = (rows["scale"] == "log").to_numpy()

    def back(values: pd.Series) -> np.ndarray:
        plain = values.to_numpy(float)
        return np.where(log, np.exp(np.where(log, plain, 0.0)), plain)

    total = sd_total(rows)
    rows["y"] = back(rows["value"])
    rows["r_lo"], rows["r_hi"] = (back(rows["value"] + s * rows["sd_replicate"]) for s in (-1, 1))
    rows["t_lo"], rows["t_hi"] = (back(rows["value"] + s * total) for s in (-1, 1))
    rows["pred"], rows["lo"], rows["hi"] = (back(rows[c]) for c in ("predicted", "lo90", "hi90"))
    return rows.reset_index(drop=True)


def _bands(rows: pd.DataFrame, simulated: pd.DataFrame | None, start: float | None) -> pd.DataFrame:
    """Simulated band by panel and x: the targets' own, or the denser `simulated` ones."""
    if simulated is not None:
        keys = rows[["curve", "readout", "panel"]].drop_duplicates(["curve", "readout"])
        dense = simulated.merge(keys, on=["curve", "readout"])
        per_unit = float((rows["x"] / rows["time_h"]).median())
        dense["x"] = dense["time_h"] * per_unit
        for new, old in (("pred", "predicted"), ("lo", "lo90"), ("hi", "hi90")):
            dense[new] = np.exp(dense[old])
        return dense.groupby(["panel", "x"], as_index=False)[["pred", "lo", "hi"]].mean()
    known = rows[rows["pred"].notna()]
    bands = known.groupby(["panel", "x"], as_index=False)[["pred", "lo", "hi"]].mean()
    if start is None:
        return bands
    zero = pd.DataFrame({"panel": bands["panel"].unique(), "x": 0.0})
    return pd.concat([zero.assign(pred=start, lo=start, hi=start), bands], ignore_index=True)


def _fold_axis(title: str, ticks: list[float]) -> alt.Y:
    scale = alt.Scale(type="log", nice=False)
    return alt.Y("y:Q", title=title, scale=scale, axis=alt.Axis(values=ticks, format="~g"))


def _role_marks() -> dict[str, alt.SchemaBase]:
    """Colour, fill and shape of calibrating and checking points, with one legend."""
    names, colours = list(ROLE_COLOUR), list(ROLE_COLOUR.values())
    legend = alt.Legend(title=None, orient="top")
    return {
        "color": alt.Color("role:N", scale=alt.Scale(domain=names, range=colours), legend=legend),
        "shape": alt.Shape(
            "role:N", scale=alt.Scale(domain=names, range=list(ROLE_SHAPE.values())), legend=legend
        ),
        "fill": alt.Fill(
            "role:N", scale=alt.Scale(domain=names, range=[BLUE, "#ffffff"]), legend=legend
        ),
    }


def _panels(
    rows: pd.DataFrame,
    bands: pd.DataFrame,
    order: list[str],
    x: alt.X,
    y: alt.Y,
    columns: int,
    reference: float | None = None,
) -> alt.FacetChart:
    """Small multiples with common axes: band and median below, bars and points above."""
    kept = ["panel", "x", "y", "r_lo", "r_hi", "t_lo", "t_hi", "role", "experiment"]
    data = pd.concat(
        [bands.assign(what="simulated"), rows[kept].assign(what="measured", reference=reference)]
    )
    base = alt.Chart(data)
    simulated = base.transform_filter("datum.what == 'simulated'")
    measured = base.transform_filter("datum.what == 'measured'")
    layers = [
        simulated.mark_area(color=SKY, opacity=0.35).encode(x=x, y="lo:Q", y2="hi:Q"),
        simulated.mark_line(color=MUTED, strokeWidth=1.5).encode(x=x, y="pred:Q"),
        measured.mark_rule(strokeWidth=1).encode(x=x, y="t_lo:Q", y2="t_hi:Q"),
        measured.mark_rule(strokeWidth=3).encode(x=x, y="r_lo:Q", y2="r_hi:Q"),
        measured.mark_line(strokeWidth=0.8, strokeDash=[2, 2]).encode(x=x, y=y),
        measured.mark_point(size=34, opacity=1).encode(x=x, y=y, **_role_marks()),
    ]
    for i, detail in ((2, []), (3, []), (4, ["experiment:N"])):
        layers[i] = layers[i].encode(color=_role_marks()["color"], detail=["role:N", *detail])
    if reference is not None:
        rule = measured.mark_rule(color=GREY, strokeDash=[1, 3]).encode(y="reference:Q")
        layers.insert(0, rule)
    facet = alt.Facet("panel:N", title=None, sort=order)
    return (
        alt.layer(*layers)
        .properties(width=150, height=115)
        .facet(facet=facet, columns=columns, spacing=16)
    )


def _residuals(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with a prediction: residual, the same over the noise, and whether the band covers it."""
    _need(frame)
    rows = frame[frame["predicted"].notna()].copy()
    if rows.empty:
        raise RpointError(
            "no target has a prediction", where="plots.fit", found="predicted is empty"
        )
    keys = zip(rows["table"], rows["readout"], strict=True)
    rows["what"] = [NAMES.get(key, " ".join(key).replace("_", " ")) for key in keys]
    total = sd_total(rows)
    rows["residual"] = rows["value"] - rows["predicted"]
    rows["per_replicate"] = rows["residual"] / rows["sd_replicate"]
    rows["per_total"] = rows["residual"] / total
    simulated_sd = (rows["hi90"] - rows["lo90"]) / (2 * 1.645)
    rows["inside"] = rows["residual"].abs() <= 1.645 * np.sqrt(simulated_sd**2 + total**2)
    return rows.reset_index(drop=True)


def _rms(values: pd.Series) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _sizes(table: pd.DataFrame, order: list[str]) -> alt.LayerChart | alt.FacetChart:
    """Root mean square residual by table and role, beside the two parts of the noise."""
    base = alt.Chart(table)
    y = alt.Y("what:N", title=None, sort=order)
    offset = alt.YOffset("role:N", sort=list(ROLE_COLOUR))
    title = [
        "Root mean square residual (mark)",
        "one replicate's sd (bar), between experiments (tick)",
    ]
    x = alt.X("rmse:Q", title=title)
    bar = base.mark_bar(color=GREY, opacity=0.35).encode(x="replicate_sd:Q", y=y, yOffset=offset)
    tick = base.mark_tick(color=MUTED, thickness=2).encode(x="between_sd:Q", y=y, yOffset=offset)
    point = base.mark_point(size=60, opacity=1).encode(x=x, y=y, yOffset=offset, **_role_marks())
    return alt.layer(bar, tick, point).properties(width=260, height=alt.Step(17))


def _strip(rows: pd.DataFrame, order: list[str]) -> alt.LayerChart | alt.FacetChart:
    """Every residual over the standard deviation of its measured mean."""
    kept = ["what", "role", "per_total"]
    base = alt.Chart(rows[kept])
    y = alt.Y("what:N", title=None, sort=order, axis=alt.Axis(labels=False, ticks=False))
    offset = alt.YOffset("role:N", sort=list(ROLE_COLOUR))
    shades = pd.DataFrame({"low": [-2, -1], "high": [2, 1]})
    band = alt.Chart(shades).mark_rect(color=GREY, opacity=0.13).encode(x="low:Q", x2="high:Q")
    zero = alt.Chart(shades.head(1)).mark_rule(color=MUTED).encode(x=alt.datum(0))
    x = alt.X("per_total:Q", title="(Measured − simulated) / sd of the measured mean")
    points = base.mark_point(size=26, opacity=0.8).encode(x=x, y=y, yOffset=offset, **_role_marks())
    return alt.layer(band, zero, points).properties(width=340, height=alt.Step(17))


def _figure(chart: alt.TopLevelMixin, rows: pd.DataFrame, title: str, caption: str) -> Figure:
    sources = list(dict.fromkeys(rows["source"]))
    return Figure(chart, rows[NEEDED].reset_index(drop=True), title, caption, sources)
