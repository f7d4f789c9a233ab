"""`Cells`: simulated courses of named setups over the ensemble, and ratios between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from rpoint.errors import RpointError, unknown_name
from rpoint.evidence.conditions import Setup

TINY = 1e-12  # keeps ratios of vanishing levels finite


@dataclass
class Cells:
    """Population averages of every setup run so far.

    Attributes
    ----------
    weights
        Of the parameter sets, shape (sets,).
    days
        Setup -> recorded days, shape (T,).
    values
        Setup -> observable -> array (sets, T).
    failed
        Setup -> booleans, shape (sets,): the engine could not finish this set.
    """

    weights: np.ndarray
    days: dict[Setup, np.ndarray] = field(default_factory=dict)
    values: dict[Setup, Mapping[str, np.ndarray]] = field(default_factory=dict)
    failed: dict[Setup, np.ndarray] = field(default_factory=dict)
    # Parameters of the sets, for read-outs that need one (turnover): name -> (sets,).
    parameters: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __contains__(self, setup: Setup) -> bool:
        return setup in self.values

    def missing(self, setups: Iterable[Setup]) -> list[Setup]:
        """Setups not run yet, each once, in order."""
        return [setup for setup in dict.fromkeys(setups) if setup not in self.values]

    def course(self, observable: str, setup: Setup) -> np.ndarray:
        """Time course, shape (sets, T)."""
        if setup not in self.values:
            raise unknown_name("setup", setup.name, [known.name for known in self.values])
        if observable not in self.values[setup]:
            raise unknown_name("observable", observable, self.values[setup])
        return self.values[setup][observable]

    def at(self, observable: str, setup: Setup, day: float | None = None) -> np.ndarray:
        """Level at a day (default: the last), shape (sets,)."""
        course = self.course(observable, setup)
        if day is None:
            return course[:, -1]
        (found,) = np.nonzero(np.isclose(self.days[setup], day))
        if found.size == 0:
            raise RpointError(
                "this day was not recorded",
                where=setup.name,
                found=day,
                allowed=", ".join(f"{known:g}" for known in self.days[setup]),
            )
        return course[:, found[0]]

    def ratio(
        self, observable: str, setup: Setup, base: Setup, day: float | None = None
    ) -> np.ndarray:
        """Level over that of another setup at the same day, shape (sets,)."""
        return self.at(observable, setup, day) / np.maximum(self.at(observable, base, day), TINY)

    def rate(self, setup: Setup, base: Setup, day: float | None = None) -> np.ndarray:
        """Net growth rate over that of `base`, shape (sets,); NaN where `base` does not grow."""
        return _over_growth(self.at("net_rate", setup, day), self.at("net_rate", base, day))

    def cycling(self, setup: Setup, base: Setup, day: float | None = None) -> np.ndarray:
        """Division rate over the net growth rate of `base`: death is left out, shape (sets,)."""
        return _over_growth(self.at("division_rate", setup, day), self.at("net_rate", base, day))

    def benefit(
        self, both: Setup, singles: Iterable[Setup], base: Setup, observable: str = "net_rate"
    ) -> np.ndarray:
        """Better single rate minus combination rate, over the growth of `base`, shape (sets,)."""
        measure = self.rate if observable == "net_rate" else self.cycling
        better = np.minimum.reduce([measure(single, base) for single in singles])
        return better - measure(both, base)


def _over_growth(rate: np.ndarray, base: np.ndarray) -> np.ndarray:
    grows = base > 0
    return np.where(grows, rate / np.where(grows, base, 1.0), np.nan)
