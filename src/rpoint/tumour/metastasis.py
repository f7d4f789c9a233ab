"""Metastatic burden: cells shed by the primary, few of which take, grow at the rate of their clone.

    seeded per day = shedding x seeding probability x V(t) / cell volume
    M'             = seeded(t) cell volume + q r(t) M ,        r = division - death under the drug

V is the primary with its brake of size; metastases are too small for one.  q is the growth rate in
the other organ over that in the primary's.  M is the expected burden; the expected number of
colonies alive at the end follows from the birth-death process of one cell (Kendall 1948,
doi:10.1214/aoms/1177730285): a cell that takes at s has descendants at T with the probability

    1 / (1 + int_s^T d(u) exp(-int_s^u r) du).

Ratios between arms do not depend on shedding and seeding, which no data fix.  Not modelled:
dormancy, metastases that shed, an effect of the drug on invasion beyond that on growth, and organs
where the drug does not arrive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpoint.errors import RpointError
from rpoint.tumour.facts import fact
from rpoint.tumour.growth import CELL_MM3, GrowthLaw, grow
from rpoint.tumour.sizes import host_law

HOURS = 24.0


@dataclass(frozen=True)
class Metastasis:
    """Expected metastatic disease at the end of the course; shapes (...).

    Attributes
    ----------
    burden_mm3
        Volume of all metastases.
    seeded
        Number of cells that took.
    colonies
        Number of metastases that are alive.
    primary_mm3
        Volume of the primary.
    """

    burden_mm3: np.ndarray
    seeded: np.ndarray
    colonies: np.ndarray
    primary_mm3: np.ndarray


def metastatic_burden(
    times_h: np.ndarray,
    division: np.ndarray,
    death: np.ndarray,
    start_mm3: np.ndarray | float,
    *,
    law: GrowthLaw | None = None,
    growth_ratio: float | None = None,
    seeded_at_start: float = 0.0,
) -> Metastasis:
    """Metastases of a primary whose cells divide and die at these rates.

    Parameters
    ----------
    times_h
        (T,) ascending times, h.
    division, death
        (..., T) rates in the tumour, 1/h, linear between the times; NaN gives NaN.
    start_mm3
        Volume of the primary at the first time, one number or (...).
    law
        The primary's brake of size; that of a mouse when left out.
    growth_ratio
        Division and death in metastases over those in the primary; the fact
        `metastasis_growth_ratio` when left out.
    seeded_at_start
        Cells that have taken before the course begins (one cell each).

    Returns
    -------
    Metastasis

    Raises
    ------
    RpointError
        If shapes do not fit, or a ratio or number is negative.
    """
    times_h = np.asarray(times_h, float)
    division, death = np.broadcast_arrays(np.asarray(division, float), np.asarray(death, float))
    ratio = fact("metastasis_growth_ratio") if growth_ratio is None else float(growth_ratio)
    _check(times_h, division, ratio, seeded_at_start)
    start = np.broadcast_to(np.asarray(start_mm3, float), division.shape[:-1])
    law = host_law("mouse") if law is None else law
    primary = grow(times_h, division[..., None, :], death[..., None, :], start[..., None], law=law)[
        ..., 0, :
    ]
    per_h = fact("shedding") * fact("seeding_probability") / HOURS  # cells per mm3 and h
    rates = per_h * primary
    steps = np.diff(times_h)
    mean = 0.5 * steps * (rates[..., 1:] + rates[..., :-1])
    gains = 0.5 * steps * ratio * _pair_sum(division - death)
    losses = 0.5 * steps * ratio * _pair_sum(death)
    burden = np.full(start.shape, float(seeded_at_start)) + 0.0 * primary[..., -1]
    for k in range(len(steps)):
        grown = np.exp(gains[..., k])
        burden = burden * grown + mean[..., k] * _average_growth(gains[..., k])
    alive = _survival(gains, losses)
    middle = 0.5 * (alive[..., 1:] + alive[..., :-1])
    return Metastasis(
        burden_mm3=burden * CELL_MM3,
        seeded=mean.sum(axis=-1) + seeded_at_start,
        colonies=(mean * middle).sum(axis=-1) + seeded_at_start * alive[..., 0],
        primary_mm3=primary[..., -1],
    )


def _pair_sum(values: np.ndarray) -> np.ndarray:
    return values[..., 1:] + values[..., :-1]


def _average_growth(gain: np.ndarray) -> np.ndarray:
    """Mean growth within a step of cells that arrive evenly during it: (e^x - 1)/x."""
    small = np.abs(gain) < 1e-8
    safe = np.where(small, 1.0, gain)
    return np.where(small, 1.0 + 0.5 * gain, np.expm1(safe) / safe)


def _survival(gains: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """(..., T) chance that a cell that takes at each time has descendants at the last.

    With J(s) = int_s^T d exp(-int_s^u r) du, going back by one step gives
    J = e^-x J(next) + losses (1 - e^-x)/x, x = gain of the step.
    """
    total = np.zeros(gains.shape[:-1])
    found = np.ones((*gains.shape[:-1], gains.shape[-1] + 1))
    for k in range(gains.shape[-1] - 1, -1, -1):
        total = np.exp(-gains[..., k]) * total + losses[..., k] * _average_growth(-gains[..., k])
        found[..., k] = 1.0 / (1.0 + total)
    return found


def _check(times_h: np.ndarray, division: np.ndarray, ratio: float, seeded: float) -> None:
    if times_h.ndim != 1 or division.shape[-1:] != times_h.shape or len(times_h) < 2:
        raise RpointError(
            "rates have one value for each of two times or more",
            found=f"times {times_h.shape}, rates {division.shape}",
        )
    if np.diff(times_h).min() <= 0:
        raise RpointError("times ascend", found=times_h[:5].tolist())
    if ratio < 0 or seeded < 0:
        raise RpointError(
            "a growth ratio or a number of cells is not negative", found=f"{ratio}, {seeded}"
        )
