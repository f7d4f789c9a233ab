"""Alves experiments: every judge can hold and can fail, on made-up cells and on real runs."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rpoint.calibrate import ensemble
from rpoint.evidence import (
    alves,
    alves_metastasis,
    alves_mice,
    alves_pakt,  # noqa: F401  (registers E7)
    alves_patients,  # noqa: F401  (registers E1)
    alves_sequence,
    xenografts,
)
from rpoint.evidence.batches import batches, record_days, run_batch
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import judge
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells

_spec = importlib.util.spec_from_file_location(
    "trial_table", Path(__file__).with_name("trial_table.py")
)
trial_table = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(trial_table)
SETS = 4
UNTREATED = 0.02  # net growth, 1/h
DEATH = 0.002


def verdict(claim, lab):
    return judge(claims()[claim], EXPERIMENTS[claim].judge(lab), lab.weights, 0.0)


def made_up(claim, rate, trials=None):
    """A lab whose declared cells grow at `rate(setup)` times the untreated rate, from the start.

    Replicated trials are those of the rows `trials`.
    """
    cells = Cells(np.full(SETS, 1 / SETS))
    for setup in EXPERIMENTS[claim].setups:
        days = np.array(record_days(setup))
        cells.days[setup] = days
        net = UNTREATED * rate(setup)
        levels = {"net_rate": net, "division_rate": net + DEATH, "death_rate": DEATH}
        levels["pAKT"] = 0.2 + 0.5 * dict(setup.with_).get("g_PI3K", 0.0)
        cells.values[setup] = {k: np.full((SETS, days.size), float(v)) for k, v in levels.items()}
    shared = {} if trials is None else {"trials": trial_table.trials(trials)}
    return Lab(cells, seed=1, shared=shared)


def missed_checks(found):
    checks = (*found.finding.acceptance, *found.finding.falsifier)
    return [check.quantity for check in checks if not check.holds(SETS).all()]


# ---- E1: as B2


def test_the_doublet_is_effective_in_patients_and_its_cells_stand_beside():
    found = verdict("E1", made_up("E1", lambda setup: 0.5, trials=trial_table.holding()))
    assert (found.verdict, missed_checks(found)) == ("reproduced", [])
    shown = [check.quantity for check in found.finding.beside]
    assert f"net growth under {alves.DOUBLET} over vehicle" in shown


def test_no_benefit_in_patients_is_missed():
    rows = trial_table.holding()
    key = next(k for k in rows if k[0] == "paloma-2" and k[3] == "pfs_hr")
    rows[key] |= {"VALUE": 0.9}
    found = verdict("E1", made_up("E1", lambda setup: 0.5, trials=rows))
    assert missed_checks(found) == [
        "hazard ratio of progression-free survival, PALOMA-2 (calibrated)"
    ]


# ---- E3a


def culture(triplet=-0.05, doublet=0.2, akti=0.8, switch=0.4, null=0.02):
    """Growth of both clones; `null`: gain from the AKT inhibitor without p21."""
    arms = {alves.A: akti, alves.SWITCH: switch, alves.F: 0.7, "vehicle": 1.0}

    def rate(setup):
        gain = doublet - triplet
        if "CDKN1A-null" in setup.genotype:
            gain = null
        if setup.treatment == alves.DOUBLET:
            return doublet
        return doublet - gain if setup.treatment == alves.TRIPLET else arms[setup.treatment]

    return rate


@pytest.fixture
def held(monkeypatch):
    """Net rate under the triplet when AKT's export of p21 does not respond: that of the doublet."""
    levels = np.full(SETS, 0.2)
    monkeypatch.setattr(alves, "edge_held", lambda lab: levels)
    return levels


def test_a_triplet_that_holds_where_the_doublet_does_not(held):
    assert verdict("E3a", made_up("E3a", culture())).verdict == "reproduced"


def test_a_gain_that_another_edge_carries_falsifies(held):
    held[:] = 0.0
    found = verdict("E3a", made_up("E3a", culture()))
    assert missed_checks(found) == [
        "of the part that needs p21, gone when AKT's export of p21 does not respond"
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"triplet": 0.01}, "under the triplet, week 1 to 8"),
        ({"doublet": 0.04}, "lowest of week 6 to 8"),
        ({"akti": 0.0}, "under AKTi (it must not suffice)"),
        ({"switch": 0.0}, "under AKTi + fulvestrant (it must not suffice)"),
        ({"null": 0.15}, "gone without CDKN1A"),
    ],
)
def test_each_part_of_the_culture_can_fail(held, change, words):
    found = verdict("E3a", made_up("E3a", culture(**change)))
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in missed_checks(found))


def test_a_part_of_nothing_counts_against():
    assert alves._of(np.array([0.1, 0.1]), np.array([0.2, -0.1])) == pytest.approx([0.5, -np.inf])


