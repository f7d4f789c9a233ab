"""The analysis of a table in which an event is known to lie between two scans."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.stats._counts import listed
from rpoint.stats.survival_columns import read_groups
from rpoint.stats.survival_data import Floats
from rpoint.stats.survival_table import Raw, column, numbers, unit_of
from rpoint.stats.turnbull import Turnbull, turnbull

SOURCES = (
    "Turnbull 1976, doi:10.1111/j.2517-6161.1976.tb01597.x",
    "Wang 2007, doi:10.1111/j.1467-9868.2007.00583.x",
)


@dataclass(frozen=True, repr=False)
class IntervalSurvival:
    """Turnbull's curves of a table.

    Attributes
    ----------
    curves
        One for each group, the reference first.
    unit
        Of the times; "" if unknown.
    notes
        Which columns were taken for what.
    """

    curves: tuple[Turnbull, ...]
    unit: str
    notes: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """One row a group: group, n, median_from, median_to, status."""
        rows = [(t.label, t.n, *t.median_region, t.status) for t in self.curves]
        return pd.DataFrame(rows, columns=["group", "n", "median_from", "median_to", "status"])

    def to_frame(self) -> pd.DataFrame:
        """The intervals that carry probability: group, left, right, probability, survival."""
        parts = [t.to_frame().assign(group=t.label) for t in self.curves]
        return pd.concat(parts, ignore_index=True)[
            ["group", "left", "right", "probability", "survival"]
        ]

    def figure_tables(self) -> dict[str, Any]:
        """What `rpoint.plots.survival.interval_figure` draws."""
        return {
            "intervals": self.to_frame(),
            "medians": self.summary(),
            "unit": self.unit,
            "sources": self.cite(),
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "notes": list(self.notes),
            "unit": self.unit or None,
            "groups": [t.to_dict() for t in self.curves],
            "sources": self.cite(),
        }

    def cite(self) -> list[str]:
        """The sources of the methods."""
        return list(SOURCES)

    def __repr__(self) -> str:
        return "\n".join(["<IntervalSurvival", *(t.summary() for t in self.curves)]) + ">"


def interval_survival(
    table: str | os.PathLike[str] | pd.DataFrame,
    left: str,
    right: str,
    *,
    by: str | None = None,
    param: str | None = None,
    reference: str | None = None,
    missing: str = "error",
    unit: str | None = None,
) -> IntervalSurvival:
    """Turnbull's estimate for each group of a table.

    Parameters
    ----------
    table
        CSV, Parquet or DataFrame, one row a patient.
    left
        Column: last time known to be free of the event (0 if never seen free).
    right
        Column: first time known to have it; blank for a patient who was never seen to have it.
    by, param, reference, missing, unit
        As in `survival`.

    Raises
    ------
    RpointError
        For what is wrong with the table, with its lines.
    """
    data = read_groups(table, by=by, param=param, reference=reference, missing=missing)
    left, right = (column(data.raw, name, "--interval") for name in (left, right))
    if left == right:
        raise RpointError("an interval needs two columns", where="--interval", found=left)
    lo, hi = _ends(data.raw, left, right)
    curves = tuple(
        turnbull(lo[data.groups.code == j], hi[data.groups.code == j], label=name)
        for j, name in enumerate(data.groups.names)
    )
    notes = (f"interval: ({left}, {right}]", *data.notes)
    return IntervalSurvival(curves, unit_of(data.raw, right) if unit is None else unit, notes)


def _ends(raw: Raw, left: str, right: str) -> tuple[Floats, Floats]:
    lo, hi = numbers(raw, left), numbers(raw, right)
    blank = raw.frame[right].isna().to_numpy(bool)
    hi = np.where(blank, np.inf, hi)
    bad = np.flatnonzero(~(np.isfinite(lo) & (lo >= 0) & (hi >= lo)))
    if len(bad):
        told = []
        for i in bad.tolist():
            cells = [f"{name} {raw.frame[name].iloc[i]}" for name in (left, right)]
            told.append(f"{raw.name(int(raw.frame.index[i]))}: {', '.join(cells)}")
        raise RpointError(
            f"{len(told)} {'row is' if len(told) == 1 else 'rows are'} no interval",
            where=f"{raw.where}\n{listed(told)}",
            allowed=f"0 ≤ {left} ≤ {right}; {right} blank for a censored patient",
        )
    return lo, hi
