"""The T-cell model against an independent integrator; what it must do and must not do."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from rpoint.immune import immune_course
from rpoint.immune.facts import values
from rpoint.immune.tcells import Immunity, killing, run_tcells, steady_state, targets

P = values()
DAYS = 100


def patients(antigenicity, escape=0.003, fitness=1.2):
    a = np.atleast_1d(np.asarray(antigenicity, float))
    return Immunity(a, np.full(a.shape, fitness), np.full(a.shape, escape))


def reference(antigen, escape, fitness, blocked):
    """LSODA on the equations written out anew."""
    p, days = P, np.arange(len(blocked))

    def slope(t, y):
        primed, effector, ifn, pdl1 = y
        a = antigen * np.exp(-escape * t)
        free = 1.0 - np.interp(t, days, blocked)
        out = a * effector / (1.0 + p["brake_strength"] * pdl1 * free)
        k2 = (p["kill_per_effector"] * out) ** 2
        floor = p["priming_floor"]
        level = floor + (1 - floor) * k2 / (k2 + p["priming_half_kill"] ** 2)
        raised = 1 + p["pdl1_induction"] * ifn / (ifn + p["ifn_half"])
        return [
            p["priming_rate"] * (level - primed),
            p["effector_rate"] * (fitness * primed - effector),
            p["ifn_rate"] * (out - ifn),
            p["pdl1_rate"] * (raised - pdl1),
        ]

    floor = p["priming_floor"]
    rest = solve_ivp(
        lambda t, y: slope(0.0, y), (0, 4000), [floor, floor * fitness, 0, 1], "LSODA",
        rtol=1e-10, atol=1e-12,
    ).y[:, -1]  # fmt: skip
    run = solve_ivp(
        slope, (0, days[-1]), rest, "LSODA", t_eval=days, rtol=1e-10, atol=1e-12, max_step=0.1
    )
    a = antigen * np.exp(-escape * days)
    brake = 1 + p["brake_strength"] * run.y[3] * (1 - np.asarray(blocked))
    return run.y, p["kill_per_effector"] * a * run.y[1] / brake


def test_the_course_agrees_with_an_independent_integrator():
    blocked = np.clip(0.95 + 0.04 * np.cos(np.arange(DAYS) / 6.0), 0, 1)
    blocked[0] = 0.0  # rest before the first dose
    levels = np.exp(np.linspace(-4, 1.5, 7))
    found = run_tcells(np.tile(blocked, (7, 1)), patients(levels), P)
    for i, antigen in enumerate(levels):
        states, kill = reference(antigen, 0.003, 1.2, blocked)
        np.testing.assert_allclose(found.kill_per_d[i], kill, rtol=2e-3)
        for k, name in enumerate(("priming", "effector")):
            np.testing.assert_allclose(found.states[name][i], states[k], rtol=2e-3)
        for k, name in ((2, "ifn"), (3, "pdl1")):
            scale = states[k].max()
            np.testing.assert_allclose(found.states[name][i], states[k], atol=0.03 * scale)


@given(st.floats(-4.0, 3.0), st.floats(0.0, 1.0))
@settings(max_examples=30)
def test_the_start_is_a_steady_state(log_antigen, free):
    antigen, fitness = np.array([np.exp(log_antigen)]), np.ones(1)
    state = steady_state(antigen, fitness, free, P)
    moved = targets(state, antigen, fitness, np.array([free]), P)
    np.testing.assert_allclose(moved, state, rtol=1e-6)


def test_without_an_antibody_nothing_is_killed_beyond_what_was():
    found = run_tcells(np.zeros((5, 60)), patients([0.01, 0.1, 0.3, 1.0, 5.0], escape=0.0), P)
    assert np.abs(found.extra_per_d).max() < 1e-9
    assert (found.untreated_kill_per_d > 0).all()


def test_block_more_antigen_and_fitter_cells_kill_more():
    levels = np.exp(np.linspace(-3, 2, 20))
    weak, strong = (
        run_tcells(np.full((20, 80), share), patients(levels), P).kill_per_d[:, -1]
        for share in (0.5, 0.99)
    )
    assert (strong > weak).all() and (np.diff(strong) > 0).all()
    fit = run_tcells(np.full((20, 80), 0.99), patients(levels, fitness=1.6), P).kill_per_d[:, -1]
    assert (fit > strong).all()


def test_the_antibody_acts_late_and_only_where_there_are_t_cells():
    """A responder's killing still rises after three weeks; a cold tumour sees none to speak of."""
    found = run_tcells(np.full((2, 120), 0.99), patients([1.0, 0.01], escape=0.0), P)
    hot, cold = found.extra_per_d
    assert hot[42] > 1.15 * hot[3] and hot[42] > P["lung_growth_median"]
    assert cold.max() < 0.1 * P["lung_growth_median"]


def test_escape_ends_in_less_killing_than_before_treatment():
    found = run_tcells(np.full((1, 400), 0.99), patients([1.0], escape=0.02), P)
    assert found.extra_per_d[0, 30] > 0 > found.extra_per_d[0, -1]
    assert found.kill_per_d.min() >= 0


def test_a_patient_does_not_depend_on_the_others():
    many = immune_course("nivolumab 240 mg iv q14d", 60, 50, np.arange(50), seed=3)
    few = immune_course("nivolumab 240 mg iv q14d", 60, 7, np.arange(20, 27), seed=3)
    np.testing.assert_array_equal(many.kill_per_h[20:27], few.kill_per_h)
    np.testing.assert_array_equal(many.occupancy[20:27], few.occupancy)


def test_killing_is_that_of_the_state():
    state = steady_state(np.array([0.5]), np.ones(1), 1.0, P)
    expected = P["kill_per_effector"] * 0.5 * state[1] / (1 + P["brake_strength"] * state[3])
    np.testing.assert_allclose(killing(state, np.array([0.5]), np.ones(1), P), expected)


@pytest.mark.slow
def test_ten_thousand_patients_for_a_year_take_less_than_ten_seconds():
    start = time.process_time()
    found = immune_course("atezolizumab 1200 mg iv q21d", 365, 10_000, seed=1)
    assert time.process_time() - start < 10.0
    assert (found.status == 0).all()
