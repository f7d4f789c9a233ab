"""From subjects, clones and arms to rates: one run of the cell model per combination.

A lane is one cell: the parameter set of a subject, the genotype of a clone, the mitogen of a
cell-to-cell node, the drugs of an arm.  Untreated cells are brought to their steady state first;
the arm starts from there.  The rates of a clone are the mean over its nodes: daughter cells are
taken to draw their mitogen anew, so that nodes are not clones that treatment selects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from rpoint.biology import INPUTS, cell_sbml
from rpoint.engine import compile_model
from rpoint.errors import unknown_name
from rpoint.tumour.cells import EQUILIBRATION_H, VARYING, node_factors
from rpoint.tumour.dosing import Dosing
from rpoint.tumour.subjects import Subjects

RATES = ("division_rate", "death_rate")
CHUNK = 4096  # lanes of one call of the engine
RTOL = 1e-4


@dataclass(frozen=True)
class Courses:
    """Rates of every clone of every subject in every arm.

    Attributes
    ----------
    times_h
        (T,) h.
    arms
        Names, A of them.
    division, death
        (n, A, C, T) rates in culture, 1/h, mean over the cell-to-cell nodes.
    untreated_division, untreated_death
        (n, C) the same without any drug.
    nodes
        Other observables asked for, (n, A, C, T) each.
    status
        (n, A, C) worst status of the engine over the nodes; 0 is good.
    """

    times_h: np.ndarray
    arms: tuple[str, ...]
    division: np.ndarray
    death: np.ndarray
    untreated_division: np.ndarray
    untreated_death: np.ndarray
    status: np.ndarray
    nodes: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Number of (subject, arm, clone) whose solution failed."""
        return int((self.status != 0).sum())


