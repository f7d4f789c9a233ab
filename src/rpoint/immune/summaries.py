"""Numbers that a set of size series, or of survival times, is summed up by: for fit and check.

The same functions read measured and simulated patients, so that what is fitted passes through the
same selection: only patients with two or more scans on treatment are in the measured series.
"""

from __future__ import annotations

import numpy as np

QUANTILES = (10, 25, 50, 75, 90)
SCAN_D = 42
GRID = 9  # scans on treatment that count
LEAST_SCANS = 2
KM_WEEKS = {"pfs": (7, 13, 19, 26, 39, 52), "os": (13, 26, 39, 52, 78)}
PROGRESSION = 1.2


def size_summary(log_change: np.ndarray) -> dict[str, float]:
    """Summary of size series.

    Parameters
    ----------
    log_change
        (n, K) ln(size over baseline) at scans 1 ... K (every six weeks); NaN where there is none.

    Returns
    -------
    dict
        Quantiles of the change at the first scan, at the third and of the best change; shares of
        the patients with 3, 5 and 8 scans or more, and with growth of 20 % over the least at scans
        1 and 3; only patients with two scans or more count.
    """
    there = np.isfinite(log_change)
    x = log_change[there.sum(axis=1) >= LEAST_SCANS]
    there = np.isfinite(x)
    found = _quantiles("first", x[:, 0]) | _quantiles("third", x[:, 2])
    found |= _quantiles("best", np.nanmin(x, axis=1))
    for many in (3, 5, 8):
        found[f"scans>={many}"] = float((there.sum(axis=1) >= many).mean())
    least = np.fmin.accumulate(np.concatenate([np.zeros((len(x), 1)), x], axis=1), axis=1)[:, :-1]
    grown = np.nan_to_num(x - least, nan=-1.0) >= np.log(PROGRESSION)
    for scan in (1, 3, 6):
        found[f"grown by scan {scan}"] = float(grown[:, :scan].any(axis=1).mean())
    return found


def _quantiles(what: str, x: np.ndarray) -> dict[str, float]:
    x = x[np.isfinite(x)]
    return {f"{what} q{q}": float(np.percentile(x, q)) for q in QUANTILES}


def survival_summary(kind: str, time_d: np.ndarray, event: np.ndarray) -> dict[str, float]:
    """Share without event at fixed weeks (product limit), {"pfs 7 wk": ...}."""
    alive = survival_at(time_d, event, 7.0 * np.array(KM_WEEKS[kind]))
    return {f"{kind} {week} wk": float(x) for week, x in zip(KM_WEEKS[kind], alive, strict=True)}


def survival_at(time_d: np.ndarray, event: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Kaplan-Meier estimate at given days; events before censorings at the same time."""
    event = np.asarray(event, bool)
    order = np.lexsort((~event, time_d))
    time, event = np.asarray(time_d, float)[order], event[order]
    at_risk = np.arange(len(time), 0, -1)
    alive = np.concatenate([[1.0], np.cumprod(np.where(event, 1.0 - 1.0 / at_risk, 1.0))])
    return alive[np.searchsorted(time, days, side="right")]


def on_grid(days: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(GRID,) values at the scans nearest to days 42, 84, ...; NaN where none lies within 21 d."""
    found = np.full(GRID, np.nan)
    slot = np.rint(np.asarray(days, float) / SCAN_D).astype(int) - 1
    for k, value in zip(slot, values, strict=True):
        if 0 <= k < GRID and not np.isfinite(found[k]):
            found[k] = value
    return found
