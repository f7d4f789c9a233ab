"""Predictions for a panel: draws of everything that is not known, run through the engine.

A draw has its own parameter set, coefficients, completion of unknown genes, state of the switched
genes and hidden difference of the tumour; the draws' random numbers are the same for every model,
so that models differ by what is known of them alone, and the same for every arm, so that arms
differ by treatment alone.  Models with the same columns are run once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from scipy.stats import t as student

from rpoint.errors import RpointError
from rpoint.panel import arms as arms_of
from rpoint.panel.arms import Arm
from rpoint.panel.cells import drawn_rows
from rpoint.panel.coefficients import CELL_COEFFICIENTS, Coefficients, cells_in
from rpoint.panel.likelihood import call_name, spread_name, type_name
from rpoint.panel.observations import EVIDENCE, switch_evidence
from rpoint.panel.prediction import Areas, Inhibitions
from rpoint.panel.response import run_curves
from rpoint.panel.shipped import shipped
from rpoint.panel.traits import CALLS, SWITCHES, Traits, distinct, traits
from rpoint.streams import stream
from rpoint.tumour.simulate import shipped as shipped_ensemble

if TYPE_CHECKING:
    from rpoint.panel.noun import Panel

DRAWS = 64
#: Learnt drugs from which the spread between drugs is read; with fewer the prior stands.
FEWEST_DRUGS = 4
#: The screen whose growth and noise a line's area is predicted for.
SCREEN = "GDSC2"
#: Concentrations of an area.
DISH_POINTS = 8
Progress = Callable[[int, int], None] | None


class Draws:
    """Random numbers of a prediction, keyed by purpose; (J,) each.

    Standard normals and uniforms are stratified: one in each of J strata, in an order of their own.
    """

    def __init__(self, count: int, seed: int, coefficients: Coefficients, sets: int) -> None:
        self.count, self.seed = count, seed
        self.sets = self._strata("set", sets)
        rows = self._strata("coefficients", max(1, len(coefficients)))
        self.coefficients = Coefficients(
            coefficients.names,
            coefficients.draws[rows] if coefficients.names else np.empty((count, 0)),
        )

    def uniforms(self, purpose: str) -> np.ndarray:
        """Stratified uniform numbers."""
        return (stream(self.seed, purpose).permutation(self.count) + 0.5) / self.count

    def normals(self, purpose: str) -> np.ndarray:
        """Stratified standard normal numbers."""
        from scipy.special import ndtri

        return ndtri(self.uniforms(purpose))

    def of(self, name: str) -> np.ndarray:
        """Draws of a coefficient."""
        return self.coefficients.get(name, self.normals(f"prior of {name}"))

    def of_drug(self, kind: str, drug: str) -> np.ndarray:
        """Draws of "kind:drug"; of a drug without data, what the learnt ones say of another.

        Estimates of n drugs with mean m and standard deviation s predict one more with a Student
        distribution of n - 1 degrees of freedom about m, of scale s sqrt(1 + 1/n) (Gelman et al.
        2013, Bayesian Data Analysis, 3rd ed., section 3.2); in every draw with its own m and s.
        """
        name = f"{kind}:{drug}"
        known = [k for k, n in enumerate(self.coefficients.names) if n.startswith(f"{kind}:")]
        if name in self.coefficients.names or len(known) < FEWEST_DRUGS:
            return self.of(name)
        others, count = self.coefficients.draws[:, known], len(known)
        scale = others.std(axis=1, ddof=1) * np.sqrt(1.0 + 1.0 / count)
        place = student.ppf(self.uniforms(f"prior of {name}"), count - 1)
        return others.mean(axis=1) + scale * place

    def learnt(self, name: str | None) -> np.ndarray | float:
        """Draws of a coefficient that was learnt; 0 where nothing was (and for None)."""
        return self.of(name) if name in self.coefficients.names else 0.0

    def _strata(self, purpose: str, size: int) -> np.ndarray:
        return np.floor(self.uniforms(purpose) * size).astype(int)


def predict_xenografts(
    panel: Panel,
    arms: Sequence[str | Arm],
    *,
    draws: int = DRAWS,
    seed: int = 1,
    jobs: int | None = None,
    coefficients: Coefficients | None = None,
    ensemble: Any = None,
    scale_of: Panel | None = None,
    progress: Progress = None,
) -> Inhibitions:
    """Growth inhibition of every model in every arm.

    Parameters
    ----------
    panel
        Models.
    arms
        "NAME=REGIMEN", regimens of mice, drug names joined with "+", or `Arm`.
    draws
        Of what is not known.
    seed
        Of the draws.
    jobs
        Threads.
    coefficients
        What was learnt; the shipped estimate when left out.
    ensemble
        Parameter sets; the shipped ones when left out.
    scale_of
        The panel whose medians expression is measured against; itself when left out.
    progress
        Called with (rows done, rows).
    """
    plans = [arm if isinstance(arm, Arm) else arms_of.xenograft_arm(arm) for arm in arms]
    names = [plan.name for plan in plans]
    if not plans or len(set(names)) != len(names):
        raise RpointError("arms need different names, one at least", where="--arm", found=names)
    run = _Run(panel, draws, seed, coefficients, ensemble, scale_of, "xenograft")
    exposures = [run.exposure(plan, "xenograft") for plan in plans]
    growth = run.growth(exposures, "xenograft", jobs, progress)
    scale = np.exp(run.draws.of("noise:xenograft"))
    return Inhibitions(
        panel=panel,
        arms=tuple(names),
        plans=tuple(plans),
        inhibition=(1.0 - growth).transpose(0, 2, 1),
        scale=scale,
        hidden=run.hidden(),
        where=run.where,
        seed=seed,
    )


def predict_lines(
    panel: Panel,
    drugs: Sequence[str],
    *,
    screen: str = SCREEN,
    **options: Any,
) -> Areas:
    """Area under the viability curve of every line for every drug, 1 = no effect.

    Parameters
    ----------
    panel
        Lines.
    drugs
        Names or aliases.
    screen
        Whose growth, reference and noise: a screen of the calibration.
    options
        As for `predict_screens`.
    """
    return predict_screens(panel, drugs, [screen], **options)[screen]


def predict_screens(
    panel: Panel,
    drugs: Sequence[str],
    screens: Sequence[str],
    *,
    concentration_nM: tuple[float, float] = (4.0, 10_000.0),
    draws: int = DRAWS,
    seed: int = 1,
    jobs: int | None = None,
    coefficients: Coefficients | None = None,
    ensemble: Any = None,
    scale_of: Panel | None = None,
    progress: Progress = None,
) -> dict[str, Areas]:
    """Areas as several screens would measure them: the cells are run once.

    Parameters
    ----------
    panel, drugs
        Lines, and drugs by name or alias.
    screens
        Screens of the calibration.
    concentration_nM
        Lowest and highest concentration, nM.
    draws, seed, jobs, coefficients, ensemble, scale_of, progress
        As for `predict_xenografts`.
    """
    low, high = concentration_nM
    if not 0 < low < high:
        raise RpointError(
            "the concentrations must be positive and ascend",
            where="--conc",
            found=f"{low:g}:{high:g} nM",
        )
    plans = [arms_of.line_arm(drug) for drug in drugs]
    names = [plan.name for plan in plans]
    if not plans or len(set(names)) != len(names):
        raise RpointError("drugs need different names, one at least", where="--arm", found=names)
    run = _Run(panel, draws, seed, coefficients, ensemble, scale_of, "line")
    edges = np.linspace(np.log(low), np.log(high), DISH_POINTS + 1)
    dishes = 0.5 * (edges[1:] + edges[:-1])
    exposures = [run.exposure(plan, "line", ln_c) for plan in plans for ln_c in dishes]
    growth = run.growth(exposures, "line", jobs, progress)
    growth = growth.reshape(*growth.shape[:2], len(plans), DISH_POINTS)
    return {screen: _areas(run, tuple(names), growth, screen) for screen in screens}


def _areas(run: _Run, names: tuple[str, ...], growth: np.ndarray, screen: str) -> Areas:
    fold = run.fold(screen)
    alive = np.exp(-fold[..., None, None] * (1.0 - growth)).mean(axis=-1)
    reference = run.draws.of(f"reference:{screen}")[None, :, None]
    beside = np.stack([run.beside(drug) for drug in names], axis=1)[None]
    return Areas(
        panel=run.panel,
        drugs=names,
        area=(alive + reference - beside).transpose(0, 2, 1),
        scale=np.exp(run.draws.of(f"noise:{screen}")),
        where=run.where,
        seed=run.draws.seed,
    )


class _Run:
    """Distinct models of a panel, and the draws that they share."""

    def __init__(self, panel, draws, seed, coefficients, ensemble, scale_of, assay) -> None:
        if draws < 8:
            raise RpointError("too few draws for an interval", where="--draws", found=draws,
                              allowed="8 and more")  # fmt: skip
        self.panel = panel
        whole = shipped_ensemble() if ensemble is None else ensemble
        known = shipped() if coefficients is None else coefficients
        self.draws = Draws(draws, seed, known, len(whole))
        self.ensemble = whole.take(self.draws.sets)
        first, self.where = distinct(panel)
        self.traits: Traits = traits(
            panel.subset(first), draws, scale_of=scale_of or panel, among=f"{assay}s"
        )
        self.works = self._works(assay)

    def _works(self, assay: str) -> dict[str, np.ndarray]:
        """(n, J) whether TP53 and RB1 work in the draw."""
        evidence = switch_evidence(self.traits)
        found = {}
        for gene in SWITCHES:
            named = [call_name(gene, call, assay) for call in CALLS[:-1]]
            by_call = np.stack([self.draws.of(name) for name in named])
            columns = np.arange(self.draws.count)
            logit = by_call[self.traits.calls[gene], columns[None, :]]
            for name in EVIDENCE[gene]:
                logit = logit + self.draws.of(name)[None, :] * evidence[name][:, None]
            uniform = self.draws.uniforms(f"{gene} works")
            found[gene] = (uniform[None, :] < expit(logit)).astype(float)
        return found

    def exposure(self, plan: Arm, assay: str, ln_c: float = 0.0) -> dict[str, Any]:
        """Inputs of the cell model for every (model, draw), flat."""
        points = []
        together = self.draws.learnt(plan.together)
        for part in plan.parts:
            if assay == "xenograft":
                own = self.draws.of_drug("exposure", part.drug) + together
                own = own + np.log(part.exposure)
            else:
                own = ln_c - np.log(arms_of.constant_nM(part.drug)) + self.draws.of("medium")
                own = own + self.draws.of_drug("dish", part.drug)
            spread = np.exp(self.draws.of(spread_name(part.target, assay)))
            own = own + spread * self.draws.normals(f"hidden {part.target}")
            level = np.exp(np.clip(own[None, :] + self._by_type(part.target, assay), -12.0, 12.0))
            if part.target == "ER":  # the lineage factors of other types are no receptor
                level = level * (self.traits.er > 0)
            points.append({name: (share * level).ravel() for name, share in part.axis})
        return arms_of.joined(points)

    def _by_type(self, target: str, assay: str) -> np.ndarray:
        return self._per_kind(lambda kind: type_name(kind, target, assay))

    def _per_kind(self, name) -> np.ndarray:
        kinds = {kind: self.draws.of(name(kind)) for kind in dict.fromkeys(self.traits.types)}
        return np.stack([kinds[kind] for kind in self.traits.types])

    def fold(self, screen: str) -> np.ndarray:
        """(n, J) ln(end over start) of untreated lines in a screen."""
        kind = self._per_kind(lambda kind: f"growth:{kind}")
        return np.exp(self.draws.of(f"doublings:{screen}")[None, :] + kind)

    def beside(self, name: str) -> np.ndarray:
        """(J,) area that a drug takes by other ways than its target; 0 of a drug with data."""
        drug = arms_of.line_arm(name).parts[0].drug
        if f"dish:{drug}" in self.draws.coefficients.names:
            return np.zeros(self.draws.count)
        return np.abs(self.draws.of(f"beside:{drug}"))

    def growth(self, exposures, assay: str, jobs, progress: Progress) -> np.ndarray:
        """(n, J, E) relative growth; NaN in draws whose untreated cells do not grow."""
        beta = cells_in(assay, {name: self.draws.of(name) for name in CELL_COEFFICIENTS})
        rows = drawn_rows(self.traits, beta, self.works)
        run = run_curves(rows, exposures, self.ensemble, threads=jobs, progress=progress)
        bad = np.isnan(run.untreated) | (run.status != 0)
        found = np.where(bad[:, None], np.nan, run.growth[assay])
        return found.reshape(len(self.traits), self.draws.count, -1)

    def hidden(self) -> np.ndarray:
        """(J,) standard normals of how fast a tumour of its type grows."""
        return self.draws.normals("growth of the tumour")
