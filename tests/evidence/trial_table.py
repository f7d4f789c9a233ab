"""A made-up table of replicated trials in which every claim about trials holds.

`holding()` gives the rows; a test changes the numbers that it wants to see fail.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.evidence.experiment import Lab
from rpoint.evidence.results import Cells
from rpoint.evidence.trial_numbers import Trials

R = 100
MILA = "milademetan 260 mg 3/14"
P2, P2C = "palbociclib+letrozole", "placebo+letrozole"
P3, P3C = "palbociclib+fulvestrant", "placebo+fulvestrant"
DOUBLET = "siremadlin+ribociclib"
CAPI = "capivasertib+fulvestrant vs placebo+fulvestrant"
RATIOS = {
    "paloma-1": "palbociclib+letrozole vs letrozole", "paloma-2": f"{P2} vs {P2C}",
    "paloma-3": f"{P3} vs {P3C}", "monaleesa-2": "ribociclib+letrozole vs placebo+letrozole",
    "monarch-2": "abemaciclib+fulvestrant vs placebo+fulvestrant",
    "monarch-3": "abemaciclib+AI vs placebo+AI", "paloma-3, RB1 lost": f"{P3} vs {P3C}",
}  # fmt: skip
EVENTS = {"thrombocytopenia": 30.0, "neutropenia": 20.0, "anaemia": 10.0, "leukopenia": 12.5,
          "diarrhoea": 2.5}  # fmt: skip
# Patients of 31 with a response in each replicate: any, confirmed.
ANY = [2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 9, 10] * 5
KEPT = [0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 3] * 5

Key = tuple[str, str, str, str]  # trial, arm, subset, endpoint


def spread(middle: float, part: float = 0.05) -> np.ndarray:
    """(R,) values around a middle."""
    return middle * (1 + part * np.linspace(-1, 1, R))


def mix(values: np.ndarray, seed: int) -> np.ndarray:
    """The values in another order, so that statistics do not move together."""
    return np.random.default_rng(seed).permutation(values)


def holding() -> dict[Key, dict[str, np.ndarray | float]]:
    """Columns VALUE, LO, HI, N of every statistic that the claims read."""
    rows: dict[Key, dict] = {}

    def put(trial, arm, endpoint, value, n=100, lo=np.nan, hi=np.nan, subset=""):
        rows[trial, arm, subset, endpoint] = {"VALUE": value, "LO": lo, "HI": hi, "N": n}

    mantra_2 = "mantra-2"
    others = [f"{mantra_2}, {x}" for x in ("TP53 mutated", "with palbociclib", "first line")]
    months = {mantra_2: 3.5, others[0]: 1.9, others[1]: 5.4, others[2]: 4.4}
    for trial, middle in months.items():
        mutated = trial == others[0]
        n = np.tile([30, 31, 31, 32], R // 4) if not mutated else 31
        value, lo, hi = (mix(spread(x), k) for k, x in enumerate((middle, 1.85, 3.7)))
        put(trial, MILA, "pfs_median_months", value, n, lo, hi)
        put(trial, MILA, "response_any_pct", 100 / n * np.array([0] * R if mutated else ANY), n)
        put(trial, MILA, "response_confirmed_pct",
            100 / n * np.array([0] * R if mutated else KEPT), n)  # fmt: skip
        deepest = np.linspace(-30, -10, R) if mutated else np.linspace(-110, -60, R).clip(-100)
        put(trial, MILA, "best_target_change_pct", mix(deepest, 3))
        put(trial, MILA, "complete_responses", 0.0)
        put(trial, MILA, "dor_median_months", spread(2.0))
        put(trial, MILA, "response_held_median_weeks", spread(8.0), 5)
        put(trial, MILA, "lost_at_next_scan_pct", 80.0, 5)
        for term, level in EVENTS.items():
            put(trial, MILA, f"ae_{term}_g34_pct", spread(level), 40)
        for name, level in (("dose_reduction_pct", 40.0), ("ae_discontinuation_pct", 10.0)):
            put(trial, MILA, name, spread(level), 40)
    put("mantra", MILA, "response_any_pct", 3.0, 80)  # at a cut-off before all had entered
    put("mantra", MILA, "ae_thrombocytopenia_g34_pct", 40.0, 80)
    put("mantra", MILA, "dose_reduction_pct", spread(44.0))
    put("mantra", MILA, "ae_discontinuation_pct", spread(12.0))
    for trial, arm in RATIOS.items():
        level = 1.0 if "lost" in trial else 0.57
        put(trial, arm, "pfs_hr", spread(level, 0.1))
        put(trial, arm, "os_hr", spread(0.8))
    for trial, arms in (("paloma-2", (P2, P2C)), ("paloma-3", (P3, P3C))):
        for arm in arms:
            treated = arm in (P2, P3)
            for term in EVENTS:
                put(trial, arm, f"ae_{term}_g34_pct", spread(66.0 if treated else 1.0))
            put(trial, arm, "dose_reduction_pct", 35.0 if treated else 0.0)
            put(trial, arm, "ae_discontinuation_pct", 5.0 if treated else 1.0)
            ratio = 2.0 if treated else 1.2
            put(trial, arm, "pfs_hr_prognostic", spread(ratio), lo=spread(0.7 * ratio),
                hi=spread(1.4 * ratio), subset="pakt:high")  # fmt: skip
    five = "paloma-2, five years"
    for arm, kept in ((P2, 12.0), (P2C, 4.0)):
        put(five, arm, "pfs_rate_60mo_pct", spread(kept))
        put(five, arm, "pfs_median_months", spread(2 * kept))
    for tail, gain in (("TP53 and RB1 intact", 2.0), ("TP53 mutated", 0.0), ("RB1 lost", 0.0)):
        trial = f"vilgelm-patients, {tail}"
        for arm, level in ((DOUBLET, 4.0 + gain), ("siremadlin", 4.0), ("ribociclib", 3.0)):
            put(trial, arm, "pfs_median_months", spread(level))
        put(trial, f"{DOUBLET} vs ribociclib", "pfs_hr", spread(0.7))
    put("capitello-291", CAPI, "pfs_hr", spread(0.6))
    put("capitello-291", CAPI, "pfs_hr", spread(0.5), subset="AKT1|PIK3CA|PTEN:altered")
    put("alves-patients", "add capivasertib vs switch to capivasertib", "pfs_hr", spread(0.7))
    return rows


def trials(rows: dict[Key, dict]) -> Trials:
    """The rows as the shipped table would have them."""
    parts = [
        pd.DataFrame({"TRIAL": trial, "REPL": np.arange(R), "ARM": arm, "SUBSET": subset,
                      "ENDPOINT": endpoint, **columns})
        for (trial, arm, subset, endpoint), columns in rows.items()
    ]  # fmt: skip
    return Trials(pd.concat(parts, ignore_index=True))


def lab(rows: dict[Key, dict], cells: Cells | None = None) -> Lab:
    """A lab that reads these rows instead of the shipped ones."""
    given = Cells(np.full(3, 1 / 3)) if cells is None else cells
    return Lab(given, shared={"trials": trials(rows)})
