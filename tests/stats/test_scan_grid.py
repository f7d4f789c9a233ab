"""The interval of MANTRA-2's median (1.8, 3.7 months) is its scan grid: a simulation of it.

Golden numbers: 2,000 simulated trials for each line, computed independently (tags "computed" in
the project's oracles); scans every 8 weeks ± 5 days, exponential progression, death with a median
of 14 months, censoring with a mean of 20 months.  Pattern: median within 0.35 of 3.5, lower limit
within 0.25 of 1.8, upper limit within 0.30 of 3.7.  Tolerances are those of the oracles.
"""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.stats.batched import batched_survival

MONTH = 30.4375
TRIALS = 2000


def progression_free(n, median, seed):
    """Times and events of progression-free survival seen on scans, (trials, n)."""
    rng = np.random.default_rng(seed)
    shape = (TRIALS, n)
    growth = rng.exponential(median / np.log(2), shape)
    death = rng.exponential(14 / np.log(2), shape)
    end = rng.exponential(20, shape)
    scans = (56.0 * np.arange(1, 41) + rng.uniform(-5, 5, (*shape, 40))) / MONTH
    seen = np.where(scans >= growth[..., None], scans, np.inf).min(axis=-1)
    event = np.minimum(seen, death)
    return np.minimum(event, end), event <= end


@pytest.mark.parametrize(
    ("n", "median", "pattern", "middle", "low", "high"),
    [
        (31, 2.0, 0.2145, 1.992, 1.836, 3.694),
        (31, 2.5, 0.2535, 3.522, 1.864, 3.800),
        (31, 3.0, 0.1915, 3.602, 1.896, 5.364),
        (31, 3.5, 0.1180, 3.668, 1.925, 5.493),
        (31, 4.0, 0.0700, 3.734, 1.957, 5.599),
        (40, 2.0, 0.2400, 1.990, 1.855, 3.667),
        (40, 2.5, 0.3155, 3.524, 1.889, 3.767),
        (40, 3.0, 0.2760, 3.597, 1.918, 4.116),
        (40, 3.5, 0.1635, 3.659, 1.950, 5.433),
        (40, 4.0, 0.0915, 3.722, 1.985, 5.539),
    ],
)
def test_the_pattern_of_limits_comes_from_the_scans(n, median, pattern, middle, low, high):
    time, event = progression_free(n, median, seed=20)
    found = batched_survival(time, event, np.ones(n), parts=("medians",))
    m, lo, hi = (x[:, 1] for x in (found.median, found.median_lo, found.median_hi))
    hit = (abs(m - 3.5) < 0.35) & (abs(lo - 1.8) < 0.25) & (abs(hi - 3.7) < 0.30)
    assert hit.mean() == pytest.approx(pattern, abs=0.05)
    assert np.nanmedian(m) == pytest.approx(middle, abs=0.25)
    assert np.nanmedian(lo) == pytest.approx(low, abs=0.25)
    assert np.nanmedian(hi) == pytest.approx(high, abs=1.0)


def test_the_first_two_scans_are_the_printed_limits():
    assert np.round([56 / MONTH, 112 / MONTH], 4).tolist() == [1.8398, 3.6797]
