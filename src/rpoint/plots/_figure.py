"""`Figure`: a Vega-Lite chart with its table, caption and sources.

Rendering (PNG, SVG, PDF, HTML) is done by vl-convert inside the process: no browser, no network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert as vlc

from rpoint.errors import RpointError
from rpoint.files import write_bytes

FORMATS = ("png", "svg", "pdf", "html", "json")
VEGA_LITE = "v" + "_".join(str(alt.SCHEMA_VERSION).lstrip("v").split(".")[:2])

# One palette for the whole program (Okabe & Ito 2008: told apart by colour-blind readers).
INK, MUTED, GRID, PAPER = "#1b2a3a", "#5c6b7a", "#e3e8ee", "#ffffff"
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PURPLE, SKY, YELLOW, GREY = "#cc79a7", "#56b4e9", "#b8a900", "#8a97a5"
CATEGORY = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY)
# One colour per treatment, the same in every figure.
TREATMENT_COLOUR = {
    "vehicle": MUTED,
    "CDK4/6i": BLUE,
    "MDM2i": ORANGE,
    "AKTi": PURPLE,
    "fulvestrant": SKY,
    "CDK4/6i + MDM2i": GREEN,
    "CDK4/6i + AKTi": RED,
    "CDK4/6i + fulvestrant": "#4b5fa8",
    "AKTi + fulvestrant": "#9a6bb5",
    "CDK4/6i + fulvestrant + AKTi": "#7a1f1f",
}
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

THEME: dict[str, Any] = {
    "background": PAPER,
    "font": FONT,
    "title": {
        "color": INK,
        "fontSize": 13,
        "fontWeight": 600,
        "anchor": "start",
        "subtitleColor": MUTED,
        "subtitleFontSize": 11,
        "offset": 10,
    },
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": 500,
        "gridColor": GRID,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "titlePadding": 6,
        "labelLimit": 260,
    },
    "legend": {"labelFontSize": 11, "titleFontSize": 11, "labelColor": INK, "labelLimit": 260},
    "header": {"labelFontSize": 11, "titleFontSize": 11, "labelColor": INK},
    "view": {"stroke": None},
    "range": {"category": list(CATEGORY)},
    "line": {"strokeWidth": 2},
}


@dataclass(frozen=True)
class Figure:
    """A chart, the table behind it and what it rests on.

    Parameters
    ----------
    chart
        An Altair chart or a Vega-Lite specification.
    table
        The numbers drawn, one row per mark.
    title
        One line for lists of figures.
    caption
        What the figure shows, with units and the meaning of bands.
    sources
        Citation keys or citations of the data drawn.
    """

    chart: alt.TopLevelMixin | dict[str, Any]
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    title: str = ""
    caption: str = ""
    sources: Sequence[str] = ()

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification with the house theme, as plain data."""
        if isinstance(self.chart, dict):
            spec = dict(self.chart)
        else:
            with alt.data_transformers.disable_max_rows():
                spec = self.chart.to_dict()
        spec["config"] = {**THEME, **_own_config(spec)}
        return spec

    def svg(self) -> str:
        """The figure as SVG text."""
        return vlc.vegalite_to_svg(self.spec(), vl_version=VEGA_LITE)

    def png(self, scale: float = 2.0) -> bytes:
        """The figure as PNG; `scale` 2 is sharp on screens, 4 in print."""
        return vlc.vegalite_to_png(self.spec(), vl_version=VEGA_LITE, scale=scale)

    def pdf(self) -> bytes:
        """The figure as a one-page PDF."""
        return vlc.vegalite_to_pdf(self.spec(), vl_version=VEGA_LITE)

    def html(self) -> str:
        """A page with the interactive figure and its libraries inside: works offline."""
        return vlc.vegalite_to_html(self.spec(), vl_version=VEGA_LITE, bundle=True)

    def json(self) -> str:
        """The specification, data included, as JSON text."""
        return json.dumps(self.spec(), ensure_ascii=False, indent=1, default=str)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the figure in the format that the suffix of `path` names.

        Parameters
        ----------
        path
            File ending in .png, .svg, .pdf, .html or .json.

        Returns
        -------
        pathlib.Path
            The file written.  It appears whole or not at all.

        Raises
        ------
        RpointError
            For another suffix, or a folder that does not exist.
        """
        target = Path(path)
        render = self._renderer(target)
        content = render()
        data = content.encode("utf-8") if isinstance(content, str) else content
        write_whole(target, data)
        return target

    def _renderer(self, target: Path) -> Callable[[], str | bytes]:
        kind = target.suffix.lstrip(".").lower()
        if kind not in FORMATS:
            raise RpointError(
                "a figure cannot be written in this format",
                where=str(target),
                found=target.suffix or "no suffix",
                allowed=", ".join("." + name for name in FORMATS),
            )
        return getattr(self, kind)

    def to_frame(self) -> pd.DataFrame:
        """A copy of the numbers drawn."""
        return self.table.copy()

    def cite(self) -> list[str]:
        """The sources of the data drawn."""
        return list(self.sources)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Figure({self.title!r}, {len(self.table)} rows)"


def _own_config(spec: dict[str, Any]) -> dict[str, Any]:
    """The chart's own configuration without Altair's default theme."""
    config = dict(spec.get("config") or {})
    if config.get("view") == {"continuousHeight": 300, "continuousWidth": 300}:
        config.pop("view")
    return config


def write_whole(target: Path, data: bytes) -> None:
    """Write `data` to `target` under a temporary name, then rename it.

    Raises
    ------
    RpointError
        If the folder does not exist or cannot be written.
    """
    try:
        write_bytes(target, data)
    except OSError as error:
        raise RpointError(
            "the file cannot be written there",
            where=str(target),
            found=error.strerror,
            mend="name an existing folder that you may write to",
        ) from None
