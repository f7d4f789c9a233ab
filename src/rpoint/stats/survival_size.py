"""How many events and patients a comparison of two survival curves needs.

Events by Schoenfeld 1981 (doi:10.1093/biomet/68.1.316): (z_α + z_β)² / (q (1 − q) ln² HR), with q
the share of patients in one arm.  Patients by the share of them expected to have the event under
exponential times, uniform accrual and exponential drop-out (Lachin & Foulkes 1986).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy import special

from rpoint.errors import RpointError
from rpoint.stats._counts import check_between


@dataclass(frozen=True)
class SurvivalSize:
    """The size of a trial that compares two survival curves.

    Attributes
    ----------
    events
        Needed, not rounded.
    patients
        Needed in both arms, not rounded.
    share_with_event
        Of the patients, at the analysis.
    share_control, share_treatment
        Of each arm.
    """

    events: float
    patients: float
    share_with_event: float
    share_control: float
    share_treatment: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data, with whole events and patients."""
        whole = {
            "events_whole": math.ceil(self.events - 1e-9),
            "patients_whole": math.ceil(self.patients - 1e-9),
        }
        return {**self.__dict__, **whole}

    def summary(self) -> str:
        """One line with whole numbers, rounded up."""
        whole = self.to_dict()
        return (
            f"{whole['events_whole']} events, {whole['patients_whole']} patients "
            f"({100 * self.share_with_event:.0f} % with an event at the analysis)"
        )


def events_needed(
    hazard_ratio: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: int = 2,
    allocation: float = 0.5,
) -> float:
    """Events that a log-rank test needs, not rounded.

    Parameters
    ----------
    hazard_ratio
        To be found, above 0 and not 1.
    power, alpha
        Probabilities; `alpha` is that of both sides together when `sides` is 2.
    sides
        1 or 2.
    allocation
        Share of the patients in the treatment arm.

    Raises
    ------
    RpointError
        For values out of range.

    >>> round(events_needed(0.7), 1)
    246.8
    """
    log_hr, q, z_alpha = _check(hazard_ratio, alpha, sides, allocation)
    z_beta = special.ndtri(check_between("power", power, 0, 1))
    if z_alpha + z_beta <= 0:
        raise RpointError("this power needs no events", where="power", found=power)
    return float((z_alpha + z_beta) ** 2 / (q * (1 - q) * log_hr**2))


def power_of_events(
    events: float,
    hazard_ratio: float,
    *,
    alpha: float = 0.05,
    sides: int = 2,
    allocation: float = 0.5,
) -> float:
    """The power of a log-rank test with so many events (the far side left out).

    >>> round(power_of_events(247, 0.7), 3)
    0.8
    """
    log_hr, q, z_alpha = _check(hazard_ratio, alpha, sides, allocation)
    seen = check_between("events", events, 0, math.inf)
    return float(special.ndtr(math.sqrt(seen * q * (1 - q)) * abs(log_hr) - z_alpha))


def _check(
    hazard_ratio: float, alpha: float, sides: int, allocation: float
) -> tuple[float, float, float]:
    ratio = check_between("hazard_ratio", hazard_ratio, 0, math.inf)
    if ratio == 1:
        raise RpointError("a hazard ratio of 1 cannot be found", where="hazard_ratio", found=1)
    if sides not in (1, 2):
        raise RpointError("a test has one side or two", where="sides", found=sides, allowed="1, 2")
    q = check_between("allocation", allocation, 0, 1)
    z_alpha = -special.ndtri(check_between("alpha", alpha, 0, 1) / sides)
    return math.log(ratio), q, float(z_alpha)


def trial_size(
    hazard_ratio: float,
    *,
    control_median: float,
    accrual: float,
    follow_up: float,
    dropout: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
    sides: int = 2,
    allocation: float = 0.5,
) -> SurvivalSize:
    """Events and patients for exponential times with uniform accrual.

    Parameters
    ----------
    control_median
        Median of the control arm.
    accrual
        How long patients are enrolled, above 0; the same unit.
    follow_up
        From the last enrolment to the analysis, 0 or more.
    dropout
        Hazard of being lost, per unit of time.

    Raises
    ------
    RpointError
        For values out of range.

    >>> print(trial_size(0.7, control_median=6, accrual=12, follow_up=6).summary())
    247 events, 370 patients (67 % with an event at the analysis)
    """
    events = events_needed(
        hazard_ratio, power=power, alpha=alpha, sides=sides, allocation=allocation
    )
    hazard = math.log(2) / check_between("control_median", control_median, 0, math.inf)
    window = check_between("accrual", accrual, 0, math.inf)
    after = check_between("follow_up", follow_up, -1e-300, math.inf)
    lost = check_between("dropout", dropout, -1e-300, math.inf)
    control, treatment = (
        _share(rate, lost, window, after) for rate in (hazard, hazard * hazard_ratio)
    )
    share = allocation * treatment + (1 - allocation) * control
    return SurvivalSize(events, events / share, share, control, treatment)


def _share(hazard: float, lost: float, accrual: float, follow_up: float) -> float:
    """Probability of a seen event for an entry uniform over the accrual."""
    total = hazard + lost
    late = math.exp(-total * follow_up) * -math.expm1(-total * accrual) / (total * accrual)
    return hazard / total * (1.0 - late)
