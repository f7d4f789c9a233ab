"""Dose-response curves of four parameters (Hill), their inverse and their robust fit.

    E(d) = E0 + (Emax - E0) d^h / (EC50^h + d^h)

Not supported: biphasic curves, and curves whose slope changes sign.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from rpoint.stats._batched_fit import BatchFit, best_of, fit_batch

SOFT = 0.1  # effects: a residual beyond ten points counts about linearly
SLOPES = (0.2, 10.0)  # limits of the Hill slope
BEYOND = 100.0  # EC50 is sought up to this factor outside the doses tested
FEWEST_DOSES = 3  # positive doses that a curve needs
WEAK = 0.1  # a curve that rises less than this up to the highest dose says little

OK, WEAK_STATUS = "ok", "weak effect"
NO_PLATEAU, BELOW = "EC50 above the highest dose", "EC50 below the lowest dose"
FEW, FAILED = "too few doses", "not converged"


def hill(dose, e0, emax, log_ec50, log_h) -> np.ndarray:
    """The effect at a dose; every argument broadcasts, `dose` 0 gives `e0`.

    >>> float(hill(2.0, 0.0, 1.0, np.log(2.0), 0.0))
    0.5
    """
    with np.errstate(divide="ignore"):
        log_dose = np.log(np.asarray(dose, float))
    return e0 + (emax - e0) * expit(np.exp(log_h) * (log_dose - log_ec50))


def inverse_hill(effect, e0, emax, log_ec50, log_h) -> np.ndarray:
    """The dose that has an effect: 0 at or below `e0`, infinite where the drug never reaches it."""
    effect, e0, emax = np.broadcast_arrays(effect, e0, emax)
    reached = (effect > e0) & (effect < emax)
    rise = np.where(reached, effect - e0, 1.0)
    left = np.where(reached, emax - effect, 1.0)
    with np.errstate(over="ignore"):
        dose = np.exp(log_ec50 + (np.log(rise) - np.log(left)) / np.exp(log_h))
    return np.where(reached, dose, np.where(effect <= e0, 0.0, np.inf))


@dataclass(frozen=True)
class HillFit:
    """One drug's curve.

    Attributes
    ----------
    drug, unit
        Name and unit of the dose.
    e0, emax, ec50, h
        Effect without the drug and at an infinite dose, the dose half-way, the slope.
    residual_sd
        Root mean square of the residuals, in effect.
    doses
        Number of positive doses tested.
    status
        "ok", or what limits the fit: "weak effect", "EC50 above the highest dose", "EC50 below the
        lowest dose", "too few doses", "not converged".
    """

    drug: str
    unit: str
    e0: float
    emax: float
    ec50: float
    h: float
    residual_sd: float
    doses: int
    status: str

    @property
    def usable(self) -> bool:
        """Whether there is a curve at all."""
        return self.status not in (FEW, FAILED)

    def effect(self, dose) -> np.ndarray:
        """The fitted effect at a dose."""
        return hill(dose, self.e0, self.emax, np.log(self.ec50), np.log(self.h))

    def dose(self, effect) -> np.ndarray:
        """The dose of an effect; infinite where the drug never reaches it."""
        return inverse_hill(effect, self.e0, self.emax, np.log(self.ec50), np.log(self.h))

    def to_dict(self) -> dict:
        """The fit as plain data."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """The fit as a table of one row."""
        return pd.DataFrame([self.to_dict()])


def curve_limits(dose: np.ndarray, effect: np.ndarray, top: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits of (E0, Emax, log EC50, log h) for the doses and effects of one drug.

    Parameters
    ----------
    dose, effect
        What was measured.
    top
        The largest effect that is possible on the scale (1 for inhibition, 2 for GR).
    """
    positive = dose[dose > 0]
    low, high = float(np.min(effect)), float(np.max(effect))
    reach = np.log(BEYOND)
    lower = [low - 0.25, min(low, 0.0) - 0.25, np.log(positive.min()) - reach, np.log(SLOPES[0])]
    upper = [high + 0.05, max(top, high), np.log(positive.max()) + reach, np.log(SLOPES[1])]
    return np.array(lower), np.array(upper)


