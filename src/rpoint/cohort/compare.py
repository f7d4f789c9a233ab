"""A drawn cohort beside the table it comes from, and what two tests make of the same copies."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.cohort.cohort import Cohort
from rpoint.cohort.copies import Assay, exponent, unconfirmed
from rpoint.cohort.frequencies import frequency
from rpoint.stats.proportions import proportion

LAWS = {
    "MDM2 without CDK4": exponent("MDM2"),
    "MDM2 with CDK4": exponent("MDM2", {"CDK4:amp": True}),
    "more at the cut-off": 2.0,
}
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


def unconfirmed_table(
    *, missing: float = 0.0, central_error: float | None = None, points: int = 25
) -> pd.DataFrame:
    """Share of local calls that the central test does not confirm, by the local test's error.

    Parameters
    ----------
    missing
        Share without a central test.
    central_error
        SD of ln(copies read / true copies) of the central test; the facts' when left out.

    Returns
    -------
    pandas.DataFrame
        local_error, law (which tumours: how fast their copies fall), exponent, percent; cut-offs
        12 copies by the local and 8 by the central test.
    """
    central = Assay.shipped(central=central_error).central
    rows = [
        (error, law, a, 100 * unconfirmed(missing=missing, a=a, assay=Assay(error, central)))
        for law, a in LAWS.items()
        for error in np.linspace(0.1, 0.7, points).round(4).tolist()
    ]
    return pd.DataFrame(rows, columns=["local_error", "law", "exponent", "percent"])
