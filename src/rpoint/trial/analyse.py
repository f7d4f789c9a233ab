"""What a trial reports, for every replicate: rates, medians, hazard ratios, adverse events.

One row a replicate, arm (or comparison `A vs B`), subset and endpoint.  Endpoints have the names
that published values have in trial files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats as distributions

from rpoint.stats.batched import batched_survival
from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.trial.analysed import RESPONSES, TERMS, in_subset, patient_rows
from rpoint.trial.spec import MONTH_D, Trial

COLUMNS = ("REPL", "ARM", "SUBSET", "ENDPOINT", "VALUE", "LO", "HI", "N")
ALL = "all"
PROGNOSTIC = "pfs_hr_prognostic"
CLINICAL_BENEFIT_D = 168.0
WEEK_D = 7.0
_GRADES = {"any": (1, 5), "g3": (3, 3), "g4": (4, 4), "g34": (3, 4), "g3plus": (3, 5)}
_SUFFIX = re.compile(r"(_update|_ci90)$")
_AE = re.compile(r"ae_(?P<term>[a-z_]+)_(?P<grade>any|g34|g3plus|g3|g4)_pct(_model_predicted)?$")
_SPELL = re.compile(r"ae_(?P<term>[a-z_]+)_g3plus_(?P<what>onset|duration)_median_days$")
_RATE = re.compile(r"(?P<time>pfs|os)_rate_(?P<at>\d+)(?P<unit>mo|wk)_pct$")
_MEDIAN = re.compile(r"(?P<time>pfs|os|dor)_median_(?P<unit>months|weeks)$")
_HAZARD = re.compile(r"(?P<time>pfs|os)_hr$")
STANDARD = (
    "response_any_pct", "response_confirmed_pct", "dcr_pct", "cbr24_pct", "pfs_median_months",
    "pfs_rate_60mo_pct", "os_median_months", "dor_median_months", "best_target_change_pct",
    "complete_responses",
    "ae_thrombocytopenia_g34_pct", "ae_neutropenia_g34_pct", "ae_anaemia_g34_pct",
    "ae_leukopenia_g34_pct", "ae_diarrhoea_g34_pct", "dose_reduction_pct",
    "ae_discontinuation_pct",
)  # fmt: skip


def analyse(trial: Trial, tables: Mapping[str, Any]) -> pd.DataFrame:
    """Statistics of every replicate.

    Parameters
    ----------
    trial
        The trial: its sets, contrast, published rows and interim look decide what is computed.
    tables
        adsl, adtte, adrs, adae of all replicates, by name.

    Returns
    -------
    pandas.DataFrame
        REPL, ARM, SUBSET (empty: all), ENDPOINT, VALUE, LO, HI (at the trial's level), N.
    """
    rows = patient_rows(trial, tables)
    parts = []
    for arm, subset, endpoint in wanted(trial):
        found = _statistic(trial, rows, arm, subset, endpoint)
        if found is not None:
            parts.append(found.assign(ARM=arm, SUBSET=" & ".join(subset or ()), ENDPOINT=endpoint))
    if trial.analysis.interim is not None:
        parts.append(_simon(trial, rows))
    table = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return table.sort_values(["ARM", "SUBSET", "ENDPOINT", "REPL"], kind="stable").reset_index(
        drop=True
    )


def wanted(trial: Trial) -> list[tuple[str, tuple[str, ...] | None, str]]:
    """What is computed: the standard endpoints of every arm, the contrast, the published rows."""
    found: dict[tuple, None] = {}
    for arm in trial.arms:
        for endpoint in STANDARD:
            found[(arm, None, endpoint)] = None
    if trial.analysis.contrast is not None:
        versus = " vs ".join(trial.analysis.contrast)
        found |= {(versus, None, "pfs_hr"): None, (versus, None, "os_hr"): None}
    for arm in (*trial.arms, *((ALL,) if len(trial.arms) > 1 else ())):
        found[(arm, ("pakt:high",), PROGNOSTIC)] = None
    for row in trial.published:
        if row.not_predicted is None:
            found[(row.arm, row.subset, plain(row.endpoint))] = None
    return list(found)


def plain(endpoint: str) -> str:
    """The endpoint without what its name says of the published interval.

    >>> plain("pfs_hr_ci90")
    'pfs_hr'
    """
    return _SUFFIX.sub("", _SUFFIX.sub("", endpoint))


@dataclass(frozen=True)
class Grid:
    """Patients laid out as (replicates, patients), padded.

    Attributes
    ----------
    replicates
        (R,) numbers.
    take
        (R, N) row of the patient, -1 where there is none.
    """

    replicates: np.ndarray
    take: np.ndarray

    @classmethod
    def of(cls, replicate: np.ndarray, inside: np.ndarray, every: np.ndarray) -> Grid:
        """The grid of the patients inside, over all replicates."""
        where = np.searchsorted(every, replicate[inside])
        order = np.argsort(where, kind="stable")
        counts = np.bincount(where, minlength=len(every))
        width = max(1, int(counts.max()) if len(counts) else 1)
        take = np.full((len(every), width), -1)
        place = np.arange(len(where)) - np.repeat(np.cumsum(counts) - counts, counts)
        take[where[order], place] = np.flatnonzero(inside)[order]
        return cls(every, take)

    @property
    def there(self) -> np.ndarray:
        """(R, N) where there is a patient."""
        return self.take >= 0

    @property
    def n(self) -> np.ndarray:
        """(R,) patients."""
        return self.there.sum(axis=1)

    def of_column(self, values: np.ndarray) -> np.ndarray:
        """(R, N) values of the patients; what is padded is the last row's."""
        return values[self.take]


def _statistic(trial: Trial, rows: pd.DataFrame, arm: str, subset, endpoint: str):
    if " vs " in arm:
        return _contrast(trial, rows, arm, subset, endpoint)
    if endpoint == PROGNOSTIC:
        return _prognostic(trial, rows, arm, subset)
    safety = endpoint.startswith(("ae_", "dose_"))
    inside = np.ones(len(rows), bool) if arm == ALL else (rows["TRT01P"] == arm).to_numpy()
    inside &= (rows["SAFFL" if safety else "EFFFL"] == "Y").to_numpy()
    inside &= (rows["SIMSTAT"].str.startswith("ok")).to_numpy() & in_subset(rows, subset)
    if not inside.any():
        return None
    grid = Grid.of(rows["REPL"].to_numpy(), inside, np.unique(rows["REPL"].to_numpy()))
    if match := _MEDIAN.match(endpoint):
        return _median(trial, rows, grid, match["time"], match["unit"])
    if match := _RATE.match(endpoint):
        days = int(match["at"]) * (MONTH_D if match["unit"] == "mo" else WEEK_D)
        return _kept(rows, grid, match["time"], days, trial.analysis.level)
    if match := _SPELL.match(endpoint):
        return _plain_median(rows[f"{match['what']} {match['term']}"].to_numpy(float), grid)
    if endpoint == "best_target_change_pct":
        change = np.where(grid.there, grid.of_column(rows["best_change"].to_numpy(float)), np.inf)
        least = np.nanmin(np.where(np.isnan(change), np.inf, change), axis=1)
        return _plain(grid, np.where(np.isinf(least), np.nan, least))
    yes = _yes(trial, rows, endpoint)
    if yes is None:
        return None
    count = (grid.of_column(yes) & grid.there).sum(axis=1)
    if endpoint == "complete_responses":
        return _plain(grid, count.astype(float))
    return _share(grid, count, trial.analysis.level)


def _yes(trial: Trial, rows: pd.DataFrame, endpoint: str) -> np.ndarray | None:
    """(rows,) who counts for a rate; None for an endpoint that is none."""
    confirmed = trial.assessment.confirm_weeks is not None
    responds = rows["bor"].isin(RESPONSES).to_numpy()
    known = {
        "response_any_pct": lambda: responds,
        "response_confirmed_pct": lambda: rows["cbor"].isin(RESPONSES).to_numpy(),
        "orr_pct": lambda: rows["cbor" if confirmed else "bor"].isin(RESPONSES).to_numpy(),
        "complete_responses": lambda: (rows["cbor" if confirmed else "bor"] == "CR").to_numpy(),
        "dcr_pct": lambda: rows["bor"].isin((*RESPONSES, "SD", "NON-CR/NON-PD")).to_numpy(),
        "cbr24_pct": lambda: responds | (rows["pfs"] >= CLINICAL_BENEFIT_D).to_numpy(),
        "dose_reduction_pct": lambda: (rows["DREDFL"] == "Y").to_numpy(),
        "ae_discontinuation_pct": lambda: (rows["DCTREAS"] == "ADVERSE EVENT").to_numpy(),
        "ae_treatment_related_g34_pct": lambda: rows["any_g34"].to_numpy(bool),
    }
    known["orr_measurable_pct"] = known["orr_pct"]
    known["cbr_pct"] = known["cbr24_pct"]
    if endpoint in known:
        return known[endpoint]()
    match = _AE.match(endpoint)
    if match is None or match["term"] not in TERMS:
        return None
    low, high = _GRADES[match["grade"]]
    grade = rows[f"grade {match['term']}"].to_numpy()
    return (grade >= low) & (grade <= high)


def _plain(grid: Grid, value: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"REPL": grid.replicates, "VALUE": value, "LO": np.nan, "HI": np.nan, "N": grid.n}
    )


