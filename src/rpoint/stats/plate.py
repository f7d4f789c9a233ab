"""A plate: the wells of drug combinations, read from a long table and checked row by row.

One row a well: `drug1, drug2, dose1_UNIT, dose2_UNIT, response` and, if there are any, `replicate`
and `block`.  Nothing is repaired: a row that cannot be used is named, with all others that cannot.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.stats._plate_columns import RESPONSES, Columns, recognise
from rpoint.stats._plate_file import read_file

MAX_PROBLEMS = 12  # that an error lists in full
MAX_WELLS = 200_000
PERCENT_FROM = 3.0  # a fraction beyond it is taken for a forgotten percent, and refused


@dataclass(frozen=True, repr=False)
class Plate:
    """Wells of one or more pairs of drugs.

    Attributes
    ----------
    wells
        row (of the file, the header being row 1), drug1, drug2, dose1, dose2, response (fractions
        or counts), block, replicate, unit1, unit2.  A drug is "" in a well that names none.
    response
        "inhibition", "viability", "count" or "gr".
    where
        Name of the file for messages.
    """

    wells: pd.DataFrame
    response: str
    where: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every pair of drugs, in the order in which it first occurs."""
        seen: dict[frozenset[str], tuple[str, str]] = {}
        named = self.wells[(self.wells["drug1"] != "") & (self.wells["drug2"] != "")]
        for one, two in named[["drug1", "drug2"]].drop_duplicates().itertuples(index=False):
            seen.setdefault(frozenset((one, two)), (one, two))
        return list(seen.values())

    def pair(self, drug1: str, drug2: str) -> pd.DataFrame:
        """The wells of one pair, drug1 in the first place whatever the table's order.

        A well that names a single drug, or none, belongs to every pair that it fits.

        Raises
        ------
        RpointError
            If the plate has no such pair, or one of its drugs has more than one unit.
        """
        table = self.wells
        one, two = table["drug1"], table["drug2"]
        both = (one != "") & (two != "")
        same = both & (one == drug1) & (two == drug2)
        turned = both & ~same & (one == drug2) & (two == drug1)
        if not (same | turned).any():
            raise self._no_pair(drug1, drug2)
        single_turned = ~both & (((one == drug2) & (one != drug1)) | ((two == drug1) & (one == "")))
        single = ~both & one.isin(("", drug1, drug2)) & two.isin(("", drug1, drug2))
        blocks = set(table.loc[same | turned, "block"])
        single &= table["block"].isin(blocks)
        flip = turned | (single & single_turned & (drug1 != drug2))
        chosen = table[same | turned | single].copy()
        swap = flip[chosen.index].to_numpy()
        for a, b in (("dose1", "dose2"), ("unit1", "unit2")):
            first, second = chosen[a].to_numpy(), chosen[b].to_numpy()
            chosen[a], chosen[b] = np.where(swap, second, first), np.where(swap, first, second)
        chosen["drug1"], chosen["drug2"] = drug1, drug2
        self._check_units(chosen, drug1, drug2)
        return chosen.sort_values(["dose1", "dose2", "block", "replicate", "response"])

    def _no_pair(self, drug1: str, drug2: str) -> RpointError:
        known = sorted({name for pair in self.pairs for name in pair})
        for name in (drug1, drug2):
            if name not in known:
                return unknown_name("drug", name, known, where=self.where)
        return RpointError(
            "these two drugs were not combined on the plate",
            where=self.where,
            found=f"{drug1} + {drug2}",
            allowed="; ".join(f"{a} + {b}" for a, b in self.pairs),
        )

    def _check_units(self, chosen: pd.DataFrame, drug1: str, drug2: str) -> None:
        for drug, unit, dose in ((drug1, "unit1", "dose1"), (drug2, "unit2", "dose2")):
            used = chosen[chosen[dose] > 0]
            found = list(dict.fromkeys(used[unit]))
            if len(found) > 1:
                first = {u: int(used.loc[used[unit] == u, "row"].iloc[0]) for u in found}
                raise RpointError(
                    f"the doses of {drug} have more than one unit",
                    where=self.where,
                    found=", ".join(f"{u or 'none'} (row {row})" for u, row in first.items()),
                    mend="convert the doses to one unit",
                )

    def __repr__(self) -> str:
        pairs = ", ".join(f"{a} + {b}" for a, b in self.pairs[:4])
        return f"<Plate of {len(self.wells)} wells, {self.response}: {pairs}>"