def test_a_minor_clone_takes_over_the_doublet():
    def rate(setup):
        if setup.treatment == alves.DOUBLET:
            return 0.3 if "AKT1:mut" in setup.genotype else -0.3
        return culture()(setup)

    course = alves.population_rate(made_up("E3a", rate), alves.DOUBLET)[0]
    assert course[0] == pytest.approx(-0.294, abs=1e-3)  # 1 % of the cells grow
    assert course[-1] == pytest.approx(0.3, abs=0.01)
    assert (np.diff(course) > 0).all()


def test_a_line_that_does_not_grow_untreated_is_not_judged_as_held(held):
    found = verdict("E3a", made_up("E3a", lambda setup: 0.0))
    assert found.verdict == "missed"


# ---- E7


def strata(low=0.02, high=0.2, null=0.02):
    """Gain from the AKT inhibitor in the lowest and the highest stratum."""

    def rate(setup):
        drive = dict(setup.with_)["g_PI3K"]
        gain = low + (high - low) * drive
        if setup.genotype == "CDKN1A-null":
            gain = low + null * drive
        arms = {alves.DOUBLET: 0.4, alves.TRIPLET: 0.4 - gain, alves.F: 0.8}
        return arms.get(setup.treatment, 1.0 if setup.treatment == "vehicle" else 0.6)

    return rate


def test_a_larger_gain_at_high_pakt_is_a_prediction():
    found = verdict("E7", made_up("E7", strata(), trials=trial_table.holding()))
    assert (found.verdict, missed_checks(found)) == ("predicted", [])


def test_no_interaction_in_patients_is_missed():
    rows = trial_table.holding()
    key = next(k for k in rows if k[0] == "capitello-291" and k[2])
    rows[key] |= {"VALUE": 0.7}
    found = verdict("E7", made_up("E7", strata(), trials=rows))
    assert missed_checks(found) == [
        "CAPItello-291: hazard ratio with an altered AKT pathway over that of all"
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"low": 0.2, "high": 0.1}, "highest p-AKT stratum minus lowest"),
        ({"low": 0.0, "high": 0.04, "null": 0.0}, "gain in the highest stratum"),
        ({"null": 0.17}, "gone without CDKN1A"),
    ],
)
def test_the_prediction_can_fail(change, words):
    found = verdict("E7", made_up("E7", strata(**change), trials=trial_table.holding()))
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in missed_checks(found))


# ---- E3b, E3c, E5: mice on constant rates

# ln(endpoint / start) over seven weeks; the mice of a pool differ by 20 % in rate.
ENDS = {"vehicle": 2.5, "doublet": 1.6, "triplet": 0.1, "AKTi + fulvestrant": 2.0}
ENDS |= {"CDK4/6i": 1.6, "fulvestrant": 2.5}
WITHOUT_P21 = {"doublet": 2.0, "triplet": 1.9}


def grafts(ends=None, null=None, weeks=7, start=20.0):
    names = (alves_mice.MPF_R, alves_mice.R182, alves_mice.PDX)
    lines = [name + tail for name in names for tail in ("", alves_mice.NO_P21)]
    normal = ENDS | (ends or {})
    without = normal | WITHOUT_P21 | (null or {})
    times = np.linspace(0.0, weeks * 168.0, 60)
    rates = np.array(
        [[(without if alves_mice.NO_P21 in x else normal)[arm] for x in lines] for arm in normal]
    )
    full = np.broadcast_to(rates[None, ..., None] / times[-1], (SETS, *rates.shape, times.size))
    return xenografts.Grafts(times, tuple(normal), tuple(lines), full, np.zeros_like(full), start)


def in_mice(monkeypatch, claim, **changes):
    for name in ("mpf_r", "r182", "pdx"):
        monkeypatch.setattr(alves_mice, name, lambda lab: grafts(**changes))
    monkeypatch.setattr(alves_metastasis, "mpf_r", lambda lab: grafts(**changes))
    return verdict(claim, made_up(claim, lambda setup: 0.5))


@pytest.mark.parametrize("claim", ["E3b", "E3c", "E3d", "E5"])
def test_a_triplet_that_stops_grafts_holds(monkeypatch, claim):
    assert in_mice(monkeypatch, claim).verdict == "reproduced"


@pytest.mark.parametrize(
    ("claim", "ends", "null", "words"),
    [
        ("E3b", {"triplet": 0.3}, {}, "triplet, endpoint over start"),
        ("E3b", {"triplet": 1.5}, {}, "replicates in which the triplet is below the doublet"),
        ("E3b", {"doublet": 0.1}, {}, "the model is resistant"),
        ("E3b", {"AKTi + fulvestrant": 0.1}, {}, "the AKT inhibitor is not enough"),
        ("E3b", {}, {"triplet": 0.5}, "gone without CDKN1A"),
        ("E3c", {"triplet": 0.3}, {}, "triplet, endpoint over start, from 250 mm3"),
        ("E3c", {"fulvestrant": 1.5}, {}, "the model is resistant to it"),
        ("E3d", {"triplet": 1.4}, {}, "metastatic burden, triplet over doublet"),
        ("E3d", {"AKTi + fulvestrant": 0.1}, {}, "it must not suffice"),
        ("E3d", {}, {"triplet": 0.4}, "gone without CDKN1A"),
        ("E5", {"triplet": 1.4}, {}, "triplet over doublet endpoint"),
        ("E5", {"triplet": 1.4}, {}, "replicates with p < .05"),
    ],
)
def test_each_part_of_the_grafts_can_fail(monkeypatch, claim, ends, null, words):
    found = in_mice(monkeypatch, claim, ends=ends, null=null)
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in missed_checks(found))


