import pytest

from rpoint import catalog
from rpoint.errors import RpointError
from rpoint.tumour.noun import Tumour, tumour


def test_a_tumour_is_immutable_and_prints_on_one_line():
    plain = tumour("melanoma")
    altered = plain.with_alterations("TP53:null", "CCND1:amp")
    assert plain.alterations == () and altered.alterations == ("TP53:null", "CCND1:amp")
    assert "\n" not in repr(altered) and "TP53:null" in repr(altered)
    with pytest.raises(AttributeError):
        plain.kind = "breast"


def test_alterations_act_through_the_handles_of_the_catalogue():
    altered = tumour("melanoma").with_alterations("RB1:loss")
    assert altered.genotype == catalog.genotype("melanoma", ["RB1:loss"])
    assert altered.genotype["g_RB1"] == 0


def test_clones_add_to_the_genotype_of_the_tumour():
    mixed = tumour("breast").with_alterations("PIK3CA:mut").with_clones({"RB1-loss": 0.01})
    whole, lost = mixed.genotypes()
    assert whole.get("g_RB1", 1) == 1 and lost["g_RB1"] == 0
    assert lost["g_PI3K"] == whole["g_PI3K"] > 0
    assert mixed.fractions.tolist() == [0.99, 0.01]
    own = tumour("breast").with_clones({"RB1:loss+TP53:null": 0.2})
    assert own.genotypes()[1]["g_TP53"] == 0


def test_what_does_not_exist_is_refused_with_the_nearest_name():
    with pytest.raises(RpointError, match="melanoma"):
        tumour("melanom")
    with pytest.raises(RpointError, match="RB1"):
        tumour("breast").with_alterations("RB:loss")
    with pytest.raises(RpointError, match="exceed"):
        tumour("breast").with_clones({"RB1-loss": 0.7, "CCNE-high": 0.7})
    with pytest.raises(RpointError, match="host"):
        tumour("breast").growth("rat")
    with pytest.raises(RpointError, match="positive"):
        tumour("breast").with_growth(doubling_time_d=-1)


def test_growth_comes_from_the_catalogue_unless_told():
    days, loss = tumour("melanoma").growth("mouse")
    assert 5 < days < 25 and loss == 0
    assert tumour("melanoma").with_growth(doubling_time_d=9).growth("mouse")[0] == 9


def test_plain_data_give_the_tumour_back():
    one = tumour("lung").with_alterations("KRAS:mut").with_clones({"TP53-mut": 0.1})
    again = Tumour.from_dict(one.to_dict())
    assert again.to_dict() == one.to_dict() and repr(again) == repr(one)
    assert list(one.to_frame()["clone"]) == ["sensitive", "TP53-mut"]


def test_sources_are_keys_of_the_catalogue():
    keys = tumour("breast").with_alterations("RB1:loss").sources("mouse")
    assert "gao2015" in keys
