"""Metastatic burden against closed forms, an independent integrator and a stochastic simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from rpoint.errors import RpointError
from rpoint.tumour.facts import fact
from rpoint.tumour.growth import CELL_MM3, GrowthLaw
from rpoint.tumour.metastasis import metastatic_burden

TIMES = np.arange(0.0, 49 * 24.0 + 1, 4.0)
FREE = GrowthLaw("exponential")


def seeds_per_h():
    return fact("shedding") * fact("seeding_probability") / 24.0


def test_constant_rates_have_a_closed_form():
    """V = V0 e^{rt} and M' = aV + rM give M = a V0 T e^{rT}."""
    born, dead, start, last = 0.004, 0.001, 100.0, TIMES[-1]
    r = born - dead
    found = metastatic_burden(
        TIMES, np.full(TIMES.size, born), np.full(TIMES.size, dead), start, law=FREE
    )
    burden = seeds_per_h() * start * last * np.exp(r * last) * CELL_MM3
    assert found.burden_mm3 == pytest.approx(burden, rel=2e-4)
    assert found.primary_mm3 == pytest.approx(start * np.exp(r * last), rel=1e-9)
    assert found.seeded == pytest.approx(seeds_per_h() * start * np.expm1(r * last) / r, rel=2e-4)


def test_colonies_follow_the_birth_death_process():
    """Constant rates: survival to T of a cell taken at s is 1/(1 + d/r (1 - e^{-r(T-s)}))."""
    born, dead, start, last = 0.004, 0.003, 100.0, TIMES[-1]
    r = born - dead
    found = metastatic_burden(
        TIMES, np.full(TIMES.size, born), np.full(TIMES.size, dead), start, law=FREE
    )

    def expected(s):
        alive = 1.0 / (1.0 + dead / r * -np.expm1(-r * (last - s)))
        return seeds_per_h() * start * np.exp(r * s) * alive

    assert found.colonies == pytest.approx(quad(expected, 0, last)[0], rel=1e-3)


def test_varying_rates_agree_with_an_independent_integrator():
    day = TIMES / 24.0
    born, dead = 0.003 + 0.002 * np.cos(day / 3.0), 0.0015 + 0.001 * np.sin(day / 5.0) ** 2
    law = GrowthLaw("logistic", 2000.0)
    found = metastatic_burden(TIMES, born, dead, 100.0, law=law)

    def slope(t, y):
        b, d = np.interp(t, TIMES, born), np.interp(t, TIMES, dead)
        primary = y[0] * (b * (1 - y[0] / 2000.0) - d)
        return [primary, seeds_per_h() * y[0] + (b - d) * y[1], b - d]

    run = solve_ivp(slope, (0, TIMES[-1]), [100.0, 0.0, 0.0], rtol=1e-9, atol=1e-9, max_step=4.0)
    assert found.primary_mm3 == pytest.approx(run.y[0, -1], rel=2e-3)
    assert found.burden_mm3 == pytest.approx(run.y[1, -1] * CELL_MM3, rel=2e-3)


def test_mean_and_survival_agree_with_a_stochastic_simulation():
    """One cell that took at the start: mean descendants and share of colonies alive."""
    born, dead, hours = 0.03, 0.02, 96.0
    rng, ends = np.random.default_rng(11), []
    for _ in range(1500):
        t, cells = 0.0, 1
        while cells:
            t += rng.exponential(1.0 / ((born + dead) * cells))
            if t > hours:
                break
            cells += 1 if rng.random() < born / (born + dead) else -1
        ends.append(cells)
    ends = np.array(ends)
    grid = np.linspace(0.0, hours, 200)
    zero = metastatic_burden(grid, np.full(200, born), np.full(200, dead), 0.0)
    one = metastatic_burden(grid, np.full(200, born), np.full(200, dead), 0.0, seeded_at_start=1.0)
    assert zero.burden_mm3 == 0 and zero.colonies == 0
    error = ends.std() / np.sqrt(len(ends))
    assert abs(one.burden_mm3 / CELL_MM3 - ends.mean()) < 4 * error
    share = (ends > 0).mean()
    assert abs(one.colonies - share) < 4 * np.sqrt(share * (1 - share) / len(ends))


@given(st.floats(0.1, 10), st.floats(0.0, 0.003), st.floats(0.0, 0.003))
def test_the_ratio_of_two_arms_does_not_depend_on_the_size_at_the_start(factor, one, two):
    def ratio(start):
        a, b = (
            metastatic_burden(TIMES, np.full(TIMES.size, g), np.zeros(TIMES.size), start, law=FREE)
            for g in (one, two)
        )
        return a.burden_mm3 / b.burden_mm3

    assert ratio(10.0 * factor) == pytest.approx(ratio(10.0), rel=1e-9)


def test_a_brake_on_the_primary_leaves_metastases_behind_it_free():
    """Without a brake both arms keep their ratio; with one the large primary is held, its
    metastases are not: their ratio is the smaller one."""

    def arms(law):
        return [
            metastatic_burden(TIMES, np.full(TIMES.size, g), np.zeros(TIMES.size), 100.0, law=law)
            for g in (0.001, 0.003)
        ]

    slow, fast = arms(FREE)
    assert slow.burden_mm3 / fast.burden_mm3 == pytest.approx(
        slow.primary_mm3 / fast.primary_mm3, rel=1e-3
    )
    slow, fast = arms(GrowthLaw("logistic", 1000.0))
    assert slow.burden_mm3 / fast.burden_mm3 < 0.8 * slow.primary_mm3 / fast.primary_mm3


def test_without_growth_in_the_other_organ_the_burden_is_what_was_seeded():
    rates = np.full(TIMES.size, 0.002)
    found = metastatic_burden(TIMES, rates, 0.5 * rates, 100.0, growth_ratio=0.0)
    assert found.burden_mm3 == pytest.approx(found.seeded * CELL_MM3, rel=1e-12)
    assert found.colonies == pytest.approx(found.seeded, rel=1e-12)


def test_unknown_rates_stay_unknown_and_leave_their_neighbours_alone():
    rates = np.full((2, TIMES.size), 0.002)
    rates[1, 5] = np.nan
    found = metastatic_burden(TIMES, rates, 0.5 * rates, 100.0)
    assert np.isfinite(found.burden_mm3[0]) and np.isnan(found.burden_mm3[1])


@pytest.mark.parametrize(
    "change",
    [
        {"times_h": TIMES[::-1]},
        {"times_h": TIMES[:-1]},
        {"growth_ratio": -1.0},
        {"seeded_at_start": -1.0},
    ],
)
def test_what_does_not_fit_is_refused(change):
    call = {"times_h": TIMES, "division": np.full(TIMES.size, 0.01), "death": 0.0} | change
    with pytest.raises(RpointError):
        metastatic_burden(start_mm3=10.0, **call)
