"""Patients of a trial before their first dose.

Everything that differs between two patients is drawn here, from streams keyed by the patient's
number, so that a patient is the same whoever is drawn beside her.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import expit

from rpoint import catalog
from rpoint.streams import normals, uniforms
from rpoint.trial.facts import clone_weights, fact
from rpoint.trial.parameters import Population
from rpoint.tumour.clones import vocabulary_alterations
from rpoint.tumour.facts import fact as tumour_fact
from rpoint.tumour.measure import volume_mm3
from rpoint.tumour.simulate import in_host
from rpoint.tumour.subjects import LESION_SHARES, MAX_LESIONS, PER_ORGAN, pk_factors

MEASURABLE_MM = 10.0
# Nodes, which RECIST measures across, are left out: every target is measured along.
ORGANS = ("lung", "liver", "soft tissue", "adrenal gland", "peritoneum")
LOSS_LIMITS = (0.02, 0.95)
DOUBLING_LIMITS_D = (15.0, 1200.0)  # median lesion of a patient
SHARE_LIMITS = (1e-9, 0.5)
# Slots of a patient's normal and uniform numbers.
GROWTH, LESION_GROWTH, DIAMETER, LOSS, SHARE, SHARE_LESION, NONTARGET = 0, 1, 7, 12, 13, 14, 20
COUNT, CLONE, HAS_NONTARGET, BASELINE, HAD_PRIOR, SETS, ORGAN = 0, 1, 2, 3, 4, 5, 10
BODIES = MAX_LESIONS + 1  # target lesions, and all non-target disease as one body


@dataclass(frozen=True)
class Patients:
    """Patients at their first dose.

    Attributes
    ----------
    index
        (n,) global numbers.
    replicate
        (n,) replicate of the trial.
    tumour_type, alterations
        (n,) catalogue id; the tumour's alterations.
    clone
        (n,) name of the resistant clone that the tumour harbours.
    genotypes
        n pairs of handles: of most cells, of the resistant clone.
    sets
        (n,) row of the ensemble.
    doubling_d
        (n, B) doubling time of every untreated body of tumour, d; NaN where there is none.  The
        last body is all non-target disease.
    cell_loss
        (n,) Steel's cell-loss factor.
    start_mm3
        (n, B) volumes, 0 where there is none.
    shares
        (n, B) share of the resistant clone.
    organs
        (n, MAX_LESIONS) organ, "" where there is no lesion.
    baseline_day
        (n,) day of the baseline scan, 0 or before.
    new_lesion_rate
        (n,) new lesions per e-fold of volume.
    had_prior
        (n,) whether the trial's earlier regimen was given and has failed.
    pk
        Drug -> {parameter: (n,) factor}.
    effect
        Drug -> (n,) factor on its effect at a given level.
    """

    index: np.ndarray
    replicate: np.ndarray
    tumour_type: np.ndarray
    alterations: tuple[tuple[str, ...], ...]
    clone: np.ndarray
    genotypes: tuple[tuple[Mapping[str, float], Mapping[str, float]], ...]
    sets: np.ndarray
    doubling_d: np.ndarray
    cell_loss: np.ndarray
    start_mm3: np.ndarray
    shares: np.ndarray
    organs: np.ndarray
    baseline_day: np.ndarray
    new_lesion_rate: np.ndarray
    had_prior: np.ndarray
    pk: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    effect: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.index)

    def take(self, rows: np.ndarray) -> Patients:
        """Some of the patients, by position."""
        rows = np.asarray(rows)
        chosen: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                chosen[name] = value[rows]
            elif isinstance(value, tuple):
                chosen[name] = tuple(value[i] for i in rows.tolist())
        chosen["pk"] = {d: {p: f[rows] for p, f in v.items()} for d, v in self.pk.items()}
        chosen["effect"] = {d: f[rows] for d, f in self.effect.items()}
        return replace(self, **chosen)


def draw_patients(
    index: np.ndarray,
    replicate: np.ndarray,
    tumour_type: np.ndarray,
    alterations: Sequence[tuple[str, ...]],
    population: Population,
    ensemble: Any,
    drugs: Sequence[str],
    *,
    line: int = 1,
    growth: Any = None,
    clones: Mapping[str, Any] | None = None,
    measurable: bool = True,
    cells: np.ndarray | None = None,
    doubling_d: np.ndarray | None = None,
    burden_mm: np.ndarray | None = None,
    attempt: int = 0,
) -> Patients:
    """Patients with these tumours.

    Parameters
    ----------
    index, replicate
        (n,) global numbers and replicates.
    tumour_type, alterations
        What the cohort drew.
    population
        Parameters of the population.
    ensemble
        Parameter sets of the cell model.
    drugs
        Drugs of any arm.
    line
        Line of therapy.
    growth, clones
        Overrides of the trial file.
    measurable
        Whether target lesions measure 10 mm or more at the start.
    cells
        (n,) the catalogue's types whose cells the tumours have; the types when left out.
    doubling_d, burden_mm
        (n,) doubling time of the untreated tumour and sum of diameters that the cohort has drawn
        for a first line; drawn here when left out.
    attempt
        0; another number makes another patient of the same genotype.
    """
    seed, n = population.seed, len(index)
    who = f"patient, attempt {attempt}" if attempt else "patient"
    z, u = normals(seed, who, index, 24), uniforms(seed, who, index, 24)
    there = np.concatenate(
        [_targets(u[:, COUNT]), (u[:, HAS_NONTARGET] < fact("nontarget_share"))[:, None]], axis=1
    )
    kinds = np.asarray(tumour_type if cells is None else cells, object)
    own = None if attempt else doubling_d
    doubling = _doubling(z, kinds, replicate, population, line, growth, own)
    volumes = _volumes(z, there, measurable, None if attempt else burden_mm)
    mean = population.value("cell_loss_logit_mean", replicate)
    loss = expit(mean + population.value("cell_loss_logit_sd", replicate) * z[:, LOSS])
    if growth is not None and growth.cell_loss is not None:
        loss = np.full(n, growth.cell_loss)
    names, shares = _clones(z, u, kinds, replicate, population, clones)
    return Patients(
        index=np.asarray(index),
        replicate=np.asarray(replicate),
        tumour_type=np.asarray(tumour_type),
        alterations=tuple(alterations),
        clone=names,
        genotypes=tuple(
            _genotypes(kind, altered, clone)
            for kind, altered, clone in zip(kinds, alterations, names, strict=True)
        ),
        sets=_sets(u[:, SETS], ensemble.weights),
        doubling_d=np.where(there, doubling, np.nan),
        cell_loss=np.clip(loss, *LOSS_LIMITS),
        start_mm3=np.where(there, volumes, 0.0),
        shares=np.where(there, shares, 0.0),
        organs=np.where(there[:, :MAX_LESIONS], _organs(u[:, ORGAN : ORGAN + 10]), ""),
        baseline_day=-np.floor(u[:, BASELINE] * (fact("baseline_window_days") + 1.0)),
        new_lesion_rate=np.exp(population.value("new_lesion_rate", replicate)),
        had_prior=np.zeros(n, bool),
        pk={drug: pk_factors(drug, "human", index, seed) for drug in drugs},
        effect={drug: _effect(drug, index, replicate, population, attempt) for drug in drugs},
    )


def _targets(u: np.ndarray) -> np.ndarray:
    """(n, MAX_LESIONS) whether the lesion exists."""
    counts = 1 + np.searchsorted(np.cumsum(LESION_SHARES), u, side="right")
    return np.arange(MAX_LESIONS)[None] < np.minimum(counts, MAX_LESIONS)[:, None]


def _doubling(
    z, kinds, replicate, population: Population, line: int, growth, own: np.ndarray | None
) -> np.ndarray:
    """(n, BODIES) doubling times of untreated bodies of tumour, d."""
    within = float(np.sqrt(np.log1p(tumour_fact("growth_cv_lesions") ** 2)))
    given = growth is not None and growth.doubling_time_d is not None
    if own is None:
        cv = tumour_fact("growth_cv_patients")
        cv = growth.cv if growth is not None and growth.cv is not None else cv
        own = np.exp(-float(np.sqrt(np.log1p(cv**2))) * z[:, GROWTH])
        own = own * (growth.doubling_time_d if given else _medians(kinds))
    patient = np.array(own, float)
    if not given:
        patient *= np.exp(_shifts(kinds, replicate, population, line))
    patient = np.clip(patient, *DOUBLING_LIMITS_D)
    return patient[:, None] * np.exp(-within * z[:, LESION_GROWTH : LESION_GROWTH + BODIES])


def _medians(kinds: np.ndarray) -> np.ndarray:
    """(n,) median doubling time of the types, d."""
    return np.array([catalogue_doubling(str(kind)) for kind in kinds])


def _shifts(kinds, replicate, population: Population, line: int) -> np.ndarray:
    """(n,) ln factor on the doubling time: of the type, and of a later line."""
    distinct, where = np.unique(kinds.astype(str), return_inverse=True)
    shift = np.zeros(len(kinds))
    for k, kind in enumerate(distinct):
        mine = where == k
        shift[mine] = population.value(f"doubling {kind}", replicate[mine])
    if line > 1:
        shift += population.value("later_line_doubling", replicate)
    return shift


def catalogue_doubling(kind: str) -> float:
    """Doubling time of untreated tumours of a type in patients, d; the median type's if unknown."""
    every = {
        t.id: g.value.to("d")
        for t in catalog.tumours()
        for g in t.growth
        if g.measure == "doubling_time_patient"
    }
    return every.get(kind, float(np.median(list(every.values()))))


