"""Population parameters of the blood: the facts, or one draw of their uncertainty.

Uncertainty (of the population: one draw a replicate of a trial) and variability (between patients)
are kept apart: this module holds the first, `people` the second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from rpoint.blood.risks import risk_facts
from rpoint.errors import RpointError, unknown_name
from rpoint.facts import Fact, fact_of, facts_of
from rpoint.streams import normals, uniforms

FILE = ("rpoint.blood", "facts.yaml")
ENSEMBLE = "mdm2_ensemble.csv"
#: From the 5th to the 95th percentile of a normal distribution, in standard deviations.
_WIDTH = 3.2897


def facts() -> dict[str, Fact]:
    """All facts about blood by name."""
    return facts_of(*FILE)


def fact(name: str) -> float:
    """The value of a fact; an unknown name is refused with the nearest one."""
    return fact_of(*FILE, name).value


@dataclass(frozen=True)
class Parameters:
    """One set of population parameters, or one for each of n patients.

    Attributes
    ----------
    values
        Name of a fact (of `facts.yaml`, or "DRUG TERM incidence" and so on of `risks.yaml`) to its
        value in the fact's unit: a number, or (n,) where patients belong to several draws.
    draw
        Number of the draw, or None for the central values.
    seed
        Seed of the draw.
    """

    values: Mapping[str, Any]
    draw: int | None = None
    seed: int = 0

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @classmethod
    def of_patients(cls, sets: Sequence[Parameters], which: np.ndarray) -> Parameters:
        """The parameters of patients of several draws, computed together.

        Parameters
        ----------
        sets
            The draws.
        which
            (n,) which of them each patient has.
        """
        which = np.asarray(which, dtype=int)
        if not len(sets) or which.ndim != 1 or ((which < 0) | (which >= len(sets))).any():
            raise RpointError(
                "every patient needs one of the parameter sets",
                where="which",
                allowed=f"0 to {len(sets) - 1}",
            )
        table = {name: np.array([s.values[name] for s in sets]) for name in sets[0].values}
        return cls({name: column[which] for name, column in table.items()}, draw=-1)

    def part(self, rows: slice) -> Parameters:
        """The parameters of some of the patients."""
        values = {k: v[rows] if isinstance(v, np.ndarray) else v for k, v in self.values.items()}
        return Parameters(values, self.draw, self.seed)

    def drawn(self, name: str) -> float:
        """The draw of a fact by its own range, whatever the calibration says of it."""
        return float(_drawn(facts()[name], name, self.seed, self.draw or 0))

    def transfer(self, drug: str) -> Any:
        """Effect of an MDM2 antagonist on marrow relative to siremadlin at equal Cu/K."""
        return 1.0 if drug == "siremadlin" else self.values[f"transfer {drug}"]

    def with_values(self, **values: float) -> Parameters:
        """A copy with some values replaced."""
        for name in values:
            if name not in self.values:
                raise unknown_name("blood parameter", name, self.values)
        return Parameters({**self.values, **values}, self.draw, self.seed)

    def to_frame(self) -> pd.DataFrame:
        """One row per parameter: name, value, central, unit, low, high, grade, source."""
        rows = [
            {
                "name": name,
                "value": self.values[name],
                "central": one.value,
                "unit": one.unit,
                "low": one.range[0],
                "high": one.range[1],
                "grade": one.grade,
                "source": one.source,
            }
            for name, one in facts().items()
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        if self.draw is None:
            return "Parameters(central values)"
        if self.draw < 0:
            return f"Parameters(of {len(self.values['kill_max'])} patients)"
        return f"Parameters(draw {self.draw} of the uncertainty)"


MDM2_ANTAGONISTS = ("siremadlin", "milademetan", "idasanutlin", "navtemadlin", "cgm097")


def central() -> Parameters:
    """The value of every fact."""
    values = {name: one.value for name, one in facts().items()}
    values |= {f"transfer {drug}": values["transfer_mdm2"] for drug in MDM2_ANTAGONISTS[1:]}
    values |= {name: one.value for name, one in risk_facts().items()}
    return Parameters(values)


@lru_cache(maxsize=1024)
def draw_parameters(seed: int, draw: int) -> Parameters:
    """One draw of the uncertainty.

    Facts are drawn log-normally about their value, their range as 5th to 95th percentile, and cut
    off there.  What the calibration to siremadlin determines is drawn as one row of the accepted
    sets, so that the calibrated numbers stay with the assumptions that they were calibrated under.

    Parameters
    ----------
    seed
        Seed of the run.
    draw
        Number of the draw (the replicate of a trial), from 0.
    """
    values = {name: _drawn(one, name, seed, draw) for name, one in facts().items()}
    table = ensemble()
    row = int(uniforms(seed, "blood: accepted set", [draw])[0, 0] * len(table))
    values |= {name: float(x) for name, x in table.iloc[row].items() if name in values}
    for drug in MDM2_ANTAGONISTS[1:]:
        name = f"transfer {drug}"
        values[name] = _drawn(facts()["transfer_mdm2"], name, seed, draw)
    values |= {name: _drawn(one, name, seed, draw) for name, one in risk_facts().items()}
    return Parameters(values, draw, seed)


def _drawn(one: Fact, name: str, seed: int, draw: int) -> Any:
    z = float(normals(seed, f"blood: uncertainty of {name}", [draw])[0, 0])
    return spread(one, z)


def spread(one: Fact, z: Any) -> Any:
    """The value of a fact at `z` standard deviations of its uncertainty, within its range."""
    low, high = one.range
    sigma = math.log(high / low) / _WIDTH
    return np.clip(one.value * np.exp(sigma * z), low, high)


@cache
def ensemble() -> pd.DataFrame:
    """Parameter sets that meet the three siremadlin figures, one a row (see `calibration`)."""
    with (files("rpoint.blood") / "data" / ENSEMBLE).open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")
