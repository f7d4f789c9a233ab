"""Structure of the cell model: mass balance, closed thermodynamics, parameters with sources."""

import math
from functools import cache

import numpy as np
import pytest
import roadrunner

from rpoint.biology import (
    HANDLES,
    INPUTS,
    NODES,
    cell_antimony,
    cell_sbml,
    contexts,
    exposures,
    parameters,
)

TURNOVER = (
    "CycD_synthesis", "CycD_decay", "p21_synthesis", "p21_decay", "p27_synthesis", "p27_decay",
    "CycE_synthesis", "CycE_decay", "CIP_transport",
)  # fmt: skip


@cache
def loaded(which: int):
    """The loading takes far longer than any run: tests share the machines."""
    r = roadrunner.RoadRunner(cell_sbml())
    r.integrator.relative_tolerance = 1e-9
    r.integrator.absolute_tolerance = 1e-11
    return r


def machine(which: int = 0):
    """The cell as it is after loading."""
    r = loaded(which)
    r.resetToOrigin()
    return r


def closed(alpha=1.0, c=0.0, kappa=0.3, which=0):
    """The binding reactions alone: no synthesis, no loss."""
    r = machine(which)
    for name in TURNOVER:
        r[name] = 0.0
    for name in ("alpha_4_p21", "alpha_4_p27", "alpha_6_p21", "alpha_6_p27"):
        r[name] = alpha
    r["c_CDK4"], r["c_CDK6"], r["kappa"] = c, c, kappa
    for species, level in (("CycD", 40.0), ("p21", 30.0), ("p27", 8.0), ("CycE", 25.0)):
        r[f"[{species}]"] = level
    r.simulate(0, 4000, 3)
    return r


@pytest.mark.parametrize("alpha", [1.0, 3.0, 100.0])
@pytest.mark.parametrize("c", [0.0, 1.0, 30.0])
def test_binding_reaches_the_box_of_the_theory(alpha, c):
    """Z of biology: 1 + c + sum p/K (1 + c/alpha); every dimer state follows from free levels."""
    r = closed(alpha, c)
    k, d4, p21 = r["Kd_CIP_CycD"], r["free_D4"], r["[p21]"]
    assert r["[D4_p21]"] == pytest.approx(d4 * p21 / k * (1 + c / alpha), rel=1e-6)
    assert r["[D6_p27]"] == pytest.approx(r["free_D6"] * r["[p27]"] / k * (1 + c / alpha), rel=1e-6)
    assert r["[E_p21]"] == pytest.approx(r["[E]"] * p21 / r["Kd_CIP_CDK2"], rel=1e-6)
    assert r["[D4]"] == pytest.approx(d4 * (1 + c), rel=1e-9)


@pytest.mark.parametrize("alpha", [1.0, 10.0])
def test_no_flux_runs_round_the_box_at_equilibrium(alpha):
    r = closed(alpha, 5.0)
    for reaction in ("D4", "D6", "D4_p21", "D4_p27", "D6_p21", "D6_p27", "E", "E_p21", "E_p27"):
        assert abs(r[f"bind_{reaction}"]) < 1e-4, reaction


def test_binding_conserves_every_protein():
    r = closed(3.0, 10.0)
    assert r["CycD_total"] == pytest.approx(40.0, rel=1e-7)
    assert r["p21_total"] == pytest.approx(30.0, rel=1e-7)
    assert r["p27_total"] == pytest.approx(8.0, rel=1e-7)
    assert r["CycE_total"] == pytest.approx(25.0, rel=1e-7)


@pytest.mark.parametrize("drug", [{}, {"c_CDK4": 30.0, "c_CDK6": 30.0}, {"c_MDM2": 30.0}])
def test_conserved_proteins_stay_conserved_in_the_living_cell(drug):
    r = machine()
    for name, value in drug.items():
        r[name] = value
    r.simulate(0, 500, 3)
    cdk4 = sum(r[f"[{s}]"] for s in ("CDK4", "D4", "D4_p21", "D4_p27"))
    cdk2 = sum(r[f"[{s}]"] for s in ("CDK2", "E", "E_p21", "E_p27"))
    rb = sum(r[f"[{s}]"] for s in ("RBu", "RBp", "RBpp"))
    mdm4 = r["[MDM4]"] + r["[p53_MDM4]"]
    for found, name in (
        (cdk4, "CDK4_total"),
        (cdk2, "CDK2_total"),
        (rb, "RB_total"),
        (mdm4, "MDM4_total"),
    ):
        assert found == pytest.approx(parameters()[name].value, rel=1e-6)


def test_drug_cooperativity_moves_p21_off_cdk4_only():
    """Expulsion (Pack 2021): alpha(4, p21) >> 1 frees p21 from CDK4 and not from CDK6."""
    plain, expelled = closed(1.0, 30.0), closed(1.0, 30.0, which=1)
    expelled["alpha_4_p21"] = 100.0
    expelled.simulate(4000, 8000, 3)
    assert expelled["[D4_p21]"] < 0.3 * plain["[D4_p21]"]
    assert expelled["[D6_p21]"] > plain["[D6_p21]"]
    assert expelled["[p21]"] > plain["[p21]"]


