"""Average exposures at label doses, from clearance, binding and weight, against published ones."""

from __future__ import annotations

import pytest

from rpoint import catalog


def average_ng_mL(drug: str, mg_per_day: float) -> float:
    """Steady-state average total concentration: dose rate over apparent clearance."""
    return mg_per_day / 24.0 / catalog.drug(drug).pk_human.typical()["CL_F"] * 1000.0


def average_unbound_nM(drug: str, mg_per_day: float) -> float:
    return catalog.drug(drug).unbound_nM(average_ng_mL(drug, mg_per_day))


# drug, mg a day, published, relative tolerance
TOTAL = [
    ("palbociclib", 125, "Cavg_ss_total", 0.15),
    ("abemaciclib", 300, "Cavg_ss_total", 0.10),
    ("fulvestrant", 500 / 28, "Cavg_ss_total", 0.05),
    ("capivasertib", 800, "Cavg_on_days_total", 0.20),
    ("trametinib", 2, "Cavg_ss_total", 0.10),
    ("binimetinib", 90, "Cavg_ss_total", 0.10),
]
UNBOUND = [("palbociclib", 125, 0.15)]
# PBPK against clearance and unbound fraction: known conflicts, kept visible (ratio of the two)
CONFLICTS = [("ribociclib", 600, 4.2), ("abemaciclib", 300, 0.33)]


def published(drug: str, name: str) -> catalog.Quantity:
    return next(e.value for e in catalog.drug(drug).exposures if e.name == name)


@pytest.mark.parametrize(("drug", "mg", "name", "rel"), TOTAL)
def test_total_average(drug, mg, name, rel):
    value = published(drug, name)
    assert average_ng_mL(drug, mg) == pytest.approx(value.to("ng/mL"), rel=rel)


@pytest.mark.parametrize(("drug", "mg", "rel"), UNBOUND)
def test_unbound_average(drug, mg, rel):
    value = published(drug, "Cavg_ss_unbound")
    assert average_unbound_nM(drug, mg) == pytest.approx(value.to("nM"), rel=rel)


@pytest.mark.parametrize(("drug", "mg", "ratio"), CONFLICTS)
def test_known_conflicts_are_still_what_the_entry_says(drug, mg, ratio):
    value = published(drug, "Cavg_ss_unbound").to("nM")
    assert average_unbound_nM(drug, mg) / value == pytest.approx(ratio, rel=0.1)
    assert any("PBPK" in text for text in catalog.drug(drug).conflicts)


def test_metabolites_close_part_of_the_gap_of_abemaciclib():
    drug = catalog.drug("abemaciclib")
    parent = average_unbound_nM("abemaciclib", 300)
    total = average_ng_mL("abemaciclib", 300)
    species = parent + sum(
        1000 * m.fu_human.value * total * m.plasma_ratio.value / m.molecular_weight.to("g/mol")
        for m in drug.metabolites
    )
    assert 30 < species < 50  # PBPK: 50 nM


def test_everolimus_is_in_plasma_not_in_blood():
    assert 3 < average_ng_mL("everolimus", 10) < 7  # whole blood is several times higher


def test_abemaciclib_lies_between_its_trough_and_peak():
    low, high = published("abemaciclib", "Cavg_ss_total").range
    assert low < average_ng_mL("abemaciclib", 300) < high


def test_encorafenib_label_steady_state_clearance():
    # day-1 clearance rises almost threefold; the label's 32 L/h is within the width
    q = catalog.drug("encorafenib").pk_human.parameters["CL_F"]
    assert q.value / q.as_gsd() < 32 < q.value * q.as_gsd()
