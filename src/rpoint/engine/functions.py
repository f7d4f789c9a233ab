"""The functions of one model, as LLVM IR: start, rates, Jacobian with factorisation, outputs.

All take base pointers to arrays of vectors: ``y`` states in elimination order, ``p`` parameters
followed by hoisted values (expressions of parameters alone, evaluated once per parameter change).
"""

from __future__ import annotations

from rpoint.engine.emit import Expressions
from rpoint.engine.equations import System
from rpoint.engine.expr import PARAM
from rpoint.engine.ir import Function

_TRUTH = frozenset(("lt", "le", "eq", "ne", "and", "or", "not"))
_PTR = "ptr noalias nocapture align 64"


class ModelFunctions:
    """Writes the model's functions; ``slots`` is the number of vectors that ``p`` needs."""

    def __init__(self, system: System, lanes: int) -> None:
        self.system, self.lanes = system, lanes
        self.graph = system.equations.graph
        self.vec = f"<{lanes} x double>"
        self.position = [0] * system.size
        for row, state in enumerate(system.order):
            self.position[state] = row
        self.hoisted = self._hoist()
        base = len(system.equations.parameters)
        self.slots = base + len(self.hoisted)
        self.ready = {n: ("%p", base + i) for i, n in enumerate(self.hoisted)}
        self.entry = {(i, j): 0 for i, row in enumerate(system.fill) for j in row}
        self.entry = {key: k for k, key in enumerate(self.entry)}

    def text(self) -> str:
        """All functions."""
        return "\n".join((self._init(), self._prep(), self._observe(), self._rates(),
                          self._factor(), self._stage()))

    def _hoist(self) -> list[int]:
        """Largest parameter-only values under the expressions of the right-hand side."""
        s, g = self.system, self.graph
        todo = [*s.rates, *s.jacobian.values(), *(s.dtime or []), *s.observables.values()]
        seen, found = set(), set()
        while todo:
            n = todo.pop()
            if n in seen:
                continue
            seen.add(n)
            if g.deps[n] == PARAM and g.op[n] not in _TRUTH:
                if g.op[n] != "p":
                    found.add(n)
            else:
                todo.extend(g.children(n))
        return sorted(found)

    def _function(self, name: str, params: str, returns: str = "void") -> Function:
        return Function(name, params, self.lanes, returns, linkage="")

    def _expressions(self, f: Function, ready: bool = True) -> Expressions:
        return Expressions(f, self.graph, slots=self.ready if ready else {}, state="%y",
                           parameter="%p", position=self.position, time="%t")

    def _init(self) -> str:
        """Start values, then the derived parameters behind them, from the parameters."""
        f = self._function("rp_init", f"{_PTR} %p, {_PTR} %y, {self.vec} %t")
        e = self._expressions(f, ready=False)
        nodes = [*self.system.initial, *self.system.equations.derived.values()]
        for i, n in enumerate(nodes):
            f.vstore(e.value(n), "%y", i)
            f.breathe()
        return f.text()

    def _prep(self) -> str:
        """The hoisted values."""
        f = self._function("rp_prep", f"{_PTR} %p")
        e = self._expressions(f, ready=False)
        for n in self.hoisted:
            f.vstore(e.value(n), *self.ready[n])
            f.breathe()
        return f.text()

    def _observe(self) -> str:
        f = self._function("rp_observe", f"{_PTR} %y, {_PTR} %p, {self.vec} %t, {_PTR} %o")
        e = self._expressions(f)
        for i, n in enumerate(self.system.observables.values()):
            f.vstore(e.value(n), "%o", i)
            f.breathe()
        return f.text()

    def _rates(self) -> str:
        f = self._function("rp_rates", f"{_PTR} %y, {_PTR} %p, {self.vec} %t, {_PTR} %f")
        e = self._expressions(f)
        for i, n in enumerate(self.system.rates):
            f.vstore(e.value(n), "%f", i)
            f.breathe()
        return f.text()

    def _factor(self) -> str:
        """f(y), df/dt, and the LU factors of J - g*1; returns the largest reciprocal pivot.

        Stored: l' = -l below the diagonal, u above it, r = -1/u on it, so that solving
        (g*1 - J) x = b needs additions only.
        """
        s = self.system
        f = self._function("rp_factor", f"{_PTR} %y, {_PTR} %p, {self.vec} %t, {self.vec} %g, "
                           f"{_PTR} %w, {_PTR} %f, {_PTR} %ft", self.vec)
        e = self._expressions(f)
        for i, n in enumerate(s.rates):
            f.vstore(e.value(n), "%f", i)
            f.breathe()
        for i, n in enumerate(s.dtime or []):
            f.vstore(e.value(n), "%ft", i)
            f.breathe()
        worst = f.splat(0.0)
        for i, columns in enumerate(s.fill):
            row = {j: e.value(s.jacobian[i, j]) for j in columns if (i, j) in s.jacobian}
            row[i] = f.bin("fsub", row[i], "%g") if i in row else f.let(f"fneg {self.vec} %g")
            for k in columns:
                if k < i:
                    row[k] = f.bin("fmul", row[k], f.vload("%w", self.entry[k, k]))
                    for j in s.fill[k]:
                        if j > k:
                            product = f.bin("fmul", row[k], f.vload("%w", self.entry[k, j]))
                            row[j] = f.bin("fadd", row[j], product) if j in row else product
                    f.breathe()
            row[i] = f.bin("fdiv", f.splat(-1.0), row[i])
            worst = f.larger(f.intrinsic("fabs", row[i]), worst)
            for j in columns:
                f.vstore(row[j], "%w", self.entry[i, j])
            f.breathe()
        return f.text(worst)

    def _stage(self) -> str:
        """k := solution of (g*1 - J) k = f(y) + ih*k, with the factors in w."""
        s = self.system
        f = self._function("rp_stage", f"{_PTR} %y, {_PTR} %p, {self.vec} %t, {self.vec} %ih, "
                           f"{_PTR} %w, {_PTR} %k")
        e = self._expressions(f)
        x = []
        for i, n in enumerate(s.rates):
            x.append(f.fma(f.vload("%k", i), "%ih", e.value(n)))
            f.breathe()
        self._substitute(f, x)
        for i, value in enumerate(x):
            f.vstore(value, "%k", i)
        first = self._function("rp_first", f"{_PTR} %f, {_PTR} %w, {_PTR} %k")
        x = [first.vload("%f", i) for i in range(s.size)]
        self._substitute(first, x)
        for i, value in enumerate(x):
            first.vstore(value, "%k", i)
        return f.text() + first.text()

    def _substitute(self, f: Function, x: list[str]) -> None:
        fill = self.system.fill
        for i, columns in enumerate(fill):
            for k in columns:
                if k < i:
                    x[i] = f.fma(f.vload("%w", self.entry[i, k]), x[k], x[i])
            f.breathe()
        for i in reversed(range(len(fill))):
            # U x = -z with r = -1/u: x_i = r*(z_i + sum u_ij x_j)
            total = x[i]
            for k in fill[i]:
                if k > i:
                    total = f.fma(f.vload("%w", self.entry[i, k]), x[k], total)
            x[i] = f.bin("fmul", total, f.vload("%w", self.entry[i, i]))
            f.breathe()
