"""Six parameter sets around the nominal ones: the machinery is tested without the ensemble."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rpoint.biology import parameters
from rpoint.calibrate.ensemble import Ensemble
from rpoint.streams import stream


@pytest.fixture(scope="session")
def small_ensemble() -> Ensemble:
    """Six parameter sets, each 2 % around the nominal values."""
    draw = stream(5, "small ensemble")
    columns = {
        p.name: p.value * np.exp(0.02 * draw.standard_normal(6))
        for p in parameters().values()
        if p.fitted
    }
    return Ensemble(pd.DataFrame(columns), pd.DataFrame(index=range(6)))
