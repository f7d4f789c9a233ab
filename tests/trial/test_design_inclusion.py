"""Trial outcomes by inclusion rule: what both rules must give, and how well it is known."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rpoint.cohort import Population, draw_cohort
from rpoint.errors import RpointError
from rpoint.stats.weighted_hazard import weighted_hazards
from rpoint.trial.compute import compute_chunk
from rpoint.trial.design.inclusion import ENDPOINTS, EVERY, inclusion, spread
from rpoint.trial.read import read_trial

ARM = "milademetan 260 mg 3/14"
NAN = float("nan")


def small(patients: int = 20, **more):
    return read_trial("mantra-2").changed({("arms", ARM, "patients"): patients, **more})


@pytest.fixture(scope="module")
def fakes(root):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root / "tests" / "trial" / "fakes"))
        yield "fake_inclusion_compute:compute"
    for name in ("fake_inclusion_compute", "fake_design_compute"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def many(fakes):
    """1200 patients whose tumours are fast in a fifth, among candidates in three of five."""
    return inclusion(small(), replicates=60, seed=3, compute=fakes)


def test_both_rules_find_the_population_and_the_candidates_do_not(many):
    assert list(many.table.columns[:3]) == ["arm", "endpoint", "rule"]
    expected = {"response_any_pct": (24.0, 12.0), "response_confirmed_pct": (12.0, 6.0),
                "pfs_rate_6mo_pct": (80.0, 40.0)}  # fmt: skip
    for endpoint, (right, plain) in expected.items():
        found = {rule: many.value(endpoint, rule, "value") for rule in EVERY}
        assert found["acceptance"] == pytest.approx(right, abs=4.0), endpoint
        assert found["weights"] == pytest.approx(right, abs=4.0), endpoint
        assert found["plausible"] == pytest.approx(plain, abs=4.0), endpoint
        lo, hi = (many.value(endpoint, column=f"difference_{end}") for end in ("lo", "hi"))
        assert lo < 0.0 < hi
        assert many.value(endpoint, "plausible", "difference_hi") < 0.0
    month = 30.4375
    assert many.value("pfs_median_months", column="value") == pytest.approx(400 / month)
    assert many.value("pfs_median_months", "plausible", "value") == pytest.approx(30 / month)
    assert many.value("pfs_median_months") == 0.0


def test_the_monte_carlo_error_is_that_of_the_sums(many):
    """Patients of this fake are independent: the error of a share is sqrt(p (1 - p) / n)."""
    lo, hi = (many.value("pfs_rate_6mo_pct", "acceptance", end) for end in ("lo", "hi"))
    p = many.value("pfs_rate_6mo_pct", "acceptance", "value") / 100
    expected = 2 * 2.001 * 100 * np.sqrt(p * (1 - p) / 1200)
    assert hi - lo == pytest.approx(expected, rel=0.25)
    error = many.value("pfs_rate_6mo_pct", column="error")
    width = many.value("pfs_rate_6mo_pct", column="difference_hi") - many.value(
        "pfs_rate_6mo_pct", column="difference_lo"
    )
    assert width == pytest.approx(2 * 2.001 * error, rel=1e-3)


def test_weighted_patients_say_as_much_as_their_effective_number(many):
    assert many.value("response_any_pct", "acceptance", "effective") == 1200
    # E[w]^2 / E[w^2] with w = 1/3 in 60 % and 2 in 40 %.
    share = many.value("response_any_pct", "weights", "effective") / 1200
    assert share == pytest.approx(1 / (0.6 / 9 + 0.4 * 4), abs=0.03)
    assert many.value("response_any_pct", "plausible", "effective") == 1200
    assert "1200 weighted patients say as much as 7" in str(many)
    assert "in 0 of 4 outcomes" in many.summary()


def test_replicates_and_plain_data_hold_every_rule(many):
    each = many.replicates()
    assert len(each) == 60 * len(EVERY) * len(ENDPOINTS)
    accepted = each[(each["VARIANT"] == "acceptance") & (each["ENDPOINT"] == "response_any_pct")]
    mean = many.value("response_any_pct", "acceptance", "value")  # replicates of equal size
    assert accepted["VALUE"].mean() == pytest.approx(mean)
    told = many.to_dict()
    assert (told["question"], told["replicates"], told["seed"]) == ("inclusion", 60, 3)
    assert len(told["table"]) == len(many.to_frame()) == len(EVERY) * len(ENDPOINTS)


def test_one_replicate_has_no_monte_carlo_error(fakes):
    one = inclusion(small(), replicates=1, compute=fakes)
    assert np.isnan(one.table[["lo", "hi", "error"]].to_numpy(float)).all()
    assert one.table["value"].notna().all()


def test_limits_that_are_not_reached_are_not_known():
    resampled = np.array([2.0] * 50 + [3.0] * 45 + [NAN] * 5)
    lo, hi, error = spread(2.5, resampled, 10, time=True)
    assert lo == 2.0 and np.isnan(hi) and np.isnan(error)
    lo, hi, error = spread(2.5, resampled[:95], 10, time=True)
    assert (lo, hi) == (2.0, 3.0)
    assert error == pytest.approx(resampled[:95].std(ddof=1) * np.sqrt(10 / 9))


def test_medians_that_are_not_reached_have_no_difference(fakes, monkeypatch):
    import fake_inclusion_compute as fake

    real = fake.base.adtte  # nobody progresses; deaths are not looked at
    monkeypatch.setattr(fake.base, "adtte", lambda *a: real(*a).assign(CNSR=1))
    found = inclusion(small(), replicates=3, resamples=50, compute=fakes)
    times = found.table[found.table["endpoint"] == "pfs_median_months"]
    columns = ["value", "lo", "hi", "difference", "difference_hi", "error"]
    assert times[columns].isna().all(axis=None)
    assert found.value("pfs_rate_6mo_pct", "weights", "value") == 100.0
    assert "in 0 of 3 outcomes" in found.summary()


def test_a_trial_of_published_curves_alone_depends_on_no_rule(fakes):
    whole = read_trial("mantra")
    alone = whole.changed({"arms": {"trabectedin": whole.arms["trabectedin"].model_dump()},
                           "published": [], "facts": {}, "analysis.contrast": None,
                           "cutoff": {"months_after_last_entry": 6}})  # fmt: skip
    with pytest.raises(RpointError, match="no arm has a drug model"):
        inclusion(alone, replicates=1, compute=fakes)


@pytest.fixture(scope="module")
def chunks():
    """Six patients of each rule, and without a word of rules, hardly followed up."""
    trial = small(6, **{"enrolment.months": 1, "cutoff": {"months_after_last_entry": 1}})
    given = ({}, {"inclusion": "acceptance"}, {"inclusion": "weights"})
    return trial, [compute_chunk(trial, None, range(6), 4, options) for options in given]


def test_the_rule_reaches_the_patients_and_their_weights_the_tables(chunks):
    trial, (plain, accepted, weighted) = chunks
    for name, table in plain.items():
        assert table.equals(accepted[name]), name
    assert (plain["adsl"]["WEIGHT"] == 1.0).all()
    people = Population.of(trial.population)
    cohort = draw_cohort(people, np.arange(6), 4, rule="weights")
    assert np.array_equal(weighted["adsl"]["WEIGHT"], cohort.weights)
    assert len(set(cohort.weights)) > 1
    for column in ("ALTER", "TUMTYPE", "ENRLDT"):  # the same genotypes and days of entry
        assert (weighted["adsl"][column] == plain["adsl"][column]).all()
    assert not np.allclose(weighted["adsl"]["SLDBL"], plain["adsl"]["SLDBL"])
    with pytest.raises(RpointError, match="inclusion rule"):
        compute_chunk(trial, None, range(1), 4, {"inclusion": "weight"})


def test_a_trial_of_two_arms_has_a_hazard_ratio_by_rule(fakes):
    """The fake's arms do not differ; a patient's weight does, and so do fast and slow tumours."""
    trial = read_trial("paloma-3").changed(
        {("arms", arm, "patients"): 30 for arm in read_trial("paloma-3").arms}
    )
    found = inclusion(trial, replicates=20, resamples=200, seed=5, compute=fakes)
    name = "palbociclib+fulvestrant vs placebo+fulvestrant"
    rows = found.table[found.table["endpoint"] == "pfs_hr"]
    assert set(rows["arm"]) == {name} and list(rows["rule"]) == list(EVERY)
    assert (rows["patients"] == 1200).all()
    assert (rows["lo"] < rows["value"]).all() and (rows["value"] < rows["hi"]).all()
    assert rows["value"].between(0.6, 1.6).all()
    mine = found.runs.rows
    mine = mine[mine["VARIANT"] == "weights"]
    expected = weighted_hazards(
        mine["pfs"], mine["pfs_event"], mine["TRT01P"] == "palbociclib+fulvestrant",
        mine["WEIGHT"], mine["REPL"],
    )  # fmt: skip
    value = np.exp(expected.log_ratio(np.ones((1, 20))))[0]
    assert found.value("pfs_hr", "weights", "value", name) == pytest.approx(value)
    each = found.replicates()
    assert (each["ENDPOINT"] == "pfs_hr").sum() == 20 * len(EVERY)


def test_a_contrast_with_a_published_curve_has_none(fakes):
    found = inclusion(read_trial("mantra"), replicates=2, resamples=50, compute=fakes)
    assert "pfs_hr" not in set(found.table["endpoint"])
