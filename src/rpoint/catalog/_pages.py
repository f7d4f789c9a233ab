"""The catalogue as Markdown, for the documentation: generated, never written by hand."""

from __future__ import annotations

from typing import Any

from ._bib import Source
from ._entries import Alteration, Drug, Regimen, TumourType
from ._load import quantities
from ._quantity import Quantity

_HEAD = "| number | value | unit | width | grade | source | note |\n|---|---|---|---|---|---|---|"


def page(title: str, entries: tuple[Any, ...]) -> str:
    """One Markdown page: a title and a section for every entry.

    Parameters
    ----------
    title
        The page's heading.
    entries
        Drugs, alterations, tumour types or sources.
    """
    return f"# {title}\n\n" + "\n".join(section(entry) for entry in entries)


def section(entry: Drug | Alteration | TumourType | Source) -> str:
    """The Markdown section of one entry: its line, its numbers, its regimens, its notes."""
    if isinstance(entry, Source):
        seen = entry.fields.get("seen")
        return f"* `{entry.key}` {entry.text()}" + (f" Seen: {seen}." if seen else "") + "\n"
    lines = [f"## {entry.id}", "", str(entry), ""]
    aliases = getattr(entry, "aliases", ())
    if aliases:
        lines += [f"Also: {', '.join(aliases)}.", ""]
    found = list(quantities(entry))
    numbers = [(path, q) for path, q in found if isinstance(q, Quantity)]
    if numbers:
        lines += [_HEAD, *(_row(path, q) for path, q in numbers), ""]
    given = [q for _, q in found if isinstance(q, Regimen)]
    if given:
        lines += [*(f"* `{r.text}` ({r.setting}; {r.grade}, {r.source})" for r in given), ""]
    remarks = (*getattr(entry, "conflicts", ()), *entry.notes)
    if remarks:
        lines += [*(f"> {remark}" for remark in remarks), ""]
    return "\n".join(lines)


def _row(path: str, q: Quantity) -> str:
    note = (q.note or "").replace("|", "\\|")
    return f"| {path} | {q.value:g} | {q.unit} | {q.width()} | {q.grade} | {q.source} | {note} |"
