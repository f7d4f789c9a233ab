"""Claims on cohorts, designs, texts and immunotherapy: each can hold and can fail."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpoint.evidence import (
    mantra2_design,
    mantra2_languages,
    nanchang_deaths,
    roberto_patients,
    vilgelm_frequencies,
    vilgelm_patients,
)
from rpoint.evidence.claims import load_experiments
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import judge
from rpoint.evidence.numbers_in_text import numbers_in
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells
from rpoint.immune.claims_numbers import Interval
from rpoint.trial.read import read_trial

_spec = importlib.util.spec_from_file_location(
    "trial_table", Path(__file__).with_name("trial_table.py")
)
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
load_experiments()


def verdict(claim, **shared):
    lab = Lab(Cells(np.full(3, 1 / 3)), shared=shared)
    return judge(claims()[claim], EXPERIMENTS[claim].judge(lab), lab.weights, 0.0)


def failing(found):
    checks = (*found.finding.acceptance, *found.finding.falsifier)
    return [check.quantity for check in checks if not check.holds(3).all()]


# ---- A11, A12, B1: cohorts


def test_p53_over_all_cancers_is_in_its_range_and_other_genes_are_not():
    found = verdict("A11")
    assert found.verdict == "reproduced"
    share = found.finding.acceptance[0].values
    assert 45.4 < share < 52.5  # between the two settings


def test_a_case_mix_of_metastases_alone_is_outside(monkeypatch):
    late = vilgelm_frequencies.by_setting()["metastasis"]
    monkeypatch.setattr(
        vilgelm_frequencies, "by_setting", lambda: {"primary": late, "metastasis": late}
    )
    assert "case mix" in failing(verdict("A11"))[0]


def test_a_type_without_a_source_is_seen(monkeypatch):
    both = vilgelm_frequencies.by_setting()
    bare = both["metastasis"].assign(source=lambda t: t["source"].where(t["type"] != "breast", ""))
    monkeypatch.setattr(vilgelm_frequencies, "by_setting", lambda: {**both, "metastasis": bare})
    assert failing(verdict("A11")) == ["tumour types without a source"]


def test_melanoma_is_missed_because_metastases_carry_more_than_tcga():
    found = verdict("A12")
    assert found.verdict == "missed"
    assert failing(found) == [
        "TP53 mutated in the melanoma cohort, mean of primaries and metastases"
    ]


def test_melanoma_would_hold_with_the_primaries_alone(monkeypatch):
    first = vilgelm_frequencies.melanoma_tp53_rb1(1)
    monkeypatch.setattr(vilgelm_frequencies, "melanoma_tp53_rb1", lambda line: first)
    assert verdict("A12").verdict == "reproduced"
    monkeypatch.setattr(vilgelm_frequencies, "case_mix_share", lambda name: 15.0)
    assert verdict("A12").verdict == "missed"


def test_hr_positive_is_the_commonest(monkeypatch):
    assert verdict("B1").verdict == "reproduced"
    turned = {"breast": 300, "breast-her2": 1500, "breast-tn": 300}
    monkeypatch.setattr(roberto_patients, "patients_of", turned.get)
    assert any("HER2-positive" in quantity for quantity in failing(verdict("B1")))


# ---- C5: the trial file


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "a phase 3 trial"}, "phase 2"),
        ({"population.tumours": {"liposarcoma": 1}, "population.exclude": []}, "basket"),
        ({"analysis.endpoints": ["pfs", "orr_confirmed"]}, "first endpoint"),
        ({"analysis.endpoints": ["orr_confirmed", "os"]}, "key secondary"),
    ],
)
def test_another_trial_is_not_the_published_one(monkeypatch, change, words):
    assert verdict("C5").verdict == "reproduced"
    real = read_trial("mantra-2").changed(change)
    monkeypatch.setattr(
        mantra2_design, "read_trial", lambda name: real if name == "mantra-2" else read_trial(name)
    )
    found = verdict("C5")
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in failing(found))


# ---- C16: two languages


def test_both_languages_say_the_same():
    assert verdict("C16").verdict == "reproduced"


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [("english", "3.7)", "3.9)"), ("chinese", "31例", "30例"), ("chinese", "五例", "四例"),
     ("english", "six", "seven"), ("english", "was confirmed in", "was seen in")],
)  # fmt: skip
def test_a_figure_that_differs_is_seen(monkeypatch, language, old, new):
    texts = mantra2_languages.texts()
    assert old in texts[language]
    wrong = {**texts, language: texts[language].replace(old, new)}
    if old == "six":  # the count stands twice; the words are not read where digits are
        wrong[language] = wrong[language].replace("6/31", "7/31")
    monkeypatch.setattr(mantra2_languages, "texts", lambda: wrong)
    assert verdict("C16").verdict == "missed"


def test_the_reader_leaves_out_what_is_not_there():
    empty = numbers_in("Nothing is stated here, in 2025.")
    assert all(value is None for value in vars(empty).values())
    assert numbers_in("五例部分缓解未获确认。").confirmed_pct is None
    assert numbers_in("共40例患者接受了治疗。").treated == 40


# ---- A16, D4: immunotherapy


def answers(monkeypatch, value=50.0, empty=100.0):
    monkeypatch.setattr(
        vilgelm_patients, "nonresponse", lambda lab: Interval(value, 30.0, 70.0, "")
    )
    monkeypatch.setattr(vilgelm_patients, "without_antigen", lambda lab: empty)
    return verdict("A16")


def test_half_of_melanomas_do_not_respond(monkeypatch):
    assert answers(monkeypatch).verdict == "reproduced"
    assert "without a response" in failing(answers(monkeypatch, value=33.0))[0]
    assert "no antigen" in failing(answers(monkeypatch, empty=60.0))[0]


def crossing(weeks=20.0, excess=3.0, ratio=0.8, idle=0.0):
    table = pd.DataFrame({
        "os crossing, weeks": [weeks] * 4, "pfs crossing, weeks": [30.0] * 4,
        "os hazard ratio": [ratio] * 4,
        nanchang_deaths.EXCESS.format("os", 3): [excess] * 4,
        nanchang_deaths.EXCESS.format("pfs", 2): [10.0] * 4,
    })  # fmt: skip
    nothing = {nanchang_deaths.EXCESS.format(*pair): idle for pair in (("pfs", 2), ("os", 3))}
    return verdict(
        "D4",
        **{"oak-like trials": table, "oak-like trial without a control drug": nothing,
           "hyperprogression anchors": pd.DataFrame([{"number": "ferrara"}])},
    )  # fmt: skip


def test_curves_that_cross_early():
    assert crossing().verdict == "reproduced"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weeks": 0.0}, "weeks in which"),
        ({"weeks": np.nan}, "weeks in which"),
        ({"excess": -1.0}, "deaths within 3 months, antibody less docetaxel"),
        ({"ratio": 1.1}, "hazard ratio of death"),
        ({"idle": 4.0}, "hardly acts"),
    ],
)
def test_each_part_of_the_crossing_can_fail(change, words):
    found = crossing(**change)
    assert found.verdict == "missed"
    assert any(words in quantity for quantity in failing(found))


def test_the_numbers_of_immunotherapy_are_those_of_its_room(monkeypatch):
    """The lab's own make them, once."""
    monkeypatch.setattr(vilgelm_patients, "PATIENTS", 20)
    lab = Lab(Cells(np.full(3, 1 / 3)))
    first = vilgelm_patients.nonresponse(lab)
    assert 0 <= first.lo <= first.value <= first.hi <= 100
    assert vilgelm_patients.nonresponse(lab) is first
    assert vilgelm_patients.without_antigen(lab) >= 95.0
