"""Tables of a chunk, under ADaM's names (`adam_columns`)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints.best_response import BestResponse
from rpoint.endpoints.sizes import Sizes, read_sizes
from rpoint.endpoints.time_to_event import time_to_event
from rpoint.trial.adam.check import ordered
from rpoint.trial.adam.columns import TABLES
from rpoint.trial.adam.safety import adverse_events, exposures, laboratory
from rpoint.trial.adam.tumour import responses, tumour_results
from rpoint.trial.spec import Trial

NAMES = tuple(TABLES)
ENDPOINTS = {"pfs": "PFS", "os": "OS", "dor": "DOR", "ttp": "TTP", "ttf": "TTD"}
NA = pd.NA


def study_day(day: np.ndarray) -> pd.array:
    """Days from the first dose as CDISC study days: day 0 is 1, the day before is -1."""
    day = np.asarray(day, float)
    known = np.isfinite(day)
    shown = np.where(known, np.floor(np.where(known, day, 0.0)), 0.0)
    shown = shown + (shown >= 0)
    return pd.array(np.where(known, shown, np.nan), dtype="Int64")


def empty(name: str) -> pd.DataFrame:
    """A table without rows, with the columns that every table has."""
    kinds = {"text": object, "flag": object, "integer": "Int64", "number": float}
    return pd.DataFrame(
        {c.name: pd.Series(dtype=kinds[c.kind]) for c in TABLES[name].columns if c.needed}
    )


def keys(trial: Trial, arm: str, entry, rows: np.ndarray) -> pd.DataFrame:
    """STUDYID, USUBJID, REPL, PATIDX, TRT01P of some patients."""
    index, replicate = entry.index[rows], entry.replicate[rows]
    number = index % trial.patients + 1
    return pd.DataFrame(
        {
            "STUDYID": trial.name,
            "USUBJID": [
                f"{trial.name}-{r:05d}-{i:05d}" for r, i in zip(replicate, number, strict=True)
            ],
            "REPL": replicate.astype(np.int64),
            "PATIDX": index.astype(np.int64),
            "TRT01P": arm,
        }
    )


def subjects(
    trial: Trial, arm: str, base: pd.DataFrame, entry, cohort, rows, *, end_day, death_day,
    last_dose, reason, status, more: dict | None = None,
) -> pd.DataFrame:  # fmt: skip
    """adsl: one row a patient."""
    died = np.isfinite(death_day)
    copies = cohort.copies.iloc[rows] if cohort.copies is not None else None
    table = base.assign(
        TRT01A=arm,
        SAFFL="Y",
        EFFFL=_efficacy(trial, cohort, rows),
        ITTFL="Y",
        SIMSTAT=status,
        ENRLDT=entry.day[rows].astype(np.int64),
        TRTSDT=pd.array(entry.day[rows].astype(np.int64), dtype="Int64"),
        TRTEDY=study_day(last_dose),
        DCTREAS=reason,
        EOSDY=study_day(end_day),
        DCSREAS=np.where(died, "DEATH", ""),
        DTHFL=np.where(died, "Y", "N"),
        DTHADY=study_day(death_day),
        TUMTYPE=np.asarray(cohort.tumour_type)[rows].astype(str),
        LINE=trial.population.line,
        ALTER=[";".join(cohort.alterations[i]) for i in rows.tolist()],
        SLDBL=np.nan,
        NTLBL=0,
        NSCREEN=pd.array(np.asarray(cohort.screened)[rows].astype(np.int64), dtype="Int64"),
        WEIGHT=np.asarray(cohort.weights)[rows].astype(float),
    )
    if copies is not None and {"gene", "true", "local", "central"} <= set(copies):
        table = table.assign(
            CNGENE=copies["gene"].fillna("").to_numpy(object),
            CNTRUE=copies["true"].to_numpy(float),
            CNLOCAL=copies["local"].to_numpy(float),
            CNCENTR=copies["central"].to_numpy(float),
        )
    return ordered("adsl", table.assign(**(more or {})))


def _efficacy(trial: Trial, cohort, rows: np.ndarray) -> np.ndarray:
    if trial.analysis.sets.efficacy == "all":
        return np.full(len(rows), "Y", object)
    return np.where(np.asarray(cohort.eligible_central)[rows], "Y", "N")


def tables(trial: Trial, name: str, arm, entry, cohort) -> dict[str, pd.DataFrame]:
    """All tables of one arm."""
    lives, rows = arm.first, arm.rows
    base = keys(trial, name, entry, rows)
    good = lives.status == 0
    found = {table: empty(table) for table in NAMES}
    facts = _facts(arm)
    found["adsl"] = _subjects(trial, name, arm, base, entry, cohort, facts)
    found |= _safety(arm, base)
    if not good.any():
        return found
    sizes = read_sizes(
        lives.lesions.drop(columns=["true_mm", "visit_number"]),
        patients=facts[good],
        check_plausibility=False,
    )
    best = lives.recist.best_overall_response(
        confirm_weeks=lives.conduct.confirm_weeks or 4.0, min_sd_days=lives.conduct.min_sd_d
    )
    found["adtr"] = ordered("adtr", tumour_results(lives, base))
    found["adrs"] = ordered("adrs", responses(lives, best, base))
    found["adtte"] = ordered("adtte", times(trial, best, sizes, base, lives.conduct))
    return found


def _facts(arm) -> pd.DataFrame:
    """The patients table of the endpoints: days of death, stop, next treatment, last contact."""
    lives, n = arm.first, len(arm.first.patients)
    known = np.minimum(lives.withdrawal_day, lives.seen_until)
    new = np.full(n, np.nan)
    if arm.next_rows is not None:
        new[arm.next_rows] = arm.next_day
    stopped = np.minimum.reduce(
        [lives.pd_day, lives.toxicity_day, lives.withdrawal_day, float(lives.conduct.treat_d)
         * np.ones(n)]
    )  # fmt: skip
    stop = np.where(stopped < lives.seen_until, np.minimum(lives.last_dose_day, stopped), np.nan)
    return pd.DataFrame(
        {
            "patient": np.arange(n),
            "first_dose_day": 0.0,
            "stop_day": stop,
            "death_day": np.where(np.isfinite(arm.death_day), arm.death_day, np.nan),
            "new_therapy_day": new,
            "last_contact_day": np.minimum(known, arm.death_day),
        }
    )


def _subjects(trial, name, arm, base, entry, cohort, facts) -> pd.DataFrame:
    lives = arm.first
    first = np.minimum.reduce(
        [lives.pd_day, lives.toxicity_day, lives.withdrawal_day, lives.death_day]
    )
    why = np.select(
        [
            ~np.isfinite(first) | (lives.last_dose_day >= lives.seen_until),
            first == lives.death_day,
            first == lives.withdrawal_day,
            first == lives.toxicity_day,
        ],
        ["", "DEATH", "WITHDRAWAL BY SUBJECT", "ADVERSE EVENT"],
        "PROGRESSIVE DISEASE",
    )
    status = np.where(lives.status == 0, "ok", "no course of the cells")
    status[lives.status == 100] = "the untreated tumour does not grow"
    baseline = lives.scans.read_mm[:, 0]
    more = {
        "SLDBL": np.where(lives.status == 0, np.nansum(baseline, axis=1), np.nan),
        "NTLBL": np.isfinite(baseline).sum(axis=1),
        "DBTIME": np.nanmedian(lives.patients.doubling_d, axis=1),
        "PRIORFL": np.where(lives.patients.had_prior, "Y", "N"),
        "MEASFL": np.where(np.nanmax(baseline, axis=1, initial=0.0) >= 10.0, "Y", "N"),
        "DREDFL": _reduced(lives),
        "EXPOSURE": _exposure(lives),
        "PAKTBL": lives.akt,
        "VISCFL": np.where(np.isin(lives.patients.organs, ("lung", "liver")).any(axis=1), "Y", "N"),
    }
    if arm.next is not None:
        given = np.full(len(base), "", object)
        given[arm.next_rows] = str(arm.next.regimen)
        day = np.full(len(base), np.nan)
        day[arm.next_rows] = arm.next_day
        more |= {"NEXTTRT": given, "NEXTDY": study_day(day)}
    return subjects(
        trial, name, base, entry, cohort, arm.rows,
        end_day=facts["last_contact_day"].to_numpy(), death_day=arm.death_day,
        last_dose=lives.last_dose_day, reason=why, status=status, more=more,
    )  # fmt: skip


def _reduced(lives) -> np.ndarray:
    """(n,) "Y" for a dose reduced while the patient was treated."""
    found = np.full(len(lives.patients), "N", object)
    if lives.blood is not None and len(lives.blood.events):
        events = lives.blood.events
        row = events["row"].to_numpy(int)
        on = events["day"].to_numpy(float) <= lives.last_dose_day[row]
        found[row[on & (events["action"] == "reduce").to_numpy()]] = "Y"
    return found


def _exposure(lives) -> np.ndarray:
    """(n,) exposure to the regimen's first drug over the typical one: the inverse of clearance."""
    drug = lives.regimen.drugs[:1]
    factors = lives.patients.pk.get(drug[0], {}) if drug else {}
    clearance = factors.get("CL_F", factors.get("CL"))
    return np.full(len(lives.patients), np.nan) if clearance is None else 1.0 / clearance


