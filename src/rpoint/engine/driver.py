"""One Rosenbrock step and the loop over patients, as LLVM IR.

The loop keeps L lanes busy.  Every lane has its own patient, time, step size and schedule, and
takes the next patient (an atomic counter shared by all threads) when it has finished.  Lanes share
instructions but no data, so a patient's result does not depend on who runs beside it.
"""

from __future__ import annotations

from rpoint.engine import rodas5p
from rpoint.engine.equations import System
from rpoint.engine.functions import ModelFunctions
from rpoint.engine.ir import Function, bits

JOB = ("patients", "parameters", "initial", "outputs", "t_out", "schedule", "first", "times",
       "targets", "amounts", "values", "status", "steps", "rejected", "counter", "cancel",
       "rtol", "atol", "max_steps", "t_start", "t_end", "h_max", "weights")  # fmt: skip
"""Fields of the job record, 8 bytes each, in order; see `solve.py` for their meaning."""

SAFETY, SHRINK, GROW = 0.9, 0.2, 8.0
PIVOT_LIMIT = 1e9  # largest allowed g/|pivot|
BLOW_UP = 1e60
OK, COLLAPSE, NOT_FINITE, TOO_MANY, BLOWN, PIVOT, CANCELLED = range(7)
_PTR = "ptr noalias nocapture align 64"


