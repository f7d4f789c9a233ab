"""Mice and cohorts of the Vilgelm claims: doses by rule, cohorts by frequency, slices by class."""

from types import SimpleNamespace

import numpy as np
import pytest

from rpoint import catalog
from rpoint.biology import exposures
from rpoint.evidence import vilgelm_cohorts as cohorts
from rpoint.evidence import vilgelm_mice as mice
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import Lab
from rpoint.evidence.results import Cells
from rpoint.pharmacology.exposure import steady_state_average
from rpoint.pharmacology.pk import drug_model

WEIGHTS = np.full(50, 0.02)


def average(drug, mg_per_kg_day, handle):
    """Average occupancy in a mouse."""
    model = drug_model(drug, "mouse")
    total = steady_state_average(model, mg_per_kg_day * 0.022)
    return catalog.drug(drug).occupancy(total, "mouse")[handle]


@pytest.mark.parametrize(
    ("treatment", "handle", "taken", "left"),
    [
        ("CDK4/6i", "c_CDK4", ("palbociclib", 50 * 5 / 7), ("ribociclib", 75.0)),
        ("MDM2i", "c_MDM2", ("cgm097", 100.0), ("siremadlin", 40.0)),
    ],
)
def test_the_mouse_regimen_nearest_to_the_reference_exposure_is_taken(
    treatment, handle, taken, left
):
    reference = exposures()[treatment][handle]
    off = [abs(np.log(average(drug, dose, handle) / reference)) for drug, dose in (taken, left)]
    assert off[0] < off[1]
    assert mice.REGIMEN[treatment].startswith(taken[0])


@pytest.fixture
def lab():
    return Lab(Cells(WEIGHTS), SimpleNamespace(), seed=3)


def test_a_cohort_is_the_same_for_a_seed_and_follows_the_frequencies(lab):
    first, again = (cohorts.draw_cohort(lab, "melanoma") for _ in range(2))
    assert first == again
    assert len(first) == cohorts.MODELS
    lost = np.mean([handles.get("g_TP53", 1.0) == 0 for _, handles in first])
    expected = cohorts.frequency("melanoma", "TP53:mut")
    assert abs(lost - expected) < 4 * np.sqrt(expected * (1 - expected) / cohorts.MODELS)
    assert all(handles["g_ER"] == 0 and handles["g_BRAF"] >= 1.5 for _, handles in first)


def test_frequencies_of_patients_come_before_those_of_xenografts():
    rows = [f for f in catalog.tumour("melanoma").frequencies if f.alteration == "TP53:mut"]
    assert any(row.cohort.startswith("PDXE") for row in rows)
    chosen = cohorts.frequency("melanoma", "TP53:mut")
    assert chosen in [row.value.value for row in rows if not row.cohort.startswith("PDXE")]


def test_share_of_melanomas_that_qualify(lab):
    finding = cohorts.many_could_profit(lab)
    share, falsifier = finding.acceptance[0], finding.falsifier[0]
    assert share.holds(50).all() and falsifier.holds(50).all()
    assert 0.78 < np.median(share.values) < 0.85


def test_a_slice_responds_if_s_phase_halves_or_death_doubles():
    cells = Cells(np.ones(4))
    for arm, phase, death in (
        ("vehicle", [1, 1, 1, 1], [1, 1, 1, 1]),
        ("MDM2i", [0.5, 0.6, 0.6, 2], [1, 2, 1.9, 1]),
    ):
        setup = Setup(arm, context=mice.RESISTANT, days=mice.SLICE_DAYS)
        cells.values[setup] = {
            "S_phase": np.array(phase, float)[:, None],
            "death_rate": np.array(death, float)[:, None],
        }
        cells.days[setup] = np.array([3.0])
    answer = mice.slice_responds(Lab(cells), "wild type", "MDM2i")
    assert answer.tolist() == [True, True, False, False]
