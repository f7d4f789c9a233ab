"""Reading a panel: what is accepted, and one clear error or a status for everything else."""

from __future__ import annotations

import doctest
import time

import numpy as np
import pandas as pd
import pytest

import rpoint.panel.read
from rpoint.errors import RpointError
from rpoint.panel.noun import NO_GENE, NO_TYPE, OK, UNKNOWN_TYPE
from rpoint.panel.read import Panel, read_panel

GOOD = """model_id,tumour_type,TP53,RB1,CDKN2A,MDM2,expr:MDM2,v0_mm3
X-1,BRCA,wt,wt,loss,cn=6,4.25,210
X-2,melanoma,mut,?,loss,wt,,180.5
7,CRC,mut+loss,vus,,amp,-1,95
"""
HEAD = "model_id,tumour_type,TP53\n"


def written(folder, content):
    path = folder / "panel.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def read(tmp_path):
    return lambda content: read_panel(written(tmp_path, content))


def test_a_good_panel(read):
    panel = read(GOOD)
    assert isinstance(panel, Panel) and len(panel) == 3
    assert panel.ids == ("X-1", "X-2", "7")
    assert panel.types == ("breast", "melanoma", "colorectal")
    assert panel.status == (OK,) * 3
    assert list(panel.states.columns) == ["TP53", "RB1", "CDKN2A", "MDM2"]
    assert panel.states.loc[0].tolist() == ["wt", "wt", "loss", "cn=6"]
    assert panel.states.loc[2].tolist() == ["mut+loss", "vus", "?", "amp"]
    assert panel.expression["MDM2"].tolist() == pytest.approx([4.25, np.nan, -1], nan_ok=True)
    assert panel.volumes is not None and panel.volumes["vol:0"].tolist() == [210, 180.5, 95]
    assert panel.days == (0.0,) and panel.genes == ("TP53", "RB1", "CDKN2A", "MDM2")
    assert panel.notes == ("expression of 1 genes taken as log2, -1 to 4.25",)
    assert repr(panel) == (
        "<Panel of 3 tumours of 3 types: 4 genes (83 % of states known), 1 expressed, "
        "volumes at 1 days>"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\n\n" + text + "\n\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("model_id", '"model_id"').replace("X-1", '"X-1"'),
        lambda text: text.replace("model_id", " Model ID ").replace("tumour_type", "Tumor-Type"),
        lambda text: text.replace("model_id", "pdx_model").replace("tumour_type", "cancer_type"),
        lambda text: text.replace("TP53", "p53").replace("CDKN2A", "p16").replace(",RB1", ",RB"),
        lambda text: text.replace("expr:MDM2", "EXPR: hdm2").replace("v0_mm3", "VOL:0"),
        lambda text: text.replace("BRCA", "Breast cancer").replace("CRC", "large_intestine"),
        lambda text: text.replace("mut+loss", "Loss + MUT").replace("cn=6", "CN = 6.0"),
        lambda text: text.replace("4.25", " 4.25 ").replace("210", "2.1e2"),
        lambda text: text.replace(",,180.5", ",NA,180.5"),
    ],
)
def test_forms_that_mean_the_same(read, change):
    assert change(GOOD) != GOOD
    assert_same(read(change(GOOD)), read(GOOD))


def assert_same(one, other):
    """Two panels say the same, whatever words they used for the tumour types."""
    assert (one.ids, one.types, one.status) == (other.ids, other.types, other.status)
    drop = ["tumour_type"]
    pd.testing.assert_frame_equal(
        one.to_frame().drop(columns=drop), other.to_frame().drop(columns=drop)
    )


