"""Writes expression nodes as LLVM IR."""

from __future__ import annotations

from collections.abc import Callable

from rpoint.engine.expr import Graph
from rpoint.engine.ir import Function


class Expressions:
    """Writes expression nodes into a function, each once.

    Parameters
    ----------
    function, graph
        Where to and what from.
    slots
        ``{node: (base pointer, vector number)}`` of values that lie ready in memory.
    state, parameter
        Base pointers of the states and the parameters.
    position
        ``position[k]`` is the vector number of state k.
    time
        Name of the vector that holds the time.
    """

    def __init__(self, function: Function, graph: Graph, *, slots: dict[int, tuple[str, int]],
                 state: str, parameter: str, position: list[int], time: str) -> None:
        self.f, self.graph = function, graph
        self.slots, self.state, self.parameter = slots, state, parameter
        self.position, self.time = position, time
        self.env: dict[int, str] = {}

    def value(self, node: int) -> str:
        """The name of the value of `node`, written on first use."""
        todo = [node]
        while todo:
            n = todo[-1]
            if n in self.env:
                todo.pop()
                continue
            missing = [] if n in self.slots else [
                m for m in self.graph.children(n) if m not in self.env]
            if missing:
                todo.extend(reversed(missing))
            else:
                self.env[n] = self._write(n)
                todo.pop()
                self.f.breathe()
        return self.env[node]

    def _write(self, n: int) -> str:
        f, op, args = self.f, self.graph.op[n], self.graph.args[n]
        if n in self.slots:
            return f.vload(*self.slots[n])
        if op == "const":
            return f.splat(args[0])
        if op == "y":
            return f.vload(self.state, self.position[args[0]])
        if op == "p":
            return f.vload(self.parameter, args[0])
        if op == "t":
            return self.time
        if op == "add":
            return self._sum(args[0], args[1])
        write: Callable[..., str] = getattr(self, f"_{op}", self._unary)
        return write(*self._operands(op, args), op)

    def _operands(self, op: str, args: tuple) -> tuple:
        if op == "powi":
            return (self.env[args[0]], args[1])
        if op in ("mul", "and", "or"):
            return ([self.env[m] for m in args],)
        return tuple(self.env[m] for m in args)

    def _sum(self, constant: float, pairs: tuple) -> str:
        f, total = self.f, None
        if constant != 0.0:
            total = f.splat(constant)
        for a, n in sorted(pairs, key=lambda pair: pair[0] != 1.0):
            x = self.env[n]
            if total is None:
                total = x if a == 1.0 else f.bin("fmul", f.splat(a), x)
            elif abs(a) == 1.0:
                total = f.bin("fadd" if a > 0 else "fsub", total, x)
            else:
                total = f.fma(f.splat(a), x, total)
        return total or f.splat(0.0)

    def _mul(self, names: list[str], _: str) -> str:
        total = names[0]
        for name in names[1:]:
            total = self.f.bin("fmul", total, name)
        return total

    def _inv(self, x: str, _: str) -> str:
        return self.f.bin("fdiv", self.f.splat(1.0), x)

    def _powi(self, x: str, k: int, _: str) -> str:
        total: str | None = None
        while k:
            if k & 1:
                total = x if total is None else self.f.bin("fmul", total, x)
            k >>= 1
            if k:
                x = self.f.bin("fmul", x, x)
        return total or x

    def _pow(self, x: str, e: str, _: str) -> str:
        return self.f.call("rp_pow", x, e)

    def _exp(self, x: str, _: str) -> str:
        return self.f.call("rp_exp", x)

    def _log(self, x: str, _: str) -> str:
        return self.f.call("rp_log", x)

    def _sqrt(self, x: str, _: str) -> str:
        zero = self.f.splat(0.0)
        return self.f.intrinsic("sqrt", self.f.sel(self.f.cmp("olt", x, zero), zero, x))

    def _unary(self, x: str, op: str) -> str:
        return self.f.intrinsic({"abs": "fabs"}.get(op, op), x)

    def _lt(self, a: str, b: str, op: str) -> str:
        return self.f.cmp({"lt": "olt", "le": "ole", "eq": "oeq", "ne": "une"}[op], a, b)

    _le = _eq = _ne = _lt

    def _and(self, names: list[str], op: str) -> str:
        total = names[0]
        for name in names[1:]:
            total = self.f.let(f"{op} {self.f.mask} {total}, {name}")
        return total

    _or = _and

    def _not(self, a: str, _: str) -> str:
        ones = "<" + ", ".join(["i1 1"] * self.f.lanes) + ">"
        return self.f.let(f"xor {self.f.mask} {a}, {ones}")

    def _sel(self, condition: str, a: str, b: str, _: str) -> str:
        return self.f.sel(condition, a, b)
