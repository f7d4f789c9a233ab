"""Learning the coefficients from measured panels, and holding panels out.

The posterior is found by alternating: the engine tabulates curves and their derivatives at the
present coefficients of the cells; the penalised likelihood is maximised with the curves linear in
them; and again.  Uncertainty is a normal approximation with the empirical Fisher information.
A held-out fold starts from the whole fit but forgets the fold's measurements entirely; the curves'
derivatives stay those of the whole panel (they depend on genotypes, not on measurements).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from rpoint.errors import RpointError
from rpoint.panel.coefficients import CELL_COEFFICIENTS, LEARNT_CELLS, Coefficients, prior
from rpoint.panel.likelihood import Objective, Tables
from rpoint.panel.observations import Group
from rpoint.panel.tables import make_tables
from rpoint.panel.traits import Traits
from rpoint.streams import stream

ROUNDS = 1  # of engine and optimiser
MOST_STEPS = 120
SETS = {"xenograft": 6, "line": 3}
DRAWS = 64
#: Sets behind the curves' derivatives; they vary little between sets.
SLOPE_SETS = {"xenograft": 2, "line": 1}
_LARGEST_MOVE = 6.0  # prior SDs: further out the curves are not linear in the coefficients


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was learnt.

    Attributes
    ----------
    coefficients
        Draws from the posterior.
    best
        Coefficient -> value at the maximum.
    value
        Negative log posterior there.
    tables
        Assay -> curves that it rests on.
    groups
        The measurements used.
    """

    coefficients: Coefficients
    best: Mapping[str, float]
    value: float
    tables: Mapping[str, Tables]
    groups: tuple[Group, ...]


def start() -> dict[str, float]:
    """Coefficients of the cells at their priors."""
    return {name: prior(name).mean for name in CELL_COEFFICIENTS}


