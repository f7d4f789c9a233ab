"""A lesion-level table as tidy columns: who, when, which lesion, what it is, how large it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.endpoints._columns import MM_PER
from rpoint.endpoints._days import days
from rpoint.endpoints._patients import PatientRows
from rpoint.endpoints._problems import Problem, Rows
from rpoint.endpoints._read import Table
from rpoint.endpoints._values import (
    ABSENT,
    INCREASED,
    MEASURED,
    NOT_EVALUABLE,
    PRESENT,
    PROGRESSION,
    STATUSES,
    TOO_SMALL,
    by_value,
    flag,
    identifiers,
    number,
    status,
)
from rpoint.errors import RpointError, shorten

LARGEST = 500.0  # mm: no lesion of a patient is larger
NODE_WORDS = r"\b(?:lymph|node|nodes|nodal|ln)\b"
# Words of TUORRES and the like: (target, new).
KINDS = {
    "target": (1, 0), "t": (1, 0), "non target": (0, 0), "nontarget": (0, 0), "nt": (0, 0),
    "new": (0, 1), "n": (0, 1), "new target": (1, 1), "new non target": (0, 1),
}  # fmt: skip
NEEDED = ("patient", "lesion", "day", "target", "new", "diameter_mm")


@dataclass
class LesionRows:
    """Tidy lesions with what is wrong so far.

    Attributes
    ----------
    frame
        patient, day, lesion, organ, target, new, node, diameter_mm, status, method, row; sorted by
        patient, day and lesion, so that the order of the user's rows does not matter.
    problems
        What is wrong.
    """

    frame: pd.DataFrame
    problems: list[Problem]


def lesion_rows(table: Table, patients: PatientRows, unit: str | None, blanks: str) -> LesionRows:
    """Make a lesion-level table tidy.

    Parameters
    ----------
    table
        Recognised columns.
    patients
        For dates.
    unit
        "mm", "cm" or None (then the table says it).
    blanks
        "error", or "not evaluable": what a blank diameter without a status means.
    """
    cells = table.frame
    patient, no_patient = identifiers(cells["patient"])
    lesion, no_lesion = identifiers(cells["lesion"])
    rows = Rows(table.rows, patient)
    rows.add(no_patient, "patient-missing", "the patient is blank")
    rows.add(no_lesion, "lesion-missing", "the lesion is blank", "name every lesion")
    day = days(table, patient, patients, rows)
    assert day is not None  # `missing_columns` has seen to it
    target, new = _flags(table, rows)
    organ = _organ(cells)
    node = _node(table, organ, rows)
    diameter = _diameter(table, unit, rows)
    state = _status(table, target, new, diameter, rows, blanks)
    frame = pd.DataFrame({
        "patient": patient, "day": day, "lesion": lesion, "organ": organ, "target": target,
        "new": new, "node": node, "diameter_mm": diameter,
        "status": pd.Categorical.from_codes(state, categories=list(STATUSES)),
        "row": table.rows,
    })  # fmt: skip
    if "method" in cells:
        frame["method"] = cells["method"].to_numpy()
    order = np.lexsort((table.rows, lesion.codes, day, patient.codes))
    return LesionRows(frame.iloc[order].reset_index(drop=True), rows.problems)


def missing_columns(table: Table) -> list[str]:
    """The columns that a lesion-level table must have and this one has not."""
    found = table.found
    has = {
        "patient": "patient" in found,
        "lesion": "lesion" in found,
        "day": any(name in found for name in ("day", "study_day", "weeks", "date")),
        "target": "target" in found or "kind" in found,
        "new": "new" in found or "kind" in found,
        "diameter_mm": "diameter" in found,
    }
    return [name for name in NEEDED if not has[name]]


def _flags(table: Table, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Target and new, from two columns of 1 and 0 or from one that names the kind."""
    cells = table.frame
    if "target" in table.found and "new" in table.found:
        return flag(cells["target"], rows, "target"), flag(cells["new"], rows, "new")

    def convert(text: str) -> int:
        word = " ".join(text.replace("-", " ").replace("_", " ").split()).casefold()
        pair = KINDS.get(word)
        return -2 if pair is None else pair[0] + 2 * pair[1]

    code = by_value(cells["kind"], convert)
    rows.add(code == -1, "kind-missing", "the kind of the lesion is blank")
    rows.add(code == -2, "kind-unknown", "the kind of the lesion is not a known word",
             "use TARGET, NON-TARGET, NEW or NEW TARGET; leave out benign findings",
             values=cells["kind"])  # fmt: skip
    code = np.maximum(code, 0)
    return (code % 2).astype(np.int8), (code // 2).astype(np.int8)


def _organ(cells: pd.DataFrame) -> pd.Categorical:
    if "organ" not in cells:
        return pd.Categorical.from_codes(np.zeros(len(cells), np.int8), categories=[""])
    coded = cells["organ"].astype("string").str.strip().str.casefold().fillna("")
    return pd.Categorical(coded.astype(object))


def _node(table: Table, organ: pd.Categorical, rows: Rows) -> np.ndarray:
    if "node" in table.found or "node" in table.frame:
        return flag(table.frame["node"], rows, "node")
    named = pd.Series(organ.categories.astype(str)).str.contains(NODE_WORDS, regex=True)
    node = named.to_numpy(dtype=bool)[organ.codes]
    rows.add(node, "node-by-organ", "lesions of this organ are read as nodes, by short axis",
             "add a column node of 1 and 0 to say it yourself", severity="warning",
             values=np.asarray(organ, dtype=object))  # fmt: skip
    return node.astype(np.int8)


def _diameter(table: Table, unit: str | None, rows: Rows) -> np.ndarray:
    """Diameters in mm."""
    cells = table.frame
    values = number(cells["diameter"], rows, "diameter", "a size in mm or cm, digits only")
    factor = unit_factor(table, unit, rows, measured=~np.isnan(values))
    millimetres = values * factor
    rows.add(values < 0, "diameter-negative", "diameter is negative", values=values)
    rows.add(millimetres > LARGEST, "diameter-too-large",
             f"diameter is above {LARGEST:.0f} mm", "is it the unit?", values=values)  # fmt: skip
    return np.where(values < 0, np.nan, millimetres)


def unit_factor(
    table: Table, unit: str | None, rows: Rows, measured: np.ndarray
) -> float | np.ndarray:
    """Millimetres for one unit of the table: as the user, a column or its name says.

    Raises
    ------
    RpointError
        If none says it, or two say different things.
    """
    size = next(table.found.columns[n] for n in ("diameter", "sum") if n in table.found)
    if unit is not None and unit not in MM_PER:
        raise RpointError("unknown unit", where="unit", found=unit, allowed="mm, cm")
    if "unit" in table.found and unit is None and table.found.unit is None:
        return _row_units(table.frame["unit"], rows, measured)
    named = table.found.unit
    if unit is not None and named is not None and unit != named:
        raise RpointError(
            "two units are stated for one column",
            where=f"{table.where}, column {shorten(size, 40)}",
            found=f"{named} in its name, {unit} given",
            mend="rename the column, or leave the unit out",
        )
    stated = unit or named
    if stated not in MM_PER:
        raise RpointError(
            "the unit of the sizes is not stated",
            where=f"{table.where}, column {shorten(size, 40)}",
            allowed="mm, cm",
            mend="name the column diameter_mm or diameter_cm, or give unit=... (--unit)",
        )
    return MM_PER[stated]


def _row_units(cells: pd.Series, rows: Rows, measured: np.ndarray) -> np.ndarray:
    words = {"mm": 0, "millimetre": 0, "millimeter": 0, "cm": 1, "centimetre": 1, "centimeter": 1}
    code = by_value(cells, lambda text: words.get(text.strip().casefold(), -2))
    wrong = (code < 0) & measured
    rows.add(wrong, "unit-unknown", "the unit is neither mm nor cm", values=cells)
    return np.where(code == 1, 10.0, 1.0)


def _status(
    table: Table,
    target: np.ndarray,
    new: np.ndarray,
    diameter: np.ndarray,
    rows: Rows,
    blanks: str,
) -> np.ndarray:
    """Codes of `STATUSES`: what is stated, else measured where there is a diameter."""
    cells = table.frame
    stated = np.full(len(cells), -1, np.int8)
    if "status" in cells:
        stated = status(cells["status"], rows, "status")
    if "nontarget" in cells:
        judged = status(cells["nontarget"], rows, "nontarget")
        stated = np.where((stated < 0) | (stated == MEASURED), judged, stated)
    sized = ~np.isnan(diameter)
    blank = (stated < 0) & ~sized & table.frame["diameter"].isna().to_numpy()
    if blanks == "error":
        rows.add(
            blank, "diameter-blank", "diameter is blank and no status says why",
            "add a column status: not evaluable, too small, absent (non-target: present, "
            "progression); or say blanks='not evaluable' (--blanks not-evaluable)",
        )  # fmt: skip
    state = np.where(stated >= 0, stated, np.where(sized, MEASURED, NOT_EVALUABLE)).astype(np.int8)
    _contradictions(state, target, new, diameter, rows)
    return state


def _contradictions(
    state: np.ndarray, target: np.ndarray, new: np.ndarray, diameter: np.ndarray, rows: Rows
) -> None:
    size = diameter > 0
    rows.add((state == ABSENT) & size, "absent-with-size",
             "a lesion that is absent has a diameter", values=diameter)  # fmt: skip
    rows.add((state == NOT_EVALUABLE) & ~np.isnan(diameter), "not-evaluable-with-size",
             "a lesion that is not evaluable has a diameter", values=diameter)  # fmt: skip
    old_target = (target == 1) & (new == 0)
    rows.add(old_target & np.isin(state, (INCREASED, PROGRESSION)), "target-judged",
             "a target lesion has a judgement of non-target disease",
             "a target is judged by its diameter")  # fmt: skip
    unsized = (target == 1) & np.isin(state, (MEASURED, PRESENT)) & np.isnan(diameter)
    rows.add(unsized, "target-without-size", "a target that is present has no diameter",
             "give its diameter, or the status too small or not evaluable")  # fmt: skip
    odd = (state == TOO_SMALL) & (diameter >= 10.0)
    rows.add(odd, "too-small-with-size", "a lesion too small to measure has 10 mm or more",
             values=diameter)  # fmt: skip
