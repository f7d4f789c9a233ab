"""What drugs reach when they are given together: learnt from the arms that combine them.

The single arms come first; they fix the exposure of each drug.  The factor on the exposures of a
combination is then the only unknown of its arm; its posterior is found on a grid, by the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from scipy.stats import t as student

from rpoint.panel.arms import Arm
from rpoint.panel.coefficients import Coefficients, prior
from rpoint.panel.likelihood import DEGREES
from rpoint.panel.noun import Panel
from rpoint.panel.observations import INHIBITION_LIMITS
from rpoint.panel.predict import predict_xenografts

#: Values of the factor that are tried, in prior standard deviations.
GRID_SD = np.linspace(-3.0, 4.0, 15)
FEWEST = 8  # mice: with fewer the prior stays
DRAWS = 32


@dataclass(frozen=True)
class _Measured:
    arm: Arm
    panel: Panel
    value: np.ndarray


def learn_together(
    known: Coefficients,
    panel: Panel,
    response: pd.DataFrame,
    arms: Sequence[Arm],
    *,
    seed: int = 1,
    jobs: int | None = None,
    ensemble: Any = None,
) -> Coefficients:
    """Coefficients with a factor for every combination that was measured.

    Parameters
    ----------
    known
        Learnt from single arms.
    panel
        The models (expression is measured against all of them).
    response
        model_id, arm, growth_inhibition of the mice to learn from.
    arms
        Arms of the response; single ones are passed over.
    """
    for arm in arms:
        found = _measured(arm, panel, response)
        if arm.together is None or found is None:
            continue
        options = {"seed": seed, "jobs": jobs, "ensemble": ensemble, "scale_of": panel}
        weights = _posterior(found, known, options)
        known = known.joined(arm.together, _draws(weights, arm.together, len(known)))
    return known


def _measured(arm: Arm, panel: Panel, response: pd.DataFrame) -> _Measured | None:
    rows = response[(response["arm"] == arm.name) & response["growth_inhibition"].notna()]
    value = rows.groupby("model_id")["growth_inhibition"].mean().clip(*INHIBITION_LIMITS)
    where = {name: k for k, name in enumerate(panel.ids)}
    value = value[[name in where for name in value.index]]
    if len(value) < FEWEST:
        return None
    return _Measured(arm, panel.subset([where[n] for n in value.index]), value.to_numpy(float))


def _posterior(found: _Measured, known: Coefficients, options: dict[str, Any]) -> np.ndarray:
    """Posterior weights of the factor's grid."""
    name = str(found.arm.together)
    assumed = prior(name)
    log = -0.5 * GRID_SD**2
    for k, place in enumerate(GRID_SD):
        at = known.joined(name, np.full(len(known), assumed.mean + assumed.sd * place))
        made = predict_xenografts(
            found.panel, [found.arm], draws=DRAWS, coefficients=at, **options
        )
        draws = made.drawn.draws[made.drawn.where][:, 0]
        scale = made.drawn.scale
        each = student.logpdf((found.value[:, None] - draws) / scale, DEGREES) - np.log(scale)
        usable = np.isfinite(each)
        each = np.where(usable, each, -np.inf)
        log[k] += (logsumexp(each, axis=1) - np.log(np.maximum(usable.sum(axis=1), 1))).sum()
    return np.exp(log - logsumexp(log))


def _draws(weights: np.ndarray, name: str, count: int) -> np.ndarray:
    """Equal-probability points of the posterior, in a fixed order of no meaning."""
    assumed = prior(name)
    values = assumed.mean + assumed.sd * GRID_SD
    quantiles = np.interp((np.arange(count) + 0.5) / count, np.cumsum(weights), values)
    return quantiles[np.random.Generator(np.random.Philox(key=7)).permutation(count)]