@pytest.mark.parametrize("node", list(NODES))
def test_a_clamp_holds_its_node(node):
    r = machine()
    r.simulate(0, 300, 3)
    level = 0.5 * r[NODES[node]]
    r[f"u_{node}"], r[f"k_{node}"] = level, 1.0
    r.simulate(300, 400, 3)
    assert r[NODES[node]] == pytest.approx(level, rel=0.02)


def test_e2f_is_all_free_without_rb_and_held_with_it():
    r = machine()
    r["g_RB1"] = 0.0
    r.resetToOrigin()
    r["g_RB1"] = 0.0
    for s in ("RBu", "RBp", "RBpp"):
        r[f"[{s}]"] = 0.0
    r.simulate(0, 100, 3)
    assert r["E2F_free"] == pytest.approx(r["[E2F]"], rel=1e-9)


@pytest.mark.parametrize("cdk2", [0.0, 5.0, 20.0])
def test_without_rb_division_needs_cdk2_only_up_to_a_level(cdk2):
    """No S phase without CDK2; above the level that suffices, more of it acts through RB alone."""
    r = machine()
    r["g_RB1"] = 0.0
    r.resetToOrigin()
    r["g_RB1"] = 0.0
    for s in ("RBu", "RBp", "RBpp"):
        r[f"[{s}]"] = 0.0
    r["k_CDK2"], r["u_CDK2"] = 1.0, cdk2
    r.simulate(0, 200, 3)
    if cdk2 == 0.0:
        assert r["S_phase"] < 1e-6
    else:
        half = cdk2 / (cdk2 + r["K_CDK2_growth"])
        drive = r["E2F_free"] * half
        assert r["cycle_drive"] == pytest.approx(drive, rel=1e-4)
        assert r["S_phase"] > 0.8


def steady_drive(**inputs: float) -> float:
    """Drive of AKT by PI3K, at the receptor level of the untreated cell."""
    r = machine()
    for name, value in inputs.items():
        r[name] = value
    return float(r["PI3K_drive"])


def test_what_a_selective_pi3k_inhibitor_leaves_depends_on_the_isoform_behind_the_drive():
    """p110alpha alone carries its mutation; receptors and lost PTEN go through every isoform."""
    alpha = {"c_PI3K": 1e6, "c_PI3Kb": 1e6 / 250}  # alpelisib, far above its constant
    share = parameters()["p110a_share"].value
    receptor = steady_drive()
    extra = parameters()["PI3K_mutant"].value
    low = {"c_PI3K": 1e6}  # a drug without any effect on the other isoforms
    assert steady_drive(**low) == pytest.approx((1 - share) * receptor, rel=1e-3)
    assert steady_drive(g_PI3K=1.0, **low) == pytest.approx(steady_drive(**low), rel=1e-3)
    left = steady_drive(g_PTEN=1.0, **low)
    assert left == pytest.approx((1 - share) * (receptor + extra), rel=1e-3)
    assert steady_drive(g_PTEN=1.0, **alpha) < 1e-2 * left


def test_mutated_pik3ca_and_lost_pten_are_the_same_until_a_pi3k_inhibitor_comes():
    for drug in ({}, {"c_AKT": 3.0}, {"c_PI3K": 5.0, "c_PI3Kb": 5.0}):
        mutated = steady_drive(g_PI3K=0.7, **drug)
        assert mutated == pytest.approx(steady_drive(g_PTEN=0.7, **drug), rel=1e-12)


def test_every_parameter_has_unit_source_grade_and_prior():
    for p in parameters().values():
        assert p.unit and p.source and p.grade and p.note is not None
        if p.fitted:
            assert p.hi / p.lo >= 1.5, f"{p.name}: a fitted parameter needs a prior wider than that"
            if p.grade == "unverified":
                assert p.hi / p.lo >= 4, f"{p.name}: unverified is carried wide"


def test_every_parameter_source_can_be_cited():
    """A published source has its reference; the rest is marked as our own prior."""
    from importlib.resources import files

    from ruamel.yaml import YAML

    text = (files("rpoint.tumour") / "sources.yaml").read_text(encoding="utf-8")
    known = set(YAML(typ="safe", pure=True).load(text)) | {"design_prior"}
    missing = {p.source for p in parameters().values() if p.source.lower() not in known}
    assert not missing
    for p in parameters().values():
        if p.source == "design_prior":
            assert p.grade in ("inferred", "unverified"), p.name


def test_modules_hold_no_bare_rate():
    """Numbers in the modules are stoichiometric, structural or stated weights; rates have names."""
    assert set(INPUTS) >= set(HANDLES)
    text = cell_antimony()
    population_level = {"mitogen_sd", "p21_sd"}  # between cells, used by rpoint.tumour.cells
    for p in parameters().values():
        used = text.count(p.name) >= 2 or p.name in population_level
        assert used, f"{p.name} is set and never used"


def test_contexts_and_exposures_only_name_inputs():
    for table in (contexts(), exposures()):
        for name, values in table.items():
            assert set(values) <= set(INPUTS), name
            assert all(math.isfinite(v) and v >= 0 for v in values.values())


def test_sbml_is_valid():
    import libsbml

    document = libsbml.readSBMLFromString(cell_sbml())
    assert document.getLevel() == 3 and document.getVersion() == 2
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    document.checkConsistency()
    assert document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) == 0
    assert np.isfinite(document.getModel().getNumReactions())
