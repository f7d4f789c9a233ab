"""A stand-in for the simulation that knows the answers: exponential times, known response rates.

A patient's luck depends on the seed and on the patient's number alone.  What is known: untreated
median of 2 months, `HR` with a drug, a share `SEEN` of treated patients responds, a share `KEPT`
has the response confirmed; progression is seen at the next scan.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MEDIAN_D, HR, SEEN, KEPT = 60.0, 0.5, 0.30, 0.10
TYPES = ("lung", "breast", "bladder")


def compute(trial, draw: None, index: range, seed: int, options: dict):
    """adsl, adtte, adrs, adae, adex of some patients; `fail`: numbers of patients that raise."""
    number = np.asarray(index)
    if set(options.get("fail", ())) & set(number.tolist()):
        raise ArithmeticError("no luck")
    sizes = [arm.patients for arm in trial.arms.values()]
    arm = np.repeat(list(trial.arms), sizes)[number % sum(sizes)]
    u = np.array([np.random.default_rng((seed, n)).random(6) for n in number])
    treated = np.array([bool(trial.arms[name].drugs) for name in arm])
    keys = pd.DataFrame(
        {"PATIDX": number, "REPL": number // sum(sizes), "TRT01P": arm.astype(object)}
    )
    step = 7.0 * trial.visits.scan_weeks
    pfs = -np.log(1 - u[:, 0]) * MEDIAN_D / np.log(2) / np.where(treated, HR, 1.0)
    pfs = np.ceil(pfs / step) * step
    seen, kept = treated & (u[:, 1] < SEEN), treated & (u[:, 1] < KEPT)
    return {
        "adsl": adsl(keys, u), "adtte": adtte(keys, pfs, 3 * pfs),
        "adrs": adrs(keys, step, seen, kept), "adae": adae(keys, treated & (u[:, 2] < 0.4)),
        "adex": keys.assign(EXDOSE=np.where(treated, 260.0, 0.0), ASTDY=1, AENDY=3),
    }  # fmt: skip


def adsl(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    return keys.assign(
        SAFFL="Y", EFFFL="Y", SIMSTAT="ok", ENRLDT=(300 * u[:, 3]).astype(int), TRTEDY=28,
        TUMTYPE=np.array(TYPES)[(3 * u[:, 4]).astype(int)], NSCREEN=1 + (9 * u[:, 5]).astype(int),
        DREDFL="N", DCTREAS="", ALTER="", EXPOSURE=1.0, PAKTBL=np.nan, WEIGHT=1.0,
    )  # fmt: skip


def adtte(keys: pd.DataFrame, pfs: np.ndarray, death: np.ndarray) -> pd.DataFrame:
    parts = [keys.assign(PARAMCD=code, AVAL=time, CNSR=0)[["PATIDX", "PARAMCD", "AVAL", "CNSR"]]
             for code, time in (("PFS", pfs), ("OS", death))]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def adrs(keys: pd.DataFrame, step: float, seen, kept) -> pd.DataFrame:
    """Two scans: a response at the first; at the second it is confirmed, or gone."""
    first = np.where(seen, "PR", "SD")
    second = np.where(kept, "PR", np.where(seen, "SD", "PD"))
    rows = [
        ("OVRLRESP", first, -40.0, 1 + step), ("OVRLRESP", second, -20.0, 1 + 2 * step),
        ("BESTRSP", first, -40.0, 1 + step),
        ("CBESTRSP", np.where(kept, "PR", "SD"), -40.0, 1 + step),
    ]  # fmt: skip
    return pd.concat(
        [keys.assign(PARAMCD=c, AVALC=a, PCHG=p, ADY=day) for c, a, p, day in rows],
        ignore_index=True,
    )


def adae(keys: pd.DataFrame, low: np.ndarray) -> pd.DataFrame:
    return keys[low].assign(
        AETERM="Platelet count decreased", ATOXGR=3, ASTDY=14, ADURN=7, SEVDURN=3,
    )  # fmt: skip
