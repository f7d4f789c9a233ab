"""Dose-response curves of many cells: the cell model over genotypes, parameter sets and doses.

A row is one cell population: handles of the cell model and a parameter set of the ensemble.  Rates
are means over the cell-to-cell nodes.  A curve is the mean net growth over a window after the start
of a constant exposure, over the net growth of the same untreated cells; it is tabulated once on a
grid of doses, so that exposure, its uncertainty and hidden differences between tumours are moves
along the curve that cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rpoint.biology import INPUTS, cell_sbml, parameters
from rpoint.engine import compile_model
from rpoint.errors import unknown_name
from rpoint.tumour.cells import EQUILIBRATION_H, VARYING, node_factors

#: Doses of a curve, as occupancy numbers c = Cu / K (0.1 ... 3162, half a decade apart).
GRID = 0.1 * 10.0 ** (0.5 * np.arange(10))
#: Windows over which growth is averaged, days: a growth assay of lines, a xenograft to day 21.
WINDOWS_D = {"line": 3.0, "xenograft": 21.0}
_TIMES_D = np.array([0.5, 1.0, 2.0, 3.0, 6.0, 10.0, 15.0, 21.0])
RTOL = 1e-4
CHUNK = 24_000  # lanes of one call of the engine
#: Relative growth is kept within these bounds: over the slowest untreated cells it has no end.
GROWTH_LIMITS = (-3.0, 1.5)
#: Untreated cells slower than this share of the ensemble's median do not count as growing.
SLOWEST = 0.05


@dataclass(frozen=True)
class Rows:
    """Cell populations to run.

    Attributes
    ----------
    sets
        (R,) row of the ensemble.
    handles
        Input of the cell model -> (R,) values.
    """

    sets: np.ndarray
    handles: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.sets)

    def unique(self) -> tuple[Rows, np.ndarray]:
        """Distinct rows, and for every row the index of its like."""
        names = list(self.handles)
        table = np.column_stack([self.sets, *(self.handles[name] for name in names)])
        kept, where = np.unique(table, axis=0, return_inverse=True)
        handles = {name: kept[:, k + 1] for k, name in enumerate(names)}
        return Rows(kept[:, 0].astype(int), handles), where.ravel()


@dataclass(frozen=True)
class Curves:
    """What the rows do under each exposure.

    Attributes
    ----------
    untreated
        (R,) net growth rate without a drug, 1/h; NaN where the cells do not grow.
    growth
        Window ("line", "xenograft") -> (R, E) growth under exposure over `untreated`.
    status
        (R,) worst status of the engine; 0 is good.
    """

    untreated: np.ndarray
    growth: Mapping[str, np.ndarray]
    status: np.ndarray

    def take(self, where: np.ndarray) -> Curves:
        """The curves of the rows `where`."""
        return Curves(
            self.untreated[where],
            {name: table[where] for name, table in self.growth.items()},
            self.status[where],
        )


def run_curves(
    rows: Rows,
    exposures: Sequence[Mapping[str, float | np.ndarray]],
    ensemble: Any,
    *,
    nodes: int = 3,
    threads: int | None = None,
    progress: Any = None,
) -> Curves:
    """Run every row under every exposure.

    Parameters
    ----------
    rows
        Cells.
    exposures
        Inputs of the cell model ("c_CDK4" ...) held from the start of treatment, E of them; every
        level is one number, or (R,) of them.
    ensemble
        Parameter sets (`rpoint.calibrate.ensemble.Ensemble`).
    nodes
        Cell-to-cell nodes: 1, 3 or 5.
    threads
        Threads of the engine; all when left out.
    progress
        Called with (rows done, rows).
    """
    own_levels = any(np.ndim(level) for exposure in exposures for level in exposure.values())
    distinct, where = (rows, np.arange(len(rows))) if own_levels else rows.unique()
    step = max(1, CHUNK // (nodes * max(1, len(exposures))))
    parts = []
    for first in range(0, len(distinct), step):
        part = slice(first, first + step)
        chunk = Rows(distinct.sets[part], {k: v[part] for k, v in distinct.handles.items()})
        levels = [
            {k: np.asarray(v)[part] if np.ndim(v) else v for k, v in e.items()} for e in exposures
        ]
        parts.append(_run_chunk(chunk, levels, ensemble, nodes, threads))
        if progress is not None:
            progress(min(first + step, len(distinct)), len(distinct))
    return _joined(parts).take(where)


def _joined(parts: list[Curves]) -> Curves:
    untreated = np.concatenate([part.untreated for part in parts])
    slow = untreated < SLOWEST * np.nanmedian(untreated)
    return Curves(
        np.where(slow, np.nan, untreated),
        {name: np.concatenate([part.growth[name] for part in parts]) for name in WINDOWS_D},
        np.concatenate([part.status for part in parts]),
    )


def _run_chunk(rows: Rows, exposures, ensemble, nodes: int, threads) -> Curves:
    """Rest, then treatment from there."""
    lanes = _lanes(rows, ensemble, nodes)
    rest, n_states = _rest_model()
    shape = (len(rows), nodes)
    calm = rest.solve(
        {name: values.ravel() for name, values in lanes.items()},
        [EQUILIBRATION_H],
        rtol=RTOL,
        atol=RTOL * 1e-3,
        threads=threads,
    )
    final = calm.values[:, 0, :].reshape(*shape, -1)
    base = final[..., n_states].mean(axis=1)
    status = calm.status.reshape(shape).max(axis=1)
    growth = {name: np.ones((len(rows), len(exposures))) for name in WINDOWS_D}
    treated, worst = _treat(rows, lanes, final[..., :n_states], exposures, nodes, threads)
    for name, days in WINDOWS_D.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = _mean_to(treated, base, days) / base[:, None]
            growth[name] = np.clip(ratio, *GROWTH_LIMITS)
    return Curves(base, growth, np.maximum(status, worst))


def _lanes(rows: Rows, ensemble, nodes: int) -> dict[str, np.ndarray]:
    """Parameters (R, nodes) of untreated cells."""
    table = ensemble.parameters
    own = {name: table[name].to_numpy(float)[rows.sets] for name in table.columns}
    shape = (len(rows), nodes)
    lanes = {name: np.broadcast_to(v[:, None], shape).copy() for name, v in own.items()}
    lanes |= {name: factor.copy() for name, factor in node_factors(own, nodes).items()}
    for name, values in rows.handles.items():
        if name not in INPUTS and name not in parameters():
            raise unknown_name("handle of the cell model", name, INPUTS)
        if name in VARYING:
            lanes[name] *= values[:, None]
        else:
            lanes[name] = np.broadcast_to(values[:, None], shape).copy()
    return lanes


def _treat(rows, lanes, states, exposures, nodes, threads) -> tuple[np.ndarray, np.ndarray]:
    """Net rates (R, E, T), mean over nodes, and the worst status (R,)."""
    count = len(exposures)
    shape = (len(rows), count, nodes)
    if not count:
        return np.empty((len(rows), 0, len(_TIMES_D))), np.zeros(len(rows), int)

    def spread(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values[:, None], shape).ravel()

    table = {name: spread(values) for name, values in lanes.items()}
    for name in dict.fromkeys(n for exposure in exposures for n in exposure):
        given = [exposure.get(name, INPUTS[name]) for exposure in exposures]
        levels = np.stack([np.broadcast_to(level, len(rows)) for level in given], axis=1)
        table[name] = np.broadcast_to(levels[:, :, None], shape).ravel()
    run = _net_model().solve(
        table,
        _TIMES_D * 24.0,
        initial=np.broadcast_to(states[:, None], (*shape, states.shape[-1])).reshape(
            -1, states.shape[-1]
        ),
        rtol=RTOL,
        atol=RTOL * 1e-3,
        threads=threads,
    )
    net = run.values[..., 0].reshape(*shape, len(_TIMES_D)).mean(axis=2)
    return net, run.status.reshape(shape).max(axis=(1, 2))


def _mean_to(net: np.ndarray, base: np.ndarray, days: float) -> np.ndarray:
    """Mean net rate from 0 to `days`, (R, E); trapezia, starting from the untreated rate."""
    keep = _TIMES_D <= days + 1e-9
    times = np.concatenate([[0.0], _TIMES_D[keep]])
    start = np.broadcast_to(base[:, None, None], (*net.shape[:2], 1))
    course = np.concatenate([start, net[..., keep]], axis=-1)
    return np.trapezoid(course, times, axis=-1) / times[-1]


@lru_cache(maxsize=1)
def _rest_model():
    states = compile_model(cell_sbml()).states
    return compile_model(cell_sbml(), observables=(*states, "net_rate")), len(states)


@lru_cache(maxsize=1)
def _net_model():
    return compile_model(cell_sbml(), observables=("net_rate",))