def test_the_legends_doses_reach_the_regimen():
    text = alves_mice.arms(25)["triplet"]
    assert text == (
        "palbociclib 25 mg/kg qd 5/7 + fulvestrant 100 mg/kg sc q7d + capivasertib 100 mg/kg qd 5/7"
    )


# ---- E4


def sequence(keep=0.2, switch=0.3, add=0.01, held=None, null_add=0.19):
    held = keep if held is None else held

    def rate(setup):
        if "c_SERD" not in dict(setup.with_):
            return 1.0
        given = {name for name, level in setup.dose if level > 0}
        if not given:
            return keep
        if ("c_CDK4", 0.0) in setup.dose:
            return switch
        if "CDKN1A-null" in setup.genotype:
            return null_add
        return held if setup.clamp else add

    return rate


def test_adding_works_and_switching_does_not():
    found = verdict("E4", made_up("E4", sequence()))
    assert found.verdict == "reproduced with correction"
    time = found.finding.acceptance[2].values
    assert time == pytest.approx(np.full(SETS, 20.0), rel=1e-6)  # rates differ 20-fold


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"switch": 0.15}, "switch over continue"),
        ({"add": 0.15}, "add over continue"),
        ({"keep": 0.04, "switch": 0.1, "null_add": 0.04}, "it has failed"),
        ({"held": 0.05}, "AKT held at its level"),
        ({"null_add": 0.05}, "gone without CDKN1A"),
    ],
)
def test_each_part_of_the_sequence_can_fail(change, words):
    found = verdict("E4", made_up("E4", sequence(**change)))
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in missed_checks(found))


def test_a_tumour_that_never_progresses_has_an_infinite_time_and_a_doublet_that_holds_no_ratio():
    lab = made_up("E4", sequence(add=-0.1))
    time = {k: alves_sequence.time_to_progression(lab, s) for k, s in alves_sequence.FAILED.items()}
    assert (time["add"] == np.inf).all()
    assert (alves_sequence.over(time["add"], time["continue"]) == np.inf).all()
    held = made_up("E4", sequence(keep=-0.1))
    assert verdict("E4", held).verdict == "missed"


def test_time_to_progression_is_that_of_a_breast_xenograft():
    lab = made_up("E4", sequence())
    found = alves_sequence.time_to_progression(lab, alves_sequence.UNTREATED)
    assert found == pytest.approx(np.full(SETS, np.log(1.2**3) / 0.056), rel=1e-6)


# ---- real runs


@pytest.fixture(scope="module")
def real():
    sets = ensemble.load().thin(2)
    shared = {"trials": trial_table.trials(trial_table.holding())}
    return Lab(Cells(np.asarray(sets.weights)), sets, jobs=1, shared=shared)


@pytest.mark.parametrize("claim", ["E3a", "E4", "E7"])
def test_declared_cells_are_all_that_a_judge_reads(real, claim):
    known = EXPERIMENTS[claim]
    for part in batches(real.cells.missing(known.setups)):
        run_batch(real.cells, part, real.ensemble, 1)
    found = verdict(claim, real)
    assert found.share is not None
    assert found.finding.figures[0].spec()


def test_the_held_edge_leaves_p21_where_it_was(real):
    """With the edge held, the AKT inhibitor must do less than with it, and not the opposite."""
    arms = [alves.LINE, *(alves.RESISTANT.but(treatment=t) for t in (alves.DOUBLET, alves.TRIPLET))]
    for part in batches(real.cells.missing(arms)):
        run_batch(real.cells, part, real.ensemble, 1)
    doublet, triplet = (real.cells.rate(setup, alves.LINE) for setup in arms[1:])
    held = alves.edge_held(real)
    assert (held > triplet).all()
    assert (held < doublet + 0.05).all()


def test_dropping_the_cdk46_inhibitor_frees_its_target(real):
    """The reason that the switch fails: CDK4/6 is active again."""
    setups = list(alves_sequence.FAILED.values())
    for part in batches(real.cells.missing(setups)):
        run_batch(real.cells, part, real.ensemble, 1)
    activity = {k: real.cells.at("CDK46_activity", s) for k, s in alves_sequence.FAILED.items()}
    assert (activity["switch"] > 2 * activity["continue"]).all()
    assert (activity["add"] < 1.1 * activity["continue"]).all()
