"""How clones grow together: birth under a capacity, death, and switching between clones.

    Ni' = (g_i(t) c(V) - d_i(t)) Ni + sum_j mu_ij Nj ,   V = sum_i Ni

with c(V) = 1 (exponential), 1 - V/K (logistic) or 1 - ln(V/V0)/ln(K/V0) (Gompertz, V0 = the volume
at which it starts to tell).  The rates g and d come from the cell model on a time grid and are
taken as piecewise linear between its points.  A clone that falls below one cell is extinct.

Not modelled: the time that dead cells need to be cleared, and space within the tumour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from rpoint.errors import RpointError

# Volume of tissue that one tumour cell stands for: 1e8 cells in a cm3 rather than the usual 1e9
# (Del Monte 2009, Cell Cycle 8:505, doi:10.4161/cc.8.3.7608, abstract).  Below it a clone is gone.
CELL_MM3 = 1e-5
LAWS = ("exponential", "logistic", "gompertz")


@dataclass(frozen=True)
class GrowthLaw:
    """The brake that size puts on birth.

    Parameters
    ----------
    law
        "exponential", "logistic" or "gompertz".
    capacity_mm3
        Volume at which birth stops, mm3.
    start_mm3
        Volume below which a Gompertz tumour grows without a brake, mm3.
    """

    law: str = "logistic"
    capacity_mm3: float = 1e4
    start_mm3: float = 1.0

    def __post_init__(self) -> None:
        if self.law not in LAWS:
            from rpoint.errors import unknown_name

            raise unknown_name("growth law", self.law, LAWS)
        if not self.capacity_mm3 > self.start_mm3 > 0:
            raise RpointError(
                "the capacity must exceed the start volume, and both must be positive",
                found=f"capacity {self.capacity_mm3} mm3, start {self.start_mm3} mm3",
            )

    def brake(self, volume: np.ndarray) -> np.ndarray:
        """c(V): the share of the free birth rate that is left at `volume` (mm3), at most 1."""
        if self.law == "exponential":
            return np.ones_like(volume)
        if self.law == "logistic":
            return 1.0 - volume / self.capacity_mm3
        with np.errstate(divide="ignore"):
            used = np.log(np.maximum(volume, 1e-300) / self.start_mm3)
        return 1.0 - np.maximum(used, 0.0) / np.log(self.capacity_mm3 / self.start_mm3)


def grow(
    times_h: np.ndarray,
    division: np.ndarray,
    death: np.ndarray,
    start: np.ndarray,
    *,
    law: GrowthLaw | None = None,
    switching: np.ndarray | None = None,
) -> np.ndarray:
    """Clone sizes on the time grid.

    Parameters
    ----------
    times_h
        (T,) ascending times, h.
    division, death
        (..., C, T) birth and death rate of every clone, 1/h.
    start
        (..., C) volume of every clone at the first time, mm3.
    law
        The brake of size; none (exponential growth) when left out.
    switching
        (C, C) rates mu_ij from clone j to clone i, 1/h; columns sum to zero.

    Returns
    -------
    numpy.ndarray
        (..., C, T) volumes, mm3.

    Notes
    -----
    Strang splitting: half a step of switching (matrix exponential, exact), one step of growth,
    half a step of switching.  A growth step is exact without a brake; with one it takes the brake
    at the mean volume of an explicit step, then corrects once (second order).
    """
    times_h = np.asarray(times_h, dtype=float)
    steps = np.diff(times_h)
    if steps.size and steps.min() <= 0:
        raise ValueError("times must ascend")
    law = law or GrowthLaw("exponential")
    half = _half_step(switching, steps)
    size = np.array(start, dtype=float)
    sizes = np.empty(size.shape + times_h.shape)
    sizes[..., 0] = size
    for k, step in enumerate(steps):
        births = 0.5 * step * (division[..., k] + division[..., k + 1])
        deaths = 0.5 * step * (death[..., k] + death[..., k + 1])
        mixed = size if half is None else size @ half[step].T
        grown = growth_step(mixed, births, deaths, law)
        size = grown if half is None else grown @ half[step].T
        size = np.where(size < CELL_MM3, 0.0, size)
        sizes[..., k + 1] = size
    return sizes


def _half_step(switching: np.ndarray | None, steps: np.ndarray) -> dict[float, np.ndarray] | None:
    """exp(mu step/2) for every distinct step."""
    if switching is None:
        return None
    switching = np.asarray(switching, dtype=float)
    if not np.allclose(switching.sum(axis=0), 0.0, atol=1e-12):
        raise ValueError("the columns of a switching matrix must sum to zero: no cell is lost")
    return {step: expm(0.5 * step * switching) for step in np.unique(steps)}


def growth_step(
    size: np.ndarray, births: np.ndarray, deaths: np.ndarray, law: GrowthLaw
) -> np.ndarray:
    """One step of birth and death; `births` and `deaths` are rate times step, (..., C)."""
    if law.law == "exponential":
        return size * np.exp(births - deaths)
    before = law.brake(size.sum(axis=-1, keepdims=True))
    guess = size * np.exp(births * before - deaths)
    for _ in range(2):
        after = law.brake(guess.sum(axis=-1, keepdims=True))
        guess = size * np.exp(births * 0.5 * (before + after) - deaths)
    return guess


def in_vivo_scale(
    doubling_time_d: np.ndarray | float,
    division: np.ndarray,
    death: np.ndarray,
    cell_loss: np.ndarray | float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """How the rates of cells in culture become those of cells in a tumour.

    A tumour doubles in weeks to months while its cells in culture double in a day or two: cells in
    a tumour cycle more slowly, and many are lost (to necrosis, shedding, the host).  With the
    doubling time Td, the untreated rates g0 and d0 of the cell model and Steel's cell-loss factor
    phi (cells lost over cells born):

        s = ln2 / (Td g0 (1 - phi)) ,  loss = s (phi g0 - d0) ,  g = s g_cell ,  d = s d_cell + loss

    so that the untreated tumour doubles in Td whatever phi is.  A phi below d0/g0 is raised to it
    (loss = 0: only the clock changes), since cells that die in culture die in a tumour too.

    Parameters
    ----------
    doubling_time_d
        Doubling time of the untreated tumour, d.
    division, death
        Rates of the untreated cells, 1/h; division must exceed death.
    cell_loss
        phi, in [0, 1).

    Returns
    -------
    scale, loss_per_h
        s (dimensionless) and the extra loss rate, 1/h.

    Raises
    ------
    RpointError
        If untreated cells do not grow: then no doubling time can be given to the tumour.
    """
    phi = np.asarray(cell_loss, dtype=float)
    if not ((phi >= 0) & (phi < 1)).all():
        raise RpointError("a cell-loss factor lies in [0, 1)", found=cell_loss)
    born, dead = np.asarray(division, dtype=float), np.asarray(death, dtype=float)
    if not (born > dead).all():
        raise RpointError(
            "untreated cells of this genotype do not grow in some parameter sets",
            found=f"{int((~(born > dead)).sum())} of {born.size}",
            mend="leave those sets out, or choose a genotype that proliferates",
        )
    phi = np.maximum(phi, dead / born)
    target = np.log(2.0) / (24.0 * np.asarray(doubling_time_d, dtype=float))
    scale = target / ((1.0 - phi) * born)
    return scale, scale * (phi * born - dead)


def replated_folds(
    month_days: float,
    months: int,
    rates: np.ndarray,
    start: np.ndarray,
    switching: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Cells kept in culture and re-plated every month: fold in each month, and the mix at its end.

    Re-plating takes a random sample, so it changes numbers and not the mix.

    Parameters
    ----------
    month_days
        Days between re-platings.
    months
        Number of months.
    rates
        (..., C) constant net rates of the clones, 1/h.
    start
        (..., C) mix at the start (sums to 1).
    switching
        (..., C, C) switching rates, 1/h; columns sum to zero.

    Returns
    -------
    folds, mixes
        (..., months) and (..., months, C).
    """
    generator = switching + rates[..., :, None] * np.eye(rates.shape[-1])
    month = expm(generator * 24.0 * month_days)
    mix = np.broadcast_to(start, rates.shape).astype(float)
    folds, mixes = [], []
    for _ in range(months):
        grown = (month @ mix[..., None])[..., 0]
        fold = grown.sum(axis=-1)
        mix = grown / fold[..., None]
        folds.append(fold)
        mixes.append(mix)
    return np.stack(folds, axis=-1), np.stack(mixes, axis=-2)
