"""Plausible patients: bounds, what is rejected and why, the two inclusion rules."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from rpoint.cohort.cohort import effective_size
from rpoint.cohort.facts import fact
from rpoint.cohort.plausible import (
    REASONS,
    Target,
    burden_density,
    burdens,
    grow,
    median_doubling,
)
from rpoint.cohort.population import Population
from rpoint.cohort.spread import inclusion_spread, untreated_progression_d
from rpoint.errors import RpointError

LUNG = Target.of("lung", None, None)
N = 4000


@pytest.fixture(scope="module")
def kept():
    return grow(1, np.arange(N), LUNG, "acceptance")


@pytest.fixture(scope="module")
def weighted():
    return grow(1, np.arange(N), LUNG, "weights")


def test_everybody_lies_within_the_bounds(kept, weighted):
    for found in (kept, weighted):
        assert found.found.all()
        assert found.doubling_time_d.min() >= 20 and found.doubling_time_d.max() <= 400
        assert found.burden_mm.min() >= 10 and found.burden_mm.max() <= 320


def test_every_candidate_is_accounted_for(kept, weighted):
    for found in (kept, weighted):
        np.testing.assert_array_equal(found.candidates, found.rejected.sum(axis=1) + 1)
    assert (kept.rejected.sum(axis=0) > 0).all()
    assert weighted.rejected[:, REASONS.index("not accepted")].sum() == 0


def test_rejections_have_the_shares_of_the_candidates_ranges(weighted):
    shares = weighted.rejected.sum(axis=0) / weighted.candidates.sum()
    idle = fact("candidates_not_growing")
    assert shares[0] == pytest.approx(idle, abs=0.01)
    fast = (1 - idle) * np.log(20 / 10) / np.log(800 / 10)
    assert shares[1] == pytest.approx(fast, abs=0.02)


def test_accepted_patients_follow_the_observed_distributions(kept):
    low, high = (np.log([20.0, 400.0]) - LUNG.mean) / LUNG.sd
    law = truncnorm(low, high, loc=LUNG.mean, scale=LUNG.sd)
    assert kstest(np.log(kept.doubling_time_d), law.cdf).pvalue > 1e-3
    table = burdens()
    edges = [*table["lo_mm"], table["hi_mm"].iloc[-1]]
    seen, _ = np.histogram(kept.burden_mm, edges)
    expected = N * table["patients"] / table["patients"].sum()
    assert ((seen - expected) ** 2 / expected).sum() < 45.3  # chi-square, 20 cells, p = 0.001
    assert abs(np.corrcoef(np.log(kept.doubling_time_d), np.log(kept.burden_mm))[0, 1]) < 0.06


def test_weights_average_one_and_leave_a_third_of_the_patients_effective(weighted):
    assert weighted.weight.mean() == pytest.approx(1.0, abs=0.05)
    share = effective_size(weighted.weight) / N
    assert 0.3 < share < 0.5


def test_weighted_and_accepted_patients_agree(kept, weighted):
    w = weighted.weight / weighted.weight.sum()
    for name in ("doubling_time_d", "burden_mm"):
        mean = (w * getattr(weighted, name)).sum()
        error = np.sqrt((w**2 * (getattr(weighted, name) - mean) ** 2).sum())
        own = getattr(kept, name)
        error = np.hypot(error, own.std() / np.sqrt(N))
        assert own.mean() == pytest.approx(mean, abs=4 * error), name


def test_the_burden_is_a_density():
    grid = np.exp(np.linspace(np.log(8.0), np.log(400.0), 200_001))
    area = burden_density(grid).sum() * np.log(400 / 8) / 200_000
    assert area == pytest.approx(1.0, abs=1e-3)
    assert burdens()["patients"].sum() == 535  # OAK, all with a baseline sum


def test_a_patient_does_not_depend_on_her_neighbours(kept):
    some = grow(1, np.array([17, 3]), LUNG, "acceptance")
    np.testing.assert_array_equal(some.doubling_time_d, kept.doubling_time_d[[17, 3]])
    np.testing.assert_array_equal(some.rejected, kept.rejected[[17, 3]])


def test_growth_can_be_set_and_a_narrow_one_needs_many_candidates():
    narrow = grow(2, np.arange(100), Target.of("lung", 50.0, 0.0), "acceptance")
    assert narrow.found.all()
    assert np.median(narrow.doubling_time_d) == pytest.approx(50, rel=0.03)
    assert narrow.candidates.mean() > 50


def test_what_cannot_be_found_is_a_status_not_an_error(monkeypatch):
    monkeypatch.setattr("rpoint.cohort.plausible.CAP", 24)
    found = grow(2, np.arange(50), Target.of("lung", 50.0, 0.0), "acceptance")
    lost = ~found.found
    assert lost.any() and np.isnan(found.doubling_time_d[lost]).all()
    assert (found.weight[lost] == 0).all() and (found.candidates[lost] == 24).all()


def test_medians_come_from_the_catalogue_or_are_marked():
    assert median_doubling("melanoma") == 60
    assert median_doubling("ovary") == fact("doubling_time_other")  # no entry: another's cells


def test_an_unknown_rule_is_refused():
    with pytest.raises(RpointError, match="inclusion rule"):
        grow(1, np.arange(2), LUNG, "best")


def test_the_spread_between_the_rules_is_reported_with_its_error():
    table = inclusion_spread(Population({"lung": 1}), 2000, 3).set_index("outcome")
    assert (table["spread"] <= 4 * table["error"]).all()  # both rules aim at one distribution
    row = table.loc["progressed by 8 weeks, share"]
    assert row["plausible"] > 3 * row["acceptance"]  # what the fit to observed data is worth
    assert 0.3 < row["effective"] < 0.5


def test_an_outcome_of_the_users_own():
    table = inclusion_spread(
        Population({"lung": 1}), 300, 3, {"half": lambda c: untreated_progression_d(c) / 2}
    )
    assert table["outcome"].tolist() == ["half"]
