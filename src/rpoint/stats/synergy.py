"""Synergy of two drugs from a dose matrix: Bliss, HSA, Loewe, ZIP and MuSyC with intervals.

Every score is an excess of *effect*: positive means more effect than the model expects, whatever
the response was measured as.  The models disagree by construction, since each expects something
else; a claim of synergy names its model.

Not supported: three drugs, wells of different duration, and plate position effects.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from rpoint.errors import RpointError, unknown_name
from rpoint.stats import loewe, musyc
from rpoint.stats._synergy_bootstrap import noise_of, resample
from rpoint.stats._synergy_models import MODELS, Estimates, estimate, evaluable
from rpoint.stats._synergy_result import EXPECTS, Synergy
from rpoint.stats._synergy_tables import Draws, parameter_table, score_row, surface_rows
from rpoint.stats.dose_matrix import DoseMatrix, dose_matrix
from rpoint.stats.hill import HillFit, curves_of_pair, described, no_fit
from rpoint.stats.plate import Plate, read_plate
from rpoint.stats.plate_checks import check_matrix, single_doses

CHUNK = 100  # bootstrap samples that are fitted at once
MAX_BOOTSTRAP = 20_000


def synergy(
    plate: str | os.PathLike[str] | pd.DataFrame | Plate,
    drug1: str | None = None,
    drug2: str | None = None,
    *,
    models: str | Iterable[str] = "all",
    response: str | None = None,
    percent: bool | None = None,
    gamma: bool = False,
    bootstrap: int = 200,
    level: float = 0.95,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Synergy:
    """Compare a pair of drugs with the reference models.

    Parameters
    ----------
    plate
        A `Plate`, or a file or DataFrame that `read_plate` understands.
    drug1, drug2
        The pair; not needed if the plate holds one pair only.
    models
        "all", or some of "bliss", "hsa", "loewe", "zip", "musyc".
    response, percent
        As in `read_plate`.
    gamma
        Fit the cooperativity of MuSyC too.
    bootstrap
        Number of resampled matrices for the intervals; 0 for none.
    level
        Of the intervals.
    seed
        Seed; the same seed gives the same intervals for a pair.
    progress
        Called with (samples done, samples).

    Returns
    -------
    Synergy
        A model that the data do not allow has a status, and raises nothing.

    Raises
    ------
    RpointError
        For a table, pair or option that cannot be used.
    """
    chosen = _models(models)
    _check_numbers(bootstrap, level)
    if not isinstance(plate, Plate):
        plate = read_plate(plate, response=response, percent=percent, drug1=drug1, drug2=drug2)
    matrix = dose_matrix(plate, *choose_pair(plate, drug1, drug2))
    return analyse(
        matrix, chosen, gamma=gamma, bootstrap=bootstrap, level=level, seed=seed, progress=progress
    )


def choose_pair(plate: Plate, drug1: str | None, drug2: str | None) -> tuple[str, str]:
    """The pair that two names, one name or none stand for.

    Raises
    ------
    RpointError
        If they stand for none, or for more than one.
    """
    if drug1 and drug2:
        return drug1, drug2
    fitting = _pairs_with(plate, drug1, drug2) if drug1 or drug2 else plate.pairs
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise RpointError("the plate names no pair of drugs", where=plate.where)
    raise RpointError(
        "the plate holds more than one pair of drugs",
        where=plate.where,
        allowed="; ".join(f"{a} + {b}" for a, b in fitting[:12]),
        mend="say which with drug1 and drug2",
    )


def analyse(
    matrix: DoseMatrix,
    models: tuple[str, ...] = MODELS,
    *,
    gamma: bool = False,
    bootstrap: int = 200,
    level: float = 0.95,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Synergy:
    """As `synergy`, for a `DoseMatrix`."""
    reasons = {model: evaluable(matrix, model, gamma) for model in models}
    possible = tuple(model for model in models if not reasons[model])
    found = estimate(matrix, matrix.effect[None, :], possible, gamma=gamma)
    noise = noise_of(matrix, found)
    samples = bootstrap if noise.kind != "none" and possible else 0
    draws = None
    if samples:
        effects = resample(matrix, noise, samples, seed)
        centre = matrix.normalised(noise.centre[None, :].copy())
        draws = _draws(matrix, effects, centre, possible, gamma, found, level, progress)
    rows = [
        score_row(model, reasons[model], EXPECTS[model], matrix, found, draws) for model in models
    ]
    frames = [surface_rows(model, matrix, found, draws) for model in possible]
    surface = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    if "loewe" in possible:
        _mark_loewe(surface, found)
    singles = _singles(matrix, found)
    parameters = parameter_table(matrix, found, draws, gamma, singles)
    kept = {"number": samples, "kind": noise.kind, "level": level, "seed": seed}
    return Synergy(
        matrix, singles, pd.DataFrame(rows), surface, parameters, check_matrix(matrix), kept,
        _aicc(matrix, found, gamma),
    )  # fmt: skip


def _draws(matrix, effects, centre, models, gamma, found, level, progress) -> Draws:
    """The models on the resampled effects, a chunk at a time, and on their centre."""
    base = estimate(matrix, centre, models, gamma=gamma, near=found)
    parts: list[Estimates] = []
    for begin in range(0, len(effects), CHUNK):
        chunk = effects[begin : begin + CHUNK]
        parts.append(estimate(matrix, chunk, models, gamma=gamma, near=found))
        if progress is not None:
            progress(min(begin + CHUNK, len(effects)), len(effects))
    return Draws(base, parts, level)


def _models(models: str | Iterable[str]) -> tuple[str, ...]:
    asked = (models,) if isinstance(models, str) else tuple(models)
    if asked == ("all",):
        return MODELS
    for name in asked:
        if name not in MODELS:
            raise unknown_name("model", name, (*MODELS, "all"), where="models")
    if not asked:
        raise RpointError("no model is asked for", where="models", allowed=", ".join(MODELS))
    return tuple(model for model in MODELS if model in asked)


def _check_numbers(bootstrap: int, level: float) -> None:
    if not 0 <= bootstrap <= MAX_BOOTSTRAP:
        raise RpointError(
            "the number of bootstrap samples is out of range",
            where="bootstrap",
            found=bootstrap,
            allowed=f"0 to {MAX_BOOTSTRAP}",
        )
    if not 0.5 <= level < 1:
        raise RpointError(
            "the level of an interval is out of range",
            where="level",
            found=level,
            allowed="0.5 to below 1",
        )


def _singles(matrix: DoseMatrix, found: Estimates) -> tuple[HillFit, HillFit]:
    """The curves of both drugs, with one effect without drugs."""
    fits: list[HillFit] = []
    for place in (1, 2):
        drug = (matrix.drug1, matrix.drug2)[place - 1]
        unit = (matrix.unit1, matrix.unit2)[place - 1]
        if found.pair is None or found.pair_converged is None:
            fits.append(no_fit(drug, unit, len(single_doses(matrix, place))))
            continue
        mine, other = (matrix.dose1, matrix.dose2)[:: 1 if place == 1 else -1]
        alone = other == 0
        params = curves_of_pair(found.pair)[place - 1][:, 0]
        converged = bool(found.pair_converged[0])
        fits.append(described(drug, unit, params, mine[alone], matrix.effect[alone], converged))
    return fits[0], fits[1]


def _mark_loewe(surface: pd.DataFrame, found: Estimates) -> None:
    """Say of each Loewe cell whether a drug counts as inert there, or the index is undefined."""
    assert found.pair is not None
    curve1, curve2 = curves_of_pair(found.pair)
    mine = surface["model"] == "loewe"
    expected = surface.loc[mine, "expected"].to_numpy()
    surface.loc[mine, "status"] = loewe.loewe_status(expected, curve1[:, 0], curve2[:, 0])
    observed, index = surface.loc[mine, "observed"], surface.loc[mine, "index"]
    lost = np.where(observed <= curve1[0, 0], loewe.BELOW, loewe.ABOVE)
    undefined = index.isna().to_numpy()
    surface.loc[surface.index[mine][undefined], "index_status"] = lost[undefined]


def _aicc(matrix: DoseMatrix, found: Estimates, gamma: bool) -> float:
    if found.musyc is None:
        return float("nan")
    fitted = musyc.surface(found.musyc, matrix.dose1, matrix.dose2)[0]
    wells, free = len(fitted), (12 if gamma else 10) + 1  # and the variance
    error = float(((matrix.effect - fitted) ** 2).mean())
    if wells <= free + 1 or error <= 0:
        return float("nan")
    return wells * float(np.log(error)) + 2.0 * free * wells / (wells - free - 1)


def analyse_plate(
    plate: Plate,
    drug1: str | None = None,
    drug2: str | None = None,
    *,
    models: str | Iterable[str] = "all",
    gamma: bool = False,
    bootstrap: int = 200,
    level: float = 0.95,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Synergy]:
    """Every pair of a plate that holds the drugs named, with the options of `synergy`.

    Every matrix is made before the first is analysed, so that a bad one stops nothing half-way.
    """
    chosen = _models(models)
    _check_numbers(bootstrap, level)
    if drug1 and drug2:
        pairs = [(drug1, drug2)]
    elif (drug1 or drug2) is None:
        pairs = plate.pairs
    else:
        pairs = _pairs_with(plate, drug1, drug2)
    if not pairs:
        raise RpointError("the plate names no pair of drugs", where=plate.where)
    matrices = [dose_matrix(plate, *pair) for pair in pairs]
    results = []
    for done, matrix in enumerate(matrices):

        def tell(now: int, total: int, before: int = done) -> None:
            if progress is not None:
                progress(before * total + now, total * len(matrices))

        results.append(
            analyse(
                matrix, chosen, gamma=gamma, bootstrap=bootstrap, level=level, seed=seed,
                progress=tell,
            )
        )  # fmt: skip
    return results


def _pairs_with(plate: Plate, drug1: str | None, drug2: str | None) -> list[tuple[str, str]]:
    """The pairs that hold the one drug named, that drug in the place where it was named."""
    given = drug1 or drug2
    known = sorted({name for pair in plate.pairs for name in pair})
    if given not in known:
        raise unknown_name("drug", given, known, where=plate.where)
    found = []
    for one, two in plate.pairs:
        if given in (one, two):
            turn = (drug1 and one != drug1) or (drug2 and two != drug2)
            found.append((two, one) if turn else (one, two))
    return found


__all__ = ["MODELS", "Synergy", "analyse", "analyse_plate", "choose_pair", "synergy"]