def _plain_median(values: np.ndarray, grid: Grid) -> pd.DataFrame:
    laid = np.where(grid.there, grid.of_column(values), np.nan)
    some = np.isfinite(laid).any(axis=1)
    found = np.full(len(laid), np.nan)
    found[some] = np.nanmedian(laid[some], axis=1)
    return _plain(grid, found)


def _share(grid: Grid, count: np.ndarray, level: float) -> pd.DataFrame:
    """Percent with exact (Clopper-Pearson) limits."""
    n, tail = grid.n, (1.0 - level) / 2.0
    with np.errstate(invalid="ignore", divide="ignore"):
        lo = np.where(count > 0, distributions.beta.ppf(tail, count, n - count + 1), 0.0)
        hi = np.where(count < n, distributions.beta.ppf(1 - tail, count + 1, n - count), 1.0)
        share = np.where(n > 0, count / n, np.nan)
    return pd.DataFrame(
        {"REPL": grid.replicates, "VALUE": 100 * share, "LO": 100 * lo, "HI": 100 * hi, "N": n}
    )


def _laid(rows: pd.DataFrame, grid: Grid, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, events and who counts, (R, N)."""
    time = grid.of_column(rows[name].to_numpy(float))
    event = grid.of_column(rows[f"{name}_event"].to_numpy(float))
    there = grid.there & np.isfinite(time)
    return np.where(there, time, 0.0), np.where(there, event, 0.0), there


def _median(trial: Trial, rows, grid: Grid, name: str, unit: str) -> pd.DataFrame:
    time, event, there = _laid(rows, grid, name)
    found = batched_survival(
        time, event, np.ones(time.shape), mask=there, parts=("medians",), level=trial.analysis.level
    )
    per = MONTH_D if unit == "months" else WEEK_D
    return pd.DataFrame(
        {
            "REPL": grid.replicates,
            "VALUE": found.median[:, 1] / per,
            "LO": found.median_lo[:, 1] / per,
            "HI": found.median_hi[:, 1] / per,
            "N": there.sum(axis=1),
        }
    )


def _kept(rows, grid: Grid, name: str, day: float, level: float) -> pd.DataFrame:
    """Kaplan-Meier share without an event on a day, %."""
    time, event, there = _laid(rows, grid, name)
    found = np.full((len(time), 3), np.nan)
    for r in np.flatnonzero(there.any(axis=1)):
        curve = kaplan_meier(time[r][there[r]], event[r][there[r]], level=level)
        frame = curve.to_frame()
        before = frame[frame["time"] <= day]
        last = before.iloc[-1] if len(before) else None
        found[r] = (1.0, 1.0, 1.0) if last is None else last[["survival", "lo", "hi"]].astype(float)
    return pd.DataFrame(
        {
            "REPL": grid.replicates,
            "VALUE": 100 * found[:, 0],
            "LO": 100 * found[:, 1],
            "HI": 100 * found[:, 2],
            "N": there.sum(axis=1),
        }
    )


def _contrast(trial: Trial, rows: pd.DataFrame, arm: str, subset, endpoint: str):
    match = _HAZARD.match(endpoint)
    if match is None:
        return None
    treated, control = arm.split(" vs ")
    inside = rows["TRT01P"].isin((treated, control)).to_numpy() & (rows["EFFFL"] == "Y").to_numpy()
    inside &= rows["SIMSTAT"].str.startswith("ok").to_numpy() & in_subset(rows, subset)
    if not inside.any():
        return None
    return _hazard(trial, rows, inside, (rows["TRT01P"] == treated).to_numpy(), match["time"])


def _prognostic(trial: Trial, rows: pd.DataFrame, arm: str, subset) -> pd.DataFrame | None:
    """Hazard ratio of those in a subset against the others of an arm."""
    inside = (rows["EFFFL"] == "Y").to_numpy() & rows["SIMSTAT"].str.startswith("ok").to_numpy()
    if arm != ALL:
        inside &= (rows["TRT01P"] == arm).to_numpy()
    if not inside.any() or rows.loc[inside, "PAKTBL"].isna().all():
        return None
    return _hazard(trial, rows, inside, in_subset(rows, subset), "pfs")


def _hazard(trial: Trial, rows, inside: np.ndarray, treated: np.ndarray, name: str):
    grid = Grid.of(rows["REPL"].to_numpy(), inside, np.unique(rows["REPL"].to_numpy()))
    time, event, there = _laid(rows, grid, name)
    arms = grid.of_column(treated)
    found = batched_survival(
        time, event, arms, mask=there, parts=("cox",), level=trial.analysis.level
    )
    good = np.isfinite(found.hr) & (found.hr > 0)
    return pd.DataFrame(
        {
            "REPL": grid.replicates,
            "VALUE": np.where(good, found.hr, np.nan),
            "LO": np.where(good, found.hr_lo, np.nan),
            "HI": np.where(good, found.hr_hi, np.nan),
            "N": there.sum(axis=1),
        }
    )


def _simon(trial: Trial, rows: pd.DataFrame) -> pd.DataFrame:
    """Whether each replicate stops after the first stage, and whether it ends as promising."""
    assert trial.analysis.interim is not None
    rule = trial.analysis.interim.simon
    column = {"orr_confirmed": "response_confirmed_pct", "orr_any": "response_any_pct"}
    yes = _yes(trial, rows, column.get(rule.endpoint, f"{rule.endpoint}_pct"))
    assert yes is not None  # the rule counts a rate
    arm = next(iter(trial.arms))
    inside = (rows["TRT01P"] == arm).to_numpy() & (rows["EFFFL"] == "Y").to_numpy()
    found = []
    for replicate, part in rows[inside].groupby("REPL"):
        order = part.sort_values(["ENRLDT", "PATIDX"]).index.to_numpy()
        first, both = yes[order[: rule.n1]].sum(), yes[order[: rule.n]].sum()
        stops = first <= rule.r1
        promising = not stops and both > rule.r
        for name, value in (("simon_stop", stops), ("simon_promising", promising)):
            found.append((replicate, arm, "", name, float(value), np.nan, np.nan, len(order)))
    return pd.DataFrame(found, columns=list(COLUMNS))
