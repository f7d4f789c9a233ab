"""Synthetic plates of known truth, for examples, tests and power: no measured data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rpoint.stats._synergy_bootstrap import stream
from rpoint.stats.musyc import MusycParameters


def synthetic_plate(
    truth: MusycParameters,
    doses1: Sequence[float],
    doses2: Sequence[float],
    *,
    drug1: str = "drug A",
    drug2: str = "drug B",
    unit: str = "nM",
    replicates: int = 3,
    sd: float = 0.03,
    seed: int = 1,
) -> pd.DataFrame:
    """Wells of a MuSyC surface with normal noise.

    Parameters
    ----------
    truth
        The surface; effects are inhibition.
    doses1, doses2
        Doses, 0 among them for the wells with one drug.
    drug1, drug2, unit
        Names and the unit of both.
    replicates
        Wells of each cell.
    sd
        Standard deviation of the noise of a well.
    seed
        Seed of the noise.

    Returns
    -------
    pandas.DataFrame
        drug1, drug2, dose1_UNIT, dose2_UNIT, inhibition, replicate: what `read_plate` reads.
    """
    one, two, replicate = (
        axis.ravel()
        for axis in np.meshgrid(doses1, doses2, np.arange(1, replicates + 1), indexing="ij")
    )
    noise = stream(seed, "synthetic plate").standard_normal(len(one))
    return pd.DataFrame(
        {
            "drug1": drug1,
            "drug2": drug2,
            f"dose1_{unit}": one,
            f"dose2_{unit}": two,
            "inhibition": truth.effect(one, two) + sd * noise,
            "replicate": replicate.astype(int),
        }
    )
