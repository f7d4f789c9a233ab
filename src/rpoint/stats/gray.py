"""Gray's test: whether the cumulative incidence of a cause is the same in all groups.

A log-rank test for subdistribution hazards: each group's risk set at t counts, besides those at
risk, the patients who had another event and might still be under observation,
R = n (1 − F(t−)) / S(t−).  The variance is that of Gray 1988 (doi:10.1214/aos/1176350951), written
as one integral over time, with the correction for ties of his R package cmprsk, whose results it
has; strata are added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from rpoint.errors import RpointError
from rpoint.stats.competing_risks import check_causes, check_present
from rpoint.stats.logrank import quadratic_form
from rpoint.stats.survival_data import Floats, Integers, labels, one_stratum, p_text


@dataclass(frozen=True)
class GrayTest:
    """The result of Gray's test.

    Attributes
    ----------
    groups
        k names.
    cause
        Whose incidence is compared.
    statistic, df, p
        χ², degrees of freedom, p.
    strata
        Number of strata.
    """

    groups: tuple[str, ...]
    cause: int
    statistic: float
    df: int
    p: float
    strata: int

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return {**self.__dict__, "groups": list(self.groups), "test": "gray"}

    def summary(self) -> str:
        """One line: χ², df, p."""
        return (
            f"Gray's test, cause {self.cause}: χ² = {self.statistic:.4g} on {self.df} df, "
            f"{p_text(self.p)}"
        )


@dataclass(frozen=True)
class _Counts:
    """(m, k) at risk, events of the cause and of others, at the m times with any event."""

    risk: Floats
    mine: Floats
    others: Floats


def gray(
    time: Any, cause: Any, group: Any, *, of: int = 1, strata: Any = None, rho: float = 0.0
) -> GrayTest:
    """Test whether the incidence of a cause is the same in all groups.

    Parameters
    ----------
    time, cause
        As in `cumulative_incidence`.
    group
        (n,) labels of two groups or more.
    of
        The cause of interest.
    strata
        (n,) labels within which patients are compared.
    rho
        Power of the weight (1 − F(t−))^rho.

    Raises
    ------
    RpointError
        For data that are not allowed, or a single group.
    """
    times, causes = check_causes(time, cause)
    check_present(causes, of)
    groups = labels(group, len(times))
    if groups.count < 2:
        raise RpointError("a comparison needs two groups", where="group", found=groups.names)
    n, k = len(times), groups.count
    layers = one_stratum(n) if strata is None else labels(strata, n, what="stratum")
    score, variance = np.zeros(k), np.zeros((k, k))
    for layer in range(layers.count):
        keep = layers.code == layer
        if not (causes[keep] == of).any():
            continue
        counts = _count(times[keep], causes[keep], groups.code[keep], k, of)
        one = _score_and_variance(counts, rho)
        score, variance = score + one[0], variance + one[1]
    statistic, df = quadratic_form(score, variance)
    p = float(stats.chi2.sf(statistic, df)) if df else float("nan")
    return GrayTest(groups.names, of, statistic, df, p, layers.count)


def _count(time: Floats, cause: Integers, code: Integers, k: int, of: int) -> _Counts:
    moments = np.unique(time[cause > 0])
    member = code[:, None] == np.arange(k)
    at_or_after = (time[None, :] >= moments[:, None]).astype(float)
    now = time[None, :] == moments[:, None]
    return _Counts(
        at_or_after @ member,
        (now & (cause == of)).astype(float) @ member,
        (now & (cause > 0) & (cause != of)).astype(float) @ member,
    )


def _before(after: Floats, start: float) -> Floats:
    return np.concatenate([np.full((1, after.shape[1]), start), after[:-1]])


def _score_and_variance(c: _Counts, rho: float) -> tuple[Floats, Floats]:
    """Score (k,) and variance (k, k) of one stratum."""
    present = c.risk > 0
    n = np.where(present, c.risk, 1.0)
    survival = np.cumprod(1.0 - (c.mine + c.others) / n, axis=0)
    s_before = np.where(present, _before(survival, 1.0), 1.0)
    own = np.cumsum(np.where(present, s_before * c.mine / n, 0.0), axis=0)
    h = np.where(present, c.risk / s_before, 0.0)
    total, d = h.sum(axis=1), c.mine.sum(axis=1)
    pooled = np.cumsum(d / total)
    pooled_before = np.concatenate([[0.0], pooled[:-1]])
    weight = (1.0 - pooled_before) ** rho
    r = h * (1.0 - _before(own, 0.0))
    expected = d[:, None] * r / np.maximum(r.sum(axis=1), 1e-300)[:, None]
    score = (weight[:, None] * (c.mine - expected)).sum(axis=0)
    spread = _spread(h, total) * weight[:, None, None]
    growth = np.cumsum(spread * (d / (total * (1.0 - pooled_before)))[:, None, None], axis=0)
    to_come = growth[-1] - growth
    ratio = (1.0 - pooled)[:, None] / np.where(survival > 0, survival, np.inf)
    by_cause = s_before * _ties(d[:, None] - 1.0, total[:, None] * s_before - 1.0)
    by_cause = np.where(present, by_cause * (d / total)[:, None] / n, 0.0)
    by_others = (s_before / n) ** 2 * c.others * _ties(c.others - 1.0, n - 1.0)
    first = spread + (1.0 - ratio)[:, None, :] * to_come
    second = np.where(survival > 0, ratio, 0.0)[:, None, :] * to_come
    variance = _square(first, by_cause) + _square(second, np.where(survival > 0, by_others, 0.0))
    return score, variance


def _spread(h: Floats, total: Floats) -> Floats:
    """(m, k, k) diag(h) − h h' / Σ h."""
    eye = np.eye(h.shape[1])
    return h[:, :, None] * eye - h[:, :, None] * h[:, None, :] / total[:, None, None]


def _ties(extra: Floats, others: Floats) -> Floats:
    """1 − (d − 1) / (n − 1) where there are ties, otherwise 1."""
    tied = extra > 0
    return np.where(tied, 1.0 - extra / np.where(tied, others, 1.0), 1.0)


def _square(part: Floats, weight: Floats) -> Floats:
    """Σ over times and groups, weight · column column'."""
    return np.einsum("til,tjl,tl->ij", part, part, weight)
