"""iRECIST: progression that must be confirmed, and that later shrinkage takes back.

Source: Seymour 2017 (Lancet Oncol 18:e143, doi:10.1016/S1470-2045(17)30074-8), tables 2 and 3.

The first progression by RECIST 1.1 is iUPD.  At a later visit that still shows progression it
becomes iCPD if there is further growth: the target sum 5 mm or more above that of the first iUPD; a
non-target lesion that is called increased, or whose measured diameters grew; new-lesion targets
(new = 1, target = 1) 5 mm or more, or any growth of the other new lesions; more new lesions; or
progression in another category than before.  Otherwise it stays iUPD.  A visit that shows iSD, iPR
or iCR against baseline and nadir takes the iUPD back: progression must then start anew.  Growth
seen sooner than `min_confirm_days` after the iUPD does not confirm it.

New lesions are never added to the target sum.  A repeated "unequivocal progression" of non-target
disease is no further growth by itself: call the lesion increased, or give its diameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints._confirm import DAYS_PER_WEEK, Rules
from rpoint.endpoints._extent import Extent
from rpoint.endpoints._ibor import (
    I_CPD,
    I_CR,
    I_NE,
    I_NON,
    I_NONE,
    I_PR,
    I_SD,
    I_UPD,
    IRESPONSES,
    best_table,
)
from rpoint.endpoints._judged import JudgedVisits
from rpoint.endpoints._responses import CR, NE, NON, NOT_ASSESSED, NT_PD, PD, PR, SD
from rpoint.endpoints._targets import Targets
from rpoint.endpoints.best_response import BestResponse
from rpoint.endpoints.recist import Recist, facts, recist
from rpoint.endpoints.sizes import Sizes
from rpoint.errors import RpointError, unknown_name

GROWTH_MM = 5.0
REASONS = (
    "",
    "first progression",
    "further growth of the targets",
    "further growth of non-target disease",
    "further growth of new lesions",
    "more new lesions",
    "progression in another category",
    "no further growth",
    "too early to confirm",
)
(W_NONE, W_FIRST, W_TARGET, W_NONTARGET, W_NEW, W_MORE, W_OTHER, W_SAME, W_EARLY) = range(9)
_FROM_RECIST = {CR: I_CR, PR: I_PR, SD: I_SD, NON: I_NON, PD: I_UPD, NE: I_NE, NOT_ASSESSED: I_NONE}


@dataclass(frozen=True, repr=False)
class Irecist(JudgedVisits):
    """Visits judged by iRECIST.

    Attributes
    ----------
    visits
        The visits of `recist`, with iresponse, iupd_day (first day of the progression that is
        open or confirmed) and why (what made or confirmed it).
    recist
        The same visits by RECIST 1.1.
    """

    visits: pd.DataFrame
    recist: Recist

    def best_overall_response(
        self,
        *,
        confirm_weeks: float = 4,
        min_sd_days: float = 42.0,
        max_not_evaluable: int = 1,
        allow_sd_between: bool = False,
    ) -> BestResponse:
        """Best iRECIST response of every patient, any and confirmed.

        Responses after an iUPD count; after an iCPD they do not.  The published examples are of
        randomised studies, in which responses need no confirmation: `bor_any`.
        """
        rules = Rules(confirm_weeks * DAYS_PER_WEEK, min_sd_days, max_not_evaluable,
                      allow_sd_between, "as-read")  # fmt: skip
        people, grid = self.recist.people_and_grid()
        return BestResponse(best_table(self.visits, people, grid, rules), rules, "irecist")

    def _patients(self) -> pd.Series:
        return self.recist.sizes.patients["patient"]

    def __repr__(self) -> str:
        confirmed = int((self.visits["iresponse"] == "iCPD").sum())
        return f"<iRECIST: {len(self.visits)} visits, {confirmed} confirmed progressions>"


def irecist(sizes: Sizes | pd.DataFrame | str, *, min_confirm_days: float = 28.0) -> Irecist:
    """Judge every visit by iRECIST.

    Parameters
    ----------
    sizes
        As in `recist`.
    min_confirm_days
        Least days from an iUPD to the visit that confirms it (4 weeks; the paper asks for the next
        assessment, 4 to 8 weeks later).
    """
    if isinstance(min_confirm_days, bool) or not min_confirm_days >= 0:
        raise RpointError("days are a number of 0 or more", where="min_confirm_days",
                          found=min_confirm_days)  # fmt: skip
    judged = recist(sizes, keep_pr="never")
    _, _, total, more = facts(judged.sizes)
    codes, why, since = _walk(judged, total, more, min_confirm_days)
    visits = judged.visits.copy()
    visits["iresponse"] = pd.Categorical.from_codes(codes, categories=list(IRESPONSES))
    visits["iupd_day"] = np.where(since >= 0, judged.grid.day[since], np.nan)
    visits["why"] = pd.Categorical.from_codes(why, categories=list(REASONS))
    return Irecist(visits, judged)


def _walk(
    judged: Recist, total: Targets, more: Extent, min_days: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """iRECIST codes, reasons and the visit of the iUPD that is open (-1: none).

    All patients take their k-th visit together.
    """
    grid = judged.grid
    at_visit = judged.visits["at_visit"].cat.codes.to_numpy()
    codes = np.array([_FROM_RECIST.get(code, I_NONE) for code in range(9)], np.int8)[at_visit]
    why = np.full(len(codes), W_NONE, np.int8)
    target_pd = judged.visits["target"].cat.codes.to_numpy() == PD
    begun = np.full(len(codes), -1, np.int64)
    open_at = np.full(len(grid.names), -1, np.int64)  # the visit of the iUPD that waits
    rank = grid.rank
    for step in range(int(rank.max(initial=-1)) + 1):
        here = np.flatnonzero((rank == step) & (codes != I_NONE) & (codes != I_NE))
        who = grid.patient[here]
        waits = open_at[who] >= 0
        worse = codes[here] == I_UPD
        fresh = here[worse & ~waits]
        why[fresh] = W_FIRST
        open_at[grid.patient[fresh]] = fresh
        again = here[worse & waits]
        since = open_at[grid.patient[again]]
        reason = _further(again, since, total, more, target_pd)
        early = grid.day[again] - grid.day[since] < min_days - 1e-9
        why[again] = np.where(early & (reason != W_SAME), W_EARLY, reason)
        codes[again[(reason != W_SAME) & ~early]] = I_CPD
        open_at[who[~worse]] = -1  # the bar is reset
        begun[here] = open_at[who]
    return codes, why, begun


def _further(
    now: np.ndarray, then: np.ndarray, total: Targets, more: Extent, target_pd: np.ndarray
) -> np.ndarray:
    """Why a progression is confirmed at the visits `now` against the iUPD visits `then`."""
    small = 1e-9
    reason = np.full(len(now), W_SAME, np.int8)
    nt_pd = more.nontarget == NT_PD
    other = (target_pd[now] & ~target_pd[then]) | (nt_pd[now] & ~nt_pd[then])
    other |= (more.new[now] > 0) & (more.new[then] == 0)
    grown = total.total[now] - total.total[then] >= GROWTH_MM - small
    grown &= target_pd[then] & (total.seen[now] > 0)
    spread = more.nontarget_increase[now]
    spread |= nt_pd[then] & (more.nontarget_sum[now] > more.nontarget_sum[then] + small)
    had_new = more.new[then] > 0
    larger = more.new_target_sum[now] - more.new_target_sum[then] >= GROWTH_MM - small
    larger |= more.new_other_sum[now] > more.new_other_sum[then] + small
    larger |= more.new_increase[now]
    added = more.new[now] > more.new[then]
    for mask, code in (
        (other, W_OTHER), (had_new & added, W_MORE), (had_new & larger, W_NEW),
        (spread, W_NONTARGET), (grown, W_TARGET),
    ):  # fmt: skip
        reason[mask] = code
    return reason


def ibor(sequence: Sequence[str]) -> str:
    """Best iRECIST response of one sequence of visits, without confirmation of responses.

    Parameters
    ----------
    sequence
        iCR, iPR, iSD, iUPD, iCPD or NE, in order of time.

    >>> ibor(["iUPD", "NE", "iPR"])
    'iPR'
    """
    codes = []
    for word in sequence:
        if word not in IRESPONSES[:-1]:
            raise unknown_name("iRECIST response", word, IRESPONSES[:-1], where="sequence")
        codes.append(IRESPONSES.index(word))
    if I_CPD in codes:
        codes = codes[: codes.index(I_CPD) + 1]
    return IRESPONSES[min(codes)] if codes else "NE"
