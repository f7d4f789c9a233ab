import numpy as np
import pytest

from rpoint.tumour.clones import neighbour_switching
from rpoint.tumour.growth import GrowthLaw, grow
from rpoint.tumour.ladder import CAPACITY, MONTH_H, fit_ladder, monthly_folds


def under_drug(levels):
    return 0.002 + 0.008 * levels**2 / (levels**2 + 4.0)


def untreated(levels):
    return np.full(levels.shape, 0.02)


def test_the_plate_is_the_logistic_law_when_there_is_one_clone():
    folds, _ = monthly_folds(np.array([0.01]), np.ones(1), np.zeros((1, 1)), 1)
    times = np.linspace(0, MONTH_H, 2000)
    rates = np.full((1, len(times)), 0.01)
    law = GrowthLaw("logistic", CAPACITY, 1e-3)
    exact = grow(times, rates, 0 * rates, np.ones(1), law=law)
    assert folds[0] == pytest.approx(exact[0, -1], rel=1e-4)


def test_the_plate_with_a_mix_is_near_the_full_integration():
    rates = np.array([0.002, 0.006, 0.012])
    switching = neighbour_switching(3, 1e-4, 1e-3)
    start = np.array([0.9, 0.08, 0.02])
    folds, mixes = monthly_folds(rates, start, switching, 3)
    times, law = np.linspace(0, MONTH_H, 3000), GrowthLaw("logistic", CAPACITY, 1e-3)
    course = rates[:, None] * np.ones_like(times)
    mix = start
    for month in range(3):
        grown = grow(times, course, 0 * course, mix, law=law, switching=switching)[:, -1]
        mix = grown / grown.sum()
        assert folds[month] == pytest.approx(grown.sum(), rel=0.02)
        assert np.allclose(mixes[month], mix, atol=0.03)


def test_a_known_ladder_is_found_again_and_its_future_predicted():
    levels = 1.3 ** np.arange(8)
    switching = neighbour_switching(8, 5e-5, 5e-4)
    from rpoint.tumour.clones import stationary_mix

    start = stationary_mix(untreated(levels), switching)
    folds, mixes = monthly_folds(under_drug(levels), start, switching, 12)
    fit = fit_ladder(np.arange(1, 7), folds[:6], under_drug, untreated, sd_log=0.05, predict=12)
    assert fit.rms_log < 0.05
    assert np.allclose(np.log(fit.folds), np.log(folds), atol=0.25)
    assert fit.cyclin_e() == pytest.approx(float(mixes[-1] @ levels / (start @ levels)), rel=0.2)
    assert "per rung" in repr(fit)


def test_drug_selects_and_does_not_instruct():
    """Where every rung grows alike under the drug, nothing changes however long it is given."""
    flat = lambda levels: np.full(levels.shape, 0.005)  # noqa: E731
    switching = neighbour_switching(6, 1e-4, 1e-3)
    from rpoint.tumour.clones import stationary_mix

    start = stationary_mix(flat(1.3 ** np.arange(6)), switching)
    folds, mixes = monthly_folds(flat(1.3 ** np.arange(6)), start, switching, 12)
    assert np.allclose(folds, folds[0]) and np.allclose(mixes, start, atol=1e-8)
