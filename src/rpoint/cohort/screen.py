"""Screening of one tumour type: who of its patients fulfils the conditions, exactly.

The alterations that the conditions name, and the copies they compare with, split the patients of
the type into a few rows (pattern of alterations x interval of copies that the local test reads).
Each row's probability follows from the joint distribution, so the share that passes screening is a
sum, and patients can be drawn from the rows that pass.  Nothing is sampled here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from rpoint.cohort.copies import LAW_OF, chance, exponent
from rpoint.cohort.expressions import NEAR_NORMAL, TYPE, Expression
from rpoint.cohort.frequencies import FEATURES
from rpoint.cohort.joint import Joint, bits, joint_of
from rpoint.cohort.population import Population
from rpoint.errors import RpointError

SAME = {("TP53", "null"): "loss"}  # states that are drawn under another name
MOST_FEATURES = 16  # alterations that the conditions of one trial may touch


@dataclass(frozen=True)
class Screen:
    """The rows of one type.

    Attributes
    ----------
    kind
        Tumour type.
    joint
        Its alterations.
    features
        The r alterations that matter for the conditions.
    pattern
        (rows, r) which of them a row has.
    low, high
        Gene -> (rows,) interval of copies that the local test reads; 2 to 2 where not amplified.
    probability
        (rows,) share of the type's patients; they add up to 1.
    eligible
        (rows,) whether the row fulfils all conditions.
    """

    kind: str
    joint: Joint
    features: tuple[str, ...]
    pattern: np.ndarray
    low: dict[str, np.ndarray]
    high: dict[str, np.ndarray]
    probability: np.ndarray
    eligible: np.ndarray

    @property
    def chance(self) -> float:
        """Share of the type's patients that passes screening."""
        return float(self.probability[self.eligible].sum())

    def fulfils(self, expression: Expression) -> np.ndarray:
        """(rows,) whether each row fulfils one condition."""
        return _fulfils(expression, self.kind, self.features, self.pattern, self.low, self.high)


def screen(kind: str, population: Population) -> Screen:
    """The rows of a type under a population's conditions.

    Raises
    ------
    RpointError
        If the conditions touch more than `MOST_FEATURES` alterations.
    """
    joint = joint_of(kind, population.drawn_from, population.overrides, population.paired)
    conditions = (*population.required, *population.excluded)
    cuts = thresholds(conditions)
    features = _relevant(joint, conditions, cuts)
    pattern, weight = _patterns(joint, features)
    pattern, low, high, weight = _with_copies(pattern, weight, features, cuts, population)
    good = np.ones(len(weight), bool)
    for condition in population.required:
        good &= _fulfils(condition, kind, features, pattern, low, high)
    for condition in population.excluded:
        good &= ~_fulfils(condition, kind, features, pattern, low, high)
    return Screen(kind, joint, features, pattern, low, high, weight, good)


def thresholds(conditions: Sequence[Expression]) -> dict[str, list[float]]:
    """Gene -> the numbers of copies that conditions compare with, ascending."""
    found: dict[str, set[float]] = {}
    for condition in conditions:
        for term in condition.terms:
            if term.op:
                found.setdefault(term.gene, set()).add(term.number)
    return {gene: sorted(numbers) for gene, numbers in found.items()}


def _relevant(joint: Joint, conditions, cuts) -> tuple[str, ...]:
    """The alterations that the type can have and that decide about the conditions."""
    genes = {g for c in conditions for g in c.genes}
    names = {f for f in FEATURES if f.split(":")[0] in genes}
    names |= {f for gene in cuts for f in LAW_OF.get(gene, ())}
    found = tuple(f for f in FEATURES if f in names and joint.block_of(f) is not None)
    if len(found) > MOST_FEATURES:
        raise RpointError(
            "the conditions of a trial touch too many alterations",
            where="population.require, population.exclude",
            found=f"{len(found)}: {', '.join(found)}",
            allowed=f"{MOST_FEATURES} alterations",
        )
    return found


def _patterns(joint: Joint, features: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(2^r, r) patterns and their probabilities."""
    pattern = bits(len(features))
    weight = np.ones(len(pattern))
    for block in joint.blocks:
        own = [j for j, f in enumerate(features) if f in block.features]
        if not own:
            continue
        columns = np.stack([block.column(features[j]) for j in own], axis=1)
        powers = 1 << np.arange(len(own))
        share = np.bincount(columns @ powers, block.probability, minlength=2 ** len(own))
        weight = weight * share[pattern[:, own] @ powers]
    return pattern, weight


def _with_copies(pattern, weight, features, cuts, population: Population):
    """Each pattern split by the intervals of copies that the conditions tell apart."""
    rows: list[tuple[int, tuple[tuple[float, float], ...], float]] = []
    for r, p in enumerate(weight):
        if p <= 0:
            continue
        has = dict(zip(features, pattern[r].tolist(), strict=True))
        choices = [_intervals(gene, cut, has, population) for gene, cut in cuts.items()]
        for chosen in product(*choices):
            share = p * np.prod([c[2] for c in chosen])
            if share > 0:
                rows.append((r, tuple(c[:2] for c in chosen), float(share)))
    low = {g: np.array([row[1][k][0] for row in rows]) for k, g in enumerate(cuts)}
    high = {g: np.array([row[1][k][1] for row in rows]) for k, g in enumerate(cuts)}
    index = [row[0] for row in rows]
    return pattern[index], low, high, np.array([row[2] for row in rows])


def _intervals(gene: str, cut: list[float], has, population: Population):
    """(low, high, probability) of the local reading of one gene."""
    if not has.get(f"{gene}:amp", False):
        return [(NEAR_NORMAL, NEAR_NORMAL, 1.0)]
    edges = [0.0, *cut, np.inf]
    a, sd = exponent(gene, has), population.assay.local
    return [(lo, hi, chance(lo, hi, a, sd)) for lo, hi in zip(edges[:-1], edges[1:], strict=True)]


def _fulfils(expression: Expression, kind: str, features, pattern, low, high) -> np.ndarray:
    place = {f: j for j, f in enumerate(features)}
    nothing = np.zeros(len(pattern), bool)

    def has(gene: str, state: str) -> np.ndarray:
        name = f"{gene}:{SAME.get((gene, state), state)}"
        return pattern[:, place[name]] if name in place else nothing

    def copies(gene: str) -> np.ndarray:  # any number inside the interval stands for all of it
        inside = np.where(np.isinf(high[gene]), low[gene] + 1.0, 0.5 * (low[gene] + high[gene]))
        return np.where(low[gene] == high[gene], low[gene], inside)

    return expression.holds(has, copies, lambda name: nothing | (name == kind))


def names_type(expression: Expression) -> bool:
    """Whether a condition names a tumour type."""
    return any(term.gene == TYPE for term in expression.terms)
