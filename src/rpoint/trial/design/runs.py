"""Variants of a trial, run with the same patients.

A patient is keyed by her number, so that patient 17 of replicate 3 is the same person, with the
same scan dates and reading errors, in every variant: what differs between variants is what was
changed, and differences between them are far better known than either side.  Variants are computed
in chunks of whole replicates by the workers that runs on disk use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.trial.analyse import COLUMNS, analyse
from rpoint.trial.design.rows import design_rows, extra_statistics
from rpoint.trial.disk.plan import COMPUTE, named, usual_chunk
from rpoint.trial.spec import Trial
from rpoint.trial.workers import Crew

Progress = Callable[[int, int], None]
NO_ANALYSIS = pd.DataFrame(columns=list(COLUMNS))
SINGLE_ARM_CUTOFF = 12.0  # months after the last entry, for an arm without the trial's other arms


@dataclass(frozen=True)
class Work:
    """What a worker needs for any task: the variants, the seed, options of the computation.

    `own` holds further options of single variants, by name.
    """

    trials: Mapping[str, Trial]
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    compute: str = COMPUTE
    analysed: bool = True
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class VariantRuns:
    """Patients and statistics of all variants.

    Attributes
    ----------
    trials
        By name of the variant.
    rows
        VARIANT and the columns of `rpoint.trial.design.rows.design_rows`.
    analysis
        VARIANT and the columns of `rpoint.trial.analyse.analyse`.
    statistics
        VARIANT, REPL, ARM, ENDPOINT, VALUE of all patients of an arm or contrast: `analysis` with
        the limits of medians as endpoints (`pfs_median_months_lo`, `..._hi`), and
        `rpoint.trial.design.rows.extra_statistics`.
    replicates, seed
        Of the run.
    uncertain
        Whether replicates differ in the population's parameters.
    failed
        "variant, replicates a to b" -> error; these replicates are left out of every variant.
    """

    trials: Mapping[str, Trial]
    rows: pd.DataFrame
    analysis: pd.DataFrame
    statistics: pd.DataFrame
    replicates: int
    seed: int
    uncertain: bool = True
    failed: Mapping[str, str] = field(default_factory=dict)

    def values(self, variant: str, arm: str, endpoint: str) -> pd.Series:
        """A statistic of one variant and arm (or contrast), by replicate."""
        s = self.statistics
        mine = (s["VARIANT"] == variant) & (s["ARM"] == arm) & (s["ENDPOINT"] == endpoint)
        return s[mine].set_index("REPL")["VALUE"].sort_index()

    def provenance(self) -> dict[str, Any]:
        """What the numbers rest on, as plain values."""
        return {
            "replicates": self.replicates, "seed": self.seed, "uncertain": self.uncertain,
            "patients": {name: trial.patients for name, trial in self.trials.items()},
            "digests": {name: trial.digest() for name, trial in self.trials.items()},
            "failed": dict(self.failed),
        }  # fmt: skip


def run_variants(
    trials: Mapping[str, Trial], *, replicates: int, seed: int = 1, jobs: int = 0,
    typical: bool = False, analysed: bool = True, options: Mapping[str, Any] | None = None,
    progress: Progress | None = None, compute: str = "",
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> VariantRuns:  # fmt: skip
    """Run variants of a trial with common random numbers.

    Parameters
    ----------
    trials
        By name.  Variants with the same number of patients have the same patients.
    replicates
        How many times each is run.
    seed
        Of all chance.
    jobs
        Worker processes; 0: in this process.  The result is the same for any number.
    typical
        Give every replicate the typical parameters of the population; otherwise each has a draw.
    analysed
        Whether the statistics of `rpoint.trial.analyse` are wanted beside the patients.
    options
        Passed to the computation.
    progress
        Called with (patients done, all patients).
    compute
        `module:function`, as of `rpoint.trial.disk.run.run_trial`.  Empty: the simulation's own.
    own
        Further options of single variants, by name: what no value of the trial file says.

    Raises
    ------
    RpointError
        If no replicate has been computed for all variants.
    """
    if replicates < 1:
        raise RpointError("replicates must be at least 1", where="replicates", found=replicates)
    given = dict(options or {}) | ({"uncertain": False} if typical else {})
    work = Work(dict(trials), seed, given, compute or COMPUTE, analysed, own or {})
    tasks = [task for name, trial in trials.items() for task in _tasks(name, trial, replicates)]
    total = replicates * sum(trial.patients for trial in trials.values())
    tell, done = progress or (lambda done, total: None), 0
    tell(0, total)
    found: dict[tuple, tuple[pd.DataFrame, pd.DataFrame]] = {}
    errors: dict[tuple, str] = {}
    with Crew((work,), jobs) as crew:
        for outcome in crew.run(compute_variant, tasks):
            name, first, stop = outcome.task
            if outcome.error:
                errors[outcome.task] = outcome.error
            else:
                found[outcome.task] = outcome.value
            done += (stop - first) * trials[name].patients
            tell(done, total)
    return _joined(work, [task for task in tasks if task in found], found, errors, replicates)


def _tasks(name: str, trial: Trial, replicates: int) -> list[tuple[str, int, int]]:
    """Chunks of whole replicates: variant, first replicate, the one after the last."""
    step = max(1, usual_chunk(trial, replicates) // trial.patients)
    return [(name, r, min(r + step, replicates)) for r in range(0, replicates, step)]


def compute_variant(work: Work, task: tuple[str, int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients and statistics of some replicates of one variant."""
    name, first, stop = task
    trial = work.trials[name]
    index = range(first * trial.patients, stop * trial.patients)
    options = {**work.options, **work.own.get(name, {})}
    tables = dict(named(work.compute)(trial, None, index, work.seed, options))
    if "PCHG" not in tables["adrs"]:  # observed controls alone: no scans
        tables["adrs"] = tables["adrs"].assign(PCHG=np.nan)
    rows = design_rows(trial, tables)
    return rows, analyse(trial, tables) if work.analysed else NO_ANALYSIS


