"""Hash-consed expression graph: the symbolic layer of the engine.

A :class:`Graph` stores every distinct sub-expression once, so common sub-expressions are shared
by construction, and differentiates symbolically.  It knows nothing of processors or code.

Node kinds (``graph.op[i]``, ``graph.args[i]``)::

    const (v,)          number                 y (k,)   state k       p (k,)   parameter k
    t ()                time
    add (c, ((a, n)..)) c + sum a*n            mul (n..) product      inv (n,) 1/n
    powi (n, k)         integer power          pow (n, e) real power
    sqrt/exp/log/abs/floor/ceil (n,)
    lt/le/eq/ne (a, b), and/or (..), not (a,)  truth values
    sel (c, a, b)       a where c, else b
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

TIME, STATE, PARAM = 4, 2, 1


def _integer(value: float) -> bool:
    return math.isfinite(value) and value == math.floor(value)


class Graph:
    """A growing directed acyclic graph of expressions; nodes are integers, arguments come first."""

    def __init__(self) -> None:
        self.op: list[str] = []
        self.args: list[tuple] = []
        self.deps: list[int] = []
        self._index: dict[tuple, int] = {}
        self._diff: dict[int, dict[int, int]] = {}
        self._dtime: dict[int, int] = {}
        self._closed: set[int] = set()

    # -- construction ---------------------------------------------------------------------
    def _node(self, op: str, args: tuple, deps: int) -> int:
        key = (op, args)
        found = self._index.get(key)
        if found is None:
            found = len(self.op)
            self.op.append(op)
            self.args.append(args)
            self.deps.append(deps)
            self._index[key] = found
        return found

    def const(self, value: float) -> int:
        """A number."""
        return self._node("const", (float(value) + 0.0,), 0)

    def y(self, k: int) -> int:
        """State number k."""
        return self._node("y", (k,), STATE)

    def p(self, k: int) -> int:
        """Parameter number k."""
        return self._node("p", (k,), PARAM)

    def time(self) -> int:
        """The time."""
        return self._node("t", (), TIME)

    def value(self, n: int) -> float | None:
        """The number a constant node holds, or None."""
        return self.args[n][0] if self.op[n] == "const" else None

    def _union(self, nodes) -> int:
        deps = 0
        for n in nodes:
            deps |= self.deps[n]
        return deps

    def add(self, terms, constant: float = 0.0) -> int:
        """constant + sum of coefficient*node over `terms` (pairs)."""
        total = float(constant)
        coef: dict[int, float] = {}
        for a, n in terms:
            if self.op[n] == "const":
                total += a * self.args[n][0]
            elif a != 0.0:
                coef[n] = coef.get(n, 0.0) + a
        coef = {n: a for n, a in coef.items() if a != 0.0}
        if not coef:
            return self.const(total)
        fixed = {n: a for n, a in coef.items() if self.deps[n] == PARAM}
        if fixed and len(fixed) < len(coef) and (len(fixed) > 1 or total != 0.0):
            group = self._sum(fixed, total)
            total = 0.0
            coef = {n: a for n, a in coef.items() if n not in fixed}
            coef[group] = coef.get(group, 0.0) + 1.0
        return self._sum(coef, total)

    def _sum(self, coef: dict[int, float], total: float) -> int:
        if len(coef) == 1 and total == 0.0:
            ((n, a),) = coef.items()
            if a == 1.0:
                return n
            if self.op[n] == "add":
                inner, pairs = self.args[n]
                scaled = tuple((a * b, m) for b, m in pairs)
                return self._node("add", (a * inner, scaled), self.deps[n])
        pairs = tuple((a, n) for n, a in sorted(coef.items()))
        return self._node("add", (total + 0.0, pairs), self._union(coef))

    def neg(self, n: int) -> int:
        """-n"""
        return self.add([(-1.0, n)])

    def sub(self, a: int, b: int) -> int:
        """a - b"""
        return self.add([(1.0, a), (-1.0, b)])

    def mul(self, *nodes: int) -> int:
        """The product of `nodes`; numbers are gathered, parameter-only factors grouped."""
        number = 1.0
        fixed: list[int] = []
        moving: list[int] = []
        todo = list(nodes)
        while todo:
            n = todo.pop()
            op, args = self.op[n], self.args[n]
            if op == "const":
                number *= args[0]
            elif op == "add" and args[0] == 0.0 and len(args[1]) == 1:
                number *= args[1][0][0]
                todo.append(args[1][0][1])
            elif op == "mul" and n not in self._closed:
                todo.extend(args)
            else:
                (fixed if self.deps[n] == PARAM else moving).append(n)
        if number == 0.0:
            return self.const(0.0)
        fixed, moving = self._cancel(fixed), self._cancel(moving)
        if fixed and moving:
            head = self._product(fixed)
            if number != 1.0:
                head = self._node("add", (0.0, ((number, head),)), PARAM)
            return self._node("mul", tuple(sorted((head, *moving))), self._union((head, *moving)))
        product = self._product(fixed or moving)
        return self.add([(number, product)])

    def _cancel(self, nodes: list[int]) -> list[int]:
        power: dict[int, int] = {}
        for n in nodes:
            base, k = n, 1
            if self.op[n] == "inv":
                base, k = self.args[n][0], -1
            elif self.op[n] == "powi":
                base, k = self.args[n]
            power[base] = power.get(base, 0) + k
        if len(power) == len(nodes):
            return nodes
        return [self._powi(b, k) for b, k in power.items() if k]

    def _product(self, nodes: list[int]) -> int:
        if not nodes:
            return self.const(1.0)
        if len(nodes) == 1:
            return nodes[0]
        return self._node("mul", tuple(sorted(nodes)), self._union(nodes))

    def _closed_product(self, a: int, b: int) -> int:
        """a*b as a node that further products keep as it is."""
        n = self._product([a, b])
        self._closed.add(n)
        return n

    def inv(self, n: int) -> int:
        """1/n"""
        v = self.value(n)
        if v is not None and v != 0.0:
            return self.const(1.0 / v)
        if self.op[n] == "inv":
            return self.args[n][0]
        return self._node("inv", (n,), self.deps[n])

    def div(self, a: int, b: int) -> int:
        """a/b"""
        return self.mul(a, self.inv(b))

    def _powi(self, base: int, k: int) -> int:
        if k == 0:
            return self.const(1.0)
        if k == 1:
            return base
        if k < 0:
            return self.inv(self._powi(base, -k))
        v = self.value(base)
        if v is not None:
            return self.const(v**k)
        return self._node("powi", (base, k), self.deps[base])

    def pow(self, base: int, exponent: int) -> int:
        """base**exponent; a negative base with a fractional exponent counts as zero."""
        e = self.value(exponent)
        b = self.value(base)
        if e is not None:
            if b is not None and (b > 0 or (b == 0 and e > 0)):
                return self.const(b**e)
            if _integer(e) and abs(e) <= 64:
                return self._powi(base, int(e))
            if e == 0.5:
                return self.sqrt(base)
        return self._node("pow", (base, exponent), self.deps[base] | self.deps[exponent])

    def sqrt(self, n: int) -> int:
        """Square root; of a negative number zero."""
        v = self.value(n)
        return self.const(math.sqrt(v)) if v is not None and v >= 0 else self._unary("sqrt", n)

    def exp(self, n: int) -> int:
        """e**n"""
        v = self.value(n)
        return self.const(math.exp(v)) if v is not None and v < 700 else self._unary("exp", n)

    def log(self, n: int) -> int:
        """Natural logarithm; NaN below zero."""
        v = self.value(n)
        return self.const(math.log(v)) if v is not None and v > 0 else self._unary("log", n)

    def abs(self, n: int) -> int:
        """|n|"""
        return self._unary("abs", n)

    def floor(self, n: int) -> int:
        """Largest integer not above n."""
        return self._unary("floor", n)

    def ceil(self, n: int) -> int:
        """Smallest integer not below n."""
        return self._unary("ceil", n)

    def _unary(self, op: str, n: int) -> int:
        return self._node(op, (n,), self.deps[n])

    def compare(self, op: str, a: int, b: int) -> int:
        """Truth value of a `op` b with op in lt, le, eq, ne (gt and ge by swapping)."""
        if op in ("gt", "ge"):
            op, a, b = {"gt": "lt", "ge": "le"}[op], b, a
        return self._node(op, (a, b), self.deps[a] | self.deps[b])

    def logic(self, op: str, *nodes: int) -> int:
        """and, or, not of truth values."""
        return self._node(op, nodes, self._union(nodes))

    def select(self, condition: int, a: int, b: int) -> int:
        """a where condition holds, else b."""
        if a == b:
            return a
        return self._node("sel", (condition, a, b), self._union((condition, a, b)))

    def maximum(self, a: int, b: int) -> int:
        """The larger of a and b."""
        return self.select(self.compare("lt", a, b), b, a)

    def minimum(self, a: int, b: int) -> int:
        """The smaller of a and b."""
        return self.select(self.compare("lt", b, a), b, a)

    # -- structure ------------------------------------------------------------------------
    def children(self, n: int) -> tuple[int, ...]:
        """The nodes that n is made of."""
        op, args = self.op[n], self.args[n]
        if op in ("const", "y", "p", "t"):
            return ()
        if op == "add":
            return tuple(m for _, m in args[1])
        if op == "powi":
            return (args[0],)
        return args

    def reach(self, roots) -> list[int]:
        """All nodes under `roots`, ascending (so arguments before users)."""
        seen: set[int] = set()
        todo = list(roots)
        while todo:
            n = todo.pop()
            if n not in seen:
                seen.add(n)
                todo.extend(self.children(n))
        return sorted(seen)

    def rebuild(self, n: int, memo: dict[int, int]) -> int:
        """Node n with its arguments replaced according to `memo`."""
        op, args = self.op[n], self.args[n]
        if op in ("const", "y", "p", "t"):
            return n
        if op == "add":
            return self.add([(a, memo[m]) for a, m in args[1]], args[0])
        if op == "powi":
            return self._powi(memo[args[0]], args[1])
        new = tuple(memo[m] for m in args)
        build: dict[str, Callable[..., int]] = {
            "mul": self.mul, "inv": self.inv, "pow": self.pow, "sqrt": self.sqrt,
            "exp": self.exp, "log": self.log, "sel": self.select}  # fmt: skip
        if op in build:
            return build[op](*new)
        return self._node(op, new, self._union(new))

    # -- derivatives ----------------------------------------------------------------------
    def gradient(self, root: int) -> dict[int, int]:
        """Partial derivatives of `root` by every state it depends on: {state number: node}."""
        for n in self.reach([root]):
            if n not in self._diff:
                self._diff[n] = self._local_gradient(n) if self.deps[n] & STATE else {}
        return self._diff[root]

    def _local_gradient(self, n: int) -> dict[int, int]:
        if self.op[n] == "y":
            return {self.args[n][0]: self.const(1.0)}
        terms: dict[int, list[tuple[float, int]]] = {}
        for coef, factor, child in self._partials(n):
            for k, d in self._diff.get(child, {}).items():
                terms.setdefault(k, []).append((coef, d if factor is None else self.mul(factor, d)))
        if self.op[n] == "sel":
            return self._select_gradient(n)
        out = {k: self.add(v) for k, v in terms.items()}
        return {k: d for k, d in out.items() if self.value(d) != 0.0}

    def _select_gradient(self, n: int) -> dict[int, int]:
        c, a, b = self.args[n]
        da, db, zero = self._diff.get(a, {}), self._diff.get(b, {}), self.const(0.0)
        return {k: self.select(c, da.get(k, zero), db.get(k, zero)) for k in sorted({*da, *db})}

    def dtime(self, root: int) -> int:
        """Partial derivative of `root` by the explicit time."""
        for n in self.reach([root]):
            if n not in self._dtime:
                self._dtime[n] = self._local_dtime(n)
        return self._dtime[root]

    def _local_dtime(self, n: int) -> int:
        zero = self.const(0.0)
        if not self.deps[n] & TIME:
            return zero
        if self.op[n] == "t":
            return self.const(1.0)
        if self.op[n] == "sel":
            c, a, b = self.args[n]
            return self.select(c, self._dtime[a], self._dtime[b])
        terms = []
        for coef, factor, child in self._partials(n):
            d = self._dtime.get(child, zero)
            if self.value(d) != 0.0:
                terms.append((coef, d if factor is None else self.mul(factor, d)))
        return self.add(terms)

    def _partials(self, n: int) -> Iterator[tuple[float, int | None, int]]:
        """Yield (a, factor node or None, child) such that dn = sum of a*factor*dchild."""
        op, args = self.op[n], self.args[n]
        if op == "add":
            for a, m in args[1]:
                yield a, None, m
        elif op == "mul":
            for i, m in enumerate(args):
                if self.op[m] == "inv":
                    # d(a/b) = -(a/b)/b db: squaring 1/b would overflow for b near 1e-160
                    yield -1.0, self._closed_product(n, m), self.args[m][0]
                else:
                    yield 1.0, self.mul(*args[:i], *args[i + 1 :]), m
        elif op == "inv":
            yield -1.0, self._powi(n, 2), args[0]
        elif op == "powi":
            yield float(args[1]), self._powi(args[0], args[1] - 1), args[0]
        elif op == "pow":
            yield from self._pow_partials(n)
        elif op == "sqrt":
            yield 0.5, self.inv(self.maximum(n, self.const(1e-10))), args[0]
        elif op == "exp":
            yield 1.0, n, args[0]
        elif op == "log":
            yield 1.0, self.inv(args[0]), args[0]
        elif op == "abs":
            sign = self.select(self.compare("lt", args[0], self.const(0.0)),
                               self.const(-1.0), self.const(1.0))
            yield 1.0, sign, args[0]

    def _pow_partials(self, n: int) -> Iterator[tuple[float, int | None, int]]:
        base, e = self.args[n]
        if self.deps[base] & (STATE | TIME):
            # away from zero, so that x**0.5 at x = 0 keeps a finite slope
            small = self.const(1e-12)
            size = self.select(self.compare("lt", self._unary("abs", base), small), small, base)
            yield 1.0, self.mul(e, n, self.inv(size)), base
        if self.deps[e] & (STATE | TIME):
            floor = self.maximum(base, self.const(1e-300))
            yield 1.0, self.mul(n, self.log(floor)), e
