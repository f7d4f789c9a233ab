"""Cox's exact partial likelihood for truly discrete times (conditional logistic regression).

At a time with d events the denominator is the sum of ∏ e^η over all subsets of d patients of the
risk set: the elementary symmetric polynomial of order d, built up one patient at a time together
with its derivatives (Gail, Lubin & Rubinstein 1981, doi:10.1093/biomet/68.3.703).  As risk sets
are nested, one pass over a stratum serves all its times.  For small data: the work grows with
patients × largest tie × covariates².
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rpoint.errors import RpointError
from rpoint.stats.cox_likelihood import Block, Value
from rpoint.stats.survival_data import Floats

LARGEST_WORK = 20_000_000  # patients × largest tie × covariates², some seconds


@dataclass(frozen=True)
class ExactLikelihood:
    """The exact partial likelihood, strata added up."""

    strata: Sequence[Block]

    def __call__(self, beta: Floats) -> Value:
        """The log likelihood with its derivatives."""
        p = len(beta)
        loglik, score, information = 0.0, np.zeros(p), np.zeros((p, p))
        for block in self.strata:
            one = _block_value(block, beta)
            loglik += one.loglik
            score += one.score
            information += one.information
        return Value(loglik, score, information)


def check_size(strata: Sequence[Block]) -> None:
    """Refuse what would take minutes."""
    for block in strata:
        largest = int(np.bincount(block.row_group).max())
        work = len(block.x) * largest * block.x.shape[1] ** 2
        if work > LARGEST_WORK:
            raise RpointError(
                "the exact likelihood is too large here",
                where='ties="exact"',
                found=f"{len(block.x)} patients, up to {largest} events at one time",
                mend='take ties="efron", which is close to it',
            )


def _block_value(block: Block, beta: Floats) -> Value:
    eta = block.x @ beta
    top = float(eta.max())
    ladder = _Ladder(int(np.bincount(block.row_group).max()), len(beta))
    loglik, score = 0.0, np.zeros(len(beta))
    information = np.zeros((len(beta), len(beta)))
    begin = 0
    for end in block.last:
        members = range(begin, int(end) + 1)
        for i in members:
            ladder.add(float(np.exp(eta[i] - top)), block.x[i])
        seen = [i for i in members if block.event[i]]
        if seen:
            mean, variance, log_sum = ladder.moments(len(seen))
            loglik += float(eta[seen].sum()) - log_sum - len(seen) * top
            score += block.x[seen].sum(axis=0) - mean
            information += variance
        begin = int(end) + 1
    return Value(loglik, score, information)


class _Ladder:
    """Elementary symmetric polynomials of orders 0 to d with their derivatives in beta.

    All are kept relative to e^`scale`, so that long lists of patients do not overflow.
    """

    def __init__(self, orders: int, p: int) -> None:
        self.sums = np.zeros(orders + 1)
        self.first = np.zeros((orders + 1, p))
        self.second = np.zeros((orders + 1, p, p))
        self.sums[0] = 1.0
        self.scale = 0.0

    def add(self, risk: float, x: Floats) -> None:
        """Let a patient into the risk set."""
        sums, first, second = self.sums[:-1], self.first[:-1], self.second[:-1]
        cross = x[:, None] * first[:, None, :]
        more = second + cross + cross.transpose(0, 2, 1)
        more = more + np.multiply.outer(sums, np.outer(x, x))
        self.second[1:] += risk * more
        self.first[1:] += risk * (first + np.multiply.outer(sums, x))
        self.sums[1:] += risk * sums
        largest = self.sums.max()
        if largest > 1e100:
            for array in (self.sums, self.first, self.second):
                array /= largest
            self.scale += float(np.log(largest))

    def moments(self, order: int) -> tuple[Floats, Floats, float]:
        """Mean and variance of the subset's summed covariates, and the log of the polynomial."""
        mean = self.first[order] / self.sums[order]
        variance = self.second[order] / self.sums[order] - np.outer(mean, mean)
        return mean, variance, self.scale + float(np.log(self.sums[order]))
