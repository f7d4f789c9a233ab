"""Loewe additivity: a drug combined with itself does nothing more than its total dose.

    d1 / D1(E) + d2 / D2(E) = 1

where Dk(E) is the dose of drug k alone with effect E, from its Hill curve.  Source: Loewe 1926
(Arch Exp Path Pharmakol 114:313); the sum for an observed effect is the combination index of
Berenbaum 1989 (Pharmacol Rev 41:93).

Where one drug never reaches an effect, its D is infinite and its term 0: it counts as inert there.
That is the limit of the equation, and is marked, because Loewe says nothing of its own about it.
"""

from __future__ import annotations

import numpy as np

from rpoint.stats.hill import hill, inverse_hill

HALVINGS = 80  # of the interval in which the effect is sought

ADDITIVE, INERT1, INERT2 = "ok", "drug 1 never reaches this effect", "drug 2 never reaches it"
BELOW, ABOVE = "no effect observed", "neither drug reaches the effect observed"


def combination_index(dose1, alone1, dose2, alone2) -> np.ndarray:
    """d1 / D1 + d2 / D2: below 1 less dose than expected (synergy), above 1 more.

    Parameters
    ----------
    dose1, dose2
        Doses in the combination.
    alone1, alone2
        Doses with the same effect alone; infinite for a drug that never has it.

    >>> float(combination_index(1, 4, 3, 10))
    0.55
    """
    first = np.divide(np.asarray(dose1, float), alone1)
    return first + np.divide(np.asarray(dose2, float), alone2)


def loewe_effect(dose1: np.ndarray, dose2: np.ndarray, curve1, curve2) -> np.ndarray:
    """The effect expected of two doses.

    Parameters
    ----------
    dose1, dose2
        (cells,) doses, 0 or more.
    curve1, curve2
        (4, batch) E0, Emax, log EC50, log h; E0 is the same in both.

    Returns
    -------
    numpy.ndarray
        (batch, cells).
    """
    one, two = ([np.atleast_1d(p)[:, None] for p in curve] for curve in (curve1, curve2))
    e0 = one[0]
    shape = np.broadcast_shapes(e0.shape, dose1.shape)
    low = np.broadcast_to(e0, shape).copy()
    high = np.broadcast_to(np.maximum(np.maximum(one[1], two[1]), e0), shape).copy()
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        need1, need2 = inverse_hill(middle, *one), inverse_hill(middle, *two)
        with np.errstate(divide="ignore", invalid="ignore"):
            used = combination_index(dose1, need1, dose2, need2)
        more = used > 1.0  # the doses are enough for a larger effect
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    found = 0.5 * (low + high)
    found = np.where(dose2 == 0, hill(dose1, *one), found)
    return np.where(dose1 == 0, hill(dose2, *two), found)


def loewe_index(
    effect: np.ndarray, dose1: np.ndarray, dose2: np.ndarray, curve1, curve2
) -> np.ndarray:
    """The combination index of observed effects, (batch, cells); NaN where it is not defined.

    Parameters
    ----------
    effect
        (batch, cells) observed.
    dose1, dose2, curve1, curve2
        As in `loewe_effect`.
    """
    one, two = ([np.atleast_1d(p)[:, None] for p in curve] for curve in (curve1, curve2))
    reach = np.maximum(one[1], two[1])
    defined = (effect > one[0]) & (effect < reach)
    safe = np.where(defined, effect, np.nan)
    need1, need2 = inverse_hill(safe, *one), inverse_hill(safe, *two)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(defined, combination_index(dose1, need1, dose2, need2), np.nan)


def loewe_status(expected: np.ndarray, curve1, curve2) -> np.ndarray:
    """(cells,) whether both drugs reach the expected effect, or one counts as inert."""
    first = np.where(expected >= float(curve1[1]) - 1e-12, INERT1, ADDITIVE)
    return np.where(expected >= float(curve2[1]) - 1e-12, INERT2, first)
