"""What batched survival statistics are computed from: sorted trials and their counts.

Everything is an array (trials, patients).  Each trial is sorted by time; a padded or masked patient
gets an infinite time and stands at the end, at risk in nobody's count.  A statistic of a trial is
computed from its own row alone and sums run along rows of fixed length, so that results are
bit-identical for any chunk size and any number of jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rpoint.stats.survival_data import Flags, Floats, Integers, starts


@dataclass(frozen=True)
class Sorted:
    """Trials in order of time.

    Attributes
    ----------
    time
        (T, N) ascending, infinite for nobody.
    event, treated
        (T, N) flags; both False for nobody.
    present
        (T, N) whether there is a patient.
    first, last
        (T, N) index of the first and last patient with this time; None where no two patients of
        any trial share a time, so that each is its own first and last.
    """

    time: Floats
    event: Flags
    treated: Flags
    present: Flags
    first: Integers | None
    last: Integers | None


def sort_trials(time: Floats, event: Flags, treated: Flags, present: Flags) -> Sorted:
    """Sort each trial by time and find its ties."""
    keyed = np.where(present, time, np.inf)
    order = np.argsort(keyed, axis=1)
    keyed = np.take_along_axis(keyed, order, axis=1)
    packed = (event & present) + 2 * (treated & present) + 4 * present.astype(np.int8)
    packed = np.take_along_axis(packed, order, axis=1)
    inside = (packed & 4) > 0
    first, last = _ties(keyed, inside)
    return Sorted(keyed, (packed & 1) > 0, (packed & 2) > 0, inside, first, last)


def _ties(time: Floats, inside: Flags) -> tuple[Integers | None, Integers | None]:
    count = time.shape[1]
    place = np.arange(count)
    with np.errstate(invalid="ignore"):  # ∞ − ∞: nobody is tied with nobody
        new = starts(time)
    if (new | ~inside).all():
        return None, None
    new |= ~inside
    first = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    ends = np.ones_like(new)
    ends[:, :-1] = new[:, 1:]
    reverse = np.where(ends, place, count)[:, ::-1]
    last = np.minimum.accumulate(reverse, axis=1)[:, ::-1]
    return first, last


@dataclass(frozen=True)
class Counts:
    """At the event of each patient (0 elsewhere), with those tied to it.

    Attributes
    ----------
    event, treated
        (T, N) 1.0 where the patient had the event, and was treated besides.
    risk, risk_treated
        (T, N) at risk just before.
    tied, tied_treated
        (T, N) events at this time.
    rank
        (T, N) place of the event among those tied with it: 0, 1, ...
    """

    event: Floats
    treated: Floats
    risk: Floats
    risk_treated: Floats
    tied: Floats
    tied_treated: Floats
    rank: Floats


def count(trials: Sorted) -> Counts:
    """Numbers at risk and tied, by arm."""
    seen = trials.event
    both = seen & trials.treated
    risk = _from_here(trials.present, trials.first)
    risk_treated = _from_here(trials.treated, trials.first)
    events, before = _between(seen, trials.first, trials.last)
    events_treated, _ = _between(both, trials.first, trials.last)
    running = np.cumsum(seen, axis=1)
    rank = running - seen - before
    flags = seen.astype(float)
    return Counts(
        flags,
        both.astype(float),
        risk * flags,
        risk_treated * flags,
        events * flags,
        events_treated * flags,
        rank * flags,
    )


def pick(values: Any, at: Integers | None) -> Any:
    """Values (T, N) at an index in each row; as they are without one."""
    return values if at is None else np.take_along_axis(values, at, axis=1)


def _from_here(flags: Flags, first: Integers | None) -> Integers:
    """How many of each trial stand at `first` or later."""
    running = np.cumsum(flags, axis=1)
    return running[:, -1:] - pick(running - flags, first)


def _between(
    flags: Flags, first: Integers | None, last: Integers | None
) -> tuple[Integers, Integers]:
    """How many stand from `first` to `last`, and how many before."""
    running = np.cumsum(flags, axis=1)
    before = pick(running - flags, first)
    return pick(running, last) - before, before
