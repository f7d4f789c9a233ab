"""The engines that the benchmark compares: each set up once, then run over patients in a loop."""

from __future__ import annotations

import importlib.metadata
import time

import numpy as np
from diffsl import diffsl
from problems import Problem

from rpoint.engine import compile_model
from rpoint.engine.oracles import _stops
from rpoint.engine.sbml import read_sbml


class Ours:
    """R-point's engine; `threads` lanes of work, all parameters per patient."""

    name = "rpoint"

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.version = importlib.metadata.version("rpoint") if _installed("rpoint") else "source"
        start = time.perf_counter()
        self.model = compile_model(problem.sbml, cache=False)
        self.setup = time.perf_counter() - start
        self.states = list(self.model.states)
        self.nominal = {n: self.model.default(n) for n in problem.varied}

    def given(self, factors: np.ndarray) -> dict[str, np.ndarray]:
        """The varied parameters of each patient."""
        return {n: self.nominal[n] * factors[:, j] for j, n in enumerate(self.problem.varied)}

    def start(self, factors: np.ndarray) -> np.ndarray:
        """(P, K) start values."""
        return self.model.solve(self.given(factors), [0.0]).values[:, 0]

    def run(self, factors: np.ndarray, rtol: float, threads: int = 1) -> np.ndarray:
        """(P, T, K) states."""
        result = self.model.solve(
            self.given(factors), self.problem.t_out, self.problem.schedule, rtol=rtol,
            atol=1e-3 * rtol, threads=threads, max_steps=10_000_000)
        return result.values


class RoadRunner:
    """libRoadRunner: SBML events if the problem has them, else restarts from Python."""

    name = "libroadrunner"

    def __init__(self, problem: Problem, ours: Ours) -> None:
        import roadrunner

        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
        self.problem, self.version = problem, roadrunner.__version__
        start = time.perf_counter()
        self.runner = roadrunner.RoadRunner(problem.sbml_events or problem.sbml)
        self.setup = time.perf_counter() - start
        self.key = _keys(problem.sbml)
        self.keys = [self.key.get(s, s) for s in ours.states]
        self.ours = ours
        self.runner.timeCourseSelections = ["time", *self.keys]
        self.runner.integrator.maximum_num_steps = 10_000_000
        self.nominal = ours.nominal
        self.plan = _stops(problem.t_out, problem.schedule)

    def run(self, factors: np.ndarray, rtol: float) -> np.ndarray:
        """(P, T, K) states."""
        self.runner.integrator.relative_tolerance = rtol
        self.runner.integrator.absolute_tolerance = 1e-3 * rtol
        out = np.empty((len(factors), len(self.problem.t_out), len(self.keys)))
        start = self.ours.start(factors)
        for q, row in enumerate(factors):
            self.runner.resetToOrigin()
            for j, name in enumerate(self.problem.varied):
                self.runner[name] = self.nominal[name] * row[j]
            for key, value in zip(self.keys, start[q], strict=True):
                self.runner[key] = value
            (self._events if self.problem.sbml_events else self._segments)(out[q])
        return out

    def _events(self, out: np.ndarray) -> None:
        t = self.problem.t_out
        out[:] = np.asarray(self.runner.simulate(0, t[-1], len(t) + 1))[1:, 1:]

    def _segments(self, out: np.ndarray) -> None:
        now = 0.0
        for when, actions in self.plan:
            if when > now:
                values = np.asarray(self.runner.simulate(now, when, 2))[1, 1:]
                now = when
            for kind, what, value in actions:
                if kind == "output":
                    out[what] = values
                elif kind == "set":
                    self.runner[what] = value
                else:
                    key = self.key.get(what, what)
                    self.runner[key] = self.runner[key] + value


class Diffsol:
    """pydiffsol: BDF, sparse LU (faer), LLVM code; restarts from Python."""

    name = "pydiffsol"

    def __init__(self, problem: Problem, ours: Ours) -> None:
        import pydiffsol

        self.problem, self.version = problem, importlib.metadata.version("pydiffsol")
        start = time.perf_counter()
        eq = read_sbml(problem.sbml)
        defaults = dict(zip(eq.parameters, eq.defaults, strict=True))
        switched = [n for _, k, n, _ in problem.schedule.changes if k == "set"]
        self.inputs = [*problem.varied, *dict.fromkeys(switched)]
        self.ode = pydiffsol.Ode(diffsl(eq, self.inputs, defaults),
                                 matrix_type=pydiffsol.MatrixType.faer_sparse)
        self.setup = time.perf_counter() - start
        self.base = np.array([defaults[n] for n in self.inputs])
        self.rows = {name: i for i, name in enumerate(eq.states)}
        self.order = [self.rows[s] for s in ours.states]
        self.plan = _stops(problem.t_out, problem.schedule)
        self.ours = ours

    def run(self, factors: np.ndarray, rtol: float) -> np.ndarray:
        """(P, T, K) states."""
        self.ode.rtol, self.ode.atol = rtol, 1e-3 * rtol
        start = self.ours.start(factors)
        out = np.full((len(factors), len(self.problem.t_out), len(self.order)), np.nan)
        for q, row in enumerate(factors):
            p = self.base.copy()
            p[: len(row)] *= row
            y = np.empty(len(self.order))
            y[self.order] = start[q]
            self._segments(p, y, out[q])
        return out

    def _segments(self, p: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
        now = 0.0
        for when, actions in self.plan:
            if when > now:
                given = np.concatenate([p, y])
                y = np.asarray(self.ode.solve_dense(given, np.array([when - now])).ys)[:, -1].copy()
                now = when
            for kind, what, value in actions:
                if kind == "output":
                    out[what] = y[self.order]
                elif kind == "set":
                    p[self.inputs.index(what)] = value
                else:
                    y[self.rows[what]] += value


def _keys(sbml: str) -> dict[str, str]:
    """libRoadRunner's names of the species: in brackets what is a concentration."""
    import libsbml

    document = libsbml.readSBMLFromString(sbml)  # must outlive what is read from it
    return {s.getId(): s.getId() if s.getHasOnlySubstanceUnits() else f"[{s.getId()}]"
            for s in document.getModel().getListOfSpecies()}


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
