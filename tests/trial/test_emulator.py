"""The emulator of a trial arm: its growth law, and what it leaves out."""

import numpy as np
import pandas as pd
import pytest

from rpoint.trial.bodies import Bodies
from rpoint.trial.calibration.discrepancy import Discrepancy, _values
from rpoint.trial.calibration.emulator import ArmRates, Emulator, TrialPool, braked
from rpoint.trial.calibration.rows import Datum, off_scale, on_scale
from rpoint.trial.calibration.target import names
from rpoint.trial.parameters import Population, prior
from rpoint.trial.patients import BODIES
from rpoint.trial.read import read_trial


def test_growth_under_the_brake_is_that_of_the_full_simulation():
    """Two clones that are born at the same rate and die at different ones: exact but for steps."""
    start = np.array([[4_000.0, 90_000.0]])
    share = np.array([[0.2, 0.01]])
    doubling, loss = np.full((1, 2), 90.0), np.array([0.85])
    rest = np.array([[0.03, 0.004]])
    days = 420
    bodies = Bodies(start, share, doubling, loss, rest, days)
    division = np.full((1, 2, days), 0.02)
    death = np.full((1, 2, days), 0.004)
    death[:, 0] = 0.012  # the drug kills most cells, not the resistant clone
    bodies.advance(np.array([0]), 0, division, death)
    births = 24.0 * bodies.scale[..., None] * division[:, None, :, 0]
    net = births - 24.0 * (bodies.scale[..., None] * death[:, None, :, 0] + bodies.loss[..., None])
    grown = braked(start[0], share[0], net[0], births[0], 14.0, 31).sum(axis=1)
    np.testing.assert_allclose(grown, bodies.volume[0, :, ::14], rtol=5e-3)
    unbraked = braked(start[0], share[0], net[0], None, 14.0, 31).sum(axis=1)
    assert unbraked[1, -1] > 1.05 * grown[1, -1]  # the brake tells here


def test_a_clone_that_neither_grows_nor_shrinks_has_no_division_by_nothing():
    net, births = np.zeros((1, 2)), np.full((1, 2), 0.05)
    grown = braked(np.array([1_000.0]), np.zeros(1), net, births, 28.0, 2)
    assert np.isfinite(grown).all() and 990.0 < grown[0, 0, 1] < 1_000.0


def test_the_discrepancy_is_the_mean_difference_with_its_error():
    simulated = np.exp(np.array([[1.0, 2.0], [1.4, np.nan], [1.2, 2.4]]))
    emulated = np.exp(np.array([[0.9, 2.1], [1.2, 2.0], [1.0, 2.3]]))
    found = Discrepancy.of(simulated, emulated, ["pfs_hr", "pfs_median_months"], on_scale)
    apart = np.array([0.1, 0.2, 0.2])
    assert found.mean == pytest.approx([apart.mean(), 0.0], abs=1e-12)
    assert found.error[0] == pytest.approx(apart.std(ddof=1) / np.sqrt(3))
    assert found.count.tolist() == [3, 2]


def test_rates_of_small_trials_are_averaged_before_their_logit():
    """Trials of 46 patients at a rate of 2 %: many see nobody respond."""
    rng = np.random.default_rng(1)
    simulated = 100.0 * rng.binomial(46, 0.02, (400, 1)) / 46.0
    emulated = np.full((400, 1), 2.0)
    assert (simulated == 0).mean() > 0.3
    found = Discrepancy.of(simulated, emulated, ["orr_pct"], on_scale)
    assert abs(found.mean[0]) < 3.0 * found.error[0] < 0.25


def test_none_of_some_has_a_logit():
    assert np.isfinite(on_scale("orr_pct", 0.0)) and np.isfinite(on_scale("orr_pct", 100.0))
    assert on_scale("orr_pct", 50.0) == pytest.approx(0.0)
    assert on_scale("pfs_hr", 0.5) == pytest.approx(np.log(0.5))
    for endpoint, value in (("orr_pct", 0.0), ("orr_pct", 19.6), ("pfs_median_months", 5.6)):
        assert off_scale(endpoint, on_scale(endpoint, value)) == pytest.approx(value, abs=1e-9)


def test_simulated_values_are_put_beside_the_draws_that_made_them():
    """Replicates take the draws in an order of the seed; each value has to find its own."""
    draws = pd.DataFrame({"a": np.arange(6.0)})
    population = Population(3, draws)
    replicates = np.arange(4)
    np.testing.assert_array_equal(
        draws["a"].to_numpy()[population.rows(replicates)], population.value("a", replicates)
    )
    row = Datum("t", "arm", "pfs_hr", 0.0, 1.0)
    table = pd.DataFrame(
        {
            "REPL": [2, 0, 1, 0], "ARM": ["arm"] * 4, "SUBSET": ["", "", "", "MDM2"],
            "ENDPOINT": ["pfs_hr"] * 4, "VALUE": [0.3, 0.1, 0.2, 9.0],
        }
    )  # fmt: skip
    assert _values(table, row).tolist() == [0.1, 0.2, 0.3]


class _People:
    """What the emulator takes of the patients of a pool."""

    def __init__(self, n: int) -> None:
        self.tumour_type = np.full(n, "breast", object)
        self.start_mm3 = np.where(np.arange(BODIES) < 2, 15_000.0, 0.0) * np.ones((n, 1))
        self.baseline_day = np.zeros(n)

    def __len__(self) -> int:
        return len(self.tumour_type)


def _pool(n: int, failing: np.ndarray) -> TrialPool:
    """Patients of TBCRC 041, all after an earlier regimen that holds some of them for ever."""

    def rates(growing: np.ndarray) -> ArmRates:
        born = np.where(growing, 0.02, 0.002)[:, None, None] * np.ones((n, 2, 1))
        return ArmRates((), np.concatenate([born, np.full((n, 2, 1), 0.004)], axis=2))

    every = {"alisertib": rates(np.zeros(n, bool)), "prior": rates(failing)}
    return TrialPool(
        read_trial("tbcrc-041"), _People(n), np.full(n, 60.0), np.full((n, 2), (0.02, 0.004)),
        every, seed=1,
    )  # fmt: skip


def test_only_those_whom_the_earlier_regimen_has_failed_enter():
    n, failing = 120, np.arange(120) % 2 == 0
    theta = {name: prior(name)[0] for name in names()} | {"cell_loss_logit_sd": 0.1}
    found = Emulator(_pool(n, failing), copies=1, longest_months=12.0).arm("alisertib", theta)
    assert len(found.pfs_d) == failing.sum()
    every = Emulator(_pool(n, np.ones(n, bool)), 1, 12.0).arm("alisertib", theta)
    assert len(every.pfs_d) == n
    np.testing.assert_array_equal(found.pfs_d, every.pfs_d[failing])


def test_where_hardly_anybody_fails_all_enter():
    """A likelihood over a handful of patients would be noise."""
    n = 120
    theta = {name: prior(name)[0] for name in names()} | {"cell_loss_logit_sd": 0.1}
    found = Emulator(_pool(n, np.arange(n) < 5), copies=1, longest_months=12.0)
    assert len(found.arm("alisertib", theta).pfs_d) == n
