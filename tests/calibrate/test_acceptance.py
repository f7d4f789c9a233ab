"""The demands on a parameter set: met by the shipped sets, and able to fail."""

import numpy as np
import pytest

from rpoint.calibrate import acceptance, ensemble
from rpoint.calibrate.fit import MISSES
from rpoint.calibrate.problem import Problem, is_strong
from rpoint.tumour.cells import run_cells


@pytest.fixture(scope="module")
def sets():
    return ensemble.load().thin(6)


def margins(sets):
    run = run_cells(acceptance.conditions(), sets, observables=acceptance.OBSERVABLES)
    return {k: np.asarray(v) for k, v in acceptance.margins(run).items()}


def altered(sets, **factors):
    table = sets.parameters.copy()
    for name, factor in factors.items():
        table[name] *= factor
    return ensemble.Ensemble(table, sets.nuisance)


def test_shipped_sets_miss_few_demands(sets):
    missed = sum((v > 1e-6).astype(int) for v in margins(sets).values())
    assert (missed <= MISSES + 1).all()  # one more for the finer tolerance used here


def test_label_doses_act_and_low_doses_do_not_speed_growth(sets):
    """Demands of the second fit, in every shipped set, with the tolerance of the finer solution."""
    m = margins(sets)
    must = [name for name in m if is_strong(name)]
    assert {"wt|C/4 label dose", "mcf7|C/4 label dose", "wt|C no gain at any dose"} <= set(must)
    for name in must:
        assert (m[name] <= 0.02).all(), name


def test_growth_in_proportion_to_cdk2_arrests_cells_without_rb(sets):
    """The growth law used before: an MDM2 antagonist then holds RB1-null cells through p21."""
    product = altered(sets, K_CDK2_growth=1e6, K_growth=1e-6 * 4.0)
    assert (margins(product)["rb1|M no arrest"] > 0).all()


def test_cyclin_d1_amplification_resists_when_cdk4_is_in_excess(sets):
    """Few CDK4/6 sites bound the amplified cyclin; many let it carry off the p21."""
    many = altered(sets, CDK4_total=8.0)
    assert np.mean(margins(many)["ccnd1|C as wild type"]) > np.mean(
        margins(sets)["ccnd1|C as wild type"]
    )


def test_without_the_two_causes_cyclin_d1_does_not_rise(sets):
    idle = altered(sets, RB_CycD=1e-9)
    idle.parameters["drug_stabilisation"] = 1.0
    m = margins(idle)
    assert (m["A4 cyclin D1 up"] > 0).all()
    assert (m["A5 free CIP down"] > 0).all()


def test_without_induction_of_p21_the_mdm2_demands_fail(sets):
    m = margins(altered(sets, p21_induced=1e-6))
    assert (m["A9 p21 up"] > 0).all()


def test_a_drug_that_hits_everything_alike_fails_the_null_genotypes(sets):
    """A toxin in place of the mechanism: cells die whatever their genotype."""
    run = run_cells(acceptance.conditions(), sets, observables=acceptance.OBSERVABLES)
    toxic = {k: v.copy() for k, v in run.values.items()}
    for i, c in enumerate(run.conditions):
        if c.treatment.get("c_MDM2"):
            toxic["net_rate"][i] -= 0.3 * run.values["net_rate"][run.index("wt|vehicle")]
    m = acceptance.margins(type(run)(run.conditions, run.t_d, toxic, run.status))
    assert (np.asarray(m["tp53|M 0"]) > 0).all()
    assert (np.asarray(m["cn12_tp53|M 0"]) > 0).all()


def test_growing_and_resting_cells_remember_where_they_came_from(sets):
    """Bistability of the restriction point: at one mitogen level both states are stable."""
    run = run_cells(acceptance.conditions(), sets, nodes=1, observables=acceptance.OBSERVABLES)
    gap = np.max(
        [
            run.at("S_phase", f"on|{m:g}") - run.at("S_phase", f"off|{m:g}")
            for m in acceptance.MITOGENS
        ],
        axis=0,
    )
    assert np.mean(gap > 0.25) >= 0.5


def test_the_problem_maps_sets_to_the_cube_and_back(sets):
    problem = Problem()
    unit = problem.to_unit(sets)
    assert ((unit >= 0) & (unit <= 1)).all()
    back = problem.to_ensemble(unit)
    np.testing.assert_allclose(back.parameters, sets.parameters, rtol=1e-3)
    assert np.isfinite(problem.score(unit[:1]).log_density).all()
