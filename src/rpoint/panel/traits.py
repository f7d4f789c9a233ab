"""From the columns of a panel to numbers: copies, drives, calls and expression of every model.

A gene whose state is unknown is drawn for each replicate from the frequencies of the tumour type
(keyed by gene, so that the draw of one gene does not depend on another and is the same for every
model of the type).  Expression counts as log2 units above the panel's own median.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpoint import catalog
from rpoint.panel import types

if TYPE_CHECKING:
    from rpoint.panel.read import Panel

#: Genes whose amount sets a handle; several genes of one handle are one pool.
ABUNDANCE: dict[str, str] = {
    "MDM2": "g_MDM2",
    "MDM4": "g_MDM4",
    "CDKN1A": "g_CDKN1A",
    "CDKN1B": "g_CDKN1B",
    "CCND1": "g_CCND1",
    "CCND2": "g_CCND1",
    "CCND3": "g_CCND1",
    "CCNE1": "g_CCNE",
    "CCNE2": "g_CCNE",
    "CDK2": "g_CDK2",
    "CDK4": "g_CDK4",
    "CDK6": "g_CDK6",
    "MYC": "g_MYC",
}
POOLS: tuple[str, ...] = tuple(dict.fromkeys(ABUNDANCE.values()))
#: Drives that several genes raise; each model takes the largest.
DRIVES = ("g_PI3K", "g_PTEN", "g_RAS", "g_BRAF", "g_AURKA", "g_ESR1")
#: Tumour suppressors that are functional or not in a cell: a mixture of the two.
SWITCHES = ("TP53", "RB1")
CALLS = ("wt", "mut", "vus", "loss", "?")
#: Log2 expression that counts: beyond it a change says no more about the protein.
EXPRESSION_LIMIT = 3.0
#: Models with a measured value below which the panel's scale of a gene cannot be learnt.
SMALLEST_SCALE = 8
#: Handles of a type that the catalogue has no reference cell for: no ER, RAS instead.
NO_TUMOUR = {"g_ER": 0.0, "g_RAS": 1.0}
AMPLIFIED_COPIES = 8.0
GAINED_COPIES = 4.0


@dataclass(frozen=True)
class Traits:
    """What is known of n models in D replicates of what is not.

    Attributes
    ----------
    types
        (n,) tumour types, "" where unknown.
    copies
        Pool -> (n, D) natural log of the copies over two.
    expression
        Gene or pool -> (n,) log2 units above the panel's median, 0 where not measured.
    drives
        Handle -> (n, D) drive of the alterations, in units of the handle.
    p16
        (n, D) share of CDKN2A that is intact.
    calls
        Switch -> (n, D) index into `CALLS`; "?" does not occur.
    er
        (n, D) oestrogen-receptor dependence, 0 to 1.
    base
        Handle -> (n,) of the tumour type's reference cell.
    """

    types: tuple[str, ...]
    copies: Mapping[str, np.ndarray]
    expression: Mapping[str, np.ndarray]
    drives: Mapping[str, np.ndarray]
    p16: np.ndarray
    calls: Mapping[str, np.ndarray]
    er: np.ndarray
    base: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.types)

    @property
    def replicates(self) -> int:
        """D."""
        return self.p16.shape[1]

    def replicate(self, keep: np.ndarray) -> Traits:
        """Some replicates."""
        return Traits(
            self.types,
            {k: v[:, keep] for k, v in self.copies.items()},
            self.expression,
            {k: v[:, keep] for k, v in self.drives.items()},
            self.p16[:, keep],
            {k: v[:, keep] for k, v in self.calls.items()},
            self.er[:, keep],
            self.base,
        )


def traits(
    panel: Panel,
    replicates: int = 8,
    *,
    scale_of: Panel | None = None,
    among: str | None = None,
) -> Traits:
    """Read the traits of a panel.

    Parameters
    ----------
    panel
        Models with states and expression.
    replicates
        Draws of what is unknown, D.
    scale_of
        The panel whose medians expression is measured against; itself when left out.
    among
        Whose frequencies an unknown gene is drawn from ("xenografts", "lines", "patients").
    """
    states = {gene: _drawn(panel, gene, replicates, among) for gene in _genes(panel)}
    expression = _expression(panel, panel if scale_of is None else scale_of)
    shape = (len(panel.ids), replicates)
    return Traits(
        types=tuple(panel.types),
        copies={pool: _copies(states, pool, shape) for pool in POOLS},
        expression=expression,
        drives={handle: _drive(states, handle, shape) for handle in DRIVES},
        p16=_p16(states, shape),
        calls={gene: _calls(states[gene]) for gene in SWITCHES},
        er=_er(panel, panel if scale_of is None else scale_of, states, expression, shape),
        base=_base(panel.types),
    )


def _genes(panel: Panel) -> tuple[str, ...]:
    drivers = {a.gene for a in catalog.alterations()}
    return tuple(sorted(drivers | set(ABUNDANCE) | set(SWITCHES) | {"CDKN2A", "ESR1"}))


# -- states -----------------------------------------------------------------------------------
def _drawn(panel: Panel, gene: str, replicates: int, among: str | None) -> np.ndarray:
    """(n, D) states as text; an unknown one is drawn from the type's frequencies."""
    n = len(panel.ids)
    told = panel.states[gene].to_numpy(object) if gene in panel.states else np.full(n, "?", object)
    found = np.repeat(told[:, None], replicates, axis=1)
    quantile = _quantiles(gene, replicates)
    for kind in dict.fromkeys(panel.types):
        rows = np.flatnonzero((told == "?") & (np.array(panel.types, object) == kind))
        if rows.size:
            found[rows] = _draw_states(kind, gene, quantile, among)[None, :]
    return found


