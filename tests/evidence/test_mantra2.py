"""MANTRA-2 experiments: every judge can hold and can fail, on made-up cells and on real runs."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from rpoint.calibrate import ensemble
from rpoint.evidence import mantra2, mantra2_amplified, mantra2_half_life, xenografts
from rpoint.evidence.batches import record_days
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import judge
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells

SETS = 4


def verdict(claim, lab):
    return judge(claims()[claim], EXPERIMENTS[claim].judge(lab), lab.weights, 0.0)


def made_up(claim, level):
    """A lab whose declared cells have the levels that `level(setup)` gives."""
    cells = Cells(np.full(SETS, 1 / SETS))
    for setup in EXPERIMENTS[claim].setups:
        days = np.array(record_days(setup))
        cells.days[setup] = days
        cells.values[setup] = {
            name: np.full((SETS, days.size), float(value)) for name, value in level(setup).items()
        }
    return Lab(cells)


def missed_checks(found, sets=SETS):
    checks = (*found.finding.acceptance, *found.finding.falsifier)
    return [check.quantity for check in checks if not check.holds(sets).all()]


# ---- C1


@given(st.floats(3.0, 600.0))
def test_half_life_of_an_exponential_is_exact(half):
    minutes = np.array(mantra2_half_life.CHASE_MIN)
    found = mantra2_half_life.half_life_min(minutes, 40.0 * 0.5 ** (minutes / half)[None, :])
    assert found == pytest.approx([half], rel=1e-9)


def test_a_level_that_stays_has_no_half_life():
    levels = np.array([[1.0, 0.9, 0.8], [1.0, np.nan, 0.1]])
    found = mantra2_half_life.half_life_min(np.array([0.0, 10.0, 20.0]), levels)
    assert found[0] == np.inf
    assert np.isnan(found[1])


@pytest.fixture(scope="module")
def real():
    sets = ensemble.load().thin(2)
    return Lab(Cells(np.asarray(sets.weights)), sets, jobs=1)


def test_mdm2_shortens_p53_and_the_falsifier_is_silent_without_its_ligase(real):
    found = verdict("C1", real)
    assert found.finding.acceptance[1].holds(2).all()  # monotone
    assert all(check.holds(2).all() for check in found.finding.falsifier)
    basal, _, flux = found.finding.beside
    # the chase and the flux at steady state are two ways to one number
    assert basal.values == pytest.approx(flux.values, rel=0.1)


def test_without_the_ligase_nothing_is_left_of_the_claim(real, monkeypatch):
    made = mantra2_half_life.chase_conditions()
    word = " no ligase"
    cut = {name: replace(made[name.removesuffix(word) + word], name=name) for name in made}
    monkeypatch.setattr(mantra2_half_life, "chase_conditions", lambda: cut)
    found = verdict("C1", real)
    assert found.verdict == "missed"
    assert "half-life under the antagonist over vehicle" in missed_checks(found, 2)


# ---- C2: p53 activity falls with copies, its outputs follow it


def p53(amplified=0.1, damage=3.0, drug=20.0, null_drug=1.0, unbound=1.0, wild=2.0):
    def level(setup):
        copies = 2.0 * dict(setup.with_).get("g_MDM2", 1.0)
        working = setup.genotype == "wild type"
        activity = (1.0 if copies == 2.0 else amplified) if working else 0.0
        activity *= damage if setup.dose else 1.0
        if setup.treatment != "vehicle":
            activity *= drug
        if setup.scale:
            activity = 10.0 * (unbound if copies == 12.0 else 1.0)
        extra = null_drug if not working and setup.treatment != "vehicle" else 1.0
        return {
            "p53_active": activity,
            "p21_total": (10.0 + wild * 4.0 * activity) * extra,
            "death_prime": 0.01 * activity,
            "division_rate": 0.02,
            "death_rate": 0.001,
        }

    return level


def test_amplification_that_looks_null_holds():
    assert verdict("C2", made_up("C2", p53(amplified=0.08))).verdict == "reproduced"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amplified": 0.25}, "p53 activity, CN 12 over CN 2"),
        ({"amplified": 0.19}, "PUMA-like output of CN 12 from TP53-null, basal"),
        ({"amplified": 0.08, "drug": 5.0}, "under the antagonist over CN 2 vehicle"),
        ({"amplified": 0.08, "null_drug": 1.2}, "largest change of p21"),
        ({"amplified": 0.08, "unbound": 0.5}, "MDM2 unable to hold p53"),
        ({"amplified": 0.08, "wild": 0.05}, "there is something to lose"),
    ],
)
def test_each_part_of_amplification_can_fail(change, words):
    found = verdict("C2", made_up("C2", p53(**change)))
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in missed_checks(found))


# ---- C3: p53 rises and growth falls with the dose where TP53 works


def dose_response(half=0.1, null=None, absent=0.0, top_fold=6.0):
    def level(setup):
        dose = setup.exposure if setup.treatment != "vehicle" else 0.0
        effect = dose / (dose + half)
        if setup.genotype == "TP53-null":
            effect = dose / (dose + null) if null else 0.0
        fold = 1 + (top_fold - 1) * (absent * effect if "absent" in setup.genotype else effect)
        return {
            "p53_total": fold,
            "net_rate": 0.02 * (1 - effect),
            "p21_total": 1 + effect,
            "division_rate": 0.03 * (1 - effect),
            "death_rate": 0.01,
        }

    return level


def test_a_potent_and_selective_antagonist_holds():
    found = verdict("C3", made_up("C3", dose_response()))
    assert found.verdict == "reproduced"
    ec50 = found.finding.acceptance[0].values
    assert ec50 == pytest.approx(0.1 * mantra2.unbound_nm(), rel=0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"half": 60.0}, "GR50 of TP53-wt"),  # half effect above the top dose
        ({"null": 0.5}, "selectivity"),
        ({"absent": 1.0}, "cells without MDM2"),
        ({"top_fold": 1.5}, "p53 at the top dose"),
    ],
)
def test_each_part_of_potency_can_fail(change, words):
    found = verdict("C3", made_up("C3", dose_response(**change)))
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in missed_checks(found))


# ---- C4


def test_stress_needed_is_interpolated_on_logarithms():
    ratios = np.array(
        [[8.0, 8.0, 0.4], [4.0, 8.0, 0.3], [2.0, 8.0, 0.2], [1.0, 8.0, 0.1], [0.25, 8.0, 0.1]]
    )
    found = mantra2_amplified.stress_needed(ratios)
    assert found == pytest.approx([8.0 * 2**0.5, np.inf, 1.0])


def test_values_are_read_at_the_next_tested_stress():
    values = np.arange(15.0).reshape(5, 3)
    found = mantra2_amplified.at_stress(values, np.array([1.0, 3.0, np.inf]))
    assert found[:2] == pytest.approx([values[0, 0], values[2, 1]])
    assert np.isnan(found[2])


def lines(copies=8.0, relief=8.0, null=0.0, untreated=1.0):
    """Half doses: CN 12 needs `copies` times more; every four-fold stress divides by `relief`."""

    def level(setup):
        dose = setup.exposure if setup.treatment != "vehicle" else 0.0
        stress = dict(setup.with_).get("in_stress", 1.0)
        half = 0.1
        if setup.genotype == "MDM2 CN 12":
            half *= copies / relief ** (np.log(stress) / np.log(4.0))
        effect = dose / (dose + half)
        if "TP53-null" in setup.genotype:
            effect = null * effect
        return {"net_rate": 0.02 * (1 - effect), "p53_active": stress}

    return level


def mice(treated=0.5, null=3.0, untreated=4.0):
    full = np.full((len(mantra2_amplified.STRESSES), SETS), 1.0)
    return {
        "treated": treated * full,
        "untreated": untreated * full,
        "TP53-null": null * full[0],
    }


def run_c4(monkeypatch, level=None, **grafts):
    monkeypatch.setattr(mantra2_amplified, "xenografts", lambda lab: mice(**grafts))
    return verdict("C4", made_up("C4", level or lines()))


def test_amplified_tumours_respond_only_under_the_stated_assumption(monkeypatch):
    found = run_c4(monkeypatch)
    assert found.verdict == "reproduced under a stated assumption"
    assert any("stress" in text for text in found.finding.assumptions)


@pytest.mark.parametrize(
    ("level", "grafts", "words"),
    [
        (lines(copies=0.5), {}, "copy number alone"),
        (lines(relief=2.0), {}, "at most half the dose"),
        (lines(null=1.0), {}, "GR50, TP53-null over normal"),
        (lines(null=0.1), {}, "effect of the top dose"),
        (None, {"treated": 1.1}, "regression"),
        (None, {"null": 1.2}, "without TP53 at eight-fold stress"),
        (None, {"untreated": 1.0}, "untreated, endpoint over start"),
    ],
)
def test_each_part_of_the_amplified_claim_can_fail(monkeypatch, level, grafts, words):
    found = run_c4(monkeypatch, level, **grafts)
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in missed_checks(found))


def test_amplified_xenografts_run_and_need_tp53(real):
    found = mantra2_amplified.xenografts(real)
    assert found["treated"].shape == (5, 2)
    assert (found["treated"] < found["untreated"]).all()
    assert (found["TP53-null"] > 1.5).all()


# ---- xenografts


def grafts(net, sets=1, start=100.0):
    """One line, two arms with constant net rates (1/h) and no death."""
    times = np.linspace(0.0, 1008.0, 253)
    division = np.stack([np.full((sets, 1, times.size), rate) for rate in net], axis=1)
    return xenografts.Grafts(
        times, ("vehicle", "drug"), ("line",), division, np.zeros_like(division), start
    )


def test_a_small_graft_grows_exponentially():
    run = grafts((1e-3, 0.0), start=0.01)
    assert run.fold("vehicle", "line") == pytest.approx([np.exp(1.008)], rel=1e-4)
    assert run.fold("drug", "line") == pytest.approx([1.0])
    assert run.course("vehicle", "line")[0, -1] == pytest.approx(1.008)


def test_a_large_graft_follows_the_logistic_law():
    run = grafts((4e-3, 0.0), start=200.0)
    capacity = xenografts.host_law("mouse").capacity_mm3
    grown = np.exp(4e-3 * 1008.0)
    exact = grown / (1 + 200.0 / capacity * (grown - 1))
    assert run.fold("vehicle", "line") == pytest.approx([exact], rel=1e-3)


def test_power_tells_different_arms_from_equal_ones():
    run = grafts((2e-3, 0.0), sets=2)
    treated, control = (run.mice(arm, "line", 1) for arm in ("drug", "vehicle"))
    assert (xenografts.power(treated, control, (10, 9), 1) > 0.99).all()
    again = run.mice("vehicle", "line", 2)
    assert (xenografts.power(again, control, (10, 9), 1) <= 0.15).all()
    assert (xenografts.power(control, treated, (9, 10), 1) == 0).all()  # the wrong way round


def test_student_t_is_that_of_scipy():
    rng = np.random.default_rng(3)
    one, other = rng.lognormal(size=(4, 7)), rng.lognormal(0.4, size=(4, 10))
    found = xenografts.student_t(one, other)
    assert found == pytest.approx(ttest_ind(one, other, axis=1).statistic)


def test_a_set_that_could_not_be_run_has_no_power():
    pool = np.full((1, xenografts.POOL), np.nan)
    assert np.isnan(xenografts.power(pool, pool + 1, (5, 5), 1)).all()


def test_mice_are_the_same_in_every_set_and_differ_between_arms():
    run = grafts((1e-3, 1e-3), sets=2)
    one, two = (run.mice(arm, "line", 1) for arm in ("vehicle", "drug"))
    assert one[0] == pytest.approx(one[1])
    assert not np.allclose(one[0], two[0])


def test_drugs_held_at_clinical_exposure_give_the_same_machine():
    setups = {"vehicle": mantra2.REF, "drug": mantra2.REF.but(treatment="MDM2i")}
    cells = Cells(np.ones(2) / 2)
    for arm, setup in setups.items():
        cells.days[setup] = np.array([0.0, 21.0])
        born = 0.03 if arm == "vehicle" else 0.01
        cells.values[setup] = {
            "division_rate": np.array([[born, born], [0.0, 0.0]]),
            "death_rate": np.full((2, 2), 0.01),
        }
    run = xenografts.held(Lab(cells), "line", setups, weeks=4, start_mm3=1.0)
    doubling = np.log(2) / 0.056  # growth rate of breast xenografts in the catalogue, 1/d
    assert run.fold("vehicle", "line")[0] == pytest.approx(2 ** (28 / doubling), rel=2e-2)
    assert run.fold("drug", "line")[0] == pytest.approx(1.0, rel=1e-3)
    assert np.isnan(run.fold("vehicle", "line")[1])  # a line that does not grow is no xenograft
