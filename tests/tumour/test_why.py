import numpy as np
import pytest

from rpoint.errors import RpointError
from rpoint.pharmacology.regimen import Regimen, parse
from rpoint.tumour.noun import tumour
from rpoint.tumour.why import ORDER, explain

ARMS = {
    "untreated": Regimen.vehicle(),
    "CDK4/6i": parse("palbociclib 125 mg qd 21/28"),
    "both": parse("palbociclib 125 mg qd 21/28 + milademetan 260 mg qd d1-3,15-17/28"),
}


@pytest.fixture(scope="module")
def found(small_ensemble):
    return explain(tumour("melanoma"), ARMS, "both", "CDK4/6i", small_ensemble, days=14, sets=3)


def test_a_node_held_to_its_own_course_changes_nothing(found):
    assert set(found.table["node"]) == set(ORDER)
    assert (found.table["self_pct"] < 1.0).all()


def test_the_antagonist_works_through_p53_and_p21_and_not_through_signalling(found):
    shares = found.shares()
    assert shares["p53"] > 50 and shares["p21"] > 50
    for node in ("ER", "ERK", "AKT", "MYC"):
        assert abs(shares[node]) < 5
    assert found.deciding in ("p53", "p21", "CDK2", "E2F")


def test_results_print_and_draw(found, tmp_path):
    assert "both against CDK4/6i" in str(found) and "\n" not in repr(found)
    assert len(found.summary()) == len(ORDER)
    assert found.plot().save(tmp_path / "why.svg").stat().st_size > 1000


def test_arms_that_do_not_differ_are_refused(small_ensemble):
    null = tumour("melanoma").with_alterations("TP53:null")
    with pytest.raises(RpointError, match="do not differ"):
        explain(null, ARMS, "both", "CDK4/6i", small_ensemble, days=7, sets=2, nodes=1)


def test_an_unknown_node_is_refused(small_ensemble):
    with pytest.raises(RpointError, match="CDK2"):
        explain(tumour("melanoma"), ARMS, "both", "CDK4/6i", small_ensemble, held=("CDK22",))


def test_shares_are_finite(found):
    assert np.isfinite(found.table[["removed_pct", "lo", "hi"]].to_numpy()).all()
