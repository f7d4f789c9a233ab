"""The drug names that a regimen may use: ids, names and aliases of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from rpoint.errors import nearest_name

_ROUTES_OF_STRUCTURE = {"oral": "po", "iv": "iv", "im": "im", "sc": "sc"}


@dataclass(frozen=True)
class NameBook:
    """Spelling (case folded) -> id, and id -> the route used where none is written."""

    ids: Mapping[str, str]
    routes: Mapping[str, str]

    @classmethod
    def of(cls, drugs: Iterable[object]) -> NameBook:
        """From catalogue entries (id, name, aliases, pk_human.structure) or bare ids."""
        ids: dict[str, str] = {}
        routes: dict[str, str] = {}
        for drug in drugs:
            if isinstance(drug, str):
                ids[spelling(drug)] = drug
                continue
            name: str = drug.id  # type: ignore[attr-defined]
            for word in (name, drug.name, *drug.aliases):  # type: ignore[attr-defined]
                ids[spelling(word)] = name
            pk = drug.pk_human  # type: ignore[attr-defined]
            kind = "" if pk is None else pk.structure.split("_")[0]
            routes[name] = _ROUTES_OF_STRUCTURE.get(kind, "po")
        return cls(ids, routes)

    def find(self, word: str) -> str | None:
        """The id of a spelling, or None."""
        return self.ids.get(spelling(word))

    def route(self, drug: str) -> str:
        """The route where none is written."""
        return self.routes.get(drug, "po")

    def nearest(self, word: str) -> str | None:
        """The nearest known spelling, as an id."""
        near = nearest_name(word, self.ids)
        return None if near is None else self.ids[near]

    def known(self) -> list[str]:
        """All ids."""
        return sorted(set(self.ids.values()))


def spelling(word: str) -> str:
    """One form for the spellings of a name: letter case, spaces, '-' and '_' do not count.

    >>> spelling("Nutlin-3a") == spelling("nutlin 3A")
    True
    """
    return "".join(c for c in word.casefold() if c not in " -_")


@cache
def catalogue_names() -> NameBook:
    """The names of the shipped catalogue."""
    from rpoint import catalog

    return NameBook.of(catalog.drugs())
