"""The intervention matrix: 16 genotypes x 7 treatments, scored over the ensemble.

The signs are data (``matrix.yaml``), fixed before any tuning; the rules are in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.evidence._weighted import quantiles, share
from rpoint.evidence.conditions import Setup, matrix_data
from rpoint.evidence.results import Cells
from rpoint.evidence.rules import RULES, VEHICLE, WILD, Rates

SETTINGS = {"sink": "1", "expulsion": "expulsion"}  # setting -> key of ALPHAS
DRUG = "CDK4/6i"


@dataclass(frozen=True)
class Cell:
    """One cell of the table."""

    genotype: str
    treatment: str
    sign: str
    rules: tuple[str, ...]
    strong: bool
    note: str = ""


@dataclass(frozen=True)
class Matrix:
    """The table as data.

    Attributes
    ----------
    cells
        Row by row, as printed.
    genotypes, treatments, columns
        Names in order; `treatments` also holds the ones that rules compare with.
    components
        Treatment -> single treatments.
    tolerance
        Thresholds of the rules.
    """

    cells: tuple[Cell, ...]
    genotypes: tuple[str, ...]
    treatments: tuple[str, ...]
    columns: tuple[str, ...]
    components: Mapping[str, tuple[str, ...]]
    tolerance: Mapping[str, float]
    strong_share: float
    scored_share: float
    day: float
    only_if_growing: frozenset[str]

    def setup(self, genotype: str, treatment: str, setting: str, exposure: float) -> Setup:
        """What to run for a cell; the exposure factor is on the CDK4/6 inhibitor only."""
        holds_drug = DRUG in self.components[treatment]
        return Setup(
            treatment,
            genotype,
            alpha=SETTINGS[setting] if holds_drug else "1",
            exposure=exposure if holds_drug else 1.0,
            days=self.day,
        )

    def setups(self, setting: str = "sink", exposure: float = 1.0) -> list[Setup]:
        """Every run that scoring in a setting needs."""
        if setting not in SETTINGS:
            raise unknown_name("setting of the matrix", setting, SETTINGS)
        return [
            self.setup(genotype, treatment, setting, exposure)
            for genotype in self.genotypes
            for treatment in self.treatments
        ]

    def rates(self, cells: Cells, setting: str = "sink", exposure: float = 1.0) -> Rates:
        """Relative rates of a setting, read from simulated cells."""
        wild = self.setup(WILD, VEHICLE, setting, exposure)
        keys = [(g, t) for g in self.genotypes for t in self.treatments]
        runs = {key: self.setup(*key, setting, exposure) for key in keys}
        return Rates(
            net={key: cells.rate(run, wild) for key, run in runs.items()},
            cycling={key: cells.cycling(run, wild) for key, run in runs.items()},
            components=self.components,
            tolerance=self.tolerance,
            rivals=self._rivals(),
        )

    def _rivals(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for cell in self.cells:
            if "combination" in cell.rules:
                found[cell.treatment] = (*found.get(cell.treatment, ()), cell.genotype)
        return found

    def score(self, rates: Rates, weights: np.ndarray) -> pd.DataFrame:
        """Share of the ensemble in which each cell holds.

        Parameters
        ----------
        rates
            Relative rates, shape (sets,) each.
        weights
            Of the sets.

        Returns
        -------
        DataFrame
            One row per cell: genotype, treatment, sign, strong, share (of the scored sets), scored
            (share of all sets), median, lo, hi (net rate over wild-type vehicle, 5-95 %), vehicle,
            cycling (medians), verdict: "holds", "fails", "not tested" for strong cells, "reported"
            for the others, "ns" where nothing is scored.
        """
        return pd.DataFrame([self._score_cell(cell, rates, weights) for cell in self.cells])

    def _score_cell(self, cell: Cell, rates: Rates, weights: np.ndarray) -> dict[str, object]:
        key = cell.genotype, cell.treatment
        low, median, high = quantiles(rates.net[key], weights)
        held, scored, each = self._apply(cell, rates, weights)
        row: dict[str, object] = {
            "genotype": cell.genotype,
            "treatment": cell.treatment,
            "sign": cell.sign,
            "strong": cell.strong,
            "share": share(held, weights, scored) if cell.rules else np.nan,
            "scored": share(scored, weights) if cell.rules else 0.0,
            "median": median,
            "lo": low,
            "hi": high,
            "vehicle": quantiles(rates.net[cell.genotype, VEHICLE], weights)[1],
            "cycling": quantiles(rates.cycling[key], weights)[1],
            "parts": each,
            "note": cell.note,
        }
        return {**row, "verdict": self._verdict(cell, row["share"], row["scored"])}

    def _apply(
        self, cell: Cell, rates: Rates, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, str]:
        held, scored = np.ones(len(weights), bool), np.ones(len(weights), bool)
        if cell.genotype in self.only_if_growing:
            scored &= ~(rates.net[cell.genotype, VEHICLE] < self.tolerance["floor"])
        parts = []
        for name in cell.rules:
            holds, applies = RULES[name](rates, cell.genotype, cell.treatment)
            held, scored = held & holds, scored & applies
            parts.append(f"{name} {share(holds, weights, applies):.2f}")
        return held, scored, "; ".join(parts)

    def _verdict(self, cell: Cell, held: object, scored: object) -> str:
        if not cell.rules:
            return "ns"
        if not cell.strong:
            return "reported"
        if not scored >= self.scored_share:  # type: ignore[operator]
            return "not tested"
        return "holds" if held >= self.strong_share else "fails"  # type: ignore[operator]


def load() -> Matrix:
    """The matrix of the package."""
    return read(matrix_data())


def read(data: Mapping[str, object]) -> Matrix:
    """A matrix from its data.

    Raises
    ------
    RpointError
        For a rule, genotype or treatment that does not exist, or a cell that is missing.
    """
    genotypes: Mapping = data["genotypes"]  # type: ignore[assignment]
    components = {k: tuple(v) for k, v in data["treatments"].items()}  # type: ignore[attr-defined]
    columns: tuple[str, ...] = tuple(data["columns"])  # type: ignore[arg-type]
    cells = []
    for name in genotypes:
        row = data["cells"].get(name, {})  # type: ignore[attr-defined]
        if set(row) != set(columns):
            raise RpointError(
                "a row of the matrix does not have exactly the columns", where=name, found=set(row)
            )
        cells += [_cell(name, treatment, row[treatment]) for treatment in columns]
    return Matrix(
        cells=tuple(cells),
        genotypes=tuple(genotypes),
        treatments=tuple(components),
        columns=columns,
        components=components,
        tolerance=data["tolerance"],  # type: ignore[arg-type]
        strong_share=data["strong_share"],  # type: ignore[arg-type]
        scored_share=data["scored_share"],  # type: ignore[arg-type]
        day=float(data["day"]),  # type: ignore[arg-type]
        only_if_growing=frozenset(k for k, v in genotypes.items() if v.get("if_grows")),
    )


def _cell(genotype: str, treatment: str, entry: Mapping) -> Cell:
    for rule in entry["rules"]:
        if rule not in RULES:
            raise unknown_name("rule of the matrix", rule, RULES, where=f"{genotype} | {treatment}")
    return Cell(
        genotype,
        treatment,
        entry["sign"],
        tuple(entry["rules"]),
        bool(entry.get("strong", False)),
        entry.get("note", ""),
    )
