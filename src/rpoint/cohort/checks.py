"""What the tables and the joint distribution say, beside published numbers they were not fitted to.

Every function gives numbers with intervals and makes no verdict.  Unless said otherwise a share is
exact: a sum over the distribution, nothing sampled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from rpoint.cohort.copies import at_least, exponent
from rpoint.cohort.frequencies import (
    AFTER_CDK46,
    FOLDER,
    PRIMARY_AND_METASTASIS,
    frequency,
    patients_of,
)
from rpoint.cohort.joint import Joint, assemble, bits, clear_pairs, joint_of
from rpoint.cohort.population import Population
from rpoint.cohort.screen import screen
from rpoint.cohort.types import case_mix, cohort_types
from rpoint.stats.proportions import Proportion, proportion

#: The eight mechanisms of Wander 2020, as what is drawn.
EIGHT: dict[str, tuple[str, ...]] = {
    "AURKA amplification": ("AURKA:amp",),
    "CCNE2 amplification": ("CCNE2:amp",),
    "AKT1": ("AKT1:mut",),
    "ERBB2": ("ERBB2:mut",),
    "RB1, both copies": ("RB1:loss",),
    "RAS": ("KRAS:mut", "HRAS:mut", "NRAS:amp"),
    "FGFR2": ("FGFR2:amp",),
    "ER loss": ("ESR1:loss",),
}
RESISTANT_N = 41
NO_LIPOSARCOMA = ("liposarcoma",)


@dataclass(frozen=True)
class Check:
    """A number of the cohort beside a published one.

    Attributes
    ----------
    what
        What is counted.
    value
        Of the cohort, percent unless `what` says otherwise.
    published, lo, hi
        The published value and its interval; NaN where none was published.
    fitted
        Whether the cohort was fitted to this very number: then it is no check.
    source
        Key of the published value's source.
    """

    what: str
    value: float
    published: float
    lo: float
    hi: float
    fitted: bool
    source: str

    @property
    def inside(self) -> bool | None:
        """Whether the value lies within the published interval; None without an interval."""
        known = np.isfinite(self.lo) and np.isfinite(self.hi)
        return bool(self.lo <= self.value <= self.hi) if known else None

    def to_dict(self) -> dict:
        return {**self.__dict__, "inside": self.inside}


def _counted(what: str, value: float, x: int, n: int, source: str, fitted: bool = False) -> Check:
    p = proportion(x, n)
    return Check(what, value, p.percent, p.lo, p.hi, fitted, source)


def tp53_by_type(setting: str = "metastasis") -> pd.DataFrame:
    """TP53 mutation by tumour type (claim A11).

    Returns
    -------
    pandas.DataFrame
        type, name, altered, n, percent, lo, hi (exact 95 %; missing where no patient was counted),
        cohort, source, grade; a last row "case mix" weighted by the patients of MSK-MET.
    """
    rows = []
    for kind in cohort_types().values():
        row = frequency(kind.id, setting).loc["TP53:mut"]
        ends = proportion(int(row["altered"]), int(row["n"])) if row["n"] else None
        lo, hi = (ends.lo, ends.hi) if ends else (np.nan, np.nan)
        rows.append(
            (kind.id, kind.name, row["altered"], row["n"], 100 * row["fraction"], lo, hi,
             row["cohort"], row["source"], row["grade"])
        )  # fmt: skip
    names = ["type", "name", "altered", "n", "percent", "lo", "hi", "cohort", "source", "grade"]
    table = pd.DataFrame(rows, columns=names)
    mixed = table[table["type"].isin(case_mix())]
    share = float((mixed["percent"] * mixed["type"].map(case_mix())).sum())
    last: dict[str, object] = {
        "type": "case mix",
        "name": "All types by their number of patients in MSK-MET",
    }
    last |= {"percent": share, "n": int(sum(map(patients_of, case_mix()))), "source": "nguyen2022"}
    return pd.concat([table, pd.DataFrame([last])], ignore_index=True)


def melanoma_tp53_rb1(line: int = 1) -> list[Check]:
    """TP53 and RB1 mutations of the melanoma cohort beside TCGA's (claim A12).

    TP53 comes from MSK-MET, so TCGA's interval is a check; RB1 comes from TCGA itself.
    """
    setting = Population({"melanoma": 1}, line=line).drawn_from
    joint = joint_of("melanoma", setting)
    return [
        _counted(f"{gene} mutated, melanoma, {setting}", 100 * joint.probability(f"{gene}:mut"), x,
                 318, "tcga_skcm2015", fitted=gene == "RB1")
        for gene, x in (("TP53", 49), ("RB1", 12))
    ]  # fmt: skip


def hr_positive_her2_negative() -> Proportion:
    """HR-positive, HER2-negative among breast cancers of MSK-MET (claim B1)."""
    every = ("breast", "breast-her2", "breast-tn")
    return proportion(patients_of("breast"), sum(map(patients_of, every)))


def mdm2() -> list[Check]:
    """MDM2 amplification over the case mix beside published series (claims C5, D7).

    Settings are averaged over primaries and metastases.  Liposarcoma is a type of the case mix,
    glioma is not.
    """
    every, rest = _mdm2_cells(()), _mdm2_cells(NO_LIPOSARCOMA)
    amplified = every["amp"]
    return [
        _counted("MDM2 amplified", 100 * amplified, 3650, 102_878, "kato2018"),
        _counted("MDM2 amplified, patients of phase 1", 100 * amplified, 23, 523, "dembla2018"),
        _counted("MDM2 amplified, Chinese patients", 100 * amplified, 330, 10_010, "zhou2020"),
        _counted("TP53 mutated among MDM2-amplified", 100 * every["amp_mut"] / amplified, 910, 3650,
                 "kato2018", fitted=True),
        Check("CDK4 amplified among MDM2-amplified", 100 * every["amp_cdk4"] / amplified, 38.0,
              np.nan, np.nan, False, "zhou2020"),
        Check("odds ratio, 12 copies or more and TP53 mutated (ratio)", every["odds_ratio"], 0.21,
              0.12, 0.37, True, "aacr1174"),
        _counted("12 copies or more, TP53 wild type, TCGA", 100 * every["wt_12"], 108, 9090,
                 "aacr1174"),
        _counted("12 copies or more, TP53 wild type, GENIE", 100 * every["wt_12"], 514, 42_125,
                 "aacr1174"),
        Check("12 copies or more, TP53 wild type, without liposarcoma", 100 * rest["wt_12"], 1.1,
              np.nan, np.nan, False, "dumbrava2022tip"),
    ]  # fmt: skip


def _mdm2_cells(without: tuple[str, ...]) -> dict[str, float]:
    """Shares of the case mix: MDM2 amplified, with TP53 or CDK4, 12 copies or more."""
    mix = {kind: w for kind, w in case_mix().items() if kind not in without}
    sums = dict.fromkeys(("amp", "amp_mut", "amp_cdk4", "mut_12", "wt_12", "mut"), 0.0)
    for (kind, weight), setting in product(mix.items(), PRIMARY_AND_METASTASIS):
        share = weight / (len(PRIMARY_AND_METASTASIS) * sum(mix.values()))
        for name, value in _mdm2_of(joint_of(kind, setting)).items():
            sums[name] += share * value
    neither = 1 - sums["mut"] - sums["wt_12"]
    ratio = sums["mut_12"] * neither / (sums["wt_12"] * (sums["mut"] - sums["mut_12"]))
    return {**sums, "odds_ratio": ratio}


def _mdm2_of(joint: Joint) -> dict[str, float]:
    amp, mut, cdk4 = "MDM2:amp", "TP53:mut", "CDK4:amp"
    cells = {(True, True): joint.probability(amp, mut, cdk4)}
    cells[True, False] = joint.probability(amp, mut) - cells[True, True]
    cells[False, True] = joint.probability(amp, cdk4) - cells[True, True]
    cells[False, False] = joint.probability(amp) - sum(cells.values())
    high = {
        key: share * at_least(12.0, exponent("MDM2", {mut: key[0], cdk4: key[1]}))
        for key, share in cells.items()
    }
    return {
        "amp": joint.probability(amp),
        "amp_mut": joint.probability(amp, mut),
        "amp_cdk4": joint.probability(amp, cdk4),
        "mut_12": high[True, True] + high[True, False],
        "wt_12": high[False, True] + high[False, False],
        "mut": joint.probability(mut),
    }


def wander() -> dict[str, float]:
    """Any, and two or more, of Wander 2020's eight mechanisms in resistant biopsies, percent.

    `any_independent` and `two_independent` take the eight shares as independent; `any_drawn` and
    `two_drawn` are of the cohort after a CDK4/6 inhibitor; observed: 27 and 12 of 41.
    """
    joint = joint_of("breast", AFTER_CDK46)
    table = frequency("breast", AFTER_CDK46)
    alone = [sum(table.loc[f, "altered"] for f in fs) / RESISTANT_N for fs in EIGHT.values()]
    found = {}
    for name, number in (("independent", _number_of(alone)), ("drawn", _number_drawn(joint))):
        found[f"any_{name}"] = 100 * float(1 - number[0])
        found[f"two_{name}"] = 100 * float(1 - number[0] - number[1])
    return {**found, "any_observed": 100 * 27 / RESISTANT_N, "two_observed": 100 * 12 / RESISTANT_N}


def _number_of(shares) -> np.ndarray:
    """Distribution of the number of independent events with these probabilities."""
    found = np.ones(1)
    for p in shares:
        found = np.convolve(found, [1 - p, p])
    return found


def _number_drawn(joint: Joint) -> np.ndarray:
    """Distribution of the number of the eight mechanisms in one tumour; RAS genes count once."""
    found = np.ones(1)
    for block in joint.blocks:
        x = bits(len(block.features))
        groups = [[j for j, f in enumerate(block.features) if f in fs] for fs in EIGHT.values()]
        number = sum((x[:, g].any(axis=1).astype(int) for g in groups if g), np.zeros(len(x), int))
        found = np.convolve(found, np.bincount(number, block.probability))
    return np.append(found, np.zeros(2))


def alterations_in_one_patient() -> pd.DataFrame:
    """How many alterations one patient with HR-positive breast cancer has: NeST against the model.

    The model has the patients' own frequencies; `paired` knows the pairs, `independent` none.

    Returns
    -------
    pandas.DataFrame
        alterations, observed (patients of 459), paired and independent (expected patients).
    """
    with (FOLDER / "nest.csv").open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype={"of": str})
    number = table[table["what"].str.startswith("alterations")].set_index("of")["patients"]
    n = int(number.sum())
    shares = table[table["what"] == "patients with"].set_index("of")["patients"] / n
    shares = {name: p for name, p in shares.items() if p > 0}
    pairs = {k: v for k, v in clear_pairs("breast").items() if shares.keys() >= set(k)}
    paired = np.ones(1)
    for block in assemble(shares, pairs).blocks:
        count = bits(len(block.features)).sum(axis=1)
        paired = np.convolve(paired, np.bincount(count, block.probability))
    alone = _number_of(shares.values())
    rows = [(k, int(number.get(str(k), 0)), n * paired[k], n * alone[k]) for k in range(13)]
    return pd.DataFrame(rows, columns=["alterations", "observed", "paired", "independent"])


def basket(population: Population) -> pd.DataFrame:
    """Which tumour types a trial of this population enrols.

    Returns
    -------
    pandas.DataFrame
        type, name, candidates (share, %), passes (% of the type's patients), enrolled (share, %),
        counted (whether the type's own tumours were counted for every alteration that decides),
        cells; the most frequent first.
    """
    rows = []
    for kind, share in population.types.items():
        found = screen(kind, population)
        known = frequency(kind, population.drawn_from)
        counted = bool((known.loc[list(found.features), "n"] > 0).all())
        entry = cohort_types()[kind]
        rows.append((kind, entry.name, 100 * share, 100 * found.chance, counted, entry.cells))
    table = pd.DataFrame(rows, columns=["type", "name", "candidates", "passes", "counted", "cells"])
    enrolled = table["candidates"] * table["passes"]
    table.insert(4, "enrolled", 100 * enrolled / max(enrolled.sum(), 1e-300))
    return table.sort_values("enrolled", ascending=False).reset_index(drop=True)


def screening(population: Population) -> pd.DataFrame:
    """Share of candidates (%) that passes each condition alone, and all conditions up to it."""
    found = {kind: screen(kind, population) for kind in population.types}
    rows = []
    so_far = {kind: np.ones(len(s.probability), bool) for kind, s in found.items()}
    for text, wanted, condition in _conditions(population):
        alone = joint = 0.0
        for kind, share in population.types.items():
            good = found[kind].fulfils(condition) == wanted
            so_far[kind] &= good
            alone += share * found[kind].probability[good].sum()
            joint += share * found[kind].probability[so_far[kind]].sum()
        rows.append((text, 100 * float(alone), 100 * float(joint)))
    return pd.DataFrame(rows, columns=["condition", "passes_alone", "passes_so_far"])


def _conditions(population: Population) -> Iterator[tuple]:
    for condition in population.required:
        yield str(condition), True, condition
    for condition in population.excluded:
        yield f"not {condition}", False, condition
