"""Run setups over the ensemble in a few batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rpoint.evidence.conditions import DAYS, LONG_DAYS, Setup
from rpoint.evidence.results import Cells
from rpoint.tumour.cells import run_cells

BATCH = 48  # conditions in one call: long enough for the engine, short enough for a progress bar
NODES = 5  # cell-to-cell nodes


def record_days(setup: Setup) -> tuple[float, ...]:
    """Days that a run of this length records."""
    grid = DAYS if setup.days <= DAYS[-1] else LONG_DAYS
    return tuple(sorted({*(day for day in grid if day <= setup.days), setup.days}))


def batches(setups: Iterable[Setup], first: int = 0, size: int = BATCH) -> Iterator[list[Setup]]:
    """Split setups into runs that share their recorded days and, where possible, their cells.

    Parameters
    ----------
    setups
        Without doubles.
    first
        Number of leading setups that form the first batch by themselves, for an early answer.
    size
        Largest batch.
    """
    ordered = list(dict.fromkeys(setups))
    head, rest = ordered[:first], ordered[first:]
    rest.sort(key=lambda setup: (setup.days, setup.context, setup.genotype, setup.name))
    for part in (head, rest):
        for days in sorted({setup.days for setup in part}):
            same = [setup for setup in part if setup.days == days]
            for start in range(0, len(same), size):
                yield same[start : start + size]


def run_batch(
    cells: Cells, setups: Sequence[Setup], ensemble: object, threads: int | None = None
) -> None:
    """Solve setups and file their courses in `cells`.

    A set that the engine cannot finish is NaN there, which fails every criterion.
    """
    days = record_days(setups[0])
    run = run_cells(
        [setup.condition() for setup in setups],
        ensemble,  # type: ignore[arg-type]
        t_out=days,
        nodes=NODES,
        threads=threads,
    )
    for row, setup in enumerate(setups):
        cells.days[setup] = np.asarray(run.t_d)
        cells.values[setup] = {name: levels[row] for name, levels in run.values.items()}
        cells.failed[setup] = np.asarray(run.status[row]) != 0
