"""How far outcomes of a trial depend on how plausible candidates become its patients.

The trial is run with the patients of both inclusion rules of `rpoint.cohort.plausible`: accepted
ones, who all count the same, and weighted ones.  Growth and burden of the tumours differ between
the rules; genotype, drug exposure, scan dates and the replicate's parameters are the same.

Patients of all replicates are analysed together, since a weighted median of forty patients, of whom
a third carry most weight, is another statistic than the median of forty; in a hazard ratio each
replicate is a stratum.  The Monte Carlo error is that of resampling whole replicates, the same ones
under every rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.cohort.cohort import effective_size
from rpoint.cohort.plausible import RULES
from rpoint.errors import RpointError
from rpoint.stats.weighted_hazard import WeightedHazards, weighted_hazards
from rpoint.stats.weighted_survival import WeightedCurves, weighted_curves
from rpoint.streams import stream
from rpoint.trial.analysed import RESPONSES
from rpoint.trial.design.rows import evaluable
from rpoint.trial.design.runs import VariantRuns, run_variants
from rpoint.trial.design.summary import LEVEL, is_time
from rpoint.trial.spec import MONTH_D, Trial

REFERENCE, WEIGHTED = RULES
PLAIN = "plausible"  # the candidates of the rule "weights" without their weights
EVERY = (*RULES, PLAIN)
ENDPOINTS = (
    "response_any_pct", "response_confirmed_pct", "pfs_rate_6mo_pct", "pfs_median_months"
)  # fmt: skip
HAZARD_RATIO = "pfs_hr"
RESAMPLES = 1000
PFS_MONTHS = 6.0
COLUMNS = (
    "arm", "endpoint", "rule", "value", "lo", "hi", "difference", "difference_lo", "difference_hi",
    "error", "patients", "effective",
)  # fmt: skip


@dataclass(frozen=True)
class Inclusion:
    """Outcomes of a trial by inclusion rule.

    Attributes
    ----------
    trial
        Its name.
    table
        arm (or "A vs B"), endpoint, rule ("acceptance", "weights", or "plausible": every plausible
        candidate as she comes, without any fit to observed patients), value, lo, hi (95 % Monte
        Carlo interval); difference (from "acceptance", NaN for itself), difference_lo,
        difference_hi, error (its Monte Carlo standard error); patients of all replicates that
        count, and effective, their effective sample size.  Percent, months or a ratio; NaN for a
        median that is not reached.
    runs
        Patients behind it.
    """

    trial: str
    table: pd.DataFrame
    runs: VariantRuns

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def value(
        self, endpoint: str, rule: str = WEIGHTED, column: str = "difference", arm: str = ""
    ) -> float:
        """One number of the table; of the first arm, if none is named."""
        t = self.table
        mine = (t["endpoint"] == endpoint) & (t["rule"] == rule)
        return float(t.loc[mine & (t["arm"] == (arm or t["arm"].iloc[0])), column].iloc[0])

    def replicates(self) -> pd.DataFrame:
        """One row a rule, arm, replicate and statistic: VARIANT, REPL, ARM, ENDPOINT, VALUE."""
        parts, order = [], _replicates(self.runs)
        for (arm, rule), found in _measured(self.runs, order).items():
            parts += [
                pd.DataFrame({"VARIANT": rule, "REPL": order, "ARM": arm, "ENDPOINT": name,
                              "VALUE": values})
                for name, values in found.values(np.eye(len(order))).items()
            ]  # fmt: skip
        return pd.concat(parts, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "question": "inclusion", "trial": self.trial, **self.runs.provenance(),
            "table": self.table.to_dict("records"),
        }  # fmt: skip

    def summary(self) -> str:
        """A line an arm: how many patients the weighted ones are worth, and what differs."""
        lines = []
        for arm, part in self.table.groupby("arm", sort=False):
            mine = part[part["rule"] == WEIGHTED]
            known = mine.dropna(subset=["difference_lo", "difference_hi"])
            apart = known[(known["difference_lo"] > 0) | (known["difference_hi"] < 0)]
            lines.append(
                f"{arm}: {mine['patients'].iloc[0]:.0f} weighted patients say as much as "
                f"{mine['effective'].iloc[0]:.0f}; the rules differ beyond Monte Carlo error in "
                f"{len(apart)} of {len(known)} outcomes"
            )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()


def inclusion(trial: Trial, *, resamples: int = RESAMPLES, **run: Any) -> Inclusion:
    """Run a trial with patients of each inclusion rule.

    Parameters
    ----------
    trial
        The trial.  An arm that is drawn from a published curve depends on no rule and is left out
        of the table, as is its contrast.
    resamples
        Of the replicates, for the Monte Carlo error.
    run
        replicates, seed, jobs, typical ... of `rpoint.trial.design.runs.run_variants`.

    Raises
    ------
    RpointError
        If no arm has a drug model, or nothing could be computed.

    Notes
    -----
    A data cut-off that waits for a number of events counts patients, not weights.
    """
    if not any(arm.observed_control is None for arm in trial.arms.values()):
        raise RpointError(
            "no arm has a drug model: published curves depend on no inclusion rule",
            where=trial.name, found=", ".join(trial.arms),
        )  # fmt: skip
    own = {rule: {"inclusion": rule} for rule in RULES}
    runs = run_variants(dict.fromkeys(RULES, trial), own=own, analysed=False, **run)
    order = _replicates(runs)
    drawn = stream(runs.seed, "resampled replicates").multinomial(
        len(order), np.full(len(order), 1.0 / len(order)), resamples
    )
    found = _measured(runs, order)
    rows: list[dict[str, Any]] = []
    for arm in dict.fromkeys(arm for arm, _ in found):
        mine = {rule: found[(arm, rule)] for rule in EVERY}
        rows += [{"arm": arm} | row for row in _compared(mine, drawn, len(order))]
    return Inclusion(trial.name, pd.DataFrame(rows, columns=list(COLUMNS)), runs)


def _replicates(runs: VariantRuns) -> np.ndarray:
    """(R,) numbers of the replicates."""
    return np.unique(runs.rows["REPL"].to_numpy())


class Sums(Protocol):
    """What the patients of a rule add up to, replicate by replicate."""

    @property
    def patients(self) -> int:
        """Patients of all replicates."""

    @property
    def effective(self) -> float:
        """Their effective sample size."""

    def values(self, copies: np.ndarray) -> dict[str, np.ndarray]:
        """Endpoint -> (B,) values where replicate r counts copies[b, r] times."""


@dataclass(frozen=True)
class Contrast:
    """Progression-free survival of one arm against another.

    Attributes
    ----------
    hazards
        One stratum a replicate.
    patients, effective
        Patients of both arms in all replicates, and their effective sample size.
    """

    hazards: WeightedHazards
    patients: int
    effective: float

    @classmethod
    def of(cls, rows: pd.DataFrame, weight: np.ndarray, order: np.ndarray, treated: str):
        """Of the efficacy set of both arms."""
        timed = np.isfinite(rows["pfs"].to_numpy(float))
        mine = rows[timed]
        hazards = weighted_hazards(
            mine["pfs"].to_numpy(float), mine["pfs_event"].to_numpy(float),
            (mine["TRT01P"] == treated).to_numpy(), weight[timed],
            np.searchsorted(order, mine["REPL"].to_numpy()), len(order),
        )  # fmt: skip
        return cls(hazards, len(rows), effective_size(weight))

    def values(self, copies: np.ndarray) -> dict[str, np.ndarray]:
        """Endpoint -> (B,) values where replicate r counts copies[b, r] times."""
        return {HAZARD_RATIO: np.exp(self.hazards.log_ratio(copies))}


@dataclass(frozen=True)
class Measured:
    """Sums over the patients of one arm and rule, by replicate.

    Attributes
    ----------
    weight
        (R,) sum of the weights.
    counted
        Endpoint -> (R,) sum of the weights of those who count for a rate.
    curves
        Progression-free survival, months; one group a replicate.
    patients, effective
        Patients of all replicates, and their effective sample size.
    """

    weight: np.ndarray
    counted: Mapping[str, np.ndarray]
    curves: WeightedCurves
    patients: int
    effective: float

    @classmethod
    def of(cls, rows: pd.DataFrame, weight: np.ndarray, order: np.ndarray) -> Measured:
        """Of the efficacy set of one arm."""
        place = np.searchsorted(order, rows["REPL"].to_numpy())

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(place, values, len(order))

        seen = {"response_any_pct": "bor", "response_confirmed_pct": "cbor"}
        counted = {e: total(weight * rows[c].isin(RESPONSES)) for e, c in seen.items()}
        timed = np.isfinite(rows["pfs"].to_numpy(float))
        curves = weighted_curves(
            rows["pfs"].to_numpy(float)[timed] / MONTH_D, rows["pfs_event"].to_numpy(float)[timed],
            weight[timed], place[timed], len(order),
        )  # fmt: skip
        return cls(total(weight), counted, curves, len(rows), effective_size(weight))

    def values(self, copies: np.ndarray) -> dict[str, np.ndarray]:
        """Endpoint -> (B,) values where replicate r counts copies[b, r] times, % or months."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found = {
                name: 100.0 * (copies @ yes) / (copies @ self.weight)
                for name, yes in self.counted.items()
            }
        curves = self.curves.mixed(copies)
        return found | {
            "pfs_rate_6mo_pct": 100.0 * curves.survival_at(PFS_MONTHS),
            "pfs_median_months": curves.median(),
        }


