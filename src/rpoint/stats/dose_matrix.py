"""`DoseMatrix`: the wells of two drugs as effects, and their means on the grid of doses.

All scores are made on the effect, which is 0 without a drug and grows with it: inhibition, 1 -
viability, 1 - count / untreated count, or 1 - GR.  So a positive excess always means more effect
than expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.stats.plate import Plate

EFFECT = {
    "inhibition": "inhibition (0 untreated, 1 nothing left)",
    "viability": "inhibition = 1 - viability (0 untreated, 1 nothing left)",
    "count": "inhibition = 1 - count / untreated count of the block (1 nothing left)",
    "gr": "1 - GR (0 untreated, 1 growth stopped, 2 all cells killed at once)",
}
TOP = {"inhibition": 1.0, "viability": 1.0, "count": 1.0, "gr": 2.0}  # the largest possible effect


@dataclass(frozen=True, repr=False)
class DoseMatrix:
    """Two drugs on a grid of doses.

    Attributes
    ----------
    drug1, drug2, unit1, unit2
        Names and units.
    response
        What was measured.
    dose1, dose2
        (wells,) doses.
    effect
        (wells,) effect; for counts over the untreated wells of the block.
    block
        (wells,) number of the block.
    cell
        (wells,) number of the cell of each well.
    cell_dose1, cell_dose2
        (cells,) doses, in the order of dose1, then dose2.
    """

    drug1: str
    drug2: str
    unit1: str
    unit2: str
    response: str
    dose1: np.ndarray
    dose2: np.ndarray
    effect: np.ndarray
    block: np.ndarray
    cell: np.ndarray
    cell_dose1: np.ndarray
    cell_dose2: np.ndarray

    @property
    def scale(self) -> str:
        """The effect in words."""
        return EFFECT[self.response]

    @property
    def top(self) -> float:
        """The largest effect that the scale allows."""
        return TOP[self.response]

    @property
    def count(self) -> np.ndarray:
        """(cells,) wells of each cell."""
        return np.bincount(self.cell, minlength=len(self.cell_dose1))

    @property
    def combined(self) -> np.ndarray:
        """(cells,) whether both drugs are in."""
        return (self.cell_dose1 > 0) & (self.cell_dose2 > 0)

    def means(self, effects: np.ndarray | None = None) -> np.ndarray:
        """(batch, cells) means of (batch, wells) effects; of the measured ones without any."""
        values = np.atleast_2d(self.effect if effects is None else effects)
        share = np.zeros((len(self.cell), len(self.cell_dose1)))
        share[np.arange(len(self.cell)), self.cell] = 1.0 / self.count[self.cell]
        return values @ share

    def alone(self) -> tuple[np.ndarray, np.ndarray]:
        """(cells,) twice: the cell with only drug 1 (drug 2) at the cell's dose; -1 if missing."""
        ones, twos = self.cell_dose1.tolist(), self.cell_dose2.tolist()
        place = {doses: k for k, doses in enumerate(zip(ones, twos))}
        first = [place.get((a, 0.0), -1) for a in ones]
        second = [place.get((0.0, b), -1) for b in twos]
        return np.array(first), np.array(second)

    def normalised(self, effects: np.ndarray) -> np.ndarray:
        """(batch, wells) effects over their own untreated wells, if the response is a count."""
        if self.response != "count":
            return effects
        left = 1.0 - effects
        untreated = (self.dose1 == 0) & (self.dose2 == 0)
        for block in np.unique(self.block):
            mine = self.block == block
            base = left[:, mine & untreated].mean(axis=1, keepdims=True)
            left[:, mine] /= np.where(base > 0, base, np.nan)
        return 1.0 - left

    def to_frame(self) -> pd.DataFrame:
        """One row a cell: dose1, dose2, n, effect (mean), sd."""
        spread = pd.Series(self.effect).groupby(self.cell).std(ddof=1)
        return pd.DataFrame(
            {
                "dose1": self.cell_dose1,
                "dose2": self.cell_dose2,
                "n": self.count,
                "effect": self.means()[0],
                "sd": spread.to_numpy(),
            }
        )

    def __repr__(self) -> str:
        ones, twos = len(np.unique(self.dose1)), len(np.unique(self.dose2))
        pair = f"{self.drug1} ({self.unit1}) + {self.drug2} ({self.unit2})"
        return f"<DoseMatrix of {pair}: {ones} x {twos} doses, {len(self.effect)} wells>"


def dose_matrix(plate: Plate, drug1: str, drug2: str) -> DoseMatrix:
    """The dose matrix of one pair of a plate.

    Raises
    ------
    RpointError
        If the plate lacks the pair, has no well with both drugs, or a block of counts has no
        untreated well with cells.
    """
    wells = plate.pair(drug1, drug2)
    one, two = wells["dose1"].to_numpy(float), wells["dose2"].to_numpy(float)
    if not ((one > 0) & (two > 0)).any():
        raise RpointError(
            "no well holds both drugs", where=plate.where, found=f"{drug1} + {drug2}"
        )
    block = pd.factorize(wells["block"])[0]
    effect = _effect(plate, wells, one, two, block)
    grid, cell = np.unique(np.column_stack([one, two]), axis=0, return_inverse=True)
    units = [_unit(wells, place) for place in (1, 2)]
    return DoseMatrix(
        drug1, drug2, units[0], units[1], plate.response, one, two, effect, block,
        cell.reshape(-1), grid[:, 0], grid[:, 1],
    )  # fmt: skip


def _unit(wells: pd.DataFrame, place: int) -> str:
    used = wells.loc[wells[f"dose{place}"] > 0, f"unit{place}"]
    return str(used.iloc[0])


def _effect(plate: Plate, wells: pd.DataFrame, one, two, block) -> np.ndarray:
    value = wells["response"].to_numpy(float)
    if plate.response == "inhibition":
        return value
    if plate.response in ("viability", "gr"):
        return 1.0 - value
    untreated = (one == 0) & (two == 0)
    effect = np.empty_like(value)
    for k in np.unique(block):
        base = value[(block == k) & untreated]
        if not len(base) or base.mean() <= 0:
            raise RpointError(
                "counts need untreated wells with cells in every block",
                where=plate.where,
                found=f"none in block {wells['block'].iloc[int(np.argmax(block == k))]}",
                mend="add the wells with dose1 = dose2 = 0, or give viability",
            )
        effect[block == k] = 1.0 - value[block == k] / base.mean()
    return effect
