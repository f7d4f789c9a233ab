"""The Antimony modules in libRoadRunner against closed forms, and against SciPy."""

from __future__ import annotations

import math
from functools import cache

import antimony
import numpy as np
import pytest
import roadrunner
from scipy.integrate import solve_ivp

from rpoint import catalog
from rpoint.engine import Schedule, compile_model
from rpoint.pharmacology.doses import dose_schedule
from rpoint.pharmacology.exposure import area, concentration, model_inputs
from rpoint.pharmacology.pk import antimony_text, drug_model
from rpoint.pharmacology.regimen import parse

pytestmark = pytest.mark.oracle
RTOL = 1e-6  # of the peak; the solver runs at 1e-10


@cache
def sbml(drugs: tuple[str, ...], species: str, inputs: bool = False) -> str:
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(antimony_text(drugs, species, inputs=inputs)) < 0:
        raise AssertionError(antimony.getLastError())
    return antimony.getSBMLString(antimony.getMainModuleName())


def run_roadrunner(text: str, rows, t_h, wanted: list[str]) -> np.ndarray:
    """Values of `wanted` at each time, every row of the schedule applied at its time."""
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    rr = roadrunner.RoadRunner(text)
    rr.integrator.setValue("relative_tolerance", 1e-10)
    rr.integrator.setValue("absolute_tolerance", 1e-12)
    rr.integrator.setValue("maximum_num_steps", 200_000)
    now, found = 0.0, []
    marks = sorted({*(row.time_h for row in rows), *map(float, t_h)})
    k = 0
    values = {}
    for mark in marks:
        if mark > now:
            rr.simulate(now, mark, 2)
            now = mark
        while k < len(rows) and rows[k].time_h <= mark:
            row = rows[k]
            before = rr.getValue(row.target) if row.kind == "add" else 0.0
            rr.setValue(row.target, before + row.value)
            k += 1
        values[mark] = [rr.getValue(name) for name in wanted]
    found = [values[float(t)] for t in t_h]
    return np.array(found)


def run_engine(drug: str, species: str, rows, t_h) -> np.ndarray:
    """Total concentration at each time by this package's engine."""
    name = f"{drug_model(drug, species).id}_C"
    schedule = Schedule(tuple((r.time_h, r.kind, r.target, r.value) for r in rows))
    kernel = compile_model(sbml((drug,), species), observables=[name], cache=False)
    return kernel.solve({}, t_h, schedules=schedule, rtol=1e-9, atol=1e-12)[name][0]


REGIMENS = [
    ("palbociclib 125 mg qd 21/28", "human"),
    ("ribociclib 600 mg qd 21/28 then 400 mg from d8", "human"),
    ("abemaciclib 150 mg bid", "human"),
    ("fulvestrant 500 mg im d1,15,29 then q28d", "human"),
    ("alisertib 50 mg bid d1-3,5-6/7", "human"),
    ("capivasertib 400 mg bid 4/7", "human"),
    ("milademetan 260 mg qd d1-3,15-17/28", "human"),
    ("trametinib 2 mg qd", "human"),
    ("everolimus 10 mg qd", "human"),
    ("palbociclib 100 mg/kg qd 5/7", "mouse"),
    ("fulvestrant 100 mg/kg sc qw", "mouse"),
]


@pytest.mark.parametrize("text,species", REGIMENS)
def test_module_equals_closed_form(text, species):
    drug = text.split()[0]
    model = drug_model(drug, species)
    rows = dose_schedule(text, weeks=3, species=species)
    t = np.linspace(0.0, 504.0, 127) + 0.37
    expected = concentration(model, rows, t)
    found = run_roadrunner(sbml((drug,), species), rows, t, [f"{model.id}_C", f"{model.id}_Cu"])
    scale = expected.max()
    assert np.abs(found[:, 0] - expected).max() <= RTOL * scale
    unbound = 1000.0 * model.fu * expected / model.molecular_weight
    assert np.abs(found[:, 1] - unbound).max() <= RTOL * unbound.max()


@pytest.mark.parametrize("text,species", REGIMENS)
def test_module_in_the_engine_equals_closed_form(text, species):
    drug = text.split()[0]
    model = drug_model(drug, species)
    rows = dose_schedule(text, weeks=3, species=species)
    t = np.linspace(0.0, 504.0, 127)[1:] - 0.37
    found = run_engine(drug, species, rows, t)
    expected = concentration(model, rows, t)
    assert np.abs(found - expected).max() <= RTOL * expected.max()