def _volumes(z, there, measurable: bool, burden_mm: np.ndarray | None) -> np.ndarray:
    """(n, BODIES) start volumes, mm3; non-target disease is as large as a median target lesion."""
    sd = float(np.sqrt(np.log1p(tumour_fact("lesion_diameter_cv") ** 2)))
    noise = np.concatenate([z[:, DIAMETER : DIAMETER + MAX_LESIONS], z[:, [NONTARGET]]], axis=1)
    diameter = tumour_fact("lesion_diameter_mm") * np.exp(sd * noise)
    if burden_mm is not None:
        targets = np.where(there, diameter, 0.0)[:, :MAX_LESIONS].sum(axis=1)
        diameter *= (burden_mm / targets)[:, None]
    return volume_mm3(np.maximum(diameter, MEASURABLE_MM if measurable else 1.0))


def _clones(z, u, tumour_type, replicate, population: Population, clones):
    """(n,) the resistant clone of each tumour, and (n, BODIES) its share of every body."""
    names = np.empty(len(tumour_type), object)
    log10 = population.value("clone_share_log10_mean", replicate)
    log10 = log10 + population.value("clone_share_log10_sd", replicate) * z[:, SHARE]
    share = 10.0**log10
    if clones is None:
        for i, kind in enumerate(tumour_type):
            names[i] = _choose(clone_weights(str(kind)), u[i, CLONE])
    else:
        edges = np.cumsum([c.carriers for c in clones.values()])
        chosen = np.searchsorted(edges, u[:, CLONE] * max(1.0, edges[-1]), side="right")
        some = [*clones, "sensitive"]
        names = np.array([some[min(k, len(clones))] for k in chosen], object)
        share = np.array([clones[n].share if n in clones else 0.0 for n in names])
    mixed = float(np.sqrt(np.log1p(tumour_fact("clone_mix_cv_lesions") ** 2)))
    lesion = np.exp(mixed * z[:, SHARE_LESION : SHARE_LESION + BODIES])
    odds = share / (1.0 - np.minimum(share, SHARE_LIMITS[1]))
    mixed_share = odds[:, None] * lesion / (1.0 + odds[:, None] * lesion)
    return names, np.minimum(mixed_share, SHARE_LIMITS[1])


