"""The fit of the hazard of death: a Poisson model that finds what was put in, and the data."""

import numpy as np
import pandas as pd
import pytest

from rpoint.immune import fit_death
from rpoint.immune.facts import fact


def test_the_poisson_model_finds_the_effects_that_made_the_data():
    rng = np.random.default_rng(5)
    n = 6000
    table = pd.DataFrame(
        {
            "cohort": np.array(["A", "B"])[np.arange(n) % 2],
            "log_sum": rng.normal(0, 0.8, n),
            "growth": rng.normal(0, 0.04, n),
        }
    )
    rate = 0.002 * np.where(table["cohort"] == "A", 1.0, 3.0)
    rate = rate * np.exp(0.6 * table["log_sum"] + 8.0 * table["growth"])
    time = rng.exponential(1 / rate)
    table["days"], table["death"] = np.minimum(time, 60.0), (time <= 60.0).astype(int)
    effects, errors = fit_death.poisson(table, ["log_sum", "growth"])
    assert (np.abs(effects - [0.6, 8.0]) < 3 * errors).all()
    assert errors[0] < 0.05 and errors[1] < 1.0


@pytest.mark.data
def test_the_effects_are_those_of_inspire(data_folder):
    table = fit_death.follow_up(str(data_folder))
    assert table["death"].sum() == 44
    effects, errors = fit_death.poisson(table, ["log_sum", "growth"])
    np.testing.assert_allclose(effects, [0.551, 7.712], atol=0.002)
    np.testing.assert_allclose(errors, [0.238, 4.145], atol=0.002)


@pytest.mark.data
@pytest.mark.slow
def test_the_shipped_hazard_is_what_the_fit_gives(data_folder):
    values, errors = fit_death.fit_death(str(data_folder))
    shipped = np.array([fact(name) for name in fit_death.NAMES])
    assert (np.abs(values - shipped) < 0.5 * errors).all()
