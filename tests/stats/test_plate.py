"""Reading plates: every way of naming the columns, and what a bad table is told."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpoint.errors import RpointError
from rpoint.stats.plate import read_plate

GOOD = pd.DataFrame(
    {
        "drug1": "A",
        "drug2": "B",
        "dose1_nM": [0, 1, 0, 1, 0, 1],
        "dose2_uM": [0, 0, 2, 2, 4, 4],
        "inhibition": [0.0, 0.2, 0.3, 0.5, 0.4, 0.6],
    }
)
CSV = GOOD.to_csv(index=False)


def changed(row, column, value):
    """The good plate as CSV with one cell of one line of the file changed."""
    table = GOOD.astype(object)
    table.loc[row - 2, column] = value
    return table.to_csv(index=False)


def test_a_plate_is_read_with_its_units_and_rows():
    plate = read_plate(io_file(CSV))
    assert plate.response == "inhibition" and plate.pairs == [("A", "B")]
    assert set(plate.wells["unit1"]) == {"nM"} and set(plate.wells["unit2"]) == {"uM"}
    assert plate.wells["row"].tolist() == [2, 3, 4, 5, 6, 7]


def io_file(text, tmp=None):
    """A DataFrame as `read_file` makes it of CSV text."""
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


@pytest.mark.parametrize(
    "columns",
    [
        ["drug_row", "drug_col", "conc_r_nM", "conc_c_uM", "inhibition"],
        ["drug_1", "drug_2", "conc1_nM", "conc2_uM", "Inhibition"],
        ["Drug1", "Drug2", "DOSE1_nM", "DOSE2_uM", "INHIBITION_frac"],
    ],
)
def test_other_names_of_the_columns_mean_the_same(columns):
    table = GOOD.set_axis(columns, axis=1)
    pd.testing.assert_frame_equal(read_plate(table).wells, read_plate(GOOD).wells)


def test_a_table_of_synergyfinder_is_read():
    table = pd.DataFrame(
        {
            "block_id": 1, "drug_row": "A", "drug_col": "B", "conc_r": [0, 1, 0, 1],
            "conc_c": [0, 0, 2, 2], "response": [0, 20, 30, 50], "conc_r_unit": "nM",
            "conc_c_unit": "nM",
        }
    )  # fmt: skip
    plate = read_plate(table, response="inhibition", percent=True)
    assert plate.wells["response"].tolist() == [0, 0.2, 0.3, 0.5]
    assert plate.wells["block"].tolist() == ["1"] * 4


def test_csv_with_semicolons_tabs_or_a_mark_and_parquet_are_read(tmp_path):
    want = read_plate(GOOD).wells
    forms = {"a.csv": CSV.replace(",", ";"), "b.tsv": CSV.replace(",", "\t")}
    forms["c.csv"] = "\ufeff" + CSV
    for name, text in forms.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        pd.testing.assert_frame_equal(
            read_plate(tmp_path / name).wells[["dose1", "dose2", "response"]],
            want[["dose1", "dose2", "response"]],
        )
    GOOD.to_parquet(tmp_path / "d.parquet")
    read = read_plate(tmp_path / "d.parquet").wells
    assert read["response"].tolist() == want["response"].tolist()


def test_drugs_and_units_can_be_said_instead():
    table = GOOD.drop(columns=["drug1", "drug2"]).rename(
        columns={"dose1_nM": "dose1", "dose2_uM": "dose2"}
    )
    plate = read_plate(table, drug1="A", drug2="B", unit1="nM", unit2="uM")
    assert plate.pairs == [("A", "B")] and set(plate.wells["unit2"]) == {"uM"}


BAD = {
    "no dose column": (CSV.replace("dose1_nM", "dosis"), "no column dose1", "dosis"),
    "no response": (CSV.replace("inhibition", "signal"), "no column response", "signal"),
    "response not said": (CSV.replace("inhibition", "response"), "opposite sign", "viability"),
    "one drug column": (CSV.replace("drug2", "other"), "no column drug2", "other"),
    "no unit": (CSV.replace("dose1_nM", "dose1"), "unit of dose1 is not said", "dose1_nM"),
    "text for a dose": (changed(4, "dose2_uM", "two"), "row 4", "'two'"),
    "a comma for a point": (changed(4, "dose2_uM", "2,5"), "row 4", "'2,5'"),
    "negative dose": (changed(5, "dose1_nM", -1), "row 5", "negative"),
    "infinite dose": (changed(5, "dose1_nM", "inf"), "row 5", "no finite number"),
    "missing response": (changed(7, "inhibition", ""), "row 7", "nothing"),
    "text for a response": (changed(7, "inhibition", "n.d."), "row 7", "n.d."),
    "percent as a fraction": (changed(6, "inhibition", 85), "row 6", "--percent"),
    "dose of a nameless drug": (changed(5, "drug2", ""), "row 5", "without a name"),
    "two columns of doses": (CSV.replace("drug1", "conc1"), "two columns hold the dose1", "conc1"),
    "only the header": (CSV.splitlines()[0] + "\n", "no wells", "plate"),
    "nothing": ("", "cannot be read", "plate"),
    "two problems": (changed(4, "dose2_uM", "x").replace("0.6", "y"), "row 7", "row 4"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_bad_plate_is_told_what_and_where(name, tmp_path):
    text, first, second = BAD[name]
    path = tmp_path / "plate.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RpointError) as caught:
        read_plate(path)
    assert first in str(caught.value) and second in str(caught.value)
    assert "plate.csv" in str(caught.value) and len(str(caught.value)) < 1200


def test_a_blank_line_is_a_row_of_its_own():
    """Rows are counted as an editor counts lines, so that a number leads to the line."""
    with pytest.raises(RpointError, match="row 4: "):
        read_plate(pd.DataFrame(GOOD.astype(object)).replace({"dose2_uM": {4: "x", 2: "y"}}))


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p / "missing.csv",
        lambda p: p,
        lambda p: p / ("x" * 400),
        lambda p: _write(p / "a.csv", b"\x00\x01\x02\xff\xfe" * 100),
        lambda p: _write(p / "a.parquet", b"PAR1 no parquet"),
        lambda p: _write(p / "a.csv", b'"' + b"a,b\n" * 50),
    ],
    ids=["missing", "folder", "long name", "binary", "no parquet", "open quote"],
)
def test_what_is_no_table_is_the_users_error(make, tmp_path):
    with pytest.raises(RpointError):
        read_plate(make(tmp_path))


def _write(path, content):
    path.write_bytes(content)
    return path


def test_replicates_that_occur_twice_are_named():
    table = pd.concat([GOOD.assign(replicate=1), GOOD.iloc[[3]].assign(replicate=1)])
    with pytest.raises(RpointError, match="rows 5, 8"):
        read_plate(table)
    untreated = pd.concat([GOOD.assign(replicate=1), GOOD.iloc[[0]].assign(replicate=1)])
    assert len(read_plate(untreated).wells) == 7


def test_two_units_of_one_drug_are_refused():
    table = GOOD.drop(columns="dose2_uM").assign(
        dose2=GOOD["dose2_uM"], unit2=["uM", "uM", "uM", "uM", "nM", "nM"]
    )
    with pytest.raises(RpointError, match="more than one unit") as caught:
        read_plate(table).pair("A", "B")
    assert "nM (row 6)" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"response": "viability"}, "disagree on what the response is"),
        ({"response": "growth"}, "unknown response"),
        ({"unit1": "uM"}, "disagree on the unit"),
    ],
)
def test_options_that_contradict_the_table_are_refused(options, says):
    with pytest.raises(RpointError, match=says):
        read_plate(GOOD, **options)


def test_counts_need_cells_at_the_start():
    from rpoint.stats.dose_matrix import dose_matrix

    table = GOOD.rename(columns={"inhibition": "count"})
    with pytest.raises(RpointError, match="untreated wells with cells"):
        dose_matrix(read_plate(table.assign(count=[0, 5, 5, 5, 5, 5])), "A", "B")
    with pytest.raises(RpointError, match="row 3: a count is negative"):
        read_plate(table.assign(count=[1, -5, 5, 5, 5, 5]))


@given(st.text(max_size=60), st.sampled_from(["a.csv", "a.parquet"]))
def test_any_text_is_a_plate_or_the_users_error(text, name):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8", errors="ignore")
        with pytest.raises(RpointError):
            read_plate(path)


@settings(max_examples=12)
@given(st.permutations(range(6)))
def test_a_pair_is_the_same_in_any_order_of_rows(order):
    one, two = (read_plate(t).pair("A", "B") for t in (GOOD, GOOD.iloc[list(order)]))
    columns = ["dose1", "dose2", "response"]
    assert np.array_equal(one[columns].to_numpy(), two[columns].to_numpy())