def run_courses(
    subjects: Subjects,
    genotypes: Sequence[Mapping[str, float]],
    arms: Mapping[str, Any],
    times_h: np.ndarray,
    ensemble: Any,
    *,
    nodes: int = 3,
    observe: Sequence[str] = (),
    threads: int | None = None,
    progress: Any = None,
    progressed: Mapping[str, Sequence[tuple[int, ...]]] | None = None,
    before: Courses | None = None,
    rtol: float = RTOL,
) -> Courses:
    """Run every subject, arm and clone.

    Parameters
    ----------
    subjects
        Who.
    genotypes
        Handles of every clone.
    arms
        Name to regimen (`rpoint.pharmacology.regimen.Regimen`).
    times_h
        (T,) output times from 0, h.
    ensemble
        Parameter sets (`rpoint.calibrate.ensemble.Ensemble`).
    nodes
        Cell-to-cell nodes.
    observe
        Further observables of the cell model.
    threads
        Threads of the engine; all when left out.
    progress
        Called with (subjects done, subjects).
    progressed
        Arm to the days on which each subject's phases "at progression" begin.
    before
        Courses of the same arms; only the arms of `progressed` are run again.
    rtol
        Relative tolerance of the engine.
    """
    dosing = Dosing.of(arms, subjects, times_h[-1])
    observables = (*RATES, *observe)
    rest = rest_state(subjects.sets, genotypes, ensemble, nodes, observables, threads)
    shape = (len(subjects), len(arms), len(genotypes), len(times_h), len(observables))
    values, status = np.empty(shape), np.zeros(shape[:3], int)
    progressed = progressed or {}
    names = [name for name in arms if dosing.gives(name)]
    if before is not None:
        names = [name for name in names if name in progressed]
    treated = [list(arms).index(name) for name in names]
    for a in range(len(arms)):
        values[:, a] = rest.values[:, :, None, :]
    model = compile_model(dosing.sbml, observables=observables)
    step = max(1, CHUNK // max(1, len(treated) * len(genotypes) * nodes))
    for first in range(0, len(subjects), step) if treated else ():
        rows = np.arange(first, min(first + step, len(subjects)))
        found, state = _treat(model, rows, names, progressed, rest, dosing, times_h, threads, rtol)
        there = np.ix_(rows, np.array(treated, int))
        values[there], status[there] = found, state
        if progress is not None:
            progress(rows[-1] + 1, len(subjects))
    if before is not None:
        kept = [a for a in range(len(arms)) if a not in treated]
        old = (before.division, before.death, *(before.nodes[name] for name in observe))
        values[:, kept] = np.stack([course[:, kept] for course in old], axis=-1)
        status[:, kept] = before.status[:, kept]
    return _as_courses(values, status, rest, times_h, tuple(arms), observe)


def _as_courses(values, status, rest, times_h, arms, observe) -> Courses:
    return Courses(
        times_h=times_h,
        arms=arms,
        division=values[..., 0],
        death=values[..., 1],
        untreated_division=rest.values[..., 0],
        untreated_death=rest.values[..., 1],
        status=status,
        nodes={name: values[..., 2 + k] for k, name in enumerate(observe)},
    )


@dataclass(frozen=True)
class Rest:
    """Untreated steady state of every lane.

    Attributes
    ----------
    parameters
        Name to (n, C, nodes) parameters of the cell.
    states
        Name to (n, C, nodes) states.
    values
        (n, C, K) observables, mean over nodes.
    by_node
        (n, C, nodes, K) observables of every node.
    """

    parameters: dict[str, np.ndarray]
    states: dict[str, np.ndarray]
    values: np.ndarray
    by_node: np.ndarray


def rest_state(
    sets: np.ndarray,
    genotypes: Sequence[Mapping[str, float]],
    ensemble: Any,
    nodes: int,
    observables: Sequence[str],
    threads: int | None = None,
) -> Rest:
    """Untreated steady states; a parameter set that several subjects share is run once."""
    distinct, where = np.unique(sets, return_inverse=True)
    lanes = cell_parameters(distinct, genotypes, ensemble, nodes)
    model, states = _rest_model(tuple(observables))
    run = model.solve(
        {name: values.ravel() for name, values in lanes.items()},
        [EQUILIBRATION_H],
        rtol=RTOL,
        atol=RTOL * 1e-3,
        threads=threads,
    )
    shape = (len(distinct), len(genotypes), nodes)
    final = run.values[:, 0, :].reshape(*shape, -1)[where]
    seen = final[..., len(states) :]
    return Rest(
        parameters={name: values.reshape(shape)[where] for name, values in lanes.items()},
        states={name: final[..., k] for k, name in enumerate(states)},
        values=seen.mean(axis=2),
        by_node=seen,
    )


@lru_cache(maxsize=8)
def _rest_model(observables: tuple[str, ...]):
    states = compile_model(cell_sbml()).states
    return compile_model(cell_sbml(), observables=(*states, *observables)), states


def cell_parameters(
    sets: np.ndarray, genotypes: Sequence[Mapping[str, float]], ensemble: Any, nodes: int
) -> dict[str, np.ndarray]:
    """Parameters of untreated cells, name to (sets, clones, nodes)."""
    table = ensemble.parameters
    shape = (len(sets), len(genotypes), nodes)
    own = {name: table[name].to_numpy(float)[sets] for name in table.columns}
    lanes = {name: np.broadcast_to(v[:, None, None], shape).copy() for name, v in own.items()}
    for name, factor in node_factors(own, nodes).items():
        lanes[name] = np.broadcast_to(factor[:, None, :], shape).copy()
    for j, genotype in enumerate(genotypes):
        for name, value in genotype.items():
            if name not in INPUTS:
                raise unknown_name("handle of the cell model", name, INPUTS)
            column = lanes.setdefault(name, np.full(shape, INPUTS[name]))
            if name in VARYING:
                column[:, j] *= value
            else:
                column[:, j] = value
    return lanes


def _plan(dosing: Dosing, rows, arms, progressed) -> tuple[list, np.ndarray]:
    """Schedules, and the index of that of every (row, arm)."""
    plan: list = []
    index = np.empty((len(rows), len(arms)), int)
    for a, name in enumerate(arms):
        if name not in progressed:
            index[:, a] = len(plan)
            plan.append(dosing.schedule(name))
            continue
        for i, row in enumerate(rows):
            index[i, a] = len(plan)
            plan.append(dosing.schedule(name, tuple(progressed[name][row])))
    return plan, index


def _treat(model, rows, arms, progressed, rest: Rest, dosing: Dosing, times_h, threads, rtol):
    """Observables (rows, arms, C, T, K) and worst status (rows, arms, C) of the treated arms."""
    shape = (len(rows), len(arms), *next(iter(rest.parameters.values())).shape[1:])

    def spread(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values[rows][:, None], shape).ravel()

    lanes = {name: spread(values) for name, values in rest.parameters.items()}
    for name, values in dosing.parameters(rows).items():
        lanes[name] = np.broadcast_to(values[:, None, None, None], shape).ravel()
    if "in_E2" in lanes and "in_E2" not in model.parameters:  # an aromatase inhibitor rules it
        lanes["E2_without_drug"] = lanes.pop("in_E2")
    plan, index = _plan(dosing, rows, arms, progressed)
    run = model.solve(
        lanes,
        times_h,
        schedules=plan,
        schedule_index=np.broadcast_to(index[:, :, None, None], shape).ravel(),
        initial={name: spread(values) for name, values in rest.states.items()},
        rtol=rtol,
        atol=rtol * 1e-3,
        threads=threads,
    )
    found = run.values.reshape(*shape, len(times_h), -1).mean(axis=3)
    return found, run.status.reshape(shape).max(axis=3)
