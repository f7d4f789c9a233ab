"""Rules under transient responses, by hand and against the binomial distribution."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.stats.simon import characteristics
from rpoint.trial.design.rules import OTHER, basket_names, decide, rules
from rpoint.trial.read import read_trial

ARM = "milademetan 260 mg 3/14"
DESIGN = characteristics(0, 2, 1, 4, p0=0.05, p1=0.3)


def rows(*patients) -> pd.DataFrame:
    return pd.DataFrame(patients, columns=["REPL", "bor", "cbor"])


def test_the_rule_follows_the_order_of_entry():
    table = rows(
        *[(0, "SD", "SD"), (0, "PR", "SD"), (0, "PR", "PR"), (0, "SD", "SD"), (0, "PR", "PR")],
        *[(1, "PR", "SD"), (1, "SD", "SD"), (1, "SD", "SD")],
        *[(3, "PD", "PD"), (3, "SD", "SD"), (3, "CR", "CR"), (3, "CR", "CR")],
    )
    seen = decide(table, "bor", DESIGN, np.arange(4))
    assert seen["stop"].tolist() == [False, False, True, True]  # nobody in replicate 2
    assert seen["promising"].tolist() == [True, False, False, False]
    assert seen["x"].tolist() == [2, 1, 0, 2] and seen["n"].tolist() == [4, 3, 0, 4]
    kept = decide(table, "cbor", DESIGN, np.arange(4))
    assert kept["stop"].tolist() == [True, True, True, True]
    assert not kept["promising"].any()
    assert seen["responders"].tolist() == [3, 1, 0, 2]


def test_rare_types_are_one_basket():
    table = pd.DataFrame({"TUMTYPE": ["lung"] * 5 + ["breast"] * 3 + ["bladder", "biliary"]})
    assert basket_names(table, 2).value_counts().to_dict() == {"lung": 5, "breast": 3, OTHER: 2}


@pytest.fixture(scope="module")
def found(root):
    folder = str(root / "tests" / "trial" / "fakes")
    sys.path.insert(0, folder)
    try:
        trial = read_trial("mantra-2").changed({("arms", ARM, "patients"): 30})
        yield rules(trial, replicates=200, seed=4, model="beta", baskets=2,
                    compute="fake_design_compute:compute")  # fmt: skip
    finally:
        sys.path.remove(folder)
        sys.modules.pop("fake_design_compute", None)


def test_without_uncertainty_the_binomial_distribution_holds(found):
    """Patients of the fake respond independently at one rate: 30 % seen, 10 % confirmed."""
    table = found.simon.set_index("endpoint")
    assert table.loc["any", "rate"] == pytest.approx(30.0, abs=2.5)
    assert table.loc["confirmed", "rate"] == pytest.approx(10.0, abs=2.0)
    for endpoint in ("any", "confirmed"):
        for verdict in ("stop", "promising"):
            row = table.loc[endpoint]
            assert row[f"{verdict}_lo"] - 1.5 <= row[f"{verdict}_binomial"], (endpoint, verdict)
            assert row[f"{verdict}_binomial"] <= row[f"{verdict}_hi"] + 1.5, (endpoint, verdict)
    assert table.loc["any", "promising"] > table.loc["confirmed", "promising"] + 30.0
    assert (table["short"] == 0).all() and table["size"].between(10, 29).all()
    assert found.agreement["confirmed_only"] == 0.0
    assert found.agreement["confirmed_share"] == pytest.approx(100 / 3, abs=6.0)


def test_baskets_say_go_more_often_where_responses_count_when_seen(found):
    wide = found.baskets.pivot(index="basket", columns="endpoint", values="go")
    assert len(wide) == 4 and {OTHER, "any basket"} < set(wide.index)
    assert (wide["any"] >= wide["confirmed"]).all() and wide.loc["any basket", "any"] > 60.0
    assert wide.loc["any basket"].ge(wide.drop(index="any basket").max()).all()
    sizes = found.baskets[found.baskets["basket"] != "any basket"].groupby("endpoint")["n"].sum()
    assert np.allclose(sizes, 30.0)


def test_the_number_of_baskets_is_bounded():
    with pytest.raises(RpointError, match="baskets"):
        rules(read_trial("mantra-2"), replicates=1, baskets=0)
