"""The register of claims: complete, typed, and found by any reasonable name."""

import re

import pytest

from rpoint.calibrate.acceptance import conditions, margins
from rpoint.calibrate.ensemble import load
from rpoint.errors import RpointError
from rpoint.evidence.claims import load_claims, load_experiments
from rpoint.evidence.experiment import EXPERIMENTS, experiment
from rpoint.evidence.registry import claims, find_claims, find_study, select
from rpoint.tumour.cells import run_cells

IDS = (
    [f"A{n}" for n in range(1, 20)]
    + [f"B{n}" for n in range(1, 11)]
    + [f"C{n}" for n in range(1, 17)]
    + [f"D{n}" for n in range(1, 15)]
    + ["E1", "E2", "E3a", "E3b", "E3c", "E3d", "E4", "E5", "E6", "E7", "E8"]
)
NOTHING_TO_COMPUTE = {"B3", "D13", "D14"}


def test_every_claim_of_the_five_documents_is_there_in_order():
    assert list(claims()) == IDS


def test_every_claim_is_built_or_has_nothing_to_compute():
    load_experiments()
    assert {key for key, claim in claims().items() if claim.needs == "none"} == NOTHING_TO_COMPUTE
    assert set(EXPERIMENTS) == set(IDS) - NOTHING_TO_COMPUTE
    assert not any(claim.waits for claim in claims().values())


def test_claims_that_can_only_come_out_corrected():
    only = ["A3", "A14", "D2", "D11", "D13", "D14", "E4"]
    assert {claims()[key].held for key in only} <= {"reproduced with correction", "corrected"}
    assert all(claims()[key].correction for key in only)


def test_every_claim_has_a_source_and_a_grade_of_its_threshold():
    for claim in claims().values():
        assert claim.sources and all(claim.sources), claim.id
        assert claim.origin in ("published", "computed", "design")


def test_claims_used_in_calibration_are_marked():
    ensemble = load().take([0])
    run = run_cells(conditions(), ensemble, nodes=1)
    names = {re.match(r"([A-E]\d+[a-d]?) ", key) for key in margins(run)}
    demanded = {"E3a" if m[1] == "E3" else m[1] for m in names if m}
    marked = {key for key, claim in claims().items() if claim.calibrated}
    assert marked == demanded


@pytest.mark.parametrize("name", ["vilgelm", "Vilgelm 2019", "A", " VILGELM "])
def test_a_study_is_found(name):
    assert find_study(name).id == "vilgelm"


def test_unknown_names_list_the_nearest():
    with pytest.raises(RpointError, match="nearest: vilgelm"):
        find_study("vilgelmm")
    with pytest.raises(RpointError, match="A4"):
        find_claims("A44")
    with pytest.raises(RpointError, match="no claim"):
        find_claims(" , ")
    with pytest.raises(RpointError, match="none of these"):
        select("alves", "A4")


def test_selection_keeps_order_and_drops_doubles():
    chosen = load_claims().select(claim="a4,A4, b7")
    assert [claim.id for claim in chosen.claims] == ["A4", "B7"]
    assert len(load_claims().select(study="nanchang")) == 14
    assert list(chosen.to_frame()["id"]) == ["A4", "B7"]


@pytest.mark.parametrize("claim", ["A99", "D13"])
def test_an_experiment_needs_a_claim_that_can_be_tested(claim):
    with pytest.raises(RpointError, match="nothing to run"):
        experiment(claim)(lambda lab: None)
    assert claim not in EXPERIMENTS


def test_a_claim_has_one_experiment():
    load_experiments()
    with pytest.raises(RpointError, match="already"):
        experiment("A4")(lambda lab: None)
