"""Antibody kinetics against an independent integrator and the matrix exponential."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from rpoint.errors import RpointError
from rpoint.immune.antibody import (
    axis_antibodies,
    blocking_kd_nM,
    concentration_nM,
    doses_of,
    draw_factors,
    occupancy,
)
from rpoint.pharmacology.doses import dose_schedule
from rpoint.pharmacology.exposure import concentration
from rpoint.pharmacology.pk import drug_model
from rpoint.pharmacology.regimen import parse
from rpoint.tumour.noun import tumour
from rpoint.tumour.subjects import draw_patients

REGIMENS = {
    "pembrolizumab": "pembrolizumab 200 mg iv q21d",
    "nivolumab": "nivolumab 240 mg iv q14d",
    "atezolizumab": "atezolizumab 1200 mg iv q21d",
    "durvalumab": "durvalumab 10 mg/kg iv q14d",
}
DAYS = 150


def independent(drug, factors, regimen):
    """LSODA on the two-compartment equations, dose by dose, ug/mL -> nM."""
    model = drug_model(drug)
    p = dict(model.kinetic)
    for name, factor in factors.items():
        p[name] *= factor
    times, mg = doses_of(parse(regimen), drug, DAYS)
    x, now, found = np.zeros(2), 0.0, []
    grid = np.arange(DAYS, dtype=float)

    def slope(t, y):
        fall = 1.0
        if model.time_varying:
            clock = max(t * 24.0, 1e-9)
            power = p["CL_hill"]
            fall = np.exp(p["CL_emax"] * clock**power / (p["CL_t50"] ** power + clock**power))
        out, back = 24 * p["Q_F"] / p["V_F"], 24 * p["Q_F"] / p["Vp_F"]
        loss = 24 * p["CL_F"] * fall / p["V_F"]
        return [-(loss + out) * y[0] + back * y[1], out * y[0] - back * y[1]]

    for day in grid:
        for t, amount in zip(times, mg, strict=True):
            if now < t <= day or (t == 0 and now == 0 and day == 0):
                if t > now:
                    x = solve_ivp(slope, (now, t), x, "LSODA", rtol=1e-10, atol=1e-9).y[:, -1]
                    now = t
                x = x + np.array([amount, 0.0])
        if day > now:
            x = solve_ivp(slope, (now, day), x, "LSODA", rtol=1e-10, atol=1e-9).y[:, -1]
            now = day
        found.append(x[0])
    return np.array(found) / p["V_F"] * 1e6 / model.molecular_weight


@pytest.mark.parametrize("drug", REGIMENS)
def test_concentrations_agree_with_an_independent_integrator(drug):
    factors = draw_factors((drug,), np.arange(3), seed=4)[drug]
    times, mg = doses_of(parse(REGIMENS[drug]), drug, DAYS)
    found = concentration_nM(drug, times, mg, DAYS, factors, 3)
    for i in range(3):
        own = independent(drug, {k: v[i] for k, v in factors.items()}, REGIMENS[drug])
        np.testing.assert_allclose(found[i], own, rtol=2e-4)


def test_a_constant_clearance_agrees_with_the_matrix_exponential():
    model = drug_model("pembrolizumab")
    rows = dose_schedule(REGIMENS["pembrolizumab"], DAYS / 7)
    own = concentration(model, rows, 24.0 * np.arange(DAYS)) * 1000.0 / model.molecular_weight
    times, mg = doses_of(parse(REGIMENS["pembrolizumab"]), "pembrolizumab", DAYS)
    found = concentration_nM("pembrolizumab", times, mg, DAYS, {}, 1)[0]
    np.testing.assert_allclose(found, own, rtol=1e-10)


def test_label_doses_block_nearly_all_of_the_axis_all_the_time():
    for drug, text in REGIMENS.items():
        factors = draw_factors((drug,), np.arange(200), seed=1)
        for penetration in (0.1, 0.3):
            blocked = occupancy(parse(text), 84, factors, 200, penetration, {})
            assert ((blocked >= 0) & (blocked <= 1)).all()
            assert np.median(blocked[:, 1:]) > 0.95, drug


def test_doses_not_taken_leave_nothing_and_holding_one_lowers_the_trough():
    regimen = parse(REGIMENS["nivolumab"])
    times, _ = doses_of(regimen, "nivolumab", 84)
    factors = draw_factors(("nivolumab",), np.arange(2), seed=1)
    shares = np.ones((2, len(times)))
    shares[0] = 0.0
    shares[1, 1] = 0.0
    blocked = occupancy(regimen, 84, factors, 2, 0.3, {"nivolumab": shares})
    full = occupancy(regimen, 84, factors, 2, 0.3, {})
    assert (blocked[0] == 0).all()
    assert (blocked[1, 15:28] < full[1, 15:28]).all() and (blocked[1, :14] == full[1, :14]).all()


def test_two_antibodies_block_independently():
    both = parse("nivolumab 240 mg iv q14d + atezolizumab 1200 mg iv q21d")
    assert axis_antibodies(both) == ("nivolumab", "atezolizumab")
    factors = draw_factors(axis_antibodies(both), np.arange(2), seed=1)
    together = 1 - occupancy(both, 40, factors, 2, 1e-4, {})
    alone = [
        1 - occupancy(both.only(drug), 40, factors, 2, 1e-4, {}) for drug in axis_antibodies(both)
    ]
    np.testing.assert_allclose(together, alone[0] * alone[1], rtol=1e-12)


def test_a_patient_has_the_pharmacokinetics_that_she_has_elsewhere():
    subjects = draw_patients(tumour("melanoma"), 4, np.ones(1), 7, ("nivolumab",))
    own = draw_factors(("nivolumab",), np.arange(4), 7)["nivolumab"]
    for name, factor in own.items():
        np.testing.assert_array_equal(factor, subjects.pk["nivolumab"][name])


def test_other_drugs_are_no_antibodies_of_the_axis():
    assert blocking_kd_nM("palbociclib") is None
    assert axis_antibodies(parse("palbociclib 125 mg qd 21/28")) == ()
    with pytest.raises(RpointError, match="two-compartment"):
        concentration_nM("palbociclib", np.zeros(1), np.ones(1), 5, {}, 1)