def _quantiles(gene: str, replicates: int) -> np.ndarray:
    """(D,) equal-probability points of (0, 1) in an order of the gene's own."""
    key = int.from_bytes(hashlib.blake2b(gene.encode(), digest_size=8).digest(), "little")
    order = np.random.Generator(np.random.Philox(key=key)).permutation(replicates)
    return (order + 0.5) / replicates


def _draw_states(
    kind: str, gene: str, quantile: np.ndarray, among: str | None
) -> np.ndarray:
    table = types.frequency(kind, among)
    rows = table[table["gene"] == gene]
    edges = np.cumsum(rows["fraction"].to_numpy(float))
    names = np.array([*rows["state"], "wt"], object)
    return names[np.searchsorted(edges, quantile, side="right")]


def _parts(states: np.ndarray) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Index (n, D) into the distinct cells, and each of them split at "+"."""
    names, where = np.unique(states.astype(str), return_inverse=True)
    return where.reshape(states.shape), [tuple(name.split("+")) for name in names]


def _mapped(states: np.ndarray, value) -> np.ndarray:
    where, cells = _parts(states)
    return np.array([value(cell) for cell in cells], float)[where]


def copies_of(cell: tuple[str, ...]) -> float:
    """Copies of a gene in a state.

    >>> copies_of(("mut", "cn=7")), copies_of(("wt",)), copies_of(("loss",))
    (7.0, 2.0, 0.5)
    """
    for part in cell:
        if part.startswith("cn="):
            return max(float(part[3:]), 0.1)
    if "amp" in cell:
        return AMPLIFIED_COPIES
    if "gain" in cell or "high" in cell:
        return GAINED_COPIES
    return 0.5 if "loss" in cell else 1.0 if "low" in cell else 2.0


def _copies(states, pool: str, shape) -> np.ndarray:
    """The largest change of any gene of the pool."""
    found = np.zeros(shape)
    for gene, handle in ABUNDANCE.items():
        if handle == pool:
            own = np.log(_mapped(states[gene], copies_of) / 2.0)
            found = np.where(np.abs(own) > np.abs(found), own, found)
    return found


def _drive(states, handle: str, shape) -> np.ndarray:
    found = np.zeros(shape)
    for gene in states:
        if (table := _drive_table().get((gene, handle))) is not None:
            found = np.maximum(found, _mapped(states[gene], lambda c, t=table: _largest(c, t)))
    return found


def _largest(cell: tuple[str, ...], table: Mapping[str, float]) -> float:
    """The largest drive of the parts of a cell; a copy number of 5 and more is an amplification."""
    names = ["amp" if p.startswith("cn=") and float(p[3:]) >= 5 else p for p in cell]
    return max(table.get(name, 0.0) for name in names)


#: Weight of a mutation of unknown meaning in a pathway drive: the share of such calls that act.
VUS_SHARE = 0.3


@cache
def _drive_table() -> dict[tuple[str, str], dict[str, float]]:
    """(gene, handle) -> state -> drive, from the catalogue's alterations."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for a in catalog.alterations():
        for effect in a.effects:
            if effect.handle in DRIVES and a.gene != "ESR1" or effect.handle == "g_ESR1":
                found.setdefault((a.gene, effect.handle), {})[a.state] = effect.value.value
    for table in found.values():
        if "mut" in table:
            table["vus"] = VUS_SHARE * table["mut"]
    return found


