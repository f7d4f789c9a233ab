"""Independent references for tests and benchmarks: libRoadRunner and SciPy.

Neither is needed to use the engine.  `roadrunner_run` shares nothing with the engine, not even the
reading of the SBML; `scipy_run` shares the equations and checks the integration.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rpoint.engine.expr import Graph
from rpoint.engine.sbml import read_sbml
from rpoint.engine.solve import Schedule
from rpoint.errors import RpointError, unknown_name

_BINARY = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}


def _need(module: str):
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise RpointError(f"This comparison needs the package {module!r}.",
                          mend="install R-point with the extra 'test'") from error


def roadrunner_run(sbml: str, names: list[str], t_out, *, parameters: Mapping[str, float] = {},
                   schedule: Schedule | None = None, rtol: float = 1e-10,
                   atol: float = 1e-13) -> np.ndarray:
    """(T, K) values of `names` by libRoadRunner (CVODE), restarted at every change."""
    roadrunner = _need("roadrunner")
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    document = _with_parameters(sbml, parameters)  # must outlive its model
    model = document.getModel()
    runner = roadrunner.RoadRunner(document.toSBML())
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = atol
    runner.integrator.maximum_num_steps = 10_000_000

    def key(name: str) -> str:
        """libRoadRunner's name of what SBML means by `name` in a formula."""
        item = model.getSpecies(name)
        return name if item is None or item.getHasOnlySubstanceUnits() else f"[{name}]"

    out, now = np.empty((len(t_out), len(names))), 0.0
    for time, actions in _stops(t_out, schedule):
        if time > now:
            runner.simulate(now, time, 2)
            now = time
        for kind, payload, value in actions:
            if kind == "output":
                out[payload] = [runner[key(name)] for name in names]
            elif kind == "set":
                runner[key(payload)] = value
            else:
                runner[key(payload)] = runner[key(payload)] + value
    return out


def _with_parameters(sbml: str, parameters: Mapping[str, float]):
    """The libSBML document with parameter values and compartment sizes written into it."""
    libsbml = _need("libsbml")
    document = libsbml.readSBMLFromString(sbml)
    model = document.getModel()
    for name, value in parameters.items():
        if model.getCompartment(name) is not None:
            model.getCompartment(name).setSize(value)
        elif model.getParameter(name) is not None:
            model.getParameter(name).setValue(value)
        else:
            raise unknown_name("parameter", name, [q.getId() for q in model.getListOfParameters()])
    return document


def _stops(t_out, schedule: Schedule | None) -> list[tuple[float, list]]:
    """Times with what happens there; outputs before changes."""
    actions: dict[float, list] = {}
    for i, time in enumerate(t_out):
        actions.setdefault(float(time), []).append(("output", i, 0.0))
    end = max(actions, default=0.0)
    for time, kind, name, value in schedule.changes if schedule else ():
        if time < end:
            actions.setdefault(time, []).append((kind, name, value))
    return sorted(actions.items())


def python_function(graph: Graph, nodes: list[int]) -> Callable:
    """``f(y, p, t) -> list`` that evaluates `nodes` with Python's own floating point."""
    lines = [f"v{n} = {_source(graph, n)}" for n in graph.reach(nodes)]
    body = "\n    ".join([*lines, "return [" + ", ".join(f"v{n}" for n in nodes) + "]"])
    space: dict[str, Any] = {"math": math, "power": _power, "nan": math.nan, "inf": math.inf}
    exec(f"def function(y, p, t):\n    {body}", space)  # own text, made from numbers and names
    return space["function"]


def _power(base: float, exponent: float) -> float:
    if base < 0 and exponent != math.floor(exponent):
        base = 0.0
    return base**exponent if base != 0 or exponent >= 0 else 1e300


def _source(graph: Graph, n: int) -> str:
    op, args = graph.op[n], graph.args[n]
    names = [f"v{m}" for m in graph.children(n)]
    if op == "const":
        return repr(args[0])
    if op in ("y", "p"):
        return f"{op}[{args[0]}]"
    if op == "t":
        return "t"
    if op == "add":
        return " + ".join([repr(args[0]), *(f"{a!r}*v{m}" for a, m in args[1])])
    if op == "mul":
        return "*".join(names)
    if op in _BINARY:
        return f"{names[0]} {_BINARY[op]} {names[1]}"
    if op == "sel":
        return f"{names[1]} if {names[0]} else {names[2]}"
    simple = {"inv": "1.0/{0}", "powi": "{0}**{k}", "pow": "power({0}, {1})", "not": "not {0}",
              "abs": "abs({0})", "sqrt": "math.sqrt(max({0}, 0.0))"}
    if op in simple:
        return simple[op].format(*names, k=args[1] if op == "powi" else 0)
    if op in ("and", "or"):
        return f" {op} ".join(names)
    return f"math.{op}({names[0]})"


def scipy_run(sbml: str, names: list[str], t_out, *, parameters: Mapping[str, float] = {},
              schedule: Schedule | None = None, rtol: float = 1e-10, atol: float = 1e-13,
              method: str = "LSODA") -> np.ndarray:
    """(T, K) values of `names` by SciPy's `solve_ivp`, restarted at every change."""
    solve_ivp = _need("scipy.integrate").solve_ivp
    eq = read_sbml(sbml)
    p = np.array(eq.defaults, float)
    for name, value in parameters.items():
        p[eq.parameters.index(name)] = value
    y = np.array(python_function(eq.graph, eq.initial)([], p, 0.0), float)
    derived = python_function(eq.graph, list(eq.derived.values()))([], p, 0.0)
    p[list(eq.derived)] = derived
    rates = python_function(eq.graph, eq.rates)
    outputs = python_function(eq.graph, [eq.named[name] for name in names])
    jacobian = _dense_jacobian(eq)
    out, now = np.empty((len(t_out), len(names))), 0.0
    for time, actions in _stops(t_out, schedule):
        if time > now:
            run = solve_ivp(lambda t, u: rates(u, p, t), (now, time), y, method=method, rtol=rtol,
                            atol=atol, jac=lambda t, u: jacobian(u, p, t))
            if not run.success:
                raise RpointError(f"SciPy gave up: {run.message}", where=f"time {run.t[-1]:g}")
            y, now = run.y[:, -1].copy(), time
        for kind, payload, value in actions:
            if kind == "output":
                out[payload] = outputs(y, p, now)
            elif kind == "set":
                p[eq.parameters.index(payload)] = value
            else:
                y[eq.states.index(payload)] += value
    return out


def _dense_jacobian(eq) -> Callable:
    where, nodes = [], []
    for i, rate in enumerate(eq.rates):
        for j, node in eq.graph.gradient(rate).items():
            where.append((i, j))
            nodes.append(node)
    function = python_function(eq.graph, nodes)
    index = tuple(np.array(where, int).reshape(-1, 2).T)

    def jacobian(y, p, t) -> np.ndarray:
        matrix = np.zeros((len(y), len(y)))
        matrix[index] = function(y, p, t)
        return matrix

    return jacobian
