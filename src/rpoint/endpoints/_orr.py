"""Objective response rates: any response and confirmed response, always side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from rpoint.stats.proportions import Method, Proportion, proportion

RESPONDERS = ("CR", "PR", "iCR", "iPR")


@dataclass(frozen=True, repr=False)
class Orr:
    """Response rates with their intervals.

    Attributes
    ----------
    any
        Patients with a complete or partial response at some visit.
    confirmed
        Patients with one that a later visit confirmed.
    of
        Who is counted: "evaluable" or "all".
    """

    any: Proportion
    confirmed: Proportion
    of: str

    def to_frame(self) -> pd.DataFrame:
        """response (any, confirmed), x, n, percent, lo, hi (percent)."""
        rows = [{"response": name, **values} for name, values in self.to_dict().items()]
        return pd.DataFrame(rows)

    def summary(self) -> pd.DataFrame:
        """The same table."""
        return self.to_frame()

    def to_dict(self) -> dict[str, dict[str, float]]:
        """{"any": {x, n, percent, lo, hi}, "confirmed": {...}}."""
        return {
            name: {key: getattr(one, key) for key in ("x", "n", "percent", "lo", "hi")}
            for name, one in (("any", self.any), ("confirmed", self.confirmed))
        }

    def text(self, name: str) -> str:
        """One rate in words.

        Parameters
        ----------
        name
            "any" or "confirmed".
        """
        one = self.to_dict()[name]
        if not one["n"]:
            return "0/0, no rate"
        return f"{one['x']}/{one['n']}, {one['percent']:.1f} % ({one['lo']:.1f}–{one['hi']:.1f})"

    def __str__(self) -> str:
        return f"any {self.text('any')}; confirmed {self.text('confirmed')}"

    __repr__ = __str__


def rate(table: pd.DataFrame, *, of: str, level: float, method: Method) -> Orr:
    """Response rates of the rows of a table of best responses; NaN without a patient."""
    n = len(table)
    found = []
    for name in ("any", "confirmed"):
        x = int(table[f"bor_{name}"].isin(RESPONDERS).sum())
        if n:
            found.append(proportion(x, n, level=level, method=method, label=f"{name} response"))
        else:
            found.append(Proportion(0, 0, math.nan, math.nan, math.nan, level, method))
    return Orr(found[0], found[1], of)
