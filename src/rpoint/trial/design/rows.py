"""One row a patient, one number a replicate: what answers to questions about a design rest on.

Every statistic here is a function of the analysis tables, as it would be of a real trial's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rpoint.trial.analysed import RESPONSES, patient_rows
from rpoint.trial.spec import Trial

WEEK_D = 7.0
CHANGE_WEEK = 16  # of the mean change of the tumours
KEPT = (
    "PATIDX", "REPL", "TRT01P", "SAFFL", "EFFFL", "SIMSTAT", "ENRLDT", "TUMTYPE", "NSCREEN",
    "WEIGHT", "TRTEDY", "pfs", "pfs_event", "os", "os_event", "dor", "dor_event", "bor", "cbor",
    "best_change",
)  # fmt: skip
EXTRA = {
    "change_16w_pct": "change_16w",
    "lost_at_next_scan_pct": "lost_next",
    "screened_per_patient": "NSCREEN",
    "taken_mg_per_day": "mg_day",
}


def design_rows(trial: Trial, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a patient, ordered by PATIDX.

    Returns
    -------
    pandas.DataFrame
        Columns `KEPT` of `rpoint.trial.analysed.patient_rows`, and: change_16w (change of the sum
        of diameters at the last scan up to week 16, %; who has left earlier keeps the last value),
        lost_next (100 if the first response, CR or PR, was gone at the next scan that could be
        judged, 0 if not, NaN without response or next scan), held_d and held_event (days from the
        first response, confirmed or not, to the scan at which it was gone: event 1, or to the last
        scan: 0), mg_day (amount of all drugs taken a
        day of treatment, mg).
    """
    rows = patient_rows(trial, tables)
    at = pd.Index(rows["PATIDX"])
    kept = rows[[name for name in KEPT if name in rows]].copy()
    visits = tables["adrs"]
    visits = visits[visits["PARAMCD"] == "OVRLRESP"].sort_values(["PATIDX", "ADY"], kind="stable")
    late = WEEK_D * CHANGE_WEEK + trial.visits.jitter_days
    kept["change_16w"] = last_change(visits, late).reindex(at).to_numpy(float)
    kept["lost_next"] = lost_at_next(visits).reindex(at).to_numpy(float)
    held = response_held(visits).reindex(at)
    kept["held_d"], kept["held_event"] = held["days"].to_numpy(float), held["event"].to_numpy(float)
    taken = amount_taken(tables["adex"]).reindex(at).to_numpy(float)
    kept["mg_day"] = taken / np.maximum(rows["TRTEDY"].astype(float).to_numpy(), 1.0)
    return kept


def last_change(visits: pd.DataFrame, until_day: float) -> pd.Series:
    """Change from baseline (%) at the last scan up to a day, by PATIDX.

    Parameters
    ----------
    visits
        Rows OVRLRESP of adrs, in the order of ADY.
    until_day
        Days from the first dose.
    """
    seen = visits[visits["ADY"].astype(float) - 1.0 <= until_day].dropna(subset="PCHG")
    return seen.groupby("PATIDX")["PCHG"].last().astype(float)


def lost_at_next(visits: pd.DataFrame) -> pd.Series:
    """100 or 0 for whoever responded and was scanned again, by PATIDX: was the response gone?"""
    judged = visits[~visits["AVALC"].isin(("NE", "NED"))]
    responds = judged["AVALC"].isin(RESPONSES)
    first = judged[responds].drop_duplicates("PATIDX").set_index("PATIDX")["ADY"].astype(float)
    since = judged["PATIDX"].map(first)
    after = judged[judged["ADY"].astype(float) > since].drop_duplicates("PATIDX")
    gone = ~after["AVALC"].isin(RESPONSES)
    return pd.Series(100.0 * gone.to_numpy(), index=after["PATIDX"].to_numpy())


def response_held(visits: pd.DataFrame) -> pd.DataFrame:
    """How long a response is seen, confirmed or not, by PATIDX: days, event.

    From the first scan with CR or PR to the first later one that is judged neither (event 1), or to
    the last one judged (event 0).  Whoever never responds is not there.
    """
    judged = visits[~visits["AVALC"].isin(("NE", "NED"))]
    day = judged["ADY"].astype(float)
    responds = judged["AVALC"].isin(RESPONSES)
    who = judged["PATIDX"]
    first = day[responds].groupby(who[responds]).min()
    last = day.groupby(who).max().reindex(first.index)
    gone = day[~responds & (day > who.map(first))]
    end = gone.groupby(who[gone.index]).min().reindex(first.index)
    return pd.DataFrame(
        {"days": end.fillna(last) - first, "event": end.notna().astype(float)}, index=first.index
    )


def amount_taken(doses: pd.DataFrame) -> pd.Series:
    """Amount of all drugs taken (mg), by PATIDX."""
    days = doses["AENDY"].astype(float) - doses["ASTDY"].astype(float) + 1.0
    return (doses["EXDOSE"].astype(float) * days).groupby(doses["PATIDX"]).sum()


def evaluable(rows: pd.DataFrame) -> pd.DataFrame:
    """The efficacy set, without patients whose simulation has failed."""
    return rows[(rows["EFFFL"] == "Y") & rows["SIMSTAT"].str.startswith("ok")]


def extra_statistics(rows: pd.DataFrame) -> pd.DataFrame:
    """Statistics of every replicate and arm that a publication seldom states.

    Returns
    -------
    pandas.DataFrame
        REPL, ARM, ENDPOINT, VALUE: means of the columns in `EXTRA` (screened_per_patient and
        taken_mg_per_day over all patients, the others over the efficacy set) and
        responding_types, the number of tumour types among the responders.
    """
    whole = rows.rename(columns={"TRT01P": "ARM"})
    chosen = evaluable(whole)
    parts = []
    for endpoint, column in EXTRA.items():
        if column not in whole:
            continue
        part = whole if column in ("NSCREEN", "mg_day") else chosen
        found = part[column].astype(float).groupby([part["REPL"], part["ARM"]]).mean()
        parts.append(found.rename("VALUE").reset_index().assign(ENDPOINT=endpoint))
    responders = chosen[chosen["bor"].isin(RESPONSES)]
    types = responders.groupby(["REPL", "ARM"])["TUMTYPE"].nunique()
    every = whole[["REPL", "ARM"]].drop_duplicates().set_index(["REPL", "ARM"])
    types = types.reindex(every.index, fill_value=0).astype(float)
    parts.append(types.rename("VALUE").reset_index().assign(ENDPOINT="responding_types"))
    return pd.concat(parts, ignore_index=True)[["REPL", "ARM", "ENDPOINT", "VALUE"]]
