"""Resampled effects of a dose matrix: residuals of wells of like effect, random signs.

With replicates the centre of a well is the mean of its cell, without them a smooth surface (MuSyC,
else ZIP).  A residual is inflated for the degrees of freedom that its centre used.  A well draws
from the `NEIGHBOURS` residuals whose centres are nearest to its own, because plates are noisier at
one end of the scale than at the other, and gives it a random sign.  Source of the residual
bootstrap: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 9.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from rpoint.stats import musyc
from rpoint.stats._synergy_models import Estimates
from rpoint.stats.dose_matrix import DoseMatrix

NEIGHBOURS = 25


@dataclass(frozen=True)
class Noise:
    """Centres of the wells and the residuals to draw from.

    Attributes
    ----------
    kind
        "replicates", "residuals of the MuSyC surface", "residuals of the ZIP surface", "none".
    centre
        (wells,) effects around which is resampled.
    residual
        (residuals,) in the order of their centres.
    window
        (wells,) first residual that each well may draw.
    """

    kind: str
    centre: np.ndarray
    residual: np.ndarray
    window: np.ndarray


def noise_of(matrix: DoseMatrix, found: Estimates) -> Noise:
    """What the plate says of its noise."""
    count = matrix.count[matrix.cell]
    means = found.observed[0][matrix.cell]
    if (count > 1).any():
        many = count > 1
        inflation = np.sqrt(count[many] / (count[many] - 1.0))
        residual = (matrix.effect[many] - means[many]) * inflation
        return _noise("replicates", means, residual, means[many])
    smooth, free, kind = _surface(matrix, found)
    if smooth is None:
        return Noise("none", means, np.zeros(0), np.zeros(0, int))
    known = np.isfinite(smooth)
    wells = int(known.sum())
    inflation = np.sqrt(wells / max(wells - free, 1))
    residual = (matrix.effect[known] - smooth[known]) * inflation
    return _noise(kind, np.where(known, smooth, means), residual, smooth[known])


def _noise(kind: str, centre: np.ndarray, residual: np.ndarray, at: np.ndarray) -> Noise:
    order = np.argsort(at, kind="stable")
    place = np.searchsorted(at[order], centre)
    last = max(len(residual) - NEIGHBOURS, 0)
    window = np.clip(place - NEIGHBOURS // 2, 0, last)
    return Noise(kind, centre, residual[order], window)


def _surface(matrix: DoseMatrix, found: Estimates) -> tuple[np.ndarray | None, int, str]:
    """A smooth effect for every well, its parameters, and what it is."""
    if found.musyc is not None and bool(found.musyc_converged[0]):  # type: ignore[index]
        fitted = musyc.surface(found.musyc, matrix.dose1, matrix.dose2)[0]
        return fitted, 10, "residuals of the MuSyC surface"
    if found.smooth is not None:
        # three parameters for each of the curves both ways, averaged, and seven for the singles
        fitted = np.where(matrix.combined, found.smooth[0], np.nan)[matrix.cell]
        ones, twos = (len(np.unique(d[d > 0])) for d in (matrix.dose1, matrix.dose2))
        return fitted, 3 * (ones + twos) // 2, "residuals of the ZIP surface"
    return None, 0, "none"


def resample(matrix: DoseMatrix, noise: Noise, number: int, seed: int) -> np.ndarray:
    """(number, wells) resampled effects; counts are normalised again to their untreated wells.

    The stream depends on the seed and the two drugs alone, so that one pair gets the same numbers
    whatever else is on the plate.
    """
    draw = stream(seed, matrix.drug1, matrix.drug2)
    shape = (number, len(matrix.effect))
    size = min(NEIGHBOURS, len(noise.residual))
    pick = noise.window + draw.integers(0, size, shape)
    sign = draw.integers(0, 2, shape) * 2 - 1
    return matrix.normalised(noise.centre + sign * noise.residual[pick])


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """A random stream of its own for a seed and a purpose (Philox, keyed by their hash)."""
    text = "|".join(("synergy", str(int(seed)), *purpose))
    key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))
