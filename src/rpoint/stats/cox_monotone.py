"""Monotone likelihood: a Cox model in which some coefficient runs off to infinity.

The partial likelihood has no finite maximum exactly when there is a direction γ along which every
event has the largest γ'x of its risk set, and at least one strictly so (Bryson & Johnson 1981,
Technometrics 23:381; the survival counterpart of separation in logistic regression).
As risk sets are nested, "largest of the risk set" needs one auxiliary variable per time, and the
question is a linear programme of the size of the data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import optimize, sparse

from rpoint.stats.cox_likelihood import Block
from rpoint.stats.survival_data import Floats, Integers

SUSPICIOUS = 8.0  # a coefficient times the range of its covariate beyond which we look
SEPARATED = 1e-7  # of the largest direction, a component that counts


def infinite_direction(strata: Sequence[Block], ties: str) -> Floats | None:
    """(p,) a direction in which the likelihood rises for ever, or None.

    A component that is 0 has a finite coefficient.
    """
    p = strata[0].x.shape[1]
    scale = np.maximum(np.max([np.ptp(b.x, axis=0) for b in strata], axis=0), 1e-300)
    gain = np.zeros(p)
    parts: list[sparse.csr_matrix] = []
    for block in strata:
        x = block.x / scale
        at = block.last[block.row_group]
        gain += ((at + 1)[:, None] * x[block.rows] - np.cumsum(x, axis=0)[at]).sum(axis=0)
        parts.append(_constraints(block, x, ties))
    size = max(float(np.abs(gain).max()), 1e-300)
    slopes = sparse.vstack([part[:, :p] for part in parts])
    heights = sparse.block_diag([part[:, p:] for part in parts])
    matrix = sparse.hstack([slopes, heights]).tocsr()
    cost = np.concatenate([-gain / size, np.zeros(heights.shape[1])])
    bounds = [(-1.0, 1.0)] * p + [(None, None)] * heights.shape[1]
    found = optimize.linprog(
        cost, A_ub=matrix, b_ub=np.zeros(matrix.shape[0]), bounds=bounds, method="highs"
    )
    if found.status != 0 or -found.fun < 1e-7:
        return None
    direction = found.x[:p]
    return np.where(np.abs(direction) > SEPARATED, direction, 0.0) / scale


def _constraints(block: Block, x: Floats, ties: str) -> sparse.csr_matrix:
    """Rows of A (γ, M) ≤ 0; M_g is at least γ'x of everybody in the risk set of time g.

    Under exact ties an event need only reach those who did not have the event at its time: they
    have an M of their own (the second half of the M).
    """
    n, p, m = len(x), x.shape[1], len(block.last)
    exact = ties == "exact"
    width = 2 * m if exact else m
    everybody = _at(np.arange(n), block.group, -1.0, n, width)
    rows = [sparse.hstack([sparse.csr_matrix(x), everybody])]
    later = np.arange(1, m)
    nested = _at(later - 1, later - 1, 1.0, m - 1, width) + _at(
        later - 1, later, -1.0, m - 1, width
    )
    rows.append(sparse.hstack([sparse.csr_matrix((m - 1, p)), nested]))
    shift = 0
    if exact:
        rows += _exact_rows(block, x, m)
        shift = m
    count = len(block.rows)
    reach = _at(np.arange(count), block.row_group + shift, 1.0, count, width)
    rows.append(sparse.hstack([sparse.csr_matrix(-x[block.rows]), reach]))
    return sparse.vstack(rows).tocsr()


def _exact_rows(block: Block, x: Floats, m: int) -> list[sparse.csr_matrix]:
    """The second M: at least the first M of the later time, and those without the event now."""
    p, quiet = x.shape[1], np.flatnonzero(~block.event)
    own = _at(np.arange(len(quiet)), block.group[quiet] + m, -1.0, len(quiet), 2 * m)
    step = np.arange(1, m)
    nested = _at(step - 1, step - 1, 1.0, m - 1, 2 * m) + _at(
        step - 1, step + m, -1.0, m - 1, 2 * m
    )
    return [
        sparse.hstack([sparse.csr_matrix(x[quiet]), own]),
        sparse.hstack([sparse.csr_matrix((m - 1, p)), nested]),
    ]


def _at(
    rows: Integers, columns: Integers, value: float, height: int, width: int
) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.full(len(rows), value), (rows, columns)), shape=(height, width))