def _p16(states, shape) -> np.ndarray:
    def intact(cell: tuple[str, ...]) -> float:
        if "loss" in cell or copies_of(cell) < 0.8:
            return 0.0
        return 0.3 if "mut" in cell else 0.7 if "vus" in cell else 1.0

    return _mapped(states["CDKN2A"], intact)


def _calls(states: np.ndarray) -> np.ndarray:
    def call(cell: tuple[str, ...]) -> float:
        for name in ("loss", "mut", "vus", "?"):
            if name in cell:
                return CALLS.index(name)
        return CALLS.index("loss") if copies_of(cell) < 0.8 else 0

    return _mapped(states, call).astype(int)


# -- expression -------------------------------------------------------------------------------
def _expression(panel: Panel, scale: Panel) -> dict[str, np.ndarray]:
    """Log2 units above the median of `scale`: of every pool (its genes added up) and every gene."""
    own, reference = _levels(panel), _levels(scale)
    found = {}
    for name, level in own.items():
        known = reference[name][np.isfinite(reference[name])]
        if len(known) >= SMALLEST_SCALE:
            above = np.clip(level - np.median(known), -EXPRESSION_LIMIT, EXPRESSION_LIMIT)
            found[name] = np.where(np.isfinite(above), above, 0.0)
    return found


def _levels(panel: Panel) -> dict[str, np.ndarray]:
    measured = {gene: panel.expression[gene].to_numpy(float) for gene in panel.expression.columns}
    for pool in POOLS:
        genes = [gene for gene, handle in ABUNDANCE.items() if handle == pool and gene in measured]
        if genes:
            total = np.sum([np.exp2(measured[gene]) for gene in genes], axis=0)
            measured[pool] = np.log2(np.maximum(total, 1e-9))
    return measured


def _er(panel: Panel, scale: Panel, states, expression, shape) -> np.ndarray:
    """Dependence on the oestrogen receptor: the state told, else ESR1 mRNA, else the type."""
    base = np.array([_base_cell(kind).get("g_ER", 1.0) for kind in panel.types])
    found = np.repeat(base[:, None], shape[1], axis=1)
    if "ESR1" in expression:
        positive = _upper_mode(panel.expression["ESR1"], scale.expression["ESR1"])
        found = np.where(np.isnan(positive)[:, None], found, positive[:, None] * base[:, None])
    told = _mapped(states["ESR1"], lambda c: 0.0 if "loss" in c or "low" in c else np.nan)
    high = _mapped(states["ESR1"], lambda c: 1.0 if "high" in c or "amp" in c else np.nan)
    found = np.where(np.isnan(high), found, np.maximum(found, high))
    return np.where(np.isnan(told), found, told)


def _upper_mode(level: pd.Series, scale: pd.Series) -> np.ndarray:
    """1 above the midpoint of the two modes of a bimodal gene, 0 below, NaN where not measured."""
    low, high = np.nanquantile(scale.to_numpy(float), [0.1, 0.98])
    own = level.to_numpy(float)
    return np.where(np.isfinite(own), (own > 0.5 * (low + high)).astype(float), np.nan)


# -- tumour types -----------------------------------------------------------------------------
@cache
def _base_cell(kind: str) -> dict[str, float]:
    """Handles of a type's reference cell, its own alterations left out."""
    base = types.base_tumour(kind) if kind else None
    if base is None:
        return dict(NO_TUMOUR)
    found = dict(catalog.REFERENCE_HANDLES)
    for effect in catalog.tumour(base).handles:
        found[effect.handle] = effect.apply(found[effect.handle])
    return found


def _base(kinds: tuple[str, ...]) -> dict[str, np.ndarray]:
    names = ("g_RAS", "g_BRAF", "g_PI3K", "in_mitogen")
    table = {kind: _base_cell(kind) for kind in dict.fromkeys(kinds)}
    default = catalog.REFERENCE_HANDLES
    return {h: np.array([table[k].get(h, default[h]) for k in kinds]) for h in names}


def distinct(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Rows of models that differ in type, states or expression, and the like of every model."""
    parts = [pd.Series(panel.types, name="type", dtype=object), panel.states, panel.expression]
    table = pd.concat(parts, axis=1)
    key = pd.util.hash_pandas_object(table, index=False).to_numpy()
    _, first, where = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[where.ravel()]


def frame(found: Traits) -> pd.DataFrame:
    """Means over the replicates, one row a model: for a look at what was understood."""
    columns = {f"copies {pool[2:]}": v.mean(axis=1) for pool, v in found.copies.items()}
    columns |= {f"drive {h[2:]}": v.mean(axis=1) for h, v in found.drives.items()}
    return pd.DataFrame({"type": found.types, "p16": found.p16.mean(axis=1), **columns})
