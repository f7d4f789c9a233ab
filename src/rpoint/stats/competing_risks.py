"""Competing risks: the Aalen–Johansen cumulative incidence of each cause.

F_k(t) = Σ S(s−) d_k(s) / n(s) over s ≤ t, with S the Kaplan–Meier curve of any event.  The variance
is the delta method's with multinomial increments (Greenwood's when there is one cause; Marubini &
Valsecchi 1995), limits are on the log(−log F) scale, as SAS prints them.  One minus the
Kaplan–Meier curve of one cause, others counted as censored, is *not* the incidence: it is larger.

Compare groups by Gray's test (`rpoint.stats.gray`) for incidences, or by `logrank` and `cox` of the
cause-specific event (`cause_specific`) for hazards: two different questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rpoint.errors import RpointError
from rpoint.stats._counts import check_level, listed
from rpoint.stats.km_limits import normal_quantile
from rpoint.stats.survival_data import (
    Flags,
    Floats,
    Integers,
    check_follow_up,
    starts,
)


@dataclass(frozen=True)
class CumulativeIncidence:
    """The cumulative incidence of one cause.

    Attributes
    ----------
    cause
        Its code.
    time
        (m,) distinct times of follow-up, ascending.
    at_risk, events, competing
        (m,) at risk, events of the cause, events of others.
    incidence, std_error, lo, hi
        (m,) F, its standard error and limits (NaN before the first event).
    level
        Of the limits.
    label
        Whose incidence it is.
    """

    cause: int
    time: Floats
    at_risk: Integers
    events: Integers
    competing: Integers
    incidence: Floats
    std_error: Floats
    lo: Floats
    hi: Floats
    level: float
    label: str = ""

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """F at given times: time, incidence, std_error, lo, hi; NaN past the last follow-up."""
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        step = np.searchsorted(self.time, asked, side="right")
        past = (asked > self.time[-1]) & (self._left > 0)
        table = {"time": asked}
        for name, start in (("incidence", 0.0), ("std_error", 0.0), ("lo", np.nan), ("hi", np.nan)):
            value = np.concatenate([[start], getattr(self, name)])[step]
            table[name] = np.where(past, np.nan, value)
        return pd.DataFrame(table)

    @property
    def _left(self) -> int:
        """Patients who had no event at the last time."""
        return int(self.at_risk[-1] - self.events[-1] - self.competing[-1])

    def to_frame(self) -> pd.DataFrame:
        """One row a distinct time."""
        names = (
            "time", "at_risk", "events", "competing", "incidence", "std_error", "lo", "hi",
        )  # fmt: skip
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "label": self.label,
            "cause": self.cause,
            "n": int(self.at_risk[0]),
            "events": int(self.events.sum()),
            "competing": int(self.competing.sum()),
            "curve": self.to_frame().to_dict("list"),
        }

    def summary(self) -> str:
        """One line: numbers, and the incidence at the last time."""
        head = f"{self.label}: " if self.label else ""
        return (
            f"{head}cause {self.cause}: {int(self.events.sum())} events and "
            f"{int(self.competing.sum())} of other causes in {int(self.at_risk[0])}, "
            f"incidence {100 * self.incidence[-1]:.1f} % at {self.time[-1]:g}"
        )


def check_causes(time: Any, cause: Any, *, where: str = "cause") -> tuple[Floats, Integers]:
    """Checked times and causes: 0 for censored, 1, 2, ... for what happened."""
    given = pd.to_numeric(pd.Series(np.asarray(cause)), errors="coerce").to_numpy(np.float64)
    whole = np.isfinite(given) & (given >= 0) & (given == np.floor(given))
    if not whole.all():
        rows = [f"row {i + 1}: {np.asarray(cause)[i]}" for i in np.flatnonzero(~whole).tolist()]
        raise RpointError(
            f"{len(rows)} {'row has' if len(rows) == 1 else 'rows have'} no cause",
            where=f"{where}\n{listed(rows)}",
            allowed="0 (censored), 1, 2, ... (causes)",
        )
    data = check_follow_up(time, given > 0)
    return data.time, given.astype(np.int64)


def cumulative_incidence(
    time: Any, cause: Any, *, of: int = 1, level: float = 0.95, label: str = ""
) -> CumulativeIncidence:
    """The Aalen–Johansen estimate for one cause in one group.

    Parameters
    ----------
    time
        (n,) not negative.
    cause
        (n,) 0 for censored, 1, 2, ... for the cause.
    of
        The cause of interest.
    level
        Of the limits, 0–1.
    label
        A name for the curve.

    Raises
    ------
    RpointError
        For times, causes or a level that are not allowed, or a cause that nobody has.

    >>> cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1]).incidence.tolist()
    [0.25, 0.25, 0.25, 0.75]
    """
    times, causes = check_causes(time, cause)
    check_present(causes, of)
    return incidence(times, causes, of=of, level=level, label=label)


def incidence(
    times: Floats, causes: Integers, *, of: int, level: float = 0.95, label: str = ""
) -> CumulativeIncidence:
    """The estimate of checked data; 0 throughout where nobody had an event of the cause."""
    check_level(level)
    order = np.argsort(times, kind="stable")
    times, causes = times[order], causes[order]
    first = np.flatnonzero(starts(times))
    mine = np.add.reduceat((causes == of).astype(np.int64), first)
    every = np.add.reduceat((causes > 0).astype(np.int64), first)
    risk = len(times) - first
    f, variance = _aalen_johansen(risk.astype(float), mine, every)
    error = np.sqrt(np.maximum(variance, 0.0))
    lo, hi = _limits(f, error, level)
    return CumulativeIncidence(
        of, times[first], risk, mine, every - mine, f, error, lo, hi, level, label
    )


def check_present(causes: Integers, of: int) -> None:
    """Refuse a cause that nobody has."""
    seen = sorted(set(causes[causes > 0].tolist()))
    if of not in seen:
        raise RpointError(
            "nobody had an event of this cause",
            where="cause of interest",
            found=of,
            allowed=", ".join(map(str, seen)) or "there are no events",
        )


def _aalen_johansen(n: Floats, mine: Integers, every: Integers) -> tuple[Floats, Floats]:
    """F and its variance at each time.

    A time s adds to the error of F(t) the error of its own jump and, through S, that of all later
    jumps, which are in proportion to F(t) − F(s).
    """
    own, any_event = mine / n, every / n
    survival = np.cumprod(1.0 - any_event)
    before = np.concatenate([[1.0], survival[:-1]])
    f = np.cumsum(before * own)
    left = 1.0 - any_event
    alive = left > 0  # after S = 0 nothing follows, and F(t) − F(s) is 0
    g = np.where(alive, any_event / (n * np.where(alive, left, 1.0)), 0.0)
    jump = before**2 * own * (1.0 - own) / n
    both = np.where(alive, before * own / n, 0.0)
    sums = [np.cumsum(a) for a in (jump, both, both * f, g, g * f, g * f**2)]
    a, b, bf, c, cf, cff = sums
    return f, a - 2.0 * (f * b - bf) + f**2 * c - 2.0 * f * cf + cff


def _limits(f: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    inside = (f > 0) & (f < 1 - 1e-12)  # 1 but for rounding: undefined, as S = 0 is
    value = np.where(inside, f, 0.5)
    width = normal_quantile(level) * error / (value * -np.log(value))
    lo, hi = value ** np.exp(width), value ** np.exp(-width)
    return np.where(inside, lo, np.nan), np.where(inside, hi, np.nan)


def cause_specific(cause: Any, of: int = 1) -> Flags:
    """The event flags of one cause, others counted as censored: for `logrank` and `cox`."""
    causes = np.asarray(cause, dtype=np.float64).astype(np.int64)
    check_present(causes, of)
    return causes == of
