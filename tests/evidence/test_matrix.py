"""The matrix as data, and its score on hand-made rates."""

import copy
from collections import Counter

import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.evidence import matrix
from rpoint.evidence.conditions import Setup, matrix_data
from rpoint.evidence.results import Cells
from rpoint.evidence.rules import Rates

TABLE = matrix.load()
WEIGHTS = np.full(10, 0.1)


def flat(value=1.0, sets=10):
    keys = [(g, t) for g in TABLE.genotypes for t in TABLE.treatments]
    return {key: np.full(sets, value) for key in keys}


def score(net, cycling=None):
    rates = Rates(net, cycling or flat(), TABLE.components, TABLE.tolerance, TABLE._rivals())
    return TABLE.score(rates, WEIGHTS).set_index(["genotype", "treatment"])


def test_shape_and_strong_cells_are_those_of_the_table():
    assert len(TABLE.genotypes) == 16
    assert len(TABLE.columns) == 7
    assert len(TABLE.cells) == 112
    strong = Counter(cell.genotype for cell in TABLE.cells if cell.strong)
    assert strong == {
        "wild type": 5,
        "TP53-null": 5,
        "RB1-null": 3,
        "CDKN1A-null": 3,
        "cyclin D1 clamped": 1,
        "CDK2 knock-out": 1,
        "MDM2 CN 12, TP53-null": 1,
        "MDM4-high": 1,
        "AKT-high": 2,
        "ER loss": 1,
    }


def test_share_counts_the_sets_in_which_a_cell_holds():
    net = flat()
    net["wild type", "CDK4/6i"] = np.where(np.arange(10) < 9, 0.5, 1.0)
    row = score(net).loc[("wild type", "CDK4/6i")]
    assert row["share"] == pytest.approx(0.9)
    assert row["verdict"] == "holds"
    net["wild type", "CDK4/6i"] = np.where(np.arange(10) < 8, 0.5, 1.0)
    assert score(net).loc[("wild type", "CDK4/6i")]["verdict"] == "fails"


def test_share_is_over_scored_sets_and_few_of_them_test_nothing():
    net = flat()
    single, both = ("wild type", "CDK4/6i"), ("wild type", "CDK4/6i + MDM2i")
    net[single] = np.where(np.arange(10) < 6, 0.5, 0.1)  # scored in six
    net[both] = np.where(np.arange(10) < 6, 0.2, 0.1)
    row = score(net).loc[both]
    assert (row["share"], row["scored"]) == pytest.approx((1.0, 0.6))
    assert row["verdict"] == "holds"
    net[single] = np.where(np.arange(10) < 4, 0.5, 0.1)
    assert score(net).loc[both]["verdict"] == "not tested"


def test_a_row_that_must_grow_is_not_scored_where_it_does_not():
    net = flat()
    for treatment in TABLE.treatments:
        net["ER loss", treatment] = np.where(np.arange(10) < 7, 1.0, 0.1)
    row = score(net).loc[("ER loss", "fulvestrant")]
    assert (row["share"], row["scored"]) == pytest.approx((1.0, 0.7))


def test_weak_cells_are_reported_and_unscored_cells_are_ns():
    table = score(flat())
    assert table.loc[("CCNE-amp", "MDM2i")]["verdict"] == "reported"
    assert table.loc[("CDK2 knock-out", "MDM2i")]["verdict"] == "ns"
    assert np.isnan(table.loc[("CDK2 knock-out", "MDM2i")]["share"])


def test_parts_of_a_joint_rule_are_told_apart():
    net = flat()
    net["AKT-high", "CDK4/6i"] = np.full(10, 0.9)
    net["AKT-high", "CDK4/6i + AKTi"] = np.full(10, 0.5)
    net["wild type", "CDK4/6i + AKTi"] = np.full(10, 0.1)
    row = score(net).loc[("AKT-high", "CDK4/6i + AKTi")]
    assert row["parts"] == "combination 1.00; largest_gain 0.00"
    assert row["share"] == 0


def test_rates_are_read_from_runs_relative_to_the_wild_type_vehicle():
    cells = Cells(WEIGHTS)
    for setup in TABLE.setups():
        slow = 0.5 if setup.treatment == "MDM2i" else 1.0
        levels = {"net_rate": 0.02 * slow, "division_rate": 0.03 * slow}
        cells.values[setup] = {k: np.full((10, 2), v) for k, v in levels.items()}
        cells.days[setup] = np.array([0.0, 21.0])
    rates = TABLE.rates(cells)
    assert rates.net["RB1-null", "MDM2i"] == pytest.approx(np.full(10, 0.5))
    assert rates.cycling["RB1-null", "vehicle"] == pytest.approx(np.full(10, 1.5))


def test_setting_and_exposure_touch_only_runs_with_the_cdk46_inhibitor():
    changed = set(TABLE.setups("expulsion", 0.25)) - set(TABLE.setups())
    assert len(changed) == 16 * 5
    assert all("CDK4/6i" in setup.treatment for setup in changed)
    assert Setup("CDK4/6i", alpha="expulsion", exposure=0.25) in changed


def test_clamped_row_is_run_with_a_clamp():
    run = TABLE.setup("cyclin D1 clamped", "MDM2i", "sink", 1.0).condition()
    assert run.clamp == {"CycD": "vehicle"}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: d["cells"]["wild type"]["MDM2i"].update(rules=["zerro"]), "zero"),
        (lambda d: d["cells"]["wild type"].pop("MDM2i"), "columns"),
    ],
)
def test_wrong_data_is_refused_by_name(spoil, message):
    data = copy.deepcopy(matrix_data())
    spoil(data)
    with pytest.raises(RpointError, match=message):
        matrix.read(data)


def test_unknown_setting_is_refused():
    with pytest.raises(RpointError, match="expulsion"):
        TABLE.setups("expulsive")
