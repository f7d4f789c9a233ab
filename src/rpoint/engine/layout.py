"""A thread's work arrays, and what the writers of the generated code share."""

from __future__ import annotations

from rpoint.engine import rodas5p
from rpoint.engine.equations import System
from rpoint.engine.functions import ModelFunctions
from rpoint.engine.ir import Function


class Layout:
    """Offsets of a thread's work arrays, each aligned to 64 bytes.

    What every step touches comes first and together, to stay in the processor's first cache.
    """

    def __init__(self, system: System, functions: ModelFunctions, lanes: int) -> None:
        n, unit = system.size, 8 * lanes
        vectors = {
            "t": 1, "tn": 1, "h": 1, "used": 1, "error": 1, "previous": 1, "stop": 1, "size": 1,
            "pivot": 1, "refused": 1, "accepted": 1, "fresh": 1, "due": 1, "theta": 1,
            "patient": 1, "event": 1, "event_end": 1, "output": 1, "count": 1, "retries": 1,
            "y": n, "yn": n, "ys": n, "f": n, "k": rodas5p.STAGES * n, "w": len(functions.entry),
            "p": functions.slots, "ft": n if system.dtime else 0,
            "yo": n + len(system.equations.derived), "o": len(system.observables),
        }  # fmt: skip
        self.offset: dict[str, int] = {}
        total = 0
        for name, count in vectors.items():
            self.offset[name] = total
            total += -(-count * unit // 64) * 64
        self.size = total


class Writer:
    """What the writers of the step and of the loop share."""

    def __init__(self, system: System, functions: ModelFunctions, lanes: int) -> None:
        self.system, self.lanes, self.n = system, lanes, system.size
        self.layout = Layout(system, functions, lanes)
        self.vec = f"<{lanes} x double>"
        self.unit = 8 * lanes

    def work(self, f: Function, *names: str) -> list[str]:
        """Base pointers of work arrays."""
        return [f.let(f"getelementptr inbounds i8, ptr %ws, i64 {self.layout.offset[n]}")
                for n in names]
