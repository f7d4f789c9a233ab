"""The joint distribution of a tumour type's alterations: a log-linear model with pair terms.

    P(x) ~ exp( sum_i h_i x_i + sum_(i,j) J_ij x_i x_j ) ,   x in {0, 1}^k

is the distribution of largest entropy among those with given frequencies and given log odds ratios
of pairs.  Only pairs whose log odds ratio is known and clear get a term (`clear_pairs`);
alterations that no pair joins are independent.  Each connected block of at most `LARGEST`
alterations is a table of all 2^k genotypes, fitted by iterative proportional fitting (Deming and
Stephan 1940), so that anything can be conditioned on exactly.  The frequencies are met to 1e-9,
pairs as far as a distribution with all of them exists.  Where a block would be larger, the pairs
with the smallest covariance lose their term, and the type's `Joint` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from rpoint.cohort.facts import fact
from rpoint.cohort.frequencies import AFTER_CDK46, FOLDER, frequency

LARGEST = 14  # alterations of one table: 16,384 genotypes
CLEAR = 2.0  # standard errors from no association
STRONG = 0.25  # smallest log odds ratio that is kept
SWEEPS = 400
TOLERANCE = 1e-9
#: Pairs that stay whatever the size of their block: trials select on them.
ALWAYS = {("MDM2:amp", "TP53:mut"), ("CDK4:amp", "MDM2:amp")}
#: One activated RAS gene a tumour: so the four RAS-activated biopsies of Wander 2020 add up.
EXCLUSIVE = (("HRAS:mut", "KRAS:mut"), ("HRAS:mut", "NRAS:amp"), ("KRAS:mut", "NRAS:amp"))


@dataclass(frozen=True)
class Block:
    """Alterations that hang together.

    Attributes
    ----------
    features
        k alterations.
    probability
        (2^k,) of every genotype; bit j of a genotype's number is alteration j.
    """

    features: tuple[str, ...]
    probability: np.ndarray

    def column(self, feature: str) -> np.ndarray:
        """(2^k,) whether each genotype has the alteration."""
        return bits(len(self.features))[:, self.features.index(feature)]


@dataclass(frozen=True)
class Joint:
    """The joint distribution of one type: its blocks, and pairs that were left out."""

    blocks: tuple[Block, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    def block_of(self, feature: str) -> Block | None:
        """The block of an alteration, None for one that is never drawn."""
        return next((b for b in self.blocks if feature in b.features), None)

    def probability(self, *features: str) -> float:
        """P(all of the alterations)."""
        found = 1.0
        for block in self.blocks:
            own = [block.column(f) for f in features if f in block.features]
            found *= block.probability[np.logical_and.reduce(own)].sum() if own else 1.0
        known = {f for b in self.blocks for f in b.features}
        return float(found) if known.issuperset(features) else 0.0

    def log_odds_ratio(self, a: str, b: str) -> float:
        """ln of the odds ratio of two alterations."""
        both, pa, pb = self.probability(a, b), self.probability(a), self.probability(b)
        with np.errstate(divide="ignore"):
            return float(np.log(both * (1 - pa - pb + both)) - np.log((pa - both) * (pb - both)))


@cache
def bits(k: int) -> np.ndarray:
    """(2^k, k) bool: the genotypes of k alterations."""
    found = (np.arange(2**k)[:, None] >> np.arange(k)) & 1 == 1
    found.setflags(write=False)
    return found


@cache
def associations() -> pd.DataFrame:
    """Log odds ratios by type and pair (`data/associations.csv`); type "" is the mean."""
    with (FOLDER / "associations.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, keep_default_na=False)


def clear_pairs(kind: str) -> dict[tuple[str, str], float]:
    """Pairs of a type whose log odds ratio is known and clear: its own, else the mean's."""
    table = associations()
    table = table[table["type"].isin((kind, ""))].sort_values("type")
    table = table.drop_duplicates(["a", "b"], keep="last")
    size = table["log_or"].abs()
    table = table[(size >= STRONG) & (size >= CLEAR * table["se"])]
    found = {(a, b): v for a, b, v in zip(table["a"], table["b"], table["log_or"], strict=True)}
    found["MDM2:amp", "TP53:mut"] = fact("mdm2_tp53_log_or")
    return found


@cache
def joint_of(
    kind: str, setting: str, overrides: tuple[tuple[str, float], ...] = (), paired: bool = True
) -> Joint:
    """The joint distribution of a type in a setting.

    Parameters
    ----------
    overrides
        (alteration, frequency) that replace those of the table.
    paired
        False: every alteration independent (for checks).
    """
    share = frequency(kind, setting)["fraction"].to_dict() | dict(overrides)
    share = {f: p for f, p in share.items() if p > 0}
    pairs = {k: v for k, v in clear_pairs(kind).items() if share.keys() >= set(k)} if paired else {}
    if paired and setting == AFTER_CDK46:
        pairs |= {pair: -np.inf for pair in EXCLUSIVE if share.keys() >= set(pair)}
    return assemble(share, pairs)


