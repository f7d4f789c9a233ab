"""Simulated trials of blood counts over the uncertainty of the parameters: predicted rates.

One row a simulated trial: its parameters are one draw of the uncertainty, its patients are new,
and its size is that of the real trial, so the spread of the rows is that of what the trial could
have shown.  How long patients stay on treatment is put in (a median, as of the published
progression-free survival); a whole virtual trial computes it from the tumours instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.blood.counts import draw_patients
from rpoint.blood.course import Rules, run_blood
from rpoint.blood.outcomes import share_with_action, worst_grade
from rpoint.blood.parameters import central, draw_parameters
from rpoint.blood.people import BloodPatients
from rpoint.pharmacology.regimen import parse
from rpoint.streams import uniforms

COUNTS = ("thrombocytopenia", "neutropenia", "anaemia", "leukopenia")


@dataclass(frozen=True)
class Setting:
    """Who was treated with what, for how long.

    Attributes
    ----------
    regimens
        Regimen to the number of patients on it.
    rules
        Drug to dose rules.
    tumour
        Tumour type.
    median_months
        Median time on treatment; exponential.
    max_days
        Longest course.
    """

    regimens: Mapping[str, int]
    rules: Rules
    tumour: str = ""
    median_months: float = 4.0
    max_days: int = 336


def predicted_rates(
    setting: Setting, draws: int, seed: int = 1, *, uncertain: bool = True, scale: int = 1
) -> pd.DataFrame:
    """Rates of grade 3 and 4 events and of dose changes in simulated trials.

    Parameters
    ----------
    setting
        What is simulated.
    draws
        How many trials.
    seed
        Seed.
    uncertain
        Draw the parameters anew for every trial; False: central values in all.
    scale
        Multiplies the numbers of patients: large for a rate, 1 for what a trial could show.

    Returns
    -------
    DataFrame
        One row a trial: draw, percent with each term of grade 3 or 4, neutropenia_g4, reduced,
        discontinued (for toxicity), held; `order` whether thrombocytopenia > neutropenia > anaemia.
    """
    rows = []
    for draw in range(draws):
        parts = [
            _one(text, n * scale, setting, draw, seed, k, uncertain)
            for k, (text, n) in enumerate(setting.regimens.items())
        ]
        whole = pd.concat(parts, ignore_index=True).fillna(False)
        rates = 100.0 * whole.astype(float).mean()
        rates["order"] = float(rates["thrombocytopenia"] > rates["neutropenia"] > rates["anaemia"])
        rows.append({"draw": draw, **rates.to_dict()})
    return pd.DataFrame(rows)


def _one(
    text: str, n: int, setting: Setting, draw: int, seed: int, arm: int, uncertain: bool
) -> pd.DataFrame:
    p = draw_parameters(seed, draw) if uncertain else central()
    regimen = parse(text)
    first = (draw * 64 + arm) * 10_000
    index = np.arange(first, first + n)
    u = uniforms(seed, "blood: time on treatment", index)[:, 0]
    until = np.minimum(-np.log1p(-u) / np.log(2) * setting.median_months * 30.4375, 1e9)
    days = int(min(setting.max_days, np.ceil(until.max()) + 1))
    drawn = draw_patients(n, regimen.drugs, seed + 7919 * (draw + 1) + arm, setting.tumour)
    rules = {d: r for d, r in (setting.rules or {}).items() if d in regimen.drugs}
    course = run_blood(
        regimen,
        days=days,
        patients=BloodPatients(n, drawn.pk, setting.tumour),
        rules=rules,
        seed=seed,
        index=index,
        parameters=p,
    )
    worst = worst_grade(course, until_day=until)
    table = worst >= 3
    table["neutropenia_g4"] = worst["neutropenia"] >= 4
    table["any"] = table[list(COUNTS)].any(axis=1)
    for action, name in (("reduce", "reduced"), ("discontinue", "discontinued"), ("hold", "held")):
        table[name] = share_with_action(course, action, until)
    return table


def rate_interval(rates: pd.DataFrame, level: float = 0.9) -> pd.DataFrame:
    """Median and central interval of every column over the simulated trials.

    Returns
    -------
    DataFrame
        term, median, lo, hi.
    """
    tail = 100.0 * (1.0 - level) / 2.0
    names = [c for c in rates.columns if c not in ("draw", "order")]
    lo, mid, hi = np.percentile(rates[names].to_numpy(), [tail, 50.0, 100.0 - tail], axis=0)
    return pd.DataFrame({"term": names, "median": mid, "lo": lo, "hi": hi})
