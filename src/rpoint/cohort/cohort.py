"""`Cohort`: patients who passed screening, and how many did not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rpoint.cohort.expressions import NEAR_NORMAL, Expression
from rpoint.cohort.frequencies import FEATURES, frequency
from rpoint.cohort.plausible import REASONS
from rpoint.cohort.population import Population
from rpoint.cohort.screen import SAME
from rpoint.cohort.types import cohort_types

AMPLIFIED: tuple[str, ...] = tuple(f.split(":")[0] for f in FEATURES if f.endswith(":amp"))
COUNTED = ("MDM2",)  # genes whose alteration is written with its number of copies
READINGS = ("true", "local", "central")
COUNTS_OF = ("nguyen2022", "park2024", "tcga_pancan", "wander2020", "tcga_skcm2015")
LAWS_OF = ("kato2018", "aacr1174", "gao2015", "gandara2018")  # pairs, copies, growth, burden


@dataclass(frozen=True)
class DRAWN:
    """What was drawn of some patients.

    Attributes
    ----------
    genotype
        (n, features) whether the patient has each alteration of `FEATURES`.
    copies
        (n, genes, 3) copies of each gene of `AMPLIFIED`: true, by the local and the central test.
    tested
        (n,) whether there is a central test.
    """

    genotype: np.ndarray
    copies: np.ndarray
    tested: np.ndarray

    @classmethod
    def empty(cls, n: int) -> DRAWN:
        """Patients without alterations."""
        copies = np.full((n, len(AMPLIFIED), 3), NEAR_NORMAL)
        return cls(np.zeros((n, len(FEATURES)), bool), copies, np.ones(n, bool))

    def put(self, rows: np.ndarray, other: DRAWN) -> None:
        """Replace some patients."""
        self.genotype[rows], self.copies[rows] = other.genotype, other.copies
        self.tested[rows] = other.tested

    def fulfils(self, expression: Expression, kinds: np.ndarray, reading: str) -> np.ndarray:
        """(n,) whether each patient fulfils a condition by one of `READINGS`."""
        column = READINGS.index(reading)

        def has(gene: str, state: str) -> np.ndarray:
            name = f"{gene}:{SAME.get((gene, state), state)}"
            known = name in FEATURES
            return self.genotype[:, FEATURES.index(name)] if known else np.zeros(len(kinds), bool)

        def copies(gene: str) -> np.ndarray:
            return self.copies[:, AMPLIFIED.index(gene), column]

        return expression.holds(has, copies, lambda kind: kinds == kind)

    def passes(self, population: Population, kinds: np.ndarray, reading: str) -> np.ndarray:
        """(n,) whether each patient fulfils all that is required and nothing that is excluded."""
        good = np.ones(len(kinds), bool)
        for condition in population.required:
            good &= self.fulfils(condition, kinds, reading)
        for condition in population.excluded:
            good &= ~self.fulfils(condition, kinds, reading)
        return good


@dataclass(frozen=True, repr=False)
class Cohort:
    """Patients of a trial.

    Attributes
    ----------
    population
        From whom they were drawn.
    index
        (n,) numbers of the patients.
    tumour_type
        (n,) tumour types.
    cells
        (n,) the catalogue's tumour types whose cells they have.
    alterations
        One tuple of alterations a patient, as the catalogue spells them ("TP53:mut", "MDM2:cn=23").
    copies
        One row a patient: gene that the trial's conditions count ("" without one), its copies true,
        by the local and by the central test (NaN without one).
    eligible_local, eligible_central
        (n,) whether the local test admits the patient, and the central one confirms her.
    screened
        (n,) candidates screened until this patient passed, she included.
    weights
        (n,) weights; 1 with the rule "acceptance".
    doubling_time_d, burden_mm
        (n,) of the untreated tumour, and baseline sum of diameters.
    rejected
        (n, reasons) candidates rejected as implausible, by `rpoint.cohort.plausible.REASONS`.
    status
        (n,) "ok", or why the patient could not be found.
    rule
        The inclusion rule.
    """

    population: Population
    index: np.ndarray
    tumour_type: np.ndarray
    cells: np.ndarray
    alterations: tuple[tuple[str, ...], ...]
    copies: pd.DataFrame
    eligible_local: np.ndarray
    eligible_central: np.ndarray
    screened: np.ndarray
    weights: np.ndarray
    doubling_time_d: np.ndarray
    burden_mm: np.ndarray
    rejected: np.ndarray
    status: np.ndarray
    rule: str
    drawn: DRAWN

    @classmethod
    def made(
        cls, population: Population, index, kinds, drawn: DRAWN, screened, passed, rule, **more
    ) -> Cohort:
        """The cohort of what was drawn."""
        central = passed & drawn.tested
        for condition in population.confirmed:
            central = central & drawn.fulfils(condition, kinds, "central")
        types = cohort_types()
        return cls(
            population=population, index=np.asarray(index), tumour_type=kinds,
            cells=np.array([types[k].cells for k in kinds]), alterations=_texts(drawn),
            copies=_counted(population, drawn), eligible_local=passed, eligible_central=central,
            screened=screened, rule=rule, drawn=drawn, **more,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        kinds = len(set(self.tumour_type.tolist()))
        failed = 100.0 * (1.0 - len(self) / max(self.screened.sum(), 1))
        return f"<Cohort of {len(self)}: {kinds} tumour types, {failed:.1f} % screen failures>"

    @property
    def effective_size(self) -> float:
        """(sum w)^2 / sum w^2: as many unweighted patients say as much."""
        return effective_size(self.weights)

    def has(self, expression: Expression, reading: str = "true") -> np.ndarray:
        """(n,) whether each patient fulfils a condition by "true", "local" or "central" copies."""
        return self.drawn.fulfils(expression, self.tumour_type, reading)

    def to_frame(self) -> pd.DataFrame:
        """One row a patient."""
        frame = pd.DataFrame(
            {
                "patient": self.index,
                "tumour_type": self.tumour_type,
                "cells": self.cells,
                "alterations": [";".join(texts) for texts in self.alterations],
                "copies_gene": self.copies["gene"],
                "copies_true": self.copies["true"],
                "copies_local": self.copies["local"],
                "copies_central": self.copies["central"],
                "eligible_local": self.eligible_local,
                "eligible_central": self.eligible_central,
                "screened": self.screened,
                "doubling_time_d": self.doubling_time_d,
                "burden_mm": self.burden_mm,
                "weight": self.weights,
                "status": self.status,
            }
        )
        return frame

    @cached_property
    def rejections(self) -> pd.DataFrame:
        """reason, candidates: who was rejected, screening included."""
        rows = [("screen failure", int(self.screened.sum() - self.eligible_local.sum()))]
        rows += list(zip(REASONS, self.rejected.sum(axis=0).tolist(), strict=True))
        return pd.DataFrame(rows, columns=["reason", "candidates"])

    def summary(self) -> pd.DataFrame:
        """Alterations by tumour type: type, alteration, patients, n, fraction, source_fraction.

        `source_fraction` is that of the table among all patients of the type, before screening.
        """
        rows = []
        for kind in dict.fromkeys(self.tumour_type.tolist()):
            mine = self.drawn.genotype[self.tumour_type == kind]
            table = frequency(kind, self.population.drawn_from)["fraction"]
            given = dict(self.population.overrides)
            for j, name in enumerate(FEATURES):
                x, n = int(mine[:, j].sum()), len(mine)
                share = given.get(name, float(table.get(name, 0.0)))
                rows.append((kind, name, x, n, x / n, share))
        names = ["type", "alteration", "patients", "n", "fraction", "source_fraction"]
        return pd.DataFrame(rows, columns=names)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: counts, rejections, patients."""
        return {
            "patients": len(self),
            "screened": int(self.screened.sum()),
            "effective_size": self.effective_size,
            "rule": self.rule,
            "rejections": self.rejections.to_dict("records"),
            "cohort": self.to_frame().to_dict("records"),
        }

    def cite(self) -> tuple[str, ...]:
        """Keys of the sources that the cohort rests on."""
        setting = self.population.drawn_from
        tables = (frequency(kind, setting) for kind in set(self.tumour_type.tolist()))
        own = {key for table in tables for key in table["source"]}
        return tuple(key for key in (*COUNTS_OF, *LAWS_OF) if key in own or key in LAWS_OF)


