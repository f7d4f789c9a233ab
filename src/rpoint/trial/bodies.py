"""Bodies of tumour: target lesions, and all non-target disease as one more, day by day.

A body holds two clones: most of its cells, and the resistant clone.  They share one brake of size.
"""

from __future__ import annotations

import numpy as np

from rpoint.tumour.growth import CELL_MM3, in_vivo_scale
from rpoint.tumour.sizes import host_law

HOURS = 24.0
LEAST_ROOM = 10.0  # capacity over the volume at entry, at least


class Bodies:
    """Volumes of every body of every patient.

    Parameters
    ----------
    start_mm3
        (n, B) volumes at the first dose; 0 where there is no body.
    shares
        (n, B) share of the resistant clone.
    doubling_d
        (n, B) doubling times of the untreated bodies, d.
    cell_loss
        (n,) Steel's cell-loss factor.
    untreated
        (n, 2) division and death rate of most cells without a drug, in culture, 1/h.
    days
        How many days there is room for.
    """

    def __init__(self, start_mm3, shares, doubling_d, cell_loss, untreated, days: int) -> None:
        there = start_mm3 > 0
        born, dead = untreated[:, :1], untreated[:, 1:]
        grows = (born > dead)[:, 0]
        self.scale = np.full(start_mm3.shape, np.nan)
        self.loss = np.full(start_mm3.shape, np.nan)
        if grows.any():
            self.scale[grows], self.loss[grows] = in_vivo_scale(
                np.where(there, doubling_d, 1.0)[grows],
                born[grows],
                dead[grows],
                np.asarray(cell_loss)[grows, None],
            )
        self.grows = grows
        self.clones = np.stack([start_mm3 * (1.0 - shares), start_mm3 * shares], axis=-1)
        self.volume = np.zeros((*start_mm3.shape, days + 1), np.float32)
        self.volume[..., 0] = start_mm3
        self.resistant = np.zeros((len(start_mm3), days + 1), np.float32)
        self.resistant[:, 0] = _share(self.clones)
        # A brake on births that tells at entry would let an untreated tumour with much cell loss
        # shrink: room is left for tenfold growth.
        self.room = np.maximum(host_law("patient").capacity_mm3, LEAST_ROOM * start_mm3)

    def advance(
        self,
        rows: np.ndarray,
        first_day: int,
        division: np.ndarray,
        death: np.ndarray,
        kill: np.ndarray | None = None,
    ) -> None:
        """Grow some patients' bodies over some days.

        Parameters
        ----------
        rows
            Positions of the patients.
        first_day
            First day of the stage.
        division, death
            (rows, 2, days) daily means of the clones' rates in culture, 1/h.
        kill
            (rows, days) further death rate of both clones in the tumour, 1/h.
        """
        size = self.clones[rows]
        scale, loss = self.scale[rows][..., None], self.loss[rows][..., None]
        room = self.room[rows][..., None]
        for k in range(division.shape[2]):
            births = HOURS * scale * division[:, None, :, k]
            deaths = HOURS * (scale * death[:, None, :, k] + loss)
            if kill is not None:
                deaths = deaths + HOURS * kill[:, None, None, k]
            size = _step(size, births, deaths, room)
            size = np.where(size < CELL_MM3, 0.0, size)
            self.volume[rows, :, first_day + k + 1] = size.sum(axis=-1)
            self.resistant[rows, first_day + k + 1] = _share(size)
        self.clones[rows] = size


def _step(size, births, deaths, room) -> np.ndarray:
    """One day of birth and death under a logistic brake, second order in the brake."""
    before = 1.0 - size.sum(axis=-1, keepdims=True) / room
    guess = size * np.exp(births * before - deaths)
    after = 1.0 - guess.sum(axis=-1, keepdims=True) / room
    return size * np.exp(births * 0.5 * (before + after) - deaths)


def _share(clones: np.ndarray) -> np.ndarray:
    """(n,) share of the resistant clone in all bodies."""
    total = clones.sum(axis=(1, 2))
    return np.divide(clones[..., 1].sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
