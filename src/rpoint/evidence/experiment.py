"""Experiments: a function that judges, with the cells it needs declared beside it.

Declaring first and judging later lets the runner collect the conditions of all experiments, drop
the doubles and solve them in a few large batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rpoint.errors import RpointError
from rpoint.evidence.conditions import Setup
from rpoint.evidence.findings import Finding
from rpoint.evidence.registry import claims
from rpoint.evidence.results import Cells

if TYPE_CHECKING:
    from rpoint.calibrate.ensemble import Ensemble


@dataclass
class Lab:
    """What an experiment may use.

    Attributes
    ----------
    cells
        Courses of the declared setups.
    ensemble
        Parameter sets, for experiments on tumours.
    seed
        Of every random stream.
    jobs
        Threads.
    shared
        Results that several experiments on tumours share, by name.
    """

    cells: Cells
    ensemble: Ensemble | None = None
    seed: int = 1
    jobs: int | None = None
    shared: dict[str, Any] | None = None

    @property
    def weights(self) -> np.ndarray:
        """Of the parameter sets, shape (sets,)."""
        return self.cells.weights

    @property
    def sets(self) -> int:
        """Number of parameter sets."""
        return len(self.cells.weights)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """A result under `name`, made at its first use."""
        if self.shared is None:
            self.shared = {}
        if name not in self.shared:
            self.shared[name] = make()
        return self.shared[name]


@dataclass(frozen=True)
class Experiment:
    """The test of one claim.

    Attributes
    ----------
    setups
        Cells that must have been run.
    cost
        Steps of the progress bar; more than 1 for tumours, which are judged after all cells.
    """

    claim: str
    judge: Callable[[Lab], Finding]
    setups: tuple[Setup, ...]
    cost: int = 1


EXPERIMENTS: dict[str, Experiment] = {}


def experiment(
    claim: str, setups: Iterable[Setup] = (), *, cost: int = 1
) -> Callable[[Callable[[Lab], Finding]], Callable[[Lab], Finding]]:
    """Register a function as the experiment of a claim.

    Parameters
    ----------
    claim
        Id in the register.
    setups
        Cells that the function reads from `Lab.cells`.
    cost
        Steps of the progress bar.

    Raises
    ------
    RpointError
        For an id that is not in the register, has an experiment already or has nothing to compute.
    """

    def register(judge: Callable[[Lab], Finding]) -> Callable[[Lab], Finding]:
        if claim not in claims() or claims()[claim].needs == "none":
            raise RpointError("this claim has nothing to run", found=claim)
        if claim in EXPERIMENTS:
            raise RpointError("this claim has an experiment already", found=claim)
        EXPERIMENTS[claim] = Experiment(claim, judge, tuple(dict.fromkeys(setups)), cost)
        return judge

    return register
