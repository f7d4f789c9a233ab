"""The sources of the catalogue: a small reader and writer of BibTeX, and `cite`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from rpoint.errors import RpointError, unknown_name

from ._quantity import Entry

_START = re.compile(r"@(\w+)\s*\{\s*([^,\s]+)\s*,")
_END = re.compile(r"\s*\}")
_FIELD = re.compile(r"\s*(\w+)\s*=\s*")


class Source(Entry):
    """One source: BibTeX type, key and fields; `licence` is that of the data that were used."""

    key: str
    type: str
    fields: dict[str, str]

    def text(self) -> str:
        """The source as one line of plain text."""
        f = self.fields
        parts = [f.get("author", ""), f"({f['year']})" if "year" in f else "", f.get("title", "")]
        where = f.get("journal") or f.get("publisher") or f.get("howpublished") or ""
        if "volume" in f:
            where += f" {f['volume']}" + (f":{f['pages']}" if "pages" in f else "")
        parts.append(where)
        if "doi" in f:
            parts.append(f"doi:{f['doi']}")
        elif "url" in f:
            parts.append(f["url"])
        if "licence" in f:
            parts.append(f"Data: {f['licence']}")
        return ". ".join(p.strip(" .") for p in parts if p.strip(" .")) + "."

    def bibtex(self) -> str:
        """The source as a BibTeX entry."""
        body = ",\n".join(f"  {k} = {{{v}}}" for k, v in self.fields.items())
        return f"@{self.type}{{{self.key},\n{body}\n}}"

    def __str__(self) -> str:
        return f"{self.key}: {self.text()}"

    def __repr__(self) -> str:
        return f"<Source {self}>"


def _braced(text: str, at: int, where: str) -> tuple[str, int]:
    """The content of the braces that open at `at`, and the position after them."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] == "{":
            depth += 1
        elif text[i] == "}":
            depth -= 1
            if depth == 0:
                return text[at + 1 : i], i + 1
    raise RpointError("BibTeX: a brace is never closed", where=where, found=text[at : at + 60])


def parse_bibtex(text: str, where: str = "sources.bib") -> dict[str, Source]:
    """Read BibTeX whose field values stand in braces; lines outside entries are comments.

    Raises
    ------
    RpointError
        For a key that appears twice or a field without braces.
    """
    found: dict[str, Source] = {}
    at = 0
    while match := _START.search(text, at):
        kind, key = match.group(1).lower(), match.group(2)
        at = match.end()
        fields: dict[str, str] = {}
        while field := _FIELD.match(text, at):
            at = field.end()
            if at >= len(text) or text[at] != "{":
                raise RpointError("BibTeX: a value must stand in braces", where=where, found=key)
            value, at = _braced(text, at, where)
            fields[field.group(1).lower()] = " ".join(value.split())
            at = at + 1 if text[at : at + 1] == "," else at
        end = _END.match(text, at)
        if end is None:
            raise RpointError("BibTeX: an entry is not closed", where=where, found=key)
        at = end.end()
        if key in found:
            raise RpointError("BibTeX: a key appears twice", where=where, found=key)
        found[key] = Source(key=key, type=kind, fields=fields)
    return found


def format_sources(keys: Iterable[str], sources: dict[str, Source], style: str = "text") -> str:
    """The named sources, each once, in the order of first mention.

    Parameters
    ----------
    style
        "text", "bibtex" or "json" (a list of {key, type, fields}).
    """
    chosen = []
    for key in dict.fromkeys(keys):
        if key not in sources:
            raise unknown_name("source", key, sources)
        chosen.append(sources[key])
    if style == "text":
        return "\n".join(s.text() for s in chosen)
    if style == "bibtex":
        return "\n\n".join(s.bibtex() for s in chosen)
    if style == "json":
        return json.dumps([s.to_dict() for s in chosen], ensure_ascii=False, indent=1)
    raise unknown_name("citation style", style, ("text", "bibtex", "json"))