def times(trial: Trial, best: BestResponse, sizes: Sizes, base, conduct) -> pd.DataFrame:
    """adtte: PFS, OS, DOR, TTP, TTD."""
    parts = []
    for endpoint, code in ENDPOINTS.items():
        found = time_to_event(
            best, sizes, endpoint,
            confirmed=conduct.confirm_weeks is not None,
            new_therapy=trial.analysis.new_therapy, max_gap_days=trial.analysis.max_gap_days,
        )  # fmt: skip
        if not len(found):
            continue
        who = found["patient"].astype(int).to_numpy()
        part = base.iloc[who].reset_index(drop=True)
        parts.append(
            part.assign(
                PARAMCD=code,
                AVAL=found["time_days"].to_numpy(float),
                AVALU="DAYS",
                CNSR=1 - found["event"].to_numpy(np.int64),
                EVNTDESC=found["reason"].astype(str).to_numpy(object),
                STARTDY=study_day(found["start_day"]),
                ADY=study_day(found["end_day"]),
            )
        )
    return pd.concat(parts, ignore_index=True)


def _safety(arm, base: pd.DataFrame) -> dict[str, pd.DataFrame]:
    lives = arm.first
    if lives.blood is None:
        return {}
    until = np.minimum(lives.last_dose_day + 30.0, lives.study_end_day)
    return {
        "adae": ordered("adae", adverse_events(lives.blood, base, until)),
        "adlb": ordered("adlb", laboratory(lives.blood, base, until)),
        "adex": ordered("adex", exposures(lives, base)),
    }
