"""Best overall response by RECIST 1.1, unconfirmed and confirmed side by side.

From the first dose to the first progression or new therapy, whichever comes first.  The visit of a
progression counts; what is seen after it, or after the day another therapy began, does not.

Best to worst: CR, PR, SD, NON-CR/NON-PD, PD, NE.  Stable disease (and NON-CR/NON-PD) needs a visit
without progression at `min_sd_days` or later; a response that is not confirmed counts as stable
disease under the same condition, else as PD if progression followed, else as NE.  So every row of
the confirmation table of the paper (Eisenhauer 2009, table 3) follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints._confirm import Rules, confirming_visit
from rpoint.endpoints._grid import Grid, any_before, make_grid
from rpoint.endpoints._orr import Method, Orr, rate
from rpoint.endpoints._responses import (
    CR,
    MISSING,
    ND,
    NE,
    NON,
    NOT_ASSESSED,
    PD,
    PR,
    SD,
    categorical,
    response_codes,
)
from rpoint.errors import RpointError, unknown_name

COLUMNS = (
    "patient", "arm", "bor_any", "bor_any_day", "bor_confirmed", "bor_confirmed_day",
    "confirmed_by_day", "evaluable", "response_day", "confirmed_response_day", "pd_day",
    "pd_reason", "last_evaluable_day", "end_of_assessment", "scans", "best_change_pct",
    "best_change_day",
)  # fmt: skip
REAPPEARED = "disease seen again after a complete response"


@dataclass(frozen=True)
class Course:
    """Responses of V visits after the first dose, and where each patient's assessment ends.

    Attributes
    ----------
    grid
        The visits.
    response
        (V,) codes, after the reading of disease after a complete response.
    end
        (P,) one past the last visit that counts.
    progressed
        (P,) index of the visit of the first progression, -1 without one.
    reappeared
        (V,) progressions that are disease after a complete response.
    """

    grid: Grid
    response: np.ndarray
    end: np.ndarray
    progressed: np.ndarray
    reappeared: np.ndarray


@dataclass(frozen=True, repr=False)
class BestResponse:
    """Best overall response of every patient.

    Attributes
    ----------
    table
        patient, arm, bor_any (unconfirmed), bor_any_day, bor_confirmed, bor_confirmed_day,
        confirmed_by_day (the visit that confirmed it), evaluable (a visit after the first dose that
        is not NE), response_day, confirmed_response_day (first day of a CR or PR, and of one that
        was confirmed), pd_day, pd_reason, last_evaluable_day, end_of_assessment (why later visits
        do not count), scans, best_change_pct, best_change_day.  Days are those of the sizes.
    rules
        The protocol's choices.
    criteria
        "recist11" or "irecist".
    """

    table: pd.DataFrame
    rules: Rules
    criteria: str = "recist11"

    def orr(self, *, of: str = "evaluable", level: float = 0.95,
            method: Method = "clopper-pearson") -> Orr:  # fmt: skip
        """Response rates, any and confirmed.

        Parameters
        ----------
        of
            "evaluable" (a visit after the first dose that is not NE) or "all" patients.
        level, method
            Of the interval; see `rpoint.stats.proportions.proportion`.
        """
        if of not in ("evaluable", "all"):
            raise unknown_name("set of patients", of, ("evaluable", "all"), where="of")
        table = self.table if of == "all" else self.table[self.table["evaluable"]]
        return rate(table, of=of, level=level, method=method)

    def orr_by(self, column: str = "arm", *, of: str = "evaluable",
               level: float = 0.95) -> pd.DataFrame:  # fmt: skip
        """Response rates of the groups of a column: group, response, x, n, percent, lo, hi."""
        if column not in self.table:
            raise unknown_name("column", column, self.table.columns, where="column")
        parts = []
        for value, group in self.table.groupby(column, sort=True):
            found = BestResponse(group, self.rules, self.criteria).orr(of=of, level=level)
            frame = found.to_frame()
            frame.insert(0, column, value)
            parts.append(frame)
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> pd.DataFrame:
        """How many patients have each best response: response, any, confirmed."""
        counts = {
            name: self.table[f"bor_{name}"].value_counts(sort=False)
            for name in ("any", "confirmed")
        }
        table = pd.DataFrame(counts).rename_axis("response").reset_index()
        table["response"] = table["response"].astype(str)
        return table[table["response"] != ""].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """A copy of the table."""
        return self.table.copy()

    def to_dict(self) -> dict:
        """Plain data: patients, orr."""
        orr = self.orr()
        return {"patients": self.table.to_dict("records"), "orr": orr.to_dict()}

    def __repr__(self) -> str:
        orr = self.orr()
        return f"<BestResponse of {len(self.table)} patients: {orr}>"


def best_response(
    visits: pd.DataFrame,
    patients: pd.DataFrame | None = None,
    *,
    confirm_days: float = 28.0,
    min_sd_days: float = 42.0,
    max_not_evaluable: int = 1,
    allow_sd_between: bool = False,
    after_cr: str = "pd",
    missing_as_ne: bool = True,
) -> BestResponse:
    """Best overall response from the responses at visits.

    Parameters
    ----------
    visits
        patient, day, response (CR, PR, SD, NON-CR/NON-PD, PD, NE): one row a visit after the first
        dose, in any order.
    patients
        patient, and if wanted first_dose_day (else 0), new_therapy_day, arm.  Patients without a
        visit are NE.
    confirm_days, min_sd_days, max_not_evaluable, allow_sd_between, after_cr, missing_as_ne
        The protocol's choices; see `Rules`.

    Raises
    ------
    RpointError
        For missing columns, words that are no response, two visits of a patient on one day.
    """
    rules = Rules(
        confirm_days, min_sd_days, max_not_evaluable, allow_sd_between, after_cr, missing_as_ne
    )
    for name in ("patient", "day", "response"):
        if name not in visits:
            raise unknown_name("column", name, visits.columns, where="visits")
    people = _people(visits, patients)
    index = pd.Index(people["patient"].astype(object))
    code = index.get_indexer(pd.Index(visits["patient"].astype(object)))
    if (code < 0).any():
        who = visits["patient"].to_numpy(dtype=object)[code < 0][0]
        raise RpointError("a patient of the visits is not among the patients", found=who)
    response = response_codes(visits["response"], "visits")
    day = visits["day"].to_numpy(dtype=float)
    start = people["first_dose_day"].to_numpy(dtype=float)
    grid, visit = make_grid(index.to_numpy(), code, day, start)
    if len(grid.day) != len(day):
        raise RpointError("a patient has two responses on one day", where="visits")
    codes = np.empty(len(day), np.int8)
    codes[visit] = response
    return from_codes(grid, codes, people, rules)


def _people(visits: pd.DataFrame, patients: pd.DataFrame | None) -> pd.DataFrame:
    if patients is None:
        names = sorted(visits["patient"].astype(object).unique())
        people = pd.DataFrame({"patient": pd.Series(names, dtype=object)})
    else:
        people = patients.copy()
    if "first_dose_day" not in people:
        people["first_dose_day"] = 0.0
    if "new_therapy_day" not in people:
        people["new_therapy_day"] = np.nan
    return people.sort_values("patient", ignore_index=True)


def course(grid: Grid, response: np.ndarray, new_therapy: np.ndarray, after_cr: str) -> Course:
    """Apply the reading of disease after a complete response, then find where assessment ends."""
    people = len(grid.names)
    disease = np.isin(response, (PR, SD, NON))
    again = disease & any_before(response == CR, grid.first, grid.patient)
    limit = new_therapy[grid.patient]
    counts = ~(grid.day > limit)  # a visit on the day of the new therapy still counts
    reappeared = np.zeros(len(response), bool)
    if after_cr == "pd":
        reappeared, response = again, np.where(again, PD, response)
    elif after_cr == "pr":
        response = _complete_to_partial(grid, response, again & counts)
    progressed = np.full(people, -1, np.int64)
    at = np.flatnonzero((response == PD) & counts)[::-1]
    progressed[grid.patient[at]] = at  # reversed: the first one stays
    inside = np.bincount(grid.patient[counts], minlength=people)
    end = grid.first[:-1] + inside
    end = np.where(progressed >= 0, progressed + 1, end)
    return Course(grid, response, end, progressed, reappeared)


def _complete_to_partial(grid: Grid, response: np.ndarray, again: np.ndarray) -> np.ndarray:
    """Complete responses before disease is seen again, and before a progression, become partial."""
    out = response.copy()
    progressions = np.concatenate([[0], np.cumsum(response == PD)])
    last = np.full(len(grid.names), -1, np.int64)
    at = np.flatnonzero(again & (progressions[:-1] == progressions[grid.first[grid.patient]]))
    last[grid.patient[at]] = at
    here = np.arange(len(response))
    out[(response == CR) & (here < last[grid.patient])] = PR
    return out


def from_codes(
    grid: Grid, response: np.ndarray, people: pd.DataFrame, rules: Rules,
    reasons: np.ndarray | None = None, change: np.ndarray | None = None,
) -> BestResponse:  # fmt: skip
    """`best_response` of arrays.

    Parameters
    ----------
    grid, response
        Visits and their codes.
    people
        In the order of the grid's patients.
    reasons
        (V,) rule behind each response.
    change
        (V,) change from baseline, %.
    """
    way = course(grid, response, people["new_therapy_day"].to_numpy(dtype=float), rules.after_cr)
    table = pd.DataFrame({"patient": grid.names})
    if "arm" in people:
        table["arm"] = people["arm"].to_numpy()
    _best(table, way, rules)
    course_facts(table, way, people, reasons)
    if change is not None:
        best_change(table, way, change)
    return BestResponse(table[[name for name in COLUMNS if name in table]], rules)


def _best(table: pd.DataFrame, way: Course, rules: Rules) -> None:
    """bor_any, bor_confirmed, their days and the day of confirmation."""
    grid, response = way.grid, way.response
    inside = np.arange(len(response)) < way.end[grid.patient]
    end = way.end[grid.patient]
    late = grid.day - grid.start[grid.patient] >= rules.min_sd_days - 1e-9
    stable = late & np.isin(response, (CR, PR, SD))
    by = {code: confirming_visit(response, grid.day, end, code, rules) for code in (CR, PR)}
    rest = [(SD, stable), (NON, late & (response == NON)), (PD, response == PD)]
    rest.append((NE, ~np.isin(response, (PD, ND, NOT_ASSESSED))))
    rest.append((ND, response == ND))
    loose = [(CR, response == CR), (PR, response == PR), (SD, late & (response == SD)), *rest]
    strict = [(CR, by[CR] >= 0), (PR, by[PR] >= 0), *rest]
    for name, ladder in (("any", loose), ("confirmed", strict)):
        best, visit = first_of_ladder(grid, ladder, inside)
        best[visit < 0] = NE if rules.missing_as_ne else MISSING
        table[f"bor_{name}"] = categorical(best)
        table[f"bor_{name}_day"] = np.where(visit >= 0, grid.day[visit], np.nan)
        if name == "confirmed":
            later = np.where(best == CR, by[CR][visit], np.where(best == PR, by[PR][visit], -1))
            table["confirmed_by_day"] = np.where(later >= 0, grid.day[later], np.nan)
    responded = inside & np.isin(response, (CR, PR))
    table["response_day"] = first_day(grid, responded)
    confirmed = inside & ((by[CR] >= 0) | (by[PR] >= 0))
    table["confirmed_response_day"] = first_day(grid, confirmed)


def first_of_ladder(
    grid: Grid, ladder: list[tuple[int, np.ndarray]], inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The best code whose mask holds at some visit of the patient, and the first such visit."""
    people = len(grid.names)
    best, visit = np.full(people, NE, np.int8), np.full(people, -1, np.int64)
    open_ = np.ones(people, bool)
    for code, mask in ladder:
        at = np.flatnonzero(mask & inside)[::-1]
        first = np.full(people, -1, np.int64)
        first[grid.patient[at]] = at
        hit = open_ & (first >= 0)
        best[hit], visit[hit] = code, first[hit]
        open_ &= ~hit
    return best, visit


