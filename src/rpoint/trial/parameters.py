"""Parameters of the population, one draw a replicate: what nobody knows exactly.

Between patients there is variability, about the population's parameters there is uncertainty; a
replicate of a trial has one draw of the parameters, and its patients vary around it.

Names: `cell_loss_logit_mean`, `cell_loss_logit_sd`, `effect_log_sd`, `clone_share_log10_mean`,
`clone_share_log10_sd`, `later_line_doubling` (ln), `new_lesion_rate` (ln), `doubling TYPE` (ln of a
factor on the catalogue's doubling time), `effect DRUG` (ln of a factor on the drug's effect at a
given plasma level: potency, unbound fraction and penetration together).

The shipped draws (`data/draws.csv`) come from the calibration on trials with that role; what they
do not hold is drawn from the facts' and the catalogue's own uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from rpoint import catalog
from rpoint.streams import normals
from rpoint.trial.facts import fact, facts

DRAWS = files("rpoint.trial") / "data" / "draws.csv"
LOGGED = ("later_line_doubling", "new_lesion_rate")  # drawn on the log scale
LEVEL_SDS = 3.29  # a range covers 90 % of a normal: its width over two times 1.645
DEFAULT_GSD = 2.0  # of an effect whose catalogue entry states no spread


@dataclass(frozen=True)
class Population:
    """The parameters that the replicates of a run have.

    Attributes
    ----------
    seed
        Of the run.
    draws
        Calibrated draws, one row each; a replicate takes one by its number.  None: the facts alone.
    uncertain
        False: every replicate has the typical values (the mean of the draws, the facts).
    fixed
        Parameters that are given by hand, name to value.
    """

    seed: int
    draws: pd.DataFrame | None = None
    uncertain: bool = True
    fixed: Mapping[str, float] = field(default_factory=dict)

    def value(self, name: str, replicate: np.ndarray) -> np.ndarray:
        """A parameter for patients of these replicates, (n,)."""
        replicate = np.asarray(replicate)
        if name in self.fixed:
            return np.full(replicate.shape, float(self.fixed[name]))
        distinct, where = np.unique(replicate, return_inverse=True)
        if self.draws is not None and name in self.draws:
            column = self.draws[name].to_numpy(float)
            if not self.uncertain:
                return np.full(replicate.shape, column.mean())
            return column[self.rows(distinct)][where]
        mean, sd = prior(name)
        if not self.uncertain:
            return np.full(replicate.shape, mean)
        return (mean + sd * normals(self.seed, f"parameter {name}", distinct)[:, 0])[where]

    def rows(self, replicates: np.ndarray) -> np.ndarray:
        """The draw of each replicate: the draws in an order of the seed, again and again."""
        count = 0 if self.draws is None else len(self.draws)
        order = np.random.Generator(np.random.Philox(key=[self.seed, 7])).permutation(count)
        return order[replicates % count]


def prior(name: str) -> tuple[float, float]:
    """Mean and SD of a parameter where no calibration speaks (logarithms as named above)."""
    kind, _, what = name.partition(" ")
    if kind == "effect":
        return 0.0, effect_log_sd(what)
    if kind == "doubling":
        return 0.0, fact("doubling_time_log_sd")
    known = facts()[name]
    low, high = known.range
    scale: Callable = np.log if name in LOGGED else float
    return float(scale(known.value)), float(scale(high) - scale(low)) / LEVEL_SDS


def effect_log_sd(drug: str) -> float:
    """SD of ln effect of a drug at a given dose: potency, unbound fraction and clearance.

    The catalogue's geometric SDs (where a CV or a range is stated, that) are taken as independent.
    """
    entry = catalog.drug(drug)
    spreads = [d.potency_cell for d in entry.drives[:1]] + [entry.fu_human]
    if entry.pk_human is not None:
        spreads += [v for n, v in entry.pk_human.parameters.items() if n == "CL_F"]
    return float(np.sqrt(sum(_log_sd(value) ** 2 for value in spreads)))


def _log_sd(value) -> float:
    if getattr(value, "gsd", None):
        return float(np.log(value.gsd))
    if getattr(value, "cv", None):
        return float(np.sqrt(np.log1p(value.cv**2)))
    if getattr(value, "range", None) and value.range[0] > 0:
        return float(np.log(value.range[1] / value.range[0]) / LEVEL_SDS)
    return float(np.log(DEFAULT_GSD)) if value.grade in ("unverified", "inferred") else 0.1


@cache
def shipped_draws() -> pd.DataFrame | None:
    """The calibrated draws that come with the package."""
    if not DRAWS.is_file():
        return None
    with DRAWS.open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def population(
    seed: int, *, uncertain: bool = True, draws: int | None = None, **fixed: float
) -> Population:
    """The shipped population; with `draws`, that many of its draws."""
    table = shipped_draws()
    if table is not None and draws is not None:
        table = table.iloc[:draws]
    return Population(seed, table, uncertain, fixed)
