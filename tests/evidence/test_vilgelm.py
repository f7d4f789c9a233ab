"""The Vilgelm experiments on hand-made worlds: they hold where they should and fail where not."""

import importlib.util
from pathlib import Path

import pytest

from rpoint.evidence.claims import load_experiments
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import EXPERIMENTS
from rpoint.evidence.findings import judge
from rpoint.evidence.registry import claims

_spec = importlib.util.spec_from_file_location("toy", Path(__file__).with_name("toy.py"))
toy = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(toy)
load_experiments()
WITH_SINK, IDLE = {"sink": True}, {"sink": False}


def verdict(claim, **world):
    known = EXPERIMENTS[claim]
    lab = toy.lab(known.setups, **world)
    return judge(claims()[claim], known.judge(lab), lab.weights, 0.0)


def failing(claim, **world):
    """Quantities whose check does not hold."""
    found = verdict(claim, **world).finding
    checks = (*found.acceptance, *found.falsifier)
    return [check.quantity for check in checks if not check.holds(toy.SETS).all()]


def test_cdk2_and_not_p21_is_needed():
    assert verdict("A3", **WITH_SINK).verdict == "reproduced with correction"


def test_a_world_in_which_p21_is_needed_is_a_miss():
    result = verdict("A3", needed="p21")
    assert result.verdict == "missed"
    assert result.finding.literal.holds(toy.SETS).all()  # the text as written would be right


@pytest.mark.parametrize("claim", ["A4", "A5", "A6"])
def test_the_sink_is_missed_where_it_is_idle(claim):
    assert verdict(claim, **IDLE).verdict == "missed"


def test_cyclin_d1_rises_and_stays_flat_without_its_causes():
    assert verdict("A4", **WITH_SINK).verdict == "reproduced"
    assert failing("A4", **IDLE) == ["cyclin D1, treated over untreated, lowest of 24, 48, 72 h"]


def test_free_inhibitor_falls_through_the_sink_only():
    assert "change of total p21" not in failing("A5", **WITH_SINK)
    assert "free p21 + p27 over vehicle" in failing("A5", **IDLE)


def test_p53_claims_hold_in_the_toy_world():
    assert verdict("A8", **WITH_SINK).verdict == "reproduced"
    assert not failing("A8", **WITH_SINK)


def test_every_experiment_of_the_cells_judges_without_error():
    for claim in ("A3", "A4", "A5", "A6", "A8", "A9", "A10", "A18", "A19"):
        result = verdict(claim, **WITH_SINK)
        assert result.verdict in ("missed", claims()[claim].held)
        assert result.finding.falsifier or result.finding.literal
        assert result.finding.figures


def test_setups_of_one_name_are_equal():
    names = {}
    for known in EXPERIMENTS.values():
        for setup in known.setups:
            assert names.setdefault(setup.name, setup) == setup


def test_every_declared_setup_is_a_condition_of_the_cell_model():
    for known in EXPERIMENTS.values():
        for setup in known.setups:
            assert setup.condition().name == setup.name


def test_idle_means_neither_cause_of_the_rise():
    idle = Setup("CDK4/6i", idle=True).condition()
    assert idle.genotype == {"RB_CycD": 0.0, "drug_stabilisation": 1.0}


def test_expulsion_touches_p21_on_cdk4_only():
    treatment = Setup("CDK4/6i", alpha="expulsion").condition().treatment
    assert {k: v for k, v in treatment.items() if k.startswith("alpha")} == {"alpha_4_p21": 100.0}
