"""Nanchang HPD 2019: the published facts, as tables, and the study that runs on them.

Nothing is judged here.  The ten cancers that the abstract does not name stay missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from rpoint.catalog._yaml import parse
from rpoint.endpoints.incidence import IncidenceStudy, incidence_study
from rpoint.errors import unknown_name

# The ends of the published range and the TCGA cohorts they stand for.
COHORTS = {"renal clear cell": "KIRC", "sarcoma": "SARC"}
PAIR = ("MDM2", "MDM4")
# Largest denominators tried for the counts behind the two printed incidences.
TRIED = {"renal clear cell": 260, "sarcoma": 80}


@cache
def facts() -> dict[str, Any]:
    """The content of nanchang.yaml."""
    name = "nanchang.yaml"
    return parse((files("rpoint.evidence") / name).read_text(encoding="utf-8"), name)


def value(*path: str) -> Any:
    """The value of a fact, as ``value("kato", "patients")``."""
    entry: Any = facts()
    for step in path:
        entry = entry[step]
    return entry["value"]


@cache
def _table(name: str) -> pd.DataFrame:
    with (files("rpoint.evidence") / "data" / f"{name}.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def cancers() -> pd.DataFrame:
    """The twelve cancers of Ju 2019: two published ends, ten missing rows with their reason."""
    return _table("nanchang_cancers").copy()


def printed_ends() -> dict[str, str]:
    """The two published incidences as they are printed, %."""
    known = cancers().dropna(subset=["incidence_pct"])
    return {row.group: f"{row.incidence_pct:g}" for row in known.itertuples()}


def incidence() -> pd.DataFrame:
    """Published counts of hyperprogression: one row a study and definition."""
    return _table("hyperprogression_incidence").copy()


def poolable() -> pd.DataFrame:
    """The rows that may be pooled: counted, on immunotherapy, no patient twice."""
    table = incidence()
    kept = table["x"].notna() & table["patients_of"].isna()
    kept &= table["endpoint"].eq("hyperprogression")
    kept &= table["treatment"].isin(("checkpoint inhibitor", "immunotherapy"))
    return table[kept].reset_index(drop=True)


def amplification() -> pd.DataFrame:
    """Amplified and deleted tumours by TCGA type and gene."""
    return _table("tcga_amplification").copy()


def amplified(codes: str | Iterable[str], genes: Iterable[str] = PAIR) -> tuple[int, int, int]:
    """Tumours with one of the genes amplified: at least, at most, of how many.

    Both numbers are given because the aggregate does not say how often two genes are amplified
    together: the truth lies between the larger of the genes and their sum.

    >>> amplified("SARC"), amplified(["LUAD", "LUSC"], ["MDM2"])
    ((47, 52, 253), (39, 39, 998))
    """
    wanted = [codes] if isinstance(codes, str) else list(codes)
    genes = list(genes)
    table = amplification()
    for kind, names, column in (("TCGA type", wanted, "tcga_code"), ("gene", genes, "gene")):
        for name in names:
            if name not in set(table[column]):
                raise unknown_name(kind, name, dict.fromkeys(table[column]))
    rows = table[table["tcga_code"].isin(wanted) & table["gene"].isin(genes)]
    by_type = rows.groupby("tcga_code")
    total = int(by_type["tumours"].first().sum())
    return int(by_type["amplified"].max().sum()), int(by_type["amplified"].sum().sum()), total


def nanchang_study(table: pd.DataFrame | None = None, **options: Any) -> IncidenceStudy:
    """Incidence against amplification: on a table of one's own, or on what is published.

    Parameters
    ----------
    table
        As in `rpoint.endpoints.incidence`; default: the published table with its ten missing rows.
    options
        Of `incidence_study`.
    """
    kato = value("kato", "amplified_hyperprogressed") / value("kato", "amplified")
    return incidence_study(cancers() if table is None else table, known_risk=kato, **options)


def assumed(counts: dict[str, tuple[int, int]], most: bool = True) -> pd.DataFrame:
    """The two ends with assumed counts of patients, and TCGA's counts of tumours.

    Parameters
    ----------
    counts
        End -> (x, n).
    most
        Take the largest number of amplified tumours, else the least.
    """
    rows = []
    for group, (x, n) in counts.items():
        least, largest, tumours = amplified(COHORTS[group])
        y = largest if most else least
        rows.append({"group": group, "x": x, "n": n, "y": y, "m": tumours})
    return pd.DataFrame(rows)
