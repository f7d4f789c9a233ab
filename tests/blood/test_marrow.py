"""The chains against independent solvers, Friberg's own form, and what must hold of any marrow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from rpoint.blood import BloodPatients, central
from rpoint.blood.people import draw_people

N = 12


@pytest.fixture(scope="module")
def people():
    return draw_people(BloodPatients(N), central(), 3, np.arange(N), False)


def run(marrow, days, division, kill):
    states, pool = marrow.at_rest()
    course = [states[5]]
    for day in range(days):
        states, pool = marrow.day(states, pool, division(day), kill(day))
        course.append(states[5])
    return np.array(course), pool


def reference(m, i, days, division, kill):
    """Circulating cells of patient i by DOP853, from the equations of the module's docstring."""
    course = [np.ones(3)]
    y = m.at_rest()[0][:, :, i].ravel()
    for day in range(days):
        e, k = division(day)[i], kill(day)[i]

        def slope(_, y, e=e, k=k):
            s, r, t1, t2, t3, c = y.reshape(6, 3)
            g = m.ktr[:, i] * (1 - e * m.relative_division[:, i]) * c ** -m.gamma[:, i]
            death = k * m.relative_kill[:, i]
            loss = m.ktr[:, i] + m.stages[:, i] * death
            share, stem = m.share[i], m.stem[:, i]
            x = m.exchange[i] * ((1 - share) * (s + r) - s)
            born_s = g * ((1 - stem) * s + stem * (1 - share))
            born_r = g * ((1 - stem) * r + stem * share)
            return np.array(
                [
                    born_s - (m.ktr[:, i] + death) * s + x,
                    born_r - (m.ktr[:, i] + m.less[i] * death) * r - x,
                    m.ktr[:, i] * (s + r) - loss * t1,
                    m.ktr[:, i] * t1 - loss * t2,
                    m.ktr[:, i] * t2 - loss * t3,
                    m.kout[:, i] * (t3 - c),
                ]
            ).ravel()

        done = solve_ivp(slope, (0, 1), y, method="DOP853", rtol=1e-10, atol=1e-12)
        y = done.y[:, -1]
        course.append(y.reshape(6, 3)[5].copy())
    return np.array(course)


def test_counts_agree_with_scipy_to_1e_4(people):
    m = people.marrow
    size = np.linspace(0.3, 5.0, N)

    def division(day):
        return np.full(N, 0.1 if day % 28 < 21 else 0.0)

    def kill(day):
        return size * (1.0 if day % 14 < 3 else 0.03)

    mine, _ = run(m, 42, division, kill)
    for i in (0, 5, 11):
        true = reference(m, i, 42, division, kill)
        assert np.abs(mine[:, :, i] / true - 1).max() < 1e-4


def test_without_killing_the_neutrophils_are_fribergs(people):
    """kprol = ktr = kcirc, (1 - E) on the proliferation: written out as published, one patient."""
    m = people.marrow
    ktr, gamma, effect = m.ktr[0, 4], m.gamma[0, 4], 0.12
    mine, _ = run(m, 30, lambda _: np.full(N, effect), lambda _: np.zeros(N))

    def friberg(_, y):
        p, a, b, c, circ = y
        return [
            ktr * p * (1 - effect) * circ**-gamma - ktr * p,
            ktr * (p - a),
            ktr * (a - b),
            ktr * (b - c),
            ktr * (c - circ),
        ]

    done = solve_ivp(friberg, (0, 30), np.ones(5), t_eval=range(31), rtol=1e-10, atol=1e-12)
    assert mine[:, 0, 4] == pytest.approx(done.y[4], rel=1e-5)


def test_an_untreated_marrow_is_at_rest(people):
    course, pool = run(people.marrow, 60, lambda _: np.zeros(N), lambda _: np.zeros(N))
    assert course == pytest.approx(np.ones_like(course), abs=1e-12)
    assert pool == pytest.approx(1.0)


def test_the_mononuclear_pool_is_exact(people):
    m = people.marrow
    pool = m.day(*m.at_rest(), np.full(N, 0.2), np.full(N, 0.5))[1]
    born = m.pool_rate * (1 - 0.2 * m.pool_division)
    lost = m.pool_rate + 0.5 * m.pool_kill
    assert pool == pytest.approx(born / lost + (1 - born / lost) * np.exp(-lost))


@settings(max_examples=8)
@given(kill=st.floats(0, 40), division=st.floats(0, 1), days=st.integers(1, 60))
def test_counts_stay_finite_and_positive(people, kill, division, days):
    course, pool = run(
        people.marrow,
        days,
        lambda day: np.full(N, division if day % 7 < 4 else 0.0),
        lambda day: np.full(N, kill if day % 14 < 5 else 0.0),
    )
    assert np.isfinite(course).all() and (course > 0).all() and (pool > 0).all()


@settings(max_examples=8)
@given(low=st.floats(0, 3), more=st.floats(0.01, 3))
def test_more_killing_means_a_deeper_first_nadir(people, low, more):
    def nadir(k):
        course, _ = run(
            people.marrow, 25, lambda _: np.zeros(N), lambda d: np.full(N, k if d < 5 else 0.0)
        )
        return course.min(axis=0)

    assert (nadir(low + more) <= nadir(low) + 1e-9).all()


def test_counts_recover_after_the_drug(people):
    course, _ = run(
        people.marrow, 300, lambda _: np.zeros(N), lambda d: np.full(N, 1.0 if d < 5 else 0.0)
    )
    assert course[-1, :2] == pytest.approx(np.ones((2, N)), abs=0.05)
    assert course.min(axis=0)[1].max() < 0.9
