"""Times to events from judged visits: PFS, TTP, OS, duration of response, time to failure.

All times start at the first dose, that of the response for its duration, and are in days; a month
is 30.4375 days.  Rules, each of them a parameter where trials differ:

PFS
    Event: progression or death, whichever comes first.  Otherwise censored on the day of the last
    evaluable scan without progression; at day 0 if there is none.
TTP
    As PFS, but a death without progression is censored at the last evaluable scan.
OS
    Event: death.  Otherwise censored at the last contact, else at the last scan.
DoR
    Patients with a response (confirmed unless `confirmed` is false) from its first day to
    progression or death; censored as PFS.
TTF
    Event: the stop of treatment for any reason.  Without a stop, censored at the last contact.

A new therapy before progression censors PFS, TTP and DoR at the last evaluable scan before it
(`new_therapy="censor"`), or is ignored for a later death ("ignore": scans after it never count).
A progression or death after too long a gap without an evaluable scan is censored at the scan before
the gap, if `max_gap_days` is given (about two scan intervals; off by default).

The true day of a progression lies between the last scan without it and the scan that shows it:
`interval_lo` and `interval_hi` hold the two, for interval-censored estimates (hi is infinite if
censored).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints.best_response import BestResponse
from rpoint.endpoints.sizes import Sizes
from rpoint.errors import RpointError, unknown_name

ENDPOINTS = ("pfs", "ttp", "os", "dor", "ttf")
DAYS_PER_MONTH = 30.4375
COLUMNS = (
    "patient", "arm", "endpoint", "time_days", "time_months", "event", "reason", "start_day",
    "end_day", "interval_lo", "interval_hi",
)  # fmt: skip


def time_to_event(
    best: BestResponse,
    sizes: Sizes,
    endpoint: str = "pfs",
    *,
    confirmed: bool = True,
    new_therapy: str = "censor",
    max_gap_days: float | None = None,
) -> pd.DataFrame:
    """One row for each patient: time, event and the reason for it.

    Parameters
    ----------
    best
        Best responses; they hold the days of response, progression and last evaluable scan.
    sizes
        Their sizes, for the patients table.
    endpoint
        "pfs", "ttp", "os", "dor" or "ttf".
    confirmed
        For dor: confirmed responses, else any.
    new_therapy
        "censor" or "ignore".
    max_gap_days
        Longest gap before a progression or death that is still counted.

    Returns
    -------
    pandas.DataFrame
        patient, arm, endpoint, time_days, time_months, event (0/1), reason, start_day, end_day,
        interval_lo, interval_hi.
    """
    if endpoint not in ENDPOINTS:
        raise unknown_name("endpoint", endpoint, ENDPOINTS, where="endpoint")
    if new_therapy not in ("censor", "ignore"):
        raise unknown_name("choice", new_therapy, ("censor", "ignore"), where="new_therapy")
    if max_gap_days is not None and not max_gap_days > 0:
        raise RpointError("a gap is longer than 0 days", where="max_gap_days", found=max_gap_days)
    table = _joined(best, sizes)
    if endpoint == "os":
        out = _survival(table)
    elif endpoint == "ttf":
        out = _failure(table)
    else:
        if endpoint == "dor":
            start = table["confirmed_response_day" if confirmed else "response_day"]
            table = table.assign(start=start)[start.notna()].reset_index(drop=True)
        out = _progression(table, endpoint, new_therapy, max_gap_days)
    out.insert(1, "endpoint", endpoint)
    out["time_days"] = out["end_day"] - out["start_day"]
    out["time_months"] = out["time_days"] / DAYS_PER_MONTH
    if "arm" in table:
        out["arm"] = table["arm"].to_numpy()
    return out[[name for name in COLUMNS if name in out]]


def _joined(best: BestResponse, sizes: Sizes) -> pd.DataFrame:
    facts = sizes.patients.drop(columns="arm", errors="ignore")
    table = best.table.assign(patient=best.table["patient"].astype(object))
    table = table.merge(facts, on="patient", how="left")
    last = sizes.sums.groupby("patient", observed=True)["day"].max()
    last.index = last.index.astype(object)
    table["last_scan_day"] = table["patient"].map(last).astype(float)
    return table.assign(start=table["first_dose_day"].astype(float))


def _rows(table: pd.DataFrame, end: np.ndarray, event: np.ndarray, reason: np.ndarray):
    return pd.DataFrame({
        "patient": table["patient"].to_numpy(), "start_day": table["start"].to_numpy(dtype=float),
        "end_day": end, "event": event.astype(int), "reason": reason,
    })  # fmt: skip


def _survival(table: pd.DataFrame) -> pd.DataFrame:
    death = table["death_day"].to_numpy(dtype=float)
    contact = table["last_contact_day"].to_numpy(dtype=float)
    scan = table["last_scan_day"].to_numpy(dtype=float)
    dead = ~np.isnan(death)
    seen = np.fmax(np.fmax(contact, scan), table["start"].to_numpy())
    end = np.where(dead, death, seen)
    told = np.where(np.isnan(contact), "alive at the last scan", "alive at the last contact")
    out = _rows(table, end, dead, np.where(dead, "death", told))
    return _exact_interval(out)


def _failure(table: pd.DataFrame) -> pd.DataFrame:
    stop = table["stop_day"].to_numpy(dtype=float)
    death = table["death_day"].to_numpy(dtype=float)
    contact = np.fmax(table["last_contact_day"].to_numpy(dtype=float),
                      table["last_scan_day"].to_numpy(dtype=float))  # fmt: skip
    stopped = ~np.isnan(stop)
    dead = ~stopped & ~np.isnan(death)
    start = table["start"].to_numpy()
    end = np.where(stopped, stop, np.where(dead, death, np.fmax(contact, start)))
    reason = np.where(stopped, "treatment stopped", np.where(dead, "death", "still treated"))
    return _exact_interval(_rows(table, end, stopped | dead, reason))


def _exact_interval(out: pd.DataFrame) -> pd.DataFrame:
    """An event on a known day: both limits are that day."""
    time = out["end_day"] - out["start_day"]
    out["interval_lo"] = time
    out["interval_hi"] = np.where(out["event"] == 1, time, np.inf)
    return out


def _progression(
    table: pd.DataFrame, endpoint: str, new_therapy: str, max_gap: float | None
) -> pd.DataFrame:
    start = table["start"].to_numpy(dtype=float)
    pd_day, death = table["pd_day"].to_numpy(float), table["death_day"].to_numpy(float)
    therapy = table["new_therapy_day"].to_numpy(float)
    last = np.fmax(table["last_evaluable_day"].to_numpy(float), start)
    progressed = ~np.isnan(pd_day)
    died = ~progressed & ~np.isnan(death)
    if endpoint == "ttp":
        died[:] = False
    switched = died & (therapy <= death) & (new_therapy == "censor")
    died &= ~switched
    end = np.where(progressed, pd_day, np.where(died, death, last))
    event = progressed | died
    reason = np.full(len(end), "no progression at the last evaluable scan", dtype=object)
    reason[last == start] = "no evaluable scan after the start"
    reason[~event & ~np.isnan(therapy)] = "new therapy without progression"
    if endpoint == "ttp":
        reason[~progressed & ~np.isnan(death)] = "death without progression"
    reason[died], reason[progressed] = "death", table["pd_reason"].to_numpy()[progressed]
    lo = np.where(died, end, last) - start
    if max_gap is not None:
        gap = event & (end - last > max_gap)
        end, event = np.where(gap, last, end), event & ~gap
        reason[gap] = "progression or death after too long a gap"
    out = _rows(table, end, event, reason)
    out["interval_lo"] = np.where(event, lo, end - start)
    out["interval_hi"] = np.where(event, end - start, np.inf)
    return out
