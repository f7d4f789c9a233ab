"""`rpoint list`, `show` and `cite`: the catalogue with its sources and grades."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from rpoint.cli.command import command
from rpoint.cli.console import Console, cell

KIND_HELP = "drugs, alterations, tumours, regimens, sources or claims."
CLAIMS = "claims"
# What names an item of a list inside an entry.
NAMING = (
    "input",
    "target",
    "handle",
    "operation",
    "measure",
    "alteration",
    "cohort",
    "group",
    "name",
)
Kind = Annotated[str, typer.Argument(metavar="KIND", help=KIND_HELP)]
Name = Annotated[str | None, typer.Argument(metavar="[ID]", help="Id, name or alias.")]


class Style(StrEnum):
    """How sources are printed."""

    text = "text"
    bibtex = "bibtex"
    json = "json"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""

    @command(app, "list", example="rpoint list drugs")
    def list_(
        io: Console,
        kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help=KIND_HELP)] = None,
    ) -> None:
        """List the kinds of entries, or those of one kind."""
        if kind is None:
            rows = [{"kind": k, "entries": len(names(k))} for k in kinds()]
            result: dict[str, Any] = {"kinds": rows}
        else:
            kind = plural(kind)
            rows = [{"id": name, "entry": line(kind, name)} for name in names(kind)]
            result = {"kind": kind, "entries": rows}
        io.table(rows)
        io.deliver(f"list-{kind or 'kinds'}", result)

    @command(app, "show", example="rpoint show drugs palbociclib")
    def show(io: Console, kind: Kind, name: Name = None) -> None:
        """Show an entry's numbers with units and sources.

        Every number has its width and grade; without an ID those of the whole kind are shown.
        """
        from rpoint import catalog

        kind = plural(kind)
        if kind == CLAIMS:
            return show_claims(io, name)
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
        """Print the sources behind an entry, or a whole kind."""
        from rpoint import catalog

        kind = plural(kind)
        if kind == CLAIMS:
            return cite_claims(io, name)
        chosen = names(kind) if name is None else (name,)
        keys = dict.fromkeys(key for one in chosen for key in source_keys(kind, one))
        io.text(catalog.cite(keys, style.value))
        return io.deliver(
            f"cite-{kind}",
            {"kind": kind, "id": name, "sources": [catalog.source(k).to_dict() for k in keys]},
        )


def kinds() -> tuple[str, ...]:
    """The catalogue's kinds and the claims."""
    from rpoint import catalog

    return (*catalog.KINDS, CLAIMS)


def names(kind: str) -> tuple[str, ...]:
    """Every id of a kind."""
    from rpoint import catalog

    if kind != CLAIMS:
        return catalog.names(kind)
    from rpoint.evidence.registry import claims

    return tuple(claims())


def plural(kind: str) -> str:
    """The kind as the catalogue names it; `drug` is taken for `drugs`."""
    from rpoint.errors import unknown_name

    wanted = kind.strip().casefold()
    found = wanted if wanted in kinds() else f"{wanted}s"
    if found not in kinds():
        raise unknown_name("kind of entry", kind, kinds())
    return found


def show_claims(io: Console, name: str | None) -> None:
    """Print claims of the register: what the document says and what must be shown."""
    from dataclasses import asdict

    from rpoint.evidence.registry import select

    chosen = [asdict(claim) for claim in select(claim=name)]
    for claim in chosen:
        io.text("\n".join(f"{key}: {cell(value)}" for key, value in claim.items() if value) + "\n")
    io.deliver("show-claims", {"kind": CLAIMS, "entries": chosen})


def cite_claims(io: Console, name: str | None) -> None:
    """Print the sources of claims, as the register has them."""
    from rpoint.evidence.registry import select

    sources = list(dict.fromkeys(s for claim in select(claim=name) for s in claim.sources))
    io.text("\n".join(sources))
    io.deliver("cite-claims", {"kind": CLAIMS, "id": name, "sources": sources})


def line(kind: str, name: str) -> str:
    """One line about an entry, its id left out where the line begins with it."""
    from rpoint import catalog

    if kind == CLAIMS:
        from rpoint.evidence.registry import claims

        return claims()[name].title
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


def label(entry: Any, path: str) -> str:
    """A number's place in words: list positions are replaced by what stands there.

    >>> from rpoint import catalog
    >>> label(catalog.drug("palbociclib"), "drives.0.potency_cell")
    'drives c_CDK4 potency_cell'
    """
    here, words = entry, []
    for part in path.split("."):
        if not part.isdigit():
            here = here[part] if isinstance(here, dict) else getattr(here, part)
            words.append(part)
            continue
        here = here[int(part)]
        told = (getattr(here, name, None) for name in NAMING)
        words.append(" ".join(str(text) for text in told if text) or part)
    return " ".join(word for word in words if word not in ("value", "parameters"))


def print_entry(io: Console, entry: Any) -> None:
    """The entry's line, a table of its numbers, its notes and its sources."""
    from rpoint import catalog

    io.text(str(entry))
    rows = [
        {
            "number": label(entry, path),
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
