"""`Synergy`: what the reference models say of one pair of drugs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpoint.stats.dose_matrix import DoseMatrix
from rpoint.stats.hill import HillFit

SIGN = (
    "excess = observed effect - expected effect; positive: more effect than expected "
    "(synergy), negative: less (antagonism)"
)
SOURCES = {
    "bliss": "Bliss 1939, Ann Appl Biol 26:585, doi:10.1111/j.1744-7348.1939.tb06990.x",
    "hsa": "Berenbaum 1989, Pharmacol Rev 41:93",
    "loewe": "Loewe & Muischnek 1926, Arch Exp Path Pharmakol 114:313; Berenbaum 1989, "
    "Pharmacol Rev 41:93",
    "zip": "Yadav 2015, Comput Struct Biotechnol J 13:504, doi:10.1016/j.csbj.2015.09.001",
    "musyc": "Meyer 2019, Cell Syst 8:97, doi:10.1016/j.cels.2018.12.003; Wooten 2021, "
    "Nat Commun 12:4607, doi:10.1038/s41467-021-24789-z",
}
EXPECTS = {
    "bliss": "independent drugs: E1 + E2 - E1 E2, measured single effects",
    "hsa": "the larger of the two measured single effects",
    "loewe": "the same drug twice: d1/D1(E) + d2/D2(E) = 1, fitted single curves",
    "zip": "no change of potency: Bliss of fitted single curves, against a smoothed surface",
    "musyc": "fitted surface with alpha = gamma = 1 and beta = 0",
}


@dataclass(frozen=True, repr=False)
class Synergy:
    """Reference models of one pair of drugs.

    Attributes
    ----------
    matrix
        The doses and effects.
    singles
        Curves of the two drugs; a status "too few doses" if there is none.
    scores
        One row a model: model, status, expects, mean_excess, lo, hi, verdict, cells (evaluated),
        cells_all, largest, largest_dose1, largest_dose2, smallest, smallest_dose1, smallest_dose2;
        for Loewe also index_median, index_lo, index_hi and index_cells (cells where it is defined).
        The mean is over the evaluated combinations.
    surface
        One row a model and combination: model, dose1, dose2, n, observed, expected, excess, lo, hi,
        index (Loewe), status.
    parameters
        MuSyC: parameter, value, lo, hi, unit, means, verdict, status; empty without it.
    checks
        check, level, text: what limits the data.
    bootstrap
        number, kind (where the noise comes from), level, seed.
    aicc
        Of the MuSyC surface, to compare with and without gamma; NaN without it.
    """

    matrix: DoseMatrix
    singles: tuple[HillFit, HillFit]
    scores: pd.DataFrame
    surface: pd.DataFrame
    parameters: pd.DataFrame
    checks: pd.DataFrame
    bootstrap: dict[str, Any]
    aicc: float

    @property
    def name(self) -> str:
        """The pair."""
        return f"{self.matrix.drug1} + {self.matrix.drug2}"

    @property
    def scale(self) -> str:
        """The scale of every effect and excess, and the sign."""
        return f"{self.matrix.scale}; {SIGN}"

    @property
    def sign(self) -> str:
        """What the sign of an excess means."""
        return SIGN

    @property
    def complete(self) -> bool:
        """Whether every model asked for could be made."""
        return bool((self.scores["status"] == "ok").all())

    def summary(self) -> pd.DataFrame:
        """model, mean_excess, lo, hi, verdict, cells, status."""
        columns = ["model", "mean_excess", "lo", "hi", "verdict", "cells", "status"]
        return self.scores[columns].copy()

    def to_frame(self) -> pd.DataFrame:
        """A copy of the surface."""
        return self.surface.copy()

    def effects(self) -> pd.DataFrame:
        """The measured matrix: dose1, dose2, n, effect, sd."""
        return self.matrix.to_frame()

    def curves(self, points: int = 80) -> pd.DataFrame:
        """The fitted single curves over the doses tested: drug, unit, dose, effect, status."""
        parts = []
        for fit, doses in zip(self.singles, (self.matrix.dose1, self.matrix.dose2)):
            if fit.usable:
                dose = np.geomspace(doses[doses > 0].min(), doses.max(), points)
                parts.append(
                    pd.DataFrame(
                        {
                            "drug": fit.drug,
                            "unit": fit.unit,
                            "dose": dose,
                            "effect": fit.effect(dose),
                            "status": fit.status,
                        }
                    )
                )
        columns = ["drug", "unit", "dose", "effect", "status"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def single_wells(self) -> pd.DataFrame:
        """The wells with at most one drug: drug, dose, effect; untreated wells under both."""
        matrix = self.matrix
        parts = []
        for drug, dose, other in (
            (matrix.drug1, matrix.dose1, matrix.dose2),
            (matrix.drug2, matrix.dose2, matrix.dose1),
        ):
            alone = other == 0
            parts.append(
                pd.DataFrame({"drug": drug, "dose": dose[alone], "effect": matrix.effect[alone]})
            )
        return pd.concat(parts, ignore_index=True)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name: scores, surface, musyc, single_agents, checks, matrix."""
        return {
            "scores": self.scores,
            "surface": self.surface,
            "musyc": self.parameters,
            "single_agents": pd.concat([fit.to_frame() for fit in self.singles], ignore_index=True),
            "checks": self.checks,
            "matrix": self.effects(),
        }

    def cite(self) -> list[str]:
        """The sources of the models used."""
        return [SOURCES[model] for model in self.scores["model"]]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        matrix = self.matrix
        return {
            "drug1": matrix.drug1,
            "drug2": matrix.drug2,
            "unit1": matrix.unit1,
            "unit2": matrix.unit2,
            "response": matrix.response,
            "effect_scale": matrix.scale,
            "sign": SIGN,
            "checks": self.checks.to_dict("records"),
            "single_agents": [fit.to_dict() for fit in self.singles],
            "scores": self.scores.to_dict("records"),
            "musyc": self.parameters.to_dict("records"),
            "musyc_aicc": self.aicc,
            "bootstrap": dict(self.bootstrap),
            "matrix": self.effects().to_dict("records"),
            "surface": self.surface.to_dict("records"),
            "sources": self.cite(),
        }

    def __repr__(self) -> str:
        lines = [f"<Synergy of {self.name}>", f"  effect: {self.scale}"]
        for row in self.scores.itertuples():
            if row.status != "ok":
                lines.append(f"  {row.model:6} {row.status}")
                continue
            span = "" if row.lo != row.lo else f" ({row.lo:+.3f} to {row.hi:+.3f})"
            lines.append(f"  {row.model:6} mean excess {row.mean_excess:+.3f}{span}: {row.verdict}")
        return "\n".join(lines)
