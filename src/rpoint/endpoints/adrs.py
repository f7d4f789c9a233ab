"""Responses and times as tables with ADaM names (ADRS, ADTTE).

Names and codes follow the ADaM examples of oncology (OVR, BOR, CBOR, RSP, CRSP, PD; PFS, TTP, OS,
RSD, TTF): the tables look like ADRS and ADTTE, they are no validated submission data.  ADY is the
CDISC study day: the first dose is day 1 and there is no day 0.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from rpoint.endpoints.best_response import BestResponse

PARAMETERS = {
    "OVR": "Overall Response by Visit",
    "BOR": "Best Overall Response (confirmation not required)",
    "CBOR": "Confirmed Best Overall Response",
    "RSP": "Response (confirmation not required)",
    "CRSP": "Confirmed Response",
    "PD": "Disease Progression",
}
TIMES = {
    "pfs": ("PFS", "Progression Free Survival"),
    "ttp": ("TTP", "Time to Progression"),
    "os": ("OS", "Overall Survival"),
    "dor": ("RSD", "Duration of Response"),
    "ttf": ("TTF", "Time to Treatment Failure"),
}
CRITERIA = {"recist11": "RECIST 1.1", "irecist": "iRECIST"}


def study_day(day: np.ndarray | pd.Series) -> np.ndarray:
    """CDISC study day of days that count from the first dose; NaN stays.

    >>> study_day(np.array([-1.0, 0.0, 42.0])).tolist()
    [-1.0, 1.0, 43.0]
    """
    values = np.asarray(day, dtype=float)
    return np.where(values >= 0, values + 1.0, values)


def adrs(best: BestResponse, visits: pd.DataFrame, start: pd.Series) -> pd.DataFrame:
    """Responses, one row for each patient and parameter, and for OVR each visit.

    Parameters
    ----------
    best
        Best responses.
    visits
        Judged visits of the same criteria.
    start
        Day of the first dose, by patient.

    Returns
    -------
    pandas.DataFrame
        USUBJID, PARAMCD, PARAM, PARCAT1, ADY, AVALC.
    """
    column = "iresponse" if best.criteria == "irecist" else "at_visit"
    on = visits[visits["phase"] == "treatment"]
    parts = [_part("OVR", on["patient"], on["day"], on[column])]
    table = best.table
    responded = {"RSP": "response_day", "CRSP": "confirmed_response_day", "PD": "pd_day"}
    for code, name in (("BOR", "any"), ("CBOR", "confirmed")):
        parts.append(_part(code, table["patient"], table[f"bor_{name}_day"], table[f"bor_{name}"]))
    for code, name in responded.items():
        yes = np.where(table[name].notna(), "Y", "N")
        parts.append(_part(code, table["patient"], table[name], yes))
    out = pd.concat(parts, ignore_index=True)
    begun = start.reindex(out["USUBJID"]).to_numpy(dtype=float)
    out["ADY"] = study_day(out["ADY"] - begun)
    out.insert(3, "PARCAT1", CRITERIA[best.criteria])
    order = pd.Categorical(out["PARAMCD"], categories=list(PARAMETERS))
    keys = pd.DataFrame({"who": out["USUBJID"], "what": order.codes, "day": out["ADY"]})
    return out.loc[keys.sort_values(["who", "what", "day"]).index].reset_index(drop=True)


def _part(code: str, patient: Iterable, day: Iterable, value: Iterable) -> pd.DataFrame:
    return pd.DataFrame({
        "USUBJID": np.asarray(patient, dtype=object), "PARAMCD": code, "PARAM": PARAMETERS[code],
        "ADY": np.asarray(day, dtype=float), "AVALC": np.asarray(value, dtype=object),
    })  # fmt: skip


def adtte(times: pd.DataFrame) -> pd.DataFrame:
    """Times of `time_to_event` under ADaM names.

    Returns
    -------
    pandas.DataFrame
        USUBJID, PARAMCD, PARAM, AVAL (days), AVALU, CNSR (0 event, 1 censored), EVNTDESC.
    """
    codes = times["endpoint"].map(lambda name: TIMES[name][0])
    return pd.DataFrame({
        "USUBJID": times["patient"], "PARAMCD": codes,
        "PARAM": times["endpoint"].map(lambda name: TIMES[name][1]),
        "AVAL": times["time_days"], "AVALU": "DAYS", "CNSR": 1 - times["event"],
        "EVNTDESC": times["reason"],
    })  # fmt: skip
