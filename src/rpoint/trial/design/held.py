"""How long responses last in every replicate, confirmed or not, and how many the next scan misses.

The duration of response of RECIST counts from responses that were confirmed, where a trial confirms
them; what a single scan has shown needs the scans themselves.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.stats.kaplan_meier import kaplan_meier
from rpoint.stats.proportions import limits
from rpoint.trial.analyse import COLUMNS
from rpoint.trial.design.rows import WEEK_D, lost_at_next, response_held
from rpoint.trial.spec import Trial

MEDIAN, LOST = "response_held_median_weeks", "lost_at_next_scan_pct"


def held_responses(visits: pd.DataFrame) -> pd.DataFrame:
    """One row a responder: PATIDX, held_d, held_event, lost_next (100, 0; NaN: no next scan).

    Parameters
    ----------
    visits
        Rows OVRLRESP of adrs.
    """
    ordered = visits.sort_values(["PATIDX", "ADY"], kind="stable")
    held = response_held(ordered)
    lost = lost_at_next(ordered).reindex(held.index).astype(float)
    return pd.DataFrame({
        "PATIDX": held.index.to_numpy(), "held_d": held["days"].to_numpy(float),
        "held_event": held["event"].to_numpy(float), "lost_next": lost.to_numpy(float),
    })  # fmt: skip


def held_statistics(trial: Trial, adsl: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Median time that responses are seen and the share lost at the next scan, of the efficacy set.

    Returns
    -------
    pandas.DataFrame
        The columns of `rpoint.trial.analyse.analyse`.  N counts the responders; VALUE is NaN where
        a replicate has none, or a median that is not reached.
    """
    who = adsl[(adsl["EFFFL"] == "Y") & adsl["SIMSTAT"].str.startswith("ok")]
    rows = held.merge(who[["PATIDX", "REPL", "TRT01P"]], on="PATIDX")
    level = trial.analysis.level
    found = []
    for replicate in np.unique(adsl["REPL"].to_numpy()):
        for arm in trial.arms:
            mine = rows[(rows["REPL"] == replicate) & (rows["TRT01P"] == arm)]
            key = (replicate, arm, "")
            found += [(*key, MEDIAN, *_median(mine, level), len(mine)),
                      (*key, LOST, *_lost(mine, level))]  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def _median(rows: pd.DataFrame, level: float) -> tuple[float, float, float]:
    if rows.empty:
        return (np.nan, np.nan, np.nan)
    median = kaplan_meier(
        rows["held_d"].to_numpy(), rows["held_event"].to_numpy(), level=level
    ).median
    ends = (median.estimate, median.lo, median.hi)
    return tuple(np.nan if x is None or not np.isfinite(x) else x / WEEK_D for x in ends)  # type: ignore[return-value]


def _lost(rows: pd.DataFrame, level: float) -> tuple[float, float, float, int]:
    seen = rows["lost_next"].dropna()
    if seen.empty:
        return (np.nan, np.nan, np.nan, 0)
    count = int((seen > 0).sum())
    lo, hi = limits(count, len(seen), level=level)
    return (100.0 * count / len(seen), 100.0 * float(lo), 100.0 * float(hi), len(seen))
