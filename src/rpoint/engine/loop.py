"""The loop over patients, as LLVM IR.

The loop keeps L lanes busy.  Every lane has its own patient, time, step size and schedule, and
takes the next patient (an atomic counter shared by all threads) when it has finished.  Lanes share
instructions but no data, so a patient's result does not depend on who runs beside it.
"""

from __future__ import annotations

from rpoint.engine.equations import System
from rpoint.engine.functions import ModelFunctions
from rpoint.engine.ir import Function, bits
from rpoint.engine.job import JOB
from rpoint.engine.layout import Writer
from rpoint.engine.status import Status

BLOW_UP = 1e60  # a state beyond this ends the run
FLUSH_BITS = 0x8040  # of the x86 control word: flush results and operands below the normal range


class LoopWriter(Writer):
    """Writes the exported ``rp_drive`` and what it needs; works lane by lane.

    Parameters
    ----------
    flush
        Let the processor take numbers below 2.2e-308 as zero (x86 only): a drug that decays for
        months would otherwise make every operation on it slow.
    """

    def __init__(self, system: System, functions: ModelFunctions, lanes: int,
                 flush: bool = False) -> None:
        super().__init__(system, functions, lanes)
        self.flush = flush

    def text(self) -> str:
        """The functions, and declarations of those of the kernel."""
        v = self.vec
        return "\n".join((
            self._choose(), self._settle(), self._scatter(), self._apply(), self._finish_lane(),
            self._refill(), self._drive(),
            f"declare void @rp_init(ptr, ptr, {v})", "declare void @rp_prep(ptr)",
            f"declare void @rp_observe(ptr, ptr, {v}, ptr)",
            "declare void @rp_interpolate(ptr)", "declare void @rp_step(ptr, double, double)",
            "declare void @rp_restart(ptr, double, double)",
            *self._flush_declarations(), ""))

    def _flush_declarations(self) -> list[str]:
        names = ("stmxcsr", "ldmxcsr") if self.flush else ()
        return [f"declare void @llvm.x86.sse.{name}(ptr)" for name in names]

    def _set_flush(self, f: Function) -> str:
        """Switch flushing on; returns the place that holds the former control word."""
        old, new = f.variable("i32", "0"), f.variable("i32", "0")
        f.do(f"call void @llvm.x86.sse.stmxcsr(ptr {old})")
        f.store("i32", f.let(f"or i32 {f.load('i32', old)}, {FLUSH_BITS}"), new)
        f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {new})")
        return old

    def job(self, f: Function, name: str) -> str:
        """The value of a field of the job record."""
        return f.get(JOB[name], "%job", list(JOB).index(name))

    def lane(self, f: Function, base: str, index: str | int, lane: str) -> str:
        """Address of element `lane` of vector `index`."""
        vector = f.at(base, index, self.unit)
        return f.at(vector, lane)

    def _choose(self) -> str:
        """The step to try: never past the stop, and never leaving a sliver before it."""
        f = Function("rp_choose", "ptr noalias align 64 %ws", self.lanes)
        t, h, stop, used = self.work(f, "t", "h", "stop", "used")
        rest = f.bin("fsub", f.vload(stop), f.vload(t))
        step = f.vload(h)
        half = f.bin("fmul", rest, f.splat(0.5))
        short = f.sel(f.cmp("ogt", step, half), half, step)
        last = f.cmp("oge", step, f.bin("fmul", rest, f.splat(0.999)))
        f.vstore(f.sel(last, rest, short), used)
        return f.text()

    def _drive(self) -> str:
        """Work until no patient is left."""
        f = Function("rp_drive", "ptr %job, ptr align 64 %ws", self.lanes, linkage="")
        rtol, atol = self.job(f, "rtol"), self.job(f, "atol")
        patient, t, stop, h, fresh, p = self.work(f, "patient", "t", "stop", "h", "fresh", "p")
        former = self._set_flush(f) if self.flush else None
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
            limit = f.spread(self.job(f, "h_max"))
            f.vstore(f.smaller(f.vload(h), limit), h)
            f.do("call void @rp_choose(ptr %ws)")
            f.do(f"call void @rp_step(ptr %ws, double {rtol}, double {atol})")
            f.do("call void @rp_settle(ptr %job, ptr %ws)")
        if former:
            f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {former})")
        return f.text()

    def _refill(self) -> str:
        """Give idle lanes their next patient; returns how many lanes are busy."""
        f = Function("rp_refill", "ptr %job, ptr %ws", self.lanes, "i64")
        live, new = f.variable("i64", "0"), f.variable("i64", "0")
        patient, fresh, p, t = self.work(f, "patient", "fresh", "p", "t")
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
        counter = self.job(f, "counter")
        q = f.let(f"atomicrmw add ptr {counter}, i64 1 monotonic")
        with f.when(f.let(f"icmp slt i64 {q}, {self.job(f, 'patients')}")):
            patient, fresh, p, t, count, retries, output, event, end = self.work(
                f, "patient", "fresh", "p", "t", "count", "retries", "output", "event",
                "event_end")
            f.put("i64", q, patient, lane)
            f.store("i64", "1", new)
            f.put("double", "2.0", fresh, lane)  # 2: has no state yet
            f.put("double", self.job(f, "t_start"), t, lane)
            for base in (count, retries, output):
                f.put("i64", "0", base, lane)
            s = f.get("i64", self.job(f, "schedule"), q)
            first = self.job(f, "first")
            f.put("i64", f.get("i64", first, s), event, lane)
            f.put("i64", f.get("i64", first, f.let(f"add i64 {s}, 1")), end, lane)
            count_p = len(self.system.equations.parameters)
            row = f.at(self.job(f, "parameters"), f.let(f"mul i64 {q}, {count_p}"))
            with f.loop(count_p) as i:
                f.store("double", f.get("double", row, i), self.lane(f, p, i, lane))

    def _begin(self, f: Function) -> None:
        """Start values, outputs and events at the start for lanes without a state."""
        y, yo, p, o, t, fresh, patient, output = self.work(
            f, "y", "yo", "p", "o", "t", "fresh", "patient", "output")
        clock = f.vload(t)
        f.do(f"call void @rp_init(ptr {p}, ptr {yo}, {self.vec} {clock})")
        initial = self.job(f, "initial")
        with f.loop(self.lanes) as lane:
            unborn = f.let(f"fcmp ogt double {f.get('double', fresh, lane)}, 1.5")
            with f.when(unborn):
                row = f.let(f"mul i64 {f.get('i64', patient, lane)}, {self.n}")
                with f.loop(self.n) as i:
                    f.store("double", f.load("double", self.lane(f, yo, i, lane)),
                            self.lane(f, y, i, lane))
                with f.when(f.let(f"icmp ne ptr {initial}, null")):
                    with f.loop(self.n) as i:
                        given = f.get("double", f.at(initial, row), i)
                        with f.when(f.let(f"fcmp ord double {given}, {given}")):
                            f.store("double", given, self.lane(f, y, i, lane))
                for d, k in enumerate(self.system.equations.derived):
                    f.store("double", f.load("double", self.lane(f, yo, self.n + d, lane)),
                            self.lane(f, p, k, lane))
        f.do(f"call void @rp_prep(ptr {p})")
        f.do(f"call void @rp_observe(ptr {y}, ptr {p}, {self.vec} {clock}, ptr {o})")
        start, t_end = self.job(f, "t_start"), self.job(f, "t_end")
        with f.loop(self.lanes) as lane:
            unborn = f.let(f"fcmp ogt double {f.get('double', fresh, lane)}, 1.5")
            with f.when(unborn):
                with f.forever() as done:
                    j = f.get("i64", output, lane)
                    f.leave(done, f.let(f"icmp sge i64 {j}, {self.job(f, 'outputs')}"))
                    when = f.get("double", self.job(f, "t_out"), j)
                    f.leave(done, f.let(f"fcmp ogt double {when}, {start}"))
                    f.do(f"call void @rp_scatter(ptr %job, ptr %ws, i64 {lane})")
                f.do(f"call void @rp_apply(ptr %job, ptr %ws, i64 {lane})")
                with f.when(f.let(f"fcmp oge double {start}, {t_end}")):
                    f.do(f"call void @rp_finish(ptr %job, ptr %ws, i64 {lane}, i64 {Status.OK:d})")

    def _settle(self) -> str:
        """After a trial step: outputs, failures, commits, stops."""
        f = Function("rp_settle", "ptr %job, ptr %ws", self.lanes)
        any_due = f.variable("i64", "0")
        cancel = f.load("i64", self.job(f, "cancel"))
        with f.loop(self.lanes) as lane:
            busy = f.let(f"icmp sge i64 {f.get('i64', self.work(f, 'patient')[0], lane)}, 0")
            with f.when(busy):
                self._judge(f, lane, cancel, any_due)
        self._dense(f, any_due)
        y, yn, t, tn, accepted = self.work(f, "y", "yn", "t", "tn", "accepted")
        mark = f.cmp("ogt", f.vload(accepted), f.splat(0.0))
        f.repeat(self.n, lambda i: f.vstore(f.sel(mark, f.vload(yn, i), f.vload(y, i)), y, i))
        f.vstore(f.sel(mark, f.vload(tn), f.vload(t)), t)
        t_end = self.job(f, "t_end")
        with f.loop(self.lanes) as lane:
            patient, stop = self.work(f, "patient", "stop")
            busy = f.let(f"icmp sge i64 {f.get('i64', patient, lane)}, 0")
            now = f.get("double", t, lane)
            there = f.let(f"fcmp oge double {now}, {f.get('double', stop, lane)}")
            with f.when(f.let(f"and i1 {busy}, {there}")):
                over = f.let(f"fcmp oge double {now}, {t_end}")
                with f.when(over):
                    f.do(f"call void @rp_finish(ptr %job, ptr %ws, i64 {lane}, i64 {Status.OK:d})")
                with f.when(f.let(f"xor i1 {over}, true")):
                    f.do(f"call void @rp_apply(ptr %job, ptr %ws, i64 {lane})")
        return f.text()

    def _judge(self, f: Function, lane: str, cancel: str, any_due: str) -> None:
        """One lane after a trial step: new time, outputs due, or failure."""
        t, tn, h, used, stop, accepted, due, count, retries, output, size, error, pivot = (
            self.work(f, "t", "tn", "h", "used", "stop", "accepted", "due", "count", "retries",
                       "output", "size", "error", "pivot"))
        steps = f.let(f"add i64 {f.get('i64', count, lane)}, 1")
        f.put("i64", steps, count, lane)
        f.put("double", "0.0", due, lane)
        good = f.let(f"fcmp ogt double {f.get('double', accepted, lane)}, 0.0")
        now, step = f.get("double", t, lane), f.get("double", used, lane)
        target = f.get("double", stop, lane)
        code = f.variable("i64", str(int(Status.OK)))

        def fail(condition: str, number: int) -> None:
            old = f.load("i64", code)
            f.store("i64", f.let(f"select i1 {condition}, i64 {number:d}, i64 {old}"), code)

        with f.when(good):
            rest = f.let(f"fsub double {target}, {now}")
            there = f.let(f"fcmp oge double {step}, {rest}")
            following = f.let(f"fadd double {now}, {step}")
            following = f.let(f"select i1 {there}, double {target}, double {following}")
            f.put("double", following, tn, lane)
            self._mark_due(f, lane, following, output, due, any_due)
            huge = f.let(f"fcmp ogt double {f.get('double', size, lane)}, {bits(BLOW_UP)}")
            fail(huge, Status.BLOW_UP)
        with f.when(f.let(f"xor i1 {good}, true")):
            f.put("i64", f.let(f"add i64 {f.get('i64', retries, lane)}, 1"), retries, lane)
            floor = f.let(f"fmul double {now}, {bits(2e-15)}")
            big = f.let(f"fcmp ogt double {floor}, {bits(1e-15)}")
            floor = f.let(f"select i1 {big}, double {floor}, double {bits(1e-15)}")
            dead = f.let(f"fcmp olt double {f.get('double', h, lane)}, {floor}")
            fail(dead, Status.STEP_COLLAPSE)
            e = f.get("double", error, lane)
            wild = f.let(f"fcmp uge double {e}, {bits(1e300)}")
            fail(f.let(f"and i1 {dead}, {wild}"), Status.NAN)
            weak = f.let(f"fcmp ogt double {f.get('double', pivot, lane)}, 0.0")
            weak = f.let(f"and i1 {weak}, {dead}")
            fail(f.let(f"and i1 {weak}, {f.let(f'xor i1 {wild}, true')}"), Status.SINGULAR)
        limit = self.job(f, "max_steps")
        fail(f.let(f"icmp sge i64 {steps}, {limit}"), Status.MAX_STEPS)
        fail(f.let(f"icmp ne i64 {cancel}, 0"), Status.CANCELLED)
        final = f.load("i64", code)
        failed = f.let(f"icmp ne i64 {final}, {Status.OK:d}")
        with f.when(failed):
            f.put("double", "0.0", due, lane)
            f.put("double", "0.0", accepted, lane)
            f.do(f"call void @rp_finish(ptr %job, ptr %ws, i64 {lane}, i64 {final})")

    def _mark_due(self, f: Function, lane: str, until: str, output: str, due: str,
                  any_due: str) -> None:
        """Mark a lane whose next output time is not after `until`."""
        j = f.get("i64", output, lane)
        with f.when(f.let(f"icmp slt i64 {j}, {self.job(f, 'outputs')}")):
            when = f.get("double", self.job(f, "t_out"), j)
            with f.when(f.let(f"fcmp ole double {when}, {until}")):
                f.put("double", "1.0", due, lane)
                f.store("i64", "1", any_due)

    def _dense(self, f: Function, any_due: str) -> None:
        """Write all outputs that lie within the step just made."""
        t, tn, used, due, theta, output, yo, p, o = self.work(
            f, "t", "tn", "used", "due", "theta", "output", "yo", "p", "o")
        clock = self.work(f, "size")[0]
        with f.forever() as done:
            f.leave(done, f.let(f"icmp eq i64 {f.load('i64', any_due)}, 0"))
            f.store("i64", "0", any_due)
            f.vstore(f.splat(1.0), theta)
            f.vstore(f.vload(tn), clock)
            with f.loop(self.lanes) as lane:
                mine = f.let(f"fcmp ogt double {f.get('double', due, lane)}, 0.0")
                with f.when(mine):
                    j = f.get("i64", output, lane)
                    when = f.get("double", self.job(f, "t_out"), j)
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

    def _scatter(self) -> str:
        """Write the observables in `o` of one lane as its next output."""
        f = Function("rp_scatter", "ptr %job, ptr %ws, i64 %l", self.lanes)
        o, patient, output = self.work(f, "o", "patient", "output")
        values, outputs = self.job(f, "values"), self.job(f, "outputs")
        q, j = f.get("i64", patient, "%l"), f.get("i64", output, "%l")
        row = f.let(f"mul i64 {q}, {outputs}")
        row = f.let(f"add i64 {row}, {j}")
        count = len(self.system.observables)
        row = f.let(f"mul i64 {row}, {count}")
        target = f.at(values, row)
        with f.loop(count) as i:
            f.put("double", f.load("double", self.lane(f, o, i, "%l")), target, i)
        f.put("i64", f.let(f"add i64 {j}, 1"), output, "%l")
        return f.text()

    def _apply(self) -> str:
        """Apply the events of one lane that are due at its time; set its next stop."""
        f = Function("rp_apply", "ptr %job, ptr %ws, i64 %l", self.lanes)
        y, p, t, stop, event, end, fresh = self.work(
            f, "y", "p", "t", "stop", "event", "event_end", "fresh")
        times, targets = self.job(f, "times"), self.job(f, "targets")
        amounts, t_end = self.job(f, "amounts"), self.job(f, "t_end")
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
                where = self.lane(f, y, f.let(f"sub i64 -1, {target}"), "%l")
                f.store("double", f.let(f"fadd double {f.load('double', where)}, {amount}"), where)
            with f.when(f.let(f"xor i1 {is_dose}, true")):
                f.store("double", amount, self.lane(f, p, target, "%l"))
            f.put("i64", f.let(f"add i64 {e}, 1"), event, "%l")
        return f.text()

    def _finish_lane(self) -> str:
        """Record a lane's status and free it."""
        f = Function("rp_finish", "ptr %job, ptr %ws, i64 %l, i64 %code", self.lanes)
        patient, count, retries = self.work(f, "patient", "count", "retries")
        q = f.get("i64", patient, "%l")
        f.put("i64", "%code", self.job(f, "status"), q)
        f.put("i64", f.get("i64", count, "%l"), self.job(f, "steps"), q)
        f.put("i64", f.get("i64", retries, "%l"), self.job(f, "rejected"), q)
        f.put("i64", "-1", patient, "%l")
        t, stop, h, fresh = self.work(f, "t", "stop", "h", "fresh")
        for base, value in ((t, 0.0), (stop, 1.0), (h, 1.0), (fresh, 0.0)):
            f.put("double", repr(value), base, "%l")
        return f.text()
