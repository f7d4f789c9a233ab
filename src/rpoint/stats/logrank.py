"""The log-rank test and its weighted relatives, for k groups, with strata.

At every distinct event time the observed events of each group stand against the expected ones
under equal hazards (n_j d / n), with the hypergeometric variance.  A weight w(t) multiplies both:

====================  =======================================================================
log-rank              1 (best under proportional hazards)
gehan                 n(t), the number at risk (Gehan–Breslow–Wilcoxon)
tarone-ware           √n(t)
peto-peto             S(t−), pooled Kaplan–Meier just before t (R's survdiff with rho = 1)
modified-peto-peto    ∏ (1 − d / (n + 1)), times up to t (lifelines' "peto")
fleming-harrington    S(t−)^rho (1 − S(t−))^gamma (rho 0, gamma 1 looks at late differences)
====================  =======================================================================

Within strata everything, the pooled curve of the weights included, is computed by stratum, and
observed, expected and variances are added up.  Choose the weight before looking at the curves.

Sources: Mantel 1966; Peto & Peto 1972 (doi:10.2307/2344317); Tarone & Ware 1977
(doi:10.1093/biomet/64.1.156); Harrington & Fleming 1982 (doi:10.1093/biomet/69.3.553).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from rpoint.errors import RpointError, unknown_name
from rpoint.stats.survival_data import (
    Floats,
    FollowUp,
    Integers,
    Labels,
    check_follow_up,
    labels,
    one_stratum,
    p_text,
)

Weight = Literal[
    "log-rank", "gehan", "tarone-ware", "peto-peto", "modified-peto-peto", "fleming-harrington"
]
WEIGHTS: tuple[Weight, ...] = get_args(Weight)


@dataclass(frozen=True)
class LogRank:
    """The result of a (weighted) log-rank test.

    Attributes
    ----------
    groups
        k names.
    n, observed, expected
        (k,) patients, and events seen and expected (weighted sums under a weight).
    statistic
        χ².
    df
        Degrees of freedom: rank of the variance, k − 1 if every group was ever at risk with
        another one.
    p
        Two-sided; NaN when df is 0 (no event time had two groups at risk).
    weight
        Its name, with rho and gamma.
    strata
        Number of strata.
    variance
        (k, k) variance of observed − expected.
    """

    groups: tuple[str, ...]
    n: Integers
    observed: Floats
    expected: Floats
    statistic: float
    df: int
    p: float
    weight: str
    strata: int
    variance: Floats = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """One row a group: group, n, observed, expected."""
        return pd.DataFrame(
            {
                "group": self.groups,
                "n": self.n,
                "observed": self.observed,
                "expected": self.expected,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Test and groups as plain data."""
        return {
            "test": self.weight,
            "strata": self.strata,
            "statistic": self.statistic,
            "df": self.df,
            "p": self.p,
            "groups": self.to_frame().to_dict("records"),
        }

    def summary(self) -> str:
        """One line: test, χ², df, p."""
        by = f", {self.strata} strata" if self.strata > 1 else ""
        return f"{self.weight}{by}: χ² = {self.statistic:.4g} on {self.df} df, {p_text(self.p)}"


def logrank(
    time: Any,
    event: Any,
    group: Any,
    *,
    strata: Any = None,
    weight: Weight = "log-rank",
    rho: float = 0.0,
    gamma: float = 0.0,
) -> LogRank:
    """Test whether the groups have the same hazard.

    Parameters
    ----------
    time, event
        As in `kaplan_meier`.
    group
        (n,) labels of two groups or more.
    strata
        (n,) labels within which patients are compared.
    weight
        See the module.
    rho, gamma
        Powers of "fleming-harrington", not negative.

    Raises
    ------
    RpointError
        For data, weights or powers that are not allowed, or a single group.

    >>> logrank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"]).summary()
    'log-rank: χ² = 2.882 on 1 df, p = 0.0896'
    """
    data = check_follow_up(time, event)
    groups = labels(group, data.n)
    layers = one_stratum(data.n) if strata is None else labels(strata, data.n, what="stratum")
    return logrank_of(data, groups, layers, weight=weight, rho=rho, gamma=gamma)


