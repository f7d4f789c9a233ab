"""Curves of a panel by the engine, and how they change with the coefficients of the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from rpoint.panel.arms import Axis, exposures
from rpoint.panel.cells import handle_rows
from rpoint.panel.coefficients import cells_in, concerns, prior
from rpoint.panel.likelihood import Tables, with_ones
from rpoint.panel.response import GRID, run_curves
from rpoint.panel.traits import Traits

#: Step of a finite difference, in prior standard deviations.
STEP_SD = 0.5


def make_tables(
    found: Traits,
    axes: Sequence[Axis],
    ensemble: Any,
    assay: str,
    beta: Mapping[str, float],
    *,
    slopes: Sequence[str] = (),
    nodes: int = 3,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tables:
    """Curves at `beta`, with derivatives by the coefficients named in `slopes`.

    Parameters
    ----------
    found
        Traits in as many replicates as the ensemble has sets.
    axes
        Axes of exposure.
    assay
        "xenograft" or "line": the window over which growth is averaged.
    beta
        Coefficients of the cells.
    """
    made, grows = _curves(found, axes, ensemble, assay, beta, nodes, jobs)
    derivatives: dict[Axis, dict[str, np.ndarray]] = {axis: {} for axis in axes}
    for count, name in enumerate(name for name in slopes if concerns(assay, name)):
        step = STEP_SD * prior(name).sd
        moved = {**beta, name: beta[name] + step}
        other, _ = _curves(found, axes, ensemble, assay, moved, nodes, jobs)
        for axis in axes:
            slope = (other[axis] - made[axis]) / step
            if np.abs(slope).max() > 1e-6:
                derivatives[axis][name] = slope.astype(np.float32)
        if progress is not None:
            progress(count + 1, len(slopes))
    return Tables(found, made, grows, derivatives, dict(beta))


def _curves(found, axes, ensemble, assay, beta, nodes, jobs):
    rows = handle_rows(found, cells_in(assay, beta))
    points = [point for axis in axes for point in exposures(axis, GRID)]
    run = run_curves(rows, points, ensemble, nodes=nodes, threads=jobs)
    shape, size = (len(found), found.replicates, 4), len(GRID)
    curves = {
        axis: with_ones(run.growth[assay][:, k * size : (k + 1) * size].reshape(*shape, size))
        for k, axis in enumerate(axes)
    }
    grows = np.isfinite(run.untreated) & (run.status == 0)
    return curves, grows.reshape(shape)
