"""The analysis of a table with competing risks: incidences, Gray's test, cause-specific hazards."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.stats._counts import listed
from rpoint.stats.competing_risks import CumulativeIncidence, check_present, incidence
from rpoint.stats.cox import Cox, cox_of
from rpoint.stats.gray import GrayTest, gray
from rpoint.stats.survival_columns import read_groups
from rpoint.stats.survival_data import Floats, Integers, check_follow_up, one_stratum
from rpoint.stats.survival_table import Raw, column, numbers, time_column, unit_of

SOURCES = (
    "Aalen & Johansen 1978 (Scand J Stat 5:141)",
    "Gray 1988, doi:10.1214/aos/1176350951",
)


@dataclass(frozen=True, repr=False)
class CompetingSurvival:
    """Competing risks of a table.

    Attributes
    ----------
    curves
        Incidence of each cause in each group, the reference first.
    tests
        Gray's test of each cause; empty with one group.
    cause_specific
        Cause to the Cox model of its hazard, others censored; empty with one group.
    at
        DataFrame: group, cause, time, incidence, std_error, lo, hi at the times asked for.
    unit, notes
        Of the times; which columns were taken for what.
    """

    curves: tuple[CumulativeIncidence, ...]
    tests: tuple[GrayTest, ...]
    cause_specific: dict[int, Cox]
    at: pd.DataFrame
    unit: str
    notes: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """One row a group and cause: n, events, incidence at the last time of follow-up."""
        rows = [
            (c.label, c.cause, int(c.at_risk[0]), int(c.events.sum()), c.time[-1], c.incidence[-1])
            for c in self.curves
        ]
        names = ["group", "cause", "n", "events", "last_time", "incidence"]
        return pd.DataFrame(rows, columns=names)

    def to_frame(self) -> pd.DataFrame:
        """The curves: group, cause, time, at_risk, events, competing, incidence, ..."""
        parts = []
        for c in self.curves:
            part = c.to_frame()
            part.insert(0, "cause", c.cause)
            part.insert(0, "group", c.label)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def figure_tables(self) -> dict[str, Any]:
        """What `rpoint.plots.survival.incidence_figure` draws."""
        note = "; ".join(f"cause {t.cause}: Gray p = {t.p:.2g}" for t in self.tests)
        return {
            "curves": self.to_frame(), "unit": self.unit, "note": note, "sources": self.cite(),
        }  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "notes": list(self.notes),
            "unit": self.unit or None,
            "groups": self.summary().to_dict("records"),
            "tests": [test.to_dict() for test in self.tests],
            "cause_specific": {str(k): v.to_dict() for k, v in self.cause_specific.items()},
            "incidence_at": self.at.to_dict("records"),
            "sources": self.cite(),
        }

    def cite(self) -> list[str]:
        """The sources of the methods."""
        return list(SOURCES)

    def __repr__(self) -> str:
        lines = [c.summary() for c in self.curves] + [t.summary() for t in self.tests]
        return "\n".join(["<CompetingSurvival", *lines]) + ">"


def competing_survival(
    table: str | os.PathLike[str] | pd.DataFrame,
    cause: str,
    *,
    by: str | None = None,
    time: str | None = None,
    param: str | None = None,
    reference: str | None = None,
    missing: str = "error",
    level: float = 0.95,
    at: Sequence[float] = (),
    unit: str | None = None,
) -> CompetingSurvival:
    """Analyse competing risks of a table.

    Parameters
    ----------
    table
        CSV, Parquet or DataFrame, one row a patient.
    cause
        Column: 0 for censored, 1, 2, ... for what happened.
    by, time, param, reference, missing, level, at, unit
        As in `survival`.

    Raises
    ------
    RpointError
        For what is wrong with the table, with its lines.
    """
    data = read_groups(table, by=by, param=param, reference=reference, missing=missing)
    clock, what = time_column(data.raw, time), column(data.raw, cause, "--cause")
    times, causes = _values(data.raw, clock, what)
    kinds = sorted(set(causes[causes > 0].tolist()))
    if not kinds:
        check_present(causes, 1)
    groups = data.groups
    curves = tuple(
        incidence(
            times[groups.code == j], causes[groups.code == j], of=kind, level=level, label=name
        )
        for kind in kinds
        for j, name in enumerate(groups.names)
    )
    tests: tuple[GrayTest, ...] = ()
    hazards: dict[int, Cox] = {}
    if groups.count > 1:
        names = np.array(groups.names, dtype=object)[groups.code]
        tests = tuple(gray(times, causes, names, of=kind) for kind in kinds)
        hazards = {k: _hazard(times, causes == k, groups, level) for k in kinds}
    return CompetingSurvival(
        curves, tests, hazards, _at(curves, at),
        unit_of(data.raw, clock) if unit is None else unit,
        (f"time: {clock}", f"cause: {what}, 0 is censored", *data.notes),
    )  # fmt: skip


def _hazard(times: Floats, event: Any, groups: Any, level: float) -> Cox:
    from rpoint.stats.survival import contrast

    data = check_follow_up(times, event)
    return cox_of(data, contrast(groups), one_stratum(len(times)), level=level)


def _at(curves: Sequence[CumulativeIncidence], at: Sequence[float]) -> pd.DataFrame:
    parts = [c.at(list(at)).assign(group=c.label, cause=c.cause) for c in curves]
    order = ["group", "cause", "time", "incidence", "std_error", "lo", "hi"]
    return pd.concat(parts, ignore_index=True)[order]


def _values(raw: Raw, clock: str, what: str) -> tuple[Floats, Integers]:
    times, causes = numbers(raw, clock), numbers(raw, what)
    right_time = np.isfinite(times) & (times >= 0)
    right_cause = np.isfinite(causes) & (causes >= 0) & (causes == np.floor(causes))
    bad = np.flatnonzero(~(right_time & right_cause))
    if len(bad):
        told = [
            f"{raw.name(int(raw.frame.index[i]))}: {clock} {raw.frame[clock].iloc[i]}, "
            f"{what} {raw.frame[what].iloc[i]}"
            for i in bad.tolist()
        ]
        raise RpointError(
            f"{len(told)} {'row is' if len(told) == 1 else 'rows are'} no time with a cause",
            where=f"{raw.where}\n{listed(told)}",
            allowed=f"{clock} of 0 or more; {what} 0 (censored), 1, 2, ...",
        )
    return times, causes.astype(np.int64)
