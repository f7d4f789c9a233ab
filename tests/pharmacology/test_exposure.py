"""Exposures of label regimens against published or computed numbers, and inputs of the cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.pharmacology.doses import (
    DoseRow,
    check_delivered,
    delivered_mg,
    dose_schedule,
    levels,
)
from rpoint.pharmacology.exposure import (
    concentration,
    drug_inputs,
    exposure,
    metabolite_unbound,
    model_inputs,
    occupancy,
    steady_state_average,
)
from rpoint.pharmacology.pk import E2_IN_TUMOUR_NM, drug_model, sbml_id, terminal_half_life_h
from rpoint.pharmacology.regimen import parse

DAY = 24.0
YEAR = (48 * 168.0, 52 * 168.0)  # a late window of 28 days

# regimen, window (h), average ng/mL, relative tolerance, source of the number
AVERAGES = [
    ("palbociclib 125 mg qd", (480, 504), 91.0, 0.01, "125 mg / 24 h / 57.13 L/h"),
    ("abemaciclib 150 mg bid", (480, 504), 216.0, 0.01, "300 mg / 24 h x 0.45 / 26 L/h"),
    ("trametinib 2 mg qd", (2000, 2024), 14.3, 0.01, "2 mg / 24 h / 5.83 L/h"),
    ("alpelisib 300 mg qd", (480, 504), 1360.0, 0.01, "300 mg / 24 h / 9.2 L/h"),
    ("alisertib 50 mg bid", (480, 504), 1010.0, 0.01, "100 mg / 24 h / 4.11 L/h"),
    ("capivasertib 400 mg bid", (480, 504), 559.0, 0.01, "800 mg / 24 h / 59.6 L/h"),
    ("ipatasertib 400 mg qd", (1200, 1224), 103.0, 0.01, "400 mg / 24 h / 162 L/h"),
    ("ribociclib 600 mg qd", (1200, 1224), 1070.0, 0.01, "600 mg / 24 h / 23.4 L/h"),
    ("fulvestrant 500 mg im q28d", YEAR, 24.0, 0.05, "500 mg / 28 d / 31 L/h"),
]


@pytest.mark.parametrize("text,window,average,rtol,source", AVERAGES, ids=lambda v: str(v)[:40])
def test_average_at_steady_state(text, window, average, rtol, source):
    found = exposure(text, text.split()[0], window)
    assert found.average == pytest.approx(average, rel=rtol), source


def test_palbociclib_by_the_label_clearance():
    """82 ng/mL and 28 nM unbound at CL/F 63.1 L/h (US label); 91 and 31 at 57.13 L/h."""
    model = drug_model("palbociclib")
    label = replace(model, parameters={**model.parameters, "CL_F": 63.1})
    assert steady_state_average(label, 125.0) == pytest.approx(82.5, abs=0.1)
    assert label.unbound_nM(82.0) == pytest.approx(27.5, abs=0.1)
    assert 28.0 <= model.unbound_nM(steady_state_average(model, 125.0)) <= 31.0


def test_abemaciclib_average_lies_between_published_trough_and_peak():
    """Cmin 174 and Cmax 250 ng/mL at 150 mg BID (Zhang 2025, ACS Omega 10:9245)."""
    found = exposure("abemaciclib 150 mg bid", "abemaciclib", (480.0, 504.0))
    assert 174.0 < found.trough < found.average < found.peak < 250.0
    assert found.unbound_nM == pytest.approx(17.0, abs=0.5)


def test_fulvestrant_lies_between_published_trough_and_peak():
    """Cmin 12 and Cmax 28 ng/mL at 500 mg monthly (label)."""
    found = exposure("fulvestrant 500 mg im d1,15,29 then q28d", "fulvestrant", YEAR)
    assert 12.0 < found.trough < found.average < found.peak < 28.0


def test_fulvestrant_by_the_clearance_of_the_in_silico_trial():
    """24 ng/mL at 31 L/h (Michor laboratory), 500 mg every 28 days."""
    model = drug_model("fulvestrant")
    trial = replace(model, parameters={**model.parameters, "CL_F": 31.0})
    assert steady_state_average(trial, 500.0 / 28.0) == pytest.approx(24.0, abs=0.05)


def test_fulvestrant_depot_sets_the_half_life():
    """40 days on the label: flip-flop, absorption is the slow step."""
    assert terminal_half_life_h(drug_model("fulvestrant")) == pytest.approx(40 * DAY, rel=0.01)


def test_ribociclib_clearance_falls_with_the_dose():
    """Exposure grows more than in proportion: (600 / 400)^1.49 at CL proportional to dose^-0.49."""
    model = drug_model("ribociclib")
    ratio = steady_state_average(model, 600.0, 600.0) / steady_state_average(model, 400.0, 400.0)
    assert ratio == pytest.approx(1.5**1.49, rel=1e-3)
    with pytest.raises(RpointError, match="depends on the dose"):
        steady_state_average(model, 600.0)


def test_siremadlin_half_life():
    """13.5 h (ln 2 x 115 / 5.9)."""
    assert terminal_half_life_h(drug_model("siremadlin")) == pytest.approx(13.5, rel=0.02)


def test_milademetan_peak_and_half_life():
    """About 10.7 h and 1.3 ug/mL at 260 mg, by the values assumed in the catalogue."""
    model = drug_model("milademetan")
    assert terminal_half_life_h(model) == pytest.approx(10.7, rel=0.02)
    found = exposure("milademetan 260 mg qd", "milademetan", (0.0, 72.0))
    assert 900.0 < found.peak < 1500.0


# Published unbound averages that the catalogue's own fu contradicts, and by how much.
CONFLICTS = {("abemaciclib", "Cavg_ss_unbound"): 3.0, ("ribociclib", "Cavg_ss_unbound"): 4.2}
EXPOSURES = [(d.id, e) for d in catalog.drugs() for e in d.exposures]


@pytest.mark.parametrize("drug,entry", EXPOSURES, ids=lambda v: getattr(v, "name", v))
def test_published_exposures_are_met_within_a_factor_of_two(drug, entry):
    found = exposure(entry.regimen, drug, (20 * 168.0, 24 * 168.0))
    if entry.value.unit == "nM":
        value, target = found.unbound_nM, entry.value.value
    else:
        value = found.peak if "Cmax" in entry.name else found.average
        target = entry.value.to("ng/mL")
    fold = max(value / target, target / value)
    if (drug, entry.name) in CONFLICTS:
        assert fold == pytest.approx(CONFLICTS[drug, entry.name], rel=0.1)
        assert catalog.drug(drug).conflicts  # and the catalogue says so
    else:
        assert fold < 2.0


def test_superposition():
    model = drug_model("palbociclib")
    t = np.linspace(0, 336, 50)
    one = concentration(model, dose_schedule("palbociclib 125 mg d1", 2), t)
    two = concentration(model, dose_schedule("palbociclib 75 mg d3", 2), t)
    both = dose_schedule("palbociclib 125 mg d1 + palbociclib 75 mg d3", 2)
    assert concentration(model, both, t) == pytest.approx(one + two, rel=1e-12, abs=1e-12)


def test_doses_in_proportion():
    model = drug_model("alisertib")
    t = np.linspace(0, 336, 30)
    one = concentration(model, dose_schedule("alisertib 50 mg bid", 2), t)
    double = concentration(model, dose_schedule("alisertib 100 mg bid", 2), t)
    assert double == pytest.approx(2 * one, rel=1e-12)


# --- doses ------------------------------------------------------------------------------------


def test_what_is_delivered_is_what_was_ordered():
    text = "palbociclib 125 mg qd 21/28 + pembrolizumab 200 mg iv over 30 min q3w"
    rows = dose_schedule(text, weeks=12)
    models = {drug: drug_model(drug) for drug in ("palbociclib", "pembrolizumab")}
    assert delivered_mg(rows, models) == pytest.approx(parse(text).ordered_mg(12))


def test_a_lost_dose_is_found():
    regimen = parse("palbociclib 125 mg qd")
    rows = dose_schedule(regimen, weeks=1)
    models = {"palbociclib": drug_model("palbociclib")}
    with pytest.raises(RpointError, match="are ordered, but"):
        check_delivered(rows[:-1], regimen.segments(1), models)


def test_overlapping_levels_add():
    rows = levels("x", [(0.0, 4.0, 1.0), (2.0, 6.0, 2.0)])
    assert rows == [
        DoseRow(0.0, "set", "x", 1.0),
        DoseRow(2.0, "set", "x", 3.0),
        DoseRow(4.0, "set", "x", 2.0),
        DoseRow(6.0, "set", "x", 0.0),
    ]


def test_a_mouse_is_dosed_by_its_weight():
    rows = dose_schedule("palbociclib 100 mg/kg qd", weeks=1, species="mouse")
    assert [row.value for row in rows] == pytest.approx([2.2] * 7)
    rows = dose_schedule("palbociclib 100 mg/kg qd", weeks=1, species="mouse", weight_kg=0.025)
    assert [row.value for row in rows] == pytest.approx([2.5] * 7)


def test_mg_per_kg_in_a_mouse_does_not_depend_on_its_weight_in_plasma():
    light, heavy = (
        exposure(
            "palbociclib 100 mg/kg qd", "palbociclib", (144.0, 168.0), species="mouse", weight_kg=w
        ).average
        for w in (0.02, 0.025)
    )
    assert light == pytest.approx(heavy, rel=1e-9)


@pytest.mark.parametrize(
    "text", ["palbociclib 125 mg iv qd", "pembrolizumab 200 mg po q3w", "nutlin-3a 10 mg qd"]
)
def test_a_route_without_pharmacokinetics_is_refused(text):
    with pytest.raises(RpointError, match="has no pharmacokinetics in the human"):
        dose_schedule(text, weeks=1)


def test_what_the_closed_form_cannot_do_is_refused():
    with pytest.raises(RpointError, match="falls over time"):
        exposure("nivolumab 240 mg iv q2w", "nivolumab", (0.0, 336.0))
    with pytest.raises(RpointError, match="unknown species"):
        drug_model("palbociclib", "rat")


def test_dose_dependence_follows_the_dose():
    rows = dose_schedule("ribociclib 600 mg qd then 400 mg from d4", weeks=1)
    scales = [(row.time_h // DAY, row.value) for row in rows if row.target.endswith("CL_scale")]
    assert scales == [(0.0, 1.0), (3.0, pytest.approx((400 / 600) ** -0.49))]


def test_ids_for_sbml():
    assert sbml_id("nutlin-3a") == "nutlin_3a"
    assert sbml_id("4-hydroxytamoxifen") == "d_4_hydroxytamoxifen"


# --- inputs of the cell -----------------------------------------------------------------------


def test_drugs_at_one_site_add_up():
    one = model_inputs({"palbociclib": 30.0})
    two = model_inputs({"ribociclib": 200.0})
    both = model_inputs({"palbociclib": 30.0, "ribociclib": 200.0})
    for name in ("c_CDK4", "c_CDK6"):
        assert both[name] == pytest.approx(one[name] + two[name])


def test_input_is_concentration_over_k():
    model = drug_model("palbociclib")
    assert model_inputs({"palbociclib": 30.0})["c_CDK4"] == 30.0 / model.potency["c_CDK4"]
    assert occupancy(3.0, 1.0) == 0.75


@pytest.mark.parametrize("drug", [d.id for d in catalog.drugs() if d.pk_human and d.drives])
def test_inputs_equal_the_catalogue_occupancy(drug):
    """The same sum over metabolites, entered twice: here per nM, there per ng/mL."""
    entry, model = catalog.drug(drug), drug_model(drug)
    found = drug_inputs(model, model.unbound_nM(100.0))
    assert found == pytest.approx(entry.occupancy(100.0))


def test_metabolites_of_abemaciclib_count():
    model = drug_model("abemaciclib")
    parent = drug_inputs(model, 17.0, metabolites=False)["c_CDK4"]
    everything = drug_inputs(model, 17.0)["c_CDK4"]
    levels_nm = metabolite_unbound(model, 17.0)
    extra = sum(levels_nm[m.name] / m.potency["c_CDK4"] for m in model.metabolites)
    assert everything == pytest.approx(parent + extra)
    assert everything > 1.3 * parent


def test_aromatase_inhibitor_lowers_oestradiol():
    """More than 95 % at the label dose (general knowledge, as in the catalogue)."""
    found = exposure("letrozole 2.5 mg qd", "letrozole", (1200.0, 1224.0))
    assert model_inputs({"letrozole": found.unbound_nM})["in_E2"] < 0.05 * E2_IN_TUMOUR_NM
    assert model_inputs({"letrozole": 0.0})["in_E2"] == E2_IN_TUMOUR_NM