def _joined(work: Work, tasks, found, errors, replicates: int) -> VariantRuns:
    lost = {r for _, first, stop in errors for r in range(first, stop)}
    failed = {f"{n}, replicates {a} to {b - 1}": text for (n, a, b), text in errors.items()}
    if len(lost) == replicates:
        text = next(iter(failed.values())).strip().splitlines()[-1]
        raise RpointError("no replicate could be computed", found=text)
    parts: list[list[pd.DataFrame]] = [[], []]
    for task in tasks:
        for part, frame in zip(parts, found[task], strict=True):
            part.append(frame[~frame["REPL"].isin(lost)].assign(VARIANT=task[0]))
    rows, analysis = (pd.concat(part, ignore_index=True) for part in parts)
    uncertain = work.options.get("uncertain", True)
    return VariantRuns(
        work.trials, rows, analysis, statistics(rows, analysis), replicates - len(lost),
        work.seed, uncertain, failed,
    )  # fmt: skip


def statistics(rows: pd.DataFrame, analysis: pd.DataFrame) -> pd.DataFrame:
    """VARIANT, REPL, ARM, ENDPOINT, VALUE of whole arms; limits of medians are endpoints, too."""
    names = ["VARIANT", "REPL", "ARM", "ENDPOINT", "VALUE"]
    if analysis.empty:
        return pd.DataFrame(columns=names)
    # A median of nobody (no responders: no duration of response) is not one that is not reached.
    whole = analysis[(analysis["SUBSET"] == "") & (analysis["N"] > 0)]
    medians = whole[whole["ENDPOINT"].str.contains("_median_")]
    parts = [whole[names]]
    for limit in ("LO", "HI"):
        endpoint = medians["ENDPOINT"] + f"_{limit.lower()}"
        parts.append(medians.assign(ENDPOINT=endpoint, VALUE=medians[limit])[names])
    for variant, part in rows.groupby("VARIANT", sort=False):
        parts.append(extra_statistics(part).assign(VARIANT=variant)[names])
    return pd.concat(parts, ignore_index=True)


def chosen_arm(trial: Trial, arm: str | None) -> str:
    """The arm of that name; the first with a drug model without one.

    Raises
    ------
    RpointError
        If there is no such arm, or it has no drug model.
    """
    simulated = [name for name, a in trial.arms.items() if a.observed_control is None]
    if arm is None:
        return simulated[0] if simulated else next(iter(trial.arms))
    if arm not in simulated:
        raise unknown_name("arm with a drug model", arm, simulated, where="--arm")
    return arm


def only_arms(trial: Trial, names: Sequence[str]) -> Trial:
    """The trial with some of its arms.

    The published rows, the contrast and the crossover that name other arms are left out.  A
    data cut-off that waits for events of all arms becomes one of `SINGLE_ARM_CUTOFF` months after
    the last entry if arms are left out.
    """
    data = trial.model_dump()
    arms = {name: dict(data["arms"][name]) for name in names}
    for arm in arms.values():
        if arm["crossover"] not in names:
            arm["crossover"] = None
    rows = [r.model_dump() for r in trial.published if set(r.arms) <= set(names)]
    changes: dict[str, Any] = {"arms": arms, "published": rows, "facts": {}}
    contrast = trial.analysis.contrast
    if contrast is not None and not set(contrast) <= set(names):
        changes["analysis.contrast"] = None
    if trial.cutoff.events is not None and len(arms) < len(trial.arms):
        changes["cutoff"] = {"months_after_last_entry": SINGLE_ARM_CUTOFF}
    return trial.changed(changes)