def test_clearance_that_falls_over_time_against_scipy():
    model = drug_model("nivolumab")
    p = model.parameters
    rows = dose_schedule("nivolumab 240 mg iv over 1h q2w", weeks=12)
    t = np.linspace(1.0, 2000.0, 40)
    found = run_roadrunner(sbml(("nivolumab",), "human"), rows, t, ["nivolumab_C"])[:, 0]

    def rates(now, x, infusion):
        h = p["CL_hill"]
        fall = math.exp(p["CL_emax"] * now**h / (p["CL_t50"] ** h + now**h))
        central, periph = x
        out = p["CL_F"] * fall * central / p["V_F"]
        across = p["Q_F"] * (central / p["V_F"] - periph / p["Vp_F"])
        return [infusion - out - across, across]

    x, now, expected = np.zeros(2), 0.0, {}
    changes = [row for row in rows if row.target == "nivolumab_rate"]
    infusion = 0.0
    for mark in sorted({*(c.time_h for c in changes), *t.tolist()}):
        if mark > now:
            solved = solve_ivp(rates, (now, mark), x, args=(infusion,), rtol=1e-10, atol=1e-12)
            x, now = solved.y[:, -1], mark
        infusion = next((c.value for c in changes if c.time_h == mark), infusion)
        expected[mark] = x[0]
    reference = 1000.0 * np.array([expected[m] for m in t.tolist()]) / p["V_F"]
    assert np.abs(found - reference).max() <= RTOL * reference.max()
    ours = run_engine("nivolumab", "human", rows, t)
    assert np.abs(ours - reference).max() <= RTOL * reference.max()


def test_infusion_and_bolus_put_in_the_same_amount():
    model = drug_model("palbociclib")
    p = model.parameters
    rows = dose_schedule("palbociclib 125 mg once", weeks=1)
    total = area(model, rows, [0.0, 5000.0])[-1]
    assert total == pytest.approx(125.0 / p["CL_F"] * 1000.0, rel=1e-9)


def test_one_compartment_by_hand():
    """Bateman's function at one time, written out."""
    model = drug_model("abemaciclib")
    p = model.parameters
    ka, ke, v = p["ka"], p["CL_F"] / p["V_F"], p["V_F"]
    rows = dose_schedule("abemaciclib 150 mg once", weeks=1)
    t = 7.5
    mg_per_l = 150.0 * ka / (v * (ka - ke)) * (math.exp(-ke * t) - math.exp(-ka * t))
    assert concentration(model, rows, [t])[0] == pytest.approx(1000.0 * mg_per_l, rel=1e-12)


def test_lag_is_an_exact_shift():
    model = drug_model("palbociclib")
    lag = model.parameters["lag"]
    rows = dose_schedule("palbociclib 125 mg qd", weeks=1)
    assert [row.time_h for row in rows if row.kind == "add"] == [24.0 * i + lag for i in range(7)]
    assert concentration(model, rows, [0.0, lag]).tolist() == [0.0, 0.0]


def test_unbound_formula_and_units():
    """447.5 ng/mL of a drug of 447.5 g/mol is 1 uM in total; 15 % of it is 150 nM."""
    text = antimony_text(["palbociclib"])
    assert "1000000.0*palbociclib_fu*palbociclib_central/(palbociclib_MW*palbociclib_V_F)" in text
    mass_mg, volume_l, molar_mass, fu = 0.4475, 1.0, 447.5, 0.15
    molar = mass_mg * 1e-3 / molar_mass / volume_l  # mol/L
    assert 1e6 * fu * mass_mg / (volume_l * molar_mass) == pytest.approx(fu * molar * 1e9)
    assert fu * molar * 1e9 == pytest.approx(150.0)


def test_inputs_of_the_cell_model_in_the_module_equal_the_functions():
    drugs = ("palbociclib", "abemaciclib", "letrozole")
    text = "palbociclib 125 mg qd + abemaciclib 150 mg bid + letrozole 2.5 mg qd"
    rows = dose_schedule(text, weeks=1)
    wanted = [*(f"{d}_Cu" for d in drugs), "c_CDK4", "c_CDK6", "in_E2"]
    values = run_roadrunner(sbml(drugs, "human", True), rows, [100.0], wanted)[0]
    expected = model_inputs(dict(zip(drugs, values, strict=False)))
    assert values[3:].tolist() == pytest.approx(
        [expected["c_CDK4"], expected["c_CDK6"], expected["in_E2"]], rel=1e-9
    )


def test_a_constant_concentration_reaches_the_cell_as_it_is():
    text = "palbociclib 750 nM until d2 + nutlin-3a 5 uM"
    rows = dose_schedule(text, weeks=1)
    found = run_roadrunner(
        sbml(("palbociclib", "nutlin-3a"), "human"),
        rows,
        [1.0, 47.0, 49.0, 167.0],
        ["palbociclib_Cu", "nutlin_3a_Cu"],
    )
    assert found[:, 0].tolist() == [750.0, 750.0, 0.0, 0.0]
    assert found[:, 1].tolist() == [5000.0] * 4


@pytest.mark.parametrize("drug", [d.id for d in catalog.drugs()])
@pytest.mark.parametrize("species", ["human", "mouse"])
def test_every_catalogue_drug_makes_a_module_that_loads(drug, species):
    rr = roadrunner.RoadRunner(sbml((drug,), species, True))
    assert rr.getValue(f"{drug_model(drug, species).id}_Cu") == 0.0


def test_every_regimen_of_the_catalogue_is_read_and_delivered():
    read = 0
    for drug in catalog.drugs():
        for regimen in drug.regimens:
            parsed = parse(regimen.text)
            species = "mouse" if regimen.setting == "mouse" else "human"
            if parsed.components[0].dose.is_concentration:
                continue
            weight = 70.0 if species == "human" else None
            rows = dose_schedule(parsed, weeks=12, species=species, weight_kg=weight)
            assert rows, regimen.text
            read += 1
    assert read > 30