def _measured(runs: VariantRuns, order: np.ndarray) -> dict[tuple[str, str], Sums]:
    """(arm or contrast, rule) -> sums, of the arms with a drug model."""
    found: dict[tuple[str, str], Sums] = {}
    trial = runs.trials[REFERENCE]
    good = evaluable(runs.rows)
    modelled = [arm for arm, spec in trial.arms.items() if spec.observed_control is None]
    for arm in modelled:
        for rule in EVERY:
            mine, weight = _patients(good, (arm,), rule)
            found[(arm, rule)] = Measured.of(mine, weight, order)
    pair = trial.analysis.contrast
    if pair is not None and set(pair) <= set(modelled):
        for rule in EVERY:
            mine, weight = _patients(good, pair, rule)
            found[(" vs ".join(pair), rule)] = Contrast.of(mine, weight, order, pair[0])
    return found


def _patients(
    good: pd.DataFrame, arms: Sequence[str], rule: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """Evaluable patients of some arms, and how much each counts under a rule."""
    source = WEIGHTED if rule == PLAIN else rule
    mine = good[good["TRT01P"].isin(arms) & (good["VARIANT"] == source)]
    if mine.empty:
        raise RpointError("no patient could be evaluated", where=", ".join(arms), found=rule)
    return mine, np.ones(len(mine)) if rule == PLAIN else mine["WEIGHT"].to_numpy(float)


def _compared(
    found: Mapping[str, Sums], drawn: np.ndarray, replicates: int
) -> Iterator[dict[str, Any]]:
    """Rows of the table of one arm, by endpoint and rule."""
    whole = np.ones((1, replicates))
    point = {rule: measured.values(whole) for rule, measured in found.items()}
    again = {rule: measured.values(drawn) for rule, measured in found.items()}
    for name in point[REFERENCE]:
        for rule, measured in found.items():
            value = float(point[rule][name][0])
            lo, hi = _limits(value, again[rule][name], replicates, name)
            row = {"endpoint": name, "rule": rule, "value": value, "lo": lo, "hi": hi}
            if rule != REFERENCE:
                row |= _difference(point, again, rule, name, replicates)
            yield row | {"patients": measured.patients, "effective": measured.effective}


def _difference(point, again, rule: str, name: str, replicates: int) -> dict[str, float]:
    value = float(point[rule][name][0] - point[REFERENCE][name][0])
    with np.errstate(invalid="ignore"):  # two times that are not reached have no difference
        apart = _late(again[rule][name], name) - _late(again[REFERENCE][name], name)
    lo, hi, error = spread(value, apart, replicates, is_time(name))
    return {"difference": value, "difference_lo": lo, "difference_hi": hi, "error": error}


def _late(values: np.ndarray, name: str) -> np.ndarray:
    """A time that is not reached is later than any."""
    return np.where(np.isnan(values), np.inf, values) if is_time(name) else values


def _limits(value: float, resampled: np.ndarray, replicates: int, name: str) -> tuple[float, float]:
    """Monte Carlo interval of one outcome; of a ratio, that of its logarithm."""
    if name == HAZARD_RATIO:
        with np.errstate(divide="ignore"):
            lo, hi, _ = spread(float(np.log(value)), np.log(resampled), replicates)
        return float(np.exp(lo)), float(np.exp(hi))
    lo, hi, _ = spread(value, resampled, replicates, is_time(name))
    return (lo, hi) if is_time(name) else (max(lo, 0.0), min(hi, 100.0))


def spread(
    value: float, resampled: np.ndarray, replicates: int, time: bool = False
) -> tuple[float, float, float]:
    """Monte Carlo interval and standard error of a statistic from resampled replicates.

    Parameters
    ----------
    value
        The statistic.
    resampled
        (B,) of resampled replicates; of a time: NaN or infinite where it is not reached.
    replicates
        How many there are: resampling R of them understates the variance by (R - 1) / R.
    time
        For a median time: percentiles, since times of progression lie on the grid of scans; else
        the value with its t interval.

    Returns
    -------
    lo, hi, error
        NaN for fewer than two replicates, and where a limit is not reached; the error too if any
        resampled value is not reached.
    """
    known = np.where(np.isnan(resampled), np.inf, resampled) if time else resampled
    if replicates < 2:
        return (float("nan"),) * 3
    error = float("nan")
    if np.isfinite(known).all():
        error = float(known.std(ddof=1) * np.sqrt(replicates / (replicates - 1)))
    if not time:
        half = float(stats.t.ppf((1 + LEVEL) / 2, replicates - 1)) * error
        return value - half, value + half, error
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    lo, hi = (float(np.quantile(known, q, method="nearest")) for q in tails)
    return (lo if np.isfinite(lo) else float("nan"), hi if np.isfinite(hi) else float("nan"), error)