def curve_starts(dose: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """(starts, 4) points from which (E0, Emax, log EC50, log h) is sought."""
    positive = np.log(np.unique(dose[dose > 0]))
    quiet = effect[dose == 0]
    base = float(quiet.mean()) if len(quiet) else float(effect[dose == dose.min()].mean())
    last = float(effect[dose == dose.max()].mean())
    middle = np.quantile(positive, [0.15, 0.5, 0.85])
    return np.array([[base, last, m, s] for m in middle for s in (0.0, np.log(3.0))])


def fit_hill(
    dose,
    effect,
    *,
    drug: str = "drug",
    unit: str = "",
    top: float = 1.0,
    e0: float | None = None,
) -> HillFit:
    """The Hill curve of one drug by robust least squares (soft L1, scale `SOFT`).

    Parameters
    ----------
    dose
        Doses of the wells, 0 or more.
    effect
        Effects of the wells, growing with effect (inhibition, not viability).
    drug, unit
        Names for the result.
    top
        The largest effect that the scale allows.
    e0
        The effect without the drug, if it is known; fitted without it.

    Returns
    -------
    HillFit
        With a status; too few doses is one, and raises nothing.
    """
    dose, effect = np.asarray(dose, float), np.asarray(effect, float)
    doses = len(np.unique(dose[dose > 0]))
    if doses < FEWEST_DOSES:
        return no_fit(drug, unit, doses)
    lower, upper = curve_limits(dose, effect, top)
    starts = curve_starts(dose, effect)
    if e0 is not None:
        lower[0] = upper[0] = starts[:, 0] = e0
    fit = best_of(
        fit_batch(
            lambda p, rows: hill(dose, *(p[:, [k]] for k in range(4))),
            starts,
            effect,
            lower,
            upper,
            soft=SOFT,
        ),
        len(starts),
    )
    return described(drug, unit, fit.params[0], dose, effect, bool(fit.converged[0]))


def no_fit(drug: str, unit: str, doses: int) -> HillFit:
    """The result for too few doses."""
    return HillFit(drug, unit, *(np.nan,) * 5, doses, FEW)


def described(
    drug: str,
    unit: str,
    params: np.ndarray,
    dose: np.ndarray,
    effect: np.ndarray,
    converged: bool,
) -> HillFit:
    """A fitted (E0, Emax, log EC50, log h) with its status."""
    e0, emax, log_ec50, log_h = (float(p) for p in params)
    positive = np.unique(dose[dose > 0])
    error = effect - hill(dose, e0, emax, log_ec50, log_h)
    rise = abs(float(hill(positive[-1], e0, emax, log_ec50, log_h)) - e0)
    if not converged:
        status = FAILED
    elif rise < WEAK:
        status = WEAK_STATUS
    elif log_ec50 > np.log(positive[-1]):
        status = NO_PLATEAU
    elif log_ec50 < np.log(positive[0]):
        status = BELOW
    else:
        status = OK
    spread = float(np.sqrt(np.mean(error**2)))
    ec50, slope = float(np.exp(log_ec50)), float(np.exp(log_h))
    return HillFit(drug, unit, e0, emax, ec50, slope, spread, len(positive), status)


def fit_pair(
    dose1: np.ndarray, dose2: np.ndarray, effects: np.ndarray, top: float, *, near=None
) -> BatchFit:
    """The curves of two drugs with one effect without drugs, for a batch of effects.

    Untreated wells belong to both drugs, so both curves start from the same E0; without that, a
    drug combined with itself would not be Loewe-additive.

    Parameters
    ----------
    dose1, dose2
        (wells,) of the wells with at most one drug.
    effects
        (batch, wells).
    top
        The largest effect that the scale allows.
    near
        (7,) parameters from which the fits start; several start points without it.

    Returns
    -------
    BatchFit
        Parameters (batch, 7): E0, Emax1, Emax2, log EC50 1 and 2, log h 1 and 2.
    """
    one, two = dose2 == 0, dose1 == 0
    observed = np.atleast_2d(effects)
    low1, high1 = curve_limits(dose1[one], observed[:, one], top)
    low2, high2 = curve_limits(dose2[two], observed[:, two], top)
    lower = _joined(low1, low2, np.minimum)
    upper = _joined(high1, high2, np.maximum)
    if near is not None:
        starts = np.atleast_2d(near)
    else:
        mean = observed.mean(axis=0)
        first = curve_starts(dose1[one], mean[one])
        second = curve_starts(dose2[two], mean[two])
        starts = np.array([_joined(a, b, _mean) for a in first[::2] for b in second[::2]])

    def model(p: np.ndarray, rows: np.ndarray) -> np.ndarray:
        e0, m1, m2, c1, c2, s1, s2 = (p[:, [k]] for k in range(7))
        return np.where(one, hill(dose1, e0, m1, c1, s1), hill(dose2, e0, m2, c2, s2))

    tried = len(starts)
    fit = fit_batch(
        model,
        np.tile(starts, (len(observed), 1)),
        np.repeat(observed, tried, axis=0),
        lower,
        upper,
        soft=SOFT,
    )
    return best_of(fit, tried)


def _joined(first: np.ndarray, second: np.ndarray, merge) -> np.ndarray:
    e0 = merge(first[0], second[0])
    return np.array([e0, first[1], second[1], first[2], second[2], first[3], second[3]])


def _mean(a: float, b: float) -> float:
    return 0.5 * (a + b)


def curves_of_pair(params: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(batch, 7) of a pair as (4, batch) arrays of E0, Emax, log EC50, log h for each drug."""
    p = np.atleast_2d(params).T
    return p[[0, 1, 3, 5]], p[[0, 2, 4, 6]]
