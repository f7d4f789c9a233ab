"""What a useful prediction has to reach, checked against the tables of a validation.

The demands were written before the model was fitted.  A demand whose arms the folder lacks is left
out; one that is missed is reported as missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rpoint.panel.baselines import GENOTYPE_MEDIAN, RIDGE
from rpoint.panel.effects import CONTROL_LIMIT, controls_held

POOLED = "pooled"
COVERED = (0.85, 0.95)  # of the 90 % intervals
ABOVE_MARKER = ("CGM097", "HDM201", POOLED)
LEVEL_WITH_RIDGE = ("nutlin-3a", "palbociclib")
Row = dict[str, Any]


def criteria(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every demand with what was found.

    Parameters
    ----------
    tables
        Those of a validation, by name: `xenografts_gain`, `lines_gain`, `xenografts_coverage`, ...

    Returns
    -------
    pandas.DataFrame
        criterion, found, wanted, met.
    """
    rows = [
        *_above_marker(tables.get("xenografts_gain")),
        *_level_with_ridge(tables.get("lines_gain")),
        *_covered(tables),
        *_curves(tables.get("curves")),
        *_controls(tables),
    ]
    return pd.DataFrame(rows, columns=["criterion", "found", "wanted", "met"])


def _difference(row: Any) -> str:
    return f"{row.gain:+.3f} ({row.lo:+.3f} to {row.hi:+.3f}), n = {row.n}"


def _above_marker(gain: pd.DataFrame | None) -> list[Row]:
    if gain is None:
        return []
    rows = gain[(gain["baseline"] == GENOTYPE_MEDIAN) & gain["arm"].isin(ABOVE_MARKER)]
    return [
        {
            "criterion": f"{row.arm}: Spearman minus that of the arm × genotype median",
            "found": _difference(row),
            "wanted": "above 0",
            "met": bool(row.gain > 0),
        }
        for row in rows.itertuples()
    ]


def _level_with_ridge(gain: pd.DataFrame | None) -> list[Row]:
    if gain is None:
        return []
    wanted = gain["arm"].str.partition(", ")[0].isin(LEVEL_WITH_RIDGE)
    rows = gain[wanted & (gain["baseline"] == RIDGE)]
    return [
        {
            "criterion": f"{row.arm}: Spearman minus that of ridge on genotype",
            "found": _difference(row),
            "wanted": "not below 0 by more than chance (95 %)",
            "met": bool(row.hi >= 0),
        }
        for row in rows.itertuples()
    ]


def _covered(tables: Mapping[str, pd.DataFrame]) -> list[Row]:
    rows = []
    for assay in ("xenografts", "lines"):
        table = tables.get(f"{assay}_coverage")
        if table is None:
            continue
        own = (table["predictor"] == "R-point") & (table["arm"] == POOLED) & (table["level"] == 90)
        value = float(table.loc[own, "coverage"].iloc[0])
        rows.append(
            {
                "criterion": f"{assay}: measurements inside the 90 % intervals",
                "found": f"{100 * value:.1f} %",
                "wanted": f"{100 * COVERED[0]:g} to {100 * COVERED[1]:g} %",
                "met": COVERED[0] <= value <= COVERED[1],
            }
        )
    return rows


def _curves(table: pd.DataFrame | None) -> list[Row]:
    if table is None or table.empty:
        return []
    arms = table[table["arm"] != POOLED]
    better = int((arms["gain"] > 0).sum())
    return [
        {
            "criterion": "arms whose volume curves are better predicted than by the arm's mean",
            "found": f"{better} of {len(arms)}",
            "wanted": "most",
            "met": better > len(arms) / 2,
        }
    ]


def _controls(tables: Mapping[str, pd.DataFrame]) -> list[Row]:
    rows = []
    for assay in ("xenografts", "lines"):
        table = tables.get(f"{assay}_markers")
        if table is None or table.empty:
            continue
        for row in controls_held(table).itertuples():
            rows.append(
                {
                    "criterion": f"negative control: {row.marker}, {row.arm}",
                    "found": f"predicted {row.predicted:+.2f} SD (measured {row.measured:+.2f})",
                    "wanted": f"below {CONTROL_LIMIT:g} SD",
                    "met": bool(row.held),
                }
            )
    return rows