def logrank_of(
    data: FollowUp,
    groups: Labels,
    strata: Labels,
    *,
    weight: Weight = "log-rank",
    rho: float = 0.0,
    gamma: float = 0.0,
) -> LogRank:
    """The test of checked data."""
    _check(groups, weight, rho, gamma)
    k = groups.count
    observed, expected, variance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for layer in range(strata.count):
        keep = strata.code == layer
        at_risk, events = group_counts(data.where(keep), groups.code[keep], k)
        w = _weights(at_risk.sum(0), events.sum(0), weight, rho, gamma)
        o, e, v = _sums(at_risk, events, w)
        observed, expected, variance = observed + o, expected + e, variance + v
    statistic, df = quadratic_form(observed - expected, variance)
    p = float(stats.chi2.sf(statistic, df)) if df else float("nan")
    name = f"{weight} ({rho:g}, {gamma:g})" if weight == "fleming-harrington" else weight
    n = np.bincount(groups.code, minlength=k)
    return LogRank(
        groups.names, n, observed, expected, statistic, df, p, name, strata.count, variance
    )


def _check(groups: Labels, weight: str, rho: float, gamma: float) -> None:
    if weight not in WEIGHTS:
        raise unknown_name("weight", weight, WEIGHTS, where="weight")
    if not (np.isfinite(rho) and np.isfinite(gamma) and rho >= 0 and gamma >= 0):
        raise RpointError(
            "the powers of the weight are out of range",
            where="rho and gamma",
            found=(rho, gamma),
            allowed="finite numbers of 0 or more",
        )
    if weight != "fleming-harrington" and (rho or gamma):
        raise RpointError(
            "rho and gamma belong to another weight",
            where="weight",
            found=weight,
            mend='take weight="fleming-harrington", or leave them out',
        )
    if groups.count < 2:
        raise RpointError(
            "a comparison needs two groups",
            where="group",
            found=f"only {', '.join(groups.names)}",
        )


def group_counts(data: FollowUp, code: Integers, k: int) -> tuple[Floats, Floats]:
    """Numbers at risk and events, (k, m), of k groups at the m distinct event times."""
    moments = np.unique(data.time[data.event])
    at_risk, events = np.empty((k, len(moments))), np.empty((k, len(moments)))
    for j in range(k):
        member = code == j
        time = np.sort(data.time[member])
        at_risk[j] = len(time) - np.searchsorted(time, moments, side="left")
        seen = np.sort(data.time[member & data.event])
        events[j] = np.searchsorted(seen, moments, side="right") - np.searchsorted(
            seen, moments, side="left"
        )
    return at_risk, events


def _weights(n: Floats, d: Floats, weight: str, rho: float, gamma: float) -> Floats:
    if weight == "log-rank":
        return np.ones_like(n)
    if weight == "gehan":
        return n
    if weight == "tarone-ware":
        return np.sqrt(n)
    if weight == "modified-peto-peto":
        return np.cumprod(1.0 - d / (n + 1.0))
    before = np.concatenate([[1.0], np.cumprod((n - d) / n)])[: len(n)]
    if weight == "peto-peto":
        return before
    return before**rho * (1.0 - before) ** gamma


def _sums(at_risk: Floats, events: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted observed, expected and the variance of their difference, of one stratum."""
    n, d = at_risk.sum(0), events.sum(0)
    share = at_risk / n
    spread = w**2 * d * np.where(n > 1, (n - d) / np.maximum(n - 1.0, 1.0), 0.0)
    variance = np.diag(share @ spread) - (share * spread) @ share.T
    return events @ w, share @ (w * d), variance


def quadratic_form(score: Floats, variance: Floats) -> tuple[float, int]:
    """score' variance⁻ score with the generalised inverse, and the rank of the variance."""
    scale = float(np.abs(np.diag(variance)).max(initial=0.0))
    if not scale > 0:
        return 0.0, 0
    values, vectors = np.linalg.eigh(variance / scale)
    kept = values > 1e-9
    parts = vectors.T[kept] @ score
    return float((parts**2 / (values[kept] * scale)).sum()), int(kept.sum())
