"""The survival analysis of a table: curves, medians, tests, hazard ratios, restricted means.

One call gives what a report of a trial's endpoint needs, from the user's own columns, each number
with the convention behind it.  The parts alone: `kaplan_meier`, `logrank`, `cox`, `rmst`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.stats._counts import check_level
from rpoint.stats.cox import Cox, cox_of
from rpoint.stats.cox_model import TIES, Ties
from rpoint.stats.kaplan_meier import AT_RISK_CONVENTION, KaplanMeier, curve
from rpoint.stats.km_limits import Transform, check_transform
from rpoint.stats.logrank import LogRank, Weight, logrank_of
from rpoint.stats.rmst import Rmst, rmst_of
from rpoint.stats.survival_columns import Analysis, read_analysis
from rpoint.stats.survival_data import Labels, p_text
from rpoint.stats.survival_times import table_times

SOURCES = (
    "Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452",
    "Brookmeyer & Crowley 1982, doi:10.2307/2530286",
    "Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x",
    "Efron 1977, doi:10.1080/01621459.1977.10480613",
    "Morris et al. 2019 (KMunicate), doi:10.1136/bmjopen-2019-030215",
)


DOUBTFUL = 0.05  # p of the test of proportional hazards below which a warning is given


@dataclass(frozen=True, repr=False)
class Survival:
    """The survival analysis of one endpoint.

    Attributes
    ----------
    curves
        A Kaplan–Meier curve for each group, the reference first.
    tests
        Log-rank tests asked for; empty with one group or without events.
    arms
        Cox model of the groups against the reference, within strata; None with one group.
    adjusted
        The same with the covariates; None without any.
    rmst
        Restricted means and their differences; None without events.
    at
        DataFrame: group, time, at_risk, survival, std_error, lo, hi at the times asked for.
    at_risk
        DataFrame: group, time, at_risk, events, censored under the ticks of the figure.
    unit
        Of the times; "" if unknown.
    notes
        Which columns were taken for what, and what was left out.
    warnings
        What to know before reading a number: hazards that are not proportional, a coefficient
        without a maximum, nothing to test.
    """

    curves: tuple[KaplanMeier, ...]
    tests: tuple[LogRank, ...]
    arms: Cox | None
    adjusted: Cox | None
    rmst: Rmst | None
    at: pd.DataFrame
    at_risk: pd.DataFrame
    unit: str
    level: float
    transform: Transform
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """One row a group: group, n, events, median, lo, hi (NaN: not reached)."""
        rows = []
        for km in self.curves:
            m = km.median
            rows.append((km.label, km.n, km.total_events, m.estimate, m.lo, m.hi))
        return pd.DataFrame(rows, columns=["group", "n", "events", "median", "lo", "hi"])

    def to_frame(self) -> pd.DataFrame:
        """The curves: group, time, at_risk, events, censored, survival, std_error, lo, hi."""
        return _long({km.label: km.to_frame() for km in self.curves})

    def hazard_ratios(self) -> pd.DataFrame:
        """One row a coefficient: model ("groups", "adjusted"), then as `Cox.to_frame`."""
        models = {"groups": self.arms, "adjusted": self.adjusted}
        found = {name: model.to_frame() for name, model in models.items() if model is not None}
        return _long(found, "model") if found else pd.DataFrame()

    def proportional_hazards(self) -> pd.DataFrame | None:
        """The test of proportional hazards of each model; None where there is none to test."""
        models = {"groups": self.arms, "adjusted": self.adjusted}
        found = {
            name: model.proportional_hazards()
            for name, model in models.items()
            if model is not None and model.status == "converged" and model.ties != "exact"
        }
        return _long(found, "model") if found else None

    def figure_tables(self) -> dict[str, Any]:
        """What `rpoint.plots.survival.kaplan_meier_figure` draws."""
        return {
            "curves": self.to_frame(),
            "at_risk": self.at_risk,
            "medians": self.summary(),
            "unit": self.unit,
            "note": "\n".join([self.headline(), *self.warnings]),
            "convention": f"{100 * self.level:g} % {self.transform} intervals; "
            f"{AT_RISK_CONVENTION}",
            "sources": self.cite(),
        }

    def headline(self) -> str:
        """Hazard ratio and log-rank test of two groups on one line; the test alone of more."""
        parts = []
        if self.arms is not None and len(self.curves) == 2:
            row = self.arms.to_frame().iloc[0]
            treated, control = self.curves[1].label, self.curves[0].label
            limits = f"{row.lo:.2f}–{row.hi:.2f}" if row.lo == row.lo else "no Wald interval"
            parts.append(f"{treated} v {control}: HR {row.hr:.2f} ({limits})")
        if self.tests:
            parts.append(f"{self.tests[0].weight} {p_text(self.tests[0].p, 2)}")
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "conventions": {
                "interval_of_the_median": f"Brookmeyer–Crowley, {self.transform}",
                "level": self.level,
                "at_risk": AT_RISK_CONVENTION,
                "unit": self.unit or None,
            },
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "groups": self.summary().to_dict("records"),
            "tests": [test.to_dict() for test in self.tests],
            "cox": None if self.arms is None else self.arms.to_dict(),
            "cox_adjusted": None if self.adjusted is None else self.adjusted.to_dict(),
            "proportional_hazards": _records(self.proportional_hazards()),
            "rmst": None if self.rmst is None else self.rmst.to_dict(),
            "survival_at": self.at.to_dict("records"),
            "at_risk": self.at_risk.to_dict("records"),
            "sources": self.cite(),
        }

    def cite(self) -> list[str]:
        """The sources of the methods."""
        return list(SOURCES)

    def __repr__(self) -> str:
        lines = [km.summary() for km in self.curves]
        return "\n".join(["<Survival", *lines, f"{self.headline()}>"])


def survival(
    table: str | os.PathLike[str] | pd.DataFrame,
    *,
    by: str | None = None,
    time: str | None = None,
    event: str | None = None,
    censor: str | None = None,
    event_is: str | None = None,
    param: str | None = None,
    reference: str | None = None,
    strata: Sequence[str] = (),
    covariates: Sequence[str] = (),
    missing: str = "error",
    transform: Transform = "log-log",
    level: float = 0.95,
    tests: Sequence[Weight] = ("log-rank",),
    rho: float = 0.0,
    gamma: float = 0.0,
    ties: Ties = "efron",
    tau: float | None = None,
    at: Sequence[float] = (),
    unit: str | None = None,
) -> Survival:
    """Analyse one time-to-event endpoint of a table.

    Parameters
    ----------
    table
        CSV, Parquet or DataFrame, one row a patient (and endpoint).
    by
        Column of the groups; without it all patients are one.
    time, event
        Columns of the time and of the event (1 = event); found by themselves if they are called
        time and event, or AVAL and CNSR (ADaM).
    censor
        Column the other way round (0 = event, anything above it = censored), as ADaM's CNSR.
    event_is
        The value of the event column that is the event, such as "2" or "dead".
    param
        Endpoint (PARAMCD) of a table with several.
    reference
        Group against which the others stand; the first in order without it.
    strata, covariates
        Columns: of the stratified test and models, and of the adjusted model.
    missing
        "error", or "drop": leave out patients with a blank group, stratum or covariate, and say so.
    transform, level
        Of the intervals of curves and medians.
    tests
        Weights of the log-rank tests; `rho` and `gamma` for "fleming-harrington".
    ties
        Of the Cox models.
    tau
        Of the restricted mean; the largest time known for all groups without it.
    at
        Times at which S(t) is reported.
    unit
        Of the times, for labels; AVALU or the name of the column without it.

    Raises
    ------
    RpointError
        For what is wrong with the table, with its lines, or an option.
    """
    check_transform(transform)
    check_level(level)
    if ties not in TIES:
        raise unknown_name("way of counting ties", ties, TIES, where="ties")
    data = read_analysis(
        table, by=by, time=time, event=event, censor=censor, event_is=event_is, param=param,
        reference=reference, strata=strata, covariates=covariates, missing=missing, unit=unit,
    )  # fmt: skip
    curves = _curves(data, level, transform)
    warnings: list[str] = []
    found = tuple(_tests(data, tests, rho, gamma, warnings))
    arms, adjusted = _models(data, ties, level, warnings)
    restricted = _restricted(data, curves, tau, level, warnings)
    ticks = table_times(float(data.follow_up.time.max()), data.unit)
    return Survival(
        curves=curves, tests=found, arms=arms, adjusted=adjusted, rmst=restricted,
        at=_long({km.label: km.survival_at(_times(at)) for km in curves}),
        at_risk=_long({km.label: km.at_risk_table(ticks) for km in curves}),
        unit=data.unit, level=level, transform=transform, notes=data.notes,
        warnings=tuple(warnings),
    )  # fmt: skip


def _long(frames: dict[str, pd.DataFrame], key: str = "group") -> pd.DataFrame:
    parts = []
    for name, frame in frames.items():
        part = frame.copy()
        part.insert(0, key, name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _records(frame: pd.DataFrame | None) -> list[dict[str, Any]] | None:
    return None if frame is None else frame.to_dict("records")


def _times(at: Sequence[float]) -> np.ndarray:
    times = np.asarray(list(at), dtype=np.float64)
    if not (np.isfinite(times) & (times >= 0)).all():
        raise RpointError("a time to report is out of range", where="at", allowed="0 or more")
    return times


def _curves(data: Analysis, level: float, transform: Transform) -> tuple[KaplanMeier, ...]:
    made = []
    for j, name in enumerate(data.groups.names):
        members = data.follow_up.where(data.groups.code == j)
        made.append(curve(members, level=level, transform=transform, label=name))
    return tuple(made)


def _tests(
    data: Analysis, weights: Sequence[Weight], rho: float, gamma: float, warnings: list[str]
) -> list[LogRank]:
    if data.groups.count < 2:
        return []
    if not data.follow_up.event.any():
        warnings.append("no test and no hazard ratio: there are no events")
        return []
    powers = {"rho": rho, "gamma": gamma}
    if (rho or gamma) and "fleming-harrington" not in weights:
        raise RpointError(
            "rho and gamma belong to another test",
            where="tests",
            found=", ".join(weights),
            mend="ask for fleming-harrington, or leave them out",
        )
    return [
        logrank_of(
            data.follow_up, data.groups, data.strata, weight=w,
            **(powers if w == "fleming-harrington" else {}),
        )
        for w in weights
    ]  # fmt: skip


def _models(
    data: Analysis, ties: Ties, level: float, warnings: list[str]
) -> tuple[Cox | None, Cox | None]:
    if not data.follow_up.event.any():
        return None, None
    frame = contrast(data.groups)
    arms = adjusted = None
    if data.groups.count > 1:
        arms = cox_of(data.follow_up, frame, data.strata, ties=ties, level=level)
    if data.covariates.shape[1]:
        both = pd.concat([frame, data.covariates.reset_index(drop=True)], axis=1)
        adjusted = cox_of(data.follow_up, both, data.strata, ties=ties, level=level)
    for name, model in (("groups", arms), ("adjusted", adjusted)):
        if model is not None:
            warnings += _doubts(name, model)
    return arms, adjusted


def _doubts(name: str, model: Cox) -> list[str]:
    """A status other than convergence, or hazards that are not proportional."""
    if model.status != "converged":
        return [f"Cox model ({name}): {model.status}: {model.advice}"]
    if model.ties == "exact":
        return []
    p = float(model.proportional_hazards()["p"].iloc[-1])
    if p >= DOUBTFUL:
        return []
    return [f"the hazards ({name}) are not proportional, p = {p:.2g}: the ratio changes with time"]


def contrast(groups: Labels) -> pd.DataFrame:
    """0/1 columns of the groups against the first."""
    first = groups.names[0]
    return pd.DataFrame(
        {f"{name} v {first}": (groups.code == j).astype(float)
         for j, name in enumerate(groups.names) if j}
    )  # fmt: skip


def _restricted(
    data: Analysis, curves: tuple[KaplanMeier, ...], tau: float | None, level: float,
    warnings: list[str],
) -> Rmst | None:  # fmt: skip
    if tau is None and not data.follow_up.time.max() > 0:
        warnings.append("no restricted mean: all times are 0")
        return None
    return rmst_of(list(curves), tau=tau, level=level)
