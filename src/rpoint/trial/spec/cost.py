"""What a run of a trial file will cost, roughly, before it runs.

A lane is one cell population that the engine integrates.  A patient has lanes for each clone and
each node of the spread between cells; the time of a lane grows with how often a dose disturbs it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rpoint.trial.spec import MONTH_D, Arm, Trial
from rpoint.trial.spec.plan import follow_up_months

CLONES, NODES = 2, 3  # clones of a patient; cell-to-cell nodes of a clone

# Measured with the shipped engine on one core: doses a week -> ms of a lane for a week, for 3 of 14
# days, daily doses of one or two drugs, doses twice a day; linear between, and down to no dose.
DOSES_A_WEEK = (0.0, 1.5, 7.0, 14.0)
MS_A_LANE_WEEK = (0.034, 0.065, 0.18, 0.31)
SETUP_S = 5.0  # a run before its first patient
BYTES_A_ROW, BYTES_A_PATIENT = 13.0, 190.0  # of compressed tables; measured on two trials
STAY = 0.3  # share of the longest follow-up that a patient has visits, about
SPREAD = 2.0  # the estimate holds within about this factor


@dataclass(frozen=True)
class Cost:
    """An estimate, good to about a factor of two.

    Attributes
    ----------
    patients, replicates
        Patients of one trial, and how many trials.
    lanes
        Cell populations of one trial.
    weeks
        Longest follow-up of a patient; nobody is simulated for longer.
    cpu_s
        Seconds of one core for all replicates.
    disk_mb
        Megabytes of all tables.
    """

    patients: int
    replicates: int
    lanes: int
    weeks: float
    cpu_s: float
    disk_mb: float

    def to_dict(self) -> dict[str, Any]:
        """The estimate as plain values, marked as such."""
        return {**asdict(self), "estimate": True, "within_a_factor_of": SPREAD}


def cost(trial: Trial, replicates: int = 1) -> Cost:
    """The cost of a run.

    Parameters
    ----------
    trial
        What is run.
    replicates
        How many trials.
    """
    weeks = follow_up_months(trial) * MONTH_D / 7
    simulated = [arm for arm in trial.arms.values() if arm.regimen is not None]
    lanes = {id(arm): arm.patients * CLONES * NODES for arm in simulated}
    seconds = sum(lanes[id(arm)] * weeks * _ms(arm) / 1000 for arm in simulated)
    size = BYTES_A_PATIENT + BYTES_A_ROW * STAY * _rows(trial, weeks)
    return Cost(
        patients=trial.patients,
        replicates=replicates,
        lanes=sum(lanes.values()),
        weeks=weeks,
        cpu_s=SETUP_S + replicates * seconds,
        disk_mb=replicates * trial.patients * size / 1e6,
    )


def _ms(arm: Arm) -> float:
    """Milliseconds of a lane of this arm for a week."""
    regimen = arm.parsed
    assert regimen is not None  # only simulated arms come here
    weeks = 12
    times = regimen.segments(weeks, weight_kg=70.0)["time_h"].nunique()
    return float(np.interp(times / weeks, DOSES_A_WEEK, MS_A_LANE_WEEK))


def _rows(trial: Trial, weeks: float) -> float:
    """Rows of all tables for one patient, if nobody leaves early."""
    visits = trial.visits
    scans = len(visits.scan_days(weeks)) + 1
    blood = len(visits.blood_days) * 7 * weeks / visits.cycle_days
    return 6 * scans + 4 * blood + 7 * weeks / visits.cycle_days * 2 + 20
