"""The figures of a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpoint.plots import Figure
from rpoint.plots import tumour as plots

if TYPE_CHECKING:
    from rpoint.tumour.result import Simulation

LABELS = {
    "CycD_total": "cyclin D1",
    "free_CIP": "free p21 + p27",
    "CDK2_active": "active cyclin E:CDK2",
    "RB_phospho": "RB phosphorylated",
    "p53_active": "active p53",
    "p21_total": "p21, total",
}


class Plots:
    """Figures of one simulation; every method returns a `Figure` with `.save(path)`."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def __call__(self) -> Figure:
        return self.size()

    def size(self) -> Figure:
        """Change of the sum of diameters in every arm."""
        run = self._simulation
        table = plots.band_table(run.change, run.days, list(run.arms))
        return plots.size_curves(table, self._title("tumour size"), run.cite())

    def nodes(self, days: float = 56.0) -> Figure:
        """Daily means of read-outs of the cells in every arm, as fold of the untreated cell.

        Parameters
        ----------
        days
            How much of the treatment to show, d.
        """
        run = self._simulation
        per_day = round(24.0 / float(run.courses.times_h[1]))
        whole = int(min(days, run.days[-1])) * per_day
        middle = run.days[: whole + 1].astype(int)[:-1:per_day] + 0.5
        lead = int(np.argmax(run.tumour.fractions))
        tables = []
        for name, label in LABELS.items():
            course = run.courses.nodes[name][:, :, lead]
            fold = course / self._rest(name, lead)[:, None, None]
            mean = 0.5 * (fold[..., :whole] + fold[..., 1 : whole + 1])
            mean = mean.reshape(*mean.shape[:2], -1, per_day).mean(axis=-1)
            table = plots.band_table(mean, middle, list(run.arms))
            tables.append(table.assign(node=label))
        table = pd.concat(tables, ignore_index=True)
        return plots.node_courses(table, self._title("read-outs of the cells"), run.cite())

    def _rest(self, name: str, clone: int) -> np.ndarray:
        """(n,) untreated level: every course starts from it."""
        return np.maximum(self._simulation.courses.nodes[name][:, 0, clone, 0], 1e-9)

    def _title(self, what: str) -> str:
        run = self._simulation
        parts = [run.tumour.kind, *run.tumour.alterations]
        return f"{', '.join(parts)}: {what}, {len(run.subjects)} virtual patients"

    def __repr__(self) -> str:
        return "<figures: size(), nodes()>"
