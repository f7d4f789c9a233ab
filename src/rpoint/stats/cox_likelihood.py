"""Cox's partial likelihood with Efron's and Breslow's ways of counting ties.

Patients of a stratum stand in order of falling time, so that a risk set is a head of the list and
its sums are running sums.  Every event has one denominator

    S0 − f D0,   S0 = Σ risk set e^η,   D0 = Σ events at this time e^η,

with f = l / d for the l-th of d tied events (Efron) or f = 0 (Breslow).  With the reciprocals of
the denominators summed backwards in time each patient gets one weight, and the information is two
matrix products: nothing of size patients × covariates² is ever held.

Sources: Cox 1972; Breslow 1974 (doi:10.2307/2529620); Efron 1977
(doi:10.1080/01621459.1977.10480613).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from rpoint.stats.survival_data import Flags, Floats, FollowUp, Integers, Labels, starts


class Value(NamedTuple):
    """A log likelihood at one point: its value, gradient (p,) and information (p, p)."""

    loglik: float
    score: Floats
    information: Floats


class Likelihood(Protocol):
    """A partial likelihood of p coefficients."""

    def __call__(self, beta: Floats) -> Value:
        """The log likelihood with its derivatives."""
        ...


@dataclass(frozen=True)
class Block:
    """One stratum, patients in order of falling time.

    Attributes
    ----------
    x
        (n, p) covariates.
    event
        (n,) flags.
    group
        (n,) index of the distinct time, 0 the latest.
    last
        (m,) index of the last patient of each distinct time: the end of its risk set.
    rows
        (e,) indices of the events.
    fraction
        (e,) l / d of each event, 0 for Breslow.
    index
        (n,) where each patient stands in the user's data.
    """

    x: Floats
    event: Flags
    group: Integers
    last: Integers
    rows: Integers
    fraction: Floats
    index: Integers

    @property
    def row_group(self) -> Integers:
        """(e,) the distinct time of each event."""
        return self.group[self.rows]


def blocks(data: FollowUp, x: Floats, strata: Labels, ties: str) -> list[Block]:
    """The strata that hold an event."""
    made = []
    for layer in range(strata.count):
        index = np.flatnonzero(strata.code == layer)
        index = index[np.argsort(data.time[index], kind="stable")[::-1]]
        if data.event[index].any():
            made.append(_block(data.time[index], data.event[index], x[index], index, ties))
    return made


def _block(time: Floats, event: Flags, x: Floats, index: Integers, ties: str) -> Block:
    group = starts(time[::-1])[::-1]  # True at the last patient of each distinct time
    last = np.flatnonzero(group)
    code = np.concatenate([[0], np.cumsum(group)[:-1]])
    rows = np.flatnonzero(event)
    fraction = np.zeros(len(rows))
    if ties == "efron":
        d = np.bincount(code[rows], minlength=len(last))
        before = np.concatenate([[0], np.cumsum(d)[:-1]])
        fraction = (np.arange(len(rows)) - before[code[rows]]) / d[code[rows]]
    return Block(x, event, code, last, rows, fraction, index)


@dataclass(frozen=True)
class Moments:
    """What a block holds at one set of coefficients.

    Attributes
    ----------
    risk
        (n,) e^η up to a common factor.
    log_denominator, inverse
        (e,) of each event, the latter with the same factor.
    mean
        (e, p) mean covariates of the risk set of each event.
    """

    risk: Floats
    log_denominator: Floats
    inverse: Floats
    mean: Floats


def moments(block: Block, eta: Floats) -> Moments:
    """Denominators and mean covariates of every event."""
    top = float(eta.max())
    risk = np.exp(eta - top)
    first = risk[:, None] * block.x
    at, rows, f = block.last[block.row_group], block.rows, block.fraction
    tied0 = _sum_by(block, risk[rows])
    tied1 = _sum_by(block, first[rows])
    denominator = np.cumsum(risk)[at] - f * tied0
    mean = np.cumsum(first, axis=0)[at] - f[:, None] * tied1
    return Moments(risk, top + np.log(denominator), 1.0 / denominator, mean / denominator[:, None])


def _sum_by(block: Block, values: Floats) -> Floats:
    """Sums over the events of each distinct time, given back to each of its events."""
    group = block.row_group
    first = np.concatenate([[True], group[1:] != group[:-1]])
    sums = np.add.reduceat(values, np.flatnonzero(first), axis=0)
    return sums[np.cumsum(first) - 1]


def patient_weights(block: Block, found: Moments, factor: Floats) -> Floats:
    """(n,) Σ over the events at whose risk each patient was, factor · e^η / denominator.

    With factors of 1 this is the expected number of events of each patient (the cumulative hazard
    times e^η), from which the martingale residual follows.
    """
    count = len(block.last)
    terms = factor * found.inverse
    per_time = np.bincount(block.row_group, terms, minlength=count)
    weight = np.cumsum(per_time[::-1])[::-1][block.group]
    own = np.bincount(block.row_group, terms * block.fraction, minlength=count)
    weight = weight - np.where(block.event, own[block.group], 0.0)
    return found.risk * weight


def weighted_information(block: Block, found: Moments, factor: Floats) -> Floats:
    """(p, p) Σ over events, factor · variance of the covariates in the risk set."""
    weight = patient_weights(block, found, factor)
    second = block.x.T @ (weight[:, None] * block.x)
    return second - found.mean.T @ (factor[:, None] * found.mean)


@dataclass(frozen=True)
class TiedLikelihood:
    """The partial likelihood with Efron's or Breslow's ties, strata added up."""

    strata: Sequence[Block]

    def __call__(self, beta: Floats) -> Value:
        """The log likelihood with its derivatives."""
        p = len(beta)
        loglik, score, information = 0.0, np.zeros(p), np.zeros((p, p))
        for block in self.strata:
            eta = block.x @ beta
            found = moments(block, eta)
            loglik += float((eta[block.rows] - found.log_denominator).sum())
            score += (block.x[block.rows] - found.mean).sum(axis=0)
            information += weighted_information(block, found, np.ones(len(block.rows)))
        return Value(loglik, score, information)
