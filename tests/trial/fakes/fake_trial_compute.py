"""A fast stand-in for the simulation: ADaM tables from streams of random numbers.

A patient depends on the seed and on the patient's own number alone, as in a real trial.  Tests put
this folder on the path, so that worker processes find it by name.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rpoint.trial.disk import identity as disk_identity

SCANS = 4


def trial(patients: int = 7, **more) -> dict:
    arms = {"drug": {"patients": patients}, "control": {"patients": patients - 2}}
    return {"name": "fake", "arms": arms, **more}


def compute(trial, draw: None, index: range, seed: int, options: dict | None = None):
    """The seven tables of some patients; `options` asks for trouble."""
    trouble(index, options or {})
    arms = disk_identity.arm_sizes(trial)
    sizes = list(arms.values())
    one = sum(sizes)
    number = np.asarray(index)
    keys = pd.DataFrame({
        "STUDYID": "FAKE", "USUBJID": [f"FAKE-{n // one:04d}-{n % one:04d}" for n in number],
        "REPL": number // one, "PATIDX": number,
        "TRT01P": np.repeat(list(arms), sizes)[number % one],
    })  # fmt: skip
    chance = np.array([np.random.default_rng((seed, n)).random(8) for n in number])
    chance = chance.reshape(len(number), 8)
    makers = {"adsl": adsl, "adtr": adtr, "adrs": adrs, "adtte": adtte, "adae": adae, "adex": adex,
              "adlb": adlb}  # fmt: skip
    only = (options or {}).get("only", makers)
    return {name: make(keys, chance) for name, make in makers.items() if name in only}


def trouble(index: range, options: dict) -> None:
    time.sleep(float(options.get("sleep", 0.0)))
    if multiprocessing.parent_process():  # a worker, which somebody is going to stop
        time.sleep(float(options.get("worker_sleep", 0.0)))
    if index.start in options.get("fail", ()):
        raise ValueError(f"no luck with patient {index.start}")
    if index.start in options.get("die", ()):
        os.kill(os.getpid(), signal.SIGKILL)
    marks = options.get("die_once")
    if marks and index.start in options["at"]:
        mark = Path(marks) / str(index.start)
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def adsl(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    died = u[:, 0] < 0.6
    return keys.assign(
        TRT01A=keys["TRT01P"], SAFFL="Y", EFFFL=np.where(u[:, 1] < 0.8, "Y", "N"), SIMSTAT="ok",
        ENRLDT=(365 * u[:, 2]).astype(int), TRTSDT=(365 * u[:, 2]).astype(int) + 3,
        TRTEDY=np.where(u[:, 3] < 0.9, 100.0, np.nan),
        DCTREAS=np.where(u[:, 3] < 0.9, "progression", None), EOSDY=400,
        DCSREAS=np.where(died, "death", None), DTHFL=np.where(died, "Y", "N"),
        DTHADY=np.where(died, 400.0, np.nan), TUMTYPE="liposarcoma", LINE=1, ALTER="MDM2:cn=20",
        SLDBL=50 + 50 * u[:, 4], NTLBL=2,
    )  # fmt: skip


def adtr(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    rows = keys.loc[keys.index.repeat(SCANS)].reset_index(drop=True)
    visit = np.tile(np.arange(SCANS), len(keys))
    size = (20 + 80 * np.repeat(u[:, 4], SCANS)) * np.exp(-0.3 * visit * np.repeat(u[:, 5], SCANS))
    return rows.assign(
        PARAMCD="LDIAM", TRLNKID="T1", TRGRPID="TARGET", AVISIT="week", AVISITN=8.0 * visit,
        ADY=56 * visit + 1, AVAL=size,
    )  # fmt: skip


def adrs(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    best = np.where(u[:, 5] > 0.8, "PR", np.where(u[:, 5] > 0.3, "SD", "PD"))
    return keys.assign(
        PARAMCD="BESTRSP", AVISIT=None, AVISITN=np.nan, ADY=np.where(u[:, 5] > 0.1, 57.0, np.nan),
        AVALC=best,
    )  # fmt: skip


def adtte(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    parts = []
    for code, chance, scale in (("PFS", u[:, 6], 150.0), ("OS", u[:, 7], 500.0)):
        days = np.ceil(-scale * np.log1p(-chance)) + 1
        seen = np.minimum(days, 600.0)
        parts.append(keys.assign(
            PARAMCD=code, AVAL=seen, AVALU="DAYS", CNSR=(days > 600).astype(int),
            EVNTDESC=np.where(days > 600, "cut-off", "event"), STARTDY=1, ADY=seen.astype(int),
        ))  # fmt: skip
    return pd.concat(parts).sort_values(["PATIDX", "PARAMCD"], ignore_index=True)


def adae(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    hit = u[:, 0] < 0.3
    end = np.where(u[hit, 1] < 0.5, 30.0, np.nan)
    grade = 1 + (4 * u[hit, 2]).astype(int)
    return keys[hit].assign(
        AETERM="platelet count decreased", ATOXGR=grade, ASTDY=15, AENDY=end, ADURN=end - 14,
        SEVDURN=np.where(grade >= 3, end - 14, np.nan),
    )  # fmt: skip


def adex(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    return keys.assign(EXTRT="milademetan", EXDOSE=260.0, EXDOSU="mg", ASTDY=1, AENDY=3, EXADJ=None)


def adlb(keys: pd.DataFrame, u: np.ndarray) -> pd.DataFrame:
    count = 200 * u[:, 3]
    return keys.assign(
        PARAMCD="PLAT", ADY=15, AVAL=count, AVALU="10^9/L", ATOXGRL=(count < 75).astype(int)
    )


def analyse(trial, tables) -> pd.DataFrame:
    """Responders, deaths and mean survival of every arm and replicate."""
    rows = []
    for _, found in tables.by_replicate({"adrs": None, "adtte": None}, patients=50):
        keys = ["REPL", "TRT01P"]
        responded = found["adrs"].assign(hit=found["adrs"]["AVALC"] == "PR").groupby(keys)["hit"]
        times = found["adtte"].query("PARAMCD == 'OS'").groupby(keys)
        both = pd.DataFrame({"orr": 100 * responded.mean(), "os_mean": times["AVAL"].mean()})
        rows.append(both.reset_index())
    return pd.concat(rows, ignore_index=True).rename(columns={"TRT01P": "arm"})


def analyse_badly(trial, tables) -> pd.DataFrame:
    raise KeyError("no such endpoint")


def compute_badly(trial, draw, index: range, seed: int, options: dict | None = None):
    raise ValueError("no luck")
