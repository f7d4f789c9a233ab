"""Many patients: time and memory of the whole run, and equal verdicts in parts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import rpoint as rp

RUN = """
import re, resource, sys, time
import rpoint as rp

def peak_kib():
    # Of this program alone: what a process had before it became this one counts in ru_maxrss.
    try:
        with open("/proc/self/status") as status:
            return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1])
    except (OSError, TypeError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

began, cpu = time.perf_counter(), time.process_time()
best = rp.recist(rp.read_sizes(sys.argv[1])).best_overall_response()
print(len(best.table), time.process_time() - cpu, time.perf_counter() - began,
      peak_kib(), str(best.orr()), sep="|")
"""


def cohort(patients, seed=1):
    """2 to 8 visits, 1 to 4 targets and a non-target lesion each; some new lesions; mixed rows."""
    rng = np.random.default_rng(seed)
    visits, targets = rng.integers(2, 9, patients), rng.integers(1, 5, patients)
    count = visits * targets
    patient = np.repeat(np.arange(patients), count)
    k = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    lesion, visit = k % targets[patient], k // targets[patient]
    first = rng.uniform(12, 80, (patients, 4))[patient, lesion]
    size = first * np.exp(0.5 * rng.normal(0, 0.25, patients)[patient] * visit)
    table = pd.DataFrame({
        "patient": np.char.add("P", patient.astype(str)), "day": 42 * visit, "lesion": lesion + 1,
        "target": 1, "new": 0, "diameter_mm": np.clip(np.round(size), 2, 480),
    })  # fmt: skip
    other = table[table["lesion"] == 1].assign(lesion=50, target=0, diameter_mm=8.0)
    new = table[(rng.random(len(table)) < 0.01) & (table["day"] > 0)]
    new = new.drop_duplicates(["patient", "day"]).assign(lesion=99, target=0, new=1)
    mixed = pd.concat([table, other, new.assign(diameter_mm=12.0)])
    return mixed.sample(frac=1, random_state=seed, ignore_index=True)


@pytest.mark.slow
def test_a_hundred_thousand_patients_would_take_half_a_minute_and_two_gigabytes(tmp_path):
    """A fifth of them, in a fifth of the time and what is left of the memory after loading."""
    path = tmp_path / "large.csv"
    cohort(20_000).to_csv(path, index=False)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path)], capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr
    n, cpu, wall, peak, orr = done.stdout.strip().split("|")
    print(f"{n} patients: {float(cpu):.1f} s of one core, {float(wall):.1f} s in all, "
          f"{int(peak) / 1024:.0f} MiB; {orr}")  # fmt: skip
    assert int(n) == 20_000
    assert float(cpu) < 6.0  # not the wall time: other tests may be running beside it
    assert int(peak) / 1024 < 512


def test_a_cohort_is_judged_as_its_patients_are_alone():
    table = cohort(30, seed=4)
    whole = rp.recist(table).best_overall_response().table
    parts = [
        rp.recist(group).best_overall_response().table
        for _, group in table.groupby("patient", sort=True)
    ]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    assert whole["bor_any"].astype(str).nunique() >= 3
