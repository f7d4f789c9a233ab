"""Kaplan–Meier curves: Greenwood's error, limits, quantiles, numbers at risk.

Conventions, which every table and figure repeats:

- a patient is at risk at t when the time of follow-up is t or later, so that an event and a
  censoring at t both still count at t (events come before censorings at the same time);
- the curve is right-continuous: S(t) has the events at t in it;
- the interval of a quantile is Brookmeyer–Crowley's: all t at which the pointwise interval of S(t)
  holds the level.  Lower limit: the first t at which the lower curve is at or below it; upper
  limit: the first t of the upper curve.  "Not reached" is NaN (None in JSON), never the last time;
- past the last follow-up S is unknown (NaN) unless it is 0.

Not supported: left truncation, case weights.  Sources: Kaplan & Meier 1958
(doi:10.1080/01621459.1958.10501452); see `rpoint.stats.km_limits` for the intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rpoint.errors import RpointError
from rpoint.stats._counts import check_level
from rpoint.stats.km_limits import Transform, check_transform, crossing, limits
from rpoint.stats.survival_data import Floats, FollowUp, Integers, check_follow_up, starts

AT_RISK_CONVENTION = (
    "at risk: follow-up of t or longer (an event or a censoring at t still counts); "
    "events and censored: cumulative, before t"
)


@dataclass(frozen=True)
class Quantile:
    """A quantile of a Kaplan–Meier curve with its interval; NaN where it is not reached.

    Attributes
    ----------
    probability
        Share of patients with the event by then: 0.5 for the median.
    estimate, lo, hi
        Times.
    level, transform
        Of the interval.
    """

    probability: float
    estimate: float
    lo: float
    hi: float
    level: float
    transform: Transform

    def text(self, digits: int = 2) -> str:
        """Estimate and limits on one line, NR for not reached.

        >>> Quantile(0.5, 31.0, 13.0, float("nan"), 0.95, "log-log").text()
        '31 (13–NR)'
        """
        e, lo, hi = (reached(v, digits) for v in (self.estimate, self.lo, self.hi))
        return f"{e} ({lo}–{hi})"

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return dict(self.__dict__)


def reached(value: float, digits: int = 2) -> str:
    """A time as text without idle zeros; NR for not reached.

    >>> reached(14.1), reached(31.0), reached(float("nan"))
    ('14.1', '31', 'NR')
    """
    if value != value:
        return "NR"
    shown = f"{value:.{digits}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


@dataclass(frozen=True)
class KaplanMeier:
    """A Kaplan–Meier curve.

    Attributes
    ----------
    time
        (m,) distinct times of follow-up, ascending.
    at_risk, events, censored
        (m,) numbers at each time.
    survival
        (m,) S(t), events at t included.
    std_error
        (m,) Greenwood's standard error of S(t); NaN where S = 0.
    lo, hi
        (m,) pointwise limits.
    level, transform
        Of the limits.
    label
        Whose curve it is.
    """

    time: Floats
    at_risk: Integers
    events: Integers
    censored: Integers
    survival: Floats
    std_error: Floats
    lo: Floats
    hi: Floats
    level: float
    transform: Transform
    label: str = ""

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.at_risk[0])

    @property
    def total_events(self) -> int:
        """Number of events."""
        return int(self.events.sum())

    def quantile(self, probability: float = 0.5) -> Quantile:
        """The time by which `probability` of the patients have had the event.

        Raises
        ------
        RpointError
            If the probability is not strictly between 0 and 1.
        """
        if not 0 < probability < 1:
            raise RpointError(
                "a quantile needs a probability", found=probability, allowed="between 0 and 1"
            )
        level = 1.0 - probability
        estimate, lo, hi = (
            crossing(self.time, y, level) for y in (self.survival, self.lo, self.hi)
        )
        return Quantile(probability, estimate, lo, hi, self.level, self.transform)

    @property
    def median(self) -> Quantile:
        """The median with its interval."""
        return self.quantile(0.5)

    def survival_at(self, times: ArrayLike) -> pd.DataFrame:
        """S at given times.

        Returns
        -------
        pandas.DataFrame
            time, at_risk, survival, std_error, lo, hi.  Past the last follow-up S is 0 if the
            curve has come down to 0, and otherwise unknown (NaN).
        """
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        step = np.searchsorted(self.time, asked, side="right")
        curves = {}
        for name, start in (("survival", 1.0), ("std_error", 0.0), ("lo", 1.0), ("hi", 1.0)):
            curves[name] = np.concatenate([[start], getattr(self, name)])[step]
        past = (asked > self.time[-1]) & (self.survival[-1] > 0)
        table = {"time": asked, "at_risk": self.at_risk_at(asked), **curves}
        frame = pd.DataFrame(table)
        frame.loc[past, list(curves)] = np.nan
        return frame

    def at_risk_at(self, times: ArrayLike) -> Integers:
        """Number at risk at given times."""
        step = np.searchsorted(self.time, np.asarray(times, np.float64), side="left")
        return np.concatenate([self.at_risk, [0]])[step]

    def at_risk_table(self, times: ArrayLike) -> pd.DataFrame:
        """Numbers at risk, and events and censored before: the three add up to n at each time.

        Returns
        -------
        pandas.DataFrame
            time, at_risk, events, censored, by `AT_RISK_CONVENTION`.
        """
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        step = np.searchsorted(self.time, asked, side="left")
        events = np.concatenate([[0], np.cumsum(self.events)])[step]
        risk = self.at_risk_at(asked)
        return pd.DataFrame(
            {"time": asked, "at_risk": risk, "events": events, "censored": self.n - risk - events}
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a distinct time."""
        columns = ("time", "at_risk", "events", "censored", "survival", "std_error", "lo", "hi")
        return pd.DataFrame({name: getattr(self, name) for name in columns})

    def to_dict(self) -> dict[str, Any]:
        """Numbers, median and curve as plain data."""
        return {
            "label": self.label,
            "n": self.n,
            "events": self.total_events,
            "median": self.median.to_dict(),
            "curve": self.to_frame().to_dict("list"),
        }

    def summary(self) -> str:
        """One line: numbers, median, interval and its scale."""
        head = f"{self.label}: " if self.label else ""
        return (
            f"{head}{self.total_events} events in {self.n}, median {self.median.text()} "
            f"({100 * self.level:g} % {self.transform} interval)"
        )

    def __repr__(self) -> str:
        return f"<KaplanMeier {self.summary()}>"


