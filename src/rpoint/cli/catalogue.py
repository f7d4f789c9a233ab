"""`rpoint list`, `show` and `cite`: the catalogue with its sources and grades."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console

Kind = Annotated[str, typer.Argument(help="drugs, alterations, tumours, regimens or sources.")]
Name = Annotated[str | None, typer.Argument(metavar="[ID]", help="Id, name or alias.")]


class Style(StrEnum):
    """How sources are printed."""

    text = "text"
    bibtex = "bibtex"
    json = "json"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""

    @command(app, "list", example="rpoint list drugs")
    def list_(io: Console, kind: Annotated[str | None, typer.Argument()] = None) -> None:
        """List the kinds of entries, or the entries of one KIND."""
        from rpoint import catalog

        if kind is None:
            rows = [{"kind": k, "entries": len(catalog.names(k))} for k in catalog.KINDS]
            result: dict[str, Any] = {"kinds": rows}
        else:
            kind = plural(kind)
            rows = [{"id": name, "entry": line(kind, name)} for name in catalog.names(kind)]
            result = {"kind": kind, "entries": rows}
        io.table(rows)
        io.deliver(f"list-{kind or 'kinds'}", result)

    @command(app, "show", example="rpoint show drugs palbociclib")
    def show(io: Console, kind: Kind, name: Name = None) -> None:
        """Show every number of an entry (or of all of a KIND) with unit, width, grade, source."""
        from rpoint import catalog

        kind = plural(kind)
        if name is None:
            rows = catalog.to_frame(kind).to_dict("records")
            io.table(rows)
            return io.deliver(f"show-{kind}", {"kind": kind, "numbers": rows})
        entry = catalog.entry(kind, name)
        entries = entry if isinstance(entry, tuple) else (entry,)
        for one in entries:
            print_entry(io, one)
        return io.deliver(
            f"show-{kind}-{name}", {"kind": kind, "entries": [e.to_dict() for e in entries]}
        )

    @command(app, "cite", example="rpoint cite drugs palbociclib --style bibtex")
    def cite(io: Console, kind: Kind, name: Name = None, style: Style = Style.text) -> None:
        """Print the sources that an entry (or all of a KIND) rests on."""
        from rpoint import catalog

        kind = plural(kind)
        names = catalog.names(kind) if name is None else (name,)
        keys = dict.fromkeys(key for one in names for key in source_keys(kind, one))
        io.text(catalog.cite(keys, style.value))
        io.deliver(
            f"cite-{kind}",
            {"kind": kind, "id": name, "sources": [catalog.source(k).to_dict() for k in keys]},
        )


def plural(kind: str) -> str:
    """The kind as the catalogue names it; `drug` is taken for `drugs`."""
    from rpoint import catalog
    from rpoint.errors import unknown_name

    wanted = kind.strip().casefold()
    found = wanted if wanted in catalog.KINDS else f"{wanted}s"
    if found not in catalog.KINDS:
        raise unknown_name("kind of entry", kind, catalog.KINDS)
    return found


def line(kind: str, name: str) -> str:
    """One line about an entry, its id left out where the line begins with it."""
    from rpoint import catalog

    if kind == "regimens":
        drug, _, text = name.partition(": ")
        found = next(r for r in catalog.regimens(drug) if r.text == text)
        return f"{found.setting}; {found.grade}, {found.source}"
    entry = catalog.entry(kind, name.replace("=N", "=2"))
    if name.endswith(":cn=N"):
        return str(entry).partition(": ")[2].replace("set 1", "set N / 2")
    return str(entry).removeprefix(f"{entry_id(entry)}: ")


def entry_id(entry: Any) -> str:
    """The id of an entry, the key of a source."""
    return getattr(entry, "id", None) or entry.key


def source_keys(kind: str, name: str) -> tuple[str, ...]:
    """The sources behind an entry; a source is its own."""
    from rpoint import catalog

    if kind == "sources":
        return (catalog.source(name).key,)
    if kind == "regimens":
        return catalog.sources_of(catalog.regimens(name.partition(": ")[0]))
    return catalog.sources_of(catalog.entry(kind, name.replace("=N", "=2")))


def print_entry(io: Console, entry: Any) -> None:
    """The entry's line, a table of its numbers, its notes and its sources."""
    from rpoint import catalog

    io.text(str(entry))
    rows = [
        {
            "number": path,
            "value": f"{q.value:g}",
            "unit": q.unit,
            "width": q.width(),
            "grade": q.grade,
            "source": q.source,
            "note": q.note,
        }
        for path, q in catalog.quantities(entry)
        if isinstance(q, catalog.Quantity)
    ]
    io.table(rows)
    for note in (*getattr(entry, "conflicts", ()), *getattr(entry, "notes", ())):
        io.text(f"note: {note}")
    keys = catalog.sources_of(entry)
    if keys:
        io.text("sources:\n" + catalog.cite(keys))
