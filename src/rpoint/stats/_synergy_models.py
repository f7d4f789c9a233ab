"""All reference models on a batch of effects: the measured ones, or resampled ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rpoint.stats import loewe, musyc
from rpoint.stats.bliss_hsa import bliss, highest_single_agent
from rpoint.stats.dose_matrix import DoseMatrix
from rpoint.stats.hill import FEWEST_DOSES, curves_of_pair, fit_pair
from rpoint.stats.plate_checks import single_doses
from rpoint.stats.zip_potency import zip_surface

MODELS = ("bliss", "hsa", "loewe", "zip", "musyc")
REFERENCE = ("bliss", "hsa", "loewe", "zip")  # models with an expected effect in every cell
CURVED = ("loewe", "zip", "musyc")  # models that need the curves of both drugs
FEWEST_COMBINED = 6  # cells with both drugs that a MuSyC surface needs


@dataclass
class Estimates:
    """What the models say of a batch of effects.

    Attributes
    ----------
    observed
        (batch, cells) mean effects.
    pair
        (batch, 7) single curves, None if they cannot be fitted; with whether they converged.
    expected, excess
        Model to (batch, cells).
    index
        (batch, cells) Loewe index, NaN where undefined; None without Loewe.
    smooth
        (batch, cells) smoothed surface of ZIP; None without it.
    musyc
        (batch, 12) parameter vectors, None if there are none; with whether they converged.
    """

    observed: np.ndarray
    pair: np.ndarray | None = None
    pair_converged: np.ndarray | None = None
    expected: dict[str, np.ndarray] = field(default_factory=dict)
    excess: dict[str, np.ndarray] = field(default_factory=dict)
    index: np.ndarray | None = None
    smooth: np.ndarray | None = None
    musyc: np.ndarray | None = None
    musyc_converged: np.ndarray | None = None


def evaluable(matrix: DoseMatrix, model: str, gamma: bool = False) -> str:
    """Why a model cannot be made of this matrix; "" if it can."""
    first, second = matrix.alone()
    combined = matrix.combined
    doses = [len(single_doses(matrix, place)) for place in (1, 2)]
    for drug, number in zip((matrix.drug1, matrix.drug2), doses):
        if not number:
            return f"no well with {drug} alone"
        if model in CURVED and number < FEWEST_DOSES:
            return f"{drug} alone at {number} doses, {FEWEST_DOSES} are needed"
    if model in ("bliss", "hsa") and not (combined & (first >= 0) & (second >= 0)).any():
        return "no combination has both of its single doses tested"
    if model in ("bliss", "zip") and matrix.response == "gr" and (matrix.means() > 1).any():
        return "GR below 0, no probability that could be multiplied"
    cells, free = len(matrix.cell_dose1), 12 if gamma else 10
    if model == "musyc" and (combined.sum() < FEWEST_COMBINED or cells <= free):
        return f"{int(combined.sum())} combinations, {cells} cells: too few for {free} parameters"
    if model == "zip" and not _crossed(matrix):
        return f"no dose of one drug with {FEWEST_DOSES} doses of the other, both ways"
    return ""


def _crossed(matrix: DoseMatrix) -> bool:
    """Whether some cell lies on a conditional curve of either drug."""
    one, two, both = matrix.cell_dose1, matrix.cell_dose2, matrix.combined
    along1 = np.array([(both & (two == b)).sum() for b in two]) >= FEWEST_DOSES
    along2 = np.array([(both & (one == a)).sum() for a in one]) >= FEWEST_DOSES
    return bool((both & along1 & along2).any())


def estimate(
    matrix: DoseMatrix,
    effects: np.ndarray,
    models: tuple[str, ...],
    *,
    gamma: bool = False,
    near: Estimates | None = None,
) -> Estimates:
    """Run the models, all of which must be evaluable, on (batch, wells) effects.

    Parameters
    ----------
    near
        Estimates of one set of effects from which the fits start.
    """
    found = Estimates(matrix.means(effects))
    first, second = matrix.alone()
    known = (first >= 0) & (second >= 0)
    for name, rule in (("bliss", bliss), ("hsa", highest_single_agent)):
        if name in models:
            value = rule(found.observed[:, first], found.observed[:, second])
            _keep(found, matrix, name, np.where(known, value, np.nan))
    if any(model in CURVED for model in models):
        alone = (matrix.dose1 == 0) | (matrix.dose2 == 0)
        start = None if near is None or near.pair is None else near.pair[0]
        fit = fit_pair(
            matrix.dose1[alone], matrix.dose2[alone], effects[:, alone], matrix.top, near=start
        )
        found.pair, found.pair_converged = fit.params, fit.converged
        _curved(found, matrix, effects, models, gamma, near)
    return found


def _curved(found: Estimates, matrix: DoseMatrix, effects, models, gamma: bool, near) -> None:
    assert found.pair is not None
    if "loewe" in models:
        curves = curves_of_pair(found.pair)
        doses = matrix.cell_dose1, matrix.cell_dose2
        _keep(found, matrix, "loewe", loewe.loewe_effect(*doses, *curves))
        index = loewe.loewe_index(found.observed, *doses, *curves)
        found.index = np.where(matrix.combined, index, np.nan)
    if "zip" in models:
        surface = zip_surface(matrix, found.observed, found.pair)
        found.smooth = surface.fitted
        _keep(found, matrix, "zip", surface.expected)
        found.excess["zip"] = np.where(matrix.combined, surface.delta, np.nan)
    if "musyc" in models:
        start = None if near is None or near.musyc is None else near.musyc[0]
        fit = musyc.fit_musyc(
            matrix.dose1, matrix.dose2, effects, found.pair[0], top=matrix.top, gamma=gamma,
            near=start,
        )  # fmt: skip
        found.musyc, found.musyc_converged = fit.params, fit.converged
        plain = musyc.without_interaction(fit.params)
        _keep(
            found, matrix, "musyc", musyc.surface(plain, matrix.cell_dose1, matrix.cell_dose2)
        )


def _keep(found: Estimates, matrix: DoseMatrix, model: str, expected: np.ndarray) -> None:
    found.expected[model] = expected
    found.excess[model] = np.where(matrix.combined, found.observed - expected, np.nan)
