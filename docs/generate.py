"""Writes the catalogue's pages from the registry, so that they cannot differ from it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from rpoint import catalog
from rpoint.cli.catalogue import label
from rpoint.evidence import registry

TITLES = {"drugs": "Drugs", "alterations": "Alterations", "tumours": "Tumour types"}


def catalogue(folder: Path) -> list[Path]:
    """Write one page for each kind of entry and one with the sources; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {kind: page(title, entries(kind)) for kind, title in TITLES.items()}
    pages["regimens"] = regimens()
    pages["sources"] = sources()
    pages["claims"] = claims()
    return [write(folder / f"{name}.md", text) for name, text in pages.items()]


def write(path: Path, text: str) -> Path:
    """Write a page if it changed, so that a build that changes nothing rebuilds nothing."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def entries(kind: str) -> list:
    """Every entry of a kind, in the catalogue's order."""
    return list(getattr(catalog, kind)())


def page(title: str, found: Iterable) -> str:
    """A page with a section for each entry: its line, its numbers, its notes."""
    parts = [
        f"# {title}",
        "",
        "Generated from the catalogue; `x/÷` is a geometric standard deviation.",
    ]
    for entry in found:
        parts += ["", f"## {entry.id}", "", escape(str(entry)), ""]
        parts += numbers(entry)
        for note in (*getattr(entry, "conflicts", ()), *getattr(entry, "notes", ())):
            parts += ["", f"- {escape(note)}"]
    return "\n".join(parts) + "\n"


def numbers(entry) -> list[str]:
    """A table of an entry's numbers."""
    found = [(p, q) for p, q in catalog.quantities(entry) if isinstance(q, catalog.Quantity)]
    if not found:
        return []
    rows = [
        [label(entry, path), f"{q.value:g}", q.unit, q.width(), q.grade, q.source, q.note or ""]
        for path, q in found
    ]
    return table(["number", "value", "unit", "width", "grade", "source", "note"], rows)


def regimens() -> str:
    """The page of every regimen."""
    rows = [
        [d.id, f"`{r.text}`", r.setting, r.grade, r.source, r.note or ""]
        for d in catalog.drugs()
        for r in d.regimens
    ]
    head = ["drug", "regimen", "setting", "grade", "source", "note"]
    return "\n".join(["# Regimens", "", *table(head, rows)]) + "\n"


def sources() -> str:
    """The page of every source."""
    rows = [[key, catalog.source(key).text()] for key in catalog.names("sources")]
    return "\n".join(["# Sources", "", *table(["key", "source"], rows)]) + "\n"


def claims() -> str:
    """The register of claims, one section for each document."""
    parts = ["# The register of claims", "", "Generated from the register."]
    for study in registry.studies().values():
        parts += ["", f"## {study.name}", "", f"Document: {study.document}."]
        for claim in registry.select(study.id):
            parts += ["", f"### {claim.id} {escape(claim.title)}", "", escape(claim.text), ""]
            parts += [f"- {name}: {escape(text)}" for name, text in details(claim) if text]
    return "\n".join(parts) + "\n"


def details(claim: registry.Claim) -> list[tuple[str, str]]:
    """What the register says of a claim, beside its text."""
    return [
        ("correction", claim.correction),
        ("to show", claim.show),
        (f"counts when ({claim.origin})", claim.acceptance),
        ("if it holds", claim.held),
        ("waits for", claim.waits),
        ("sources", "; ".join(claim.sources)),
    ]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([escape(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def escape(text: str) -> str:
    """Text that Markdown leaves alone, except for code in backticks."""
    flat = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return flat if flat.startswith("`") else flat.replace("*", "\\*").replace("_", "\\_")


if __name__ == "__main__":
    catalogue(Path(sys.argv[1]))
