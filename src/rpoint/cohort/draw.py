"""Draw a cohort: patients who pass screening, each from her own stream.

By default screening is exact: type and genotype are drawn from their distribution among those who
pass (`rpoint.cohort.screen`), and the number screened until one passes is geometric.  With
`screening="candidates"` candidates are drawn one by one until one passes: the same distribution,
and a hundred times slower where few pass; it is there to check the first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rpoint.cohort.cohort import AMPLIFIED, DRAWN, Cohort
from rpoint.cohort.copies import LAW_OF, draw_read, draw_true, exponent
from rpoint.cohort.expressions import NEAR_NORMAL
from rpoint.cohort.frequencies import FEATURES
from rpoint.cohort.joint import Block, bits
from rpoint.cohort.plausible import REASONS, Target, grow
from rpoint.cohort.population import Population
from rpoint.cohort.screen import Screen, screen
from rpoint.errors import RpointError, unknown_name
from rpoint.streams import stream, uniforms

SCREENING = ("exact", "candidates")
RAREST = 1e-9  # share that passes screening below which nobody is looked for
MOST_CANDIDATES = 20_000  # of one patient, with screening="candidates"
TYPE, ROW, SCREENED, TESTED, FEATURE = 0, 1, 2, 3, 4  # what each uniform number is for
COPIES = FEATURE + len(FEATURES)
WIDTH = COPIES + 3 * len(AMPLIFIED)


def draw_cohort(
    population: Population,
    index: int | Sequence[int] | np.ndarray,
    seed: int,
    *,
    rule: str = "acceptance",
    screening: str = "exact",
) -> Cohort:
    """Patients who fulfil a population's conditions by the local test.

    Parameters
    ----------
    population
        From whom they are drawn, and what is required.
    index
        (n,) numbers of the patients, or how many.  A patient depends on the seed and her number
        alone: any chunk, in any order, gives the same ones.
    seed
        Of the run.
    rule
        "acceptance" or "weights": how plausible candidates become the population
        (`rpoint.cohort.plausible`).
    screening
        "exact" or "candidates".

    Raises
    ------
    RpointError
        If nobody can pass screening, or a word is unknown.
    """
    if screening not in SCREENING:
        raise unknown_name("kind of screening", screening, SCREENING, where="screening")
    every = np.asarray(index, dtype=np.int64)
    numbers = np.arange(int(every)) if every.ndim == 0 else every
    screens = screens_of(population)
    find = _candidates if screening == "candidates" else _exactly
    return _cohort(population, numbers, seed, rule, *find(population, numbers, seed, screens))


def _exactly(population: Population, numbers: np.ndarray, seed: int, screens: dict[str, Screen]):
    """Types, drawn values, numbers screened and passed, from the distribution of those who pass."""
    u = uniforms(seed, "cohort", numbers, WIDTH)
    kinds, drawn = _draw(population, screens, u, passing=True)
    screened = _screened(u[:, SCREENED], chance_of(population, screens))
    return kinds, drawn, screened, np.ones(len(numbers), bool)


def screens_of(population: Population) -> dict[str, Screen]:
    """The screening of every type of a population.

    Raises
    ------
    RpointError
        If nobody can pass it.
    """
    found = {kind: screen(kind, population) for kind in population.types}
    if chance_of(population, found) < RAREST:
        raise RpointError(
            "nobody in this population passes screening",
            where="population.require, population.exclude",
            found=", ".join([*population.require, *(f"not {e}" for e in population.exclude)]),
            mend="`rpoint cohort` prints the share that passes each condition",
        )
    return found


def chance_of(population: Population, screens: dict[str, Screen]) -> float:
    """Share of candidates who pass screening."""
    return sum(share * screens[kind].chance for kind, share in population.types.items())


def _screened(u: np.ndarray, chance: float) -> np.ndarray:
    """How many were screened until one passed: geometric, by inverse distribution function."""
    if chance >= 1.0 - 1e-12:
        return np.ones(len(u), np.int64)
    return np.maximum(np.ceil(np.log1p(-u) / np.log1p(-chance)), 1.0).astype(np.int64)


def _draw(population: Population, screens, u: np.ndarray, *, passing: bool):
    """Types and drawn values of patients from their uniform numbers (n, WIDTH)."""
    names = list(screens)
    share = np.array([population.types[k] * (screens[k].chance if passing else 1) for k in names])
    which = np.searchsorted(np.cumsum(share) / share.sum(), u[:, TYPE], side="right")
    which = np.minimum(which, len(names) - 1)
    genotype = np.zeros((len(u), len(FEATURES)), bool)
    copies = np.full((len(u), len(AMPLIFIED), 3), NEAR_NORMAL)
    for k, name in enumerate(names):
        mine = np.flatnonzero(which == k)
        if len(mine):
            genotype[mine], row = _genotypes(screens[name], u[mine], passing)
            copies[mine] = _copies(population, screens[name], u[mine], genotype[mine], row)
    tested = u[:, TESTED] >= population.central_missing
    return np.array(names, object)[which], DRAWN(genotype, copies, tested)


def _genotypes(found: Screen, u: np.ndarray, passing: bool) -> tuple[np.ndarray, np.ndarray]:
    """(n, features) genotypes and (n,) rows of the screen."""
    weight = np.where(found.eligible, found.probability, 0.0) if passing else found.probability
    row = _pick(weight, u[:, ROW])
    genotype = np.zeros((len(u), len(FEATURES)), bool)
    for block in found.joint.blocks:
        own = [j for j, f in enumerate(found.features) if f in block.features]
        wanted = found.pattern[row][:, own]
        slot = FEATURE + FEATURES.index(block.features[0])
        cells = _cells(block, [found.features[j] for j in own], wanted, u[:, slot])
        places = [FEATURES.index(f) for f in block.features]
        genotype[:, places] = bits(len(block.features))[cells]
    return genotype, row


def _cells(block: Block, known: list[str], wanted: np.ndarray, u: np.ndarray) -> np.ndarray:
    """(n,) genotypes of a block, given which of its `known` alterations each patient has."""
    if not known:
        return _pick(block.probability, u)
    powers = 1 << np.arange(len(known))
    of_cell = np.stack([block.column(f) for f in known], axis=1) @ powers
    of_patient = wanted @ powers
    found = np.empty(len(u), np.int64)
    for pattern in np.unique(of_patient):
        mine = of_patient == pattern
        found[mine] = _pick(np.where(of_cell == pattern, block.probability, 0.0), u[mine])
    return found


def _pick(weight: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Positions drawn with probability proportional to `weight`, which is never 0 there."""
    edges = np.cumsum(weight)
    found = np.searchsorted(edges, u * edges[-1], side="right")
    return np.minimum(found, np.flatnonzero(weight)[-1])


