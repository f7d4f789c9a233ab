"""Tables as bytes: equal tables give equal bytes, and another value another hash."""

from __future__ import annotations

import io

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from rpoint.trial.adam.check import TableFault
from rpoint.trial.disk.parquet import content_hash, encode, to_arrow

CELLS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=5)),
        st.one_of(st.none(), st.integers(-(2**40), 2**40)),
        st.floats(allow_nan=True, allow_infinity=False),
    ),
    max_size=12,
)
SCHEMA = pa.schema([("a", pa.string()), ("b", pa.int64()), ("c", pa.float64())])


def table(rows) -> pa.Table:
    columns = [list(column) for column in zip(*rows)] if rows else [[], [], []]
    arrays = [pa.array(c, type=f.type, from_pandas=True) for c, f in zip(columns, SCHEMA)]
    return pa.table(arrays, schema=SCHEMA)


@given(CELLS, st.integers(1, 5))
def test_bytes_and_hash_depend_on_the_values_alone(rows, size):
    whole = table(rows)
    pieces = [table(rows[i : i + size]) for i in range(0, len(rows), size)]
    joined = pa.concat_tables(pieces) if pieces else whole
    sliced = pa.concat_tables([table([("x", 1, 1.0)]), whole]).slice(1)
    hashes = {content_hash(t) for t in (whole, joined, sliced)}
    assert len(hashes) == 1
    assert encode(whole) == encode(table(rows))
    back = pq.read_table(io.BytesIO(encode(whole)))
    assert content_hash(back) in hashes and back.schema == SCHEMA


@given(CELLS.filter(len), st.data())
def test_another_value_has_another_hash(rows, data):
    at = data.draw(st.integers(0, len(rows) - 1))
    text, whole, number = rows[at]
    changed = data.draw(st.sampled_from([
        ((text or "") + "x", whole, number), (None if text is not None else "", whole, number),
        (text, (whole or 0) + 1, number), (text, None if whole is not None else 0, number),
        (text, whole, 1.0 if number != number or number == 0 else number / 2 + 1e-300),
    ]))  # fmt: skip
    other = [*rows[:at], changed, *rows[at + 1 :]]
    if changed != rows[at]:
        assert content_hash(table(other)) != content_hash(table(rows))


def test_text_cannot_flow_from_one_cell_into_the_next():
    one, two = table([("ab", 1, 1.0), ("c", 1, 1.0)]), table([("a", 1, 1.0), ("bc", 1, 1.0)])
    assert content_hash(one) != content_hash(two)


def test_types_come_from_the_dictionary_not_from_the_values():
    cells = {
        "STUDYID": "S", "USUBJID": "S-1", "REPL": 0, "PATIDX": 0, "TRT01P": "A",
        "AETERM": "anaemia", "ATOXGR": 3, "ASTDY": 4, "SEVDURN": 2.0,
    }  # fmt: skip
    ends = [pd.Series([np.nan]), pd.Series([9]), pd.Series([pd.NA], dtype="Int64"),
            pd.Series([9.0])]  # fmt: skip
    seen = [to_arrow("adae", pd.DataFrame({**cells, "AENDY": e, "ADURN": e})) for e in ends]
    assert len({t.schema for t in seen}) == 1
    assert seen[0]["AENDY"].to_pylist() == seen[2]["AENDY"].to_pylist() == [None]
    assert seen[1]["AENDY"].to_pylist() == seen[3]["AENDY"].to_pylist() == [9]
    assert to_arrow("adae", pd.DataFrame()).schema == seen[0].schema
    with pytest.raises(TableFault, match="AENDY"):
        to_arrow("adae", pd.DataFrame({**cells, "AENDY": [9.5], "ADURN": [1]}))
