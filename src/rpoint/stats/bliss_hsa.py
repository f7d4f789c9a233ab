"""Bliss independence and highest single agent: references made of measured single effects.

Sources: Bliss 1939 (Ann Appl Biol 26:585, doi:10.1111/j.1744-7348.1939.tb06990.x); highest single
agent as in Berenbaum 1989 (Pharmacol Rev 41:93).  Effects are fractions that grow with effect.
"""

from __future__ import annotations

import numpy as np


def bliss(effect1, effect2) -> np.ndarray:
    """The effect of two independent drugs, E1 + E2 - E1 E2; effects are probabilities, 0 to 1.

    >>> round(float(bliss(0.4, 0.5)), 12)
    0.7
    """
    one, two = np.asarray(effect1, float), np.asarray(effect2, float)
    return one + two - one * two


def highest_single_agent(effect1, effect2) -> np.ndarray:
    """The larger of the two single effects.

    Of two noisy values the larger is taken, which is too large on average: the excess over it is
    too small by up to about half a standard error of a single effect.

    >>> float(highest_single_agent(0.4, 0.5))
    0.5
    """
    return np.maximum(np.asarray(effect1, float), np.asarray(effect2, float))
