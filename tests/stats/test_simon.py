"""Simon's designs: the published ones, exhaustive search by a second program, simulation."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rpoint.errors import RpointError
from rpoint.stats import simon as module
from rpoint.stats.simon import characteristics, simon

# p0, p1, alpha, beta: optimal (r1, n1, r, n, EN, PET, alpha, power), minimax.  Designs of Simon
# 1989; characteristics by an independent brute-force program.
PUBLISHED = {
    (0.05, 0.20, 0.10, 0.10): (
        (0, 12, 3, 37, 23.491, 0.5404, 0.0935, 0.9024),
        (0, 18, 3, 32, 26.439, 0.3972, 0.0721, 0.9015),
    ),
    (0.05, 0.20, 0.05, 0.20): (
        (0, 10, 3, 29, 17.6240, 0.5987, 0.04683, 0.80111),
        (0, 13, 3, 27, 19.8132, 0.5133, 0.04159, 0.80112),
    ),
    (0.05, 0.20, 0.05, 0.10): (
        (1, 21, 4, 41, 26.6606, 0.7170, 0.0457, 0.9017),
        (1, 29, 4, 38, 32.8629, 0.5708, 0.0395, 0.9004),
    ),
    (0.05, 0.25, 0.05, 0.20): (
        (0, 9, 2, 17, 11.9580, 0.6302, 0.04660, 0.81216),
        (0, 12, 2, 16, 13.8386, 0.5404, 0.04268, 0.80128),
    ),
    (0.10, 0.30, 0.05, 0.20): (
        (1, 10, 5, 29, 15.0141, 0.7361, 0.04709, 0.80506),
        (1, 15, 5, 25, 19.5096, 0.5490, 0.03281, 0.80170),
    ),
    (0.20, 0.40, 0.05, 0.20): (
        (3, 13, 12, 43, 20.5803, 0.7473, 0.04958, 0.80021),
        (4, 18, 10, 33, 22.2547, 0.7164, 0.04583, 0.80114),
    ),
    (0.30, 0.50, 0.05, 0.20): (
        (5, 15, 18, 46, 23.6297, 0.7216, 0.04987, 0.80321),
        (6, 19, 16, 39, 25.6900, 0.6655, 0.04550, 0.80362),
    ),
    (0.10, 0.30, 0.10, 0.10): (
        (1, 12, 5, 35, 19.8429, 0.6590, 0.09772, 0.90145),
        (1, 16, 4, 25, 20.3674, 0.5147, 0.09508, 0.90304),
    ),
    (0.20, 0.40, 0.05, 0.10): (
        (4, 19, 15, 54, 30.4349, 0.6733, 0.04817, 0.90447),
        (5, 24, 13, 45, 31.2263, 0.6559, 0.04829, 0.90013),
    ),
}


@pytest.mark.parametrize("case", PUBLISHED, ids=str)
def test_the_published_designs(case):
    p0, p1, alpha, beta = case
    found = simon(p0, p1, alpha=alpha, beta=beta)
    for design, expected in zip((found.optimal, found.minimax), PUBLISHED[case], strict=True):
        assert (design.r1, design.n1, design.r, design.n) == expected[:4]
        got = (design.en0, design.pet0, design.alpha, design.power)
        assert got == pytest.approx(expected[4:], abs=5e-4)
        assert design.alpha <= alpha and design.power >= 1 - beta


def brute(p0, p1, alpha, beta, largest):
    """Every design up to `largest`, one by one: expected size, n and the design."""
    found = []
    for n in range(2, largest + 1):
        for n1 in range(1, n):
            for r1 in range(n1):
                for r in range(r1, n):
                    d = characteristics(r1, n1, r, n, p0=p0, p1=p1)
                    if d.alpha <= alpha and d.power >= 1 - beta:
                        found.append((d.en0, n, (r1, n1, r, n)))
    return found


def test_no_design_beats_those_of_the_search():
    p0, p1, alpha, beta = 0.1, 0.6, 0.1, 0.2
    found = simon(p0, p1, alpha=alpha, beta=beta)
    everything = brute(p0, p1, alpha, beta, 11)
    assert found.optimal.en0 == pytest.approx(min(e for e, _, _ in everything), abs=1e-12)
    least = min(n for _, n, _ in everything)
    assert found.minimax.n == least
    assert found.minimax.en0 == pytest.approx(
        min(e for e, n, _ in everything if n == least), abs=1e-12
    )


def test_admissible_designs_are_a_convex_front():
    designs = simon(0.05, 0.2, alpha=0.05, beta=0.1).admissible
    n = np.array([d.n for d in designs])
    size = np.array([d.en0 for d in designs])
    assert np.all(np.diff(n) > 0) and np.all(np.diff(size) < 0)
    assert np.all(np.diff(np.diff(size) / np.diff(n)) > 0)
    assert designs[0].criterion == "minimax" and designs[-1].criterion == "optimal"


def test_any_response_passes_and_confirmed_response_fails():
    design = characteristics(0, 10, 3, 29, p0=0.05, p1=0.20)
    assert design.promising(6) and not design.promising(1)
    assert design.goes_on(1) and not design.goes_on(0)


def test_characteristics_are_those_of_simulated_trials():
    design = characteristics(1, 10, 5, 29, p0=0.1, p1=0.3)
    rng = np.random.default_rng(1)
    first = rng.binomial(10, 0.1, 200_000)
    total = first + rng.binomial(19, 0.1, 200_000)
    assert (first <= 1).mean() == pytest.approx(design.pet0, abs=0.004)
    assert ((first > 1) & (total > 5)).mean() == pytest.approx(design.alpha, abs=0.002)
    assert np.where(first <= 1, 10, 29).mean() == pytest.approx(design.en0, abs=0.08)


@given(st.integers(1, 12), st.integers(1, 15), st.data())
def test_a_first_stage_only_takes_verdicts_away(n1, n2, data):
    n = n1 + n2
    r1 = data.draw(st.integers(0, n1 - 1))
    r = data.draw(st.integers(r1, n - 1))
    design = characteristics(r1, n1, r, n, p0=0.1, p1=0.4)
    assert design.alpha <= stats.binom.sf(r, n, 0.1) + 1e-12
    assert design.alpha < design.power + 1e-12 and design.pet0 >= design.pet1
    assert n1 <= design.en0 <= n


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: simon(0.2, 0.1), "p0 must be below p1"),
        (lambda: simon(0.2, 0.2), "p0 must be below p1"),
        (lambda: simon(0, 0.2), "p0 is out of its range"),
        (lambda: simon(5, 20), "p0 is out of its range"),
        (lambda: simon(0.1, 0.2, alpha=0), "alpha"),
        (lambda: simon(0.1, 0.2, alpha=0.6, beta=0.5), "need no trial"),
        (lambda: characteristics(3, 3, 4, 9, p0=0.1, p1=0.2), "no two-stage design"),
        (lambda: characteristics(0, 9, 3, 9, p0=0.1, p1=0.2), "no two-stage design"),
        (lambda: characteristics(0.5, 9, 3, 19, p0=0.1, p1=0.2), "no two-stage design"),
        (lambda: characteristics(0, 9, 3, 19, p0=0.1, p1=0.2).promising(20), "0 to 19"),
    ],
)
def test_what_is_refused(call, says):
    with pytest.raises(RpointError, match=says):
        call()


def test_doctests():
    assert doctest.testmod(module).failed == 0
