"""Reads the catalogue's files; each once, when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from pydantic import ValidationError

from rpoint.errors import RpointError, unknown_name

from ._bib import Source, parse_bibtex
from ._entries import Alteration, Drug, TumourType
from ._quantity import ALTERATION_PATTERN, Entry
from ._yaml import parse

E = TypeVar("E", bound=Entry)
_DATA = files("rpoint.catalog") / "data"


def _read(*parts: str) -> str:
    return _DATA.joinpath(*parts).read_text(encoding="utf-8")


def _build(kind: type[E], content: Any, where: str) -> E:
    """The entry of a file's content; errors name the path to the bad key."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(p) for p in first["loc"])
        raise RpointError(
            f"catalogue entry: {first['msg']}",
            where=f"{where}, {path or 'top level'}",
            found=first.get("input"),
            mend="the keys and rules of an entry are in rpoint.catalog._entries and ._quantity",
        ) from None


@cache
def drug_ids() -> tuple[str, ...]:
    """Every drug's id, in order."""
    folder = _DATA / "drugs"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


@cache
def load_drug(drug_id: str) -> Drug:
    """One drug by its exact id."""
    where = f"drugs/{drug_id}.yaml"
    found = _build(Drug, parse(_read("drugs", f"{drug_id}.yaml"), where), where)
    if found.id != drug_id:
        raise RpointError("catalogue entry: id and file name differ", where=where, found=found.id)
    return found


@cache
def drug_names() -> dict[str, str]:
    """Every name in lower case (id, name, alias) to its id; a name of two drugs is an error."""
    names: dict[str, str] = {}
    for drug_id in drug_ids():
        entry = load_drug(drug_id)
        for name in (entry.id, entry.name, *entry.aliases):
            if names.setdefault(name.casefold(), drug_id) != drug_id:
                raise RpointError("catalogue: one name, two drugs", found=name)
    return names


@cache
def load_alterations() -> dict[str, Alteration]:
    """Every alteration by id; `MDM2:cn` stands for any copy number."""
    found: dict[str, Alteration] = {}
    for name in sorted(f.name for f in (_DATA / "alterations").iterdir()):
        for content in parse(_read("alterations", name), f"alterations/{name}"):
            entry = _alteration(content, f"alterations/{name}, {content.get('id')}")
            if entry.id in found:
                raise RpointError("catalogue: an alteration appears twice", found=entry.id)
            found[entry.id] = entry
    return found


def _alteration(content: Any, where: str) -> Alteration:
    entry = _build(Alteration, content, where)
    if not ALTERATION_PATTERN.match(entry.id) or entry.id != f"{entry.gene}:{entry.state}":
        raise RpointError("catalogue: an alteration's id is GENE:state", where=where)
    return entry


@cache
def tumour_ids() -> tuple[str, ...]:
    """Every tumour type's id, in order."""
    folder = _DATA / "tumours"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


@cache
def load_tumour(tumour_id: str) -> TumourType:
    """One tumour type by its exact id."""
    where = f"tumours/{tumour_id}.yaml"
    found = _build(TumourType, parse(_read("tumours", f"{tumour_id}.yaml"), where), where)
    if found.id != tumour_id:
        raise RpointError("catalogue entry: id and file name differ", where=where, found=found.id)
    return found


@cache
def tumour_names() -> dict[str, str]:
    """Every name in lower case (id, name, alias) to its id."""
    names: dict[str, str] = {}
    for tumour_id in tumour_ids():
        entry = load_tumour(tumour_id)
        for name in (entry.id, entry.name, *entry.aliases):
            if names.setdefault(name.casefold(), tumour_id) != tumour_id:
                raise RpointError("catalogue: one name, two tumour types", found=name)
    return names


@cache
def load_sources() -> dict[str, Source]:
    """Every source by key."""
    return parse_bibtex(_read("sources.bib"))


def quantities(entry: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every (path, Quantity or Regimen) inside an entry: everything that carries a source."""
    if isinstance(entry, Entry):
        if hasattr(entry, "source"):
            yield path, entry
            return
        children = [(name, getattr(entry, name)) for name in type(entry).model_fields]
    elif isinstance(entry, dict):
        children = list(entry.items())
    elif isinstance(entry, tuple | list):
        children = [(str(i), child) for i, child in enumerate(entry)]
    else:
        return
    for name, child in children:
        yield from quantities(child, f"{path}.{name}" if path else str(name))


def resolve(kind: str, name: str, names: dict[str, str]) -> str:
    """The id behind a name, letter case ignored; the nearest names are in the error."""
    try:
        return names[str(name).strip().casefold()]
    except KeyError:
        raise unknown_name(kind, name, names) from None