def read_plate(
    table: str | os.PathLike[str] | pd.DataFrame,
    *,
    response: str | None = None,
    percent: bool | None = None,
    drug1: str | None = None,
    drug2: str | None = None,
    unit1: str | None = None,
    unit2: str | None = None,
) -> Plate:
    """Read a plate from a file or a DataFrame.

    Parameters
    ----------
    table
        CSV or Parquet file, "-" for standard input, or a DataFrame.
    response
        "inhibition" (0 without effect), "viability" (1 without effect), "count" (of cells, or any
        signal in proportion to them) or "gr" (growth-rate inhibition value, 1 without effect).
        Needed unless the name of the column says it.
    percent
        True for a response in percent; read from a name in _pct or _frac; else False.
    drug1, drug2
        Names of the drugs, for a table without columns for them.
    unit1, unit2
        Units of the doses, for a table that does not say.

    Returns
    -------
    Plate

    Raises
    ------
    RpointError
        For a file that is no such table; lists every row that cannot be used.
    """
    if isinstance(table, pd.DataFrame):
        frame, where = table.reset_index(drop=True), "the table"
    else:
        frame, where = read_file(table)
    columns = recognise(frame.columns, where)
    kind = _kind(columns, response, where)
    percent = _percent(columns, percent, where)
    if kind == "count" and percent:
        raise RpointError("a count is not in percent", where=where, mend="use viability")
    _check_size(frame, where)
    wells = _wells(frame, columns, (drug1, drug2), (unit1, unit2), where)
    problems = _row_problems(wells, kind)
    if problems:
        raise _bad_rows(problems, where)
    wells["response"] = wells["response"] / (100.0 if percent else 1.0)
    _check_scale(wells, kind, where)
    _check_replicates(wells, "replicate" in columns.names, where)
    return Plate(wells, kind, where)


def _kind(columns: Columns, response: str | None, where: str) -> str:
    if response is not None and response not in RESPONSES:
        raise unknown_name("response", response, RESPONSES, where="response")
    if response and columns.response and response != columns.response:
        raise RpointError(
            "the column and the option disagree on what the response is",
            where=where,
            found=f"column {columns.names['response']}, option {response}",
        )
    kind = response or columns.response
    if kind is None:
        raise RpointError(
            "it is not said what the response is: synergy has the opposite sign on viability",
            where=where,
            allowed=", ".join(RESPONSES),
            mend="name the column inhibition, viability, count or gr, or say --response",
        )
    return kind


def _percent(columns: Columns, percent: bool | None, where: str) -> bool:
    if percent is not None and columns.percent not in (None, percent):
        raise RpointError(
            "the column and the option disagree on the scale of the response",
            where=where,
            found=f"column {columns.names['response']}",
        )
    return bool(columns.percent if percent is None else percent)


def _check_size(frame: pd.DataFrame, where: str) -> None:
    if not len(frame):
        raise RpointError("the plate has no wells", where=where)
    if len(frame) > MAX_WELLS:
        raise RpointError("too many wells", where=where, found=len(frame), allowed=str(MAX_WELLS))


def _wells(
    frame: pd.DataFrame, columns: Columns, drugs: tuple, units: tuple, where: str
) -> pd.DataFrame:
    """The table in the plate's own columns; what is no number becomes NaN, found text is kept."""
    names = columns.names
    wells = pd.DataFrame({"row": np.arange(2, len(frame) + 2)})
    for place, given in zip((1, 2), drugs):
        key = f"drug{place}"
        if key in names:
            wells[key] = _text(frame[names[key]])
        elif given:
            wells[key] = given
        else:
            raise RpointError(
                "the drugs have no names",
                where=where,
                mend="add columns drug1 and drug2, or name the drugs with --drug1 and --drug2",
            )
    for key in ("dose1", "dose2", "response"):
        raw = frame[names[key]]
        wells[f"{key}_text"] = _text(raw)
        wells[key] = pd.to_numeric(raw, errors="coerce").astype(float)
        blank = wells[f"{key}_text"] == ""
        if key != "response":  # a drug that is not named needs no dose
            wells.loc[blank & (wells[f"drug{key[-1]}"] == ""), key] = 0.0
    wells["block"] = _text(frame[names["block"]]) if "block" in names else "1"
    wells["replicate"] = _text(frame[names["replicate"]]) if "replicate" in names else ""
    for place, (said, given) in enumerate(zip(columns.units, units), start=1):
        column = names.get(f"unit{place}") or names.get("unit")
        read = _text(frame[column]) if column else None
        _set_unit(wells, place, read, said, given, names[f"dose{place}"], where)
    return wells


