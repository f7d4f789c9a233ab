"""A trial with one of its parts switched off: what each contributes to what is published.

Confirmation, the grid of scans, pauses between doses, errors of reading and resistant clones are
parts of the trial or of the tumours.  Each variant leaves one of them out and keeps the rest, with
the same patients and random numbers.
"""

from __future__ import annotations

from typing import Any

from rpoint.errors import RpointError
from rpoint.trial.design.questions import continuous
from rpoint.trial.spec import Trial

AS_IT_IS = "as it is"
UNCONFIRMED = "responses count when seen"
WEEKLY = "scans every week"
EXACT = "no reading error"
WEEKLY_EXACT = "scans every week, no reading error"
CONTINUOUS = "same dose without pauses"
NO_CLONES = "no resistant clones"
ABSENT_CLONE = "RB1-loss"  # any name of the vocabulary: nobody carries it
# With a grid of a week and no jitter, a scan tells the day of progression to a week.
_WEEKLY = {
    "visits.scan_weeks": 1.0, "visits.jitter_days": 0.0, "visits.until_week": None,
    "visits.then_weeks": None,
}  # fmt: skip


def switched(trial: Trial, arm: str) -> dict[str, Trial]:
    """The trial as it is, and without one part at a time.

    `UNCONFIRMED` is not here: it is another count of the same tables.  `CONTINUOUS` is there only
    if a drug of the arm pauses, `NO_CLONES` only for an arm with a drug.
    """
    exact = {"assessment.reading_sd_log": 0.0}
    changes: dict[str, dict[Any, Any]] = {
        AS_IT_IS: {}, WEEKLY: _WEEKLY, EXACT: exact, WEEKLY_EXACT: _WEEKLY | exact,
    }  # fmt: skip
    try:
        text = continuous(trial.arms[arm].regimen or "none")
        changes[CONTINUOUS] = {("arms", arm, "regimen"): text}
    except RpointError:
        pass  # nothing pauses
    if trial.arms[arm].drugs:
        clone = {ABSENT_CLONE: {"carriers": 0.0, "share": 0.01}}
        changes[NO_CLONES] = {"population.resistant_clones": clone}
    return {name: trial.changed(change) for name, change in changes.items()}
