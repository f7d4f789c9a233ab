"""Which responses are confirmed by a later visit: the table of RECIST 1.1 over flat arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.endpoints._responses import CR, NE, PR, SD
from rpoint.errors import RpointError, nearest_name

AFTER_CR = ("pd", "pr", "as-read")
DAYS_PER_WEEK = 7.0


@dataclass(frozen=True)
class Rules:
    """What RECIST 1.1 leaves to the protocol.

    Attributes
    ----------
    confirm_days
        Least days between a response and the visit that confirms it.
    min_sd_days
        Least days from the first dose to a visit without progression for stable disease.
    max_not_evaluable
        Visits that are not evaluable which may lie between the two.
    allow_sd_between
        Whether one stable visit may lie between two partial responses (PR, SD, PR).
    after_cr
        What disease seen after a complete response is: "pd" (note to table 3 of the paper), "pr"
        (the complete response was none: it is read as partial), or "as-read" (it is what its
        numbers say, and confirms nothing).
    missing_as_ne
        Whether a patient without a visit after the first dose is NE, else MISSING.
    """

    confirm_days: float = 28.0
    min_sd_days: float = 42.0
    max_not_evaluable: int = 1
    allow_sd_between: bool = False
    after_cr: str = "pd"
    missing_as_ne: bool = True

    def __post_init__(self) -> None:
        for name in ("confirm_days", "min_sd_days", "max_not_evaluable"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise RpointError("a number of 0 or more is needed", where=name, found=value)
        if self.after_cr not in AFTER_CR:
            raise RpointError(
                "unknown reading of disease after a complete response",
                where="after_cr",
                found=self.after_cr,
                allowed=", ".join(AFTER_CR),
                nearest=nearest_name(str(self.after_cr), AFTER_CR),
            )


def confirming_visit(
    response: np.ndarray, day: np.ndarray, end: np.ndarray, first: int, rules: Rules
) -> np.ndarray:
    """(V,) the visit that confirms a response at each visit, -1 without one.

    A complete response needs another one; only visits that are not evaluable may lie between.  A
    partial response needs a partial or complete one; between may lie such responses, visits that
    are not evaluable and, if allowed, one stable visit, but no partial response after a complete.

    Parameters
    ----------
    response, day
        (V,) codes and days, sorted by patient and day.
    end
        (V,) one past the last visit of the same patient that counts.
    first
        `CR` or `PR`: which responses are looked at.
    rules
        The protocol's choices.
    """
    found = np.full(len(response), -1, np.int64)
    here = np.flatnonzero(response == first)
    missed, stable = np.zeros(len(here), int), np.zeros(len(here), int)
    complete = np.zeros(len(here), bool)
    step = 0
    while len(here):
        step += 1
        there = here + step
        inside = there < end[here]
        here, there = here[inside], there[inside]
        missed, stable, complete = missed[inside], stable[inside], complete[inside]
        seen = response[there]
        broken = _breaks(seen, first, complete)
        confirms = (seen == CR) | ((seen == PR) & (first == PR))
        late = day[there] - day[here] >= rules.confirm_days - 1e-9
        allowed = (missed <= rules.max_not_evaluable) & (stable <= int(rules.allow_sd_between))
        done = confirms & late & ~broken & allowed
        found[here[done]] = there[done]
        missed, stable = missed + (seen == NE), stable + (seen == SD)
        complete = complete | (seen == CR)
        go = ~done & ~broken & (missed <= rules.max_not_evaluable)
        go &= stable <= int(rules.allow_sd_between)
        here, missed, stable, complete = here[go], missed[go], stable[go], complete[go]
    return found


def _breaks(seen: np.ndarray, first: int, complete: np.ndarray) -> np.ndarray:
    if first == CR:
        return ~np.isin(seen, (CR, NE))
    return ~np.isin(seen, (CR, PR, SD, NE)) | ((seen == PR) & complete)
