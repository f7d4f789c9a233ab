"""Each replicate of a trial has a draw of the immune part's fitted facts, the same everywhere."""

from dataclasses import replace

import numpy as np
import pytest

from rpoint.immune import death_hazard, immune_course
from rpoint.immune.uncertainty import drawn_facts
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.trial.afterwards import burden, deaths
from rpoint.trial.immune_facts import facts_by_replicate, hazard_of_death
from rpoint.trial.immunity import immune_effect
from rpoint.trial.life import Conduct, live
from rpoint.trial.parameters import Population
from rpoint.trial.patients import draw_patients
from rpoint.tumour.simulate import shipped

SEED, DAYS = 3, 85
ANTIBODY = parse("atezolizumab 1200 mg iv q21d")
REPLICATE = np.array([4, 0, 4, 1, 0, 1, 4, 1])


@pytest.fixture(scope="module")
def patients():
    n = len(REPLICATE)
    kinds = np.array(["lung", "melanoma"] * (n // 2), object)
    return draw_patients(np.arange(n), REPLICATE, kinds, [()] * n,
                         Population(SEED, None, uncertain=False), shipped(),
                         ANTIBODY.drugs)  # fmt: skip


def kill_of(patients, facts):
    return immune_course(
        ANTIBODY, DAYS, len(patients), patients.index, SEED, patients.pk, facts=facts,
        tumour=patients.tumour_type,
    ).kill_per_h  # fmt: skip


def test_killing_is_that_of_the_draw_of_the_replicate(patients):
    kill = immune_effect(patients, ANTIBODY, None, DAYS, SEED).kill
    for number in (0, 1, 4):
        rows = np.flatnonzero(REPLICATE == number)
        own = kill_of(patients.take(rows), drawn_facts(SEED, number))
        np.testing.assert_array_equal(kill[rows], own)
    typical = immune_effect(patients, ANTIBODY, None, DAYS, SEED, uncertain=False).kill
    np.testing.assert_array_equal(typical, kill_of(patients, None))
    assert (kill[:, -1] != typical[:, -1]).all()


def test_the_hazard_of_death_has_the_draw_and_the_type_of_the_patient(patients):
    sld = np.linspace(60.0, 90.0, 50)[None] * np.ones((len(patients), 1))
    kinds = np.where(REPLICATE == 0, "breast", "lung").astype(object)
    mixed = replace(patients, tumour_type=kinds)
    found = hazard_of_death(sld, mixed, 2, SEED, True)
    for i, number in enumerate(REPLICATE.tolist()):
        facts = drawn_facts(SEED, number)
        alone = death_hazard(sld[[i]], tumour=kinds[i], line=2, facts=facts)[0]
        np.testing.assert_array_equal(found[i], alone)
    typical = hazard_of_death(sld, mixed, 2, SEED, False)
    np.testing.assert_array_equal(typical, death_hazard(sld, tumour=kinds, line=2))


def test_a_draw_goes_by_seed_and_replicate_alone():
    parts = list(facts_by_replicate(np.array([7, 2, 7]), SEED, True))
    assert [rows.tolist() for rows, _ in parts] == [[1], [0, 2]]
    assert parts[1][1] == drawn_facts(SEED, 7) != drawn_facts(SEED + 1, 7)


@pytest.mark.parametrize("uncertain", [True, False])
def test_who_dies_on_study_dies_on_the_same_day_afterwards(patients, uncertain):
    """`live` sums the hazard stage by stage, `deaths` over the whole course."""
    large = replace(patients, start_mm3=10.0 * patients.start_mm3)
    conduct = Conduct(scan_days=(112.0, 224.0), horizon_d=240, treat_d=240,
                      withdrawal_per_month=0.0, uncertain=uncertain)  # fmt: skip
    lives = live(large, Regimen.vehicle(), conduct, shipped(), SEED, line=2)
    again = deaths(burden(lives, 240), large, 2, SEED, uncertain)
    other = deaths(burden(lives, 240), large, 2, SEED, not uncertain)
    on_study = np.isfinite(lives.death_day) & np.isinf(lives.pd_day)
    assert on_study.any()
    np.testing.assert_array_equal(again[on_study], lives.death_day[on_study])
    assert (other[on_study] != again[on_study]).any()
