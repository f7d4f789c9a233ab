"""The library's predictions: what every trial of it would report, from runs of many replicates.

`python -m rpoint.trial.predictions --out FOLDER` computes them again; the package ships the
statistics of every replicate (`data/predictions.parquet`), so that the table of predicted against
published values and the claims that rest on it need no run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rpoint.trial.analyse import analyse
from rpoint.trial.compare import compare_all
from rpoint.trial.compute import compute_chunk
from rpoint.trial.design.held import held_responses, held_statistics
from rpoint.trial.parameters import Population
from rpoint.trial.read import library_names, read_trial
from rpoint.trial.spec import Trial

SHIPPED = files("rpoint.trial") / "data" / "predictions.parquet"
SEED = 1
# Trials that are run beside the library: name, base, changes.  What a claim falls with, and what
# has not been done.
VARIANTS: Mapping[str, tuple[str, Mapping[Any, Any]]] = {
    "mantra-2, TP53 mutated": (
        "mantra-2", {"population.require": ["TP53:mut", "MDM2:cn>=12"]},
    ),
    "mantra-2, first line": ("mantra-2", {"population.line": 1}),
    "mantra-2, with palbociclib": (
        "mantra-2",
        {("arms", "milademetan 260 mg 3/14", "regimen"):
            "milademetan 260 mg qd d1-3,15-17/28 + palbociclib 125 mg qd 21/28"},
    ),
    "paloma-3, RB1 lost": ("paloma-3", {"population.require": ["RB1:loss"]}),
    "paloma-2, five years": (
        "paloma-2",
        {"cutoff.events": None, "cutoff.endpoint": None,
         "cutoff.months_after_first_entry": None, "cutoff.months_after_last_entry": 60,
         "treatment.max_months": 60},
    ),
    "vilgelm-patients, TP53 and RB1 intact": (
        "vilgelm-patients", {"population.require": ["TP53:wt", "RB1:wt"]},
    ),
    "vilgelm-patients, TP53 mutated": (
        "vilgelm-patients", {"population.require": ["TP53:mut", "RB1:wt"]},
    ),
    "vilgelm-patients, RB1 lost": (
        "vilgelm-patients", {"population.require": ["TP53:wt", "RB1:loss"]},
    ),
}  # fmt: skip
CHUNK = 1000  # patients of a task
SMALL = ("adsl", "adtte", "adrs", "adae")  # the tables that statistics are made of
HELD = "held"  # and one row a responder, since the scans themselves are not kept


@cache
def shipped_analysis() -> pd.DataFrame:
    """TRIAL and the columns of `analyse`, of the shipped replicates."""
    with SHIPPED.open("rb") as stream:
        return pd.read_parquet(stream)


def shipped_comparison() -> pd.DataFrame:
    """Predicted against published of the whole library, from the shipped replicates."""
    every = shipped_analysis()
    names = [name for name in library_names() if name in set(every["TRIAL"])]
    return compare_all((read_trial(n), every[every["TRIAL"] == n]) for n in names)


def replicates_for(trial: Trial, patients: int) -> int:
    """Replicates that make about `patients` patients: 14 to 500."""
    return int(np.clip(patients // trial.patients, 14, 500))


def tasks(name: str, trial: Trial, replicates: int) -> list[tuple[str, int, int]]:
    """Pieces of a trial's runs: name, first and last patient."""
    total = replicates * trial.patients
    return [(name, k, min(k + CHUNK, total)) for k in range(0, total, CHUNK)]


def trial_named(name: str) -> Trial:
    """A trial of the library, or a variant by its name."""
    if name not in VARIANTS:
        return read_trial(name)
    base, changes = VARIANTS[name]
    return read_trial(base).changed(changes)


def run_task(task: tuple[str, int, int], draw: Population | None = None):
    """The small tables of one piece; with the shipped parameters when `draw` is left out."""
    name, first, last = task
    trial = trial_named(name)
    found = compute_chunk(trial, draw, range(first, last), draw.seed if draw else SEED)
    frames = {table: found[table] for table in SMALL}
    rs = frames["adrs"]
    visits = rs["PARAMCD"] == "OVRLRESP"
    return frames | {"adrs": rs[~visits], HELD: held_responses(rs[visits])}


def statistics(name: str, parts: Sequence[Mapping[str, pd.DataFrame]]) -> pd.DataFrame:
    """The statistics of a trial from the tables of its pieces."""
    trial = trial_named(name)
    names = (*SMALL, HELD)
    whole = {table: pd.concat([p[table] for p in parts], ignore_index=True) for table in names}
    found = [analyse(trial, whole), held_statistics(trial, whole["adsl"], whole[HELD])]
    return pd.concat(found, ignore_index=True).assign(TRIAL=name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the library and write the statistics of every replicate."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    parser = argparse.ArgumentParser(prog="python -m rpoint.trial.predictions")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--patients", type=int, default=6000, help="patients of each trial")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--trial", action="append", help="only this one; may be repeated")
    parser.add_argument("--seconds", type=float, default=np.inf, help="begin no trial after this")
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    given.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        for name in given.trial or (*library_names(), *VARIANTS):
            if time.monotonic() - begun > given.seconds:
                print(f"{name}: no time left", flush=True)
                continue
            trial = trial_named(name)
            count = replicates_for(trial, given.patients)
            found = list(pool.map(run_task, tasks(name, trial, count)))
            file = name.replace(", ", "-").replace(" ", "_")
            statistics(name, found).to_parquet(given.out / f"{file}.parquet", index=False)
            spent = time.monotonic() - begun
            print(f"{name}: {count} replicates, {spent:.0f} s in all", flush=True)


def gather(folder: Path) -> pd.DataFrame:
    """The statistics of a folder that `main` has written, as one table."""
    parts = [pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    table = pd.concat(parts, ignore_index=True)
    for column in ("TRIAL", "ARM", "SUBSET", "ENDPOINT"):
        table[column] = table[column].astype("category")
    return table.astype({c: np.float32 for c in ("VALUE", "LO", "HI")} | {"N": np.int32})


if __name__ == "__main__":
    main()
