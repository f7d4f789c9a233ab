"""The dictionaries of the tables, and the check of a table against its dictionary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.trial.adam.check import TableFault, check_table, ordered
from rpoint.trial.adam.columns import TABLES


def adtte(**changes) -> pd.DataFrame:
    cells = {
        "STUDYID": ["S", "S"], "USUBJID": ["S-1", "S-2"], "REPL": [0, 0], "PATIDX": [0, 1],
        "TRT01P": ["A", "B"], "PARAMCD": ["PFS", "OS"], "AVAL": [56.0, 100.5],
        "AVALU": ["DAYS", "DAYS"], "CNSR": [0, 1], "EVNTDESC": ["progression", "alive"],
        "STARTDY": [1, 1], "ADY": [57, 101],
    }  # fmt: skip
    return pd.DataFrame({**cells, **changes})


def test_names_are_as_adam_allows_and_every_table_has_the_keys():
    assert list(TABLES) == ["adsl", "adtr", "adrs", "adtte", "adae", "adex", "adlb"]
    for name, table in TABLES.items():
        names = table.names
        assert len(set(names)) == len(names), name
        assert {"STUDYID", "USUBJID", "REPL", "PATIDX", "TRT01P"} <= set(names)
        for column in table:
            assert column.name.isalnum() and column.name.isupper() and len(column.name) <= 8
            assert column.label
            line = column.to_dict()
            assert line["column"] == column.name and line["type"] == column.kind


def test_a_good_table_passes_in_any_order_of_columns():
    frame = adtte()
    check_table("adtte", frame)
    check_table("adtte", frame[list(frame.columns[::-1])])
    check_table("adtte", frame.astype({"PARAMCD": "category", "CNSR": "Int64", "ADY": float}))
    check_table("adtte", frame.iloc[:0])
    shuffled = frame[list(frame.columns[::-1])]
    assert list(ordered("adtte", shuffled)) == [c for c in TABLES["adtte"].names if c in frame]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (adtte().drop(columns="AVAL"), "no column: AVAL"),
        (adtte(REPLICATE=1), "not in the dictionary: REPLICATE"),
        (adtte(PARAMCD=["PFS", "pfs"]), "PARAMCD: pfs not among PFS, OS, DOR, TTP, TTD"),
        (adtte(CNSR=[0, 2]), "CNSR: 2 not among 0, 1"),
        (adtte(ADY=[57.5, 3]), "ADY: 57.5 not whole"),
        (adtte(AVAL=["1", "2"]), "AVAL: type"),
        (adtte(AVAL=[np.inf, 1]), "AVAL: infinite"),
        (adtte(AVAL=[np.nan, 1]), "AVAL: row 0 empty"),
        (adtte(CNSR=[True, False]), "CNSR: type bool"),
        (adtte(TRT01P=[1, 2]), "TRT01P: 1, 2 is no text"),
        (pd.concat([adtte(), adtte()[["AVAL"]]], axis=1), "twice: AVAL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_fault_is_named(frame, says):
    with pytest.raises(TableFault) as fault:
        check_table("adtte", frame)
    assert says in str(fault.value)


def test_all_faults_come_at_once():
    bad = adtte(AVAL=[np.nan, 1], CNSR=[0, 3]).drop(columns="ADY")
    with pytest.raises(TableFault) as fault:
        check_table("adtte", bad)
    assert all(part in str(fault.value) for part in ("ADY", "AVAL", "CNSR"))


def test_two_rows_of_one_patient_are_refused_in_adsl_only():
    check_table("adtte", adtte(USUBJID=["S-1", "S-1"]))
    with pytest.raises(TableFault, match="USUBJID: row 1 repeated"):
        check_table("adsl", pd.DataFrame({"USUBJID": ["S-1", "S-1"]}))