def _copies(population, found: Screen, u, genotype, row) -> np.ndarray:
    """(n, genes, 3) true copies, local and central reading."""
    copies = np.full((len(u), len(AMPLIFIED), 3), NEAR_NORMAL)
    for g, gene in enumerate(AMPLIFIED):
        mine = np.flatnonzero(genotype[:, FEATURES.index(f"{gene}:amp")])
        if not len(mine):
            continue
        low = found.low.get(gene, np.zeros(1))[row[mine] if gene in found.low else [0] * len(mine)]
        high = found.high[gene][row[mine]] if gene in found.high else np.full(len(mine), np.inf)
        law = [genotype[mine, FEATURES.index(f)] for f in LAW_OF.get(gene, ())]
        keys = np.column_stack([low, high, *law]) if law else np.column_stack([low, high])
        for key in np.unique(keys, axis=0):
            some = mine[(keys == key).all(axis=1)]
            other = dict(zip(LAW_OF.get(gene, ()), key[2:] > 0, strict=True))
            numbers = u[some, COPIES + 3 * g : COPIES + 3 * g + 3]
            copies[some, g] = _read(numbers, key[0], key[1], exponent(gene, other), population)
    return copies


def _read(u: np.ndarray, low: float, high: float, a: float, population: Population) -> np.ndarray:
    """(n, 3) true, local and central copies, given the interval of the local reading."""
    assay = population.assay
    true = draw_true(u[:, 0], low, high, a, assay.local)
    local = draw_read(u[:, 1], true, assay.local, low, high)
    return np.column_stack([true, local, draw_read(u[:, 2], true, assay.central)])


def _candidates(population: Population, numbers: np.ndarray, seed: int, _: dict[str, Screen]):
    """The same from candidates, one by one from every patient's stream until one passes."""
    free = population.unscreened()
    screens = screens_of(free)
    streams = [stream(seed, "cohort candidates", int(i)) for i in numbers]
    n = len(numbers)
    kinds = np.full(n, next(iter(screens)), object)
    drawn = DRAWN.empty(n)
    screened, passed, left = np.zeros(n, np.int64), np.zeros(n, bool), np.arange(n)
    for _round in range(MOST_CANDIDATES):
        u = np.stack([streams[i].random(WIDTH) for i in left])
        new_kinds, new = _draw(free, screens, u, passing=False)
        kinds[left] = new_kinds
        drawn.put(left, new)
        screened[left] += 1
        good = new.passes(population, new_kinds, "local")
        passed[left[good]] = True
        left = left[~good]
        if not len(left):
            break
    return kinds, drawn, screened, passed


def _cohort(population, numbers, seed, rule, kinds, drawn, screened, passed) -> Cohort:
    n = len(numbers)
    time, burden, weight = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)
    rejected, found = np.zeros((n, len(REASONS)), np.int64), np.zeros(n, bool)
    for kind in np.unique(kinds.astype(str)):
        mine = np.flatnonzero(kinds == kind)
        target = Target.of(kind, population.doubling_time_d, population.growth_cv)
        grown = grow(seed, numbers[mine], target, rule)
        time[mine], burden[mine] = grown.doubling_time_d, grown.burden_mm
        weight[mine], rejected[mine], found[mine] = grown.weight, grown.rejected, grown.found
    status = np.where(passed, "ok", "nobody passed screening").astype(object)
    status[passed & ~found] = "no plausible growth"
    return Cohort.made(
        population, numbers, kinds.astype(str), drawn, screened, passed, rule,
        doubling_time_d=time, burden_mm=burden, weights=np.where(passed, weight, 0.0),
        rejected=rejected, status=status,
    )  # fmt: skip
