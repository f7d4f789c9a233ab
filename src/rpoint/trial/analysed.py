"""One row a patient: what the statistics of a trial are made of, and what the data cut-off leaves.

Subsets are chosen here, too: by genotype expressions and by the words prior, visceral, measurable,
pakt and exposure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rpoint.cohort import parse_expression
from rpoint.errors import RpointError
from rpoint.trial.immunity import copies_of
from rpoint.trial.spec import Trial

TERMS = {
    "neutropenia": "Neutrophil count decreased",
    "thrombocytopenia": "Platelet count decreased",
    "platelets_decreased": "Platelet count decreased",
    "anaemia": "Anemia",
    "leukopenia": "White blood cell decreased",
    "diarrhoea": "diarrhoea",
}
RESPONSES = ("CR", "PR")
UNKNOWN = {"DREDFL": "N", "PAKTBL": np.nan}
FLAGS = {"prior": "PRIORFL", "visceral": "VISCFL", "measurable": "MEASFL"}
SCAN_D = 7.0


def patient_rows(trial: Trial, tables: Mapping[str, Any]) -> pd.DataFrame:
    """One row a patient, ordered by PATIDX.

    Returns
    -------
    pandas.DataFrame
        adsl, and: pfs, pfs_event, os, os_event, dor, dor_event (days, NaN without), bor, cbor
        (best response, any and confirmed), best_change (%), grade TERM (worst grade of an event),
        onset TERM and duration TERM (of the first of grade 3 or worse, days), any_g34.
    """
    adsl = _frame(tables, "adsl").sort_values("PATIDX", ignore_index=True)
    rows = adsl.copy()
    for name, missing in UNKNOWN.items():  # what an arm drawn from a published curve does not have
        if name not in rows:
            rows[name] = missing
    at = pd.Index(rows["PATIDX"])
    tte = _frame(tables, "adtte", ["PATIDX", "PARAMCD", "AVAL", "CNSR"])
    for code in ("PFS", "OS", "DOR"):
        one = tte[tte["PARAMCD"] == code].set_index("PATIDX")
        name = code.lower()
        rows[name] = one["AVAL"].astype(float).reindex(at).to_numpy()
        rows[f"{name}_event"] = (1 - one["CNSR"]).astype(float).reindex(at).to_numpy()
    rs = _frame(tables, "adrs", ["PATIDX", "PARAMCD", "AVALC", "PCHG"],
                {"PARAMCD": ["BESTRSP", "CBESTRSP"]})  # fmt: skip
    for code, name in (("BESTRSP", "bor"), ("CBESTRSP", "cbor")):
        one = rs[rs["PARAMCD"] == code].set_index("PATIDX")
        rows[name] = one["AVALC"].astype(str).reindex(at).fillna("NE").to_numpy(object)
        if code == "BESTRSP":
            change = one["PCHG"] if "PCHG" in one else pd.Series(dtype=float)
            rows["best_change"] = change.astype(float).reindex(at).to_numpy()
    _safety(rows, _frame(tables, "adae", ["PATIDX", "AETERM", "ATOXGR", "ASTDY", "SEVDURN"]), at)
    return _cut(trial, rows)


def _frame(tables, name: str, columns: list[str] | None = None, where=None) -> pd.DataFrame:
    """A table, or some of its columns and rows."""
    if hasattr(tables, "frame"):
        return tables.frame(name, columns=columns, where=where)
    frame = tables[name]
    if where is not None:
        for column, values in where.items():
            frame = frame[frame[column].isin(values)]
    return frame if columns is None else frame[[c for c in columns if c in frame]]


def _safety(rows: pd.DataFrame, events: pd.DataFrame, at: pd.Index) -> None:
    grade = events["ATOXGR"].astype(int)
    worst = grade.groupby(events["PATIDX"]).max().reindex(at).fillna(0)
    rows["any_g34"] = (worst >= 3).to_numpy()
    for name, term in TERMS.items():
        mine = events[events["AETERM"] == term]
        found = mine.groupby("PATIDX")["ATOXGR"].max().reindex(at).fillna(0)
        rows[f"grade {name}"] = found.to_numpy(dtype=float)
        severe = mine[mine["ATOXGR"] >= 3].drop_duplicates("PATIDX").set_index("PATIDX")
        rows[f"onset {name}"] = severe["ASTDY"].astype(float).reindex(at).to_numpy()
        rows[f"duration {name}"] = severe["SEVDURN"].astype(float).reindex(at).to_numpy()


def _cut(trial: Trial, rows: pd.DataFrame) -> pd.DataFrame:
    """Times as a cut-off that waits for a number of events sees them.

    A patient without an event by then is censored at the last scan that lies before it.
    """
    if trial.cutoff.events is None:
        return rows
    name = trial.cutoff.endpoint or "pfs"
    when = rows["ENRLDT"].astype(float) + rows[name]
    end = np.full(len(rows), np.inf)
    for _, part in when.where(rows[f"{name}_event"] == 1).groupby(rows["REPL"]):
        known = np.sort(part.dropna().to_numpy())
        if len(known) >= trial.cutoff.events:
            end[rows.index.get_indexer(part.index)] = known[trial.cutoff.events - 1]
    left = np.maximum(end - rows["ENRLDT"].astype(float).to_numpy(), 0.0)
    step = SCAN_D * trial.visits.scan_weeks
    for name in ("pfs", "os"):
        late = rows[name].to_numpy() > left
        shown = np.floor(left / step) * step if name == "pfs" else left
        rows.loc[late, name] = shown[late]
        rows.loc[late, f"{name}_event"] = 0.0
    rows["entered"] = left > 0
    return rows[rows["entered"]].reset_index(drop=True)


def in_subset(rows: pd.DataFrame, subset: Sequence[str] | None) -> np.ndarray:
    """(rows,) who fulfils every condition of a subset."""
    inside = np.ones(len(rows), bool)
    for text in subset or ():
        head, _, tail = text.partition(":")
        if head in FLAGS:
            inside &= _flagged(rows, FLAGS[head], text) == (tail == "yes")
        elif head == "exposure":
            inside &= _quartile(rows) == int(tail[1:])
        elif head == "pakt":
            inside &= _above_median(rows) == (tail == "high")
        else:
            inside &= _genotype(rows, text)
    return inside


def _flagged(rows: pd.DataFrame, column: str, text: str) -> np.ndarray:
    if column not in rows:
        raise RpointError(
            f"the run does not say who is {text}", where="subset", found=text,
            mend="run the trial again with this version",
        )  # fmt: skip
    return (rows[column] == "Y").to_numpy()


def _quartile(rows: pd.DataFrame) -> np.ndarray:
    """Quartile of exposure within each replicate and arm, 1 to 4."""
    share = rows.groupby(["REPL", "TRT01P"])["EXPOSURE"].rank(pct=True, method="first")
    return np.ceil(4.0 * share.to_numpy()).astype(int)


def _above_median(rows: pd.DataFrame) -> np.ndarray:
    """(rows,) whether phospho-AKT before treatment is above the median of the replicate."""
    middle = rows.groupby("REPL")["PAKTBL"].transform("median")
    return (rows["PAKTBL"] > middle).to_numpy()


def _genotype(rows: pd.DataFrame, text: str) -> np.ndarray:
    lists = [t.split(";") if t else [] for t in rows["ALTER"].fillna("").astype(str)]
    sets = [set(texts) for texts in lists]
    kinds = rows["TUMTYPE"].to_numpy(object)

    def has(gene: str, state: str) -> np.ndarray:
        if state == "amp":
            return copies_of(gene, lists) > 5.0
        return np.array([f"{gene}:{state}" in s for s in sets], bool)

    return parse_expression(text).holds(
        has, lambda gene: copies_of(gene, lists), lambda kind: kinds == kind
    )
