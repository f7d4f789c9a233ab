"""From a user's table to checked data: groups, strata, covariates, times and events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.stats.survival_data import FollowUp, Labels, check_follow_up, labels, one_stratum
from rpoint.stats.survival_events import events, refuse_rows
from rpoint.stats.survival_table import (
    Raw,
    check_patients,
    choose_parameter,
    column,
    guess,
    load,
    numbers,
    time_column,
    typed,
    unit_of,
)

MOST_GROUPS = 12


@dataclass(frozen=True)
class Analysis:
    """Checked data of one endpoint.

    Attributes
    ----------
    follow_up
        Times and events.
    groups
        The reference has code 0.
    strata
        Combinations of the strata columns.
    covariates
        (n, c) typed columns.
    unit
        Of the times.
    notes
        What was taken for what, and left out.
    """

    follow_up: FollowUp
    groups: Labels
    strata: Labels
    covariates: pd.DataFrame
    unit: str
    notes: tuple[str, ...]


def read_analysis(
    table: Any,
    *,
    by: str | None,
    time: str | None,
    event: str | None,
    censor: str | None,
    event_is: str | None,
    param: str | None,
    reference: str | None,
    strata: Sequence[str],
    covariates: Sequence[str],
    missing: str,
    unit: str | None,
) -> Analysis:
    """Read and check; the parameters are those of `rpoint.stats.survival.survival`."""
    raw, about = choose_parameter(load(table), param)
    group_column = _group_column(raw, by)
    names = [column(raw, name, "--strata") for name in strata]
    others = [column(raw, name, "--covariates") for name in covariates]
    clock = time_column(raw, time)
    seen, event_name, sense = events(raw, event, censor, event_is)
    _check_roles(raw, clock, event_name, group_column, names, others)
    check_patients(raw)
    times = numbers(raw, clock)
    hint = f"say which value is the event: --event-is VALUE (now 1 in {event_name})"
    refuse_rows(raw, clock, event_name, times, seen, _allowed(clock, event_name), hint)
    chosen = [*([group_column] if group_column else []), *names, *others]
    keep, left_out = _complete(raw, chosen, missing)
    raw, times, seen = raw.keep(keep), times[keep], seen[keep]
    split = f"groups: {group_column}" if group_column and by is None else ""
    notes = [f"time: {clock}", sense, split, about, left_out]
    groups = _groups(raw, group_column, reference)
    return Analysis(
        check_follow_up(times, seen),
        groups,
        _strata(raw, names),
        raw.frame[others].apply(typed),
        unit_of(raw, clock) if unit is None else unit,
        tuple(note for note in notes if note),
    )


@dataclass(frozen=True)
class Grouped:
    """A table of another shape: its rows, groups and notes.

    Attributes
    ----------
    raw
        The rows used.
    groups
        Of each row.
    notes
        What was taken for what, and left out.
    """

    raw: Raw
    groups: Labels
    notes: tuple[str, ...]


def read_groups(
    table: Any, *, by: str | None, param: str | None, reference: str | None, missing: str
) -> Grouped:
    """Read a table and its groups alone: for intervals and competing risks."""
    raw, about = choose_parameter(load(table), param)
    check_patients(raw)
    name = _group_column(raw, by)
    keep, left_out = _complete(raw, [name] if name else [], missing)
    raw = raw.keep(keep)
    split = f"groups: {name}" if name and by is None else ""
    notes = tuple(note for note in (split, about, left_out) if note)
    return Grouped(raw, _groups(raw, name, reference), notes)


def _allowed(clock: str, event_name: str) -> str:
    return f"{clock} of 0 or more, {event_name} with one code for the event and one for censoring"


def _group_column(raw: Raw, by: str | None) -> str | None:
    if by is not None:
        return column(raw, by, "--by")
    return guess(raw, ("trtp", "trt01p"))


def _check_roles(
    raw: Raw, clock: str, event: str, group: str | None, strata: list[str], covariates: list[str]
) -> None:
    roles = [("time", clock), ("event", event), ("group", group or "")]
    roles += [("stratum", s) for s in strata] + [("covariate", c) for c in covariates]
    taken: dict[str, str] = {}
    for role, name in roles:
        if name and name in taken:
            raise RpointError(
                f"the column {name} cannot be {taken[name]} and {role}", where=raw.where
            )
        taken[name] = role


def _complete(raw: Raw, names: list[str], missing: str) -> tuple[np.ndarray, str]:
    """Which rows have all of these columns, and a note on those that do not."""
    if missing not in ("error", "drop"):
        raise unknown_name("way with missing values", missing, ("error", "drop"), where="missing")
    blank = raw.frame[names].isna()
    lacking = blank.any(axis=1).to_numpy(bool)
    if not lacking.any():
        return ~lacking, ""
    first = next(name for name in names if blank[name].any())
    if missing == "error":
        raise RpointError(
            f"{first} is missing in some rows",
            where=f"{raw.where}, {raw.rows(blank[first])}",
            mend="fill it in, or leave these patients out of everything: --missing drop",
        )
    if lacking.all():
        raise RpointError("no patient has all the columns", where=raw.where, found=names)
    count = int(lacking.sum())
    note = f"left out: {count} patients without {', '.join(n for n in names if blank[n].any())}"
    return ~lacking, note


def _groups(raw: Raw, name: str | None, reference: str | None) -> Labels:
    n = len(raw.frame)
    if name is None:
        if reference is not None:
            raise RpointError("a reference needs groups", where="--reference", mend="name --by")
        return Labels(np.zeros(n, np.int64), ("all",))
    groups = labels(typed(raw.frame[name]), n)
    if groups.count == 1:
        raise RpointError(
            "there is one group alone",
            where=f"{name}, {raw.where}",
            found=groups.names[0],
            mend="name another column, or leave --by out for one curve",
        )
    if groups.count > MOST_GROUPS:
        raise RpointError(
            "there are too many groups to compare",
            where=f"{name}, {raw.where}",
            found=f"{groups.count} values",
            allowed=f"at most {MOST_GROUPS}",
            mend="name a column of arms, or cut a number into classes first",
        )
    return groups if reference is None else _first(groups, reference, name, raw)


def _first(groups: Labels, reference: str, name: str, raw: Raw) -> Labels:
    if reference not in groups.names:
        raise unknown_name("group", reference, groups.names, where=f"--reference, {raw.where}")
    old = groups.names.index(reference)
    order = [old, *(j for j in range(groups.count) if j != old)]
    new = np.empty(groups.count, np.int64)
    new[order] = np.arange(groups.count)
    return Labels(new[groups.code], tuple(groups.names[j] for j in order))


def _strata(raw: Raw, names: list[str]) -> Labels:
    if not names:
        return one_stratum(len(raw.frame))
    parts = raw.frame[names].apply(typed).astype(str)
    return labels(parts.agg(", ".join, axis=1), len(parts), what="stratum")
