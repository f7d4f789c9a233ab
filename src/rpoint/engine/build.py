"""From SBML text to object code and its description."""

from __future__ import annotations

from rpoint.engine import native
from rpoint.engine.elementary import elementary
from rpoint.engine.equations import build_system
from rpoint.engine.functions import ModelFunctions
from rpoint.engine.ir import declarations
from rpoint.engine.loop import LoopWriter
from rpoint.engine.sbml import read_sbml
from rpoint.engine.step import StepWriter
from rpoint.errors import unknown_name


def build(text: str, observables: list[str] | None, digest: str) -> tuple[dict, bytes]:
    """Metadata and object code of an SBML model."""
    equations = read_sbml(text)
    names = list(equations.states) if observables is None else observables
    for name in names:
        if name not in equations.named:
            raise unknown_name("observable", name, sorted(equations.named))
    system = build_system(equations, {name: equations.named[name] for name in names})
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
