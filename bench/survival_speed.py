"""Speed of the batched survival kernels against lifelines and our single functions, in one run.

Usage: ``python bench/survival_speed.py [--trials N] [--patients N] [--grid G] [--jobs J] [--json]``

Every engine analyses the same simulated trials (log-rank and Cox with one treatment, Efron).  The
slow ones get the first few trials only; what is compared is seconds a trial.  Before a time is
reported, the results are compared: the largest differences of χ² and of the log hazard ratio are
part of the output.  Each time is the best of some repeats; trials a second are by the clock, ratios
by processor time, which a busy machine spoils least.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from rpoint.stats.batched import batched_survival
from rpoint.stats.cox import cox
from rpoint.stats.logrank import logrank

PARTS = ("logrank", "cox")


def simulate(trials: int, patients: int, grid: float, seed: int) -> tuple[Any, Any, Any]:
    """Exponential times, hazard ratio 0.7, uniform censoring; on a scan grid if given."""
    rng = np.random.default_rng(seed)
    arm = np.arange(patients) % 2
    times = rng.exponential(np.where(arm, 10 / 0.7, 10.0), (trials, patients))
    end = rng.uniform(6, 24, times.shape)
    event, times = times <= end, np.minimum(times, end)
    return (np.ceil(times / grid) * grid if grid else times), event, arm


def best(run: Callable[[], Any], repeats: int) -> tuple[float, float, Any]:
    """The shortest of some runs, seconds by the clock and of processor time; the last result."""
    wall, cpu, result = float("inf"), float("inf"), None
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        result = run()
        wall = min(wall, time.perf_counter() - start[0])
        cpu = min(cpu, time.process_time() - start[1])
    return wall, cpu, result


def single(times: Any, event: Any, arm: Any) -> list[tuple[float, float]]:
    """χ² and log hazard ratio of each trial by our functions for one trial."""
    return [
        (logrank(t, e, arm).statistic, float(cox(t, e, arm).coef[0]))
        for t, e in zip(times, event, strict=True)
    ]


def lifelines(times: Any, event: Any, arm: Any) -> list[tuple[float, float]]:
    """The same by lifelines."""
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.statistics import logrank_test

    found = []
    for t, e in zip(times, event, strict=True):
        frame = pd.DataFrame({"t": t, "e": e, "arm": arm})
        test = logrank_test(t[arm == 0], t[arm == 1], e[arm == 0], e[arm == 1])
        fit = CoxPHFitter().fit(frame, "t", "e", fit_options={"precision": 1e-9})
        found.append((test.test_statistic, float(fit.params_.iloc[0])))
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--patients", type=int, default=600)
    parser.add_argument("--grid", type=float, default=0.0, help="scan interval; 0: no ties")
    parser.add_argument("--few", type=int, default=10, help="trials for the slow engines")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    times, event, arm = simulate(options.trials, options.patients, options.grid, seed=1)
    engines = measure(times, event, arm, options)
    report(engines, options)


def measure(times: Any, event: Any, arm: Any, options: argparse.Namespace) -> list[dict[str, Any]]:
    """One entry an engine; the first is our batch on one thread."""
    rows = []
    for jobs in sorted({1, options.jobs}):
        wall, cpu, ours = best(
            lambda jobs=jobs: batched_survival(times, event, arm, parts=PARTS, jobs=jobs),
            options.repeats,
        )
        rows.append(row("batched", jobs, wall, cpu, len(times)))
    few = slice(0, options.few)
    expected = np.column_stack([ours.statistic[few], ours.coef[few]])
    for name, engine, repeats in (("single", single, 3), ("lifelines", lifelines, 2)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wall, cpu, values = best(lambda e=engine: e(times[few], event[few], arm), repeats)
        gap = np.abs(np.array(values) - expected).max(axis=0)
        gaps = {"max_gap_chi2": float(gap[0]), "max_gap_log_hr": float(gap[1])}
        rows.append(row(name, 1, wall, cpu, len(values)) | gaps)
    for entry in rows:
        entry["ratio"] = entry["cpu_ms_per_trial"] / rows[0]["cpu_ms_per_trial"]
    return rows


def row(engine: str, threads: int, wall: float, cpu: float, trials: int) -> dict[str, Any]:
    """The times of one engine."""
    return {
        "engine": engine,
        "threads": threads,
        "cpu_ms_per_trial": 1e3 * cpu / trials,
        "trials_per_second": trials / wall,
    }


def report(engines: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Print a table or JSON."""
    about = {
        "patients": options.patients,
        "trials": options.trials,
        "grid": options.grid,
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
    }
    if options.json:
        print(json.dumps({**about, "engines": engines}, indent=2))
        return
    print(", ".join(f"{name} {value:g}" for name, value in about.items()))
    heads = ("threads", 8), ("cpu ms/trial", 14), ("trials/s", 12), ("ratio", 10)
    print("engine".ljust(12) + "".join(h.rjust(w) for h, w in heads) + "  largest gap")
    for entry in engines:
        gap = ""
        if "max_gap_chi2" in entry:
            gap = f"χ² {entry['max_gap_chi2']:.1e}, log HR {entry['max_gap_log_hr']:.1e}"
        print(
            f"{entry['engine']:<12}{entry['threads']:>8}{entry['cpu_ms_per_trial']:>14.4f}"
            f"{entry['trials_per_second']:>12.0f}{entry['ratio']:>10.1f}  {gap}"
        )


if __name__ == "__main__":
    main()
