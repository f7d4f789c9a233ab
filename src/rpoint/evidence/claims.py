"""`Claims`: choose claims, run their experiments, read the verdicts."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rpoint.evidence import matrix, mechanism
from rpoint.evidence.batches import batches, run_batch
from rpoint.evidence.conditions import Setup
from rpoint.evidence.experiment import EXPERIMENTS, Lab
from rpoint.evidence.findings import Verdict, judge
from rpoint.evidence.registry import Claim, select, studies
from rpoint.evidence.results import Cells
from rpoint.evidence.verdicts import ClaimsResult

if TYPE_CHECKING:
    from rpoint.calibrate.ensemble import Ensemble


def load_experiments() -> None:
    """Import every module whose name begins with a study's id; this fills EXPERIMENTS."""
    package = importlib.import_module("rpoint.evidence")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.split("_")[0] in studies():
            importlib.import_module(f"rpoint.evidence.{module.name}")


@dataclass(frozen=True)
class Step:
    """What a progress callback is told.

    Attributes
    ----------
    done, total
        Conditions solved and experiments judged, of all.
    text
        What is being done.
    verdict
        The verdict that has just been reached, if this step is one.
    """

    done: int
    total: int
    text: str
    verdict: Verdict | None = None


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Claims:
    """Some or all claims of the founding documents."""

    claims: tuple[Claim, ...]

    def __len__(self) -> int:
        return len(self.claims)

    def __repr__(self) -> str:
        return f"Claims({len(self)} claims of {len({c.study for c in self.claims})} documents)"

    def to_frame(self) -> pd.DataFrame:
        """One row per claim: the register as it stands before any run."""
        return pd.DataFrame(
            {
                "id": [claim.id for claim in self.claims],
                "study": [studies()[claim.study].name for claim in self.claims],
                "kind": [claim.kind for claim in self.claims],
                "claim": [claim.title for claim in self.claims],
                "acceptance": [claim.acceptance for claim in self.claims],
                "origin": [claim.origin for claim in self.claims],
                "runs on": [claim.needs for claim in self.claims],
                "waits for": [claim.waits for claim in self.claims],
            }
        )

    def select(self, study: str | None = None, claim: str | Iterable[str] | None = None) -> Claims:
        """The claims of a study, or single claims by id.

        Raises
        ------
        RpointError
            For a name that does not exist.
        """
        kept = select(study, claim)
        return Claims(tuple(one for one in self.claims if one in kept))

    def run(
        self,
        study: str | None = None,
        claim: str | Iterable[str] | None = None,
        *,
        seed: int = 1,
        jobs: int | None = None,
        progress: Progress | None = None,
        ensemble: Ensemble | None = None,
        with_matrix: bool | None = None,
    ) -> ClaimsResult:
        """Run the experiments of the chosen claims and judge them.

        Parameters
        ----------
        study, claim
            As in `select`; default: all.
        seed
            Of mice and measurements; the cell runs use no random numbers.
        jobs
            Threads (default: all cores).
        progress
            Called after every batch and every verdict.
        ensemble
            Parameter sets; default: the shipped ensemble.
        with_matrix
            Score the intervention matrix too; default: only when every claim is run.

        Returns
        -------
        ClaimsResult
            Every chosen claim has a verdict; those that are not built yet say what they wait for.
        """
        chosen = self.select(study, claim)
        full = len(chosen) == len(select())
        return _Run(
            chosen, seed, jobs, progress, ensemble, full if with_matrix is None else with_matrix
        )()


def load_claims() -> Claims:
    """All claims of the five founding documents."""
    return Claims(tuple(select()))


