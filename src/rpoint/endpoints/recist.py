"""RECIST 1.1: every visit judged, with the rule and the numbers behind each verdict.

Source: Eisenhauer 2009 (Eur J Cancer 45:228) and the EORTC RECIST questions and answers.

`recist(sizes)` judges visits; `.best_overall_response()` judges patients; `.audit(patient)` tells
how.  A column `at_visit` holds what a visit shows by itself, `overall` the same with a confirmed
partial response kept until progression; best responses are made of `at_visit`, so that a response
which is kept never confirms itself.

Not supported: tumour markers in complete response, symptomatic deterioration.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from rpoint.endpoints import _timepoint as tp
from rpoint.endpoints._confirm import DAYS_PER_WEEK, Rules, confirming_visit
from rpoint.endpoints._extent import Extent, extent
from rpoint.endpoints._grid import Grid, any_before, running_min_before
from rpoint.endpoints._judged import JudgedVisits
from rpoint.endpoints._responses import (
    NONTARGET,
    NOT_ASSESSED,
    NT_NON,
    NT_NONE,
    NT_PD,
    PD,
    PR,
    SD,
    categorical,
)
from rpoint.endpoints._sums import sums_grid
from rpoint.endpoints._targets import Targets, targets
from rpoint.endpoints.best_response import BestResponse, from_codes
from rpoint.endpoints.sizes import Sizes, read_sizes
from rpoint.errors import RpointError, unknown_name

PHASES = ("before", "baseline", "treatment")
KEEP = ("confirmed", "any", "never")


@dataclass(frozen=True, repr=False)
class Recist(JudgedVisits):
    """Visits judged by RECIST 1.1.

    Attributes
    ----------
    visits
        patient, day, phase (before, baseline, treatment), sum_mm (NaN: a target was not evaluable),
        baseline_mm, nadir_mm (least sum from baseline to the visit before), change_pct,
        change_from_nadir_pct, change_from_nadir_mm, target, nontarget, new (number of new lesions),
        at_visit, overall, rule.
    sizes
        What was judged.
    confirm_days
        For the partial responses that `overall` keeps.
    """

    visits: pd.DataFrame
    sizes: Sizes
    confirm_days: float
    grid: Grid = field(repr=False)

    def best_overall_response(
        self,
        *,
        confirm_weeks: float = 4,
        min_sd_days: float = 42.0,
        max_not_evaluable: int = 1,
        allow_sd_between: bool = False,
        after_cr: str = "pd",
        missing_as_ne: bool = True,
    ) -> BestResponse:
        """Best overall response of every patient, unconfirmed and confirmed.

        Parameters
        ----------
        confirm_weeks
            Least weeks between a response and the visit that confirms it.
        min_sd_days, max_not_evaluable, allow_sd_between, after_cr, missing_as_ne
            The protocol's other choices; see `rpoint.endpoints._confirm.Rules`.
        """
        rules = Rules(
            _weeks(confirm_weeks) * DAYS_PER_WEEK, min_sd_days, max_not_evaluable,
            allow_sd_between, after_cr, missing_as_ne,
        )  # fmt: skip
        people, grid = self.people_and_grid()
        codes = self.visits["at_visit"].cat.codes.to_numpy()
        reasons = self.visits["rule"].to_numpy(dtype=object)
        change = self.visits["change_pct"].to_numpy(dtype=float)
        return from_codes(grid, codes, people, rules, reasons, change)

    def _patients(self) -> pd.Series:
        return self.sizes.patients["patient"]

    def __repr__(self) -> str:
        judged = int((self.visits["phase"] == "treatment").sum())
        return f"<RECIST 1.1: {judged} visits of {len(self.sizes.patients)} patients judged>"

    def people_and_grid(self) -> tuple[pd.DataFrame, Grid]:
        """Every patient, also those without a scan, and the grid over all of them."""
        people = self.sizes.patients.sort_values("patient", ignore_index=True)
        names = people["patient"].to_numpy(dtype=object)
        at = pd.Index(names).get_indexer(pd.Index(self.grid.names))
        patient = at[self.grid.patient]
        first = np.searchsorted(patient, np.arange(len(names) + 1))
        start = people["first_dose_day"].to_numpy(dtype=float)
        return people, Grid(names, patient, self.grid.day, first, start)


def _weeks(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 520:
        raise RpointError("weeks are a number of 0 or more", where="confirm_weeks", found=value)
    return float(value)


def recist(
    sizes: Sizes | pd.DataFrame | str,
    *,
    confirm_days: float = 28.0,
    keep_pr: str = "confirmed",
) -> Recist:
    """Judge every visit by RECIST 1.1.

    Parameters
    ----------
    sizes
        What `read_sizes` returns; anything else is given to it.
    confirm_days
        When a partial response counts as confirmed, for `keep_pr`.
    keep_pr
        Which partial responses stay partial until progression in the column `overall`, though the
        sum has come back above -30 %: "confirmed" ones (EORTC), "any", or "never".

    Returns
    -------
    Recist
    """
    if keep_pr not in KEEP:
        raise unknown_name("choice", keep_pr, KEEP, where="keep_pr")
    if not isinstance(sizes, Sizes):
        sizes = read_sizes(sizes)
    rules = Rules(confirm_days=confirm_days)
    grid, baseline, total, more = facts(sizes)
    visits = _judge(grid, baseline, total, more)
    _keep(visits, grid, rules, keep_pr)
    patient = pd.Categorical.from_codes(grid.patient, categories=pd.Index(grid.names, dtype=object))
    visits.insert(0, "patient", patient)
    return Recist(visits, sizes, confirm_days, grid)


def facts(sizes: Sizes) -> tuple[Grid, np.ndarray, Targets, Extent]:
    """Grid, baseline visits, targets and the rest, from lesions or from sums."""
    if sizes.lesions is not None:
        at = sizes._layout
        assert at is not None  # `read_sizes` makes it with the lesions
        return at.grid, at.baseline, targets(sizes.lesions, at), extent(sizes.lesions, at)
    sums = sizes.sums
    starts = sizes.patients.set_index("patient")["first_dose_day"]
    start = starts.reindex(sums["patient"].cat.categories).to_numpy(dtype=float)
    grid, _, baseline = sums_grid(sums, start)
    size = sums["sum_mm"].to_numpy(dtype=float)
    one = np.ones(len(size), np.int64)
    known = (~np.isnan(size)).astype(np.int64)
    none = np.zeros(len(size))
    more = Extent(
        sums["nontarget"].cat.codes.to_numpy(), none > 0, none,
        sums["new"].to_numpy().astype(np.int64), none > 0, none, none,
    )  # fmt: skip
    return grid, baseline, Targets(one, known, np.nan_to_num(size), size == 0), more


def _judge(grid: Grid, baseline: np.ndarray, total: Targets, more: Extent) -> pd.DataFrame:
    sums = total.complete
    here = np.arange(len(sums))
    base_visit = baseline[grid.patient]
    on = (grid.day > grid.start[grid.patient]) & (base_visit >= 0)
    base = np.where(base_visit >= 0, sums[base_visit], np.nan)
    counted = np.where(here >= base_visit, sums, np.nan)  # the nadir starts at baseline
    least = running_min_before(counted, grid.first, grid.patient)
    nadir = np.where(here > base_visit, least, np.nan)
    judged = tp.judge_targets(total, base, nadir)
    measurable = total.expected > 0
    new = more.new > 0
    verdict = tp.overall(judged.response, more.nontarget, new, measurable)
    rule = tp.overall_rule(judged, more.nontarget, new, measurable)
    phase = np.where(on, 2, np.where(here == base_visit, 1, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        change = 100.0 * (sums / base - 1.0)
        growth = np.where(nadir > 0, 100.0 * (sums / nadir - 1.0), np.nan)
    target = np.where(on & measurable, judged.response, NOT_ASSESSED)
    return pd.DataFrame({
        "day": grid.day,
        "phase": pd.Categorical.from_codes(phase, categories=list(PHASES)),
        "sum_mm": sums, "baseline_mm": base, "nadir_mm": nadir,
        "change_pct": np.where(phase > 0, change, np.nan),
        "change_from_nadir_pct": growth, "change_from_nadir_mm": sums - nadir,
        "target": categorical(target),
        "nontarget": pd.Categorical.from_codes(more.nontarget, categories=list(NONTARGET)),
        "new": more.new,
        "at_visit": categorical(np.where(on, verdict, NOT_ASSESSED)),
        "rule": pd.Categorical.from_codes(np.where(on, rule, 0), categories=list(tp.RULES)),
    })  # fmt: skip


def _keep(visits: pd.DataFrame, grid: Grid, rules: Rules, keep_pr: str) -> None:
    """Add `overall`: a partial response is kept while later visits show neither."""
    codes = visits["at_visit"].cat.codes.to_numpy()
    overall = codes.copy()
    rule = visits["rule"].cat.codes.to_numpy().copy()
    if keep_pr != "never":
        end = grid.first[1:][grid.patient]
        partial = codes == PR
        if keep_pr == "confirmed":
            by = confirming_visit(codes, grid.day, end, PR, rules)
            partial = np.zeros(len(codes), bool)
            partial[by[by >= 0]] = True
        held = any_before(partial, grid.first, grid.patient)
        free = ~any_before(codes == PD, grid.first, grid.patient)
        kept = (codes == SD) & held & free
        overall[kept], rule[kept] = PR, tp.R_KEPT
    at = visits.columns.get_loc("rule")
    visits["rule"] = pd.Categorical.from_codes(rule, categories=list(tp.RULES))
    visits.insert(int(at), "overall", categorical(overall))


def overall_response(target: str, nontarget: str = "none", new: bool = False) -> str:
    """Overall response of one visit: tables 1 and 2 of RECIST 1.1.

    Parameters
    ----------
    target
        CR, PR, SD, PD, NE, or "none" without target lesions.
    nontarget
        CR, NON-CR/NON-PD, PD, NE, or "none".
    new
        Whether there is a new lesion.

    >>> overall_response("CR", "NON-CR/NON-PD")
    'PR'
    """
    from rpoint.endpoints._responses import NE, RESPONSES

    names = {"none": NE, "CR": 0, "PR": 1, "SD": 2, "PD": 4, "NE": 5}
    if target not in names:
        raise unknown_name("target response", target, names, where="target")
    words = {name: code for code, name in enumerate(NONTARGET)}
    words |= {"non-CR/non-PD": NT_NON, "non-PD": NT_NON, "PD": NT_PD, "none": NT_NONE}
    if nontarget not in words:
        raise unknown_name("non-target response", nontarget, words, where="nontarget")
    code = tp.overall(
        np.array([names[target]]), np.array([words[nontarget]]), np.array([bool(new)]),
        np.array([target != "none"]),
    )  # fmt: skip
    return RESPONSES[int(code[0])]
