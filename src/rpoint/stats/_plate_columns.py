"""The columns of a plate table: which names are known, what their suffixes say.

Names of `drug, dose, response` tables and of the tables of SynergyFinder (block_id, drug_row,
drug_col, conc_r, conc_c, conc_r_unit ...) are both understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rpoint.errors import RpointError, nearest_name

RESPONSES = ("inhibition", "viability", "count", "gr")

_FIXED = {
    "drug1": r"drug_?(?:1|a|row|r)",
    "drug2": r"drug_?(?:2|b|col|c)",
    "block": r"block(?:_?id)?|plate",
    "replicate": r"rep(?:licate)?(?:_?id)?",
    "unit1": r"(?:dose|conc)_?(?:1|r|row|a)_unit|(?:dose_|conc_)?unit_?(?:1|r)",
    "unit2": r"(?:dose|conc)_?(?:2|c|col|b)_unit|(?:dose_|conc_)?unit_?(?:2|c)",
    "unit": r"(?:dose_|conc_)?unit",
}
_DOSE = {
    "dose1": r"(?:dose|conc)_?(?:1|row|r|a)(?:_(?P<unit>(?!unit)\w+))?",
    "dose2": r"(?:dose|conc)_?(?:2|col|c|b)(?:_(?P<unit>(?!unit)\w+))?",
}
_RESPONSE = r"(?P<kind>response|inhibition|viability|count|cell_count|gr)(?:_(?P<scale>pct|frac))?"
NEEDED = ("dose1", "dose2", "response")


@dataclass(frozen=True)
class Columns:
    """Which column holds what.

    Attributes
    ----------
    names
        Meaning to the table's own name.
    units
        Units of the doses that the names carry ("dose1_nM"), "" without.
    response
        Kind of response that the name carries, None for a plain "response".
    percent
        True for a name in _pct, False in _frac, else None.
    """

    names: dict[str, str]
    units: tuple[str, str]
    response: str | None
    percent: bool | None


def recognise(columns: Iterable[object], where: str) -> Columns:
    """Find the columns of a plate.

    Raises
    ------
    RpointError
        If a column that is needed is missing, or two columns mean the same.
    """
    names: dict[str, str] = {}
    units = {"dose1": "", "dose2": ""}
    kind: str | None = None
    percent: bool | None = None
    for column in map(str, columns):
        meaning, match = _meaning(column)
        if meaning is None:
            continue
        if meaning in names:
            raise RpointError(
                f"two columns hold the {meaning}",
                where=where,
                found=f"{names[meaning]}, {column}",
                mend="leave one of them out",
            )
        names[meaning] = column
        if meaning in units and match is not None:
            units[meaning] = (match["unit"] or "").replace("_per_", "/").replace("_", "/")
        if meaning == "response" and match is not None:
            kind = {"response": None, "cell_count": "count"}.get(
                match["kind"].lower(), match["kind"].lower()
            )
            percent = None if match["scale"] is None else match["scale"].lower() == "pct"
    _check(names, list(map(str, columns)), where)
    return Columns(names, (units["dose1"], units["dose2"]), kind, percent)


def _meaning(column: str) -> tuple[str | None, re.Match[str] | None]:
    text = column.strip()
    for meaning, pattern in _FIXED.items():
        if re.fullmatch(pattern, text, re.IGNORECASE):
            return meaning, None
    for meaning, pattern in (*_DOSE.items(), ("response", _RESPONSE)):
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match:
            return meaning, match
    return None, None


def _check(names: dict[str, str], columns: list[str], where: str) -> None:
    missing = [name for name in NEEDED if name not in names]
    if ("drug1" in names) != ("drug2" in names):
        missing.append("drug2" if "drug1" in names else "drug1")
    if not missing:
        return
    near = nearest_name(missing[0], columns)
    raise RpointError(
        f"the plate has no column {', '.join(missing)}",
        where=where,
        found=", ".join(columns) or "no columns",
        allowed="drug1, drug2, dose1_UNIT, dose2_UNIT, response; optional replicate, block",
        nearest=near,
        mend="rename the columns; the first line of the file holds their names",
    )
