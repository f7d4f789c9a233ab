"""Daily means against the closed forms of `pharmacology.exposure`, and what holds cause."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from rpoint.blood import nominal
from rpoint.blood.kinetics import Concentration, _powers, rate_matrices
from rpoint.errors import RpointError
from rpoint.pharmacology.doses import dose_schedule
from rpoint.pharmacology.exposure import area
from rpoint.pharmacology.pk import drug_model


def daily(text: str, drug: str, days: int, level: int = 0, n: int = 2, factors=None):
    doses, model = nominal(text, days)[drug], drug_model(drug)
    hours = np.unique(doses.hour)
    fractions = np.array([1.0, 2 / 3, 1 / 3])
    own = Concentration(model, n, factors or {}, hours, float(np.median(doses.mg)) * fractions)
    found = []
    for day in range(days):
        mg = np.zeros((len(hours), n))
        for k in np.flatnonzero(doses.day == day):
            mg[np.searchsorted(hours, doses.hour[k])] += doses.mg[k] * fractions[level]
        found.append(own.day(mg, np.full(n, level)))
    return np.array(found)


@pytest.mark.parametrize(
    ("drug", "text"),
    [
        ("palbociclib", "palbociclib 125 mg qd 21/28"),
        ("milademetan", "milademetan 260 mg qd d1-3,15-17/28"),
        ("abemaciclib", "abemaciclib 150 mg bid"),
        ("ribociclib", "ribociclib 600 mg qd 21/28"),
        ("alisertib", "alisertib 50 mg bid d1-3,8-10,15-17/28"),
        ("capivasertib", "capivasertib 400 mg bid 4 on/3 off"),
    ],
)
def test_daily_means_are_those_of_the_closed_form(drug, text):
    days = 35
    model = drug_model(drug)
    rows = dose_schedule(text, days / 7)
    exact = np.diff(area(model, rows, 24.0 * np.arange(days + 1))) / 24.0
    assert daily(text, drug, days)[:, 0] == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_the_clearance_of_ribociclib_is_that_of_the_dose_level():
    full = daily("ribociclib 600 mg qd", "ribociclib", 40)[-1, 0]
    low = daily("ribociclib 600 mg qd", "ribociclib", 40, level=1)[-1, 0]
    # linear kinetics would give 2/3; CL is proportional to dose^-0.49
    assert low / full == pytest.approx((2 / 3) ** 1.49, rel=0.01)


def test_a_patient_with_twice_the_clearance_has_half_the_steady_state():
    factors = {"CL_F": np.array([1.0, 2.0])}
    last = daily("palbociclib 125 mg qd", "palbociclib", 60, factors=factors)[-1]
    assert last[0] / last[1] == pytest.approx(2.0, rel=1e-6)


def test_the_exponential_of_small_matrices():
    rng = np.random.default_rng(1)
    model = drug_model("alisertib")
    factors = {name: rng.lognormal(0, 0.5, 5) for name in ("CL_F", "V_F", "ktr", "Vp_F")}
    a = rate_matrices(model, 5, factors)
    for hours in (0.0, 3.5, 24.0):
        exact = np.array([expm(one * hours) for one in a])
        assert _powers(a, hours) == pytest.approx(exact, abs=1e-10)
    assert np.array_equal(_powers(a, 24.0)[2:3], _powers(a[2:3], 24.0))


def test_a_drug_without_kinetics_is_refused():
    with pytest.raises(RpointError, match="nutlin-3a"):
        rate_matrices(drug_model("nutlin-3a"), 1, {})
