"""The facts that R-point rests on, each with unit, source, grade and uncertainty.

The catalogue holds drugs, alterations, tumour types and sources, as YAML and BibTeX.  Nothing is
computed here beyond unit conversion and the sum over active metabolites.

>>> from rpoint import catalog
>>> catalog.drug("LEE011")                                 # any alias, letter case ignored
<Drug ribociclib: CDK4/6 inhibitor; drives c_CDK4, c_CDK6; oral_2cmt>
>>> d = catalog.drug("palbociclib")
>>> d.pk_human.typical()["CL_F"]                           # h, L, mg whatever the file's unit
57.13
>>> d.drives[0].input, d.drives[0].potency_cell.unit       # c = Cu / K
('c_CDK4', 'nM')
>>> round(d.unbound_nM(82.0), 1)                           # 82 ng/mL in plasma, unbound nM
27.5
>>> catalog.alteration("MDM2:cn=12").effects[0].value.value
6.0
>>> catalog.genotype("breast", ["RB1:loss"])["g_RB1"]
0.0

What a drug entry has: `id name aliases drug_class kind formula molecular_weight targets drives
fu_human fu_mouse pk_human pk_mouse metabolites regimens exposures conflicts notes`.
`pk_human.structure` is one of oral_1cmt, oral_1cmt_lag, oral_2cmt, oral_2cmt_transit, iv_2cmt,
im_depot; `.typical()` and `.variability()` give plain floats (h, L; CV as fraction); `pk_mouse` is
per kg body weight, or None where a mouse arm makes no sense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rpoint.errors import RpointError, unknown_name

from ._bib import Source, format_sources
from ._entries import (
    CELL_INPUTS,
    HANDLES,
    PK_STRUCTURES,
    PK_UNITS,
    PK_UNITS_PER_KG,
    REFERENCE_HANDLES,
    Alteration,
    Counts,
    Drive,
    Drug,
    Effect,
    Exposure,
    Frequency,
    Growth,
    Metabolite,
    Pharmacokinetics,
    Regimen,
    Target,
    TumourType,
)
from ._load import (
    drug_ids,
    drug_names,
    load_alterations,
    load_drug,
    load_sources,
    load_tumour,
    quantities,
    resolve,
    tumour_ids,
    tumour_names,
)
from ._pages import page
from ._quantity import GRADES, UNITS, Entry, Quantity
from ._yaml import parse as parse_yaml

KINDS: tuple[str, ...] = ("drugs", "alterations", "tumours", "regimens", "sources")

__all__ = [
    "CELL_INPUTS",
    "GRADES",
    "HANDLES",
    "KINDS",
    "PK_STRUCTURES",
    "PK_UNITS",
    "PK_UNITS_PER_KG",
    "REFERENCE_HANDLES",
    "UNITS",
    "Alteration",
    "Counts",
    "Drive",
    "Drug",
    "Effect",
    "Entry",
    "Exposure",
    "Frequency",
    "Growth",
    "Metabolite",
    "Pharmacokinetics",
    "Quantity",
    "Regimen",
    "Source",
    "Target",
    "TumourType",
    "alteration",
    "alterations",
    "cite",
    "drug",
    "drugs",
    "entry",
    "genotype",
    "markdown",
    "names",
    "parse_yaml",
    "quantities",
    "regimens",
    "search",
    "source",
    "sources_of",
    "to_frame",
    "tumour",
    "tumours",
]


def drug(name: str) -> Drug:
    """The drug of an id, name or alias, letter case ignored.

    Raises
    ------
    RpointError
        Unknown name; the nearest is given.
    """
    key = str(name).strip().casefold()
    if key in drug_ids():
        return load_drug(key)
    return load_drug(resolve("drug", name, drug_names()))


def drugs() -> tuple[Drug, ...]:
    """Every drug, by id."""
    return tuple(load_drug(i) for i in drug_ids())


def tumour(name: str) -> TumourType:
    """The tumour type of an id, name or alias, letter case ignored."""
    return load_tumour(resolve("tumour type", name, tumour_names()))


def tumours() -> tuple[TumourType, ...]:
    """Every tumour type, by id."""
    return tuple(load_tumour(i) for i in tumour_ids())


def alteration(text: str) -> Alteration:
    """The alteration `GENE:state`, as in `RB1:loss` or `MDM2:cn=12`.

    A copy number N sets the gene's handle to N / 2.

    Raises
    ------
    RpointError
        Unknown gene, unknown state of a known gene, or a copy number outside 0 to 200.
    """
    every = load_alterations()
    gene, colon, state = str(text).strip().partition(":")
    gene, state = gene.strip().upper(), state.strip()
    genes = {a.gene for a in every.values()}
    if gene not in genes:
        raise unknown_name("gene", gene, sorted(genes), where=f"alteration {text!r}")
    states = sorted(a.state for a in every.values() if a.gene == gene)
    if state.lower().startswith("cn=") and "cn" in states:
        return _copy_number(every[f"{gene}:cn"], state[3:])
    if not colon or state.lower() not in states or state.lower() == "cn":
        allowed = [f"{gene}:{s}" + ("=N" if s == "cn" else "") for s in states]
        raise unknown_name("alteration", text, allowed)
    return every[f"{gene}:{state.lower()}"]


def _copy_number(template: Alteration, number: str) -> Alteration:
    """The alteration `GENE:cn=N` of the template `GENE:cn` (whose effect is per two copies)."""
    try:
        copies = float(number)
    except ValueError:
        copies = -1.0
    if not 0 <= copies <= 200:
        raise RpointError(
            "copy number out of range",
            found=f"{template.gene}:cn={number}",
            allowed="0 to 200",
            mend="give the absolute number of copies; 2 is normal",
        )
    scale = copies / 2.0
    effects = tuple(
        e.model_copy(
            update={
                "value": e.value.model_copy(
                    update={
                        "value": scale,
                        "gsd": None,
                        "cv": None,
                        "range": (scale * 0.75, scale * 1.25),
                    }
                )
            }
        )
        for e in template.effects
    )
    return template.model_copy(update={"id": f"{template.gene}:cn={copies:g}", "effects": effects})


def alterations() -> tuple[Alteration, ...]:
    """Every alteration (`GENE:cn` stands for all copy numbers)."""
    return tuple(load_alterations().values())


def genotype(
    tumour_type: str | TumourType | None = None,
    altered: Iterable[str | Alteration] = (),
    *,
    all_handles: bool = False,
) -> dict[str, float]:
    """Cell-model handles of a tumour type with alterations, at their typical values.

    The type's handles come first, then its default alterations (left out for a gene that
    `altered` names), then `altered` in order.

    Returns
    -------
    dict
        Handles that differ from the reference cell, or every handle with `all_handles`.
    """
    found = dict(REFERENCE_HANDLES)
    chosen = [alteration(a) if isinstance(a, str) else a for a in altered]
    if tumour_type is not None:
        kind = tumour(tumour_type) if isinstance(tumour_type, str) else tumour_type
        named = {a.gene for a in chosen}
        defaults = [alteration(a) for a in kind.defaults]
        for effect in kind.handles:
            found[effect.handle] = effect.apply(found[effect.handle])
        chosen = [a for a in defaults if a.gene not in named] + chosen
    for a in chosen:
        for effect in a.effects:
            found[effect.handle] = effect.apply(found[effect.handle])
    if all_handles:
        return found
    return {h: v for h, v in found.items() if v != REFERENCE_HANDLES[h]}


def regimens(drug_name: str, setting: str | None = None) -> tuple[Regimen, ...]:
    """The regimens of a drug, all or of one setting (label, trial, mouse)."""
    return tuple(r for r in drug(drug_name).regimens if setting in (None, r.setting))


def source(key: str) -> Source:
    """The source of a BibTeX key."""
    every = load_sources()
    if key not in every:
        raise unknown_name("source", key, every)
    return every[key]


def sources_of(thing: Any) -> tuple[str, ...]:
    """The source keys that an entry (or any nest of entries) rests on, each once."""
    return tuple(dict.fromkeys(q.source for _, q in quantities(thing)))


def cite(keys: Iterable[str], style: str = "text") -> str:
    """The sources as text, BibTeX or JSON (`style`), each once."""
    return format_sources(keys, load_sources(), style)


def names(kind: str) -> tuple[str, ...]:
    """Every id of a kind (one of `KINDS`); a regimen's id is `drug: text`."""
    if kind == "drugs":
        return drug_ids()
    if kind == "alterations":
        return tuple(a.id + ("=N" if a.state == "cn" else "") for a in alterations())
    if kind == "tumours":
        return tuple(t.id for t in tumours())
    if kind == "regimens":
        return tuple(f"{d.id}: {r.text}" for d in drugs() for r in d.regimens)
    if kind == "sources":
        return tuple(load_sources())
    raise unknown_name("kind of entry", kind, KINDS)