class Layout:
    """Offsets of a thread's work arrays, each aligned to 64 bytes."""

    def __init__(self, system: System, functions: ModelFunctions, lanes: int) -> None:
        n, unit = system.size, 8 * lanes
        vectors = {
            "y": n, "yn": n, "ys": n, "yo": n + len(system.equations.derived), "f": n, "ft": n if system.dtime else 0,
            "k": rodas5p.STAGES * n, "w": len(functions.entry), "p": functions.slots,
            "o": len(system.observables), "t": 1, "tn": 1, "h": 1, "used": 1, "error": 1,
            "previous": 1, "stop": 1, "theta": 1, "size": 1, "pivot": 1, "refused": 1, "due": 1,
            "accepted": 1, "fresh": 1, "patient": 1, "event": 1, "event_end": 1, "output": 1,
            "count": 1, "retries": 1,
        }  # fmt: skip
        self.offset: dict[str, int] = {}
        total = 0
        for name, count in vectors.items():
            self.offset[name] = total
            total += -(-count * unit // 64) * 64
        self.size = max(total, 64)


class Driver:
    """Writes ``rp_step``, ``rp_first_step`` and the exported ``rp_drive``."""

    def __init__(self, system: System, functions: ModelFunctions, lanes: int) -> None:
        self.system, self.lanes, self.n = system, lanes, system.size
        self.functions = functions
        self.layout = Layout(system, functions, lanes)
        self.vec = f"<{lanes} x double>"
        self.unit = 8 * lanes

    def kernel(self) -> str:
        """The vector part: straight-line code."""
        return "\n".join((self._step(), self._interpolate(), self._restart()))

    def loop(self) -> str:
        """The part that looks at single lanes: branches."""
        return "\n".join((self._choose(), self._settle(), self._scatter(), self._apply(),
                          self._finish_lane(), self._refill(), self._drive()))

    def declarations(self) -> str:
        """What the loop calls in the kernel."""
        v = self.vec
        return "\n".join((
            f"declare void @rp_init(ptr, ptr, {v})", "declare void @rp_prep(ptr)",
            f"declare void @rp_observe(ptr, ptr, {v}, ptr)",
            "declare void @rp_interpolate(ptr)", "declare void @rp_step(ptr, double, double)",
            "declare void @rp_restart(ptr, double, double)"))

    # -- pieces ---------------------------------------------------------------------------
    def _work(self, f: Function, *names: str) -> list[str]:
        return [f.let(f"getelementptr inbounds i8, ptr %ws, i64 {self.layout.offset[n]}")
                for n in names]

    def _stage_base(self, f: Function, k: str, stage: int) -> str:
        return f.let(f"getelementptr inbounds i8, ptr {k}, i64 {stage * self.n * self.unit}")

    def _step(self) -> str:
        """Trial step of every lane: yn, the squared error, new step size and verdict."""
        f = Function("rp_step", "ptr noalias align 64 %ws, double %rtol, double %atol", self.lanes,
                     linkage="")
        y, yn, ys, k, w, p, rate, slope = self._work(f, "y", "yn", "ys", "k", "w", "p", "f", "ft")
        t, used = (f.vload(b) for b in self._work(f, "t", "used"))
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
        error, size = self._work(f, "error", "size")
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
        (error, previous, used, h, accepted, refused, pivot) = self._work(
            f, "error", "previous", "used", "h", "accepted", "refused", "pivot")
        limit = f.splat(PIVOT_LIMIT)
        weak = f.cmp("uge", f.bin("fmul", worst, g), limit)
        e = f.sel(weak, f.splat(1e300), f.vload(error))
        e = f.sel(f.cmp("uno", e, e), f.splat(1e300), e)
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
        y, yn, yo, k = self._work(f, "y", "yn", "yo", "k")
        theta = f.vload(self._work(f, "theta")[0])
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
        y, p, rate, h, fresh, previous, refused = self._work(
            f, "y", "p", "f", "h", "fresh", "previous", "refused")
        t = f.vload(self._work(f, "t")[0])
        rtol, atol = f.spread("%rtol"), f.spread("%atol")
        f.do(f"call void @rp_rates(ptr {y}, ptr {p}, {self.vec} {t}, ptr {rate})")
        d0, d1 = self._work(f, "error", "size")
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
        f.vstore(f.sel(mark, f.splat(float("nan")), f.vload(previous)), previous)
        f.vstore(f.sel(mark, f.splat(0.0), f.vload(refused)), refused)
        f.vstore(f.splat(0.0), fresh)
        return f.text()

    def _choose(self) -> str:
        """The step to try: never past the stop, and never leaving a sliver before it."""
        f = Function("rp_choose", "ptr noalias align 64 %ws", self.lanes)
        t, h, stop, used = self._work(f, "t", "h", "stop", "used")
        rest = f.bin("fsub", f.vload(stop), f.vload(t))
        step = f.vload(h)
        half = f.bin("fmul", rest, f.splat(0.5))
        short = f.sel(f.cmp("ogt", step, half), half, step)
        last = f.cmp("oge", step, f.bin("fmul", rest, f.splat(0.999)))
        f.vstore(f.sel(last, rest, short), used)
        return f.text()

    # -- one lane at a time ---------------------------------------------------------------
    def _job(self, f: Function, name: str) -> str:
        kind = {"rtol": "double", "atol": "double", "t_start": "double", "t_end": "double",
                "h_max": "double", "patients": "i64", "outputs": "i64", "max_steps": "i64"}
        return f.get(kind.get(name, "ptr"), "%job", JOB.index(name))

    def _lane(self, f: Function, base: str, index: str | int, lane: str) -> str:
        """Address of element `lane` of vector `index`."""
        vector = f.at(base, index, self.unit)
        return f.at(vector, lane)

    def _scatter(self) -> str:
        """Write the observables in `o` of one lane as its next output."""
        f = Function("rp_scatter", "ptr %job, ptr %ws, i64 %l", self.lanes)
        o, patient, output = self._work(f, "o", "patient", "output")
        values, outputs = self._job(f, "values"), self._job(f, "outputs")
        q, j = f.get("i64", patient, "%l"), f.get("i64", output, "%l")
        row = f.let(f"mul i64 {q}, {outputs}")
        row = f.let(f"add i64 {row}, {j}")
        count = len(self.system.observables)
        row = f.let(f"mul i64 {row}, {count}")
        target = f.at(values, row)
        with f.loop(count) as i:
            f.put("double", f.load("double", self._lane(f, o, i, "%l")), target, i)
        f.put("i64", f.let(f"add i64 {j}, 1"), output, "%l")
        return f.text()

    def _finish_lane(self) -> str:
        """Record a lane's status and free it."""
        f = Function("rp_finish", "ptr %job, ptr %ws, i64 %l, i64 %code", self.lanes)
        patient, count, retries = self._work(f, "patient", "count", "retries")
        q = f.get("i64", patient, "%l")
        f.put("i64", "%code", self._job(f, "status"), q)
        f.put("i64", f.get("i64", count, "%l"), self._job(f, "steps"), q)
        f.put("i64", f.get("i64", retries, "%l"), self._job(f, "rejected"), q)
        f.put("i64", "-1", patient, "%l")
        t, stop, h, fresh = self._work(f, "t", "stop", "h", "fresh")
        for base, value in ((t, 0.0), (stop, 1.0), (h, 1.0), (fresh, 0.0)):
            f.put("double", repr(value), base, "%l")
        return f.text()

    def _apply(self) -> str:
        """Apply the events of one lane that are due at its time; set its next stop."""
        f = Function("rp_apply", "ptr %job, ptr %ws, i64 %l", self.lanes)
        y, p, t, stop, event, end, fresh = self._work(
            f, "y", "p", "t", "stop", "event", "event_end", "fresh")
        times, targets = self._job(f, "times"), self._job(f, "targets")
        amounts, t_end = self._job(f, "amounts"), self._job(f, "t_end")
        now, last = f.get("double", t, "%l"), f.get("i64", end, "%l")
        f.put("double", "1.0", fresh, "%l")
        f.put("double", t_end, stop, "%l")
        with f.forever() as done:
            e = f.get("i64", event, "%l")
            f.leave(done, f.let(f"icmp sge i64 {e}, {last}"))
            when = f.get("double", times, e)
            later = f.let(f"fcmp ogt double {when}, {now}")
            with f.when(later):
                sooner = f.let(f"fcmp olt double {when}, {t_end}")
                f.put("double", f.let(f"select i1 {sooner}, double {when}, double {t_end}"),
                      stop, "%l")
            f.leave(done, later)
            target, amount = f.get("i64", targets, e), f.get("double", amounts, e)
            is_dose = f.let(f"icmp slt i64 {target}, 0")  # -1-i: add to state i; else set
            with f.when(is_dose):
                where = self._lane(f, y, f.let(f"sub i64 -1, {target}"), "%l")
                f.store("double", f.let(f"fadd double {f.load('double', where)}, {amount}"), where)
            with f.when(f.let(f"xor i1 {is_dose}, true")):
                f.store("double", amount, self._lane(f, p, target, "%l"))
            f.put("i64", f.let(f"add i64 {e}, 1"), event, "%l")
        return f.text()

    def _settle(self) -> str:
        """After a trial step: outputs, failures, commits, stops."""
        f = Function("rp_settle", "ptr %job, ptr %ws", self.lanes)
        any_due = f.variable("i64", "0")
        cancel = f.load("i64", self._job(f, "cancel"))
        with f.loop(self.lanes) as lane:
            busy = f.let(f"icmp sge i64 {f.get('i64', self._work(f, 'patient')[0], lane)}, 0")
            with f.when(busy):
                self._judge(f, lane, cancel, any_due)
        self._dense(f, any_due)
        y, yn, t, tn, accepted = self._work(f, "y", "yn", "t", "tn", "accepted")
        mark = f.cmp("ogt", f.vload(accepted), f.splat(0.0))
        f.repeat(self.n, lambda i: f.vstore(f.sel(mark, f.vload(yn, i), f.vload(y, i)), y, i))
        f.vstore(f.sel(mark, f.vload(tn), f.vload(t)), t)
        t_end = self._job(f, "t_end")
        with f.loop(self.lanes) as lane:
            patient, stop = self._work(f, "patient", "stop")
            busy = f.let(f"icmp sge i64 {f.get('i64', patient, lane)}, 0")
            now = f.get("double", t, lane)
            there = f.let(f"fcmp oge double {now}, {f.get('double', stop, lane)}")
            with f.when(f.let(f"and i1 {busy}, {there}")):
                over = f.let(f"fcmp oge double {now}, {t_end}")
                with f.when(over):
                    f.do(f"call void @rp_finish(ptr %job, ptr %ws, i64 {lane}, i64 {OK})")
                with f.when(f.let(f"xor i1 {over}, true")):
                    f.do(f"call void @rp_apply(ptr %job, ptr %ws, i64 {lane})")
        return f.text()

    def _judge(self, f: Function, lane: str, cancel: str, any_due: str) -> None:
        """One lane after a trial step: new time, outputs due, or failure."""
        t, tn, h, used, stop, accepted, due, count, retries, output, size, error, pivot = (
            self._work(f, "t", "tn", "h", "used", "stop", "accepted", "due", "count", "retries",
                       "output", "size", "error", "pivot"))
        steps = f.let(f"add i64 {f.get('i64', count, lane)}, 1")
        f.put("i64", steps, count, lane)
        f.put("double", "0.0", due, lane)
        good = f.let(f"fcmp ogt double {f.get('double', accepted, lane)}, 0.0")
        now, step = f.get("double", t, lane), f.get("double", used, lane)
        target = f.get("double", stop, lane)
        code = f.variable("i64", str(OK))

        def fail(condition: str, number: int) -> None:
            old = f.load("i64", code)
            f.store("i64", f.let(f"select i1 {condition}, i64 {number}, i64 {old}"), code)

        with f.when(good):
            rest = f.let(f"fsub double {target}, {now}")
            there = f.let(f"fcmp oge double {step}, {rest}")
            following = f.let(f"fadd double {now}, {step}")
            following = f.let(f"select i1 {there}, double {target}, double {following}")
            f.put("double", following, tn, lane)
            self._mark_due(f, lane, following, output, due, any_due)
            huge = f.let(f"fcmp ogt double {f.get('double', size, lane)}, {bits(BLOW_UP)}")
            fail(huge, BLOWN)
        with f.when(f.let(f"xor i1 {good}, true")):
            f.put("i64", f.let(f"add i64 {f.get('i64', retries, lane)}, 1"), retries, lane)
            floor = f.let(f"fmul double {now}, {bits(2e-15)}")
            big = f.let(f"fcmp ogt double {floor}, {bits(1e-15)}")
            floor = f.let(f"select i1 {big}, double {floor}, double {bits(1e-15)}")
            dead = f.let(f"fcmp olt double {f.get('double', h, lane)}, {floor}")
            fail(dead, COLLAPSE)
            e = f.get("double", error, lane)
            wild = f.let(f"fcmp uge double {e}, {bits(1e300)}")
            fail(f.let(f"and i1 {dead}, {wild}"), NOT_FINITE)
            weak = f.let(f"fcmp ogt double {f.get('double', pivot, lane)}, 0.0")
            weak = f.let(f"and i1 {weak}, {dead}")
            fail(f.let(f"and i1 {weak}, {f.let(f'xor i1 {wild}, true')}"), PIVOT)
        limit = self._job(f, "max_steps")
        fail(f.let(f"icmp sge i64 {steps}, {limit}"), TOO_MANY)
        fail(f.let(f"icmp ne i64 {cancel}, 0"), CANCELLED)
        final = f.load("i64", code)
        failed = f.let(f"icmp ne i64 {final}, {OK}")
        with f.when(failed):
            f.put("double", "0.0", due, lane)
            f.put("double", "0.0", accepted, lane)
            f.do(f"call void @rp_finish(ptr %job, ptr %ws, i64 {lane}, i64 {final})")

    def _mark_due(self, f: Function, lane: str, until: str, output: str, due: str,
                  any_due: str) -> None:
        """Mark a lane whose next output time is not after `until`."""
        j = f.get("i64", output, lane)
        with f.when(f.let(f"icmp slt i64 {j}, {self._job(f, 'outputs')}")):
            when = f.get("double", self._job(f, "t_out"), j)
            with f.when(f.let(f"fcmp ole double {when}, {until}")):
                f.put("double", "1.0", due, lane)
                f.store("i64", "1", any_due)

    def _dense(self, f: Function, any_due: str) -> None:
        """Write all outputs that lie within the step just made."""
        t, tn, used, due, theta, output, yo, p, o = self._work(
            f, "t", "tn", "used", "due", "theta", "output", "yo", "p", "o")
        clock = self._work(f, "size")[0]
        with f.forever() as done:
            f.leave(done, f.let(f"icmp eq i64 {f.load('i64', any_due)}, 0"))
            f.store("i64", "0", any_due)
            f.vstore(f.splat(1.0), theta)
            f.vstore(f.vload(tn), clock)
            with f.loop(self.lanes) as lane:
                mine = f.let(f"fcmp ogt double {f.get('double', due, lane)}, 0.0")
                with f.when(mine):
                    j = f.get("i64", output, lane)
                    when = f.get("double", self._job(f, "t_out"), j)
                    f.put("double", when, clock, lane)
                    end = f.let(f"fcmp oeq double {when}, {f.get('double', tn, lane)}")
                    part = f.let(f"fsub double {when}, {f.get('double', t, lane)}")
                    part = f.let(f"fdiv double {part}, {f.get('double', used, lane)}")
                    f.put("double", f.let(f"select i1 {end}, double 1.0, double {part}"),
                          theta, lane)
            f.do("call void @rp_interpolate(ptr %ws)")
            f.do(f"call void @rp_observe(ptr {yo}, ptr {p}, {self.vec} {f.vload(clock)}, ptr {o})")
            with f.loop(self.lanes) as lane:
                mine = f.let(f"fcmp ogt double {f.get('double', due, lane)}, 0.0")
                with f.when(mine):
                    f.do(f"call void @rp_scatter(ptr %job, ptr %ws, i64 {lane})")
                    f.put("double", "0.0", due, lane)
                    self._mark_due(f, lane, f.get("double", tn, lane), output, due, any_due)

    def _refill(self) -> str:
        """Give idle lanes their next patient; returns how many lanes are busy."""
        f = Function("rp_refill", "ptr %job, ptr %ws", self.lanes, "i64")
        live, new = f.variable("i64", "0"), f.variable("i64", "0")
        patient, fresh, p, t = self._work(f, "patient", "fresh", "p", "t")
        with f.loop(self.lanes) as lane:
            idle = f.let(f"icmp slt i64 {f.get('i64', patient, lane)}, 0")
            with f.when(idle):
                self._fetch(f, lane, new)
            q = f.get("i64", patient, lane)
            busy = f.let(f"zext i1 {f.let(f'icmp sge i64 {q}, 0')} to i64")
            f.store("i64", f.let(f"add i64 {f.load('i64', live)}, {busy}"), live)
        with f.when(f.let(f"icmp ne i64 {f.load('i64', new)}, 0")):
            self._begin(f)
        return f.text(f.load("i64", live))

    def _fetch(self, f: Function, lane: str, new: str) -> None:
        counter = self._job(f, "counter")
        q = f.let(f"atomicrmw add ptr {counter}, i64 1 monotonic")
        with f.when(f.let(f"icmp slt i64 {q}, {self._job(f, 'patients')}")):
            patient, fresh, p, t, count, retries, output, event, end = self._work(
                f, "patient", "fresh", "p", "t", "count", "retries", "output", "event",
                "event_end")
            f.put("i64", q, patient, lane)
            f.store("i64", "1", new)
            f.put("double", "2.0", fresh, lane)  # 2: has no state yet
            f.put("double", self._job(f, "t_start"), t, lane)
            for base in (count, retries, output):
                f.put("i64", "0", base, lane)
            s = f.get("i64", self._job(f, "schedule"), q)
            first = self._job(f, "first")
            f.put("i64", f.get("i64", first, s), event, lane)
            f.put("i64", f.get("i64", first, f.let(f"add i64 {s}, 1")), end, lane)
            count_p = len(self.system.equations.parameters)
            row = f.at(self._job(f, "parameters"), f.let(f"mul i64 {q}, {count_p}"))
            with f.loop(count_p) as i:
                f.store("double", f.get("double", row, i), self._lane(f, p, i, lane))

    def _begin(self, f: Function) -> None:
        """Start values, outputs and events at the start for lanes without a state."""
        y, yo, p, o, t, fresh, patient, output = self._work(
            f, "y", "yo", "p", "o", "t", "fresh", "patient", "output")
        clock = f.vload(t)
        f.do(f"call void @rp_init(ptr {p}, ptr {yo}, {self.vec} {clock})")
        initial = self._job(f, "initial")
        with f.loop(self.lanes) as lane:
            unborn = f.let(f"fcmp ogt double {f.get('double', fresh, lane)}, 1.5")
            with f.when(unborn):
                row = f.let(f"mul i64 {f.get('i64', patient, lane)}, {self.n}")
                with f.loop(self.n) as i:
                    f.store("double", f.load("double", self._lane(f, yo, i, lane)),
                            self._lane(f, y, i, lane))
                with f.when(f.let(f"icmp ne ptr {initial}, null")):
                    with f.loop(self.n) as i:
                        given = f.get("double", f.at(initial, row), i)
                        with f.when(f.let(f"fcmp ord double {given}, {given}")):
                            f.store("double", given, self._lane(f, y, i, lane))
                for j, k in enumerate(self.system.equations.derived):
                    f.store("double", f.load("double", self._lane(f, yo, self.n + j, lane)),
                            self._lane(f, p, k, lane))
        f.do(f"call void @rp_prep(ptr {p})")
        f.do(f"call void @rp_observe(ptr {y}, ptr {p}, {self.vec} {clock}, ptr {o})")
        start, t_end = self._job(f, "t_start"), self._job(f, "t_end")
        with f.loop(self.lanes) as lane:
            unborn = f.let(f"fcmp ogt double {f.get('double', fresh, lane)}, 1.5")
            with f.when(unborn):
                with f.forever() as done:
                    j = f.get("i64", output, lane)
                    f.leave(done, f.let(f"icmp sge i64 {j}, {self._job(f, 'outputs')}"))
                    when = f.get("double", self._job(f, "t_out"), j)
                    f.leave(done, f.let(f"fcmp ogt double {when}, {start}"))
                    f.do(f"call void @rp_scatter(ptr %job, ptr %ws, i64 {lane})")
                f.do(f"call void @rp_apply(ptr %job, ptr %ws, i64 {lane})")
                with f.when(f.let(f"fcmp oge double {start}, {t_end}")):
                    f.do(f"call void @rp_finish(ptr %job, ptr %ws, i64 {lane}, i64 {OK})")

    def _drive(self) -> str:
        """Work until no patient is left."""
        f = Function("rp_drive", "ptr %job, ptr align 64 %ws", self.lanes, linkage="")
        rtol, atol = self._job(f, "rtol"), self._job(f, "atol")
        patient, t, stop, h, fresh, p = self._work(f, "patient", "t", "stop", "h", "fresh", "p")
        with f.loop(self.lanes) as lane:
            f.put("i64", "-1", patient, lane)
            for base, value in ((t, 0.0), (stop, 1.0), (h, 1.0)):
                f.put("double", repr(value), base, lane)
        with f.forever() as done:
            live = f.let("call i64 @rp_refill(ptr %job, ptr %ws)")
            f.leave(done, f.let(f"icmp eq i64 {live}, 0"))
            marks = f.variable("i64", "0")
            with f.loop(self.lanes) as lane:
                mark = f.let(f"fcmp ogt double {f.get('double', fresh, lane)}, 0.0")
                one = f.let(f"zext i1 {mark} to i64")
                f.store("i64", f.let(f"or i64 {f.load('i64', marks)}, {one}"), marks)
            with f.when(f.let(f"icmp ne i64 {f.load('i64', marks)}, 0")):
                f.do(f"call void @rp_prep(ptr {p})")
                f.do(f"call void @rp_restart(ptr %ws, double {rtol}, double {atol})")
            limit = f.spread(self._job(f, "h_max"))
            f.vstore(f.smaller(f.vload(h), limit), h)
            f.do("call void @rp_choose(ptr %ws)")
            f.do(f"call void @rp_step(ptr %ws, double {rtol}, double {atol})")
            f.do("call void @rp_settle(ptr %job, ptr %ws)")
        return f.text()
