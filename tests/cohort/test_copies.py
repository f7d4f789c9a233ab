"""Copies of amplified genes and the errors of the tests that count them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.cohort.compare import unconfirmed_table
from rpoint.cohort.copies import (
    Assay,
    at_least,
    chance,
    draw_read,
    draw_true,
    exponent,
    missing_for,
    unconfirmed,
)
from rpoint.cohort.facts import fact

U = (np.arange(20_000) + 0.5) / 20_000


@given(st.floats(5.0, 200.0), st.floats(0.1, 5.0))
def test_the_share_above_a_number_falls_as_a_power(copies, a):
    expected = (copies**-a - 200**-a) / (5**-a - 200**-a)
    assert at_least(copies, a) == pytest.approx(expected, abs=1e-12)
    assert at_least(4.0, a) == pytest.approx(1) and at_least(500.0, a) == pytest.approx(0)


def test_the_grid_agrees_with_the_formula_where_the_test_has_no_error():
    for a in (0.36, 1.16, 2.5):
        assert chance(12.0, np.inf, a, 0.0) == pytest.approx(at_least(12.0, a), abs=2e-3)
        assert chance(0.0, np.inf, a, 0.4) == pytest.approx(1)


@pytest.mark.parametrize(("a", "sd"), [(1.16, 0.45), (0.36, 0.3), (2.0, 0.6)])
def test_drawn_copies_follow_their_distribution_given_the_local_reading(a, sd):
    true = draw_true(U, 12.0, np.inf, a, sd)
    local = draw_read(np.random.default_rng(1).random(len(true)), true, sd, 12.0, np.inf)
    assert local.min() >= 12.0 and true.min() >= 5.0 and true.max() <= 200.0
    # against brute force: draw, read, keep what is read as 12 or more
    rng = np.random.default_rng(2)
    n = 400_000
    u = rng.random(n)
    tail = 5**-a - u * (5**-a - 200**-a)
    everyone = tail ** (-1 / a)
    read = everyone * np.exp(sd * rng.standard_normal(n))
    kept = everyone[read >= 12]
    for q in (0.1, 0.5, 0.9):
        assert np.quantile(true, q) == pytest.approx(np.quantile(kept, q), rel=0.02)
    assert np.median(local) == pytest.approx(np.median(read[read >= 12]), rel=0.02)


def test_tumours_with_tp53_mutation_have_fewer_copies_and_co_amplified_ones_more():
    alone, mutated = exponent("MDM2"), exponent("MDM2", {"TP53:mut": True})
    assert mutated - alone == pytest.approx(fact("mdm2_tp53_slope"))
    assert exponent("MDM2", {"CDK4:amp": True}) < alone
    assert exponent("IGF1R") == fact("copies_tail_other")
    # so the odds of TP53 mutation fall with the copies, by the slope per unit of ln(copies)
    odds = [at_least(c, mutated) / at_least(c, alone) for c in (5, 8, 12, 20, 40)]
    assert all(x > y for x, y in zip(odds[:-1], odds[1:]))


def test_the_share_that_is_not_confirmed_rises_with_the_error_and_with_tumours_at_the_cut_off():
    errors = [unconfirmed(assay=Assay(s, 0.3)) for s in (0.1, 0.3, 0.45, 0.6)]
    assert all(x < y for x, y in zip(errors[:-1], errors[1:]))
    near = [unconfirmed(a=a) for a in (0.4, 1.2, 2.0)]
    assert all(x < y for x, y in zip(near[:-1], near[1:]))
    assert unconfirmed(local_cut=12, central_cut=4) < unconfirmed(local_cut=12, central_cut=8)


def test_nine_of_forty_need_error_and_tumours_without_a_central_test():
    error = unconfirmed()
    assert error == pytest.approx(0.110, abs=0.003)  # at the shipped errors
    missing = missing_for(9 / 40)
    assert 0.1 < missing < 0.15
    assert unconfirmed(missing=missing) == pytest.approx(9 / 40, abs=1e-9)
    assert missing_for(0.01) == 0.0


def test_the_unconfirmed_share_agrees_with_simulation():
    rng = np.random.default_rng(3)
    true = draw_true(rng.random(50_000), 12.0, np.inf, 1.16, 0.45)
    central = draw_read(rng.random(50_000), true, 0.3)
    simulated = np.mean(central < 8)
    assert simulated == pytest.approx(unconfirmed(a=1.16, assay=Assay(0.45, 0.3)), abs=0.005)


def test_the_table_of_unconfirmed_shares_has_three_laws_in_order():
    table = unconfirmed_table(missing=0.1, points=5)
    wide = table.pivot(index="local_error", columns="law", values="percent")
    assert (wide.diff().dropna() > 0).all().all()  # rises with the error
    assert (wide["MDM2 with CDK4"] < wide["MDM2 without CDK4"]).all()
    assert (wide["MDM2 without CDK4"] < wide["more at the cut-off"]).all()
    assert wide.min().min() >= 10  # those without a central test