def _set_unit(wells: pd.DataFrame, place: int, read, said, given, column: str, where: str) -> None:
    """The unit of a dose: a column's, else what the name of the dose says, else what is given."""
    key = f"unit{place}"
    wells[key] = (said or given or "") if read is None else read
    if read is None and said and given and said != given:
        raise RpointError(
            "the column and the option disagree on the unit",
            where=where,
            found=f"{column} and {given}",
        )
    if (wells.loc[wells[f"dose{place}"] > 0, key] == "").any():
        raise RpointError(
            f"the unit of dose{place} is not said",
            where=where,
            found=column,
            mend=f"name the column dose{place}_nM, or give --unit{place} nM",
        )


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def _row_problems(wells: pd.DataFrame, kind: str) -> list[tuple[int, str]]:
    """(row, what is wrong) of every row that cannot be used, by row."""
    problems: list[tuple[int, str]] = []

    def note(bad: Any, text: str, column: str) -> None:
        for row, found in wells.loc[bad, ["row", column]].itertuples(index=False):
            problems.append((int(row), f"{text}, found {found or 'nothing'!r}"))

    for key in ("dose1", "dose2", "response"):
        note(~np.isfinite(wells[key]), f"{key} is no finite number", f"{key}_text")
    for key in ("dose1", "dose2"):
        note(wells[key] < 0, f"{key} is negative", f"{key}_text")
        drug = f"drug{key[-1]}"
        note((wells[drug] == "") & (wells[key] > 0), f"{key} of a drug without a name", key)
    if kind == "count":
        note(wells["response"] < 0, "a count is negative", "response_text")
    return sorted(problems)


def _bad_rows(problems: list[tuple[int, str]], where: str) -> RpointError:
    lines = [f"row {row}: {text}" for row, text in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        lines.append(f"and {len(problems) - MAX_PROBLEMS} more")
    count = len({row for row, _ in problems})
    return RpointError(
        f"{count} row{'s' if count > 1 else ''} of the plate cannot be used",
        where=where,
        allowed="\n".join(lines),
        mend="correct these rows or leave them out; the header is row 1",
    )


def _check_scale(wells: pd.DataFrame, kind: str, where: str) -> None:
    if kind == "count":
        return
    worst = wells["response"].abs().idxmax()
    value, row = float(wells["response"][worst]), int(wells["row"][worst])
    if abs(value) > PERCENT_FROM:
        raise RpointError(
            f"the {kind} is far outside what a fraction can be",
            where=f"{where}, row {row}",
            found=value,
            allowed="0 to 1" if kind != "gr" else "-1 to 1",
            mend="if it is in percent, name the column response_pct or say --percent",
        )


def _check_replicates(wells: pd.DataFrame, named: bool, where: str) -> None:
    if not named:
        return
    keys = ["block", "replicate", "drug1", "drug2", "dose1", "dose2"]
    twice = wells[(wells["replicate"] != "") & wells.duplicated(keys, keep=False)]
    # untreated wells are many, and often share one label
    twice = twice[(twice["dose1"] > 0) | (twice["dose2"] > 0)]
    if twice.empty:
        return
    pairs = [", ".join(map(str, sorted(rows))) for rows in twice.groupby(keys)["row"].apply(list)]
    raise RpointError(
        "the same well occurs more than once under one replicate",
        where=where,
        found="rows " + "; ".join(pairs[:MAX_PROBLEMS]),
        mend="number the replicates, or leave the column replicate out",
    )
