"""Patients in trials: cells from stage to stage, chunks, falsifiers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rpoint.pharmacology.regimen import parse
from rpoint.trial.adam.check import check_table
from rpoint.trial.cells import Cells
from rpoint.trial.compute import compute_chunk, enter
from rpoint.trial.life import Conduct, live
from rpoint.trial.parameters import Population, population, prior
from rpoint.trial.patients import draw_patients
from rpoint.trial.read import read_trial
from rpoint.tumour.lanes import run_courses
from rpoint.tumour.noun import tumour
from rpoint.tumour.simulate import in_host, shipped, time_grid
from rpoint.tumour.subjects import Subjects

MILADEMETAN = "milademetan 260 mg qd d1-3,15-17/28"


@pytest.fixture(scope="module")
def ensemble():
    return shipped()


@pytest.fixture(scope="module")
def small():
    """A trial of two arms that takes seconds."""
    trial = read_trial("paloma-3")
    treated, control = trial.analysis.contrast
    return trial.changed(
        {
            ("arms", treated, "patients"): 4,
            ("arms", control, "patients"): 2,
            "enrolment.months": 2,
            "cutoff.months_after_last_entry": 5,
            "cutoff.months_after_first_entry": None,
            "cutoff.events": None,
            "cutoff.endpoint": None,
            "treatment.max_months": 5,
        }
    )


@pytest.fixture(scope="module")
def antibody():
    """The same with an antibody against an observed control, in tumours of two types."""
    return read_trial("oak").changed(
        {
            "population.tumours": {"lung": 1, "melanoma": 1},
            ("arms", "atezolizumab", "patients"): 4,
            ("arms", "docetaxel", "patients"): 2,
            "enrolment.months": 2,
            "cutoff.months_after_first_entry": 9,
            "treatment.max_months": 7,
        }
    )


def people(ensemble, regimen, n=6, kind="liposarcoma", alterations=(), **fixed):
    made = Population(3, None, uncertain=False, fixed=fixed)
    return draw_patients(
        np.arange(n), np.zeros(n, int), np.full(n, kind, object), [tuple(alterations)] * n, made,
        ensemble, parse(regimen).drugs if regimen else (),
    )  # fmt: skip


def conduct(weeks=16, scan=8):
    days = int(7 * weeks)
    return Conduct(
        scan_days=tuple(7.0 * scan * k for k in range(1, weeks // scan + 1)),
        horizon_d=days + 6, treat_d=days + 6, withdrawal_per_month=0.0,
    )  # fmt: skip


def test_cells_in_two_stages_are_those_of_one(ensemble):
    p = people(ensemble, MILADEMETAN, n=3)
    course = live_cells(p, ensemble)
    whole = course().advance(0, 42, np.arange(3), doses_of(p, 42))
    parts = course()
    first = parts.advance(0, 17, np.arange(3), doses_of(p, 17))
    second = parts.advance(17, 25, np.arange(3), doses_of(p, 42, 17))
    for one, a, b in zip(whole, first, second, strict=True):
        np.testing.assert_allclose(np.concatenate([a, b], axis=1), one, rtol=3e-3)


def live_cells(p, ensemble):
    def make():
        rows = np.arange(len(p))
        return Cells(p.sets, [g[0] for g in p.genotypes], rows, ensemble, ("milademetan",))

    return make


def doses_of(p, until, start=0):
    from rpoint.pharmacology.doses import dose_schedule

    rows = [r for r in dose_schedule(MILADEMETAN, until / 7) if r.time_h >= 24 * start]
    return dict.fromkeys(range(len(p)), rows)


def test_daily_rates_are_those_of_the_simulation_of_one_tumour(ensemble):
    """An independent path: the lanes of `simulate`, at their 12-hourly points."""
    p = people(ensemble, MILADEMETAN, n=3)
    division, _ = live_cells(p, ensemble)().advance(0, 28, np.arange(3), doses_of(p, 28))
    tumour_ = tumour("liposarcoma")
    subjects = Subjects("patient", p.sets, np.full((3, 1), 60.0), 0.5, np.ones((3, 1)),
                        np.ones((3, 1, 1)))  # fmt: skip
    courses = run_courses(subjects, [in_host(g) for g in tumour_.genotypes()],
                          {"a": parse(MILADEMETAN)}, time_grid(4), ensemble)  # fmt: skip
    halves = courses.division[:, 0, 0]
    expected = (0.25 * halves[:, :-2:2] + 0.5 * halves[:, 1:-1:2] + 0.25 * halves[:, 2::2])[:, :28]
    np.testing.assert_allclose(division, expected, rtol=5e-3)


@pytest.mark.parametrize("name", ["small", "antibody"])
def test_a_chunk_does_not_depend_on_where_it_is_cut(name, request):
    trial = request.getfixturevalue(name)
    whole = compute_chunk(trial, None, range(0, 12), 5)
    parts = [compute_chunk(trial, None, range(*r), 5) for r in ((0, 2), (2, 5), (5, 12))]
    for name, table in whole.items():
        check_table(name, table)
        keys = ("PATIDX", "PARAMCD", "ADY", "ASTDY", "TRLNKID", "AETERM")
        order = [c for c in keys if c in table]
        order += ["EXTRT"] if name == "adex" else []
        joined = pd.concat([p[name] for p in parts], ignore_index=True)
        a, b = (
            t.sort_values(order, kind="stable", ignore_index=True) for t in (whole[name], joined)
        )
        pd.testing.assert_frame_equal(a, b, check_dtype=False)


def test_entry_is_by_arm_and_replicate(small):
    entry = enter(small, np.arange(18), 1)
    assert entry.replicate.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert entry.arm.tolist() == [0, 0, 0, 0, 1, 1] * 3
    assert ((entry.day >= 0) & (entry.day <= 61)).all()
    assert (entry.follow_up_d + entry.day == np.floor(7 * 30.4375)).all()


def test_no_response_to_an_mdm2_antagonist_without_p53(ensemble):
    """The falsifier: with TP53 lost the drug changes nothing that the tumour does."""
    lost = people(ensemble, MILADEMETAN, n=8, alterations=("TP53:loss",))
    treated = live(lost, parse(MILADEMETAN), conduct(), ensemble, 3)
    alone = live(lost, parse("vehicle"), conduct(), ensemble, 3)
    np.testing.assert_allclose(treated.volume[..., 56], alone.volume[..., 56], rtol=0.03)
    intact = people(ensemble, MILADEMETAN, n=8)
    helped = live(intact, parse(MILADEMETAN), conduct(), ensemble, 3)
    ratio = helped.volume[:, 0, 56] / treated.volume[:, 0, 56]
    assert np.median(ratio) < 0.95 and (ratio < 1).all()


def test_stages_leave_whoever_has_progressed(ensemble):
    p = people(ensemble, "", n=8, kind="pancreas")
    lives = live(p, parse("vehicle"), conduct(40), ensemble, 3)
    gone = np.isfinite(lives.pd_day) & (lives.pd_day < 100)
    assert gone.any() and (lives.volume[gone][:, :, -1] == 0).all()
    assert (lives.lesions.groupby("patient")["day"].max() <= lives.pd_day).all()


def test_a_patient_is_the_same_whoever_is_drawn_beside_her(ensemble):
    made = population(3)
    few = draw_patients(np.array([7, 2]), np.array([1, 0]), np.array(["breast"] * 2, object),
                        [()] * 2, made, ensemble, ("palbociclib",))  # fmt: skip
    many = draw_patients(np.arange(8), np.array([0, 0, 0, 0, 1, 1, 1, 1]),
                         np.array(["breast"] * 8, object), [()] * 8, made, ensemble,
                         ("palbociclib",))  # fmt: skip
    for name in ("doubling_d", "cell_loss", "start_mm3", "shares", "sets"):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name)[[7, 2]])
    np.testing.assert_array_equal(few.effect["palbociclib"], many.effect["palbociclib"][[7, 2]])


def test_uncertainty_is_shared_within_a_replicate_and_differs_between():
    made = Population(3, None)
    value = made.value("effect milademetan", np.array([0, 0, 1, 2]))
    assert value[0] == value[1] and len(set(value[1:])) == 3
    typical = Population(3, None, uncertain=False).value("effect milademetan", np.array([0, 1]))
    assert (typical == prior("effect milademetan")[0]).all()


def test_reductions_and_holds_reach_the_tumour(ensemble):
    """A rule that stops the drug at the first sign of toxicity leaves larger tumours."""
    p = people(ensemble, MILADEMETAN, n=6, **{"effect milademetan": 0.0})
    strict = {
        "milademetan": {
            "title": "stop at once", "levels_mg": [260], "checks": {"days": [0, 7, 14, 21]},
            "counts": [{"analyte": a, "grade": 1, "hold": False, "discontinue": True}
                       for a in ("platelets", "neutrophils", "haemoglobin", "leukocytes")],
        }
    }  # fmt: skip
    stopped = live(p, parse(MILADEMETAN), conduct(), ensemble, 3, rules=strict)
    going = live(p, parse(MILADEMETAN), conduct(), ensemble, 3)
    assert np.isfinite(stopped.toxicity_day).any()
    cut = np.isfinite(stopped.toxicity_day)
    assert (stopped.volume[cut, 0, 50] >= going.volume[cut, 0, 50] * 0.999).all()
    assert stopped.volume[cut, 0, 50].sum() > going.volume[cut, 0, 50].sum()


def test_no_untreated_tumour_shrinks_however_large_it_is(ensemble):
    p = people(ensemble, "", n=8, kind="breast", **{"cell_loss_logit_mean": 1.5})
    p = replace(p, start_mm3=np.where(p.start_mm3 > 0, 500_000.0, 0.0), shares=0 * p.shares)
    lives = live(p, parse("vehicle"), conduct(), ensemble, 3)
    there = p.start_mm3 > 0
    assert (lives.volume[there][:, 56] > lives.volume[there][:, 0]).all()


def test_typical_replicates_have_the_typical_marrow(ensemble):
    """Without uncertainty two replicates differ by their patients alone, not by the population."""
    from rpoint.blood import BloodPatients, central, run_blood
    from rpoint.trial.counts import blood_course

    p = people(ensemble, MILADEMETAN, n=4)
    p = replace(p, replicate=np.array([0, 0, 1, 1]))
    typical = blood_course(p, parse(MILADEMETAN), 28, None, 3, uncertain=False)
    own = BloodPatients(4, dict(p.pk), [str(t) for t in p.tumour_type])
    alone = run_blood(parse(MILADEMETAN), days=28, patients=own, seed=3, index=p.index,
                      parameters=central())  # fmt: skip
    np.testing.assert_array_equal(typical.counts["platelets"], alone.counts["platelets"])
    drawn = live(p, parse(MILADEMETAN), conduct(), ensemble, 3).blood
    fixed = live(p, parse(MILADEMETAN), replace(conduct(), uncertain=False), ensemble, 3).blood
    assert (drawn.counts["platelets"][:, 20] != fixed.counts["platelets"][:, 20]).all()


def test_nobody_begins_a_next_line_after_her_death(monkeypatch):
    """Death may fall between the last stage, which ends with progression, and the next line.

    With this seed one patient dies so; the tables refuse a new therapy after death.
    """
    from rpoint.trial import immune_facts

    usual = immune_facts.death_hazard
    monkeypatch.setattr(immune_facts, "death_hazard", lambda *a, **k: 30.0 * usual(*a, **k))
    tables = compute_chunk(read_trial("tbcrc-041"), None, np.arange(46), seed=3)
    tte = tables["adtte"]
    death = tte[(tte["PARAMCD"] == "OS") & (tte["CNSR"] == 0)].set_index("USUBJID")["AVAL"]
    begun = tables["adsl"].set_index("USUBJID")["NEXTDY"].dropna()
    assert len(begun) and len(death) > 30
    assert (begun <= death.reindex(begun.index).fillna(np.inf)).all()
