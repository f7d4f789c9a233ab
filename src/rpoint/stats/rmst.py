"""Restricted mean survival time: the area under the Kaplan–Meier curve up to τ.

The standard error is Greenwood's: Σ over event times of (area from there to τ)² d / (n (n − d)),
as in R's survfit (Klein & Moeschberger 2003, §4.5).  The difference of two groups needs no
proportional hazards; τ must be chosen before looking at the curves.

By default τ is the largest time at which every group's curve is known: the smallest of the groups'
last times, counting a curve that has come down to 0 as known for ever.  Past the last follow-up
of a group the curve is unknown, and `extend` draws it on at its last height (R's "common" mean
does so silently).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from rpoint.errors import RpointError
from rpoint.stats._counts import check_level
from rpoint.stats.kaplan_meier import KaplanMeier, curve
from rpoint.stats.km_limits import normal_quantile
from rpoint.stats.survival_data import check_follow_up, labels, p_text


@dataclass(frozen=True)
class Rmst:
    """Restricted mean survival times and their differences from the first group.

    Attributes
    ----------
    tau
        Up to when, in the unit of the times.
    groups
        DataFrame: group, n, rmst, std_error, lo, hi, extended (True where the curve was drawn on).
    differences
        DataFrame: group, reference, difference, std_error, lo, hi, p, ratio, ratio_lo, ratio_hi.
    level
        Of the intervals.
    """

    tau: float
    groups: pd.DataFrame
    differences: pd.DataFrame
    level: float

    def to_frame(self) -> pd.DataFrame:
        """The groups."""
        return self.groups.copy()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "tau": self.tau,
            "level": self.level,
            "groups": self.groups.to_dict("records"),
            "differences": self.differences.to_dict("records"),
        }

    def summary(self) -> str:
        """A line a group and a difference."""
        lines = [f"restricted mean up to {self.tau:g} ({100 * self.level:g} % interval)"]
        lines += [
            f"{r.group}: {r.rmst:.3g} ({r.lo:.3g} to {r.hi:.3g})" for r in self.groups.itertuples()
        ]
        lines += [
            f"{r.group} − {r.reference}: {r.difference:.3g} ({r.lo:.3g} to {r.hi:.3g}), "
            f"{p_text(r.p)}"
            for r in self.differences.itertuples()
        ]
        return "\n".join(lines)


def rmst(
    time: Any,
    event: Any,
    group: Any = None,
    *,
    tau: float | None = None,
    level: float = 0.95,
    extend: bool = False,
) -> Rmst:
    """Restricted mean survival time of each group, and differences from the first.

    Parameters
    ----------
    time, event
        As in `kaplan_meier`.
    group
        (n,) labels; without it all patients are one group.
    tau
        Greater than 0; the largest time known for every group without it.
    level
        Of the intervals, 0–1.
    extend
        Draw a curve on at its last height where `tau` is past its last follow-up.

    Raises
    ------
    RpointError
        For data or options that are not allowed; a `tau` past the follow-up without `extend`.
    """
    data = check_follow_up(time, event)
    groups = labels(np.repeat("all", data.n) if group is None else group, data.n)
    curves = [
        curve(data.where(groups.code == j), label=name) for j, name in enumerate(groups.names)
    ]
    return rmst_of(curves, tau=tau, level=level, extend=extend)


def rmst_of(
    curves: list[KaplanMeier],
    *,
    tau: float | None = None,
    level: float = 0.95,
    extend: bool = False,
) -> Rmst:
    """Restricted means of curves, the first of which is the reference."""
    check_level(level)
    until = common_time(curves) if tau is None else _check_tau(tau, curves, extend)
    z = normal_quantile(level)
    rows = []
    for km in curves:
        mean, variance = area(km, until)
        error = float(np.sqrt(variance))
        rows.append(
            {"group": km.label, "n": km.n, "rmst": mean, "std_error": error,
             "lo": mean - z * error, "hi": mean + z * error, "extended": until > known_until(km)}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    differences = pd.DataFrame([_difference(rows[0], row, z) for row in rows[1:]])
    return Rmst(until, table, differences, level)


def known_until(km: KaplanMeier) -> float:
    """The last time at which the curve is known; infinite for one that has come down to 0."""
    return float("inf") if km.survival[-1] <= 0 else float(km.time[-1])


def common_time(curves: list[KaplanMeier]) -> float:
    """The largest time at which every curve is known (the last time if all came down to 0)."""
    known = min(known_until(km) for km in curves)
    return known if np.isfinite(known) else float(max(km.time[-1] for km in curves))


def _check_tau(tau: float, curves: list[KaplanMeier], extend: bool) -> float:
    if not (np.isfinite(tau) and tau > 0):
        raise RpointError("tau is out of range", where="tau", found=tau, allowed="more than 0")
    short = [km for km in curves if tau > known_until(km)]
    if short and not extend:
        raise RpointError(
            "the curve is not known up to tau",
            where=f"tau = {tau:g}",
            found=f"follow-up of {short[0].label} ends at {short[0].time[-1]:g}",
            allowed=f"at most {common_time(curves):g}",
        )
    return float(tau)


def area(km: KaplanMeier, tau: float) -> tuple[float, float]:
    """The area under a curve up to `tau`, and its variance."""
    inside = km.time < tau
    corners = np.concatenate([[0.0], km.time[inside], [tau]])
    heights = np.concatenate([[1.0], km.survival[inside]])
    strips = heights * np.diff(corners)
    after = np.cumsum(strips[::-1])[::-1][1:]  # area from each time to tau
    n, d = km.at_risk[inside].astype(float), km.events[inside].astype(float)
    left = n - d
    terms = np.where(left > 0, d / (n * np.maximum(left, 1.0)), 0.0)  # at S = 0 the area is 0
    return float(strips.sum()), float((after**2 * terms).sum())


def _difference(reference: dict[str, Any], row: dict[str, Any], z: float) -> dict[str, Any]:
    delta = row["rmst"] - reference["rmst"]
    error = float(np.hypot(row["std_error"], reference["std_error"]))
    relative = [(r["std_error"] / r["rmst"]) for r in (row, reference)]
    log_ratio, log_error = np.log(row["rmst"] / reference["rmst"]), float(np.hypot(*relative))
    p = 2 * special.ndtr(-abs(delta) / error) if error > 0 else float("nan")
    return {
        "group": row["group"],
        "reference": reference["group"],
        "difference": delta,
        "std_error": error,
        "lo": delta - z * error,
        "hi": delta + z * error,
        "p": float(p),
        "ratio": float(np.exp(log_ratio)),
        "ratio_lo": float(np.exp(log_ratio - z * log_error)),
        "ratio_hi": float(np.exp(log_ratio + z * log_error)),
    }
