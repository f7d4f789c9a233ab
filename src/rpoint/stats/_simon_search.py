"""The exhaustive search behind `rpoint.stats.simon`.

For a total n and a first stage of n1, one reversed cumulative sum gives P(promising) for every r1
at once; r is the smallest that keeps α, which has the most power.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from rpoint.stats._counts import Floats

TOLERANCE = 1e-12  # error rates at the limit but for rounding are within it
Candidate = tuple[float, int, tuple[int, int, int, int]]  # expected size, n, (r1, n1, r, n)


@dataclass
class _Rate:
    """Binomial tables at one response rate, made when they are first needed."""

    p: float
    chances: dict[int, Floats] = field(default_factory=dict)
    tails: dict[int, Floats] = field(default_factory=dict)

    def pmf(self, n: int) -> Floats:
        """P(X = x), x = 0 … n."""
        if n not in self.chances:
            self.chances[n] = stats.binom.pmf(np.arange(n + 1), n, self.p)
        return self.chances[n]

    def tail(self, n: int) -> Floats:
        """P(X > k), k = −1 … n."""
        if n not in self.tails:
            self.tails[n] = stats.binom.sf(np.arange(-1, n + 1), n, self.p)
        return self.tails[n]

    def verdict(self, n1: int, r: int, n: int) -> Floats:
        """P(promising) for each r1 = 0 … n1 − 1."""
        k = np.clip(r - np.arange(n1 + 1), -1, n - n1) + 1
        each = self.pmf(n1) * self.tail(n - n1)[k]
        return each[::-1].cumsum()[::-1][1:]


def front_of_designs(
    p0: float, p1: float, alpha: float, beta: float, largest: int
) -> list[Candidate]:
    """The best design of each n that improves on all smaller n: from minimax to optimal."""
    low, high = _Rate(p0), _Rate(p1)
    front: list[Candidate] = []
    least = np.inf
    for n in range(2, largest + 1):
        if not _possible(n, low, high, alpha, beta):
            continue
        sizes = [_expected_sizes(n1, n, low, high, beta) for n1 in range(1, n)]
        # No design of this size or a larger one can be smaller on average: the search is over.
        if front and min((s.min() for s in sizes if len(s)), default=np.inf) >= least:
            break
        best = _best_of_size(n, sizes, least, low, high, (alpha, beta))
        if best is not None:
            front.append(best)
            least = best[0]
    return front


def _possible(n: int, low: _Rate, high: _Rate, alpha: float, beta: float) -> bool:
    """Whether any test on n patients has both error rates (Neyman & Pearson's lemma)."""
    error = low.tail(n)[1:]
    r = int(np.argmax(error <= alpha))
    share = (alpha - error[r]) / low.pmf(n)[r]
    best = high.tail(n)[r + 1] + min(1.0, share) * high.pmf(n)[r]
    return bool(best >= 1 - beta - TOLERANCE)


def _expected_sizes(n1: int, n: int, low: _Rate, high: _Rate, beta: float) -> Floats:
    """Expected size at p0 for each r1 = 0, 1 … that misses p1 with at most β in stage 1."""
    missed = 1 - high.tail(n1)[1:-1]
    allowed = int(np.searchsorted(missed, beta + TOLERANCE, side="right"))
    return n1 + low.tail(n1)[1 : allowed + 1] * (n - n1)


def _best_of_size(
    n: int, sizes: list[Floats], least: float, low: _Rate, high: _Rate, errors: tuple[float, float]
) -> Candidate | None:
    """The design of size n whose expected size is least, and less than `least`."""
    enough = np.flatnonzero(high.tail(n)[1:-1] >= 1 - errors[1] - TOLERANCE)
    if not len(enough):
        return None
    # A first stage only takes verdicts away, so that a single stage bounds r from above.
    top = int(enough[-1])
    best: Candidate | None = None
    for n1, size in enumerate(sizes, start=1):
        if n1 >= least or not len(size) or size.min() >= least - TOLERANCE:
            continue
        for r1, r in _feasible(n1, n, top, len(size), low, high, errors):
            if size[r1] < least - TOLERANCE:
                best, least = (float(size[r1]), n, (r1, n1, r, n)), float(size[r1])
    return best


def _feasible(
    n1: int, n: int, top: int, allowed: int, low: _Rate, high: _Rate, errors: tuple[float, float]
) -> list[tuple[int, int]]:
    """The pairs (r1, r) of a first stage of n1 that keep both error rates; r the smallest."""
    smallest = np.full(allowed, -1)
    for r in range(top, -1, -1):
        kept = (low.verdict(n1, r, n)[:allowed] <= errors[0] + TOLERANCE) & (
            np.arange(allowed) <= r
        )
        if not kept.any():
            break
        smallest[kept] = r
    found = []
    for r in np.unique(smallest[smallest >= 0]):
        power = high.verdict(n1, int(r), n)[:allowed]
        fine = (smallest == r) & (power >= 1 - errors[1] - TOLERANCE)
        found += [(int(r1), int(r)) for r1 in np.flatnonzero(fine)]
    return found