BAD = {
    "empty": ("", "empty"),
    "blank": (" \n \n", "empty"),
    "header only": (HEAD, "no row"),
    "no model_id": ("modle_id,tumour_type,TP53\na,BRCA,wt\n", "no column model_id"),
    "no tumour_type": ("model_id,tumour_typ,TP53\na,BRCA,wt\n", "no column tumour_type"),
    "no gene": ("model_id,tumour_type,TPP53\na,BRCA,wt\n", "no column is a gene"),
    "only ids": ("model_id,tumour_type\na,BRCA\n", "no column is a gene"),
    "doubled header": ("model_id,tumour_type,TP53,tp53\na,BRCA,wt,wt\n", "stands twice"),
    "two names of one gene": ("model_id,tumour_type,TP53,p53\na,BRCA,wt,wt\n", "gene TP53"),
    "two columns of one day": (HEAD.strip() + ",v0_mm3,vol:0\na,BRCA,wt,1,1\n", "day 0"),
    "doubled id": (HEAD + "a,BRCA,wt\nb,BRCA,wt\na,BRCA,mut\n", "stands twice"),
    "blank id": (HEAD + ",BRCA,wt\n", "no model_id"),
    "row of commas": (HEAD + "a,BRCA,wt\n,,\n", "no model_id"),
    "unknown state": (HEAD + "a,BRCA,mutt\n", "no state"),
    "0 and 1": (HEAD + "a,BRCA,0\nb,BRCA,1\n", "number alone"),
    "contradiction": (HEAD + "a,BRCA,wt+mut\n", "contradicts"),
    "negative copies": (HEAD + "a,BRCA,cn=-2\n", "0 to 200"),
    "too many copies": (HEAD + "a,BRCA,cn=1000\n", "0 and 200"),
    "short row": (HEAD + "a,BRCA\n", "2 fields"),
    "long row": (HEAD + "a,BRCA,wt,mut\n", "4 fields"),
    "decimal comma": ("model_id,tumour_type,expr:TP53\na,BRCA,1,5\n", "4 fields"),
    "quoted decimal comma": ('model_id,tumour_type,expr:TP53\na,BRCA,"1,5"\n', "no number"),
    "semicolons": ("model_id;tumour_type;TP53\na;BRCA;wt\n", "semicolons"),
    "tabs": ("model_id\ttumour_type\tTP53\na\tBRCA\twt\n", "tabs"),
    "prose": ("Dear all,\n\nplease find attached the panel.\n", "model_id"),
    "one column": ("hello\nworld\n", "one column"),
    "HTML": ("<!DOCTYPE html>\n<html></html>\n", "one column"),
    "open quote": (HEAD + 'a,BRCA,"wt\n', "broken"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0", "no CSV"),
    "Excel": (b"PK\x03\x04rest", "no CSV"),
    "gzip": (b"\x1f\x8b\x08rest", "no CSV"),
    "UTF-16": (HEAD.encode("utf-16"), "not UTF-8"),
    "Latin-1": ("model_id,tumour_type,TP53\ntumör,BRCA,wt\n".encode("latin-1"), "not UTF-8"),
    "broken Parquet": (b"PAR1 and no more", "Parquet file is broken"),
    "expression text": ("model_id,tumour_type,expr:TP53\na,BRCA,abc\n", "no number"),
    "expression infinite": ("model_id,tumour_type,expr:TP53\na,BRCA,-inf\n", "infinite"),
    "expression linear": ("model_id,tumour_type,expr:TP53\na,BRCA,143.2\n", "linear"),
    "expression unit": ("model_id,tumour_type,exprFPKM:TP53\na,BRCA,1\n", "kind of column"),
    "expression unit behind": ("model_id,tumour_type,expr:TP53_FPKM\na,BRCA,1\n", "log2"),
    "expression prefix": ("model_id,tumour_type,rna:TP53\na,BRCA,1\n", "kind of column"),
    "volume text": (HEAD.strip() + ",v0_mm3\na,BRCA,wt,big\n", "no number"),
    "volume unit in name": (HEAD.strip() + ",v0_cm3\na,BRCA,wt,0.2\n", "mm³"),
    "volume unit": (HEAD.strip() + ",v0_mm3\na,BRCA,wt,0.2\nb,BRCA,wt,0.3\n", "cm³"),
    "volume day": (HEAD.strip() + ",vol:x\na,BRCA,wt,100\n", "number of days"),
    "volume day negative": (HEAD.strip() + ",vol:-3\na,BRCA,wt,100\n", "number of days"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_panel_is_one_clear_error(read, name):
    content, says = BAD[name]
    with pytest.raises(RpointError) as caught:
        read(content)
    text = str(caught.value)
    assert says in text, text
    assert "panel.csv" in text and len(text) < 1200


def test_there_are_enough_bad_panels():
    assert len(BAD) >= 25


@pytest.mark.parametrize(
    ("name", "part", "value"),
    [
        ("no model_id", "nearest", "modle_id"),
        ("no tumour_type", "nearest", "tumour_typ"),
        ("no gene", "nearest", "TP53"),
        ("doubled id", "where", "panel.csv, a in rows 1, 3"),
        ("unknown state", "nearest", "mut"),
        ("unknown state", "where", "panel.csv, column TP53, row 1 (a)"),
        ("short row", "where", "panel.csv, line 2"),
        ("expression linear", "found", "143.2"),
        ("expression linear", "where", "panel.csv, column expr:TP53, row 1 (a)"),
        ("Latin-1", "where", "panel.csv, line 2"),
    ],
)
def test_the_error_says_where_and_what_is_near(read, name, part, value):
    with pytest.raises(RpointError) as caught:
        read(BAD[name][0])
    assert getattr(caught.value, part) == value


def test_every_column_with_an_unknown_state_is_named(read):
    text = "model_id,tumour_type,TP53,RB1\na,BRCA,wt,wt\nb,BRCA,lsot,wt\nc,BRCA,wt,R175H\n"
    with pytest.raises(RpointError) as caught:
        read(text)
    assert "'lsot'" in str(caught.value) and "'R175H'" in str(caught.value)
    assert "row 2 (b)" in str(caught.value) and "row 3 (c)" in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere.csv", ".", "x" * 5000], ids=len)
def test_a_path_that_cannot_be_read_is_one_error(tmp_path, name):
    with pytest.raises(RpointError) as caught:
        read_panel(tmp_path / name)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("source", [None, 3, b"a,b", ["a"]])
def test_what_is_no_table_is_one_error(source):
    with pytest.raises(RpointError, match="path or a DataFrame"):
        read_panel(source)


def test_a_fault_of_a_row_is_its_status_and_no_row_is_lost(read):
    panel = read(
        "model_id,tumour_type,TP53,RB1,expr:MDM2,v0_mm3\n"
        "a,brest,wt,wt,,\n"
        "b,,mut,wt,,200\n"
        "c,BRCA,?,,,200\n"
        "d,BRCA,?,?,3.5,200\n"
        "e,BRCA,wt,wt,,-200\n"
        "f,xx,?,?,,0\n"
        "g,other,wt,wt,1,150\n"
    )
    assert panel.ids == tuple("abcdefg")
    assert panel.status[0] == f"{UNKNOWN_TYPE} 'brest', nearest 'breast': pooled over all types"
    assert panel.status[1] == f"{NO_TYPE}: pooled over all types"
    assert panel.status[2] == NO_GENE
    assert panel.status[3] == panel.status[6] == OK
    assert panel.status[4] == "a volume is not above zero"
    assert panel.status[5].split("; ")[1:] == [NO_GENE, "a volume is not above zero"]
    assert panel.types == ("", "", "breast", "breast", "breast", "", "other")
    assert panel.volumes is not None
    assert np.isnan(panel.volumes["vol:0"].to_numpy()[[0, 4, 5]]).all()


def test_a_complete_regression_later_is_no_fault(read):
    panel = read("model_id,tumour_type,TP53,vol:7,vol:0,vol:3.5\na,BRCA,wt,0,200,90\n")
    assert panel.volumes is not None and panel.status == (OK,)
    assert panel.volumes.loc[0].to_dict() == {"vol:0": 200.0, "vol:3.5": 90.0, "vol:7": 0.0}


def test_columns_that_are_no_gene_are_named_in_a_note(read):
    panel = read("model_id,tumour_type,TP53,age,TPP53,FGFR3,expr:GAPDH\na,BRCA,wt,61,wt,mut,9\n")
    assert list(panel.states.columns) == ["TP53"] and not len(panel.expression.columns)
    assert panel.notes[0] == "ignored, no gene of the model: 'age', 'TPP53', 'FGFR3', 'expr:GAPDH'"
    assert "'TPP53' (did you mean TP53?)" in panel.notes[1] and "age" not in panel.notes[1]


def test_a_table_with_the_id_as_index_and_odd_types():
    frame = pd.DataFrame(
        {
            "tumour_type": pd.Categorical(["BRCA", "CRC", None]),
            "TP53": pd.array(["wt", None, "mut"], dtype="string"),
            "expr:MDM2": pd.array([1, None, 3], dtype="Int64"),
            "expr:RB1": ["2.5", "", None],
            "age": [1, 2, 3],
        },
        index=pd.Index([11, 12, 13], name="model_id"),
    )
    panel = read_panel(frame)
    assert panel.ids == ("11", "12", "13")
    assert panel.types == ("breast", "colorectal", "")
    assert panel.states["TP53"].tolist() == ["wt", "?", "mut"]
    assert panel.expression["MDM2"].tolist() == pytest.approx([1, np.nan, 3], nan_ok=True)
    assert panel.expression["RB1"].tolist() == pytest.approx([2.5, np.nan, np.nan], nan_ok=True)


def test_ids_that_are_numbers_stay_what_they_look_like():
    frame = pd.DataFrame({"model_id": [1.0, 2.0], "tumour_type": "BRCA", "TP53": "wt"})
    assert read_panel(frame).ids == ("1", "2")
    with pytest.raises(RpointError, match="no model_id"):
        read_panel(frame.assign(model_id=[1.0, np.nan]))


def test_ids_that_look_like_something_else_are_text(read):
    ids = ("NA", "nan", "?", "001", "1e5", "TRUE", "2024-01-02", "=1+1", "ünï")
    panel = read(HEAD + "".join(f"{name},BRCA,wt\n" for name in ids))
    assert panel.ids == ids


def test_parquet_is_read_like_csv(tmp_path, read):
    panel = read(GOOD)
    panel.to_frame().to_parquet(tmp_path / "panel.parquet")
    again = read_panel(tmp_path / "panel.parquet")
    pd.testing.assert_frame_equal(again.to_frame(), panel.to_frame())
    assert again.status == panel.status


def test_twenty_thousand_expression_columns(read):
    names = [f"expr:G{i}" for i in range(20_000)] + ["expr:TP53"]
    text = "model_id,tumour_type," + ",".join(names) + "\n"
    text += "a,BRCA," + ",".join(["1.5"] * len(names)) + "\n"
    panel = read(text)
    assert list(panel.expression.columns) == ["TP53"]
    assert len(panel.notes[0]) < 400 and "19,990 more" in panel.notes[0]


def test_subset_keeps_what_belongs_together(read):
    panel = read(GOOD)
    part = panel.subset([2, 0])
    assert part.ids == ("7", "X-1") and part.given_types == ("CRC", "BRCA")
    assert part.states["MDM2"].tolist() == ["amp", "cn=6"]
    assert list(part.states.index) == [0, 1] and part.volumes is not None
    assert part.volumes["vol:0"].tolist() == [95, 210]
    assert panel.subset(np.array([True, False, True])).ids == ("X-1", "7")
    assert len(panel.subset([])) == 0
    for rows in ([0, 0], [3], [-1]):
        with pytest.raises(RpointError, match="without repetition"):
            panel.subset(rows)
    with pytest.raises(RpointError, match="differ in length"):
        Panel(panel.ids[:2], panel.types, panel.states, panel.expression, panel.status)


@pytest.mark.slow
def test_a_million_rows_would_be_read_in_seconds(tmp_path):
    """Processor time, so that a busy machine does not matter; a loop over cells takes minutes."""
    n, block = 2 * 10**5, 1000
    cells = ["wt", "mut", "loss", "amp", "cn=6", "?", "mut+loss", ""]
    rows = [f",BRCA,{cells[i % 8]},{cells[i % 7]},wt,{i % 13}.25\n" for i in range(block)]
    text = "model_id,tumour_type,TP53,RB1,CDKN2A,expr:MDM2\n"
    text += "".join(f"{i}{rows[i % block]}" for i in range(n))
    path = written(tmp_path, text)
    start = time.process_time()
    panel = read_panel(path)
    took = time.process_time() - start
    assert len(panel) == n and panel.ids[-1] == str(n - 1)
    assert (panel.states["TP53"].to_numpy() == "mut+loss").sum() == n // 8
    assert panel.expression["MDM2"].iloc[n - 1] == (block - 1) % 13 + 0.25
    assert took < 4, f"{took:.1f} s of processor time"


@pytest.mark.slow
def test_very_many_different_faults_take_seconds():
    n = 20_000
    texts = [f"tumour {i}" for i in range(n)]
    frame = pd.DataFrame({"model_id": range(n), "tumour_type": texts, "TP53": "wt"})
    start = time.process_time()
    assert all(s.startswith(UNKNOWN_TYPE) for s in read_panel(frame).status)
    with pytest.raises(RpointError, match="number alone"):
        read_panel(frame.assign(TP53=np.arange(n) / 7))
    with pytest.raises(RpointError, match="unknown state"):
        read_panel(frame.assign(TP53=texts))
    assert time.process_time() - start < 8


def test_doctests():
    assert doctest.testmod(rpoint.panel.read).failed == 0
