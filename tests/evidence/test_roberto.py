"""Roberto/Lloyd experiments: every judge can hold and fail, on made-up cells and on real runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint import catalog
from rpoint.calibrate import ensemble
from rpoint.evidence import potency, roberto, roberto_facts, roberto_rb
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


def missed_checks(found):
    checks = (*found.finding.acceptance, *found.finding.falsifier)
    return [check.quantity for check in checks if not check.holds(SETS).all()]


# ---- potency


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_least_fold_never_exceeds_the_true_fold(altered, parental):
    fold = potency.least_fold(np.array([altered]), np.array([parental]), top=30.0)[0]
    assert fold <= altered / parental + 1e-12


def test_an_unknown_or_unreached_parental_line_gives_no_fold():
    parental = np.array([np.nan, np.inf, 1.0])
    fold = potency.least_fold(np.array([np.inf, np.inf, np.nan]), parental)
    assert np.isnan(fold).all()


def test_part_lost_of_nothing_counts_against():
    lost = potency.part_lost(np.array([0.0, 0.0, np.nan]), np.array([0.0, -1.0, 1.0]))
    assert (lost[:2] == -np.inf).all()
    assert np.isnan(lost[2])


def test_rising_crossing_is_interpolated_on_log_dose():
    rises = np.array([[1.0, 2.0, 4.0], [1.0, 1.0, 1.0]])
    found = potency.crossing_up([1, 10, 100], rises, np.array([3.0, 3.0]))
    assert found == pytest.approx([10**1.5, np.inf])


# ---- facts


def test_every_listed_gene_is_in_exactly_its_class():
    wrong = roberto_facts.classify(catalog.alterations())
    assert wrong == {"misplaced": [], "double": [], "elsewhere": [], "left_out": ["ESR1"]}


@pytest.mark.parametrize(
    ("gene", "update", "key", "found"),
    [
        ("RB1", {"alteration_class": "growth signalling"}, "misplaced", "RB1"),
        ("MDM4", {"alteration_class": "cell cycle"}, "double", "MDM4"),
        ("AKT1", {"alteration_class": "cell cycle"}, "elsewhere", "AKT1:mut"),
    ],
)
def test_a_wrong_class_is_noticed(gene, update, key, found):
    rows = list(catalog.alterations())
    at = next(i for i, a in enumerate(rows) if a.gene == gene)
    rows[at] = rows[at].model_copy(update=update)
    assert found in roberto_facts.classify(rows)[key]


def test_a_missing_gene_is_noticed():
    rows = [a for a in catalog.alterations() if a.gene != "AURKA"]
    assert roberto_facts.classify(rows)["misplaced"] == ["AURKA"]


def test_exact_intervals_are_those_printed():
    # Clopper-Pearson, as printed beside the counts of Wander 2020
    assert roberto_facts.exact_interval(27, 41) == pytest.approx((49.4, 79.9), abs=0.05)
    assert roberto_facts.exact_interval(0, 18)[0] == 0.0


@pytest.mark.parametrize("alteration", roberto.MECHANISMS)
def test_catalogue_counts_give_the_printed_frequencies(alteration):
    assert roberto_facts.frequency_errors(alteration) == []


@pytest.mark.parametrize(
    "change", [{"resistant": 12}, {"interval": [14.2, 43.2]}, {"fisher": 0.0081}]
)
def test_a_frequency_that_differs_is_noticed(monkeypatch, change):
    printed = roberto_facts.printed()
    wander = printed["wander"] | {"AURKA:amp": printed["wander"]["AURKA:amp"] | change}
    monkeypatch.setattr(roberto_facts, "printed", lambda: printed | {"wander": wander})
    assert roberto_facts.frequency_errors("AURKA:amp")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"source": ""}, "uncited"),
        ({"id": "NCT123"}, "uncited"),
        ({"genes": ["TP53"]}, "unknown"),
        ({"node": "AURKA"}, "off_node"),
    ],
)
def test_a_wrong_trial_row_is_noticed(change, key):
    row = roberto_facts.printed()["trials"][0] | change
    assert roberto_facts.trial_errors([row])[key] == [row["id"]]


def test_facts_hold_as_they_are():
    lab = Lab(Cells(np.ones(1)))
    assert verdict("B4", lab).verdict == "reproduced with correction"
    assert verdict("B9", lab).verdict == "reproduced"


def test_a_trial_that_the_register_names_may_not_be_missing(monkeypatch):
    printed = roberto_facts.printed()
    rows = [row for row in printed["trials"] if row["id"] != "NCT03955939"]
    monkeypatch.setattr(roberto_facts, "printed", lambda: printed | {"trials": rows})
    assert verdict("B9", Lab(Cells(np.ones(1)))).verdict == "missed"


# ---- B5 and B6 on made-up dose responses: growth 1 / (1 + dose / half)


def response(setup, half):
    dose = setup.exposure if "CDK4/6i" in setup.treatment else 0.0
    return {"net_rate": 0.02 / (1.0 + dose / half)}


def drivers(weak=(), strong=()):
    """Half doses: ten times that of the parental line for a driver."""

    def level(setup):
        driver = setup.genotype in roberto.MECHANISMS and setup.genotype not in weak
        if setup.genotype == roberto.AURKA and (setup.scale or setup.context == "MCF7"):
            driver = False
        return response(setup, 2.0 if driver or setup.genotype in strong else 0.2)

    return level


def test_eight_drivers_are_asked_for_in_t47d_and_seven_in_mcf7():
    found = verdict("B5", made_up("B5", drivers()))
    assert found.verdict == "reproduced with correction"
    assert len(found.finding.acceptance) == 15
    assert found.record()["literal"]["share"] == 0.0


@pytest.mark.parametrize("weak", [("AKT1:mut",), ("AURKA:amp",), ("ESR1:loss",)])
def test_one_driver_without_effect_is_a_miss(weak):
    found = verdict("B5", made_up("B5", drivers(weak=weak)))
    assert found.verdict == "missed"
    assert all(weak[0] in quantity for quantity in missed_checks(found))


def test_a_bystander_that_confers_resistance_falsifies():
    found = verdict("B5", made_up("B5", drivers(strong=("TP53:null",))))
    assert missed_checks(found) == ["GR50 over parental, MCF-7-like, TP53:null (no driver)"]


def test_a_line_that_does_not_grow_shows_nothing():
    def level(setup):
        return {"net_rate": -0.001} if setup.genotype == "RB1:loss" else drivers()(setup)

    assert verdict("B5", made_up("B5", level)).verdict == "missed"


def partners(matched=0.1, parental=1.0):
    """Half doses beside a partner: `matched` times the unmatched one if the partner fits."""
    drug_of = {node: dose[0][0] for node, (_, dose) in roberto.NODES.items()}
    driver_of = {driver: drug_of[node] for node, (driver, _) in roberto.NODES.items()}

    def level(setup):
        given = setup.dose[0][0] if setup.dose else ""
        fits = given and driver_of.get(setup.genotype) == given
        alone = given == "c_MEK" and setup.genotype == "wild type"
        return response(setup, 2.0 * (matched if fits else parental if alone else 1.0))

    return level


def test_matched_drugs_that_restore_sensitivity_hold():
    assert verdict("B6", made_up("B6", partners())).verdict == "reproduced"


def test_matched_drugs_that_do_too_little_are_a_miss():
    found = verdict("B6", made_up("B6", partners(matched=0.5)))
    assert found.verdict == "missed"
    assert len(missed_checks(found)) == 3


def test_a_partner_that_sensitises_any_line_falsifies():
    found = verdict("B6", made_up("B6", partners(parental=0.1)))
    assert missed_checks(found) == [
        "GR50 beside the better unmatched drug over that beside the matched one, MAPK drug, "
        "parental line"
    ]


def test_partner_doses_come_from_the_catalogue():
    # 2 mg of trametinib a day over 5.83 L/h, 2.6 % unbound, over its in-cell constant of 0.3 nM
    assert roberto.on_day_occupancy("trametinib", 2.0, "c_MEK") == pytest.approx(2.0, rel=0.15)


# ---- B7


def rb(fall=(0.75, 0.6, 0.9, 0.93), rb_null=1.0):
    """Fall of RB phosphorylation at 10 x Kd, 0.25 x, 1 x and 4 x; growth falls with it."""
    falls = dict(zip(roberto_rb.LEVELS.values(), fall, strict=True))

    def level(setup):
        down = falls[setup.exposure] if setup.treatment != "vehicle" else 0.0
        growth = 1 - down if setup.genotype == "wild type" else (rb_null if down else 1.0)
        names = ("CDK46_activity", "E2F_free", "division_rate")
        return {"RB_phospho": 1 - down, "net_rate": 0.02 * growth} | dict.fromkeys(names, 1 - down)

    return level


def test_rb_phosphorylation_that_falls_and_stays_flat_holds():
    assert verdict("B7", made_up("B7", rb())).verdict == "reproduced"


@pytest.mark.parametrize(
    ("fall", "quantity"),
    [
        ((0.75, 0.6, 0.79, 0.85), "fall of RB phosphorylation at 30 x Kd"),
        ((0.69, 0.6, 0.9, 0.93), "fall of RB phosphorylation at 10 x Kd"),
        ((0.75, 0.6, 0.85, 0.96), "difference of the fall between 1 x and 4 x"),
        (
            (0.92, 0.9, 0.9, 0.93),
            "growth at 0.25 x above that at 1 x (flat must not mean without effect)",
        ),
    ],
)
def test_each_threshold_of_rb_can_fail(fall, quantity):
    assert missed_checks(verdict("B7", made_up("B7", rb(fall)))) == [quantity]


def test_an_effect_without_rb_falsifies():
    found = verdict("B7", made_up("B7", rb(rb_null=0.9)))
    assert missed_checks(found) == ["largest effect on growth without RB1, 1 x and 4 x"]


# ---- B8 on real runs


@pytest.fixture(scope="module")
def real():
    sets = ensemble.load().thin(2)
    return Lab(Cells(np.asarray(sets.weights)), sets, jobs=1)


def test_loss_of_rb_takes_the_drug_away(real):
    found = verdict("B8", real)
    assert found.verdict == "reproduced"
    used = roberto_rb._constant(real)
    assert used == pytest.approx(real.ensemble.nuisance[roberto_rb.ASSAY].to_numpy())


def test_a_line_that_keeps_rb_is_not_resistant(real, monkeypatch):
    monkeypatch.setattr(roberto_rb, "genotype", lambda name: {"set": {}})
    assert verdict("B8", real).verdict == "missed"
