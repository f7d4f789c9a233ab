"""Limits of a Kaplan–Meier curve on five scales, and where a step curve crosses a level.

With G the Greenwood sum (the variance of ln S), σ = √G and z the normal quantile:

========  =======================================
plain     S ± z σ S
log       S exp(± z σ)                   (the default of R's survfit)
log-log   S^exp(± z σ / ln S)            (the default of SAS and lifelines; ours)
logit     logit S ± z σ / (1 − S)
arcsin    sin²(arcsin √S ± ½ z σ √(S / (1 − S)))
========  =======================================

Limits are cut at 0 and 1.  Where S = 1 no event has been seen and both limits are 1; where S = 0
the Greenwood sum is infinite and the limits are undefined (NaN), as in R.

Sources: Greenwood 1926; Kalbfleisch & Prentice 1980; Brookmeyer & Crowley 1982
(doi:10.2307/2530286) for the interval of a quantile.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy import special

from rpoint.errors import unknown_name
from rpoint.stats.survival_data import Floats

Transform = Literal["log-log", "log", "plain", "logit", "arcsin"]
TRANSFORMS: tuple[Transform, ...] = get_args(Transform)
CROSSING = 1.4901161193847656e-08  # √(double precision): S is "at" a level within this, as in R


def normal_quantile(level: float) -> float:
    """z of a two-sided interval of this level."""
    return float(special.ndtri(0.5 + level / 2.0))


def check_transform(transform: str) -> None:
    """Refuse a scale that does not exist."""
    if transform not in TRANSFORMS:
        raise unknown_name("transform", transform, TRANSFORMS, where="transform")


def limits(
    survival: Floats, greenwood: Floats, level: float, transform: Transform
) -> tuple[Floats, Floats]:
    """Lower and upper pointwise limits; arrays of any one shape.

    Parameters
    ----------
    survival
        S, 0–1.
    greenwood
        Σ d / (n (n − d)); infinite where S = 0.
    level
        0–1.
    """
    z = normal_quantile(level)
    inside = (survival > 0) & (survival < 1)
    s = np.where(inside, survival, 0.5)
    half = z * np.sqrt(np.where(inside, greenwood, 0.0))
    lower, upper = _SCALES[transform](s, half)
    edge = np.where(survival >= 1, 1.0, np.nan)
    return np.where(inside, lower, edge), np.where(inside, upper, edge)


def _plain(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    return np.maximum(s - half * s, 0.0), np.minimum(s + half * s, 1.0)


def _log(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    return s * np.exp(-half), np.minimum(s * np.exp(half), 1.0)


def _log_log(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    log_s = np.log(s)
    width = half / -log_s
    return np.exp(log_s * np.exp(width)), np.exp(log_s * np.exp(-width))


def _logit(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    middle, width = special.logit(s), half / (1.0 - s)
    return special.expit(middle - width), special.expit(middle + width)


def _arcsin(s: Floats, half: Floats) -> tuple[Floats, Floats]:
    middle, width = np.arcsin(np.sqrt(s)), 0.5 * half * np.sqrt(s / (1.0 - s))
    low, high = np.maximum(middle - width, 0.0), np.minimum(middle + width, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


_SCALES = {
    "plain": _plain,
    "log": _log,
    "log-log": _log_log,
    "logit": _logit,
    "arcsin": _arcsin,
}


def crossing(time: Floats, curve: Floats, level: float) -> float:
    """The first time at which a falling step curve is at or below `level`; NaN if never.

    Where the curve runs flat exactly at the level and falls later, the middle of the flat stretch
    is taken, as R and SAS do.
    """
    known = np.isfinite(curve)
    low = np.flatnonzero(known & (curve < level + CROSSING))
    if not len(low):
        return float("nan")
    first = low[0]
    below = np.flatnonzero(known & (curve < level - CROSSING))
    if curve[first] > level - CROSSING and len(below):
        return float((time[first] + time[below[0]]) / 2)
    return float(time[first])
