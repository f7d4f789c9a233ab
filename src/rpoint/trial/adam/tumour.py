"""adtr and adrs: lesions at every visit, and the judgement of visits and patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints.best_response import BestResponse

WEEK = 7.0
LIKE = {"ND": "NED", "MISSING": "NE", "": "NE"}


def _day(day: np.ndarray) -> np.ndarray:
    day = np.asarray(day, float)
    return (day + (day >= 0)).astype(np.int64)


def _visit(week: np.ndarray) -> np.ndarray:
    return np.array(["BASELINE" if w == 0 else f"WEEK {w:g}" for w in week], object)


def tumour_results(lives, base: pd.DataFrame) -> pd.DataFrame:
    """adtr: one row a visit and lesion, and the sum of the targets of every visit."""
    lesions = lives.lesions
    who = lesions["patient"].to_numpy(int)
    week = np.round(lives.scans.nominal[lesions["visit_number"].to_numpy(int)] / WEEK, 2)
    target = (lesions["target"] == 1).to_numpy()
    new = (lesions["new"] == 1).to_numpy()
    day = lesions["day"].to_numpy(float)
    rows = base.iloc[who].reset_index(drop=True)
    rows = rows.assign(
        PARAMCD=np.where(target, "LDIAM", "TUMSTATE"),
        TRLNKID=lesions["lesion"].to_numpy(object),
        TRGRPID=np.select([target, new], ["TARGET", "NEW"], "NON-TARGET"),
        TRLOC=lesions["organ"].to_numpy(object),
        AVISIT=_visit(week),
        AVISITN=week,
        ADY=_day(day),
        AVAL=lesions["diameter_mm"].to_numpy(float),
        AVALC=np.where(target, "", lesions["status"].str.upper().to_numpy(object)),
        TRUEVAL=lesions["true_mm"].to_numpy(float),
    )
    at = rows.loc[target].groupby(["PATIDX", "AVISITN"], sort=False)
    sums = rows.loc[target].drop_duplicates(["PATIDX", "AVISITN"])
    total = at["AVAL"].sum().to_numpy()
    sums = sums.assign(
        PARAMCD="SUMDIAM", TRLNKID="", TRLOC="", AVAL=total, TRUEVAL=at["TRUEVAL"].sum().to_numpy()
    )
    first = sums[sums["AVISITN"] == 0].set_index("PATIDX")["AVAL"]
    start = sums["PATIDX"].map(first).to_numpy(float)
    sums = sums.assign(BASE=start, PCHG=100.0 * (sums["AVAL"].to_numpy() / start - 1.0))
    return pd.concat([rows, sums], ignore_index=True)


def responses(lives, best: BestResponse, base: pd.DataFrame) -> pd.DataFrame:
    """adrs: the response of every visit, and best responses, any and confirmed."""
    visits = lives.recist.visits
    visits = visits[visits["phase"] == "treatment"]
    who = visits["patient"].astype(int).to_numpy()
    week = _weeks(lives, who, visits["day"].to_numpy(float))
    parts = [
        base.iloc[who]
        .reset_index(drop=True)
        .assign(
            PARAMCD="OVRLRESP",
            PARCAT1="RECIST 1.1",
            AVISIT=_visit(week),
            AVISITN=week,
            ADY=pd.array(_day(visits["day"].to_numpy(float)), dtype="Int64"),
            AVALC=visits["overall"].astype(str).replace(LIKE).to_numpy(object),
            PCHG=visits["change_pct"].to_numpy(float),
        )
    ]
    table = best.table
    who = table["patient"].astype(int).to_numpy()
    for code, column in (("BESTRSP", "bor_any"), ("CBESTRSP", "bor_confirmed")):
        day = table[f"{column}_day"].to_numpy(float)
        parts.append(
            base.iloc[who]
            .reset_index(drop=True)
            .assign(
                PARAMCD=code,
                PARCAT1="RECIST 1.1",
                AVISIT="",
                AVISITN=np.nan,
                ADY=pd.array(np.where(np.isnan(day), np.nan, day + (day >= 0)), dtype="Int64"),
                AVALC=table[column].astype(str).replace(LIKE).to_numpy(object),
                PCHG=table["best_change_pct"].to_numpy(float),
            )
        )
    return pd.concat(parts, ignore_index=True)


def _weeks(lives, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Nominal week of the scan of a patient on a day."""
    match = lives.scans.day[who] == day[:, None]
    return np.round(lives.scans.nominal[match.argmax(axis=1)] / WEEK, 2)
