import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from rpoint.errors import RpointError
from rpoint.tumour.clones import neighbour_switching
from rpoint.tumour.growth import CELL_MM3, GrowthLaw, grow, in_vivo_scale, replated_folds

HOURS = np.arange(0.0, 24 * 56 + 1, 12.0)
DIVISION = np.array([0.004 + 0.002 * np.sin(HOURS / 60), 0.003 + 0.0 * HOURS])
DEATH = np.array([0.001 + 0.0 * HOURS, 0.0005 + 0.0005 * np.cos(HOURS / 90)])
SWITCH = neighbour_switching(2, 2e-4, 5e-4)


def reference(law: GrowthLaw, start: np.ndarray) -> np.ndarray:
    def right(t, n):
        g = np.array([np.interp(t, HOURS, row) for row in DIVISION])
        d = np.array([np.interp(t, HOURS, row) for row in DEATH])
        brake = law.brake(np.array([n.sum()]))[0]
        return (g * brake - d) * n + SWITCH @ n

    run = solve_ivp(right, (0, HOURS[-1]), start, t_eval=HOURS, rtol=1e-10, atol=1e-9, max_step=12)
    return run.y


@pytest.mark.parametrize(
    "law",
    [GrowthLaw("exponential"), GrowthLaw("logistic", 2000.0), GrowthLaw("gompertz", 2000.0, 50.0)],
)
def test_against_scipy(law):
    start = np.array([200.0, 3.0])
    ours = grow(HOURS, DIVISION, DEATH, start, law=law, switching=SWITCH)
    assert np.allclose(ours, reference(law, start), rtol=2e-4)


def test_without_brake_and_switching_the_step_is_exact():
    g, d = np.full((1, 3), 0.01), np.full((1, 3), 0.004)
    grown = grow(np.array([0.0, 100.0, 1000.0]), g, d, np.array([5.0]))
    assert np.allclose(grown[0], 5 * np.exp(0.006 * np.array([0, 100, 1000])), rtol=1e-12)


@given(st.floats(0, 0.02), st.floats(0, 0.02), st.floats(1, 5000))
def test_a_tumour_is_never_negative_and_never_grows_past_its_capacity(g, d, start):
    law = GrowthLaw("logistic", 5000.0)
    rates = np.ones((1, 29))
    grown = grow(np.arange(29) * 24.0, g * rates, d * rates, np.array([start]), law=law)
    assert (grown >= 0).all() and (grown <= 5000.0 * 1.01).all()


def test_a_clone_below_one_cell_is_extinct_and_stays_so():
    g, d = np.zeros((1, 100)), np.full((1, 100), 0.01)
    g[:, 60:] = 0.5
    grown = grow(np.arange(100) * 24.0, g, d, np.array([10 * CELL_MM3]))
    assert grown[0, -1] == 0


def test_batches_equal_single_runs():
    start = np.array([[200.0, 3.0], [20.0, 30.0]])
    law = GrowthLaw("logistic", 3000.0)
    both = grow(HOURS, DIVISION[None], DEATH[None], start, law=law, switching=SWITCH)
    for k in range(2):
        one = grow(HOURS, DIVISION, DEATH, start[k], law=law, switching=SWITCH)
        assert np.allclose(both[k], one, rtol=1e-13)


@given(st.floats(5, 200), st.floats(0, 0.9), st.floats(0.01, 0.05), st.floats(0, 0.4))
def test_the_untreated_tumour_doubles_in_its_doubling_time(days, loss, born, share):
    scale, extra = in_vivo_scale(days, np.array(born), np.array(share * born), loss)
    net = scale * born - scale * share * born - extra
    assert net * 24 * days == pytest.approx(np.log(2))
    assert extra >= -1e-12


def test_what_cannot_be_given_a_doubling_time_is_refused():
    with pytest.raises(RpointError, match="do not grow"):
        in_vivo_scale(10.0, np.array([0.01]), np.array([0.02]))
    with pytest.raises(RpointError, match="cell-loss"):
        in_vivo_scale(10.0, np.array([0.02]), np.array([0.01]), 1.0)
    with pytest.raises(RpointError, match="growth law"):
        GrowthLaw("logistik")
    with pytest.raises(RpointError, match="capacity"):
        GrowthLaw("logistic", 1.0, 2.0)
    with pytest.raises(ValueError, match="sum to zero"):
        grow(np.arange(2.0), np.ones((2, 2)), np.ones((2, 2)), np.ones(2), switching=np.eye(2))
    with pytest.raises(ValueError, match="ascend"):
        grow(np.zeros(2), np.ones((2, 2)), np.ones((2, 2)), np.ones(2))


def test_replating_keeps_the_mix_and_counts_each_month():
    rates = np.array([0.001, 0.004])
    folds, mixes = replated_folds(28.0, 3, rates, np.array([0.99, 0.01]), np.zeros((2, 2)))
    cells = 0.99 * np.exp(0.001 * 672 * np.arange(4)) + 0.01 * np.exp(0.004 * 672 * np.arange(4))
    assert np.allclose(folds, cells[1:] / cells[:-1])
    assert np.allclose(mixes.sum(axis=1), 1)
