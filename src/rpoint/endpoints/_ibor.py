"""Best overall response by iRECIST, over flat arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.endpoints._confirm import Rules, confirming_visit
from rpoint.endpoints._grid import Grid
from rpoint.endpoints._responses import CR, NE, NON, NOT_ASSESSED, PD, PR, SD
from rpoint.endpoints.best_response import (
    Course,
    best_change,
    course_facts,
    first_day,
    first_of_ladder,
)

# Best first: a progression that is not confirmed comes after one that is, as it only stays alone.
IRESPONSES = ("iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "iCPD", "iUPD", "NE", "")
I_CR, I_PR, I_SD, I_NON, I_CPD, I_UPD, I_NE, I_NONE = range(8)
_AS_RECIST = np.array([CR, PR, SD, NON, PD, PD, NE, NOT_ASSESSED], np.int8)


def best_table(
    visits: pd.DataFrame, people: pd.DataFrame, grid: Grid, rules: Rules
) -> pd.DataFrame:
    """The table of `BestResponse`, of iRECIST responses.

    A response after an iUPD counts, one after an iCPD does not.  `pd_day` is the day of the iUPD
    that was confirmed; `iupd_day` that of the first iUPD.
    """
    codes = visits["iresponse"].cat.codes.to_numpy()
    way = _course(grid, codes, people["new_therapy_day"].to_numpy(dtype=float))
    table = pd.DataFrame({"patient": grid.names})
    if "arm" in people:
        table["arm"] = people["arm"].to_numpy()
    _best(table, way, codes, rules)
    course_facts(table, way, people, visits["why"].to_numpy(dtype=object))
    begun = visits["iupd_day"].to_numpy(dtype=float)
    has = way.progressed >= 0
    table["icpd_day"] = table["pd_day"]
    table.loc[has, "pd_day"] = begun[way.progressed[has]]
    inside = np.arange(len(codes)) < way.end[grid.patient]
    table["iupd_day"] = first_day(grid, inside & (codes == I_UPD))
    best_change(table, way, visits["change_pct"].to_numpy(dtype=float))
    return table


def _course(grid: Grid, codes: np.ndarray, new_therapy: np.ndarray) -> Course:
    """Assessment ends with a confirmed progression or a new therapy."""
    counts = ~(grid.day > new_therapy[grid.patient])
    people = len(grid.names)
    end = grid.first[:-1] + np.bincount(grid.patient[counts], minlength=people)
    progressed = np.full(people, -1, np.int64)
    at = np.flatnonzero((codes == I_CPD) & counts)[::-1]
    progressed[grid.patient[at]] = at  # reversed: the first one stays
    end = np.where(progressed >= 0, progressed + 1, end)
    return Course(grid, _AS_RECIST[codes], end, progressed, np.zeros(len(codes), bool))


def _best(table: pd.DataFrame, way: Course, codes: np.ndarray, rules: Rules) -> None:
    grid, end = way.grid, way.end[way.grid.patient]
    inside = np.arange(len(codes)) < end
    late = grid.day - grid.start[grid.patient] >= rules.min_sd_days - 1e-9
    by = {c: confirming_visit(way.response, grid.day, end, c, rules) for c in (CR, PR)}
    stable = late & np.isin(codes, (I_CR, I_PR, I_SD))
    rest = [(I_SD, stable), (I_NON, late & (codes == I_NON)), (I_CPD, codes == I_CPD)]
    rest += [(I_UPD, codes == I_UPD), (I_NE, codes != I_NONE)]
    loose = [(I_CR, codes == I_CR), (I_PR, codes == I_PR), *rest]
    strict = [(I_CR, by[CR] >= 0), (I_PR, by[PR] >= 0), *rest]
    for name, ladder in (("any", loose), ("confirmed", strict)):
        best, visit = first_of_ladder(grid, ladder, inside)
        best[visit < 0] = I_NE
        table[f"bor_{name}"] = pd.Categorical.from_codes(best, categories=list(IRESPONSES))
        table[f"bor_{name}_day"] = np.where(visit >= 0, grid.day[visit], np.nan)
        if name == "confirmed":
            later = np.where(best == I_CR, by[CR][visit], np.where(best == I_PR, by[PR][visit], -1))
            table["confirmed_by_day"] = np.where(later >= 0, grid.day[later], np.nan)
    table["response_day"] = first_day(grid, inside & np.isin(codes, (I_CR, I_PR)))
    confirmed = inside & ((by[CR] >= 0) | (by[PR] >= 0))
    table["confirmed_response_day"] = first_day(grid, confirmed)
