"""What a regimen orders, on its own clock, and what patients really took."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.pharmacology.regimen import MEDIUM, Regimen, parse

DAY_H = 24.0


@dataclass(frozen=True)
class Nominal:
    """The doses of one drug in one regimen, the same for all patients.

    Attributes
    ----------
    drug
        Catalogue id.
    day
        (K,) day of the regimen's own clock, 0 = first day of the treatment, ascending.
    hour
        (K,) hour within that day.
    mg
        (K,) amount.
    route
        (K,) route of each dose.
    duration_h
        (K,) length of the infusion; 0 for other doses.
    """

    drug: str
    day: np.ndarray
    hour: np.ndarray
    mg: np.ndarray
    route: np.ndarray
    duration_h: np.ndarray

    def __len__(self) -> int:
        return len(self.day)

    def by_day(self, days: int) -> tuple[np.ndarray, np.ndarray]:
        """(days,) number of the first dose of each day, and how many doses that day has."""
        first = np.searchsorted(self.day, np.arange(days), side="left")
        return first, np.searchsorted(self.day, np.arange(days), side="right") - first

    def __repr__(self) -> str:
        return f"Nominal({self.drug}, {len(self)} doses, {self.mg.sum():g} mg)"


@dataclass(frozen=True)
class Taken:
    """The doses of one drug that n patients really took; column k is dose k of the `Nominal`.

    Attributes
    ----------
    drug
        Catalogue id.
    time_h
        (n, K) time since the first day of the treatment, h; NaN: never given, because the drug was
        stopped or the horizon ended first.
    mg
        (n, K) amount after reductions; 0 where the dose was left out.
    """

    drug: str
    time_h: np.ndarray
    mg: np.ndarray

    def total_mg(self) -> np.ndarray:
        """(n,) total amount taken."""
        return np.where(np.isnan(self.time_h), 0.0, self.mg).sum(axis=1)

    def __repr__(self) -> str:
        return f"Taken({self.drug}, {self.mg.shape[0]} patients x {self.mg.shape[1]} doses)"


def nominal(
    regimen: Regimen | str, days: int, *, weight_kg: float | None = 70.0
) -> dict[str, Nominal]:
    """The doses of every drug of a regimen over `days`, drug by drug.

    Phases that begin at progression are not reached: a next line is a run of its own.

    Raises
    ------
    RpointError
        For a constant concentration, which no patient has.
    """
    if isinstance(regimen, str):
        regimen = parse(regimen)
    if not regimen.drugs:
        return {}
    table = regimen.segments(days / 7.0, weight_kg)
    if (table["route"] == MEDIUM).any():
        raise RpointError(
            "a constant concentration is for cells in a dish",
            where=str(regimen),
            mend="give the dose that patients take, in mg",
        )
    found = {drug: _one(drug, table[table["drug"] == drug]) for drug in regimen.drugs}
    return {drug: doses for drug, doses in found.items() if len(doses)}


def _one(drug: str, rows: pd.DataFrame) -> Nominal:
    time = rows["time_h"].to_numpy()
    day = np.floor(time / DAY_H + 1e-9).astype(int)
    return Nominal(
        drug=drug,
        day=day,
        hour=np.maximum(time - day * DAY_H, 0.0),
        mg=rows["amount_mg"].to_numpy(),
        route=rows["route"].to_numpy(dtype=str),
        duration_h=rows["duration_h"].to_numpy(),
    )
