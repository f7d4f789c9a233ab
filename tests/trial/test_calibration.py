"""The fit of the population's parameters: what it may read, and what it ships."""

import numpy as np
import pandas as pd
import pytest

from rpoint.trial.calibration import fit
from rpoint.trial.calibration.emulator import GRID, ArmRates
from rpoint.trial.calibration.fit import fit_table
from rpoint.trial.calibration.rows import TRIALS, data
from rpoint.trial.calibration.sampler import Sample, _next_heat
from rpoint.trial.calibration.target import SD_LIMITS, log_prior, names
from rpoint.trial.facts import clone_weights, facts
from rpoint.trial.parameters import Population, effect_log_sd, prior, shipped_draws
from rpoint.trial.read import library_names, read_trial
from rpoint.tumour.clones import VOCABULARY


def test_only_rows_with_the_role_calibrate_are_read():
    rows = data()
    assert len(rows) == 13
    for row in rows:
        published = [p for p in read_trial(row.trial).published if p.arm == row.arm]
        roles = {p.role for p in published if p.endpoint.startswith(row.endpoint)}
        assert roles <= {"calibrate", "check"} and "calibrate" in roles
        match = [p for p in published if p.role == "calibrate"]
        assert any(p.endpoint.startswith(row.endpoint) and p.grade != "unverified" for p in match)


def test_no_trial_outside_the_list_has_a_row_to_calibrate_tumours_with():
    others = set(library_names()) - set(TRIALS) - {"siremadlin-phase-1"}  # the platelets' rows
    for name in others:
        assert not any(p.role == "calibrate" for p in read_trial(name).published), name


def test_a_value_without_an_interval_has_the_error_of_its_patients():
    by = {(r.trial, r.endpoint, r.arm): r for r in data()}
    treated = by["paloma-2", "pfs_median_months", "palbociclib+letrozole"]
    assert treated.value == pytest.approx(np.log(24.8))
    assert treated.sd == pytest.approx(np.hypot(1.25 / np.sqrt(0.6 * 444), 0.08))
    ratio = by["paloma-3", "pfs_hr", "palbociclib+fulvestrant vs placebo+fulvestrant"]
    expected = np.hypot((np.log(0.62) - np.log(0.4)) / (2 * 1.96), 0.08)
    assert ratio.sd == pytest.approx(expected)


def test_the_shipped_draws_are_those_of_the_fitted_parameters():
    draws = shipped_draws()
    assert draws is not None and tuple(draws.columns) == names() and len(draws) == 200
    for row in draws.to_numpy():
        assert np.isfinite(log_prior(row))
    contracted = draws["later_line_doubling"].std() / prior("later_line_doubling")[1]
    assert contracted < 0.8  # the trials say something about it


def test_the_prior_refuses_a_spread_that_is_none():
    x = np.array([prior(name)[0] for name in names()])
    assert np.isfinite(log_prior(x))
    for name in SD_LIMITS:
        bad = x.copy()
        bad[names().index(name)] = -0.1
        assert log_prior(bad) == -np.inf


def test_rates_between_grid_points_are_interpolated():
    rates = np.zeros((2, 2, 2, len(GRID), len(GRID)))
    rates += GRID[:, None] + 10.0 * GRID[None, :]
    arm = ArmRates(("a", "b"), rates)
    at = arm.at({"a": np.array([0.25, -9.0]), "b": np.array([1.5, 0.0])})
    np.testing.assert_allclose(at[0], 0.25 + 15.0)
    np.testing.assert_allclose(at[1], GRID[0])  # beyond the grid: its end


def test_tempering_keeps_half_of_the_effective_size():
    like = -0.5 * np.linspace(0, 40, 400)
    heat = _next_heat(like, 0.0)
    w = np.exp(heat * like)
    assert w.sum() ** 2 / (w**2).sum() / len(w) == pytest.approx(0.5, abs=0.01)
    assert _next_heat(np.zeros(10), 0.3) == 1.0


def test_the_table_of_the_fit_is_on_the_published_scale():
    n = len(data())
    predicted = np.tile([row.value for row in data()], (5, 1))
    table = fit_table(Sample(np.zeros((5, 1)), np.zeros(5), np.zeros(5), predicted))
    assert len(table) == n
    np.testing.assert_allclose(table["median"].astype(float), table["published"].astype(float))
    row = table[(table["trial"] == "tbcrc-041") & (table["arm"] == "alisertib")].iloc[0]
    assert row["published"] == pytest.approx(19.6)


def test_every_fact_has_unit_source_grade_and_range():
    from rpoint.catalog import source
    from rpoint.facts import GRADES

    for fact in facts().values():
        assert fact.unit and fact.grade in GRADES and fact.note
        assert fact.range[0] <= fact.value <= fact.range[1]
        if fact.source != "steel1977":  # a source of the room `tumour`
            source(fact.source)


@pytest.mark.parametrize("kind", ["breast", "sarcoma"])
def test_resistant_clones_are_of_the_vocabulary(kind):
    assert set(clone_weights(kind)) <= set(VOCABULARY) - {"sensitive"}


def test_a_drug_without_calibration_is_as_uncertain_as_the_catalogue_says():
    """Potency 3.5-fold, unbound fraction and clearance 2-fold: e^1.59."""
    sd = np.sqrt(np.log(3.5) ** 2 + 2 * np.log(2) ** 2)
    assert effect_log_sd("milademetan") == pytest.approx(sd)
    drawn = Population(1, shipped_draws()).value("effect milademetan", np.arange(400))
    assert drawn.std() == pytest.approx(sd, rel=0.15)


def test_draws_are_taken_row_by_row():
    table = pd.DataFrame({"a": np.arange(5.0), "b": 10 + np.arange(5.0)})
    made = Population(4, table)
    a, b = (made.value(name, np.arange(12)) for name in "ab")
    np.testing.assert_array_equal(b - a, 10.0)
    assert sorted(set(a)) == [0, 1, 2, 3, 4] and (a[:5] == a[5:10]).all()


def test_each_fit_uses_the_discrepancy_at_the_draws_of_the_one_before(monkeypatch):
    """And the first none: what is shipped follows from the published rows alone."""
    told, fits = [], []
    rows = len(data())

    def sample(pools, particles, seed, jobs, *, tell, apart):
        fits.append((particles, apart))
        x = np.full((particles, len(names())), float(len(fits)))
        return Sample(x, np.zeros(particles), np.zeros(particles), np.zeros((particles, rows)))

    def discrepancy(pools, draws, jobs):
        return f"at {draws.to_numpy().max():.0f}", pd.DataFrame({"apart": [0.0]})

    monkeypatch.setattr(fit, "sample", sample)
    monkeypatch.setattr(fit, "discrepancy", discrepancy)
    found = fit.calibrate({}, (3, 4, 6), 5, seed=1, jobs=1, tell=told.append)
    assert fits == [(3, None), (4, "at 1"), (6, "at 2")]
    assert found.shape == (5, len(names())) and (found.to_numpy() == 3.0).all()
    assert len(told) == 5  # three tables of fits, two of discrepancies
