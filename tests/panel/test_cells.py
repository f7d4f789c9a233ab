"""From columns to cells of the model, and their curves against the runner of conditions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.panel.cells import COMPONENTS, handle_rows
from rpoint.panel.read import read_panel
from rpoint.panel.response import Rows, run_curves
from rpoint.panel.traits import CALLS, copies_of, distinct, traits
from rpoint.tumour.cells import Condition, run_cells
from rpoint.tumour.simulate import shipped


def told(**columns):
    count = len(next(iter(columns.values())))
    head = {"model_id": [f"m{k}" for k in range(count)], "tumour_type": ["melanoma"] * count}
    return read_panel(pd.DataFrame({**head, **columns}))


@pytest.mark.parametrize(
    ("cell", "copies"),
    [("wt", 2), ("amp", 8), ("gain", 4), ("cn=12", 12), ("loss", 0.5), ("mut+cn=6", 6), ("low", 1)],
)
def test_copies(cell: str, copies: float) -> None:
    assert copies_of(tuple(cell.split("+"))) == copies


def test_calls_and_copies_are_read_from_states() -> None:
    found = traits(told(TP53=["wt", "mut", "vus", "loss"], MDM2=["cn=12", "amp", "wt", "loss"]), 2)
    assert [CALLS[k] for k in found.calls["TP53"][:, 0]] == ["wt", "mut", "vus", "loss"]
    np.testing.assert_allclose(np.exp(found.copies["g_MDM2"][:, 1]) * 2, [12, 8, 2, 0.5])


def test_the_largest_drive_of_a_pathway_counts() -> None:
    found = traits(told(KRAS=["mut", "wt", "vus"], NF1=["mut", "mut", "wt"]), 1)
    drive = found.drives["g_RAS"][:, 0]
    assert drive[0] == 2.0 and drive[1] == 1.0 and 0 < drive[2] < 1.0


def test_unknown_genes_are_drawn_at_the_frequency_of_the_type() -> None:
    found = traits(told(BRAF=["mut"]), 40, among="patients")
    share = np.isin(found.calls["TP53"], [CALLS.index("mut"), CALLS.index("loss")]).mean()
    assert 0.05 < share < 0.45  # melanoma: 15 % in TCGA, more in metastases
    assert set(np.unique(found.calls["TP53"])) <= {0, 1, 2, 3}


def test_switches_of_components_and_amounts_of_handles() -> None:
    found = traits(told(CCND1=["wt", "amp"], TP53=["wt", "wt"]), 1)
    beta = {"copies:g_CCND1": np.log(0.5), "TOR_growth": 0.4, "lineage": np.log(0.3)}
    rows = handle_rows(found, beta)
    assert len(rows) == 2 * 1 * len(COMPONENTS)
    assert rows.handles["g_TP53"].reshape(2, 4).tolist() == [[1, 0, 1, 0]] * 2
    assert rows.handles["g_RB1"].reshape(2, 4).tolist() == [[1, 1, 0, 0]] * 2
    np.testing.assert_allclose(rows.handles["g_CCND1"].reshape(2, 4)[:, 0], [1, 2.0], rtol=1e-6)
    assert set(rows.handles["TOR_growth"]) == {0.4} and set(rows.handles["g_ER"]) == {0.3}


def test_p16_is_that_of_the_models_own_gene_in_every_type() -> None:
    table = {"model_id": [*"abcd"], "tumour_type": ["melanoma", "melanoma", "ovary", "ovary"]}
    panel = read_panel(pd.DataFrame({**table, "CDKN2A": ["wt", "loss", "wt", "loss"]}))
    rows = handle_rows(traits(panel, 1), {"p16:amount": np.log(3.0)})
    np.testing.assert_allclose(rows.handles["g_p16"][::4], [3.0, 0.0, 3.0, 0.0])


def test_a_tumour_that_drives_itself_lives_on_fewer_growth_factors() -> None:
    found = traits(told(PIK3CA=["wt", "mut", "wt"], PTEN=["wt", "wt", "loss"], BRAF=["wt"] * 3), 1)
    factor = handle_rows(found, {"sufficient:PI3K": 0.9}).handles["in_mitogen"][::4]
    drive = [found.drives[name][:, 0] for name in ("g_PI3K", "g_PTEN")]
    assert drive[0].tolist() == [0, 0.6, 0] and drive[1].tolist() == [0, 0, 1.0]
    np.testing.assert_allclose(factor, np.exp([0, -0.54, -0.9]), rtol=1e-6)
    assert set(handle_rows(found, {}).handles["in_mitogen"]) == {1.0}


def test_a_tumour_that_keeps_p16_passes_it_with_cyclin_e() -> None:
    found = traits(told(CDKN2A=["wt", "loss"], CCNE1=["wt", "wt"], CCNE2=["wt", "wt"]), 1)
    level = handle_rows(found, {"p16:cyclin E": 0.2}).handles["g_CCNE"][::4]
    np.testing.assert_allclose(level, [np.exp(0.2), 1.0], rtol=1e-6)


def test_distinct_keeps_the_order_of_first_sight() -> None:
    panel = told(TP53=["wt", "mut", "wt", "mut"], RB1=["wt", "wt", "wt", "loss"])
    first, where = distinct(panel)
    assert first.tolist() == [0, 1, 3] and where.tolist() == [0, 1, 0, 2]


def test_curves_agree_with_single_conditions() -> None:
    """The batch of rows and the runner of named conditions are two ways to one number."""
    ensemble = shipped().take([0, 100])
    genotype = {"g_RB1": 0.4, "g_CCND1": 1.7, "in_mitogen": 1.2}
    rows = Rows(np.array([0, 1]), {k: np.full(2, v) for k, v in genotype.items()})
    doses = [{"c_CDK4": 12.0, "c_CDK6": 3.0}, {"c_MDM2": 9.0}]
    curves = run_curves(rows, doses, ensemble, nodes=3)
    conditions = [Condition("0", genotype=genotype, days=21)]
    conditions += [Condition(str(k + 1), genotype, d, days=21) for k, d in enumerate(doses)]
    times = [0.5, 1, 2, 3, 6, 10, 15, 21]
    run = run_cells(conditions, ensemble, t_out=times, nodes=3, observables=("net_rate",))
    base = run["net_rate"][0, :, 0]
    np.testing.assert_allclose(curves.untreated, base, rtol=2e-3)
    for k in range(2):
        course = np.concatenate([base[:, None], run["net_rate"][k + 1]], axis=1)
        mean = np.trapezoid(course, [0, *times], axis=1) / 21 / base
        np.testing.assert_allclose(curves.growth["xenograft"][:, k], mean, atol=5e-3)


def test_levels_of_their_own_equal_shared_levels() -> None:
    ensemble = shipped().take([3])
    rows = Rows(np.zeros(3, int), {"g_CCND1": np.array([1.0, 2.0, 1.0])})
    shared = run_curves(rows, [{"c_MDM2": 10.0}], ensemble)
    own = run_curves(rows, [{"c_MDM2": np.full(3, 10.0)}], ensemble)
    np.testing.assert_array_equal(shared.growth["line"], own.growth["line"])