def entry(kind: str, name: str) -> Any:
    """The entry of a kind by name; for a regimen's drug name, that drug's regimens."""
    finders = {"drugs": drug, "alterations": alteration, "tumours": tumour, "sources": source}
    if kind == "regimens":
        return regimens(name)
    if kind not in finders:
        raise unknown_name("kind of entry", kind, KINDS)
    return finders[kind](name)


def markdown(kind: str) -> str:
    """The documentation page of a kind: drugs, alterations, tumours or sources."""
    titles = {
        "drugs": "Drugs",
        "alterations": "Alterations",
        "tumours": "Tumour types",
        "sources": "Sources",
    }
    if kind not in titles:
        raise unknown_name("catalogue page", kind, titles)
    if kind == "sources":
        return page(titles[kind], tuple(load_sources().values()))
    entries = {"drugs": drugs, "alterations": alterations, "tumours": tumours}[kind]()
    return page(titles[kind], entries)


def search(text: str) -> tuple[tuple[str, str], ...]:
    """Every (kind, id) whose one-line text, name or alias contains the text, case ignored."""
    wanted = str(text).strip().casefold()
    found = []
    for kind in ("drugs", "alterations", "tumours", "sources"):
        for name in names(kind):
            thing = None if name.endswith(":cn=N") else entry(kind, name)
            aliases = " ".join(getattr(thing, "aliases", ()))
            if wanted in f"{name} {thing} {aliases}".casefold():
                found.append((kind, name))
    return tuple(found)


def to_frame(kind: str = "drugs"):
    """Every sourced number of a kind as a table.

    Returns
    -------
    pandas.DataFrame
        Columns entry, path, value, unit, width, gsd, grade, source, note; regimens have
        entry, text, setting, grade, source, note.
    """
    import pandas as pd

    if kind == "regimens":
        rows: list[Mapping[str, Any]] = [
            {"entry": d.id, **r.to_dict()} for d in drugs() for r in d.regimens
        ]
        return pd.DataFrame(rows)
    if kind == "sources":
        return pd.DataFrame([{"entry": k, **s.fields} for k, s in load_sources().items()])
    things: dict[str, Any] = {"drugs": drugs, "alterations": alterations, "tumours": tumours}
    if kind not in things:
        raise unknown_name("kind of entry", kind, KINDS)
    return pd.DataFrame(
        {
            "entry": thing.id,
            "path": path,
            "value": q.value,
            "unit": q.unit,
            "width": q.width(),
            "gsd": q.as_gsd(),
            "grade": q.grade,
            "source": q.source,
            "note": q.note,
        }
        for thing in things[kind]()
        for path, q in quantities(thing)
        if isinstance(q, Quantity)
    )
