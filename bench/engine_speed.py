"""Speed of R-point's engine against libRoadRunner and pydiffsol, in one run.

Usage: ``python bench/engine_speed.py [--problem p53cdk|flagship|FILE.xml] [--json]``

Every engine runs at the loosest relative tolerance of a ladder at which 99 % of its patients have
an error of at most `--error` against a reference (our engine at a tight tolerance, itself checked
against libRoadRunner at 1e-10).  The absolute tolerance is 1e-3 of the relative one everywhere.
Error of a patient: largest |y - ref| / (|ref| + 1e-3 * largest value of that state in the cohort)
over all states and output times.  Peers run `--sample` patients (they have no batching, so their
cost is per patient); ours runs all.  Times of one thread are processor time, which other work on
the machine disturbs less than the wall clock; times of several threads are wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from peers import Diffsol, Ours, RoadRunner
from problems import Problem, dosed, errors, flagship, from_file, state_scale

OUR_LADDER = (1e-4, 5e-5, 3e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6, 1e-7)
PEER_LADDER = (1e-5, 3e-6, 1e-6, 5e-7, 3e-7, 1e-7, 3e-8, 1e-8)


def timed(function, repeats: int = 3, clock=time.process_time) -> tuple[float, np.ndarray]:
    """Shortest time of `repeats` calls, and the last value."""
    best, value = np.inf, None
    for _ in range(repeats):
        start = clock()
        value = function()
        best = min(best, clock() - start)
    return best, value


def percentiles(e: np.ndarray) -> dict[str, float]:
    """Median, 99th percentile and largest error."""
    return {"p50": float(np.percentile(e, 50)), "p99": float(np.percentile(e, 99)),
            "max_rel_error": float(e.max())}


def measure(engine, factors, reference, scale, ladder, bound) -> dict:
    """The first tolerance of the ladder that meets the bound, and the time there."""
    record = {}
    for rtol in ladder:
        seconds, values = timed(lambda r=rtol: engine.run(factors, r), repeats=1)
        e = errors(values, reference, scale)
        record = {"rtol": rtol, **percentiles(e)}
        if record["p99"] <= bound:
            again, _ = timed(lambda r=rtol: engine.run(factors, r), repeats=1)
            seconds = min(seconds, again)
            break
    record |= {"engine": engine.name, "version": engine.version, "threads": 1,
               "patients": len(factors), "ms_per_patient": 1e3 * seconds / len(factors),
               "setup_s": engine.setup, "reached": record["p99"] <= bound}
    return record


_START = """
import time; t = time.perf_counter()
from rpoint.engine import compile_model
m = compile_model(open({path!r}, encoding="utf-8").read()); m.solve({{}}, [{t_end!r}])
print(time.perf_counter() - t, time.process_time())
"""


def start_times(problem: Problem) -> dict[str, float]:
    """Seconds from a fresh interpreter's first import to the first result, cold and cached.

    Wall time, and processor time of the whole process with the interpreter's own start.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(problem.sbml)
        code = _START.format(path=path, t_end=float(problem.t_out[0]))
        environment = {**os.environ, "RPOINT_CACHE": folder,
                       "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        runs = [subprocess.run([sys.executable, "-c", code], env=environment, check=True,
                               capture_output=True, text=True).stdout.split() for _ in range(5)]
    wall, processor = np.array(runs, float).T
    return {"cold_s": wall[0], "cached_s": wall[1:].min(), "cold_cpu_s": processor[0],
            "cached_cpu_s": processor[1:].min()}


def run(problem: Problem, patients: int, sample: int, bound: float, reference_rtol: float) -> dict:
    """All measurements of one problem."""
    ours = Ours(problem)
    factors = problem.factors(patients)
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    reference = ours.run(factors, reference_rtol, threads)
    scale = state_scale(reference)
    first = measure(ours, factors, reference, scale, OUR_LADDER, bound)
    seconds, _ = timed(lambda: ours.run(factors, first["rtol"], threads), clock=time.perf_counter)
    rows = [first, {**first, "threads": threads, "ms_per_patient": 1e3 * seconds / patients}]
    small = slice(0, sample)
    for kind in (RoadRunner, Diffsol):
        try:
            peer = kind(problem, ours)
            if kind is RoadRunner:
                check = errors(peer.run(factors[:2], 1e-10), reference[:2], scale)
            rows.append(measure(peer, factors[small], reference[small], scale, PEER_LADDER, bound))
        except (ImportError, NotImplementedError, RuntimeError) as error:
            print(f"{kind.name}: left out ({error})", file=sys.stderr)
    for row in rows:
        row["ratio"] = row["ms_per_patient"] / first["ms_per_patient"]
    return {"problem": problem.name, "states": len(ours.states), "error_bound": bound,
            "reference_rtol": reference_rtol, "reference_against_libroadrunner": float(check.max()),
            **start_times(problem), "engines": rows}


def table(report: dict) -> str:
    """The report as text."""
    lines = [f"{report['problem']}: {report['states']} states; from SBML to first result "
             f"{report['cold_s']:.2f} s cold, {report['cached_s']:.2f} s cached (processor time "
             f"{report['cold_cpu_s']:.2f} s, {report['cached_cpu_s']:.2f} s)",
             f"reference: rtol {report['reference_rtol']:g}; libRoadRunner at 1e-10 differs by "
             f"{report['reference_against_libroadrunner']:.1e} (2 patients)",
             f"{'engine':<22}{'threads':>8}{'rtol':>9}{'patients':>9}{'ms/patient':>12}"
             f"{'p50':>10}{'p99':>10}{'max':>10}{'setup s':>9}{'ratio':>8}"]
    for r in report["engines"]:
        lines.append(
            f"{r['engine'] + ' ' + r['version']:<22}{r['threads']:>8}{r['rtol']:>9.0e}"
            f"{r['patients']:>9}{r['ms_per_patient']:>12.3f}{r['p50']:>10.1e}{r['p99']:>10.1e}"
            f"{r['max_rel_error']:>10.1e}{r['setup_s']:>9.2f}{r['ratio']:>8.1f}")
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problem", default="p53cdk", help="p53cdk, flagship or an SBML file")
    parser.add_argument("--t-end", type=float, default=100.0, help="end time for an SBML file")
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=20, help="patients for the peers")
    parser.add_argument("--error", type=float, default=5e-5, help="bound on the 99th percentile")
    parser.add_argument("--reference-rtol", type=float, default=1e-8)
    parser.add_argument("--json", action="store_true", help="JSON on standard output")
    given = parser.parse_args()
    known = {"p53cdk": dosed, "flagship": flagship}
    make = known.get(given.problem, lambda: from_file(given.problem, given.t_end))
    report = run(make(), given.patients, given.sample, given.error, given.reference_rtol)
    print(json.dumps(report) if given.json else table(report))


if __name__ == "__main__":
    main()
