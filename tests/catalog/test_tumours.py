"""Tumour types: names, defaults, the frequencies that claims need, growth."""

from __future__ import annotations

import pytest

from rpoint import catalog
from rpoint.errors import RpointError

TYPES = catalog.tumours()
IDS = [t.id for t in TYPES]


def test_wanted_types_are_there():
    wanted = "breast melanoma colorectal gastric lung pancreas liposarcoma endometrial glioma"
    assert set(wanted.split()) <= set(IDS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("BRCA", "breast"), ("CM", "melanoma"), ("SKCM", "melanoma"), ("CRC", "colorectal"),
     ("GC", "gastric"), ("NSCLC", "lung"), ("PDAC", "pancreas"), ("ddlps", "liposarcoma")],
)  # fmt: skip
def test_codes_of_the_data_sets(name, kind):
    assert catalog.tumour(name).id == kind


def test_unknown_type_names_the_nearest():
    with pytest.raises(RpointError, match="nearest: melanoma"):
        catalog.tumour("melanomma")


def test_breast_is_the_reference_cell():
    assert catalog.genotype("breast") == {}


@pytest.mark.parametrize("kind", TYPES, ids=IDS)
def test_defaults_and_frequencies_name_alterations(kind):
    for text in (*kind.defaults, *(f.alteration for f in kind.frequencies)):
        assert catalog.alteration(text).id == text
    assert len({(f.alteration, f.cohort) for f in kind.frequencies}) == len(kind.frequencies)


@pytest.mark.parametrize("kind", TYPES, ids=IDS)
def test_growth(kind):
    measures = [g.measure for g in kind.growth]
    assert len(set(measures)) == len(measures)
    assert "doubling_time_patient" in measures


def test_frequencies_that_claims_rest_on():
    melanoma = catalog.tumour("melanoma")
    tp53 = melanoma.frequency("TP53:mut", "TCGA SKCM").value
    assert tp53.value == pytest.approx(49 / 318, rel=1e-3)  # claim A12
    assert melanoma.frequency("RB1:loss").value.value == pytest.approx(12 / 318, rel=1e-3)
    deleted = melanoma.frequency("CDKN2A:loss", "TCGA SKCM").value
    assert deleted.value == pytest.approx(0.305, abs=5e-4)
    wt = (1 - 49 / 318) * (1 - 12 / 318)
    assert 0.70 < wt < 0.90  # claim A13's band
    mdm2 = catalog.tumour("sarcoma").frequency("MDM2:amp").value
    assert mdm2.value == pytest.approx(47 / 253, rel=1e-3)


def test_xenograft_growth_is_a_summary_over_models():
    kinds = [t for t in TYPES if any(g.measure == "pdx_growth_rate" for g in t.growth)]
    assert [t.id for t in kinds] == sorted(
        ["breast", "colorectal", "gastric", "lung", "melanoma", "pancreas"]
    )
    for kind in kinds:
        by = {g.measure: g.value for g in kind.growth}
        assert 0.03 < by["pdx_growth_rate"].to("1/d") < 0.1
        assert 100 < by["pdx_start_volume"].to("mm3") < 400


def test_xenograft_growth_against_the_raw_data(data_folder):
    import pandas as pd

    raw = pd.read_csv(data_folder / "pdxe" / "response.csv")
    raw = raw[raw["arm"] == "untreated"]
    codes = {"BRCA": "breast", "CM": "melanoma", "CRC": "colorectal", "GC": "gastric"}
    codes |= {"NSCLC": "lung", "PDAC": "pancreas"}
    for code, kind in codes.items():
        slopes = raw.loc[raw["tumor_type"] == code, "growth_rate_21d_per_d"].dropna()
        by = {g.measure: g.value.value for g in catalog.tumour(kind).growth}
        assert by["pdx_growth_rate"] == pytest.approx(slopes.median(), rel=0.01)
        sd = by["pdx_growth_rate_between_models_sd"]
        assert sd == pytest.approx(slopes.std(), rel=0.01)
