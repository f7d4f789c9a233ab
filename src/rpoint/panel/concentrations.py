"""A range of concentrations as people write it: `0.004:10uM`."""

from __future__ import annotations

import re

from rpoint.errors import RpointError, nearest_name

UNITS = {"pM": 1e-3, "nM": 1.0, "uM": 1e3, "mM": 1e6}
ALLOWED = "LOW:HIGH and a unit (pM, nM, uM, mM), such as 0.004:10uM"
MOST_NM = 1e7
_END = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?)\s*([^\W\d]*)\s*")


def read_range(text: str, *, where: str = "--conc") -> tuple[float, float]:
    """Lowest and highest concentration, nM; a unit after the second counts for both.

    Raises
    ------
    RpointError
        For anything that is not a range of positive, ascending concentrations.

    >>> read_range("0.004:10uM")
    (4.0, 10000.0)
    >>> read_range("4 nM : 10 µM")
    (4.0, 10000.0)
    """
    ends = str(text).split(":")
    found = [_END.fullmatch(end) for end in ends]
    if len(ends) != 2 or found[0] is None or found[1] is None or not found[1][2]:
        raise RpointError("this is no range of concentrations", where=where, found=text,
                          allowed=ALLOWED)  # fmt: skip
    units = [_unit(match[2] or found[1][2], text, where) for match in found if match]
    low, high = (round(float(m[1]) * u, 9) for m, u in zip(found, units, strict=True) if m)
    if not 0 < low < high <= MOST_NM:
        raise RpointError(
            "the concentrations must be above zero and ascend",
            where=where,
            found=f"{low:g}:{high:g} nM",
            allowed=f"{ALLOWED}; at most {MOST_NM:g} nM",
        )
    return low, high


def _unit(name: str, text: str, where: str) -> float:
    key = name.replace("µ", "u").replace("μ", "u")
    if key not in UNITS:
        near = nearest_name(key, UNITS) or {"m": "nM", "M": "uM"}.get(key)
        raise RpointError(
            f"unknown unit of concentration {name!r}",
            where=where,
            found=text,
            allowed=ALLOWED,
            nearest=near,
        )
    return UNITS[key]
