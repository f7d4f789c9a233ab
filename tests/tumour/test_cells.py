"""Runs of cells: equilibration, averaging, clamps, and the oracles."""

import numpy as np
import pytest

from rpoint.biology import cell_sbml, exposures
from rpoint.calibrate import ensemble
from rpoint.errors import RpointError
from rpoint.tumour.cells import EQUILIBRATION_H, Condition, node_factors, run_cells

X = exposures()


@pytest.fixture(scope="module")
def sets():
    return ensemble.load().thin(3)


@pytest.fixture(scope="module")
def run(sets):
    conditions = [
        Condition("vehicle"),
        Condition("C", treatment=X["CDK4/6i"]),
        Condition("clamped", treatment=X["CDK4/6i"], clamp={"CycD": "vehicle"}),
        Condition("null", genotype={"g_TP53": 0.0}, treatment=X["MDM2i"]),
        Condition("null vehicle", genotype={"g_TP53": 0.0}),
    ]
    return run_cells(conditions, sets, t_out=[0, 1, 7, 21], nodes=3)


def test_untreated_cells_stay_where_they_are(run):
    start, end = run.at("net_rate", "vehicle", 0), run.at("net_rate", "vehicle", 21)
    assert (run.status == 0).all()
    np.testing.assert_allclose(end, start, rtol=2e-3)
    assert (end > 0).all()


def test_clamp_at_vehicle_holds_each_set_at_its_own_level(run):
    level = run.at("CycD_total", "vehicle", 0)
    np.testing.assert_allclose(run.at("CycD_total", "clamped", 21), level, rtol=0.01)
    assert (run.at("CycD_total", "C", 21) > 1.2 * level).all()


def test_tp53_null_cells_do_not_feel_the_mdm2_antagonist(run):
    np.testing.assert_allclose(
        run.at("net_rate", "null", 21), run.at("net_rate", "null vehicle", 21), rtol=1e-3
    )


def test_nodes_have_equal_probability_and_median_one():
    factors = node_factors({"mitogen_sd": np.array([0.3]), "p21_sd": np.array([0.6])}, 5)
    nodes, p21 = factors["in_mitogen"][0], factors["in_p21"][0]
    assert nodes[2] == pytest.approx(1.0)
    assert nodes[0] * nodes[4] == pytest.approx(1.0)
    assert np.log(nodes[4]) == pytest.approx(0.3 * 1.2815515, rel=1e-6)  # normal 90 % quantile
    ranks = np.argsort(np.argsort(nodes)), np.argsort(np.argsort(p21))
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(0.0, abs=1e-12)


def test_treatment_may_differ_by_set(sets):
    doses = np.array([0.0, 3.0, 30.0])
    run = run_cells([Condition("x", treatment={"c_CDK4": doses, "c_CDK6": doses})], sets, nodes=1)
    vehicle = run_cells([Condition("x")], sets, nodes=1)
    got, ref = run.at("net_rate", "x"), vehicle.at("net_rate", "x")
    assert got[0] == pytest.approx(ref[0], rel=1e-6)
    assert got[2] < ref[2]


@pytest.mark.parametrize(
    "wrong",
    [
        dict(context="melanma"), dict(genotype={"g_TP35": 0.0}), dict(treatment={"c_CDK5": 1.0}),
        dict(scale={"CDK4_totals": 2.0}), dict(clamp={"cyclin": "vehicle"}),
    ],
)  # fmt: skip
def test_unknown_names_are_refused_with_the_nearest(wrong):
    with pytest.raises(RpointError) as error:
        Condition("x", **wrong)
    assert "nearest" in str(error.value).lower() or "did you mean" in str(error.value).lower()


def test_double_names_and_empty_runs_are_refused(sets):
    with pytest.raises(RpointError):
        run_cells([Condition("a"), Condition("a")], sets)
    with pytest.raises(RpointError):
        run_cells([], sets)


def test_unrecorded_day_is_an_error_not_a_neighbour(run):
    with pytest.raises(RpointError):
        run.at("net_rate", "C", 14)


def _oracle_values(values, names):
    import roadrunner

    r = roadrunner.RoadRunner(cell_sbml())
    r.integrator.relative_tolerance, r.integrator.absolute_tolerance = 1e-10, 1e-12
    for name, value in values.items():
        r[name] = value
    for pool, total in (("CDK4", "CDK4_total"), ("CDK6", "CDK6_total"), ("MDM4", "MDM4_total")):
        r[f"[{pool}]"] = r[total]
    r.simulate(0, EQUILIBRATION_H, 2)
    r["c_CDK4"] = r["c_CDK6"] = 30.0
    r.simulate(EQUILIBRATION_H, EQUILIBRATION_H + 72, 2)
    return np.array([r[n] for n in names])


def test_engine_and_libroadrunner_give_the_same_treated_cell(sets):
    names = ["net_rate", "CycD_total", "free_CIP", "CDK2_active", "RB_phospho", "p53_active"]
    values = {
        k: float(v) for k, v in sets.parameters.iloc[0].items() if k not in ("mitogen_sd", "p21_sd")
    }
    run = run_cells(
        [Condition("C", treatment=X["CDK4/6i"], days=3.0)], sets.take([0]), nodes=1, rtol=1e-9
    )
    found = np.array([run.at(n, "C")[0] for n in names])
    np.testing.assert_allclose(found, _oracle_values(values, names), rtol=1e-6)
