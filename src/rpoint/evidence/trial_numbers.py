"""`Trials`: what replicated trials of the library reported, for claims about patients.

Nothing is run here: the numbers are the shipped statistics of every replicate.  A claim about a
trial is judged on numbers of all replicates together; their 5-95 % range stands beside.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rpoint.evidence.experiment import Lab
from rpoint.evidence.findings import Check, Criterion, Finding

PART = "predictions"
NO_CRITERION: Criterion | None = None


class NotShipped(LookupError):
    """A trial or a statistic is not among the shipped replicates."""


@dataclass(frozen=True)
class Trials:
    """Statistics of replicated trials.

    Attributes
    ----------
    table
        TRIAL and the columns of `rpoint.trial.analyse.analyse`.
    """

    table: pd.DataFrame
    _index: dict[tuple[str, str], pd.DataFrame] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        keys = ["TRIAL", "ENDPOINT"]
        for key, part in self.table.groupby(keys, observed=True, sort=False):
            self._index[str(key[0]), str(key[1])] = part

    def rows(
        self, trial: str, endpoint: str, arm: str | None = None, subset: str = ""
    ) -> pd.DataFrame:
        """One row a replicate: VALUE, LO, HI, N, indexed by REPL.

        Parameters
        ----------
        trial
            Name of a trial of the library or of a variant.
        endpoint
            Name of the statistic.
        arm
            Arm or comparison `A vs B`; not needed where the statistic has one only.
        subset
            Conditions joined with " & "; empty: all patients.

        Raises
        ------
        NotShipped
            If there is no such row, or several arms and none is named.
        """
        part = self._index.get((trial, endpoint))
        if part is None:
            raise NotShipped(f"{endpoint} of {trial}")
        part = part[part["SUBSET"].astype(str) == subset]
        if arm is not None:
            part = part[part["ARM"].astype(str) == arm]
        if part.empty or part["ARM"].nunique() > 1:
            raise NotShipped(f"{endpoint} of {trial}, {arm or 'one arm'}")
        return part.set_index("REPL").sort_index()[["VALUE", "LO", "HI", "N"]].astype(float)

    def has(self, trial: str, endpoint: str) -> bool:
        """Whether there are replicates of a trial with this statistic."""
        return (trial, endpoint) in self._index

    def values(
        self, trial: str, endpoint: str, arm: str | None = None, subset: str = ""
    ) -> np.ndarray:
        """(R,) the statistic of every replicate."""
        return self.rows(trial, endpoint, arm, subset)["VALUE"].to_numpy()

    def times(self, trial: str, endpoint: str, arm: str | None = None) -> pd.DataFrame:
        """The same for a time: what was not reached is infinite."""
        return self.rows(trial, endpoint, arm).fillna(np.inf)

    def counts(self, trial: str, endpoint: str, arm: str | None = None) -> pd.DataFrame:
        """One row a replicate: x of n, from a percentage."""
        rows = self.rows(trial, endpoint, arm)
        x = (rows["VALUE"].fillna(0.0) * rows["N"] / 100.0).round().astype(int)
        return pd.DataFrame({"x": x, "n": rows["N"].astype(int)})

    def pooled(self, trial: str, endpoint: str, arm: str | None = None) -> float:
        """Percent of the patients of all replicates together."""
        found = self.counts(trial, endpoint, arm).sum()
        return 100.0 * float(found["x"]) / float(found["n"])

    def replicates(self, trial: str) -> int:
        """How many replicates of a trial there are."""
        return int(self.table.loc[self.table["TRIAL"].astype(str) == trial, "REPL"].nunique())


def shipped() -> Trials:
    """The shipped replicates.

    Raises
    ------
    NotShipped
        Where the package holds none.
    """
    from rpoint.trial.predictions import shipped_analysis

    try:
        return Trials(shipped_analysis())
    except FileNotFoundError as error:
        raise NotShipped("any trial") from error


def trials_of(lab: Lab) -> Trials:
    """The replicates that the experiments of a run read."""
    return lab.once("trials", shipped)


def on_trials(judge: Callable[[Lab, Trials], Finding]) -> Callable[[Lab], Finding]:
    """An experiment that reads replicated trials; it waits for what is not shipped."""

    @functools.wraps(judge)
    def judged(lab: Lab) -> Finding:
        try:
            return judge(lab, trials_of(lab))
        except NotShipped as absent:
            return Finding(
                ran="Nothing: replicated trials were not found.",
                waiting=f"{PART}: the shipped replicates hold no {absent}",
            )

    return judged


# ---- numbers of all replicates together


def geometric_mean(values: np.ndarray) -> float:
    """Of the hazard ratios that could be estimated."""
    known = values[np.isfinite(values)]
    return float(np.exp(np.log(known).mean())) if len(known) else float("nan")


def median(values: np.ndarray) -> float:
    """Median over the replicates; an infinite time counts as larger than any."""
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan")
    return float(np.quantile(known, 0.5, method="inverted_cdf"))


def mean(values: np.ndarray) -> float:
    """Mean over the replicates that have the number."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def over(
    quantity: str,
    values: np.ndarray,
    summary: Callable[[np.ndarray], float] = median,
    criterion: Criterion | None = NO_CRITERION,
    unit: str = "",
) -> Check:
    """A number of all replicates together, with the replicates' range."""
    values = np.asarray(values, float)
    return Check(quantity, np.array(summary(values)), criterion, unit, replicates=values)


def fact(quantity: str, value: float, criterion: Criterion | None = None, unit: str = "") -> Check:
    """A number that no replicate changes, such as a share of the replicates."""
    return Check(quantity, np.array(float(value)), criterion, unit)


def percent(holds: np.ndarray | pd.Series) -> float:
    """Share of replicates, %; NaN of none."""
    holds = np.asarray(holds, bool)
    return 100.0 * float(holds.mean()) if len(holds) else float("nan")
