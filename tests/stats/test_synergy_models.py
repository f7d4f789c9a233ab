"""Reference models on known truths: formulas, limits, symmetries, recovery of parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares

from rpoint.stats._batched_fit import fit_batch
from rpoint.stats.bliss_hsa import bliss, highest_single_agent
from rpoint.stats.hill import FEW, NO_PLATEAU, OK, SOFT, WEAK_STATUS, fit_hill, fit_pair, hill
from rpoint.stats.hill import inverse_hill as inverse
from rpoint.stats.loewe import combination_index, loewe_effect, loewe_index
from rpoint.stats.musyc import MusycParameters, fit_musyc, surface, without_interaction
from rpoint.stats.synergy import synergy
from rpoint.stats.synthetic_plate import synthetic_plate

DOSES = np.r_[0.0, np.geomspace(0.1, 30.0, 6)]
ONE, TWO = (axis.ravel() for axis in np.meshgrid(DOSES, DOSES, indexing="ij"))
effects = st.floats(0.0, 1.0)
# E0 0, E1 and E2 apart enough to be told from E0, everything within the doses tested
truths = st.builds(
    MusycParameters,
    E0=st.just(0.0), E1=st.floats(0.5, 0.95), E2=st.floats(0.5, 0.95), E3=st.floats(0.5, 1.0),
    C1=st.floats(0.5, 5.0), C2=st.floats(0.5, 5.0), h1=st.floats(0.8, 2.5), h2=st.floats(0.8, 2.5),
    alpha12=st.floats(0.2, 8.0), alpha21=st.floats(0.2, 8.0),
)  # fmt: skip


def curve(e0, emax, ec50, h):
    return np.array([[e0], [emax], [np.log(ec50)], [np.log(h)]])


def test_bliss_and_hsa_formulas():
    # definitions, section 10: .4, .5, observed .85
    assert 0.85 - bliss(0.4, 0.5) == pytest.approx(0.15, abs=1e-9)
    assert 0.85 - highest_single_agent(0.4, 0.5) == pytest.approx(0.35, abs=1e-9)


@given(effects, effects)
def test_bliss_is_symmetric_and_between_hsa_and_one(one, two):
    value = bliss(one, two)
    assert value == pytest.approx(bliss(two, one), abs=1e-15)
    assert highest_single_agent(one, two) - 1e-12 <= value <= 1 + 1e-12


def test_combination_index_formula():
    # definitions, section 10: 1/4 + 3/10
    assert combination_index(1, 4, 3, 10) == pytest.approx(0.55, abs=1e-12)
    assert combination_index(1, 4, 3, np.inf) == 0.25


@given(
    st.floats(0.3, 1.0), st.floats(0.1, 10.0), st.floats(0.5, 4.0), st.floats(0.01, 0.99),
)  # fmt: skip
def test_the_inverse_of_a_curve_gives_its_dose(emax, ec50, h, share):
    c = (0.0, emax, np.log(ec50), np.log(h))
    dose = inverse(share * emax, *c)
    assert hill(dose, *c) == pytest.approx(share * emax, rel=1e-9)
    assert inverse(emax, *c) == np.inf and inverse(0.0, *c) == 0.0


@given(st.floats(0.4, 1.0), st.floats(0.3, 10.0), st.floats(0.6, 3.0), st.floats(0.2, 5.0))
def test_a_drug_with_itself_is_loewe_additive(emax, ec50, h, potency):
    """The second drug is the first at another strength: the isobole is a straight line."""
    one, two = curve(0.02, emax, ec50, h), curve(0.02, emax, ec50 / potency, h)
    total = hill(ONE + potency * TWO, 0.02, emax, np.log(ec50), np.log(h))
    assert loewe_effect(ONE, TWO, one, two)[0] == pytest.approx(total, abs=1e-9)
    both = (ONE > 0) & (TWO > 0)
    index = loewe_index(total[None, :], ONE, TWO, one, two)[0, both]
    low = total[both] > 0.02 + 1e-6  # near E0 or Emax the inverse loses all figures
    fine = low & (total[both] < emax - 1e-6)
    assert index[fine] == pytest.approx(1.0, rel=1e-3)


def test_loewe_beyond_the_weaker_drug_is_the_stronger_alone():
    strong, weak = curve(0, 1.0, 1.0, 1.0), curve(0, 0.3, 1.0, 1.0)
    expected = loewe_effect(np.array([5.0]), np.array([2.0]), strong, weak)[0, 0]
    assert expected == pytest.approx(5 / 6, abs=1e-9)
    # below the weaker drug's largest effect both count
    assert loewe_effect(np.array([0.1]), np.array([0.1]), strong, weak)[0, 0] > 0.1 / 1.1
    assert np.isnan(loewe_index(np.array([[1.1]]), np.ones(1), np.ones(1), strong, weak))


def test_musyc_is_the_stationary_state_of_its_four_states():
    """The formula against the integrated kinetics, broken detailed balance included."""
    p = MusycParameters(0.05, 0.7, 0.5, 0.95, 1.5, 3, 1.3, 1.8, 4.0, 0.5, 1.4, 0.8)
    d1, d2 = 2.0, 1.0
    x1, x2 = (d1 / p.C1) ** p.h1, (d2 / p.C2) ** p.h2
    y2 = (p.alpha12 * d2 / p.C2) ** (p.gamma12 * p.h2)
    y1 = (p.alpha21 * d1 / p.C1) ** (p.gamma21 * p.h1)
    rates = np.zeros((4, 4))  # U, A1, A2, A12; column: from
    for start, end, rate in (
        (0, 1, x1), (1, 0, 1), (0, 2, x2), (2, 0, 1), (1, 3, y2), (3, 1, 1), (2, 3, y1), (3, 2, 1),
    ):  # fmt: skip
        rates[end, start] += rate
        rates[start, start] -= rate
    run = solve_ivp(lambda t, u: rates @ u, (0, 200), [1, 0, 0, 0], rtol=1e-10, atol=1e-13)
    state = run.y[:, -1]
    assert p.effect(d1, d2) == pytest.approx(state @ [p.E0, p.E1, p.E2, p.E3], abs=1e-8)


def test_musyc_without_interaction_of_full_drugs_is_bliss():
    p = MusycParameters(0, 0.9, 0.8, 1 - 0.1 * 0.2, 1, 2, 1.3, 1.0)
    assert p.effect(ONE, TWO) == pytest.approx(bliss(p.effect(ONE, 0), p.effect(0, TWO)), abs=1e-12)
    assert p.effect(DOSES, 0) == pytest.approx(hill(DOSES, 0, 0.9, 0, np.log(1.3)), abs=1e-12)


def test_alpha12_is_the_potency_of_drug_2_under_drug_1():
    """Under a saturating dose of drug 1 the half-way dose of drug 2 is C2 / alpha12."""
    p = MusycParameters(0, 0.4, 0.6, 0.9, 1, 2, 1.5, 1.5, alpha12=5.0, alpha21=5.0)
    saturated = p.effect(1e6, np.array([0.0, 2.0 / 5.0, 1e9]))
    assert saturated == pytest.approx([0.4, 0.65, 0.9], abs=1e-3)
    assert p.beta == pytest.approx((0.9 - 0.6) / 0.6)


@settings(max_examples=15)
@given(truths)
def test_a_musyc_surface_gives_back_its_parameters(truth):
    seen = truth.effect(ONE, TWO)
    single = (ONE == 0) | (TWO == 0)
    pair = fit_pair(ONE[single], TWO[single], seen[single], 1.0)
    fit = fit_musyc(ONE, TWO, seen, pair.params[0])
    assert fit.converged[0]
    error = np.abs(surface(fit.params, ONE, TWO)[0] - seen).max()
    assert error < 1e-5
    if fit.cost[0] < 1e-20:  # fitted to rounding: the parameters are then the true ones
        assert fit.params[0] == pytest.approx(truth.vector(), abs=1e-4)


@pytest.mark.parametrize(
    "truth",
    [
        MusycParameters(0, 0.8, 0.6, 0.95, 1.5, 3, 1.2, 1.8, 4, 0.5),
        MusycParameters(0.02, 0.7, 0.8, 0.5, 1, 2, 1, 1, 0.1, 0.3),
        MusycParameters(0, 0.3, 0.9, 0.9, 1, 2, 1, 2, 20, 1),
        MusycParameters(0, 0.7, 0.8, 0.9, 1, 2, 1, 1.5, 3, 2, 1.6, 0.7),
    ],
    ids=["synergy", "antagonism", "potentiation", "cooperativity"],
)
def test_known_surfaces_give_back_every_parameter(truth):
    seen = truth.effect(ONE, TWO)
    single = (ONE == 0) | (TWO == 0)
    pair = fit_pair(ONE[single], TWO[single], seen[single], 1.0)
    fit = fit_musyc(ONE, TWO, seen, pair.params[0], gamma=truth.gamma12 != 1)
    assert fit.params[0] == pytest.approx(truth.vector(), abs=1e-6)


def test_noisy_surfaces_give_back_their_parameters_without_bias():
    truth = MusycParameters(0, 0.8, 0.6, 0.95, 1.5, 3, 1.2, 1.8, 4, 0.5)
    seen = truth.effect(ONE, TWO) + np.random.default_rng(5).normal(0, 0.03, (200, len(ONE)))
    start = truth.vector()
    fits = fit_musyc(ONE, TWO, seen, start[:7], near=start).params
    free = np.r_[0:10]
    error = np.median(fits[:, free], axis=0) - start[free]
    # of a median of 200: the spread of the estimates over the root of 200, times 1.25
    assert (np.abs(error) < 4 * 1.25 * fits[:, free].std(axis=0) / np.sqrt(200)).all()


def test_without_interaction_keeps_the_single_drugs():
    p = MusycParameters(0, 0.8, 0.6, 0.95, 1.5, 3, 1.2, 1.8, 4, 0.5).vector()[None, :]
    plain = without_interaction(p)
    single = (ONE == 0) | (TWO == 0)
    assert surface(plain, ONE, TWO)[0, single] == pytest.approx(surface(p, ONE, TWO)[0, single])
    assert plain[0, 3] == 0.8 and (plain[0, 8:] == 0).all()


def test_the_batched_fit_agrees_with_scipy():
    """The same cost and parameters as least_squares with the soft L1 loss, outliers and all."""
    rng = np.random.default_rng(2)
    dose = np.repeat(DOSES, 3)
    start = np.array([0.0, 0.8, np.log(2.0), 0.0])
    seen = hill(dose, 0.02, 0.9, np.log(2), np.log(1.5)) + rng.normal(0, 0.05, (6, len(dose)))
    seen[:, 4] += 0.6
    lower, upper = np.array([-1, 0, -5, -1.5]), np.array([0.5, 1.2, 6, 2.3])

    def model(p, rows):
        return hill(dose, *(p[:, [k]] for k in range(4)))

    fit = fit_batch(model, np.tile(start, (6, 1)), seen, lower, upper, soft=SOFT)
    assert fit.converged.all()
    for k in range(6):
        other = least_squares(
            lambda p, y: hill(dose, *p) - y, start, args=(seen[k],), bounds=(lower, upper),
            loss="soft_l1", f_scale=SOFT, xtol=1e-12, ftol=1e-12, gtol=1e-12,
        )  # fmt: skip
        assert fit.cost[k] == pytest.approx(other.cost, rel=1e-7)
        assert fit.params[k] == pytest.approx(other.x, abs=1e-4)


def test_a_limit_holds_a_parameter():
    fit = fit_batch(
        lambda p, rows: p[:, [0]] * np.ones(3), np.zeros((1, 1)), np.full((1, 3), 5.0),
        np.array([0.0]), np.array([2.0]),
    )  # fmt: skip
    assert fit.params[0, 0] == 2.0 and fit.converged[0]


@pytest.mark.parametrize(
    ("emax", "ec50", "status"),
    [(0.9, 2.0, OK), (0.05, 2.0, WEAK_STATUS), (0.9, 60.0, NO_PLATEAU)],
)
def test_a_single_curve_says_what_limits_it(emax, ec50, status):
    fit = fit_hill(DOSES, hill(DOSES, 0, emax, np.log(ec50), 0.0))
    assert fit.status == status
    if status == OK:
        assert (fit.emax, fit.ec50, fit.h) == pytest.approx((0.9, 2.0, 1.0), abs=1e-5)


def test_a_curve_of_two_doses_is_a_status():
    fit = fit_hill([0, 1, 10], [0, 0.4, 0.9], drug="A")
    assert fit.status == FEW and np.isnan(fit.ec50) and not fit.usable


def test_one_wild_well_moves_a_curve_little():
    seen = hill(np.repeat(DOSES, 3), 0, 0.9, np.log(2), np.log(1.5))
    wild = seen.copy()
    wild[13] += 0.8
    clean, hit = (fit_hill(np.repeat(DOSES, 3), y) for y in (seen, wild))
    assert hit.ec50 == pytest.approx(clean.ec50, rel=0.15)
    assert hit.emax == pytest.approx(clean.emax, abs=0.03)


@pytest.mark.parametrize(
    "truth",
    [
        MusycParameters(0, 0.9, 0.8, 1 - 0.1 * 0.2, 1, 2, 1.3, 1.0),
        MusycParameters(0, 1.0, 1.0, 1.0, 1, 5, 2.0, 1.0),
        MusycParameters(0, 0.4, 0.3, 1 - 0.6 * 0.7, 1, 2, 1.0, 1.5),
    ],
    ids=["strong", "full", "partial"],
)
def test_an_independent_surface_has_no_bliss_and_no_zip_excess(truth):
    plate = synthetic_plate(truth, DOSES, DOSES, sd=0, replicates=1)
    found = synergy(plate, models=("bliss", "zip"), bootstrap=0).surface
    assert found["excess"].to_numpy() == pytest.approx(0.0, abs=1e-6)


def test_a_shift_of_potency_is_what_zip_sees():
    """Drug 2 halves the EC50 of drug 1 and does nothing else: delta is the shift of the curve."""
    rows = []
    for d1, d2 in zip(ONE, TWO):
        ec50 = 2.0 if d2 == 0 else 1.0
        alone2 = hill(d2, 0, 0.5, 0, 0)
        rows.append(bliss(hill(d1, 0, 0.9, np.log(ec50), 0), alone2))
    plate = synthetic_plate(MusycParameters(0, 1, 1, 1, 1, 1, 1, 1), DOSES, DOSES, replicates=1)
    plate["inhibition"] = np.array(rows)
    found = synergy(plate, models="zip", bootstrap=0).surface
    d1, d2 = found["dose1"].to_numpy(), found["dose2"].to_numpy()
    left = 1 - hill(d2, 0, 0.5, 0, 0)
    shift = (hill(d1, 0, 0.9, 0, 0) - hill(d1, 0, 0.9, np.log(2), 0)) * left
    # the curves along drug 1 are exact; those along drug 2 start from drug 1 alone and jump
    assert (found["excess"] > 0).all()
    assert found["excess"].to_numpy() == pytest.approx(shift, abs=0.05)
