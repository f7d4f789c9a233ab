"""One trial step of every lane, the dense output, and the first step size, as LLVM IR.

All of it is straight-line vector code: each lane has its own time, step size and state.
"""

from __future__ import annotations

import math

from rpoint.engine import rodas5p
from rpoint.engine.ir import Function
from rpoint.engine.layout import Writer

SAFETY, SHRINK, GROW = 0.9, 0.2, 8.0
PIVOT_LIMIT = 1e9  # largest allowed g/|pivot|, g = 1/(h gamma): beyond, a smaller step
HUGE = 1e300  # stands for an error that is not a number


class StepWriter(Writer):
    """Writes ``rp_step``, ``rp_interpolate`` and ``rp_restart``."""

    def text(self) -> str:
        """The functions."""
        return "\n".join((self._step(), self._interpolate(), self._restart()))

    def _stage_base(self, f: Function, k: str, stage: int) -> str:
        return f.let(f"getelementptr inbounds i8, ptr {k}, i64 {stage * self.n * self.unit}")

    def _step(self) -> str:
        """Trial step of every lane: yn, the squared error, new step size and verdict."""
        f = Function("rp_step", "ptr noalias align 64 %ws, double %rtol, double %atol", self.lanes,
                     linkage="")
        y, yn, ys, k, w, p, rate, slope = self.work(f, "y", "yn", "ys", "k", "w", "p", "f", "ft")
        t, used = (f.vload(b) for b in self.work(f, "t", "used"))
        ih = f.bin("fdiv", f.splat(1.0), used)
        g = f.bin("fmul", ih, f.splat(1.0 / rodas5p.GAMMA))
        v = self.vec
        worst = f.let(f"call {v} @rp_factor(ptr {y}, ptr {p}, {v} {t}, {v} {g}, ptr {w}, "
                      f"ptr {rate}, ptr {slope})")
        timed = self.system.dtime is not None
        if timed:
            factor = f.bin("fmul", used, f.splat(rodas5p.SLOPES[0]))
            with f.loop(self.n) as i:
                f.vstore(f.fma(factor, f.vload(slope, i), f.vload(rate, i)), rate, i)
        bases = [self._stage_base(f, k, s) for s in range(rodas5p.STAGES)]
        f.do(f"call void @rp_first(ptr {rate}, ptr {w}, ptr {bases[0]})")
        for s in range(1, rodas5p.STAGES):
            self._combine(f, s, bases, y, ys, slope, used if timed else None)
            ts = f.fma(used, f.splat(rodas5p.NODES[s]), t) if timed else t
            f.do(f"call void @rp_stage(ptr {ys}, ptr {p}, {v} {ts}, {v} {ih}, ptr {w}, "
                 f"ptr {bases[s]})")
        self._finish(f, y, ys, yn, bases[-1])
        self._control(f, worst, g)
        return f.text()

    def _combine(self, f: Function, s: int, bases: list[str], y: str, ys: str, slope: str,
                 used: str | None) -> None:
        """ys = y + sum A u and k_s = sum C u (+ h^2 d df/dt) in one pass over the stages."""
        def body(i: str) -> None:
            u = [f.vload(b, i) for b in bases[:s]]
            if s > 5:  # rows 7 and 8 of A are the row before, plus the last stage
                f.vstore(f.bin("fadd", f.vload(ys, i), u[-1]), ys, i)
            else:
                total = f.vload(y, i)
                for a, x in zip(rodas5p.A[s], u):
                    total = f.fma(x, f.splat(a), total)
                f.vstore(total, ys, i)
            total = f.bin("fmul", u[0], f.splat(rodas5p.C[s][0]))
            for c, x in zip(rodas5p.C[s][1:], u[1:]):
                total = f.fma(x, f.splat(c), total)
            if used is not None and rodas5p.SLOPES[s] != 0.0:
                h2 = f.bin("fmul", f.bin("fmul", used, used), f.splat(rodas5p.SLOPES[s]))
                total = f.fma(h2, f.vload(slope, i), total)
            f.vstore(total, bases[s], i)

        f.repeat(self.n, body)

    def _finish(self, f: Function, y: str, ys: str, yn: str, last: str) -> None:
        """yn = ys + u_8; mean squared weighted error; largest |yn|."""
        rtol, atol = f.spread("%rtol"), f.spread("%atol")
        error, size = self.work(f, "error", "size")
        f.vstore(f.splat(0.0), error)
        f.vstore(f.splat(0.0), size)
        for start in range(0, self.n, 11):  # partial sums stay in registers
            sums, largest = f.splat(0.0), f.splat(0.0)
            for i in range(start, min(start + 11, self.n)):
                e = f.vload(last, i)
                new = f.bin("fadd", f.vload(ys, i), e)
                f.vstore(new, yn, i)
                a, b = f.intrinsic("fabs", f.vload(y, i)), f.intrinsic("fabs", new)
                scale = f.fma(rtol, f.larger(a, b), atol)
                q = f.bin("fdiv", e, scale)
                sums, largest = f.fma(q, q, sums), f.larger(b, largest)
            f.vstore(f.bin("fadd", sums, f.vload(error)), error)
            f.vstore(f.larger(largest, f.vload(size)), size)
        f.vstore(f.bin("fmul", f.vload(error), f.splat(1.0 / max(self.n, 1))), error)

    def _control(self, f: Function, worst: str, g: str) -> None:
        """Accept or refuse; new step size by the predictive controller of Gustafsson."""
        (error, previous, used, h, accepted, refused, pivot) = self.work(
            f, "error", "previous", "used", "h", "accepted", "refused", "pivot")
        limit = f.splat(PIVOT_LIMIT)
        weak = f.cmp("uge", f.bin("fmul", worst, g), limit)
        e = f.sel(weak, f.splat(HUGE), f.vload(error))
        e = f.sel(f.cmp("uno", e, e), f.splat(HUGE), e)
        f.vstore(f.sel(weak, f.splat(1.0), f.splat(0.0)), pivot)
        good = f.cmp("ole", e, f.splat(1.0))
        le = f.call("rp_log", f.larger(e, f.splat(1e-16)))
        plain = f.bin("fmul", f.splat(SAFETY), f.call("rp_exp", f.bin("fmul", le,
                                                                      f.splat(-0.1))))
        # previous = log of (e_old) - 10 log(h_old), or NaN just after a restart
        lh = f.call("rp_log", f.vload(used))
        old = f.vload(previous)
        exponent = f.fma(f.splat(10.0), lh, old)
        exponent = f.fma(f.splat(-2.0), le, exponent)
        guess = f.bin("fmul", f.splat(SAFETY), f.call("rp_exp", f.bin("fmul", exponent,
                                                                      f.splat(0.1))))
        usable = f.let(f"and {f.mask} {good}, {f.cmp('ord', old, old)}")
        factor = f.sel(usable, f.smaller(plain, guess), plain)
        factor = f.larger(f.smaller(factor, f.splat(GROW)), f.splat(SHRINK))
        was = f.cmp("ogt", f.vload(refused), f.splat(0.0))
        factor = f.sel(was, f.smaller(factor, f.splat(1.0)), factor)
        new = f.bin("fmul", f.vload(used), factor)
        # a step that was cut to meet a stop must not make the next one smaller
        cut = f.let(f"and {f.mask} {good}, {f.cmp('oge', factor, f.splat(1.0))}")
        f.vstore(f.sel(cut, f.larger(new, f.vload(h)), new), h)
        kept = f.fma(f.splat(-10.0), lh, f.larger(le, f.splat(-9.2)))
        f.vstore(f.sel(good, kept, old), previous)
        f.vstore(f.sel(good, f.splat(0.0), f.splat(1.0)), refused)
        f.vstore(f.sel(good, f.splat(1.0), f.splat(0.0)), accepted)

    def _interpolate(self) -> str:
        """yo = dense output at theta of the step just made."""
        f = Function("rp_interpolate", "ptr noalias align 64 %ws", self.lanes, linkage="")
        y, yn, yo, k = self.work(f, "y", "yn", "yo", "k")
        theta = f.vload(self.work(f, "theta")[0])
        rest = f.bin("fsub", f.splat(1.0), theta)
        bases = [self._stage_base(f, k, s) for s in range(rodas5p.STAGES)]
        with f.loop(self.n) as i:
            u = [f.vload(b, i) for b in bases]
            d = []
            for row in rodas5p.H:
                total = f.bin("fmul", u[0], f.splat(row[0]))
                for c, x in zip(row[1:], u[1:]):
                    total = f.fma(x, f.splat(c), total)
                d.append(total)
            inner = f.fma(theta, f.fma(theta, d[2], d[1]), d[0])
            inner = f.fma(rest, inner, f.vload(yn, i))
            f.vstore(f.fma(theta, inner, f.bin("fmul", rest, f.vload(y, i))), yo, i)
        return f.text()

    def _restart(self) -> str:
        """First step size of the lanes marked fresh, from the size of the rates."""
        f = Function("rp_restart", "ptr noalias align 64 %ws, double %rtol, double %atol",
                     self.lanes, linkage="")
        y, p, rate, h, fresh, previous, refused = self.work(
            f, "y", "p", "f", "h", "fresh", "previous", "refused")
        t = f.vload(self.work(f, "t")[0])
        rtol, atol = f.spread("%rtol"), f.spread("%atol")
        f.do(f"call void @rp_rates(ptr {y}, ptr {p}, {self.vec} {t}, ptr {rate})")
        d0, d1 = self.work(f, "error", "size")
        f.vstore(f.splat(0.0), d0)
        f.vstore(f.splat(0.0), d1)
        with f.loop(self.n) as i:
            value = f.vload(y, i)
            scale = f.fma(rtol, f.intrinsic("fabs", value), atol)
            for source, target in ((value, d0), (f.vload(rate, i), d1)):
                q = f.bin("fdiv", source, scale)
                f.vstore(f.fma(q, q, f.vload(target)), target)
        # h = 0.01 |y|/|f| in the weighted norm (Hairer, Norsett & Wanner I, II.4)
        a = f.larger(f.vload(d0), f.splat(1e-10 * self.n))
        ratio = f.bin("fdiv", a, f.larger(f.vload(d1), f.splat(1e-10 * self.n)))
        step = f.bin("fmul", f.splat(0.01), f.intrinsic("sqrt", ratio))
        step = f.larger(f.smaller(step, f.splat(1e6)), f.splat(1e-12))
        step = f.larger(step, f.bin("fmul", f.intrinsic("fabs", t), f.splat(1e-14)))
        mark = f.cmp("ogt", f.vload(fresh), f.splat(0.0))
        f.vstore(f.sel(mark, step, f.vload(h)), h)
        f.vstore(f.sel(mark, f.splat(math.nan), f.vload(previous)), previous)
        f.vstore(f.sel(mark, f.splat(0.0), f.vload(refused)), refused)
        f.vstore(f.splat(0.0), fresh)
        return f.text()
