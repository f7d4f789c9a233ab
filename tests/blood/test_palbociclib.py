"""Palbociclib's neutrophils: the published set as published, and its known consequences."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.blood import BloodPatients, central, draw_patients, run_blood, worst_grade

PALBO = "palbociclib 125 mg qd 21/28"


def test_the_typical_patients_nadir():
    """1.15 x 10^9/L on day 25: computed from the published set before this code existed."""
    none = dict.fromkeys(("neutrophils_baseline_cv_breast", "neutrophils_mtt_cdk_cv"), 1e-9)
    p = central().with_values(slope_cdk_cv=1e-9, **none)
    run = run_blood(PALBO, days=29, patients=BloodPatients(1, {}, "breast"), parameters=p)
    course = run.counts["neutrophils"][0]
    assert course[0] == pytest.approx(2.92)
    assert course.min() == pytest.approx(1.15, abs=0.01) and course.argmin() == 25


def test_shares_of_true_nadirs_over_two_cycles():
    """42 % below 1.0 and 12 % below 0.5 in 400 patients, computed likewise."""
    group = draw_patients(1200, ("palbociclib",), 1, "breast")
    lowest = run_blood(PALBO, days=56, patients=group, seed=1).counts["neutrophils"].min(axis=1)
    assert (lowest < 1.0).mean() == pytest.approx(0.42, abs=0.05)
    assert (lowest < 0.5).mean() == pytest.approx(0.12, abs=0.05)


def test_patients_without_breast_cancer_have_more_neutrophils_and_less_neutropenia():
    group = draw_patients(300, ("palbociclib",), 1, "breast")
    other = BloodPatients(300, group.pk, "liposarcoma")
    run = {
        name: run_blood(PALBO, days=84, patients=who, seed=1)
        for name, who in (("breast", group), ("other", other))
    }
    share = {name: (worst_grade(one)["neutropenia"] >= 3).mean() for name, one in run.items()}
    assert share["other"] < share["breast"]


def test_the_effect_is_reversible():
    text = PALBO + " until d21"
    run = run_blood(text, days=90, patients=BloodPatients(20, {}, "breast"), seed=1)
    course = run.counts["neutrophils"]
    assert (course.min(axis=1) < 0.75 * course[:, 0]).all()
    assert np.median(course[:, -1] / course[:, 0]) == pytest.approx(1.0, abs=0.15)