class _Run:
    """One run of `Claims.run`: batches first, verdicts as soon as their cells are there."""

    def __init__(
        self,
        chosen: Claims,
        seed: int,
        jobs: int | None,
        progress: Progress | None,
        ensemble: Ensemble | None,
        with_matrix: bool,
    ) -> None:
        load_experiments()
        if ensemble is None:
            from rpoint.calibrate import ensemble as shipped

            ensemble = shipped.load()
        self.chosen, self.seed, self.jobs = chosen, seed, jobs
        self.tell = progress or (lambda step: None)
        self.ensemble = ensemble
        columns = {name: np.asarray(ensemble.parameters[name]) for name in ensemble.parameters}
        self.lab = Lab(
            Cells(np.asarray(ensemble.weights), parameters=columns), ensemble, seed, jobs
        )
        self.table = matrix.load() if with_matrix else None
        self.found: dict[str, Verdict] = {}
        self.done = 0

    def __call__(self) -> ClaimsResult:
        start = time.perf_counter()
        setups = self._setups()
        self.total = len(setups) + sum(self._cost(claim) for claim in self.chosen.claims)
        self.total += 0 if self.table is None else BESIDE
        self._judge_ready()
        for part in batches(setups, first=self._lead()):
            began = time.perf_counter()
            run_batch(self.lab.cells, part, self.ensemble, self.jobs)
            self._solved(len(part), time.perf_counter() - began)
            self._judge_ready()
        self._judge_ready(heavy=True)
        verdicts = tuple(self.found[claim.id] for claim in self.chosen.claims)
        more = {} if self.table is None else self._beside()
        seconds = time.perf_counter() - start
        return ClaimsResult(verdicts, self.lab.weights, self.seed, seconds, **more)

    def _beside(self) -> dict[str, Any]:
        """Matrix, mechanism and measured curves: what a full run shows beside the verdicts."""
        from rpoint.calibrate.predict import predict
        from rpoint.evidence.long_term import long_culture

        self.tell(Step(self.done, self.total, "measured curves"))
        fit = predict(self.ensemble, threads=self.jobs).frame()
        self.done += BESIDE // 2
        self.tell(Step(self.done, self.total, "a year of culture"))
        year = long_culture(self.ensemble)
        self.done += BESIDE // 2
        self.tell(Step(self.done, self.total, "matrix"))
        return {
            "matrix": self._scores(),
            "mechanism": mechanism.table(self.lab),
            "fit": fit,
            "long_culture": year,
        }

    def _setups(self) -> list[Setup]:
        wanted = [
            setup
            for claim in self.chosen.claims
            if claim.id in EXPERIMENTS
            for setup in EXPERIMENTS[claim.id].setups
        ]
        if self.table is not None:
            wanted += [s for setting, x in MATRIX_RUNS for s in self.table.setups(setting, x)]
            wanted += mechanism.setups()
        return list(dict.fromkeys(wanted))

    def _lead(self) -> int:
        """Setups of the first experiment: they go alone, for an early answer."""
        for claim in self.chosen.claims:
            if claim.id in EXPERIMENTS and EXPERIMENTS[claim.id].setups:
                return len(EXPERIMENTS[claim.id].setups)
        return 0

    def _solved(self, conditions: int, seconds: float) -> None:
        self.done += conditions
        self.tell(Step(self.done, self.total, f"{conditions} conditions in {seconds:.1f} s"))

    def _cost(self, claim: Claim) -> int:
        known = EXPERIMENTS.get(claim.id)
        return known.cost if known else 1

    def _ready(self, claim: Claim, heavy: bool) -> bool:
        if claim.id in self.found:
            return False
        known = EXPERIMENTS.get(claim.id)
        if known is None:
            return True
        return (heavy or known.cost == 1) and not self.lab.cells.missing(known.setups)

    def _judge_ready(self, heavy: bool = False) -> None:
        for claim in self.chosen.claims:
            if not self._ready(claim, heavy):
                continue
            known = EXPERIMENTS.get(claim.id)
            if heavy:
                self.tell(Step(self.done, self.total, f"tumours of {claim.id}"))
            began = time.perf_counter()
            finding = known.judge(self.lab) if known else None
            spent = time.perf_counter() - began
            verdict = judge(claim, finding, self.lab.weights, spent)
            self.found[claim.id] = verdict
            self.done += self._cost(claim)
            self.tell(Step(self.done, self.total, str(claim), verdict))

    def _scores(self) -> dict[str, pd.DataFrame]:
        if self.table is None:
            return {}
        return {
            f"{setting}, CDK4/6i x{exposure:g}": self.table.score(
                self.table.rates(self.lab.cells, setting, exposure), self.lab.weights
            )
            for setting, exposure in MATRIX_RUNS
        }


BESIDE = 80  # steps of the progress bar for the measured curves
# Settings of the matrix that are run: the one it is stated for first.
MATRIX_RUNS = (("sink", 1.0), ("sink", 0.25), ("sink", 4.0), ("expulsion", 1.0))
