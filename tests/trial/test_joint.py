"""The joint check: calibrated, sensitive, and of what was published."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.trial.design import joint_conditions
from rpoint.trial.design.joint import joint, joint_tail, marginals, published_vector, tail_areas
from rpoint.trial.design.questions import planned_mg_per_day
from rpoint.trial.design.switches import (
    AS_IT_IS,
    CONTINUOUS,
    EXACT,
    NO_CLONES,
    UNCONFIRMED,
    WEEKLY,
    WEEKLY_EXACT,
    switched,
)
from rpoint.trial.read import read_trial

ARM = "milademetan 260 mg 3/14"


def vector(*values) -> pd.DataFrame:
    names = "abcdefgh"[: len(values)]
    return pd.DataFrame({"statistic": list(names), "published": values, "source": "none"})


def frame(pool: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(pool, columns=list("abcdefgh"[: pool.shape[1]]))


def test_tail_areas_are_those_of_mid_ranks():
    pool = np.array([[1.0], [2.0], [2.0], [3.0], [np.inf]])
    # mid-ranks 1, 2.5, 2.5, 4, 5 of 5
    assert tail_areas(pool)[:, 0] == pytest.approx([0.2, 0.8, 0.8, 0.6, 0.2])
    assert tail_areas(np.zeros((4, 2))) == pytest.approx(1.0)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
def test_any_vector_of_the_pool_is_as_extreme_as_its_rank(seed, columns, counts):
    """Exchangeable vectors: at most k of M have a joint tail probability of k/M or less."""
    rng = np.random.default_rng(seed)
    pool = rng.normal(size=(20, columns)) @ rng.normal(size=(columns, columns))
    pool = np.round(pool) if counts else pool
    found = []
    for i in range(len(pool)):
        rest = frame(np.delete(pool, i, axis=0))
        found.append(joint_tail(rest, vector(*pool[i]))["p"].to_numpy())
    for p in np.sort(np.array(found), axis=0).T:
        assert (p >= np.arange(1, 21) / 20 - 1e-9).all()


def test_a_vector_out_of_reach_is_the_rarest():
    rng = np.random.default_rng(1)
    simulated = frame(rng.normal(size=(99, 3)))
    table = joint_tail(simulated, vector(9.0, 9.0, -9.0)).set_index("discrepancy")
    assert table.loc["Mahalanobis", "p"] == pytest.approx(0.01)
    # Each end of a statistic is some replicate's, too: ranks tell no more than that.
    assert table.loc["smallest tail area", "p"] <= 0.07
    assert table.loc["smallest tail area", "p"] == table.loc["smallest tail area", "least"]
    assert joint_tail(simulated, vector(0.0, 0.0, 0.0))["p"].min() > 0.7


def test_an_unusual_combination_of_usual_values_is_seen():
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    simulated = frame(np.stack([x, x + 0.1 * rng.normal(size=400)], axis=1))
    table = joint_tail(simulated, vector(1.0, -1.0)).set_index("discrepancy")
    assert table.loc["Mahalanobis", "p"] < 0.01 < 0.2 < table.loc["smallest tail area", "p"]
    assert table.loc["both", "p"] < 0.02


def test_marginals_count_below_equal_above():
    simulated = frame(np.array([[1.0], [2.0], [2.0], [4.0]]))
    row = marginals(simulated, vector(2.0)).iloc[0]
    assert (row["below"], row["equal"], row["above"]) == (25.0, 50.0, 25.0)
    assert row["tail"] == pytest.approx(1.0)


def test_what_was_published_of_mantra_2():
    table = published_vector(read_trial("mantra-2"), ARM).set_index("statistic")["published"]
    assert table.to_dict() == pytest.approx(
        {"response_any_pct": 600 / 31, "response_confirmed_pct": 100 / 31,
         "pfs_median_months": 3.5, "pfs_median_months_lo": 1.8, "pfs_median_months_hi": 3.7,
         "best_target_change_pct": -100.0}
    )  # fmt: skip


def test_limits_at_another_level_are_not_compared():
    trial = read_trial("mantra-2")
    rows = [r.model_dump() for r in trial.published if r.endpoint == "pfs_median_months"]
    other = [{**rows[0], "endpoint": "pfs_median_months_ci90", "level": 0.9}]
    table = published_vector(trial.changed({"published": other}), ARM)
    assert table["statistic"].tolist() == ["pfs_median_months"]


def test_nothing_that_calibrates_is_checked():
    trial = read_trial("paloma-2")
    for arm in trial.arms:
        fitted = {r.endpoint for r in trial.published if (r.arm, r.role) == (arm, "calibrate")}
        found = set(published_vector(trial, arm)["statistic"])
        # The later update of a median that was fitted is no check either.
        assert fitted == {"pfs_median_months"} and found and not fitted & found


def test_each_switch_changes_one_part():
    trial = read_trial("mantra-2")
    found = switched(trial, ARM)
    assert list(found) == [AS_IT_IS, WEEKLY, EXACT, WEEKLY_EXACT, CONTINUOUS, NO_CLONES]
    whole = trial.to_dict()
    part = {WEEKLY: "visits", EXACT: "assessment", CONTINUOUS: "arms", NO_CLONES: "population"}
    assert found[AS_IT_IS] == trial
    for name, key in part.items():
        other = found[name].to_dict()
        assert [k for k in whole if whole[k] != other[k]] == [key]
    own, spread = (found[n].arms[ARM].regimen for n in (AS_IT_IS, CONTINUOUS))
    assert planned_mg_per_day(own) == pytest.approx(planned_mg_per_day(spread), rel=1e-3)
    assert found[WEEKLY_EXACT].assessment.reading_sd_log == 0.0
    control = switched(read_trial("paloma-2"), "placebo+letrozole")
    assert CONTINUOUS not in control


def patients(*rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["REPL", "bor", "cbor", "held_d", "held_event", "lost_next"])
    return table.assign(EFFFL="Y", SIMSTAT="ok", TUMTYPE=[f"t{k % 4}" for k in range(len(table))])


class Values:
    """Statistics of three replicates."""

    def values(self, variant: str, arm: str, endpoint: str) -> pd.Series:
        known = {"pfs_median_months": [3.5, 3.5, 2.0], "pfs_median_months_lo": [1.8, 1.8, 1.8],
                 "pfs_median_months_hi": [3.7, 9.0, np.nan]}  # fmt: skip
        return pd.Series(known[endpoint])


def test_conditions_are_counted():
    pr = ("PR", "SD", 56.0, 1.0, 100.0)
    kept = ("PR", "PR", 140.0, 1.0, 0.0)
    none = ("SD", "SD", np.nan, np.nan, np.nan)
    rows = patients(
        *[(0, *pr)] * 5, (0, *kept), *[(0, *none)] * 4,
        *[(1, *pr)] * 3, (1, *kept), (1, *kept), *[(1, *none)] * 5,
        (2, *pr), *[(2, *none)] * 9,
    )  # fmt: skip
    trial = read_trial("mantra-2")
    table = joint_conditions.conditions(trial, rows, Values(), "x", ARM).set_index("statement")
    row = table.loc["P(confirmed <= 1 | any >= 5)"]
    assert (row["count"], row["of"]) == (1, 2) and row["value"] == 50.0
    assert table.loc["P(any >= 5)", "count"] == 2
    assert table.loc["P(3 or more tumour types respond | any >= 5)", "count"] == 2
    assert table.loc["pfs_median_months in 3.2 to 3.9", "count"] == 2
    assert table.loc["all of these bands", "count"] == 1
    assert table.loc["median time that a response is seen", "value"] == 8.0
    assert table.loc["responses gone at the next scan", "value"] == pytest.approx(100 * 9 / 12)
    assert table.loc["median below two scan intervals (16 weeks)", "count"] == 3


@pytest.fixture
def fake(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "tests" / "trial" / "fakes"))
    yield "fake_design_compute:compute"
    sys.modules.pop("fake_design_compute", None)


def test_counting_responses_when_seen_changes_the_confirmed_rate_alone(fake):
    trial = read_trial("mantra-2").changed({("arms", ARM, "patients"): 10})
    found = joint(trial, replicates=10, seed=3, compute=fake)
    wide = found.parts.pivot(index="variant", columns="statistic", values="value")
    assert wide.loc[UNCONFIRMED, "response_confirmed_pct"] == pytest.approx(
        wide.loc[AS_IT_IS, "response_any_pct"]
    )
    others = [c for c in wide if c != "response_confirmed_pct"]
    assert (wide.loc[UNCONFIRMED, others] == wide.loc[AS_IT_IS, others]).all()
    # The fake's tumours never shrink by all: the published -100 % is out of its reach.
    assert found.table.set_index("statistic").loc["best_target_change_pct", "above"] == 100.0
    tail = found.joint.set_index("discrepancy").loc["smallest tail area"]
    assert tail["p"] == tail["least"] < 1.0 and len(found.vectors) == 10
    assert found.p == found.joint.set_index("discrepancy").loc["both", "p"]
    assert set(found.part_joint["variant"]) == {*found.runs.trials, UNCONFIRMED}
    assert found.to_dict()["p"] == found.p and "joint tail probability" in str(found)
    with pytest.raises(RpointError, match="nothing was published"):
        joint(trial.changed({"published": []}), replicates=1, compute=fake)


def test_the_simulation_itself_goes_through_the_check():
    trial = read_trial("mantra-2").changed(
        {("arms", ARM, "patients"): 4, "enrolment.months": 1,
         "cutoff": {"months_after_last_entry": 2}}
    )  # fmt: skip
    found = joint(trial, replicates=2, seed=1, decompose=False)
    assert len(found.vectors) <= 2 and 0.0 < found.p <= 1.0
    assert found.parts["variant"].unique().tolist() == [AS_IT_IS, UNCONFIRMED]
