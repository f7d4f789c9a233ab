"""Draws of the fitted facts: what the fit leaves open, one draw a replicate."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from ruamel.yaml import YAML

from rpoint.immune.facts import facts
from rpoint.streams import normals


@cache
def fit_errors() -> dict[str, float]:
    """Standard errors of the logarithms of the fitted facts."""
    text = (files("rpoint.immune") / "fit_errors.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)


def drawn_facts(seed: int, draw: int) -> dict[str, float]:
    """One draw of the fitted facts, for the argument `facts` of this room's functions.

    Parameters
    ----------
    seed
        Seed of the run.
    draw
        Number of the replicate.

    Returns
    -------
    dict
        Name to value: log-normal about the fitted value, each fact independently (their
        correlations are left out), held within the fact's range.
    """
    errors = fit_errors()
    z = normals(seed, "immune facts", [draw], len(errors))[0]
    found = {}
    for (name, error), one in zip(errors.items(), z, strict=True):
        low, high = facts()[name].range
        found[name] = float(np.clip(facts()[name].value * np.exp(error * one), low, high))
    return found
