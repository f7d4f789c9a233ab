"""The calibration meets its three siremadlin figures, by quadrature and by patients."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.blood import BloodPatients, central, facts, run_blood
from rpoint.blood.calibration import HIGH, LOW, SOLVED, UNDER, Figures, figures_of, solve
from rpoint.blood.parameters import ensemble
from rpoint.streams import lognormal_factors

# Sou 2025 (digest): shares with grade 3 or worse at 40 and 5 mg, day of the nadir.
PUBLISHED = Figures(high=0.22, low=0.004, nadir_day=15.0)


def test_the_central_facts_meet_the_three_figures():
    now = figures_of(central().values)
    assert now.high == pytest.approx(PUBLISHED.high, abs=0.005)
    assert now.low == pytest.approx(PUBLISHED.low, rel=0.05)
    assert now.nadir_day == pytest.approx(PUBLISHED.nadir_day, abs=0.1)


def test_patients_one_by_one_give_the_same_share():
    """Clearance, sensitivity, transit time and baseline drawn; the quadrature merged them."""
    n = 1500
    pk = {"siremadlin": {"CL_F": lognormal_factors(1, "pk", n, 0.4)[:, 0]}}
    shares = []
    for text in (HIGH, LOW):
        run = run_blood(text, days=56, patients=BloodPatients(n, pk), seed=1)
        shares.append((run.counts["platelets"].min(axis=1) < 50).mean())
    assert shares[0] == pytest.approx(PUBLISHED.high, abs=0.03)
    assert shares[1] == pytest.approx(PUBLISHED.low, abs=0.005)


def test_solving_again_gives_the_central_facts():
    values, misfit = solve(central(), PUBLISHED)
    assert misfit < 1e-3
    for name in SOLVED:
        assert values[name] == pytest.approx(facts()[name].value, rel=0.01)


def test_every_accepted_set_meets_the_figures_within_what_they_are_known_to():
    table = ensemble()
    assert len(table) >= 40 and (table["misfit"] <= 0.5).all()
    assert set(SOLVED) | set(UNDER) <= set(table.columns)
    for k in (0, len(table) // 2, len(table) - 1):
        row = table.iloc[k]
        values = {**central().values, **{name: row[name] for name in (*SOLVED, *UNDER)}}
        now = figures_of(values)
        assert abs(np.log(now.high / (1 - now.high)) - np.log(0.22 / 0.78)) < 3.5 * 0.2
        assert abs(np.log(now.low / 0.004)) < 3.5 * 0.4
        assert abs(now.nadir_day - 15.0) < 3.5
