"""A table as the bytes of a Parquet file: equal tables give equal bytes.

No time, no host, no order of arrival goes into a file.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rpoint.trial.adam.check import check_table, ordered
from rpoint.trial.adam.columns import TABLES, Column

_TYPES = {"text": pa.string(), "flag": pa.string(), "integer": pa.int64(), "number": pa.float64()}


def to_arrow(name: str, frame: pd.DataFrame) -> pa.Table:
    """A checked table with the types of its dictionary; others with the types they have."""
    if name not in TABLES:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        return table.replace_schema_metadata(None)
    if frame.empty and not len(frame.columns):
        frame = pd.DataFrame({c.name: [] for c in TABLES[name] if c.needed}, dtype=float)
    check_table(name, frame)
    frame = ordered(name, frame)
    columns = {c: _cells(TABLES[name][c], frame[c]) for c in frame}
    return pa.table(columns)


def _cells(column: Column, cells: pd.Series) -> pa.Array:
    kind = _TYPES[column.kind]
    if column.kind in ("text", "flag"):
        return pa.array(cells.to_numpy(dtype=object), type=kind, from_pandas=True)
    values = cells.to_numpy(dtype=float, na_value=np.nan)
    if column.kind == "integer" and pd.api.types.is_integer_dtype(cells) and not cells.hasnans:
        return pa.array(cells.to_numpy(dtype=np.int64), type=kind)
    return pa.array(values, type=pa.float64(), from_pandas=True).cast(kind)


def encode(table: pa.Table) -> bytes:
    """The bytes of a Parquet file; the same for the same table."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, version="2.6", compression="zstd", compression_level=1, use_dictionary=True,
        write_statistics=True, data_page_version="1.0", row_group_size=1 << 20,
    )  # fmt: skip
    return sink.getvalue().to_pybytes()


def content_hash(table: pa.Table) -> str:
    """SHA-256 of names, types and values, whatever file they are in."""
    digest = hashlib.sha256()
    for name, cells in zip(table.column_names, table.columns):
        digest.update(f"{name}\0{cells.type}\0{len(cells)}\0".encode())
        empty = np.ascontiguousarray(pc.is_null(cells).to_numpy(zero_copy_only=False))
        digest.update(np.packbits(empty).tobytes())
        if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
            filled = pc.fill_null(cells.cast(pa.large_string()), "")
            length = pc.binary_length(filled).to_numpy().astype("<i8")
            digest.update(length.tobytes())
            for part in filled.chunks:
                digest.update(_text(part))
        elif pa.types.is_primitive(cells.type) and not pa.types.is_temporal(cells.type):
            values = pc.fill_null(cells, pa.scalar(0).cast(cells.type)).to_numpy()
            digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
        else:
            digest.update(json.dumps(cells.to_pylist(), default=str).encode())
    return digest.hexdigest()


def _text(part: pa.Array) -> bytes:
    """All letters of a filled large-string array, one text after the other."""
    if not len(part):
        return b""
    _, offsets, letters = part.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[part.offset : part.offset + len(part) + 1]
    return letters.to_pybytes()[bounds[0] : bounds[-1]] if letters is not None else b""