def first_day(grid: Grid, mask: np.ndarray) -> np.ndarray:
    day = np.full(len(grid.names), np.nan)
    at = np.flatnonzero(mask)[::-1]
    day[grid.patient[at]] = grid.day[at]
    return day


def course_facts(
    table: pd.DataFrame, way: Course, people: pd.DataFrame, reasons: np.ndarray | None
) -> None:
    """Progression, last evaluable visit, why the assessment ended."""
    grid, n = way.grid, len(way.grid.names)
    inside = np.arange(len(way.response)) < way.end[grid.patient]
    evaluable = inside & ~np.isin(way.response, (NE, ND, NOT_ASSESSED))
    table["evaluable"] = np.bincount(grid.patient[evaluable], minlength=n) > 0
    at = way.progressed
    has = at >= 0
    table["pd_day"] = np.where(has, grid.day[at], np.nan)
    reason = np.full(n, "", dtype=object)
    if has.any():
        told = "progression" if reasons is None else reasons[at[has]]
        reason[has] = np.where(way.reappeared[at[has]], REAPPEARED, told)
    table["pd_reason"] = reason
    free = np.flatnonzero(evaluable & (way.response != PD))
    last = np.full(n, np.nan)
    last[grid.patient[free]] = grid.day[free]
    table["last_evaluable_day"] = last
    therapy = people["new_therapy_day"].notna().to_numpy()
    ended = np.where(has, "progression", np.where(therapy, "new therapy", "last scan"))
    table["end_of_assessment"] = ended
    judged = inside & (way.response != NOT_ASSESSED)
    table["scans"] = np.bincount(grid.patient[judged], minlength=n)


def best_change(table: pd.DataFrame, way: Course, change: np.ndarray) -> None:
    """Least change from baseline of the visits that count, and its first day."""
    grid = way.grid
    inside = np.arange(len(change)) < way.end[grid.patient]
    at = np.flatnonzero(inside & (way.response != NOT_ASSESSED) & ~np.isnan(change))
    order = at[np.lexsort((grid.day[at], change[at], grid.patient[at]))]
    who, first = np.unique(grid.patient[order], return_index=True)
    for name, values in (("best_change_pct", change), ("best_change_day", grid.day)):
        out = np.full(len(grid.names), np.nan)
        out[who] = values[order[first]]
        table[name] = out
