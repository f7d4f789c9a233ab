"""The OAK-like trial: what emerges, what must not, and its comparison with OAK."""

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.immune import lung
from rpoint.immune.compare import comparison, crossing, hyperprogression_rates, numbers
from rpoint.immune.oak import oak_like

# No drug does anything: T cells see nothing, docetaxel hardly kills and fades at once.
NULL = {
    "antigenicity_median": 0.01,
    "antigenicity_sd_log": 0.3,
    "docetaxel_kill_median": 0.001,
    "docetaxel_kill_sd_log": 0.2,
    "docetaxel_resistance_rate": 0.05,
}


@pytest.fixture(scope="module")
def trial():
    return oak_like(700, seed=11)


def test_the_same_seed_gives_the_same_trial():
    one, other = oak_like(20, control=15, seed=4), oak_like(20, control=15, seed=4)
    assert one.patients.equals(other.patients) and one.sizes.equals(other.sizes)
    assert len(one.patients) == 35
    assert not one.patients["baseline_mm"].equals(
        oak_like(20, control=15, seed=5).patients["baseline_mm"]
    )


def test_replicates_take_other_patients_and_a_patient_is_the_same_in_any_trial():
    whole = oak_like(30, control=1, seed=4).arm(lung.ANTIBODY)
    later = oak_like(10, control=1, seed=4, first=20).arm(lung.ANTIBODY)
    np.testing.assert_array_equal(whole["os_d"].to_numpy()[20:], later["os_d"].to_numpy())


def test_early_progression_is_in_excess_on_the_antibody_and_the_curves_cross():
    """Nobody put it in: docetaxel acts at once, T cells later or never.

    With 700 patients an arm the first touch of the curves may come weeks before they part.
    """
    trial = oak_like(2500, seed=11)
    found = numbers(trial.patients)
    early = "pfs event within 2 months, %, "
    assert found[early + lung.ANTIBODY] > found[early + lung.DOCETAXEL] + 5
    assert 10 < found["pfs crossing, weeks"] < 40
    late = {arm: (trial.arm(arm)["pfs_d"] > 365).mean() for arm in lung.ARMS}
    assert late[lung.ANTIBODY] > 1.4 * late[lung.DOCETAXEL]


def test_there_is_no_excess_where_neither_drug_acts():
    idle = oak_like(700, seed=11, facts=NULL)
    found = numbers(idle.patients)
    early = "pfs event within 2 months, %, "
    assert abs(found[early + lung.ANTIBODY] - found[early + lung.DOCETAXEL]) < 6
    assert 0.88 < found["pfs hazard ratio"] < 1.13
    assert 0.88 < found["os hazard ratio"] < 1.13


def test_patients_who_are_the_same_in_both_arms_differ_by_treatment_alone():
    both = oak_like(60, seed=2, paired=True, facts=NULL | {"docetaxel_kill_median": 0.001})
    one, other = (both.arm(arm).reset_index(drop=True) for arm in lung.ARMS)
    assert one["baseline_mm"].equals(other["baseline_mm"]) and one["pre_mm"].equals(other["pre_mm"])
    assert (one["os_d"] - other["os_d"]).abs().median() < 30


def test_tables_hold_together(trial):
    table = trial.patients
    assert (table["pfs_d"] <= table["os_d"] + 1e-9).all()
    assert table.loc[table["pd_d"].notna(), "pfs_d"].eq(table["pd_d"].dropna()).all()
    scans = trial.sizes[trial.sizes["day"] >= 0]
    last = scans.groupby("patient")["day"].max()
    assert (last <= table.set_index("patient")["pfs_d"].reindex(last.index) + 1e-9).all()
    assert set(table["response"]) <= {"PR", "SD", "PD", "NE"}
    assert (trial.sizes.groupby("patient")["day"].min() == -42).all()


def test_hyperprogression_is_judged_by_the_room_for_users_data(trial):
    rates = hyperprogression_rates(trial).set_index(["definition", "arm"])
    for arm in lung.ARMS:
        one = trial.arm(arm)
        up = (one["first_change_pct"] >= 50).sum()
        assert rates.loc[("fast_progression", arm), "yes"] == up
        assert rates.loc[("lo_russo", arm), "evaluable"] == 0  # no organs, no ECOG: not evaluable
        assert rates.loc[("ferrara", arm), "evaluable"] > 0
    without = trial.hyperprogression(lung.ANTIBODY, pre_scan=False).rates().set_index("definition")
    assert without.loc["ferrara", "evaluable"] == 0
    assert without.loc["nanchang", "yes"] == rates.loc[("nanchang", lung.ANTIBODY), "yes"]


def test_curves_that_cross():
    assert crossing(np.array([1, 0.8, 0.7]), np.array([1, 0.9, 0.6])) == 2.0
    assert crossing(np.array([1, 0.9, 0.7]), np.array([1, 0.9, 0.6])) == 0.0
    assert np.isnan(crossing(np.array([1, 0.8, 0.5]), np.array([1, 0.9, 0.6])))


@pytest.mark.parametrize("change", [{"n": 0}, {"control": 0}, {"first": -1}])
def test_impossible_sizes_are_refused(change):
    with pytest.raises(RpointError, match="one patient or more"):
        oak_like(**({"n": 5} | change))


def test_an_unknown_endpoint_is_refused(trial):
    with pytest.raises(RpointError, match="endpoint"):
        trial.hazard_ratio("dfs")


@pytest.mark.data
@pytest.mark.slow
def test_hits_and_misses_against_oak(data_folder):
    """Hits and misses as they are; a change of either is news."""
    table = comparison(str(data_folder), replicates=12, seed=1).set_index("number")
    assert table.loc["pfs hazard ratio", "measured"] == pytest.approx(0.902, abs=0.002)
    assert table.loc["os hazard ratio", "measured"] == pytest.approx(0.729, abs=0.002)
    for met in ("pfs median, months, atezolizumab", "response, %, atezolizumab"):
        assert table.loc[met, "hit"], met
    for missed in ("os hazard ratio", "os median, months, atezolizumab"):
        assert not table.loc[missed, "hit"], missed
