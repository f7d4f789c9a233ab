import numpy as np
import pandas as pd
import pytest

from rpoint.tumour.clones import neighbour_switching, stationary_mix
from rpoint.tumour.growth import GrowthLaw, grow
from rpoint.tumour.ladder import CAPACITY, MONTH_H, Ladder, fit_ladder, fit_summary, monthly_folds

G0 = 0.018


def left(levels):
    return 0.1 + 0.8 * levels**3 / (levels**3 + 8.0)


def test_the_plate_is_the_logistic_law_when_there_is_one_clone():
    folds, _ = monthly_folds(np.array([0.01]), np.ones(1), np.zeros((1, 1)), 1)
    times = np.linspace(0, MONTH_H, 2000)
    rates = np.full((1, len(times)), 0.01)
    law = GrowthLaw("logistic", CAPACITY, 1e-3)
    exact = grow(times, rates, 0 * rates, np.ones(1), law=law)
    assert folds[0] == pytest.approx(exact[0, -1], rel=1e-4)


def test_the_plate_with_a_mix_is_near_the_full_integration():
    rates = np.array([0.002, 0.006, 0.012])
    switching = neighbour_switching(3, 5e-4)
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


def test_a_known_ladder_is_found_again_and_its_future_lies_in_the_interval():
    truth = np.array([[np.log(1.3), np.log(8e-5), np.log(0.03), 0.0]])
    folds, mixes, start = Ladder(G0, left).run(truth, 12)
    fit = fit_ladder(np.arange(1, 7), folds[0, :6], G0, left, sd_log=0.1, predict=12)
    assert fit.rms_log < 0.1
    assert (fit.lo <= fit.folds).all() and (fit.folds <= fit.hi).all()
    inside = (fit.lo[6:] <= folds[0, 6:] * 1.05) & (folds[0, 6:] <= fit.hi[6:] * 1.05)
    assert inside.all()
    levels = 1.3 ** np.arange(8)
    rise = float(mixes[0, -1] @ levels / (start[0] @ levels))
    assert fit.cyclin_e_range[0] < rise < fit.cyclin_e_range[1]
    assert "per rung" in repr(fit)
    table = fit_summary(
        [fit], pd.DataFrame({"month": [1, 12], "fold": [4.0, 99.0], "role": "check"})
    )
    assert list(table.columns) == ["month", "role", "measured", "median", "lo", "hi"]


def test_the_search_gives_the_same_fit_twice():
    folds, _, _ = Ladder(G0, left).run(np.array([[0.25, -9.5, -3.0, 0.001]]), 6)
    one, two = (fit_ladder(np.arange(1, 7), folds[0], G0, left) for _ in range(2))
    assert (one.folds == two.folds).all()


def test_drug_selects_and_does_not_instruct():
    """Where every rung grows alike under the drug and nothing costs, nothing changes."""
    switching = neighbour_switching(6, 1e-4)
    rates = np.full(6, 0.005)
    start = stationary_mix(rates, switching)
    folds, mixes = monthly_folds(rates, start, switching, 12)
    assert np.allclose(folds, folds[0]) and np.allclose(mixes, start, atol=1e-8)


def test_without_steps_a_pure_line_stays_pure():
    _, mixes = monthly_folds(np.array([0.001, 0.02]), np.array([1.0, 0.0]), np.zeros((2, 2)), 12)
    assert (mixes[:, 1] == 0).all()
