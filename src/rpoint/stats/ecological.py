"""The ecological bound: can a regression across groups be a risk within groups?

If a group in which the share `a` carries a feature has incidence

    h = (1 - a) π0 + a π1

with one risk π0 without and one risk π1 with the feature, then the line of h on a has the intercept
π0 and the slope π1 - π0, so that intercept + slope = π1.  A line whose implied π1 exceeds 100 %
cannot come from the feature alone: the groups differ in something else, or the points are off
(ecological fallacy: Robinson 1950, doi:10.2307/2087176; method of bounds: Duncan & Davis 1953,
doi:10.2307/2088122).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError

TINY = 1e-12


def baseline_risk(share: float, incidence: float, risk_with: float = 1.0) -> float:
    """π0 of a group from its incidence, if carriers have the risk `risk_with`.

    NaN where everybody carries the feature; negative where `risk_with` is too high to be true.

    >>> round(baseline_risk(0.2038, 0.243), 4)
    0.0492
    """
    if share >= 1 - TINY:
        return float("nan")
    return (incidence - share * risk_with) / (1 - share)


def largest_part(share: float, incidence: float) -> float:
    """Largest share of a group's incidence that its carriers can account for.

    >>> round(largest_part(0.2038, 0.243), 3)
    0.839
    """
    if incidence <= 0:
        return float("nan")
    return 1.0 if share >= incidence else share / incidence


@dataclass(frozen=True)
class EcologicalBound:
    """What a line of incidence on the share of carriers implies; all numbers are fractions.

    Attributes
    ----------
    slope, intercept
        Of the line.
    implied_with, implied_without
        Risk with and without the feature that the line implies (π1 and π0).
    possible
        Whether both are risks, that is, lie between 0 and 1.
    groups
        One row a group: group, share, incidence, baseline_if_certain (π0 if every carrier has the
        event), baseline_if_known (π0 at `known_risk`), largest_part.
    known_risk
        Risk of carriers from individual patients, or None.
    """

    slope: float
    intercept: float
    implied_with: float
    implied_without: float
    possible: bool
    groups: pd.DataFrame
    known_risk: float | None = None

    def text(self) -> str:
        """The bound in one or two sentences."""
        line = (
            f"Ecological bound: the line has slope {self.slope:.3f} and intercept "
            f"{100 * self.intercept:.2f} %, so carriers would need a risk of "
            f"{100 * self.implied_with:.0f} %"
        )
        if self.possible:
            return line + ", which is possible; it is not thereby shown in individuals."
        reason = "more than 100 %" if self.implied_with > 1 else "less than 0 %"
        if 0 <= self.implied_with <= 1:
            line += f" and others one of {100 * self.implied_without:.1f} %"
            reason = "not a risk"
        return (
            f"{line}: {reason}, impossible. The feature alone cannot make this gradient; the "
            "groups differ in something else, or the points are in error."
        )

    def summary(self) -> pd.DataFrame:
        """One row a quantity: quantity, value (fractions as %)."""
        rows = [
            ("slope", self.slope, ""),
            ("intercept", 100 * self.intercept, "%"),
            ("implied risk with the feature", 100 * self.implied_with, "%"),
            ("implied risk without it", 100 * self.implied_without, "%"),
        ]
        for row in self.groups.itertuples():
            rows.append(
                (f"{row.group}: risk without it if every carrier has the event",
                 100 * row.baseline_if_certain, "%")
            )  # fmt: skip
            if self.known_risk is not None:
                text = (
                    f"{row.group}: risk without it if carriers have {100 * self.known_risk:.1f} %"
                )
                rows.append((text, 100 * row.baseline_if_known, "%"))
        return pd.DataFrame(rows, columns=["quantity", "value", "unit"])

    def to_frame(self) -> pd.DataFrame:
        """The groups."""
        return self.groups.copy()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        fields = asdict(self) | {"groups": self.groups.to_dict("records")}
        return fields | {"text": self.text()}

    def __str__(self) -> str:
        return self.text()


def ecological_bound(
    share: Any,
    incidence: Any,
    *,
    weights: Any = None,
    groups: Any = None,
    known_risk: float | None = None,
) -> EcologicalBound:
    """The bound of the (weighted) least-squares line through groups.

    Parameters
    ----------
    share
        Share of carriers in each group, 0-1, shape (k,), k >= 2 with two different values.
    incidence
        Incidence of the event in each group, 0-1, shape (k,).
    weights
        Such as the number of patients; default: equal.
    groups
        Names.
    known_risk
        Risk of carriers from individual patients, 0-1, for comparison.

    Raises
    ------
    RpointError
        If there is no line: fewer than two groups, or one share only; or for a value that is no
        fraction.
    """
    x, y = _fractions(share, "share"), _fractions(incidence, "incidence")
    if x.shape != y.shape:
        raise RpointError("share and incidence differ in length", found=f"{x.size} and {y.size}")
    w = np.ones_like(x) if weights is None else np.asarray(weights, float)
    if w.shape != x.shape or not np.all(np.isfinite(w)) or (w < 0).any() or w.sum() <= 0:
        raise RpointError("weights must be one number >= 0 a group, not all 0", where="weights")
    x0, y0 = np.average(x, weights=w), np.average(y, weights=w)
    spread = float(np.sum(w * (x - x0) ** 2))
    if spread <= TINY * w.sum():
        raise RpointError(
            "a line needs two groups with different shares of carriers",
            where="share",
            found=f"{x.size} groups, shares {', '.join(f'{v:g}' for v in x[:5])}",
        )
    slope = float(np.sum(w * (x - x0) * (y - y0)) / spread)
    return bound_of_line(slope, float(y0 - slope * x0), x, y, groups=groups, known_risk=known_risk)


def bound_of_line(
    slope: float,
    intercept: float,
    share: Any = (),
    incidence: Any = (),
    *,
    groups: Any = None,
    known_risk: float | None = None,
) -> EcologicalBound:
    """The bound of a line that is known already; `share` and `incidence` give the group rows."""
    x, y = _fractions(share, "share"), _fractions(incidence, "incidence")
    names = [f"group {i + 1}" for i in range(x.size)] if groups is None else list(groups)
    if known_risk is not None:
        known_risk = float(_fractions(known_risk, "known_risk")[0])
    at = float("nan") if known_risk is None else known_risk
    table = pd.DataFrame(
        {
            "group": names,
            "share": x,
            "incidence": y,
            "baseline_if_certain": [baseline_risk(a, h) for a, h in zip(x, y, strict=True)],
            "baseline_if_known": [baseline_risk(a, h, at) for a, h in zip(x, y, strict=True)],
            "largest_part": [largest_part(a, h) for a, h in zip(x, y, strict=True)],
        }
    )
    with_it = intercept + slope
    possible = all(-TINY <= risk <= 1 + TINY for risk in (with_it, intercept))
    return EcologicalBound(
        float(slope),
        float(intercept),
        float(with_it),
        float(intercept),
        possible,
        table,
        known_risk,
    )


def _fractions(values: Any, where: str) -> np.ndarray:
    try:
        array = np.atleast_1d(np.asarray(values, float))
    except (TypeError, ValueError):
        array = np.array([np.nan])
    if not np.all((array >= 0) & (array <= 1)):
        raise RpointError(
            "not a fraction", where=where, found=values, allowed="numbers from 0 to 1",
            mend="divide percentages by 100; leave out groups with missing values",
        )  # fmt: skip
    return array
