"""`Page`: sections with text, tables and figures, rendered into one HTML file.

The page knows nothing of claims or tumours: it takes plain data and figures.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from rpoint.errors import RpointError, shorten
from rpoint.plots._figure import Figure, write_whole

RESEARCH_ONLY = "Research use only: no output is advice for a patient."


@dataclass(frozen=True)
class Table:
    """A table of text cells.

    Parameters
    ----------
    columns
        Headings.
    rows
        Text; a cell may be `Markup`.
    title
        Above the table.
    numeric
        Positions of columns set flush right.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str = ""
    numeric: Sequence[int] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame, title: str = "") -> Table:
        """A table from a frame; numbers with three significant digits."""
        numeric = [i for i, kind in enumerate(frame.dtypes) if pd.api.types.is_numeric_dtype(kind)]
        rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
        return cls(list(map(str, frame.columns)), rows, title, numeric)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Section:
    """A block of the page with an anchor.

    Parameters
    ----------
    id
        Anchor.
    title, badge
        Heading and a short word beside it; `tone` colours the badge.
    blocks
        (label, text) in order.
    tables, figures
        Shown after the text.
    small
        Two figures beside each other.
    """

    id: str
    title: str
    badge: str = ""
    tone: str = "plain"
    blocks: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()
    footnote: str = ""
    group: str = ""
    small: bool = False


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    lead: str
    facts: Sequence[tuple[str, str]] = ()
    contents: Table | None = None
    sections: Sequence[Section] = field(default=())
    sources: Sequence[str] = ()


def render(page: Page) -> str:
    """The page as HTML text."""
    return _template().render(
        page=page, research_only=RESEARCH_ONLY, svg=_inline_svg, style=Markup(_asset("page.css"))
    )


def write_page(page: Page, path: str | os.PathLike[str]) -> Path:
    """Write the page; the file appears whole or not at all.

    Raises
    ------
    RpointError
        If the folder does not exist or cannot be written.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise RpointError(
            "the report cannot be written there",
            where=str(target),
            found=f"no folder {shorten(str(target.parent))}",
            mend="name an existing folder that you may write to",
        )
    write_whole(target, render(page).encode("utf-8"))
    return target


def _inline_svg(figure: Figure) -> Markup:
    """The figure as SVG that scales to the column and carries its title for screen readers."""
    text = figure.svg()
    match = re.search(r'<svg[^>]*?width="([\d.]+)"[^>]*?height="([\d.]+)"', text)
    label = Markup.escape(figure.title)
    head = f'<svg role="img" aria-label="{label}"'
    if match:
        head += f' style="max-width:{float(match[1]):.0f}px"'
    return Markup(_own_ids(text).replace("<svg", head, 1))


_COUNTER = iter(range(10**9))


def _own_ids(svg: str) -> str:
    """Prefix the ids of one figure: several figures share one page."""
    prefix = f"f{next(_COUNTER)}-"
    names = set(re.findall(r'\bid="([^"]+)"', svg))
    for name in sorted(names, key=len, reverse=True):
        svg = svg.replace(f'id="{name}"', f'id="{prefix}{name}"')
        svg = svg.replace(f"url(#{name})", f"url(#{prefix}{name})")
        svg = svg.replace(f'href="#{name}"', f'href="#{prefix}{name}"')
    return svg


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    return environment.from_string(_asset("page.html.j2"))


def _asset(name: str) -> str:
    return (files("rpoint.report") / "templates" / name).read_text(encoding="utf-8")
