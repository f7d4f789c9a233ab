"""Alterations of a drawn cohort beside the table they come from, with both intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.cohort.cohort import Cohort
from rpoint.cohort.frequencies import frequency
from rpoint.stats.proportions import proportion

SHOWN = 0.02  # share from which an alteration is shown, in the cohort or in its source


def against_source(cohort: Cohort, types: int = 4) -> pd.DataFrame:
    """Frequencies of the commonest types of a cohort and those of their source.

    A screened cohort differs from its source by selection; draw from a population without
    conditions to see whether sampling agrees.

    Returns
    -------
    pandas.DataFrame
        type, patients (of the type), alteration, percent, lo, hi (of the cohort, exact 95 %),
        source_percent, source_lo, source_hi (missing where no patient of the type was counted),
        source_n, cohort (what was counted), source.
    """
    kinds, counts = np.unique(cohort.tumour_type, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:types]
    chosen = set(kinds[order].tolist())
    table = cohort.summary()
    table = table[table["type"].isin(chosen)]
    table = table[(table["fraction"] >= SHOWN) | (table["source_fraction"] >= SHOWN)]
    given = dict(cohort.population.overrides)
    rows = [_row(cohort, r, given) for r in table.itertuples()]
    found = pd.DataFrame(rows)
    rank = {kinds[k]: position for position, k in enumerate(order)}
    found["rank"] = found["type"].map(rank)
    found = found.sort_values(["rank", "source_percent"], ascending=[True, False], kind="stable")
    return found.drop(columns="rank").reset_index(drop=True)


def _row(cohort: Cohort, row, given: dict[str, float]) -> dict:
    drawn = proportion(row.patients, row.n)
    known = frequency(row.type, cohort.population.drawn_from).loc[row.alteration]
    counted = row.alteration not in given and known["n"] > 0
    source = proportion(int(known["altered"]), int(known["n"])) if counted else None
    return {
        "type": row.type,
        "patients": row.n,
        "alteration": row.alteration,
        "percent": drawn.percent,
        "lo": drawn.lo,
        "hi": drawn.hi,
        "source_percent": 100 * row.source_fraction,
        "source_lo": source.lo if source else np.nan,
        "source_hi": source.hi if source else np.nan,
        "source_n": int(known["n"]) if counted else 0,
        "cohort": known["cohort"] if row.alteration not in given else "given by the user",
        "source": known["source"] if row.alteration not in given else "",
    }
