"""The drugs: names, structures, weights, inputs, regimens."""

from __future__ import annotations

import math
import re

import pytest

from rpoint import catalog
from rpoint.catalog import CELL_INPUTS, PK_STRUCTURES

DRUGS = catalog.drugs()
IDS = [d.id for d in DRUGS]

# The drugs of the issue: five documents and their comparators.
WANTED = """palbociclib ribociclib abemaciclib milademetan siremadlin cgm097 idasanutlin nutlin-3a
navtemadlin fulvestrant letrozole tamoxifen capivasertib ipatasertib alpelisib everolimus alisertib
trametinib binimetinib encorafenib pembrolizumab nivolumab atezolizumab durvalumab""".split()

# Conventional atomic weights, IUPAC 2021.
WEIGHTS = {
    "C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999, "F": 18.998,
    "S": 32.06, "Cl": 35.45, "Br": 79.904, "I": 126.904,
}  # fmt: skip


def weight(formula: str) -> float:
    parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    assert "".join(a + n for a, n in parts) == formula
    return sum(WEIGHTS[a] * int(n or 1) for a, n in parts)


def test_every_wanted_drug_is_there():
    assert set(WANTED) <= set(IDS)


def test_every_file_has_the_same_keys():
    keys = {tuple(d.to_dict()) for d in DRUGS if d.pk_human and d.pk_mouse and d.formula}
    assert len(keys) == 1


@pytest.mark.parametrize("drug", DRUGS, ids=IDS)
def test_ids_and_names(drug):
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", drug.id)
    for name in (drug.id, drug.name, *drug.aliases):
        assert catalog.drug(name.upper()) is drug


@pytest.mark.parametrize(
    ("alias", "drug"),
    [("LEE011", "ribociclib"), ("HDM201", "siremadlin"), ("BYL719", "alpelisib"),
     ("AMG-232", "navtemadlin"), ("RAD001", "everolimus"), ("BKM120", "buparlisib")],
)  # fmt: skip
def test_company_codes(alias, drug):
    assert catalog.drug(alias).id == drug


@pytest.mark.parametrize("drug", [d for d in DRUGS if d.formula], ids=lambda d: d.id)
def test_molecular_weight_follows_from_the_formula(drug):
    assert drug.molecular_weight.to("g/mol") == pytest.approx(weight(drug.formula), abs=0.02)


@pytest.mark.parametrize("drug", DRUGS, ids=IDS)
def test_a_drug_that_drives_the_cell_has_a_wide_potency(drug):
    for drive in (*drug.drives, *(x for m in drug.metabolites for x in m.drives)):
        assert drive.input in CELL_INPUTS
        assert drive.potency_cell.unit == "nM" and drive.potency_cell.as_gsd() >= 2


def test_every_cell_input_has_a_drug():
    assert {d.input for drug in DRUGS for d in drug.drives} == set(CELL_INPUTS)


@pytest.mark.parametrize("drug", DRUGS, ids=IDS)
def test_only_antibodies_drive_nothing(drug):
    assert (drug.kind == "antibody") == (not drug.drives)


def test_checkpoint_antibodies():
    targets = {d.id: d.targets[0].target for d in DRUGS if d.kind == "antibody"}
    assert targets == {
        "pembrolizumab": "PD-1",
        "nivolumab": "PD-1",
        "atezolizumab": "PD-L1",
        "durvalumab": "PD-L1",
    }


@pytest.mark.parametrize("drug", DRUGS, ids=IDS)
def test_pharmacokinetics_are_plain_positive_numbers(drug):
    for pk in (drug.pk_human, drug.pk_mouse):
        if pk is None:
            continue
        assert pk.structure in PK_STRUCTURES
        for name, value in pk.typical().items():
            assert math.isfinite(value)
            assert value > 0 or name in ("CL_emax", "CL_dose_exponent")
        assert all(0 < cv < 1.5 for cv in pk.variability().values())


def test_only_the_tool_compound_lacks_human_pharmacokinetics():
    assert [d.id for d in DRUGS if d.pk_human is None] == ["nutlin-3a"]


def test_mouse_pharmacokinetics_are_scaled_by_the_stated_rule():
    scaled = [d for d in DRUGS if d.pk_mouse and d.pk_human]
    assert len(scaled) > 15
    for drug in scaled:
        human, mouse = drug.pk_human.typical(), drug.pk_mouse.typical()
        volume = human["V_F"] + human.get("Vp_F", 0.0)
        assert drug.pk_mouse.per_kg
        assert mouse["CL_F"] == pytest.approx(human["CL_F"] / 70 * (70 / 0.02) ** 0.25, rel=0.01)
        assert mouse["V_F"] == pytest.approx(volume / 70, rel=0.01)
        assert drug.pk_mouse.parameters["CL_F"].as_gsd() >= 2.5


def test_half_lives_against_what_is_known():
    hours = {d.id: d.pk_human.half_life_h() for d in DRUGS if d.pk_human}
    assert hours["abemaciclib"] == pytest.approx(18.3, rel=0.02)  # US label
    assert hours["siremadlin"] == pytest.approx(13.5, rel=0.02)
    assert hours["letrozole"] == pytest.approx(48, rel=0.2)  # "about 2 d"
    assert hours["trametinib"] / 24 == pytest.approx(2.4, rel=0.05)
    depot = math.log(2) / catalog.drug("fulvestrant").pk_human.typical()["ka"]
    assert depot / 24 == pytest.approx(40, rel=0.01)  # label, depot-limited
    assert hours["fulvestrant"] < depot / 10  # flip-flop: the depot is the slow step


@pytest.mark.parametrize("drug", DRUGS, ids=IDS)
def test_regimens_are_of_this_drug_and_sourced(drug):
    assert drug.regimens
    for regimen in drug.regimens:
        assert regimen.text.startswith(drug.id + " ")
        assert regimen.source in catalog.names("sources")
        per_kg = "mg/kg" in regimen.text
        assert per_kg == (regimen.setting == "mouse") or drug.kind == "antibody"


def test_every_regimen_and_exposure_reads_in_the_grammar():
    from rpoint.pharmacology import regimen

    for drug in DRUGS:
        for text in (*(r.text for r in drug.regimens), *(e.regimen for e in drug.exposures)):
            assert regimen.parse(text)


def test_occupancy_adds_active_metabolites():
    drug = catalog.drug("abemaciclib")
    alone = drug.unbound_nM(216.0) / drug.drives[0].potency_cell.value
    together = drug.occupancy(216.0)["c_CDK4"]
    assert alone < together < 3 * alone
    share = [m.plasma_ratio.value for m in drug.metabolites]
    assert share == [0.39, 0.15, 0.77]  # M2, M18, M20: Swiss professional information


def test_occupancy_of_palbociclib_by_hand():
    drug = catalog.drug("palbociclib")
    unbound = 1000 * 0.15 * 82 / 447.54
    assert drug.unbound_nM(82.0) == pytest.approx(unbound, rel=1e-3)
    assert drug.occupancy(82.0)["c_CDK4"] == pytest.approx(unbound / 3.3, rel=1e-3)


def test_entries_print_on_one_line():
    for drug in DRUGS:
        assert "\n" not in str(drug) and drug.id in repr(drug)
