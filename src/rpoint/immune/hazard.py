"""Hazard of death from how much measurable disease there is and how fast it grows.

    h(t) = h0(type, line) (S(t)/70 mm)^b exp(c r(t)) (1 - e exp(-t/tau)) ,
    r(t) = ln(S(t)/S(t - 6 weeks)) / 6 weeks

S is the sum of the diameters of the target lesions.  The last factor is that of enrolment: trials
take patients who are fit and are expected to live for some months.  Fitted as told in `death.yaml`;
used by every virtual trial.  It says who dies of disease that is seen; new lesions count through
the growth that brings them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rpoint.errors import RpointError
from rpoint.immune.facts import factor_of_type, values

REFERENCE_MM = 70.0
FLOOR_MM = 5.0  # below it disease is not measurable; it is still there
WINDOW_D = 42
DAYS_PER_WEEK = 7.0


def death_hazard(
    sld_mm: np.ndarray,
    change: np.ndarray | None = None,
    *,
    tumour: str | np.ndarray = "lung",
    line: int = 2,
    enrolled: bool = True,
    day: np.ndarray | None = None,
    facts: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Hazard of death, 1/d.

    Parameters
    ----------
    sld_mm
        (n, T) true sum of diameters on every day, mm.
    change
        (n, T) growth r of ln(sum), 1/week; made from `sld_mm` when left out.
    tumour
        Type, or (n,) types: factor on the hazard where a fact gives one.
    line
        Line of treatment.
    enrolled
        Whether day 0 is that of enrolment in a trial; False for patients who are not chosen for
        their fitness, or a course that begins later.
    day
        (T,) ascending days of the columns; 0, 1, 2 ... when left out.
    facts
        Replacements of values of this room's facts, by name.

    Returns
    -------
    ndarray
        (n, T).

    >>> import numpy as np
    >>> small, large = death_hazard(np.array([[20.0] * 5, [120.0] * 5]))[:, 0]
    >>> bool(small < large)
    True
    """
    size = np.asarray(sld_mm, float)
    if size.ndim != 2:
        raise RpointError("sld_mm has one row a patient and one column a day", found=size.shape)
    p = values(dict(facts or {}))
    days = np.arange(size.shape[1]) if day is None else np.asarray(day, float)
    if days.shape != size.shape[1:]:
        raise RpointError("day has one number for each column", found=days.shape)
    r = growth_per_week(size, days) if change is None else np.asarray(change, float)
    seen = np.maximum(size, FLOOR_MM)
    base = p["death_hazard_reference"] * _baseline(tumour, line, len(size), p)[:, None]
    if enrolled:
        weeks = days / DAYS_PER_WEEK
        base = base * (1.0 - p["death_entry_effect"] * np.exp(-weeks / p["death_entry_weeks"]))
    return (
        base
        * (seen / REFERENCE_MM) ** p["death_burden_exponent"]
        * np.exp(p["death_growth_effect"] * r)
    )


def growth_per_week(
    sld_mm: np.ndarray, day: np.ndarray | None = None, window_d: int = WINDOW_D
) -> np.ndarray:
    """Growth of ln(sum) over the last `window_d` days, 1/week; before that, since day 0; (n, T)."""
    log = np.log(np.maximum(np.asarray(sld_mm, float), FLOOR_MM))
    days = np.arange(log.shape[1]) if day is None else np.asarray(day, float)
    back = np.searchsorted(days, np.maximum(days - window_d, days[0]))
    weeks = np.maximum(days - days[back], 1.0) / DAYS_PER_WEEK
    return (log - log[:, back]) / weeks


def _baseline(tumour, line: int, n: int, p: Mapping[str, float]) -> np.ndarray:
    """Factor of type and line on the hazard, (n,)."""
    own = factor_of_type("death_factor", tumour, n, p)
    return own * p.get(f"death_factor_line_{min(int(line), 3)}", 1.0)
