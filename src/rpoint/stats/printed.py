"""Counts behind a printed percentage: every x of n that rounds to it.

A rounded percentage of an unknown number is compatible with few small counts.  Listing them shows
how little a percentage without its count says.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from rpoint.errors import RpointError
from rpoint.stats.proportions import proportion_table

MAX_N = 100_000


def prints_as(x: int, n: int, decimals: int) -> Decimal:
    """100 x / n rounded half up to `decimals`, exactly.

    >>> str(prints_as(3, 190, 2)), str(prints_as(1, 8, 0))
    ('1.58', '13')
    """
    step = Decimal(1).scaleb(-decimals)
    # Exact: x and n are whole numbers, the quotient is compared at half steps.
    scaled = (2 * 100 * 10**decimals * x + n) // (2 * n)
    return (Decimal(scaled) * step).quantize(step, ROUND_HALF_UP)


def counts_that_print(
    percent: str | float, n_max: int, *, n_min: int = 3, least: int = 1
) -> list[tuple[int, int]]:
    """All (x, n) with n_min <= n <= n_max and x >= least that print as the percentage.

    Parameters
    ----------
    percent
        As printed, best as text: "24.30" has two decimals, "24.3" one.
    n_max, n_min
        Range of the denominator.
    least
        Smallest x; 0 lets the empty count in.

    Raises
    ------
    RpointError
        If the percentage is no number from 0 to 100, or n_max is out of range.

    >>> counts_that_print("1.58", 260)
    [(3, 190), (4, 253)]
    """
    target, decimals = _printed(percent)
    if not 1 <= n_max <= MAX_N:
        raise RpointError("n_max is out of range", found=n_max, allowed=f"1 to {MAX_N}")
    found = []
    for n in range(max(1, n_min), n_max + 1):
        near = int(target * n / 100)
        for x in range(max(least, near - 1), min(n, near + 2) + 1):
            if prints_as(x, n, decimals) == target:
                found.append((x, n))
    return found


def printed_table(percent: str | float, n_max: int, **options: int) -> pd.DataFrame:
    """`counts_that_print` with exact intervals: x, n, percent, lo, hi, text."""
    pairs = counts_that_print(percent, n_max, **options)
    if not pairs:
        return pd.DataFrame(columns=["x", "n", "percent", "lo", "hi", "text"])
    x, n = zip(*pairs, strict=True)
    return proportion_table(list(x), list(n))


def _printed(percent: Any) -> tuple[Decimal, int]:
    try:
        value = Decimal(str(percent).strip())
        exponent = value.as_tuple().exponent
        fine = isinstance(exponent, int) and 0 <= value <= 100 and exponent >= -9
    except ArithmeticError:
        fine = False
    if not fine:
        raise RpointError("not a printed percentage", found=percent, allowed="0 to 100, as '24.3'")
    return value, max(0, -int(exponent))
