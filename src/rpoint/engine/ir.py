"""A small writer of LLVM IR text: straight-line vector code, loops and branches.

Vectors are ``<L x double>``, one element for each lane (patient).  Every operation acts on each
lane alone, so a lane's result cannot depend on its neighbours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

FLAGS = "nsz contract"
BLOCK = 300  # instructions after which a straight-line function starts a new basic block


def bits(value: float) -> str:
    """A double as LLVM's hexadecimal constant."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


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
        self.alive: str | None = None
        self.block_start = 0

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
        end = ["  ret void" if result is None else f"  ret {self.returns} {result}"]
        if self.alive:
            end += ["out:", "  ret void" if result is None else f"  ret {self.returns} poison"]
        return "\n".join([self.head, "entry:", *self.entry, *self.lines, *end, "}", ""])

    def breathe(self) -> None:
        """Start a new basic block if this one is long.

        LLVM's work grows with the square of a block's length.  The branch is never taken (its
        condition is that a pointer is not null), but LLVM does not know that.
        """
        if len(self.lines) - self.block_start < BLOCK:
            return
        if self.alive is None:
            pointer = self.head.split("%", 1)[1].split(",")[0].split(")")[0]
            self.alive = "%alive"
            self.entry.append(f"  %alive = icmp ne ptr %{pointer}, null")
        following = self.label()
        self.do(f"br i1 %alive, label %{following}, label %out")
        self.lines.append(f"{following}:")
        self.block_start = len(self.lines)

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
        v = self.vec
        return self.let(f"call {v} @llvm.fmuladd.v{self.lanes}f64({v} {a}, {v} {b}, {v} {c})")

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


def declarations(lanes: int) -> str:
    """Declarations of the LLVM intrinsics in use and the common attributes."""
    v = f"<{lanes} x double>"
    names = ("fabs", "sqrt", "floor", "ceil", "rint")
    width = min(64 * lanes, 512)
    lines = [f"declare {v} @llvm.{n}.v{lanes}f64({v})" for n in names]
    lines.append(f"declare {v} @llvm.fmuladd.v{lanes}f64({v}, {v}, {v})")
    return "\n".join(lines) + (
        f'\nattributes #0 = {{ nounwind "prefer-vector-width"="{width}" '
        f'"min-legal-vector-width"="{width}" }}\n')
