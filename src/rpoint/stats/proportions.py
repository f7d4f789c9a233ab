"""Intervals for one proportion: Clopper–Pearson, Wilson, Jeffreys.

Sources: Clopper & Pearson 1934 (doi:10.1093/biomet/26.4.404); Wilson 1927
(doi:10.1080/01621459.1927.10502953), without continuity correction; Brown, Cai & DasGupta 2001
(doi:10.1214/ss/1009213286) for Jeffreys.  The Jeffreys interval here is the plain posterior
interval of Beta(x + ½, n − x + ½): the edge rule that widens it to 0 at x = 0 and to 1 at x = n is
not applied.  Two proportions are in `rpoint.stats.two_proportions`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import special

from rpoint.errors import unknown_name
from rpoint.stats._counts import Floats, check_counts, check_level

Method = Literal["clopper-pearson", "wilson", "jeffreys"]
Side = Literal["two", "lower", "upper"]
METHODS: tuple[Method, ...] = get_args(Method)
SIDES: tuple[Side, ...] = get_args(Side)


@dataclass(frozen=True)
class Proportion:
    """A proportion with its interval, in percent.

    Attributes
    ----------
    x, n
        Events out of a number.
    percent
        100 · x / n.
    lo, hi
        Limits of the interval, in percent.
    level
        Confidence level (for Jeffreys: posterior probability), 0–1.
    method
        "clopper-pearson", "wilson" or "jeffreys".
    side
        "two"; "lower" has only a lower limit (hi is 100), "upper" only an upper one (lo is 0).
    label
        What was counted, such as "confirmed response".
    """

    x: int
    n: int
    percent: float
    lo: float
    hi: float
    level: float = 0.95
    method: Method = "clopper-pearson"
    side: Side = "two"
    label: str = ""

    def text(self, digits: int = 1) -> str:
        """Count, percent and limits on one line.

        >>> proportion(6, 31).text()
        '6/31 = 19.4 % (7.5–37.5)'
        """
        value, lo, hi = (f"{v:.{digits}f}" for v in (self.percent, self.lo, self.hi))
        return f"{self.x}/{self.n} = {value} % ({lo}–{hi})"

    def summary(self) -> str:
        """The text with its label, level and method."""
        kind = {"two": "", "lower": " lower", "upper": " upper"}[self.side]
        head = f"{self.label}: " if self.label else ""
        return f"{head}{self.text()}, {100 * self.level:g} %{kind} {self.method} interval"

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row with the fields as columns."""
        return pd.DataFrame([self.to_dict()])

    def __str__(self) -> str:
        return self.text()


def limits(
    x: Any,
    n: Any,
    *,
    level: float = 0.95,
    method: Method = "clopper-pearson",
    side: Side = "two",
) -> tuple[Floats, Floats]:
    """Lower and upper limits as fractions, for arrays of any one shape.

    The lower limit is 0 exactly when x = 0 and the upper one 1 exactly when x = n, but for
    Jeffreys (see the module).

    Parameters
    ----------
    x, n
        Events and totals, numbers or arrays that broadcast.
    level
        0–1.  A one-sided limit uses the whole error probability 1 − level.
    method
        "clopper-pearson" (exact, at least the level for every p), "wilson" (score, the level on
        average) or "jeffreys" (Bayesian with Beta(½, ½)).
    side
        "two", "lower" (upper limit 1) or "upper" (lower limit 0).

    Returns
    -------
    tuple of numpy.ndarray
        Both of the broadcast shape.

    Raises
    ------
    RpointError
        For counts, level, method or side that are not allowed.
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS, where="method")
    if side not in SIDES:
        raise unknown_name("side", side, SIDES, where="side")
    tail = (1 - check_level(level)) / (2 if side == "two" else 1)
    events, totals = (a.astype(float) for a in check_counts(x, n))
    lo, hi = _KERNELS[method](events, totals, tail)
    if side == "lower":
        hi = np.ones_like(hi)
    elif side == "upper":
        lo = np.zeros_like(lo)
    return lo, hi


def _clopper_pearson(x: Floats, n: Floats, tail: float) -> tuple[Floats, Floats]:
    none, every = x == 0, x == n
    lo = special.betaincinv(np.where(none, 1.0, x), n - x + 1, tail)
    hi = special.betainccinv(x + 1, np.where(every, 1.0, n - x), tail)
    return np.where(none, 0.0, lo), np.where(every, 1.0, hi)


def _wilson(x: Floats, n: Floats, tail: float) -> tuple[Floats, Floats]:
    z = special.ndtri(1 - tail)
    middle = (x + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(x * (n - x) / n + z * z / 4)
    # The edges are exact in algebra but not in floating point.
    return np.where(x == 0, 0.0, middle - half), np.where(x == n, 1.0, middle + half)


def _jeffreys(x: Floats, n: Floats, tail: float) -> tuple[Floats, Floats]:
    a, b = x + 0.5, n - x + 0.5
    return special.betaincinv(a, b, tail), special.betainccinv(a, b, tail)


_KERNELS = {"clopper-pearson": _clopper_pearson, "wilson": _wilson, "jeffreys": _jeffreys}


def proportion(
    x: int,
    n: int,
    level: float = 0.95,
    method: Method = "clopper-pearson",
    *,
    side: Side = "two",
    label: str = "",
) -> Proportion:
    """One proportion with its interval, in percent; see `limits`.

    >>> print(proportion(1, 31))
    1/31 = 3.2 % (0.1–16.7)
    """
    lo, hi = limits(x, n, level=level, method=method, side=side)
    return Proportion(
        int(x), int(n), 100 * int(x) / int(n), 100 * float(lo), 100 * float(hi),
        float(level), method, side, label,
    )  # fmt: skip


def proportion_table(
    x: Any,
    n: Any,
    *,
    label: Any = None,
    level: float = 0.95,
    method: Method = "clopper-pearson",
    side: Side = "two",
) -> pd.DataFrame:
    """Many proportions at once: a row each with label, x, n, percent, lo, hi, text.

    Parameters
    ----------
    x, n
        Equally long sequences, or a number for all rows.
    label
        A name per row; left out, the column is left out.
    level, method, side
        As in `limits`.
    """
    events, totals = (np.atleast_1d(a) for a in check_counts(x, n))
    lo, hi = limits(events, totals, level=level, method=method, side=side)
    table = pd.DataFrame(
        {"x": events, "n": totals, "percent": 100 * events / totals, "lo": 100 * lo, "hi": 100 * hi}
    )
    table["text"] = [
        Proportion(int(r.x), int(r.n), r.percent, r.lo, r.hi).text() for r in table.itertuples()
    ]
    if label is not None:
        table.insert(0, "label", list(label))
    return table
