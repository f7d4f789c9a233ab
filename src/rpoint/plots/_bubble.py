"""The bubble plot of a meta-regression, made from tables alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from rpoint.plots._figure import BLUE, GREY, INK, MUTED, Figure
from rpoint.plots._rows import wrapped

WIDTH, HEIGHT = 520, 320
LETTER, LINE = 5.6, 12  # px of a letter and a line of a label
# Where a label may stand about its circle: (dx, dy, align).
PLACES: tuple[tuple[int, int, Any], ...] = (
    (9, -8, "left"),
    (9, 12, "left"),
    (-9, -8, "right"),
    (-9, 12, "right"),
    (0, -16, "center"),
)


def bubble(
    studies: pd.DataFrame,
    band: pd.DataFrame,
    *,
    covariate: str,
    title: str = "",
    note: str = "",
    percent: bool | None = None,
    sources: Sequence[str] = (),
) -> Figure:
    """Incidence against a covariate, with the fitted line, its interval and the prediction band.

    Parameters
    ----------
    studies
        study, n, estimate, lo, hi (fractions), covariate.
    band
        covariate, estimate, lo, hi, pi_lo, pi_hi (fractions).
    covariate
        Title of the horizontal axis.
    percent
        Draw the covariate in percent; left out, where all its values lie between 0 and 1.
    """
    if percent is None:
        percent = bool(studies["covariate"].between(0, 1).all())
    points, line = _scaled(studies, percent), _scaled(band, percent)
    top = min(100.0, float(np.ceil(max(points["hi"].max(), line["hi"].max()) / 10) * 10))
    left, right = _ends(points)
    points = _placed(points, (left, right), top)
    x = alt.X(
        "covariate:Q", title=f"{covariate}, %" if percent else covariate,
        scale=alt.Scale(domain=[left, right], nice=False, zero=False),
    )  # fmt: skip
    y = alt.Scale(domain=[0, top], clamp=True)
    layers = [*_bands(line, x, y), *_circles(points, x, y), *_labels(points, x, y)]
    heading = alt.TitleParams(
        text=title or f"Incidence on {covariate}", subtitle=wrapped(note.splitlines(), 95)
    )
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=heading)
    caption = (
        "Each circle a study, area by patients, with its exact interval; line: fitted mean, blue "
        "band: its interval, grey band: prediction of a further study. A slope between studies is "
        "no risk of individuals. " + note.replace("\n", " ")
    )
    return Figure(chart, table=studies, title=title or "bubble plot", caption=caption,
                  sources=sources)  # fmt: skip


def _ends(points: pd.DataFrame) -> tuple[float, float]:
    """The horizontal axis, with the intervals of the covariate on it."""
    low = points.get("covariate_lo", points["covariate"]).min()
    high = points.get("covariate_hi", points["covariate"]).max()
    edge = 0.04 * (high - low or 1.0)
    return (max(0.0, low - edge) if low >= 0 else low - edge), high + edge


def _bands(line: pd.DataFrame, x: alt.X, y: alt.Scale) -> list[alt.Chart]:
    base = alt.Chart(line).encode(x=x)
    wide = base.mark_area(color=GREY, opacity=0.18)
    narrow = base.mark_area(color=BLUE, opacity=0.22)
    middle = base.mark_line(color=BLUE)
    return [
        wide.encode(y=alt.Y("pi_lo:Q", scale=y, title="incidence, %"), y2="pi_hi:Q"),
        narrow.encode(y=alt.Y("lo:Q", scale=y), y2="hi:Q"),
        middle.encode(y=alt.Y("estimate:Q", scale=y)),
    ]


def _circles(points: pd.DataFrame, x: alt.X, y: alt.Scale) -> list[alt.Chart]:
    base = alt.Chart(points)
    rule: dict[str, Any] = {"color": MUTED, "strokeWidth": 1, "opacity": 0.7}
    sizes = alt.Size(
        "n:Q", title="patients", scale=alt.Scale(range=[30, 400], zero=True),
        legend=alt.Legend(values=_legend(points["n"])),
    )  # fmt: skip
    at = alt.Y("estimate:Q", scale=y)
    layers = [base.mark_rule(**rule).encode(x=x, y=alt.Y("lo:Q", scale=y), y2="hi:Q")]
    if "covariate_lo" in points:
        layers.append(base.mark_rule(**rule).encode(x="covariate_lo:Q", x2="covariate_hi:Q", y=at))
    layers.append(base.mark_circle(color=INK, opacity=0.75).encode(x=x, y=at, size=sizes))
    return layers


def _legend(n: pd.Series) -> list[float]:
    """Two or three round numbers of patients."""
    top = float(n.max())
    step = 10 ** np.floor(np.log10(top)) / 2
    found = [step * k for k in (1, 2, 4, 8, 16) if step * k <= top]
    return found[-3:]


def _labels(points: pd.DataFrame, x: alt.X, y: alt.Scale) -> list[alt.Chart]:
    layers = []
    for place, (dx, dy, align) in enumerate(PLACES):
        here = points[points["place"] == place]
        text = alt.Chart(here).mark_text(align=align, dx=dx, dy=dy, fontSize=10, color=INK)
        layers.append(text.encode(x=x, y=alt.Y("estimate:Q", scale=y), text="study:N"))
    return layers


def _placed(points: pd.DataFrame, ends: tuple[float, float], top: float) -> pd.DataFrame:
    """Each label where it covers nothing; −1 (left out) where there is no such place."""
    across = WIDTH * (points["covariate"] - ends[0]) / (ends[1] - ends[0])
    down = HEIGHT * (1 - points["estimate"] / top)
    taken = [(px - 7, py - 7, px + 7, py + 7) for px, py in zip(across, down, strict=True)]
    places = []
    for px, py, name in zip(across, down, points["study"], strict=True):
        free = [(_box(px, py, str(name), p), i) for i, p in enumerate(PLACES)]
        fit = [
            (box, i) for box, i in free if _inside(box) and not any(_meet(box, t) for t in taken)
        ]
        places.append(fit[0][1] if fit else -1)
        if fit:
            taken.append(fit[0][0])
    return points.assign(place=places)


Box = tuple[float, float, float, float]


def _box(px: float, py: float, name: str, place: tuple[int, int, str]) -> Box:
    dx, dy, align = place
    width = LETTER * len(name)
    left = px + dx - {"left": 0.0, "right": width, "center": width / 2}[align]
    return left, py + dy - LINE / 2, left + width, py + dy + LINE / 2


def _inside(box: Box) -> bool:
    return box[0] >= 0 and box[2] <= WIDTH + 60 and box[1] >= 0 and box[3] <= HEIGHT


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _scaled(table: pd.DataFrame, percent: bool) -> pd.DataFrame:
    shown = table.copy()
    for name in {"estimate", "lo", "hi", "pi_lo", "pi_hi"} & set(shown.columns):
        shown[name] = 100 * shown[name].astype(float)
    if percent:
        for name in {"covariate", "covariate_lo", "covariate_hi"} & set(shown.columns):
            shown[name] = 100 * shown[name].astype(float)
    return shown
