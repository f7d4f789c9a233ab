"""Tables, labelled risks, schedules and the figure."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.blood import (
    Setting,
    central,
    check_settings,
    counts,
    draw_parameters,
    draw_patients,
    incidence_table,
    predicted_against_published,
    predicted_rates,
    rate_interval,
    risk_table,
    risks,
    run_blood,
    schedules,
    worst_grade,
)
from rpoint.errors import RpointError
from rpoint.plots import Figure

ARMS = {"3/14": "milademetan 260 mg qd d1-3,15-17/28", "daily": "milademetan 55.7142857 mg qd"}


@pytest.fixture(scope="module")
def both():
    return schedules(ARMS, 150, 12, None, 1, tumour="liposarcoma")


def test_schedules_of_one_dose_intensity_differ_in_platelets(both):
    mg = [run.taken["milademetan"].total_mg()[0] for run in both.arms.values()]
    assert mg[0] == pytest.approx(mg[1], rel=1e-6)
    low = {arm: run.counts["platelets"].min(axis=1) for arm, run in both.arms.items()}
    assert (low["daily"] < low["3/14"]).mean() > 0.9  # the same patients
    share = {arm: (one < 50).mean() for arm, one in low.items()}
    assert share["daily"] > share["3/14"] + 0.05


def test_the_difference_comes_from_the_saturation_of_p53_and_the_less_sensitive_cells():
    """Far from saturation and without two populations the order is lost: peaks count most."""
    p = central().with_values(
        kill_c50=33e3, kill_max=2.73e3, less_sensitive_share=1e-6, kill_cv=1e-6
    )
    run = schedules(ARMS, 60, 12, None, 1, tumour="liposarcoma", parameters=p)
    low = {arm: one.counts["platelets"].min(axis=1) for arm, one in run.arms.items()}
    assert np.median(low["3/14"] / low["daily"]) < 1.25


def test_tables_and_figure(both):
    table = both.summary()
    assert list(table.columns) == ["arm", "term", "at_least", "x", "n", "percent", "lo", "hi"]
    assert ((table["lo"] <= table["percent"]) & (table["percent"] <= table["hi"])).all()
    nadirs = both.nadirs()
    assert len(nadirs) == 8 and (nadirs["lo"] <= nadirs["hi"]).all()
    figure = both.plot()
    assert isinstance(figure, Figure) and figure.cite()
    assert len(figure.table) == 2 * 3 * 84
    assert "Mahfoudhi" in " ".join(figure.cite())


def test_true_and_measured_grades_and_the_time_followed():
    group = draw_patients(80, ("milademetan",), 3)
    run = run_blood(ARMS["3/14"], days=56, patients=group, seed=3)
    none = worst_grade(run, until_day=np.zeros(80))
    assert (none.to_numpy() == 0).all()
    true = worst_grade(run, measured=False)
    lowest = run.counts["platelets"].min(axis=1)
    assert ((true["thrombocytopenia"] >= 3) == (lowest < 50)).all()
    table = incidence_table(run, measured=False).set_index(["term", "at_least"])
    assert table.loc[("thrombocytopenia", 3), "x"] == (lowest < 50).sum()


@pytest.mark.parametrize(
    ("drug", "text"),
    [
        ("abemaciclib", "abemaciclib 150 mg bid"),
        ("alpelisib", "alpelisib 300 mg qd"),
        ("capivasertib", "capivasertib 400 mg bid 4 on/3 off"),
        ("ribociclib", "ribociclib 600 mg qd"),
    ],
)
def test_labelled_risks_come_out_as_they_were_put_in_and_fall_with_the_dose(drug, text):
    n = 700
    group = draw_patients(n, (drug,), 1)
    run = run_blood(text, days=150, patients=group, seed=1)
    dose = text.split()[1]
    half = text.replace(dose, f"{float(dose) / 2:g}")
    low = run_blood(half, days=150, patients=group, seed=1)
    for risk in risks()[drug]:
        share = (run.other["term"] == risk.term).mean() * len(run.other) / n
        began = 1.0 - np.exp(-150.0 / risk.onset.value)  # share of the hazard that has passed
        expected = 1.0 - (1.0 - risk.incidence.value) ** began
        chance = 3 * np.sqrt(expected * (1 - expected) / n)
        # exposure varies between patients, by up to a tenth of the rate on average
        assert abs(share - expected) < chance + 0.1 * expected, risk.term
        assert (low.other["term"] == risk.term).sum() / n < share
    assert run.other.groupby(["row", "term"]).size().max() == 1
    assert run.other["grade"].isin([3, 4]).all() and (run.other["duration_d"] >= 1).all()


def test_an_event_feeds_the_dose_rules():
    run = counts("alpelisib 300 mg qd", 120, 20, "named", 1)
    course = run.arms["treated"]
    for _, event in course.other.head(20).iterrows():
        mine = course.events[course.events["row"] == event["row"]]
        assert mine["reason"].str.contains(event["term"]).any() or (
            (mine["action"] == "discontinue").any() or (mine["day"] <= event["day"]).any()
        )
    assert (course.taken["alpelisib"].mg == 250.0).any()
    assert risk_table()["source"].all()


def test_simulated_trials_differ_by_sampling_and_by_uncertainty():
    setting = Setting({ARMS["3/14"]: 40}, {"milademetan": "milademetan"}, "liposarcoma", 3.0, 84)
    rates = predicted_rates(setting, 4, seed=2)
    again = predicted_rates(setting, 4, seed=2)
    assert rates.equals(again)
    assert rates["thrombocytopenia"].nunique() > 1
    interval = rate_interval(rates)
    assert (interval["lo"] <= interval["median"]).all()
    assert (interval["median"] <= interval["hi"]).all()


def test_healthy_marrow_shows_hardly_any_grade_3():
    course = counts("vehicle", 500, 12, None, 1, tumour="breast").arms["treated"]
    assert (worst_grade(course) >= 3).mean().max() < 0.01


def test_published_rates_stand_beside_predicted_ones():
    settings = check_settings()
    assert {"mantra", "paloma-2", "milademetan-phase-1"} <= set(settings)
    for one in settings.values():
        assert one.source and one.grade in ("read", "secondary") and one.rates
    assert settings["milademetan-phase-1"].patients == 107
    table = predicted_against_published(("milademetan-intermittent",), draws=3)
    assert len(table) == 3 and (table["lo"] <= table["hi"]).all()
    assert (table["hit"] == table["published"].between(table["lo"], table["hi"])).all()
    row = table.set_index("term").loc["thrombocytopenia"]
    assert (row["published_lo"], row["published_hi"]) == pytest.approx((3.21, 37.89), abs=0.01)


def test_what_a_user_can_mend():
    for wrong in ({"patients": 0}, {"rules": "label"}, {"tumour": "liposarcma"}):
        with pytest.raises(RpointError):
            counts("milademetan 260 mg qd", **{"weeks": 1, **wrong})
    with pytest.raises(RpointError):
        schedules({})


def test_a_draw_changes_the_counts():
    one = counts("milademetan 260 mg qd d1-3/14", 20, 4, parameters=draw_parameters(1, 1))
    two = counts("milademetan 260 mg qd d1-3/14", 20, 4)
    assert not np.allclose(
        one.arms["treated"].counts["platelets"], two.arms["treated"].counts["platelets"]
    )
