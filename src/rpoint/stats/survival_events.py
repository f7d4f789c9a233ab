"""The event column of a user's table: its sense, its codes, and the rows that make none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, shorten, unknown_name
from rpoint.stats._counts import listed
from rpoint.stats.survival_data import Flags, Floats
from rpoint.stats.survival_table import Raw, column, guess, numbers, typed

CENSOR_WORDS = ("cnsr", "cens")
EVENT_WORDS = ("event", "status", "dead", "death")


def events(
    raw: Raw, event: str | None, censor: str | None, event_is: str | None
) -> tuple[Floats, str, str]:
    """The events as 0 and 1 (or what else stands there), the column, and a note."""
    if event is not None and censor is not None:
        raise RpointError(
            "event and censoring are one and the same column", where="--event and --censor",
            mend="name one of them",
        )  # fmt: skip
    name, inverted = _event_column(raw, event, censor)
    _check_sense(raw, name, inverted, event_is)
    if event_is is not None:
        return _coded(raw, name, event_is), name, f"event: {name} is {event_is}"
    values = numbers(raw, name)
    unread = np.isnan(values) & raw.frame[name].notna().to_numpy()
    values = np.where(unread, -1.0, values)  # refused as an event below, not as a missing one
    if inverted:
        reasons = (values > 1) & (values == np.floor(values))
        values = np.where(reasons, 1.0, values)
        values = np.where(np.isin(values, (0.0, 1.0)), 1.0 - values, values)
        return values, name, f"event: {name} is 0 (any other number: censored)"
    return values, name, f"event: {name} is 1"


def _event_column(raw: Raw, event: str | None, censor: str | None) -> tuple[str, bool]:
    if event is not None:
        return column(raw, event, "--event"), False
    if censor is not None:
        return column(raw, censor, "--censor"), True
    ours, adam = guess(raw, ("event",)), guess(raw, ("cnsr",))
    if ours is not None and adam is not None:
        raise RpointError(
            "the table has an event and a censoring column",
            where=raw.where,
            found=f"{ours} and {adam}",
            mend=f"choose: --event {ours}, or --censor {adam}",
        )
    if ours is None and adam is None:
        raise RpointError(
            "which column is the event?",
            where=raw.where,
            found=f"columns {', '.join(map(str, raw.frame.columns))}",
            mend="name it: --event COLUMN (1 = event), or --censor COLUMN (0 = event)",
        )
    return (ours, False) if ours is not None else (str(adam), True)


def _check_sense(raw: Raw, name: str, inverted: bool, event_is: str | None) -> None:
    """Refuse a censoring column that is named as event, and the other way round."""
    if event_is is not None:
        return
    words = EVENT_WORDS if inverted else CENSOR_WORDS
    if any(word in name.casefold() for word in words):
        given, other = ("--censor", "--event") if inverted else ("--event", "--censor")
        means = "1 is the event" if inverted else "0 is the event, 1 is censored"
        raise RpointError(
            f"the column {name} sounds like the opposite",
            where=f"{given}, {raw.where}",
            found=f"{given} {name}",
            mend=f"take {other} {name} if {means}; or say what is an event: --event-is VALUE",
        )


def _coded(raw: Raw, name: str, event_is: str) -> Floats:
    cells = raw.frame[name]
    values = typed(cells)
    as_number = pd.to_numeric(pd.Series([event_is]), errors="coerce").iloc[0]
    if values.dtype.kind in "biuf":
        hit = values == as_number
    else:
        hit = values.astype("string").str.casefold() == event_is.strip().casefold()
    if not hit.fillna(False).any():
        found = sorted({str(v) for v in cells.dropna()})
        raise unknown_name("value", event_is, found, where=f"--event-is, {name}, {raw.where}")
    flags = hit.fillna(False).to_numpy(bool).astype(float)
    return np.where(cells.isna().to_numpy(), np.nan, flags)


def refuse_rows(
    raw: Raw, time: str, event: str, times: Floats, seen: Floats, allowed: str, hint: str
) -> None:
    """Refuse rows whose time or event is none, naming each."""
    bad_time = ~(np.isfinite(times) & (times >= 0))
    bad_event = ~np.isin(seen, (0.0, 1.0))
    bad = np.flatnonzero(bad_time | bad_event)
    if not len(bad):
        return
    told = []
    for i in bad.tolist():
        faults = [
            _fault(raw.frame[name].iloc[i], name)
            for name, wrong in ((time, bad_time[i]), (event, bad_event[i]))
            if wrong
        ]
        told.append(f"{raw.name(int(raw.frame.index[i]))}: {'; '.join(faults)}")
    count = f"{len(told)} {'row is' if len(told) == 1 else 'rows are'}"
    raise RpointError(
        f"{count} no follow-up time with an event",
        where=f"{raw.where}\n{listed(told)}",
        allowed=allowed,
        mend=hint if bad_event.any() else _time_hint(raw, time, bad_time),
    )


def _fault(cell: Any, name: str) -> str:
    if cell is None or cell is pd.NA or cell != cell:
        return f"{name} is missing"
    return f"{name} is {shorten(str(cell), 30)}"


def _time_hint(raw: Raw, time: str, bad: Flags) -> str:
    cells = raw.frame[time][bad].astype("string")
    if cells.str.fullmatch(r"\d+,\d+").any():
        return "write decimals with a point"
    return "mend these rows: times count from randomisation or first dose, in one unit"
