"""How often a tumour type carries each state of each gene: what `?` in a panel is drawn from.

Counts: `data/frequencies.csv` (`data/README.md` says whose) and, for the types of the catalogue,
its counts of MSK-MET.  A fraction is shrunk twice towards what is known more widely, by
`PRIOR_WEIGHT` tumours each time,

    p(type) = (altered(type) + K p0) / (n(type) + K),
    p(type, among) = (altered(type, among) + K p(type)) / (n(type, among) + K),

with p0 the mean over the types, each type counting once.  K = 10 lies between the weights that
maximise the beta-binomial likelihood over TCGA's cohorts (18) and over the lines' tissues (4.3).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from rpoint import catalog

FILE = files("rpoint.panel") / "data" / "frequencies.csv"
COLUMNS = ["type", "gene", "state", "altered", "n", "cohort", "among", "source", "licence"]
AMONG = ("patients", "xenografts", "lines")
PRIOR_WEIGHT = 10.0  # K, tumours
SMALLEST_TYPE = 10  # tumours: smaller types do not enter the mean over the types
_COUNTS = re.compile(r"(\d+) of (\d+) metastases")


@cache
def counts() -> pd.DataFrame:
    """Every count, columns `COLUMNS`; one row a cohort, gene and state."""
    with FILE.open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, keep_default_na=False)
    rows = []
    for entry in catalog.tumours():
        for known in entry.frequencies:
            if match := _COUNTS.match(known.value.note or ""):
                altered, n = map(int, match.groups())
                gene, state = known.alteration.split(":")
                key = (entry.id, gene, state, altered, n, known.cohort)
                rows.append((*key, "patients", known.value.source, "ODbL"))
    return pd.concat([table, pd.DataFrame(rows, columns=COLUMNS)], ignore_index=True)


@cache
def pooled() -> pd.Series:
    """p0 of every (gene, state): the mean over the types, each counting once."""
    sums = counts().groupby(["type", "gene", "state"])[["altered", "n"]].sum()
    enough = sums[(sums["n"] >= SMALLEST_TYPE) & (sums.index.get_level_values("type") != "other")]
    share = (enough["altered"] + 0.5) / (enough["n"] + 1.0)
    found = share.groupby(["gene", "state"]).mean()
    every = sums.groupby(["gene", "state"]).sum()
    found = found.reindex(every.index)
    return found.fillna((every["altered"] + 0.5) / (every["n"] + 1.0))


@cache
def shrunk(kind: str, among: str | None) -> pd.DataFrame:
    """gene, state, fraction, n of a type ("" and "other": the mean over all), see the module."""
    p0 = pooled()
    if kind in ("", "other"):
        n = counts().groupby(["gene", "state"])["n"].sum()
        return _table(p0, n.reindex(p0.index))
    own = counts()[counts()["type"] == kind]
    fraction, n = _update(p0, own)
    if among is not None:
        fraction, n = _update(fraction, own[own["among"] == among])
    return _table(fraction, n)


def _update(prior: pd.Series, rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Fractions after the rows' counts, and the number of tumours behind each."""
    sums = rows.groupby(["gene", "state"])[["altered", "n"]].sum()
    sums = sums.reindex(prior.index, fill_value=0)
    return (sums["altered"] + PRIOR_WEIGHT * prior) / (sums["n"] + PRIOR_WEIGHT), sums["n"]


def _table(fraction: pd.Series, n: pd.Series) -> pd.DataFrame:
    """The table; a gene whose fractions add up to more than 1 is scaled to 1."""
    total = fraction.groupby("gene").transform("sum")
    table = pd.DataFrame({"fraction": fraction / np.maximum(total, 1.0), "n": n.astype(int)})
    return table.reset_index()
