"""The cells of a trial's patients: every clone of every patient, from one stage to the next.

A lane is one cell: the parameter set of its patient, the genotype of its clone, the mitogen of a
cell-to-cell node.  Lanes begin in their untreated steady state and take the doses that the patient
really took; a stage begins where the one before ended, so a patient costs no more than her time on
treatment.  Rates come back as means of every day: the mean over the cell-to-cell nodes of a
12-hourly course, by the trapezoid rule.

Where the doses of a stage repeat those of the two cycles before it, so do the rates: they come
from the last cycle (`repeat`), and the lane waits in the state of that point of a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from rpoint.biology import INPUTS, cell_sbml, patient_sbml
from rpoint.engine import Schedule, compile_model
from rpoint.errors import unknown_name
from rpoint.pharmacology.doses import DoseRow
from rpoint.trial.doses import CYCLE_D
from rpoint.tumour.cells import EQUILIBRATION_H, VARYING, node_factors
from rpoint.tumour.lanes import RATES, RTOL

NODES = 3
PER_DAY = 2  # points of the engine's course in a day
# Of a course under drugs: daily rates differ from those at 1e-5 by less than 2e-4 of the untreated
# division rate (a test holds it), at three quarters of the steps that 1e-4 takes.
COURSE_RTOL = 1e-3
LANES_AT_ONCE = 768  # lanes of one call: their courses with all states stay below 60 MB


class Cells:
    """Rows of cells, one row a clone of a patient.

    Parameters
    ----------
    sets
        (R,) row of the ensemble.
    genotypes
        R mappings of handles to values.
    patients
        (R,) position of the patient, who decides on doses and pharmacokinetics.
    ensemble
        Parameter sets.
    drugs
        Ids of the drugs that act on the cells in this arm.
    own
        Further parameters of the engine's model, name to (R,): pharmacokinetics and potencies.
    threads
        Threads of the engine.
    driven
        Whether an input other than a drug changes over time.
    """

    def __init__(
        self,
        sets: np.ndarray,
        genotypes: Sequence[Mapping[str, float]],
        patients: np.ndarray,
        ensemble: Any,
        drugs: tuple[str, ...],
        own: Mapping[str, np.ndarray] | None = None,
        *,
        threads: int | None = None,
        nodes: int = NODES,
        driven: bool = False,
    ) -> None:
        self.patients, self.threads, self.nodes = np.asarray(patients), threads, nodes
        table, states, rates = _rest(sets, genotypes, ensemble, nodes, threads)
        self.untreated = rates  # (R, 2)
        self.akt = states["pAKT"].mean(axis=1)  # phospho-AKT of untreated cells, of its maximum
        self.status = np.zeros(len(sets), np.int64)
        self.constant = not drugs and not driven
        if self.constant:
            return
        sbml = patient_sbml(drugs) if drugs else cell_sbml()
        names = compile_model(sbml).states
        self.model = compile_model(sbml, observables=(*RATES, *names))
        if "in_E2" in table and "in_E2" not in self.model.parameters:
            table["E2_without_drug"] = table.pop("in_E2")  # an aromatase inhibitor rules it
        self.table = table | {
            name: np.broadcast_to(np.asarray(v)[:, None], (len(sets), nodes)).copy()
            for name, v in (own or {}).items()
            if name in self.model.parameters
        }
        self.state_names = names
        self.last_cycle = np.full((len(sets), 2, CYCLE_D), np.nan)
        shape = (len(sets), nodes, len(names))
        self.states = np.full(shape, np.nan)
        for name, values in states.items():
            if name in names:
                self.states[..., names.index(name)] = values

    def advance(
        self, first_day: int, days: int, rows: np.ndarray, doses: Mapping[int, Sequence[DoseRow]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rates of some rows over some days.

        Parameters
        ----------
        first_day, days
            The stage.
        rows
            Positions of the rows to advance; the others stay behind for good.
        doses
            Patient to the doses of the stage.

        Returns
        -------
        division, death
            (rows, days) daily means in culture, 1/h; NaN where the engine failed.
        """
        if self.constant:
            rest = np.broadcast_to(self.untreated[rows][:, :, None], (len(rows), 2, days))
            return rest[:, 0].copy(), rest[:, 1].copy()
        out = np.empty((len(rows), 2, days))
        if not len(rows):
            return out[:, 0], out[:, 1]
        step = max(1, LANES_AT_ONCE // self.nodes)
        for k in range(0, len(rows), step):
            out[k : k + step] = self._block(first_day, days, rows[k : k + step], doses)
        self.last_cycle[rows] = out[:, :, -CYCLE_D:] if days >= CYCLE_D else np.nan
        return out[:, 0], out[:, 1]

    def repeat(self, days: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rates of rows whose doses repeat themselves, (rows, days) each: the last cycle again."""
        if self.constant:
            return self.advance(0, days, rows, {})
        whole = np.tile(self.last_cycle[rows], (1, 1, -(-days // CYCLE_D)))[:, :, :days]
        return whole[:, 0], whole[:, 1]

    def _block(self, first_day, days, rows, doses) -> np.ndarray:
        people = list(dict.fromkeys(self.patients[rows].tolist()))
        schedules = [_schedule(doses.get(p, ())) for p in people]
        where = {p: k for k, p in enumerate(people)}
        index = np.repeat([where[p] for p in self.patients[rows].tolist()], self.nodes)
        start, points = 24.0 * first_day, PER_DAY * days + 1
        times = start + np.arange(points) * (24.0 / PER_DAY)
        run = self.model.solve(
            {name: values[rows].ravel() for name, values in self.table.items()},
            times,
            schedules=schedules,
            schedule_index=index,
            initial=self.states[rows].reshape(-1, len(self.state_names)),
            rtol=COURSE_RTOL,
            atol=COURSE_RTOL * 1e-3,
            threads=self.threads,
            t_start=start,
        )
        self._keep(rows, run, people, doses)
        rates = run.values[:, :, :2].reshape(len(rows), self.nodes, points, 2).mean(axis=1)
        halves = 0.5 * (rates[:, 1:] + rates[:, :-1])
        daily = halves.reshape(len(rows), days, PER_DAY, 2).mean(axis=2)
        return np.moveaxis(daily, 2, 1)

    def _keep(self, rows, run, people, doses) -> None:
        """States, failures, and parameters that a dose has set, for the next stage."""
        last = run.values[:, -1, 2:].reshape(len(rows), self.nodes, -1)
        self.states[rows] = last
        bad = run.status.reshape(len(rows), self.nodes).max(axis=1)
        self.status[rows] = np.maximum(self.status[rows], bad)
        for p in people:
            sets = {row.target: row.value for row in doses.get(p, ()) if row.kind == "set"}
            for name, value in sets.items():
                mine = rows[self.patients[rows] == p]
                column = self.table.setdefault(
                    name, np.full((len(self.status), self.nodes), self.model.default(name))
                )
                column[mine] = value


def _schedule(rows: Sequence[DoseRow]) -> Schedule:
    return Schedule(tuple((r.time_h, r.kind, r.target, r.value) for r in rows))


def _rest(sets, genotypes, ensemble, nodes, threads):
    """Parameters (R, nodes), states (R, nodes) and untreated rates (R, 2) of every row.

    Rows that share parameter set and genotype are brought to rest once.
    """
    keys = [(int(s), tuple(sorted(g.items()))) for s, g in zip(sets, genotypes, strict=True)]
    distinct = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    where = np.array([distinct[key] for key in keys])
    table = _parameters(distinct, ensemble, nodes)
    model, names = _rest_model()
    run = model.solve(
        {name: values.ravel() for name, values in table.items()},
        [EQUILIBRATION_H],
        rtol=RTOL,
        atol=RTOL * 1e-3,
        threads=threads,
    )
    final = run.values[:, 0, :].reshape(len(distinct), nodes, -1)
    states = {name: final[..., k][where] for k, name in enumerate(names)}
    rates = final[..., len(names) :].mean(axis=1)[where]
    return {name: values[where] for name, values in table.items()}, states, rates


@lru_cache(maxsize=2)
def _rest_model():
    names = compile_model(cell_sbml()).states
    return compile_model(cell_sbml(), observables=(*names, *RATES)), names


def _parameters(keys, ensemble, nodes: int) -> dict[str, np.ndarray]:
    """Parameters of untreated cells, name to (keys, nodes)."""
    sets = np.array([key[0] for key in keys])
    columns = {n: ensemble.parameters[n].to_numpy(float)[sets] for n in ensemble.parameters}
    shape = (len(sets), nodes)
    table = {n: np.broadcast_to(v[:, None], shape).copy() for n, v in columns.items()}
    table |= {n: f.copy() for n, f in node_factors(columns, nodes).items()}
    for i, (_, handles) in enumerate(keys):
        for name, value in handles:
            if name not in INPUTS:
                raise unknown_name("handle of the cell model", name, INPUTS)
            column = table.setdefault(name, np.full(shape, INPUTS[name]))
            column[i] = column[i] * value if name in VARYING else value
    return table
