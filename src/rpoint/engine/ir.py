"""A small writer of LLVM IR text: straight-line vector code, loops and branches.

Vectors are ``<L x double>``, one element for each lane (patient).  Every operation acts on each
lane alone, so a lane's result cannot depend on its neighbours.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from rpoint.engine.expr import Graph

FLAGS = "nsz contract"


def bits(value: float) -> str:
    """A double as LLVM's hexadecimal constant."""
    return "0x%016X" % struct.unpack("<Q", struct.pack("<d", value))[0]


class Function:
    """One function under construction; methods append instructions and return value names."""

    def __init__(self, name: str, params: str, lanes: int, returns: str = "void",
                 linkage: str = "internal") -> None:
        self.lanes = lanes
        self.vec = f"<{lanes} x double>"
        self.ints = f"<{lanes} x i64>"
        self.mask = f"<{lanes} x i1>"
        self.head = f"define {linkage} {returns} @{name}({params}) #0 {{"
        self.returns = returns
        self.entry: list[str] = []
        self.lines: list[str] = []
        self.count = 0
        self.env: dict[int, str] = {}

    # -- raw ------------------------------------------------------------------------------
    def let(self, text: str) -> str:
        """Append ``%new = text`` and return the new name."""
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {text}")

    def text(self, result: str | None = None) -> str:
        """The finished function."""
        end = "  ret void" if result is None else f"  ret {self.returns} {result}"
        return "\n".join([self.head, "entry:", *self.entry, *self.lines, end, "}", ""])

    def label(self) -> str:
        """A new block label."""
        self.count += 1
        return f"b{self.count}"

    def variable(self, kind: str, value: str) -> str:
        """A mutable scalar on the stack."""
        self.count += 1
        name = f"%s{self.count}"
        self.entry.append(f"  {name} = alloca {kind}, align 8")
        self.do(f"store {kind} {value}, ptr {name}")
        return name

    # -- control --------------------------------------------------------------------------
    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Body runs if the i1 holds."""
        inside, after = self.label(), self.label()
        self.do(f"br i1 {condition}, label %{inside}, label %{after}")
        self.lines.append(f"{inside}:")
        yield
        self.do(f"br label %{after}")
        self.lines.append(f"{after}:")

    @contextmanager
    def loop(self, stop: str | int, start: str | int = 0) -> Iterator[str]:
        """Body runs for i = start .. stop-1 (i64); the counter must not be changed."""
        counter = self.variable("i64", str(start))
        head, body, after = self.label(), self.label(), self.label()
        self.do(f"br label %{head}")
        self.lines.append(f"{head}:")
        i = self.let(f"load i64, ptr {counter}")
        go = self.let(f"icmp slt i64 {i}, {stop}")
        self.do(f"br i1 {go}, label %{body}, label %{after}")
        self.lines.append(f"{body}:")
        yield i
        following = self.let(f"add nsw i64 {i}, 1")
        self.do(f"store i64 {following}, ptr {counter}")
        self.do(f"br label %{head}")
        self.lines.append(f"{after}:")

    def repeat(self, count: int, body, unroll: int = 4) -> None:
        """`body(i)` for i = 0 .. count-1, `unroll` at a time; the body must not branch."""
        rounds = count // unroll if count > 2 * unroll else 0
        if rounds:
            before, head, after = self.label(), self.label(), self.label()
            self.do(f"br label %{before}")
            self.lines.append(f"{before}:")
            self.do(f"br label %{head}")
            self.lines.append(f"{head}:")
            i, following = f"%i{head}", f"%n{head}"
            self.do(f"{i} = phi i64 [0, %{before}], [{following}, %{head}]")
            body(i)
            for k in range(1, unroll):
                body(self.let(f"add nuw nsw i64 {i}, {k}"))
            self.do(f"{following} = add nuw nsw i64 {i}, {unroll}")
            go = self.let(f"icmp ult i64 {following}, {rounds * unroll}")
            self.do(f"br i1 {go}, label %{head}, label %{after}")
            self.lines.append(f"{after}:")
        for k in range(rounds * unroll, count):
            body(str(k))

    @contextmanager
    def forever(self) -> Iterator[str]:
        """Body repeats until it branches to the yielded label."""
        head, after = self.label(), self.label()
        self.do(f"br label %{head}")
        self.lines.append(f"{head}:")
        yield after
        self.do(f"br label %{head}")
        self.lines.append(f"{after}:")

    def leave(self, label: str, condition: str) -> None:
        """Branch to `label` if the i1 holds, else go on."""
        on = self.label()
        self.do(f"br i1 {condition}, label %{label}, label %{on}")
        self.lines.append(f"{on}:")

    # -- scalars --------------------------------------------------------------------------
    def at(self, base: str, index: str | int, size: int = 8) -> str:
        """Address of element `index` of `size` bytes."""
        return self.let(f"getelementptr inbounds [{size} x i8], ptr {base}, i64 {index}")

    def load(self, kind: str, address: str) -> str:
        """Load a scalar."""
        return self.let(f"load {kind}, ptr {address}")

    def store(self, kind: str, value: str, address: str) -> None:
        """Store a scalar."""
        self.do(f"store {kind} {value}, ptr {address}")

    def get(self, kind: str, base: str, index: str | int) -> str:
        """Load element `index` of an array of 8-byte scalars."""
        return self.load(kind, self.at(base, index))

    def put(self, kind: str, value: str, base: str, index: str | int) -> None:
        """Store element `index` of an array of 8-byte scalars."""
        self.store(kind, value, self.at(base, index))

    # -- vectors --------------------------------------------------------------------------
    def splat(self, value: float) -> str:
        """A constant vector."""
        return "<" + ", ".join([f"double {bits(value)}"] * self.lanes) + ">"

    def splat_int(self, value: int) -> str:
        """A constant vector of i64."""
        return "<" + ", ".join([f"i64 {value}"] * self.lanes) + ">"

    def spread(self, scalar: str) -> str:
        """A vector with `scalar` in every lane."""
        one = self.let(f"insertelement {self.vec} poison, double {scalar}, i64 0")
        return self.let(f"shufflevector {self.vec} {one}, {self.vec} poison, "
                        f"<{self.lanes} x i32> zeroinitializer")

    def vload(self, base: str, index: str | int = 0) -> str:
        """Load vector number `index`."""
        where = self.at(base, index, 8 * self.lanes) if str(index) != "0" else base
        return self.let(f"load {self.vec}, ptr {where}, align {8 * self.lanes}")

    def vstore(self, value: str, base: str, index: str | int = 0) -> None:
        """Store vector number `index`."""
        where = self.at(base, index, 8 * self.lanes) if str(index) != "0" else base
        self.do(f"store {self.vec} {value}, ptr {where}, align {8 * self.lanes}")

    def bin(self, op: str, a: str, b: str) -> str:
        """fadd, fsub, fmul or fdiv."""
        return self.let(f"{op} {FLAGS} {self.vec} {a}, {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        """a*b + c"""
        return self.bin("fadd", self.bin("fmul", a, b), c)

    def cmp(self, how: str, a: str, b: str) -> str:
        """Lane-wise comparison."""
        return self.let(f"fcmp {how} {self.vec} {a}, {b}")

    def sel(self, condition: str, a: str, b: str) -> str:
        """Lane-wise choice."""
        return self.let(f"select {self.mask} {condition}, {self.vec} {a}, {self.vec} {b}")

    def larger(self, a: str, b: str) -> str:
        """max(a, b); b where a is NaN."""
        return self.sel(self.cmp("ogt", a, b), a, b)

    def smaller(self, a: str, b: str) -> str:
        """min(a, b); b where a is NaN."""
        return self.sel(self.cmp("olt", a, b), a, b)

    def intrinsic(self, name: str, a: str) -> str:
        """llvm.name of one vector."""
        return self.let(f"call {self.vec} @llvm.{name}.v{self.lanes}f64({self.vec} {a})")

    def call(self, name: str, *args: str) -> str:
        """Call a function of vectors."""
        given = ", ".join(f"{self.vec} {a}" for a in args)
        return self.let(f"call {self.vec} @{name}({given})")

    def horner(self, coefficients: list[float], x: str) -> str:
        """Polynomial, highest power first."""
        total = self.splat(coefficients[0])
        for c in coefficients[1:]:
            total = self.fma(total, x, self.splat(c))
        return total


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
        return getattr(self, f"_{op}", self._unary)(*self._operands(op, args), op)

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
        total = None
        while k:
            if k & 1:
                total = x if total is None else self.f.bin("fmul", total, x)
            k >>= 1
            if k:
                x = self.f.bin("fmul", x, x)
        return total

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


# -- elementary functions -----------------------------------------------------------------
_LN2_HIGH = float.fromhex("0x1.62e42fefa0000p-1")
_LN2_LOW = float.fromhex("0x1.cf79abc9e3b3ap-40")
_MAGIC = 6755399441055744.0  # 1.5*2**52: adding it rounds to an integer in the low bits


def elementary(lanes: int) -> str:
    """IR of rp_exp, rp_log and rp_pow on vectors; relative error of a few 1e-16."""
    return _exp_text(lanes) + _log_text(lanes) + _pow_text(lanes)


def _exp_text(lanes: int) -> str:
    f = Function("rp_exp", f"<{lanes} x double> %x", lanes, f"<{lanes} x double>")
    x = f.sel(f.cmp("ogt", "%x", f.splat(709.0)), f.splat(709.0), "%x")
    x = f.sel(f.cmp("olt", x, f.splat(-708.0)), f.splat(-708.0), x)
    shifted = f.fma(x, f.splat(1 / math.log(2)), f.splat(_MAGIC))
    k = f.bin("fsub", shifted, f.splat(_MAGIC))
    r = f.fma(k, f.splat(-_LN2_HIGH), x)
    r = f.fma(k, f.splat(-_LN2_LOW), r)
    p = f.horner([1 / math.factorial(j) for j in range(13, -1, -1)], r)
    exponent = f.let(f"bitcast {f.vec} {shifted} to {f.ints}")
    exponent = f.let(f"shl {f.ints} {exponent}, {f.splat_int(52)}")
    exponent = f.let(f"add {f.ints} {exponent}, {f.splat_int(1023 << 52)}")
    return f.text(f.bin("fmul", p, f.let(f"bitcast {f.ints} {exponent} to {f.vec}")))


def _log_text(lanes: int) -> str:
    """log of positive numbers (smaller than 2.3e-308: as of that); NaN below zero."""
    f = Function("rp_log", f"<{lanes} x double> %x", lanes, f"<{lanes} x double>")
    tiny = f.splat(2.2250738585072014e-308)
    x = f.sel(f.cmp("olt", "%x", tiny), tiny, "%x")
    b = f.let(f"bitcast {f.vec} {x} to {f.ints}")
    half = struct.unpack("<q", struct.pack("<d", math.sqrt(0.5)))[0]
    d = f.let(f"sub {f.ints} {b}, {f.splat_int(half - (1024 << 52))}")
    e = f.let(f"lshr {f.ints} {d}, {f.splat_int(52)}")
    up = f.let(f"shl {f.ints} {e}, {f.splat_int(52)}")
    m = f.let(f"sub {f.ints} {b}, {up}")
    m = f.let(f"add {f.ints} {m}, {f.splat_int(1024 << 52)}")
    m = f.let(f"bitcast {f.ints} {m} to {f.vec}")
    k = f.let(f"or {f.ints} {e}, {f.splat_int(0x4330000000000000)}")
    k = f.bin("fsub", f.let(f"bitcast {f.ints} {k} to {f.vec}"), f.splat(2.0**52 + 1024.0))
    u = f.bin("fdiv", f.bin("fsub", m, f.splat(1.0)), f.bin("fadd", m, f.splat(1.0)))
    u2 = f.bin("fmul", u, u)
    tail = f.horner([2 / (2 * j + 1) for j in range(10, 0, -1)], u2)
    series = f.fma(f.bin("fmul", tail, u2), u, f.bin("fmul", u, f.splat(2.0)))
    low = f.fma(k, f.splat(_LN2_LOW), series)
    out = f.fma(k, f.splat(_LN2_HIGH), low)
    bad = f.cmp("uge", "%x", f.splat(0.0))
    return f.text(f.sel(bad, f.sel(f.cmp("uno", "%x", "%x"), "%x", out), f.splat(math.nan)))


def _pow_text(lanes: int) -> str:
    """x**e; of a negative base zero**e unless e is an integer; finite everywhere."""
    f = Function("rp_pow", f"<{lanes} x double> %x, <{lanes} x double> %e", lanes,
                 f"<{lanes} x double>")
    size = f.intrinsic("fabs", "%x")
    r = f.call("rp_exp", f.bin("fmul", "%e", f.call("rp_log", size)))
    zero, one = f.splat(0.0), f.splat(1.0)
    at_zero = f.sel(f.cmp("ogt", "%e", zero), zero, f.sel(f.cmp("olt", "%e", zero),
                                                          f.splat(1e300), one))
    half = f.bin("fmul", "%e", f.splat(0.5))
    odd = f.cmp("une", f.intrinsic("rint", half), half)
    signed = f.sel(odd, f.let(f"fneg {f.vec} {r}"), r)
    whole = f.cmp("oeq", f.intrinsic("rint", "%e"), "%e")
    negative = f.sel(whole, signed, at_zero)
    r = f.sel(f.cmp("olt", "%x", zero), negative, r)
    return f.text(f.sel(f.cmp("olt", size, f.splat(2.3e-308)), at_zero, r))


def declarations(lanes: int) -> str:
    """Declarations of the LLVM intrinsics in use and the common attributes."""
    v = f"<{lanes} x double>"
    names = ("fabs", "sqrt", "floor", "ceil", "rint")
    width = min(64 * lanes, 512)
    return "\n".join(f"declare {v} @llvm.{n}.v{lanes}f64({v})" for n in names) + (
        f'\nattributes #0 = {{ nounwind "prefer-vector-width"="{width}" '
        f'"min-legal-vector-width"="{width}" }}\n')
