"""Measured curves that stand under simulated ones in the report."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd

WESTERNS = "He 2025, npj Syst Biol Appl, doi:10.1038/s41540-025-00604-z (MCF-7 westerns)"
REPORTERS = "Heldring 2022, PLoS Comput Biol, doi:10.1371/journal.pcbi.1010264 (HepG2 reporters)"


@cache
def _table(name: str) -> pd.DataFrame:
    with (files("rpoint.calibrate") / "data" / f"{name}.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def cyclin_d1() -> pd.DataFrame:
    """Cyclin D1 of MCF-7 under palbociclib 750 nM over day 0; columns arm, day, value, sd."""
    westerns = _table("mcf7_westerns")
    own = westerns[(westerns["protein"] == "CyclinD1") & (westerns["palbociclib_nM"] > 0)]
    by_day = own.groupby("time_d")["level_over_T0"]
    levels = pd.DataFrame({"value": by_day.mean(), "sd": by_day.std().fillna(0.0)})
    return levels.reset_index(names="day").assign(arm="CDK4/6i")


def p53_reporter(nutlin_um: float = 10.0) -> pd.DataFrame:
    """p53 of HepG2 under nutlin-3a alone over control; columns arm, day, value, sd."""
    table = _table("hepg2_nutlin")
    own = table[
        (table["reporter"] == "TP53")
        & (table["nutlin_uM"] == nutlin_um)
        & (table["cisplatin_uM"] == 0)
    ]
    by_time = own.groupby("time_h")["fold_vs_control"]
    levels = pd.DataFrame({"value": by_time.mean(), "sd": by_time.std().fillna(0.0)})
    levels = levels.reset_index(names="hour")
    levels = levels[levels["hour"] % 12 == 0]
    return levels.assign(day=levels["hour"] / 24.0, arm="MDM2i").drop(columns="hour")