def assemble(share: Mapping[str, float], pairs: Mapping[tuple[str, str], float]) -> Joint:
    """Blocks of alterations with given frequencies and log odds ratios of pairs."""
    kept, left_out = dict(pairs), []
    weight = {pair: _covariance(share, pair, v) for pair, v in pairs.items()}
    while any(len(g) > LARGEST for g in groups(share, kept)):
        weakest = min(_of_large_groups(share, kept), key=lambda pair: (weight[pair], pair))
        left_out.append(weakest)
        del kept[weakest]
    blocks = []
    for group in groups(share, kept):
        own = {pair: v for pair, v in kept.items() if pair[0] in group}
        blocks.append(Block(group, fit([share[f] for f in group], _numbered(group, own))))
    return Joint(tuple(blocks), tuple(left_out))


def _covariance(share: Mapping[str, float], pair: tuple[str, str], log_or: float) -> float:
    """How much a pair matters: the absolute covariance of its alterations."""
    p, q = share[pair[0]], share[pair[1]]
    if pair in ALWAYS or pair in EXCLUSIVE:
        return np.inf
    return abs(pair_probability(p, q, log_or) - p * q)


def _of_large_groups(share, pairs) -> list[tuple[str, str]]:
    large = {f for g in groups(share, pairs) if len(g) > LARGEST for f in g}
    return [pair for pair in pairs if pair[0] in large]


def _numbered(group: tuple[str, ...], pairs) -> dict[tuple[int, int], float]:
    return {(group.index(a), group.index(b)): v for (a, b), v in pairs.items()}


def groups(features: Mapping[str, float], pairs: Mapping[tuple[str, str], float]) -> list[tuple]:
    """The alterations that pairs join, directly or through others, in the order given."""
    root = {f: f for f in features}

    def find(f: str) -> str:
        while root[f] != f:
            f = root[f]
        return f

    for a, b in pairs:
        root[find(b)] = find(a)
    found: dict[str, list[str]] = {}
    for f in features:
        found.setdefault(find(f), []).append(f)
    return [tuple(group) for group in found.values()]


def pair_probability(p: float, q: float, log_or: float) -> float:
    """P(both) of two events with probabilities p and q and a given log odds ratio.

    The root of (R - 1) z^2 - (1 + (R - 1)(p + q)) z + R p q = 0 that lies between the Frechet
    bounds, R being the odds ratio (Plackett 1965).

    >>> round(pair_probability(0.3, 0.2, 0.0), 12)
    0.06
    """
    if log_or == -np.inf:
        return 0.0
    ratio = np.exp(log_or)
    if abs(ratio - 1) < 1e-9:
        return p * q
    b = 1 + (ratio - 1) * (p + q)
    return float((b - np.sqrt(b * b - 4 * ratio * (ratio - 1) * p * q)) / (2 * (ratio - 1)))


def fit(share: list[float], pairs: Mapping[tuple[int, int], float]) -> np.ndarray:
    """(2^k,) probabilities of all genotypes with given frequencies and log odds ratios of pairs."""
    table = np.prod(np.where(bits(len(share)), share, 1 - np.array(share)), axis=1)
    wanted = {pair: _two_by_two(share, pair, v) for pair, v in pairs.items()}
    for _ in range(SWEEPS if pairs else 0):
        before = table.copy()
        for (i, j), target in wanted.items():
            view = _view(table, i, j)
            present = view.sum(axis=(0, 2, 4))
            view *= np.divide(target, present, out=np.zeros((2, 2)), where=present > 0)[
                :, None, :, None
            ]
        if np.abs(table - before).max() < TOLERANCE:
            break
    return _with_margins(table, share)


def _two_by_two(share: list[float], pair: tuple[int, int], log_or: float) -> np.ndarray:
    """(2, 2) probabilities by the alteration of larger number (rows) and of smaller number."""
    low, high = sorted(pair)
    p, q = share[high], share[low]
    both = pair_probability(p, q, log_or)
    return np.maximum([[1 - p - q + both, q - both], [p - both, both]], 0.0)


def _view(table: np.ndarray, i: int, j: int) -> np.ndarray:
    """The table as (above, 2, between, 2, below): axis 1 is the larger of i and j, 3 the other."""
    low, high = sorted((i, j))
    return table.reshape(-1, 2, 2 ** (high - low - 1), 2, 2**low)


def _with_margins(table: np.ndarray, share: list[float]) -> np.ndarray:
    """The table with its frequencies made exact; the pairs' terms stay as they are."""
    for _ in range(SWEEPS):
        worst = 0.0
        for j, p in enumerate(share):
            view = table.reshape(-1, 2, 2**j)
            present = view.sum(axis=(0, 2))
            worst = max(worst, abs(present[1] / present.sum() - p))
            view *= np.divide([1 - p, p], present, out=np.zeros(2), where=present > 0)[:, None]
        if worst < TOLERANCE:
            break
    return table / table.sum()
