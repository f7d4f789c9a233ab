"""From SBML text to object code and its description."""

from __future__ import annotations

from rpoint.engine import native
from rpoint.engine.elementary import elementary
from rpoint.engine.equations import System, build_system
from rpoint.engine.functions import ModelFunctions
from rpoint.engine.ir import declarations
from rpoint.engine.loop import LoopWriter
from rpoint.engine.sbml import read_sbml
from rpoint.engine.step import StepWriter
from rpoint.errors import RpointError, unknown_name

MAX_ELIMINATION = 150_000  # multiplications in one LU factorisation; about 20 s of compilation


def build(text: str, observables: list[str] | None, digest: str) -> tuple[dict, bytes]:
    """Metadata and object code of an SBML model."""
    try:
        equations = read_sbml(text)
    except RecursionError:
        raise RpointError("A formula of this SBML is nested too deeply.", where="compile_model",
                          mend="split it with assignment rules") from None
    names = list(equations.states) if observables is None else observables
    for name in names:
        if name not in equations.named:
            raise unknown_name("observable", name, sorted(equations.named))
    system = build_system(equations, {name: equations.named[name] for name in names})
    _check_size(system)
    lanes = native.lanes()
    functions = ModelFunctions(system, lanes)
    step = StepWriter(system, functions, lanes)
    loop = LoopWriter(system, functions, lanes, flush=native.is_x86())
    common = declarations(lanes)
    kernel = "\n".join((functions.text(), step.text(), elementary(lanes), common))
    meta = {
        "hash": digest,
        "states": equations.states,
        "parameters": [n for k, n in enumerate(equations.parameters) if k not in equations.derived],
        "observables": list(system.observables),
        "slots": equations.parameters,
        "rows": [equations.states[s] for s in system.order],
        "defaults": equations.defaults,
        "timed": system.dtime is not None,
        "work_size": loop.layout.size,
    }
    return meta, native.compile_ir(kernel, "\n".join((loop.text(), common)))


def _check_size(system: System) -> None:
    """Refuse what straight-line code cannot serve: compiling would take minutes."""
    below = [sum(k < i for k in row) for i, row in enumerate(system.fill)]
    above = [sum(k > i for k in row) for i, row in enumerate(system.fill)]
    work = sum(above[k] for i, row in enumerate(system.fill) for k in row if k < i) + sum(below)
    if work > MAX_ELIMINATION:
        raise RpointError("This model is too large for the engine.", where="compile_model",
                          found=f"{system.size} states, {work} operations to factorise",
                          allowed=f"at most {MAX_ELIMINATION} operations")
