"""Run the cell model over conditions x parameter sets x cell-to-cell nodes.

A condition is a cell (context, genotype) and what is done to it. Every cell is first brought to its
own untreated steady state; the treatment starts at t = 0. Cells of one population differ in the
mitogen they see and in the p21 they make (log-normal, equal-probability quantile nodes), and rates
are averaged over them, because one bistable switch would turn every graded effect into all or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from rpoint.biology import INPUTS, NODES, cell_sbml, contexts, parameters
from rpoint.errors import RpointError, unknown_name

if TYPE_CHECKING:
    from rpoint.calibrate.ensemble import Ensemble

#: Hours of untreated growth before t = 0.
EQUILIBRATION_H = 1000.0

OBSERVABLES = (
    "net_rate", "division_rate", "death_rate", "S_phase", "senescence", "p53_total", "p53_active",
    "MDM2_total", "p21_mRNA", "p21_total", "p27_total", "free_p21", "free_p27", "free_CIP",
    "CycD_total", "CIP_on_CycD", "CIP_in_CycD_share", "CDK2_active", "CDK2_active_fraction",
    "CycE_total", "CDK46_activity", "RB_phospho", "ppRB", "E2F_free", "E2F_signal", "AURKA",
    "pAKT", "AKT_signal", "AKT_active", "FOXO", "ERK", "ERK_signal", "MYC", "MYC_signal",
    "ER_active", "death_prime", "cycle_drive",
)  # fmt: skip


Pairs = tuple[tuple[str, float], ...]
CellKey = tuple[Pairs, Pairs]


@dataclass(frozen=True)
class Condition:
    """A cell and its treatment.

    Parameters
    ----------
    name : str
        Unique name in a run.
    genotype : mapping
        Handles ``g_*`` and inputs set from the start; the untreated state is that of this cell.
    treatment : mapping
        Inputs set at t = 0 (occupancies ``c_*``, ``in_*``); a number, or one per parameter set.
    scale : mapping
        Factors on parameters, from the start (physics variants, knock-downs).
    clamp : mapping
        Node -> ``"vehicle"`` (its own untreated level) or a level in its unit; from t = 0.
    days : float
        Length of the treatment.
    context : str
        Name in :func:`rpoint.biology.contexts`.
    """

    name: str
    genotype: Mapping[str, float] = field(default_factory=dict)
    treatment: Mapping[str, Any] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    clamp: Mapping[str, float | str] = field(default_factory=dict)
    days: float = 21.0
    context: str = "reference"

    def __post_init__(self) -> None:
        if self.context not in contexts():
            raise unknown_name("context", self.context, contexts())
        for name in (*self.genotype, *self.treatment):
            if name not in INPUTS and name not in parameters():
                raise unknown_name("input of the cell model", name, INPUTS)
        for name in self.scale:
            if name not in parameters():
                raise unknown_name("parameter of the cell model", name, parameters())
        for name in self.clamp:
            if name not in NODES:
                raise unknown_name("node", name, NODES)

    @property
    def cell(self) -> CellKey:
        """Inputs and factors of the untreated cell, as a hashable key."""
        inputs = {**contexts()[self.context], **self.genotype}
        return tuple(sorted(inputs.items())), tuple(sorted(self.scale.items()))


@dataclass(frozen=True)
class CellRun:
    """Population averages of a run.

    Attributes
    ----------
    conditions : tuple of Condition
    t_d : ndarray, shape (T,)
        Days after the start of treatment.
    values : dict
        Observable -> array (conditions, sets, T).
    status : ndarray, shape (conditions, sets)
        Worst engine status over the nodes; 0 is good.
    """

    conditions: tuple[Condition, ...]
    t_d: np.ndarray
    values: Mapping[str, np.ndarray]
    status: np.ndarray

    def __getitem__(self, observable: str) -> np.ndarray:
        if observable not in self.values:
            raise unknown_name("observable", observable, self.values)
        return self.values[observable]

    def index(self, name: str) -> int:
        """Row of a condition."""
        names = [c.name for c in self.conditions]
        if name not in names:
            raise unknown_name("condition", name, names)
        return names.index(name)

    def at(self, observable: str, name: str, day: float | None = None) -> np.ndarray:
        """Values of every parameter set at a day (default: the condition's last), shape (sets,)."""
        i = self.index(name)
        day = self.conditions[i].days if day is None else day
        j = int(np.argmin(np.abs(self.t_d - day)))
        if abs(self.t_d[j] - day) > 1e-6:
            raise RpointError(
                f"Day {day:g} was not recorded in this run; recorded: "
                f"{', '.join(f'{t:g}' for t in self.t_d)}. Ask for it in t_out."
            )
        return self[observable][i, :, j]

    def series(self, observable: str, name: str) -> np.ndarray:
        """Time course of a condition, shape (sets, T)."""
        return self[observable][self.index(name)]


@lru_cache(maxsize=4)
def cell_model(observables: tuple[str, ...] = OBSERVABLES):
    """Compiled cell model, with states after the observables."""
    from rpoint.engine import compile_model

    return compile_model(cell_sbml(), observables=observables)


@lru_cache(maxsize=1)
def _state_model():
    from rpoint.engine import compile_model

    states = compile_model(cell_sbml()).states
    extra = tuple(dict.fromkeys(NODES.values()))
    return compile_model(cell_sbml(), observables=(*states, *extra)), len(states), extra


#: Which p21 quantile goes with which mitogen quantile: uncorrelated for five nodes.
_SHUFFLE = {1: (0,), 3: (1, 2, 0), 5: (1, 4, 2, 0, 3)}

#: Inputs that differ from cell to cell, with the parameter that gives the SD of their logarithm.
VARYING = {"in_mitogen": "mitogen_sd", "in_p21": "p21_sd"}


def quantile_factors(sd: np.ndarray, nodes: int) -> np.ndarray:
    """Log-normal factors of equal-probability quantile nodes, shape (sets, nodes), ascending."""
    z = ndtri((np.arange(nodes) + 0.5) / nodes)
    return np.exp(np.asarray(sd, float)[:, None] * z[None, :])


def node_factors(columns: Mapping[str, np.ndarray], nodes: int) -> dict[str, np.ndarray]:
    """Factor of each varying input at each cell-to-cell node.

    Parameters
    ----------
    columns : mapping
        Parameter -> values (sets,).
    nodes : int
        1, 3 or 5.

    Returns
    -------
    dict of str to ndarray, shape (sets, nodes)
    """
    if nodes not in _SHUFFLE:
        raise RpointError(f"{nodes} cell-to-cell nodes were asked for; allowed: 1, 3, 5.")
    n = len(next(iter(columns.values())))
    out = {}
    for name, spread in VARYING.items():
        sd = columns.get(spread, np.full(n, parameters()[spread].value))
        out[name] = quantile_factors(sd, nodes)
    out["in_p21"] = out["in_p21"][:, _SHUFFLE[nodes]]
    return out


def run_cells(
    conditions: Iterable[Condition],
    ensemble: Ensemble | Mapping[str, np.ndarray],
    *,
    t_out: Sequence[float] | None = None,
    nodes: int = 5,
    observables: tuple[str, ...] = OBSERVABLES,
    rtol: float = 1e-5,
    threads: int | None = None,
) -> CellRun:
    """Run conditions over an ensemble of parameter sets.

    Parameters
    ----------
    conditions : iterable of Condition
        Names must differ.
    ensemble : Ensemble or mapping of str to ndarray (sets,)
        Parameter sets.
    t_out : sequence of float, optional
        Days; default: the last day of each condition.
    nodes : int
        Cell-to-cell quantile nodes.
    rtol : float
        Relative tolerance of the engine; the absolute one is 1e-3 of it (nM).

    Returns
    -------
    CellRun
    """
    conditions = tuple(conditions)
    _check_names(conditions)
    sets = _as_columns(ensemble)
    times = sorted({c.days for c in conditions} if t_out is None else {float(t) for t in t_out})
    states, baseline = _equilibrate(conditions, sets, nodes, rtol, threads)
    return _treat(
        conditions, sets, nodes, np.array(times), observables, states, baseline, rtol, threads
    )


def _check_names(conditions: tuple[Condition, ...]) -> None:
    names = [c.name for c in conditions]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise RpointError(f"Conditions need different names; found twice: {', '.join(twice)}.")
    if not names:
        raise RpointError("No condition to run; give at least one Condition.")


def _as_columns(ensemble: Ensemble | Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    table: Any = getattr(ensemble, "parameters", ensemble)
    columns = {k: np.atleast_1d(np.asarray(table[k], float)) for k in parameters() if k in table}
    if not columns:
        raise RpointError("The ensemble holds none of the cell model's parameters.")
    return columns


def _lanes(columns: Mapping[str, np.ndarray], cells: Sequence, nodes: int) -> dict[str, np.ndarray]:
    """Parameter columns of lanes ordered (cell, set, node)."""
    n = len(next(iter(columns.values())))
    shape = (len(cells), n, nodes)
    lanes = {k: np.broadcast_to(v[None, :, None], shape).copy() for k, v in columns.items()}
    for name, factor in node_factors(columns, nodes).items():
        lanes[name] = np.broadcast_to(factor[None], shape).copy()
    for i, (inputs, scale) in enumerate(cells):
        for name, value in inputs:
            if name in VARYING:
                lanes[name][i] *= value
            else:
                lanes.setdefault(name, np.full(shape, _default(name)))[i] = value
        for name, factor in scale:
            lanes.setdefault(name, np.full(shape, _default(name)))[i] *= factor
    return lanes


def _default(name: str) -> float:
    return INPUTS[name] if name in INPUTS else parameters()[name].value


def _equilibrate(conditions, sets, nodes, rtol, threads):
    cells = list(dict.fromkeys(c.cell for c in conditions))
    model, n_states, extra = _state_model()
    lanes = _lanes(sets, cells, nodes)
    shape = next(iter(lanes.values())).shape
    result = model.solve(
        {k: v.ravel() for k, v in lanes.items()}, [EQUILIBRATION_H],
        rtol=rtol, atol=rtol * 1e-3, threads=threads,
    )  # fmt: skip
    final = result.values[:, 0, :].reshape(*shape, -1)
    where = {cell: i for i, cell in enumerate(cells)}
    return (final[..., :n_states], where), final[..., n_states:]


def _treat(conditions, sets, nodes, times, observables, states, baseline, rtol, threads):
    start, where = states
    model = cell_model(tuple(observables))
    rows = np.array([where[c.cell] for c in conditions])
    lanes = _lanes(sets, [c.cell for c in conditions], nodes)
    shape = next(iter(lanes.values())).shape
    factors = node_factors(sets, nodes)
    for i, c in enumerate(conditions):
        for name, value in c.treatment.items():
            factor = factors.get(name, 1.0)
            value = np.asarray(value, float).reshape(-1, 1)  # one number, or one per set
            lanes.setdefault(name, np.full(shape, _default(name)))[i] = value * factor
        for node, level in c.clamp.items():
            held = baseline[rows[i], ..., list(dict.fromkeys(NODES.values())).index(NODES[node])]
            lanes.setdefault(f"k_{node}", np.zeros(shape))[i] = 1.0
            lanes.setdefault(f"u_{node}", np.zeros(shape))[i] = (
                held if level == "vehicle" else level
            )
    result = model.solve(
        {k: v.ravel() for k, v in lanes.items()}, times * 24.0, rtol=rtol, atol=rtol * 1e-3,
        threads=threads, initial=start[rows].reshape(-1, start.shape[-1]),
    )  # fmt: skip
    values = result.values.reshape(*shape, len(times), len(observables)).mean(axis=2)
    status = result.status.reshape(shape).max(axis=2)
    table = {name: values[..., k] for k, name in enumerate(observables)}
    return CellRun(conditions, times, table, status)
