"""Simulated trials of blood counts over the uncertainty of the parameters: predicted rates.

One row a simulated trial: its parameters are one draw of the uncertainty, its patients are new,
and its size is that of the real trial, so the spread of the rows is that of what the trial could
have shown.  How long patients stay on treatment is put in (a median, as of the published
progression-free survival); a whole virtual trial computes it from the tumours instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from rpoint.blood.counts import draw_patients
from rpoint.blood.course import Rules, run_blood
from rpoint.blood.outcomes import share_with_action, worst_grade
from rpoint.blood.parameters import Parameters, central, draw_parameters
from rpoint.pharmacology.regimen import parse
from rpoint.stats.proportions import proportion
from rpoint.streams import uniforms

DAYS_A_MONTH = 30.4375
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
    title, source, grade, note
        Of the published rates.
    rates
        Published percent of patients, by the names of the columns of `predicted_rates`.
    """

    regimens: Mapping[str, int]
    rules: Rules
    tumour: str = ""
    median_months: float = 4.0
    max_days: int = 336
    title: str = ""
    source: str = ""
    grade: str = ""
    note: str = ""
    rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def patients(self) -> int:
        return sum(self.regimens.values())


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
        One row a trial: draw, percent with each term of grade 3 or 4, neutropenia_g4, any of the
        counts, ..._any (any grade worse than at entry), reduced, discontinued (for toxicity), held;
        `order` whether thrombocytopenia > neutropenia > anaemia.
    """
    sets = [draw_parameters(seed, k) if uncertain else central() for k in range(draws)]
    parts = [
        _arm(text, n * scale, setting, sets, seed, k)
        for k, (text, n) in enumerate(setting.regimens.items())
    ]
    whole = pd.concat(parts).fillna(0.0)
    rates = 100.0 * whole.groupby("draw").mean()
    t, n, a = rates["thrombocytopenia"], rates["neutropenia"], rates["anaemia"]
    rates["order"] = (t > n) & (n > a)
    return rates.reset_index()


def _arm(
    text: str, n: int, setting: Setting, sets: Sequence[Parameters], seed: int, arm: int
) -> pd.DataFrame:
    """One regimen in all simulated trials at once: a row a patient."""
    regimen, total = parse(text), n * len(sets)
    draw = np.repeat(np.arange(len(sets)), n)
    index = arm * 10_000_000 + np.arange(total)
    u = uniforms(seed, "blood: time on treatment", index)[:, 0]
    until = -np.log1p(-u) / np.log(2) * setting.median_months * DAYS_A_MONTH
    drawn = draw_patients(total, regimen.drugs, seed + arm, setting.tumour)
    course = run_blood(
        regimen,
        days=int(min(setting.max_days, np.ceil(until.max()) + 1)),
        patients=drawn,
        rules={d: r for d, r in (setting.rules or {}).items() if d in regimen.drugs},
        seed=seed,
        index=index,
        parameters=Parameters.of_patients(sets, draw),
    )
    worst = worst_grade(course, until_day=until)
    table = (worst >= 3).astype(float)
    table["neutropenia_g4"] = worst["neutropenia"] >= 4
    table["any"] = table[list(COUNTS)].any(axis=1)
    at_entry = worst_grade(course, until_day=np.ones(total), measured=False)
    for term in ("thrombocytopenia", "anaemia"):
        table[f"{term}_any"] = worst[term] > at_entry[term]
    for action, name in (("reduce", "reduced"), ("discontinue", "discontinued"), ("hold", "held")):
        table[name] = share_with_action(course, action, until)
    return table.astype(float).assign(draw=draw)


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


@cache
def check_settings() -> dict[str, Setting]:
    """Published rates of blood toxicity that no fit has seen, with how each trial is simulated."""
    text = (files("rpoint.blood") / "checks.yaml").read_text(encoding="utf-8")
    rows = YAML(typ="safe", pure=True).load(text)
    return {name: Setting(**row) for name, row in rows.items()}


def predicted_against_published(
    names: tuple[str, ...] = (), draws: int = 50, seed: int = 1
) -> pd.DataFrame:
    """Each published rate beside what simulated trials of the same size show.

    Parameters
    ----------
    names
        Of `check_settings`; all by default.
    draws
        Simulated trials for each.
    seed
        Seed.

    Returns
    -------
    DataFrame
        trial, term, n, published, published_lo, published_hi (exact 95 %), median, lo, hi (central
        90 % of the simulated trials), hit (published inside lo to hi), order_share (percent of the
        simulated trials with thrombocytopenia > neutropenia > anaemia).
    """
    rows = []
    for name in names or tuple(check_settings()):
        setting = check_settings()[name]
        rates = predicted_rates(setting, draws, seed)
        interval = rate_interval(rates).set_index("term")
        for term, published in setting.rates.items():
            n = setting.patients
            own = proportion(round(published * n / 100.0), n)
            mid, lo, hi = interval.loc[term, ["median", "lo", "hi"]]
            rows.append(
                {
                    "trial": name,
                    "term": term,
                    "n": n,
                    "published": published,
                    "published_lo": own.lo,
                    "published_hi": own.hi,
                    "median": mid,
                    "lo": lo,
                    "hi": hi,
                    "hit": bool(lo <= published <= hi),
                    "order_share": 100.0 * rates["order"].mean(),
                }
            )
    return pd.DataFrame(rows)
