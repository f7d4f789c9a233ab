"""The genes that a panel may name, and other names for them (`genes.yaml`).

>>> gene("HDM2"), gene("p16"), gene("her2"), gene("TPP53")
('MDM2', 'CDKN2A', 'ERBB2', None)
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from rpoint.catalog import parse_yaml
from rpoint.errors import RpointError

_SQUEEZE = re.compile(r"[\s_\-]+")


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    text = (files("rpoint.panel") / "genes.yaml").read_text(encoding="utf-8")
    return parse_yaml(text, "panel/genes.yaml")


def genes() -> tuple[str, ...]:
    """Every gene that a panel may name, by HGNC symbol: those that act on the model first."""
    return tuple(symbol for group in _table().values() for symbol in group)


def acting_genes() -> tuple[str, ...]:
    """The genes whose alterations the catalogue turns into parameters of the cell model."""
    return tuple(_table()["acting"])


def gene(name: str) -> str | None:
    """The HGNC symbol of a name or alias (letter case, blanks, `-`, `_` ignored), or None."""
    return _names().get(_key(name))


@cache
def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for group in _table().values():
        for symbol, aliases in group.items():
            for name in (symbol, *aliases):
                if found.setdefault(_key(name), symbol) != symbol:
                    raise RpointError("panel: one name, two genes", found=name)
    return found


def gene_names() -> tuple[str, ...]:
    """Every accepted name in lower case, without blanks and hyphens."""
    return tuple(_names())


def _key(name: str) -> str:
    return _SQUEEZE.sub("", str(name)).casefold()