def effective_size(weights: np.ndarray) -> float:
    """(sum w)^2 / sum w^2; 0 for no weight at all.

    >>> effective_size(np.array([1.0, 1.0, 2.0]))
    2.6666666666666665
    """
    square = float((np.asarray(weights) ** 2).sum())
    return float(np.sum(weights)) ** 2 / square if square > 0 else 0.0


def _texts(drawn: DRAWN) -> tuple[tuple[str, ...], ...]:
    """Alterations of every patient as the catalogue spells them."""
    found = []
    for row, copies in zip(drawn.genotype, drawn.copies[:, :, 0], strict=True):
        texts = []
        for j in np.flatnonzero(row):
            gene, state = FEATURES[j].split(":")
            if gene in COUNTED and state == "amp":
                texts.append(f"{gene}:cn={copies[AMPLIFIED.index(gene)]:.1f}".removesuffix(".0"))
            else:
                texts.append(FEATURES[j])
        found.append(tuple(texts))
    return tuple(found)


def _counted(population: Population, drawn: DRAWN) -> pd.DataFrame:
    """Copies of the first gene that the conditions count."""
    conditions = (*population.required, *population.confirmed, *population.excluded)
    genes = [t.gene for c in conditions for t in c.terms if t.op]
    if not genes:
        nothing = np.full(len(drawn.genotype), np.nan)
        return pd.DataFrame({"gene": "", **dict.fromkeys(READINGS, nothing)})
    copies = drawn.copies[:, AMPLIFIED.index(genes[0])].copy()
    copies[~drawn.tested, 2] = np.nan
    return pd.DataFrame({"gene": genes[0], **dict(zip(READINGS, copies.T, strict=True))})
