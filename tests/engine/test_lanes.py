"""A patient's result is the same, to the last bit, whoever runs beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpoint.engine import Schedule, compile_model

COUNT = 41
OUTPUTS = ["A", "B", "AB", "X", "v"]
TIMES = np.array([0.0, 0.3, 5.0, 5.0, 11.0, 40.0])


ANTIMONY = """
        A + B -> AB; kon*A*B - koff*AB
        -> B; s*A^n/(K^n + A^n); B -> ; d*B
        X -> ; d*X; -> X; g*X^2
        compartment v = 1; species A in v; species B in v; species AB in v; species X in v
        A = 4; B = 1; AB = 0; X = 1
        kon = 300; koff = 30; s = 2; n = 2.4; K = 1.3; d = 0.4; g = 0
"""


@pytest.fixture(scope="module")
def model(sbml):
    """Binding, a Hill term with a fractional exponent, a dose; some patients fail."""
    return compile_model(sbml(ANTIMONY), OUTPUTS)


@pytest.fixture(scope="module")
def batch(model):
    """Parameters, schedules and results of the whole batch, one thread."""
    generator = np.random.default_rng(11)
    parameters = {name: model.default(name) * np.exp(0.5 * generator.standard_normal(COUNT))
                  for name in ("kon", "koff", "s", "n", "K", "d")}
    parameters["g"] = np.where(np.arange(COUNT) % 7 == 3, 2.0, 0.0)  # x' = x^2 blows up
    parameters["kon"][5] = np.nan
    schedules = [Schedule(), Schedule().add(5.0, "A", 2.0).set(7.5, "d", 1.0),
                 Schedule().set(0.0, "s", 0.0).add(39.0, "B", 1.0)]
    index = generator.integers(0, 3, COUNT)
    return parameters, schedules, index, _solve(model, parameters, schedules, index, 1)


def _solve(model, parameters, schedules, index, threads):
    return model.solve(parameters, TIMES, schedules, index, threads=threads)


def _pick(batch, chosen):
    parameters, schedules, index, _ = batch
    return {name: column[chosen] for name, column in parameters.items()}, schedules, index[chosen]


@given(st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=17), st.integers(1, 3))
@settings(max_examples=60)
def test_any_selection_in_any_order_by_any_threads(model, batch, chosen, threads):
    result = _solve(model, *_pick(batch, np.array(chosen)), threads)
    whole = batch[3]
    for name in ("values", "status", "steps", "rejected"):
        assert getattr(result, name).tobytes() == getattr(whole, name)[chosen].tobytes()


@pytest.mark.parametrize("size", range(1, 18))
def test_every_batch_size(model, batch, size):
    result = _solve(model, *_pick(batch, np.arange(size)), 1)
    assert result.values.tobytes() == batch[3].values[:size].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_permuted_whole_batch(model, batch, threads):
    order = np.random.default_rng(threads).permutation(COUNT)
    result = _solve(model, *_pick(batch, order), threads)
    assert result.values.tobytes() == batch[3].values[order].tobytes()


def test_the_batch_holds_failures_and_successes(batch):
    status = batch[3].status
    assert (status == 0).sum() > 30 and (status != 0).sum() >= 6
    assert np.isnan(batch[3].values[status != 0]).all()
    assert np.isfinite(batch[3].values[status == 0]).all()


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_vector_width_does_not_matter(sbml, batch, monkeypatch, width):
    """The code for other processors' vectors gives the same result."""
    from rpoint.engine import native

    monkeypatch.setattr(native, "lanes", lambda: width)
    other = compile_model(sbml(ANTIMONY), OUTPUTS, cache=False)
    result = _solve(other, *batch[:3], 1)
    np.testing.assert_array_equal(result.status, batch[3].status)
    np.testing.assert_allclose(result.values, batch[3].values, rtol=1e-9, atol=1e-12)


def test_very_small_numbers_cost_nothing(sbml):
    """A drug that decays for a year falls below the normal range; the control word is put back."""
    small = compile_model(sbml("x' = -x; x = 1; y' = x - y; y = 0"))
    result = small.solve({}, [5000.0], atol=1e-290, rtol=1e-4)
    assert result.ok.all() and np.abs(result.values).max() < 1e-200
    assert np.float64(1e-310) * 1.0 == 1e-310
