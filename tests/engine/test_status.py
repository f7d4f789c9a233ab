"""A run that fails says how, and the batch goes on."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.engine import Schedule, Status, compile_model

POLE = (Status.BLOW_UP, Status.STEP_COLLAPSE)


@pytest.fixture(scope="module")
def growth(sbml):
    """x' = a + b x + c x^2"""
    return compile_model(sbml("x' = a + b*x + c*x^2; x = 1; a = 0; b = 0; c = 0"))


def test_infinite_in_finite_time(growth):
    result = growth.solve({"c": [0.0, 1.0, 0.0]}, [0.5, 2.0])
    assert result.status[1] in POLE and (result.status[[0, 2]] == Status.OK).all()
    assert np.isnan(result.values[1]).all() and (result.values[[0, 2]] == 1.0).all()
    assert Status(result.status[1]).name in result.advice(1) and "infinity" in result.advice(1)


def test_growth_without_limit(growth):
    result = growth.solve({"b": [1.0, 0.1]}, [1000.0])
    assert result.status.tolist() == [Status.BLOW_UP, Status.OK]
    assert result["x"][1, 0] == pytest.approx(np.exp(100.0), rel=1e-3)


def test_missing_number(growth):
    result = growth.solve({"a": [np.nan, 1.0, np.inf]}, [1.0])
    assert result.status.tolist() == [Status.NAN, Status.OK, Status.NAN]
    assert "not a number" in result.advice(0)


def test_too_many_steps(growth):
    result = growth.solve({"b": [-1.0, 0.0]}, [100.0], max_steps=3)
    assert result.status[0] == Status.MAX_STEPS and result.steps[0] == 3
    assert "max_steps" in result.advice(0)


def test_division_by_zero_midway(sbml):
    model = compile_model(sbml("x' = 1/(1 - y); y' = 1; x = 0; y = 0"))
    result = model.solve({}, [0.5, 2.0])
    assert result.status[0] in (Status.STEP_COLLAPSE, Status.NAN)


def test_logarithm_of_a_negative_number(sbml):
    model = compile_model(sbml("x' = ln(y); y' = -1; x = 0; y = 1"))
    assert model.solve({}, [0.5, 2.0]).status[0] in (Status.NAN, Status.STEP_COLLAPSE)


def test_a_zero_pivot_is_stepped_round(sbml):
    """x' = b x with b > 0: at h = 1/(gamma b) the pivot is zero; the step must be another one."""
    model = compile_model(sbml("x' = b*x; x = 1; b = 1"))
    b = np.geomspace(1e-3, 1e3, 40)
    result = model.solve({"b": b}, [0.1], rtol=1e-3, atol=1e-3)
    assert result.ok.all()
    np.testing.assert_allclose(result["x"][:, 0], np.exp(0.1 * b), rtol=0.2)


def test_every_status_has_advice():
    assert all(status.advice for status in Status)


def test_failure_after_a_change(growth):
    result = growth.solve({}, [1.0, 5.0], Schedule().set(2.0, "c", 5.0))
    assert result.status[0] in POLE


def test_interrupted_batch_stops(growth, monkeypatch):
    from rpoint.engine.batch import Batch

    original = Batch._drive

    def interrupted(self, kernel):
        self.cancel[0] = 1
        original(self, kernel)

    monkeypatch.setattr(Batch, "_drive", interrupted)
    result = growth.solve({"b": [-1.0] * 9}, [10.0])
    assert set(result.status) == {Status.CANCELLED}
