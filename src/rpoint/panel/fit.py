"""Learning from a folder of measured panels, and predicting each model without itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rpoint.errors import RpointError
from rpoint.panel import arms as arms_of
from rpoint.panel.arms import Arm
from rpoint.panel.calibration import ROUNDS, SETS, Calibration, calibrate, hold_out
from rpoint.panel.coefficients import CELL_COEFFICIENTS, Coefficients
from rpoint.panel.folder import Lines, Xenografts
from rpoint.panel.folds import folds as folds_of
from rpoint.panel.heldout import HeldOut
from rpoint.panel.observations import Group, line_groups, xenograft_groups
from rpoint.panel.predict import predict_screens, predict_xenografts
from rpoint.panel.prediction import reading_sd
from rpoint.panel.shipped import shipped
from rpoint.panel.together import learn_together
from rpoint.panel.traits import Traits, traits
from rpoint.tumour.simulate import shipped as shipped_ensemble

#: Drugs whose areas are learnt from; the others of a folder are predicted from pharmacology alone.
LEARNT_DRUGS = (
    "nutlin-3a",
    "palbociclib",
    "ribociclib",
    "trametinib",
    "capivasertib",
    "alpelisib",
)
CURVE_DAYS = (7.0, 14.0, 21.0)
Say = Callable[[str], None] | None


def learn(
    mice: Xenografts | None,
    lines: Lines | None,
    *,
    ensemble: Any = None,
    seed: int = 1,
    jobs: int | None = None,
    progress: Say = None,
    rounds: int = ROUNDS,
    first: Mapping[str, float] | None = None,
) -> Calibration:
    """Learn the coefficients from xenografts, lines or both.

    Parameters
    ----------
    mice, lines
        Tables of `rpoint.panel.folder`; None if there are none.
    ensemble
        Parameter sets; the shipped ones when left out.
    rounds
        Times that the curves are made.
    first
        Coefficients at which they are made first; the priors when left out.
    """
    whole = shipped_ensemble() if ensemble is None else ensemble
    panels: dict[str, Traits] = {}
    groups: list[Group] = []
    if mice is not None:
        panels["xenograft"] = traits(mice.panel, SETS["xenograft"], among="xenografts")
        groups += xenograft_groups(mice.response, mice.panel.ids)
    if lines is not None:
        panels["line"] = traits(lines.panel, SETS["line"], among="lines")
        screens = tuple(sorted(lines.auc["dataset"].unique()))
        groups += line_groups(lines.auc, lines.panel.ids, screens, LEARNT_DRUGS)
    ensembles = {assay: whole.thin(SETS[assay]) for assay in panels}
    return calibrate(
        panels,
        groups,
        ensembles,
        rounds=rounds,
        seed=seed,
        jobs=jobs,
        first=first,
        progress=progress,
    )


def crossval(
    mice: Xenografts | None,
    lines: Lines | None,
    *,
    refit: bool = True,
    folds: int = 5,
    seed: int = 1,
    jobs: int | None = None,
    ensemble: Any = None,
    progress: Say = None,
) -> dict[str, HeldOut]:
    """Predictions of every model of a folder that took no part in their fit.

    Parameters
    ----------
    mice, lines
        Tables of `rpoint.panel.folder`; None if there are none.
    refit
        Learn the coefficients from the other folds; else use the shipped ones for every model.
    folds, seed
        Folds by name (`rpoint.panel.folds`); the seed also starts the draws.

    Returns
    -------
    dict
        "xenografts" (model_id, arm), "curves" (with day) and "lines" (arm: "drug, screen").
    """
    say = progress or (lambda text: None)
    whole = None
    if refit:
        # the curves are linear near the shipped coefficients; what is learnt does not start there
        near = _cell_means(shipped())
        options = {"ensemble": ensemble, "seed": seed, "jobs": jobs, "progress": progress}
        whole = learn(mice, lines, first=near, **options)
    parts: dict[str, list[HeldOut]] = {}
    for fold in range(folds) if refit else (0,):
        held = _held(mice, lines, fold if refit else None, folds, seed)
        if not any(mask.any() for mask in held.values()):
            continue
        if whole is None:
            known = shipped()
        else:
            say(f"fold {fold + 1} of {folds}: learning without it")
            known = hold_out(whole, held, seed=seed).coefficients
            if mice is not None:
                seen = mice.response[~mice.response["model_id"].isin(_names(mice, held))]
                known = with_combinations(known, mice, seen, seed, jobs, ensemble)
            say(f"fold {fold + 1} of {folds}: predicting it")
        for name, part in _predict(mice, lines, held, known, seed, jobs, ensemble).items():
            parts.setdefault(name, []).append(part)
    note = "coefficients learnt without each fold" if refit else "shipped coefficients"
    return {name: _joined(found, note) for name, found in parts.items()}


def _cell_means(known: Coefficients) -> dict[str, float]:
    """Means of the coefficients of the cells that were learnt."""
    means = known.means()
    return {name: float(means[name]) for name in CELL_COEFFICIENTS if name in means}


def with_combinations(
    known: Coefficients, mice: Xenografts, response: pd.DataFrame, seed, jobs, ensemble
) -> Coefficients:
    """Coefficients that also know what drugs reach together, from some mice."""
    arms = predictable_arms(response["arm"].unique())
    return learn_together(
        known, mice.panel, response, arms, seed=seed, jobs=jobs, ensemble=ensemble
    )


def _names(mice: Xenografts, held: Mapping[str, np.ndarray]) -> list[str]:
    return [mice.panel.ids[k] for k in np.flatnonzero(held["xenograft"])]


def _held(mice, lines, fold: int | None, folds: int, seed: int) -> dict[str, np.ndarray]:
    """Assay -> which models are predicted now."""
    found = {}
    for assay, tables in (("xenograft", mice), ("line", lines)):
        if tables is not None:
            ids = tables.panel.ids
            every = np.ones(len(ids), bool)
            found[assay] = every if fold is None else folds_of(ids, folds, seed) == fold
    return found


def _predict(mice, lines, held, known: Coefficients, seed, jobs, ensemble) -> dict[str, HeldOut]:
    found: dict[str, HeldOut] = {}
    shared = {"seed": seed, "jobs": jobs, "coefficients": known, "ensemble": ensemble}
    if mice is not None and held["xenograft"].any():
        found |= _predict_mice(mice, np.flatnonzero(held["xenograft"]), shared)
    if lines is not None and held["line"].any():
        found["lines"] = _predict_lines(lines, np.flatnonzero(held["line"]), shared)
    return found


def _predict_mice(mice: Xenografts, rows: np.ndarray, shared: Mapping[str, Any]):
    panel = mice.panel.subset(rows)
    arms = predictable_arms(mice.response["arm"].unique())
    made = predict_xenografts(panel, arms, scale_of=mice.panel, **shared)
    table = made.to_frame().rename(columns={"growth_inhibition": "predicted"})
    count = len(panel) * len(arms)
    inhibited = HeldOut(table, made.drawn.measured().reshape(count, -1))
    curves = made.curves(CURVE_DAYS).rename(columns={"log_ratio_p50": "predicted"})
    days, points = np.array(CURVE_DAYS), count * len(CURVE_DAYS)
    draws = made.ratios(days, on_study=True).reshape(points, -1)
    sizes = made.sizes(days, on_study=True).reshape(points, -1)
    kept = ["model_id", "arm", "day", "predicted", "status"]
    volumes = HeldOut(curves[kept], draws, (), sizes, reading_sd())
    return {"xenografts": inhibited, "curves": volumes}


def predictable_arms(names: Sequence[str]) -> list[Arm]:
    """The arms whose names are drugs of the catalogue that act on the cell."""
    found = []
    for name in sorted(map(str, names)):
        try:
            found.append(arms_of.xenograft_arm(name))
        except RpointError:
            continue  # untreated mice, and drugs that the catalogue does not know
    return found


def _predict_lines(lines: Lines, rows: np.ndarray, shared: Mapping[str, Any]) -> HeldOut:
    panel = lines.panel.subset(rows)
    drugs = _known_drugs(lines.auc["drug"].unique())
    screens = sorted(lines.auc["dataset"].unique())
    made = predict_screens(panel, drugs, screens, scale_of=lines.panel, **shared)
    tables = []
    for screen, areas in made.items():
        table = areas.to_frame().rename(columns={"auc": "predicted"})
        table["score"] = areas.scores().ravel()
        table["arm"] = table["drug"] + f", {screen}"
        tables.append(table)
    draws = [areas.drawn.measured().reshape(len(rows) * len(drugs), -1) for areas in made.values()]
    whole = HeldOut(pd.concat(tables, ignore_index=True), np.concatenate(draws))
    return _measured(whole, set(lines.auc["drug"] + ", " + lines.auc["dataset"]))


def _measured(held: HeldOut, arms: set[str]) -> HeldOut:
    """The predictions of drugs that the screen holds."""
    keep = held.table["arm"].isin(arms).to_numpy()
    return HeldOut(held.table[keep].reset_index(drop=True), held.draws[keep])


def _known_drugs(names: Sequence[str]) -> list[str]:
    found = []
    for name in sorted(map(str, names)):
        try:
            arms_of.line_arm(name)
        except RpointError:
            continue
        found.append(name)
    return found


def _joined(parts: Sequence[HeldOut], note: str) -> HeldOut:
    table = pd.concat([part.table for part in parts], ignore_index=True)
    draws = np.concatenate([part.draws for part in parts])
    if any(part.centres is None for part in parts):
        return HeldOut(table, draws, (note,))
    centres = np.concatenate([part.centres for part in parts])
    return HeldOut(table, draws, (note,), centres, parts[0].width)
