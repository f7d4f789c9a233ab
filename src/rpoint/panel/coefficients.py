"""Coefficients from what is observed of a tumour to the cell model: names, priors, estimates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TypeVar

import numpy as np
import pandas as pd

from rpoint.catalog import parse_yaml
from rpoint.errors import RpointError
from rpoint.panel.traits import POOLS

T = TypeVar("T")

#: Coefficients that change cells; a change of one needs the engine again.
CELL_COEFFICIENTS: tuple[str, ...] = (
    *(f"copies:{pool}" for pool in POOLS if pool != "g_CDK2"),
    *(f"expression:{pool}" for pool in POOLS),
    "expression:CDKN2A",
    "expression:RB1",
    "drive:g_PI3K",
    "drive:g_PTEN",
    "drive:g_RAS",
    "drive:g_BRAF",
    "base:g_RAS",
    "lineage",
    "lineage in lines",
    "p16:amount",
    "TOR_growth",
    "p110a_share",
    "sufficient:PI3K",
    "sufficient:RAS",
    "p16:cyclin E",
)

#: Coefficients of cells that differ between a dish and a mouse: assay -> their names there.
OF_ASSAY = {"xenograft": {"lineage": "lineage"}, "line": {"lineage": "lineage in lines"}}


def cells_in(assay: str, beta: Mapping[str, T]) -> dict[str, T]:
    """The coefficients of cells as they are in one assay."""
    return {**beta, **{own: beta[name] for own, name in OF_ASSAY[assay].items() if name in beta}}


def concerns(assay: str, name: str) -> bool:
    """Whether a coefficient of the cells plays a part in an assay."""
    others = {n for other, table in OF_ASSAY.items() if other != assay for n in table.values()}
    return name not in others


#: Those that are learnt; the others keep their priors (too few models carry them).
LEARNT_CELLS: tuple[str, ...] = tuple(
    name
    for name in CELL_COEFFICIENTS
    if name
    not in (
        "copies:g_CDKN1A",
        "copies:g_CDKN1B",
        "expression:g_MDM2",
        "expression:g_CDKN1A",
        "expression:g_CDK2",
        "expression:g_CDK4",
        "expression:g_CDK6",
    )
)


@dataclass(frozen=True)
class Prior:
    """A normal prior with its reason."""

    mean: float
    sd: float
    unit: str
    source: str
    grade: str
    note: str


@cache
def priors() -> Mapping[str, Prior]:
    """Name pattern -> prior, in the order in which patterns are tried."""
    text = (files("rpoint.panel") / "coefficients.yaml").read_text(encoding="utf-8")
    return {name: Prior(**row) for name, row in parse_yaml(text, "panel/coefficients.yaml").items()}


@cache
def prior(name: str) -> Prior:
    """The prior of a coefficient: that of its name, else of the first pattern that fits."""
    table = priors()
    if name in table:
        return table[name]
    for pattern, found in table.items():
        if fnmatchcase(name, pattern):
            return found
    raise RpointError("no coefficient has this name", found=name, allowed=", ".join(table))


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Draws of the coefficients, and the prior of those that nothing was learnt about.

    Attributes
    ----------
    names
        P of them.
    draws
        (J, P) draws from the posterior.
    """

    names: tuple[str, ...]
    draws: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "_column", {name: k for k, name in enumerate(self.names)})

    def __len__(self) -> int:
        return len(self.draws)

    def get(self, name: str, unit_normals: np.ndarray) -> np.ndarray:
        """(J,) draws of a coefficient; from its prior with (J,) standard normals if not learnt."""
        column = self._column.get(name)  # type: ignore[attr-defined]
        if column is None:
            known = prior(name)
            return known.mean + known.sd * unit_normals
        return self.draws[:, column]

    def joined(self, name: str, draws: np.ndarray) -> Coefficients:
        """With one more coefficient, (J,) draws."""
        return Coefficients((*self.names, name), np.column_stack([self.draws, draws]))

    def means(self) -> pd.Series:
        """Mean of every learnt coefficient."""
        return pd.Series(self.draws.mean(axis=0), index=list(self.names))

    def to_frame(self) -> pd.DataFrame:
        """One row a coefficient: prior, estimate, SD, unit and note."""
        rows = []
        for k, name in enumerate(self.names):
            known = prior(name)
            rows.append(
                {
                    "coefficient": name,
                    "estimate": float(self.draws[:, k].mean()),
                    "sd": float(self.draws[:, k].std()),
                    "prior_mean": known.mean,
                    "prior_sd": known.sd,
                    "unit": known.unit,
                    "note": known.note,
                }
            )
        return pd.DataFrame(rows)


def prior_only(draws: int, seed: int = 1) -> Coefficients:
    """Nothing learnt: every coefficient is drawn from its prior."""
    del seed
    return Coefficients((), np.empty((draws, 0)))


def prior_vectors(names: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Means and SDs of the priors of some coefficients."""
    found = [prior(name) for name in names]
    return np.array([p.mean for p in found]), np.array([p.sd for p in found])