def calibrate(
    panels: Mapping[str, Traits],
    groups: Sequence[Group],
    ensembles: Mapping[str, Any],
    *,
    rounds: int = ROUNDS,
    seed: int = 1,
    jobs: int | None = None,
    slopes: Sequence[str] = LEARNT_CELLS,
    first: Mapping[str, float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Calibration:
    """Learn the coefficients from measurements.

    Parameters
    ----------
    panels
        Assay -> traits of its models, in as many replicates as its ensemble has sets.
    groups
        Measurements of both assays.
    ensembles
        Assay -> parameter sets.
    rounds
        Times that the curves are made again; 0 keeps the cells at their priors.
    first
        Where to start.
    progress
        Told what is being done.
    """
    if not groups:
        raise RpointError("there is nothing to learn from", where="calibrate")
    say = progress or (lambda text: None)
    best: dict[str, float] = {**start(), **(first or {})}
    value = float("nan")
    tables: dict[str, Tables] = {}
    for turn in range(max(1, rounds)):
        say(f"curves, round {turn + 1}")
        wanted = tuple(slopes) if rounds else ()
        tables = _tables(panels, groups, ensembles, best, wanted, jobs)
        say(f"coefficients, round {turn + 1}")
        if not turn:
            best |= first_exposures(groups, tables, best)
        best, value, objective = maximise(groups, tables, best)
        best = {**start(), **best}
    coefficients = posterior(objective, best, seed)
    return Calibration(coefficients, best, value, tables, tuple(groups))


def _tables(panels, groups, ensembles, best, slopes, jobs) -> dict[str, Tables]:
    made = {}
    for assay, found in panels.items():
        own = [group for group in groups if group.assay == assay]
        axes = tuple(dict.fromkeys(group.arm.parts[0].axis for group in own))
        beta = {name: best[name] for name in CELL_COEFFICIENTS}
        whole = make_tables(found, axes, ensembles[assay], assay, beta, jobs=jobs)
        if slopes:
            few, some = _few(found, ensembles[assay], SLOPE_SETS[assay])
            own = slopes if found.expression else [s for s in slopes if "expression" not in s]
            part = make_tables(few, axes, some, assay, beta, slopes=own, jobs=jobs)
            whole = replace(whole, slopes=_mean_over_sets(part.slopes))
        made[assay] = whole
    return made


def _few(found: Traits, ensemble: Any, count: int) -> tuple[Traits, Any]:
    """Evenly spaced replicates and their sets."""
    last = len(ensemble) - 1
    keep = np.unique(np.linspace(0, last, count + 2)[1:-1].round().astype(int))
    return found.replicate(keep), ensemble.take(keep)


def _mean_over_sets(slopes):
    return {
        axis: {name: table.mean(axis=1, keepdims=True) for name, table in own.items()}
        for axis, own in slopes.items()
    }


def first_exposures(
    groups: Sequence[Group], tables: Mapping[str, Tables], best: Mapping[str, float]
) -> dict[str, float]:
    """For every drug and assay the exposure at which its measurements are likeliest, on a grid.

    Curves are flat at both ends, so a search that starts far from the effect would stay there.
    """
    objective = Objective(groups, tables)
    x = objective.values(objective.point(best))
    by_drug: dict[str, list[Group]] = {}
    for group in objective.groups:
        drug = group.arm.parts[0].drug
        name = f"exposure:{drug}" if group.assay == "xenograft" else f"dish:{drug}"
        by_drug.setdefault(name, []).append(group)
    found = {}
    for name, own in by_drug.items():
        tried = prior(name).mean + prior(name).sd * np.linspace(-4.0, 4.0, 17)
        fits = [
            sum(objective.group(g, {**x, name: value})[0].sum() for g in own)
            - 0.5 * ((value - prior(name).mean) / prior(name).sd) ** 2
            for value in tried
        ]
        found[name] = float(tried[int(np.argmax(fits))])
    return found


def maximise(
    groups: Sequence[Group], tables: Mapping[str, Tables], first: Mapping[str, float]
) -> tuple[dict[str, float], float, Objective]:
    """The best coefficients for measurements with given curves."""
    objective = Objective(groups, tables)
    bounds = [(-_LARGEST_MOVE, _LARGEST_MOVE)] * len(objective.names)
    begin = np.clip(objective.point(first), -_LARGEST_MOVE, _LARGEST_MOVE)
    found = minimize(
        objective,
        begin,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": MOST_STEPS, "ftol": 1e-7, "maxcor": 20},
    )
    return objective.values(found.x), float(found.fun), objective


def posterior(objective: Objective, best: Mapping[str, float], seed: int) -> Coefficients:
    """Draws from the normal approximation at the maximum.

    The information is the sum of the outer products of the measurements' scores (the empirical
    Fisher information), plus the priors'.
    """
    z = objective.point(best)
    scores = objective.scores(objective.values(z)) * objective.sd
    information = scores.T @ scores + np.eye(len(z))
    root = np.linalg.cholesky(information)
    noise = stream(seed, "panel coefficients").standard_normal((len(z), DRAWS))
    noise -= noise.mean(axis=1, keepdims=True)  # the draws' mean is the maximum
    moved = np.linalg.solve(root.T, noise).T
    return Coefficients(tuple(objective.names), objective.mean + objective.sd * (z + moved))


def hold_out(
    whole: Calibration, held: Mapping[str, np.ndarray], *, seed: int = 1
) -> Calibration:
    """The calibration without the measurements of some models.

    Parameters
    ----------
    whole
        The calibration on everything.
    held
        Assay -> (n,) true for the models that are held out.
    """
    groups = [g.keep(~held[g.assay]) if g.assay in held else g for g in whole.groups]
    groups = [group for group in groups if len(group.value)]
    at = {**start(), **whole.tables[groups[0].assay].at}
    begin = {**at, **first_exposures(groups, whole.tables, at)}
    best, value, objective = maximise(groups, whole.tables, begin)
    coefficients = posterior(objective, best, seed)
    return Calibration(coefficients, best, value, whole.tables, tuple(groups))
