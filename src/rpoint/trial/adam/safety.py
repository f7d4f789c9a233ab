"""adae, adlb and adex: adverse events, counts, doses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.blood import BloodCourse

CODES = {"neutrophils": "NEUT", "platelets": "PLAT", "haemoglobin": "HGB", "leukocytes": "WBC"}
TERMS = {
    "neutrophils": "Neutrophil count decreased",
    "platelets": "Platelet count decreased",
    "haemoglobin": "Anemia",
    "leukocytes": "White blood cell decreased",
}
DAY_H = 24.0
SEVERE = 3  # grade


def _study_day(day) -> np.ndarray:
    return np.asarray(day, float).astype(np.int64) + 1


def _seen(blood: BloodCourse, until: np.ndarray) -> pd.DataFrame:
    """Readings up to the end of safety follow-up."""
    table = blood.measured
    return table[table["day"].to_numpy(float) <= until[table["row"].to_numpy(int)]]


def laboratory(blood: BloodCourse, base: pd.DataFrame, until: np.ndarray) -> pd.DataFrame:
    """adlb: one row a sample and analyte.

    Parameters
    ----------
    blood
        The counts.
    base
        Keys of the patients, in their order.
    until
        (n,) last day of safety follow-up.
    """
    table = _seen(blood, until)
    rows = base.iloc[table["row"].to_numpy(int)].reset_index(drop=True)
    rows = rows.assign(
        PARAMCD=table["analyte"].astype(str).map(CODES).to_numpy(object),
        ADY=_study_day(table["day"]),
        AVAL=table["value"].to_numpy(float),
        AVALU=table["unit"].astype(str).to_numpy(object),
        ATOXGRL=table["grade"].to_numpy(np.int64),
    )
    first = rows[rows["ADY"] == 1].drop_duplicates(["PATIDX", "PARAMCD"])
    start = first.set_index(["PATIDX", "PARAMCD"])["AVAL"]
    key = pd.MultiIndex.from_frame(rows[["PATIDX", "PARAMCD"]])
    return rows.assign(BASE=start.reindex(key).to_numpy(float))


def adverse_events(blood: BloodCourse, base: pd.DataFrame, until: np.ndarray) -> pd.DataFrame:
    """adae: every spell of low counts that samples show, and the events that are no counts."""
    table = _seen(blood, until).sort_values(["row", "analyte", "day"], kind="stable")
    spells = _spells(table)
    other = blood.other
    other = other[other["day"].to_numpy(float) <= until[other["row"].to_numpy(int)]]
    parts = [
        _events(base, spells["row"], spells["term"], spells["grade"], spells["day"],
                spells["end"], "BLOOD COUNT", "", spells["severe"]),
        _events(base, other["row"], other["term"], other["grade"], other["day"],
                other["day"].to_numpy(float) + np.maximum(other["duration_d"].to_numpy(float), 1)
                - 1, "OTHER", other["drug"], other["duration_d"]),
    ]  # fmt: skip
    kept = [part for part in parts if len(part)]
    return pd.concat(kept or parts[:1], ignore_index=True)


def _spells(table: pd.DataFrame) -> pd.DataFrame:
    """Runs of samples of grade 1 or worse: row, term, worst grade, first day, last day."""
    grade = table["grade"].to_numpy(int)
    key = table["row"].to_numpy(np.int64) * len(CODES) + table["analyte"].cat.codes.to_numpy(int)
    low = grade > 0
    begins = low & ~(np.r_[False, low[:-1]] & (key == np.r_[-1, key[:-1]]))
    spell = np.cumsum(begins)[low] - 1
    day = table["day"].to_numpy(float)
    next_day = np.r_[day[1:], np.nan]
    same = np.r_[key[1:] == key[:-1], False]
    end = np.where(same, next_day - 1.0, np.nan)[low]
    first = np.flatnonzero(np.diff(spell, prepend=-1))
    last = np.r_[first[1:], len(spell)] - 1
    worst = np.maximum.reduceat(grade[low], first) if len(first) else np.empty(0, int)
    length = np.where(same & (grade >= SEVERE), next_day - day, 0.0)[low]
    severe = np.add.reduceat(length, first) if len(first) else np.empty(0)
    return pd.DataFrame(
        {
            "row": table["row"].to_numpy(int)[low][first],
            "term": table["analyte"].astype(str).map(TERMS).to_numpy(object)[low][first],
            "grade": worst,
            "day": day[low][first],
            "end": end[last],
            "severe": severe,
        }
    )


def _events(base, row, term, grade, day, end, category, drug, severe) -> pd.DataFrame:
    rows = base.iloc[np.asarray(row, int)].reset_index(drop=True)
    start, last = np.asarray(day, float), np.asarray(end, float)
    length = last - start + 1.0
    return rows.assign(
        AETERM=np.asarray(term, object),
        ATOXGR=np.asarray(grade, np.int64),
        ASTDY=_study_day(start),
        AENDY=pd.array(last + 1.0, dtype="Float64").astype("Int64"),
        ADURN=pd.array(length, dtype="Float64").astype("Int64"),
        SEVDURN=np.where(np.asarray(grade, int) >= SEVERE, np.asarray(severe, float), np.nan),
        AECAT=category,
        AEREL=np.asarray(drug, object) if not isinstance(drug, str) else drug,
        TRTEMFL="Y",
    )


def exposures(lives, base: pd.DataFrame) -> pd.DataFrame:
    """adex: intervals of one daily dose of one drug, days without a dose between left out."""
    parts = []
    for drug, taken in lives.blood.taken.items():
        plan = lives.blood.doses[drug]
        row, k = np.nonzero(
            np.isfinite(taken.time_h) & (taken.time_h < DAY_H * (lives.last_dose_day + 1)[:, None])
        )
        day = np.floor(taken.time_h[row, k] / DAY_H).astype(np.int64)
        frame = pd.DataFrame(
            {"row": row, "day": day, "mg": taken.mg[row, k], "planned": plan.mg[k]}
        )
        daily = frame.groupby(["row", "day"], sort=True)[["mg", "planned"]].sum().reset_index()
        parts.append(_intervals(daily, base, drug))
    return pd.concat(parts, ignore_index=True)


def _intervals(daily: pd.DataFrame, base: pd.DataFrame, drug: str) -> pd.DataFrame:
    row, day, mg = (daily[name].to_numpy() for name in ("row", "day", "mg"))
    planned = daily["planned"].to_numpy()
    new = np.ones(len(daily), bool)
    if len(daily) > 1:
        new[1:] = (np.diff(row) != 0) | (np.diff(day) != 1) | (np.diff(mg) != 0)
    first = np.flatnonzero(new)
    last = np.r_[first[1:], len(daily)] - 1
    rows = base.iloc[row[first]].reset_index(drop=True)
    change = np.where(mg[first] == 0, "HELD", np.where(mg[first] < planned[first], "REDUCED", ""))
    return rows.assign(
        EXTRT=drug,
        EXDOSE=mg[first].astype(float),
        EXDOSU="mg",
        EXPDOSE=planned[first].astype(float),
        ASTDY=_study_day(day[first]),
        AENDY=_study_day(day[last]),
        EXADJ=change,
    )
