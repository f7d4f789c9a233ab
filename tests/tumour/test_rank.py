import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.tumour.noun import tumour
from rpoint.tumour.rank import DRUGS, all_combinations, rank, ranked_table, single_regimens


@pytest.fixture(scope="module")
def ranking(small_ensemble):
    return rank(
        tumour("melanoma"),
        drugs=("palbociclib", "milademetan", "trametinib"),
        sets=3,
        nodes=1,
        explain_top=1,
        ensemble=small_ensemble,
    )


def test_every_single_doublet_and_triplet_is_there_once(ranking):
    assert ranking.table["drugs_n"].value_counts().to_dict() == {1: 3, 2: 3, 3: 1}
    assert ranking.table["combination"].is_unique
    growth = ranking.table["growth_over_untreated"].to_numpy()
    assert (np.diff(growth) >= 0).all()
    assert np.allclose(np.median(ranking.growth, axis=0), growth)


def test_the_default_is_all_classes():
    plans = all_combinations(single_regimens(DRUGS), 3)
    assert len(plans) == 11 + 55 + 165


def test_a_combination_is_compared_with_its_best_part():
    names = [("a",), ("b",), ("a", "b")]
    growth = np.array([[0.5, 0.8, 0.3], [0.5, 0.8, 0.495], [0.5, 0.8, 0.2]])
    table = ranked_table(names, growth).set_index("combination")
    assert table.loc["a + b", "best_part"] == 0.5 and table.loc["a + b", "best_part_name"] == "a"
    assert table.loc["a + b", "beats_best_part_pct"] == pytest.approx(200 / 3)
    assert np.isnan(table.loc["a", "beats_best_part_pct"])


def test_it_prints_draws_and_gives_plain_data(ranking, tmp_path):
    assert "7 treatments" in repr(ranking)
    assert ranking.plot(3).save(tmp_path / "rank.svg").stat().st_size > 1000
    assert len(ranking.summary(2, drugs_n=2)) == 2
    assert len(ranking.to_dict()["combinations"]) == 7
    assert ranking.cite()


def test_drugs_that_do_nothing_to_cells_are_refused():
    with pytest.raises(RpointError, match="cannot be ranked"):
        single_regimens(["pembrolizumab"])
    with pytest.raises(RpointError, match="cannot be ranked"):
        single_regimens(["nutlin-3a"])
    with pytest.raises(RpointError, match="no drug"):
        single_regimens([])
    with pytest.raises(RpointError, match="1, 2 or 3"):
        rank(tumour("breast"), largest=4)


def test_a_regimen_may_stand_for_a_drug():
    assert list(single_regimens(["palbociclib 100 mg qd 21/28"])) == ["palbociclib"]
