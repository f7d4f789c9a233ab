"""Comparators without a drug model: times from the published curve, taken as exponential.

Such an arm has no tumours, no counts and no mechanism; its tables say so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.streams import uniforms
from rpoint.trial.adam import tables as adam_tables
from rpoint.trial.spec import MONTH_D, Trial

SOURCE = "published curve"


def tables(trial: Trial, arm: str, entry, cohort, rows: np.ndarray, seed: int):
    """ADaM tables of the patients of an observed control."""
    control = trial.arms[arm].observed_control
    assert control is not None
    u = uniforms(seed, "observed control", entry.index[rows], 3)
    limit = entry.follow_up_d[rows]
    pfs = _times(u[:, 0], control.pfs_median_months)
    survival = np.full(len(rows), np.inf)
    if control.os_median_months is not None:
        survival = np.maximum(_times(u[:, 1], control.os_median_months), pfs)
    base = adam_tables.keys(trial, arm, entry, rows)
    seen = np.minimum(survival, limit)
    adsl = adam_tables.subjects(
        trial, arm, base, entry, cohort, rows,
        end_day=seen, death_day=np.where(survival <= limit, survival, np.inf),
        last_dose=np.minimum(pfs, seen), reason=np.where(pfs <= seen, "PROGRESSION", ""),
        status=np.full(len(rows), f"ok: {SOURCE}", object),
    )  # fmt: skip
    parts = [_endpoint(base, "PFS", pfs, seen)]
    if control.os_median_months is not None:
        parts.append(_endpoint(base, "OS", survival, limit))
    found = {name: adam_tables.empty(name) for name in adam_tables.NAMES}
    found |= {"adsl": adsl, "adtte": pd.concat(parts, ignore_index=True)}
    if control.orr is not None:
        responds = u[:, 2] < control.orr
        found["adrs"] = _responses(base, responds)
    return found


def _times(u: np.ndarray, median_months: float) -> np.ndarray:
    """Exponential times with a median, d, at least one."""
    return np.maximum(np.ceil(-np.log1p(-u) * median_months * MONTH_D / np.log(2.0)), 1.0)


def _endpoint(base: pd.DataFrame, code: str, time: np.ndarray, limit: np.ndarray) -> pd.DataFrame:
    event = time <= limit
    return base.assign(
        PARAMCD=code,
        AVAL=np.minimum(time, limit).astype(float),
        AVALU="DAYS",
        CNSR=np.where(event, 0, 1),
        EVNTDESC=np.where(event, f"event of the {SOURCE}", "no event by the cut-off"),
        STARTDY=1,
        ADY=np.minimum(time, limit).astype(np.int64) + 1,
    )


def _responses(base: pd.DataFrame, responds: np.ndarray) -> pd.DataFrame:
    rows = [
        base.assign(
            PARAMCD=code,
            AVISIT="",
            AVISITN=np.nan,
            ADY=pd.array([pd.NA] * len(base), dtype="Int64"),
            AVALC=np.where(responds, "PR", "SD"),
        )
        for code in ("BESTRSP", "CBESTRSP")
    ]
    return pd.concat(rows, ignore_index=True)