def kaplan_meier(
    time: Any,
    event: Any,
    *,
    level: float = 0.95,
    transform: Transform = "log-log",
    label: str = "",
) -> KaplanMeier:
    """The Kaplan–Meier curve of one group.

    Parameters
    ----------
    time
        (n,) not negative, any unit.
    event
        (n,) 1 for an event, 0 for a censored time.
    level
        Of the pointwise limits, 0–1.
    transform
        Scale of the limits: "log-log", "log" (R's default), "plain", "logit", "arcsin".
    label
        A name for the curve.

    Raises
    ------
    RpointError
        For times, events, a level or a transform that are not allowed.

    >>> kaplan_meier([9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161],
    ...              [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]).median.text()
    '31 (13–NR)'
    """
    check_transform(transform)
    check_level(level)
    return curve(check_follow_up(time, event), level=level, transform=transform, label=label)


def curve(
    data: FollowUp, *, level: float = 0.95, transform: Transform = "log-log", label: str = ""
) -> KaplanMeier:
    """The curve of checked data."""
    time, risk, events, censored = risk_table(data)
    survival = np.cumprod((risk - events) / risk)
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(events / (risk * (risk - events).astype(np.float64)))
    std_error = np.where(survival > 0, survival, np.nan) * np.sqrt(greenwood)
    lo, hi = limits(survival, greenwood, level, transform)
    return KaplanMeier(
        time, risk, events, censored, survival, std_error, lo, hi, level, transform, label
    )


def risk_table(data: FollowUp) -> tuple[Floats, Integers, Integers, Integers]:
    """Distinct times, numbers at risk, events and censored at each."""
    order = np.argsort(data.time, kind="stable")
    time, event = data.time[order], data.event[order]
    first = np.flatnonzero(starts(time))
    events = np.add.reduceat(event.astype(np.int64), first)
    leaving = np.diff(np.append(first, len(time)))
    return time[first], len(time) - first, events, leaving - events
