"""Tumour types of a panel (`types.yaml`): one id each, many names.

>>> panel_type("BRCA"), panel_type("large_intestine"), panel_type("Lung NSCLC"), panel_type("x")
('breast', 'colorectal', 'lung', None)
>>> base_tumour("gastric"), base_tumour("ovary")
('gastric', None)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd

from rpoint.catalog import parse_yaml, tumour
from rpoint.errors import RpointError, nearest_name, unknown_name
from rpoint.panel import frequencies

_SQUEEZE = re.compile(r"[\s_\-/]+")


@dataclass(frozen=True)
class PanelType:
    """One tumour type.

    Attributes
    ----------
    id, name
        Its id, and its name in words.
    tumour
        The entry of the catalogue that gives its cell, or None.
    tcga
        Codes of the TCGA cohorts whose counts stand for it.
    aliases
        Other names.
    """

    id: str
    name: str
    tumour: str | None
    tcga: tuple[str, ...]
    aliases: tuple[str, ...]


@cache
def panel_types() -> dict[str, PanelType]:
    """Every tumour type by id, in the order of the file."""
    text = (files("rpoint.panel") / "types.yaml").read_text(encoding="utf-8")
    found = {}
    for entry in parse_yaml(text, "panel/types.yaml"):
        tcga, aliases = tuple(entry["tcga"]), tuple(entry["aliases"])
        kind = PanelType(entry["id"], entry["name"], entry["tumour"], tcga, aliases)
        found[kind.id] = kind
    return found


def panel_type(text: object) -> str | None:
    """The id of a tumour type from an id, name, alias or TCGA code, or None if it is none."""
    return _names().get(_key(text))


def base_tumour(type_id: str) -> str | None:
    """The catalogue's tumour type behind an id, or None if the catalogue has none.

    Raises
    ------
    RpointError
        For an id that is no tumour type of a panel.
    """
    if type_id not in panel_types():
        raise unknown_name("tumour type", type_id, panel_types())
    return panel_types()[type_id].tumour


def frequency(type_id: str, among: str | None = None) -> pd.DataFrame:
    """How often a tumour type carries each state of each gene: what `?` is drawn from.

    Parameters
    ----------
    type_id
        A tumour type; "" and "other" give the mean over all types.
    among
        "patients", "xenografts" or "lines"; all of them together when left out.

    Returns
    -------
    pandas.DataFrame
        gene, state (mut, loss, amp), fraction (shrunk, see `rpoint.panel.frequencies`; the states
        of one gene add up to at most 1) and n (tumours of the type that were looked at).

    Raises
    ------
    RpointError
        For an id that is no tumour type of a panel, or an unknown `among`.

    >>> table = frequency("colorectal").set_index(["gene", "state"])
    >>> bool(table.loc[("TP53", "mut"), "fraction"] > table.loc[("MDM2", "amp"), "fraction"])
    True
    """
    if type_id and type_id not in panel_types():
        raise unknown_name("tumour type", type_id, panel_types())
    if among is not None and among not in frequencies.AMONG:
        raise unknown_name("kind of tumours", among, frequencies.AMONG, where="among")
    return frequencies.shrunk(type_id, among).copy()


def nearest_type(text: object) -> str | None:
    """The id of the tumour type whose name is nearest to the text, or None if none is near."""
    name = nearest_name(_key(text), _names())
    return None if name is None else _names()[name]


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for entry in panel_types().values():
        known = tumour(entry.tumour) if entry.tumour else None
        of_catalogue = (known.name, *known.aliases) if known else ()
        for name in (entry.id, entry.name, *entry.tcga, *entry.aliases, *of_catalogue):
            if names.setdefault(_key(name), entry.id) != entry.id:
                raise RpointError("panel: one name, two tumour types", found=name)
    return names


def _key(text: object) -> str:
    return _SQUEEZE.sub(" ", str(text)).strip().casefold()