def _choose(weights: Mapping[str, float], u: float) -> str:
    edges = np.cumsum(list(weights.values()))
    return list(weights)[int(np.searchsorted(edges / edges[-1], u, side="right"))]


def _genotypes(kind: str, altered: tuple[str, ...], clone: str):
    """Handles of most cells, and of the resistant clone."""
    extra = vocabulary_alterations(clone) if ":" not in clone else tuple(clone.split("+"))
    replaced = {text.split(":")[0] for text in extra}
    kept = tuple(a for a in altered if a.split(":")[0] not in replaced)
    own = in_host(catalog.genotype(str(kind), altered))
    return own, in_host(catalog.genotype(str(kind), (*kept, *extra)))


def _sets(u: np.ndarray, weights: np.ndarray) -> np.ndarray:
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, u, side="right"), len(weights) - 1)


def _organs(u: np.ndarray) -> np.ndarray:
    """(n, MAX_LESIONS) organs in a random order, no more than two lesions in one."""
    slots = np.repeat(ORGANS, PER_ORGAN)
    return slots[np.argsort(u, axis=1)[:, :MAX_LESIONS]]


def _effect(drug: str, index, replicate, population: Population, attempt: int) -> np.ndarray:
    """(n,) factor on a drug's effect: of the population, times the patient's own."""
    own = normals(population.seed, f"effect of {drug}, attempt {attempt}", index)[:, 0]
    spread = population.value("effect_log_sd", replicate)
    return np.exp(population.value(f"effect {drug}", replicate) + spread * own)
