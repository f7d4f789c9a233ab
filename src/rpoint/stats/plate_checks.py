"""What is wrong with a dose matrix, or limits what can be said from it; nothing is corrected."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rpoint.stats.dose_matrix import DoseMatrix
from rpoint.stats.hill import FEWEST_DOSES

FEW_DOSES = 4  # fewer positive doses leave no error degree of freedom for a curve
OUTSIDE = 0.1  # an effect this far outside the scale is reported
BASELINE = 0.05  # an untreated effect this far from 0 is reported
DROP = 0.15  # a fall of a single curve with dose, if no replicates tell the noise
FALL_SD = 3.0  # standard errors of a difference that a fall must exceed
COLUMNS = ["check", "level", "text"]


def check_matrix(matrix: DoseMatrix) -> pd.DataFrame:
    """Every finding about a dose matrix.

    Returns
    -------
    pandas.DataFrame
        check (name), level ("serious": a model cannot be made; "warning"; "note"), text.
    """
    found: list[tuple[str, str, str]] = []
    noise = replicate_sd(matrix)
    for place in (1, 2):
        found += _alone(matrix, place)
        found += _shape(matrix, place, noise)
    found += _grid(matrix) + _range(matrix) + _untreated(matrix) + _noise(matrix, noise)
    return pd.DataFrame(found, columns=COLUMNS)


def replicate_sd(matrix: DoseMatrix) -> float:
    """The pooled standard deviation of replicates, in effect; NaN without any."""
    count = matrix.count
    free = int((count - 1).sum())
    if free == 0:
        return float("nan")
    error = matrix.effect - matrix.means()[0][matrix.cell]
    return float(np.sqrt((error**2).sum() / free))


def single_doses(matrix: DoseMatrix, place: int) -> np.ndarray:
    """The positive doses at which drug `place` (1 or 2) was given alone."""
    mine, other = _doses(matrix, place)
    return mine[(other == 0) & (mine > 0)]


def _doses(matrix: DoseMatrix, place: int) -> tuple[np.ndarray, np.ndarray]:
    pair = (matrix.cell_dose1, matrix.cell_dose2)
    return pair if place == 1 else (pair[1], pair[0])


def _alone(matrix: DoseMatrix, place: int) -> list[tuple[str, str, str]]:
    drug = (matrix.drug1, matrix.drug2)[place - 1]
    mine, other = _doses(matrix, place)
    used = np.unique(mine[(mine > 0) & (other > 0)])
    alone = single_doses(matrix, place)
    missing = np.setdiff1d(used, alone)
    if not len(alone):
        text = f"no well holds {drug} alone: Bliss, HSA, Loewe, ZIP and MuSyC cannot be made"
        return [("monotherapy", "serious", text)]
    found = []
    if len(missing):
        doses = ", ".join(f"{dose:g}" for dose in missing)
        text = f"{drug} alone was not tested at {doses}: no Bliss or HSA value there"
        found.append(("monotherapy", "warning", text))
    if len(alone) < FEWEST_DOSES:
        text = f"{drug} alone was tested at {len(alone)} doses, a curve needs {FEWEST_DOSES}"
        found.append(("doses", "serious", text + ": no Loewe, ZIP or MuSyC"))
    elif len(alone) < FEW_DOSES:
        text = f"{drug} alone was tested at {len(alone)} doses: its curve is drawn through them all"
        found.append(("doses", "warning", text))
    return found


def _shape(matrix: DoseMatrix, place: int, noise: float) -> list[tuple[str, str, str]]:
    """Falls of a single curve with dose."""
    drug = (matrix.drug1, matrix.drug2)[place - 1]
    mine, other = _doses(matrix, place)
    cells = np.flatnonzero(other == 0)
    cells = cells[np.argsort(mine[cells])]
    if len(cells) < 3:
        return []
    mean, count = matrix.means()[0][cells], matrix.count[cells]
    top = np.maximum.accumulate(mean)
    fall = top - mean
    worst = int(np.argmax(fall))
    peak = int(np.argmax(mean[: worst + 1]))
    limit = DROP
    if np.isfinite(noise):
        limit = max(FALL_SD * noise * np.sqrt(1 / count[worst] + 1 / count[peak]), 0.05)
    if fall[worst] <= limit:
        return []
    doses = mine[cells]
    text = (
        f"the effect of {drug} alone falls from {mean[peak]:.2f} at {doses[peak]:g} to "
        f"{mean[worst]:.2f} at {doses[worst]:g}: a Hill curve does not fit that"
    )
    return [("not monotone", "warning", text)]


def _grid(matrix: DoseMatrix) -> list[tuple[str, str, str]]:
    ones = np.unique(matrix.cell_dose1[matrix.combined])
    twos = np.unique(matrix.cell_dose2[matrix.combined])
    missing = len(ones) * len(twos) - int(matrix.combined.sum())
    if not missing:
        return []
    text = f"{missing} of {len(ones) * len(twos)} cells of the grid have no well"
    return [("grid", "note", text)]


def _range(matrix: DoseMatrix) -> list[tuple[str, str, str]]:
    outside = (matrix.effect < -OUTSIDE) | (matrix.effect > matrix.top + OUTSIDE)
    if not outside.any():
        return []
    low, high = matrix.effect.min(), matrix.effect.max()
    text = (
        f"{int(outside.sum())} of {len(outside)} wells lie more than {OUTSIDE:g} outside 0 to "
        f"{matrix.top:g} (effects from {low:.2f} to {high:.2f}); they are used as they are"
    )
    return [("outside 0 to 1", "warning", text)]


def _untreated(matrix: DoseMatrix) -> list[tuple[str, str, str]]:
    untreated = matrix.effect[(matrix.dose1 == 0) & (matrix.dose2 == 0)]
    if not len(untreated):
        return [("untreated", "warning", "no untreated well: the effect without drugs is fitted")]
    mean = float(untreated.mean())
    if abs(mean) <= BASELINE:
        return []
    text = f"the untreated wells have a mean effect of {mean:.2f}, not 0: is it normalised to them?"
    return [("untreated", "warning", text)]


def _noise(matrix: DoseMatrix, noise: float) -> list[tuple[str, str, str]]:
    if not np.isfinite(noise):
        text = (
            "no replicates: the noise is taken from the residuals of a smooth surface, and the "
            "intervals of MuSyC parameters are somewhat too narrow"
        )
        return [("replicates", "warning", text)]
    if noise == 0:
        return [("replicates", "warning", "all replicates are identical: intervals have no width")]
    text = f"standard deviation of replicates {noise:.3f}"
    return [("replicates", "warning" if noise > 0.15 else "note", text)]
