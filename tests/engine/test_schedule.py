"""Doses and switches: exact times, order, and what an output at the same time shows."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from rpoint.engine import Schedule, compile_model
from rpoint.errors import RpointError

TIGHT = {"rtol": 1e-10, "atol": 1e-13}


@pytest.fixture(scope="module")
def decay(sbml):
    """x' = s - k x"""
    return compile_model(sbml("x' = s - k*x; x = 1; k = 0.5; s = 0; w := x*k"), ["x", "w"])


def test_bolus_doses_are_delivered_in_full(sbml):
    model = compile_model(sbml("gut' = -gut; gone' = gut; gut = 0; gone = 0"))
    schedule = Schedule()
    for day in range(20):
        schedule = schedule.add(24.0 * day + 8.0, "gut", 125.0)
    result = model.solve({}, [2000.0], schedule)
    assert result.values[0, 0].sum() == pytest.approx(20 * 125.0, rel=1e-12)


def test_set_takes_effect_at_its_time(decay):
    schedule = Schedule().set(2.0, "k", 0.0).set(3.0, "s", 4.0).set(5.0, "s", 0.0)
    x = decay.solve({}, [1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 9.0], schedule, **TIGHT)["x"][0]
    end = np.exp(-1.0)
    known = [np.exp(-0.5), end, end, end, end + 4, end + 8, end + 8]
    np.testing.assert_allclose(x, known, rtol=1e-9)


def test_output_at_a_change_shows_the_state_before_it(decay):
    schedule = Schedule().add(0.0, "x", 9.0).add(1.0, "x", 5.0).set(1.0, "k", 7.0)
    result = decay.solve({}, [0.0, 1.0], schedule, **TIGHT)
    np.testing.assert_allclose(result["x"][0], [1.0, 10 * np.exp(-0.5)], rtol=1e-9)
    np.testing.assert_allclose(result["w"][0], 0.5 * result["x"][0], rtol=1e-12)


def test_changes_at_one_time_keep_their_order(decay):
    late = Schedule().set(1.0, "k", 2.0).set(1.0, "k", 0.0)
    early = Schedule().set(1.0, "k", 0.0).set(1.0, "k", 2.0)
    result = decay.solve({}, [2.0], [late, early], [0, 1], **TIGHT)
    start = np.exp(-0.5)
    np.testing.assert_allclose(result["x"][:, 0], [start, start * np.exp(-2.0)], rtol=1e-9)


def test_order_of_entry_at_different_times_does_not_matter(decay):
    a = Schedule().add(3.0, "x", 1.0).set(1.0, "k", 0.1)
    b = Schedule().set(1.0, "k", 0.1).add(3.0, "x", 1.0)
    assert a == b and hash(a) == hash(b)
    assert len(a) == 2 and repr(a) == "Schedule(2 changes, 1 to 3 h)"


def test_a_schedule_never_changes():
    empty = Schedule()
    assert len(empty.add(1.0, "x", 2.0)) == 1 and len(empty) == 0
    with pytest.raises(AttributeError, match="cannot be changed"):
        empty.changes = ()


def test_changes_after_the_end_do_nothing(decay):
    plain = decay.solve({}, [4.0])
    late = decay.solve({}, [4.0], Schedule().add(4.0, "x", 1e6).set(99.0, "k", 5.0))
    assert plain.values.tobytes() == late.values.tobytes()


def test_empty_schedule_and_none_are_the_same(decay):
    plain = decay.solve({"k": [1.0, 2.0]}, [1.0, 4.0])
    empty = decay.solve({"k": [1.0, 2.0]}, [1.0, 4.0], Schedule())
    assert plain.values.tobytes() == empty.values.tobytes()


def test_each_patient_follows_its_own_schedule(decay):
    schedules = [Schedule(), Schedule().add(1.0, "x", 1.0), Schedule().set(1.0, "k", 0.0)]
    index = [2, 0, 1, 1, 0, 2, 0]
    mixed = decay.solve({}, [3.0], schedules, index)
    for i, s in enumerate(index):
        alone = decay.solve({}, [3.0], schedules[s])
        assert mixed.values[i].tobytes() == alone.values[0].tobytes()


def test_start_at_another_time(decay):
    schedule = Schedule().add(-10.0, "x", 1.0).set(0.0, "k", 0.0)
    x = decay.solve({}, [-10.0, 0.0, 5.0], schedule, t_start=-10.0, **TIGHT)["x"][0]
    np.testing.assert_allclose(x, [1.0, 2 * np.exp(-5.0), 2 * np.exp(-5.0)], rtol=1e-9)


def test_outputs_only_at_the_start(decay):
    result = decay.solve({"k": [1.0, 2.0, 3.0]}, [0.0, 0.0])
    np.testing.assert_array_equal(result["x"], 1.0)
    np.testing.assert_array_equal(result["w"][:, 0], [1.0, 2.0, 3.0])
    assert result.ok.all() and result.steps.max() == 0


def test_no_outputs_and_no_patients(decay):
    assert decay.solve({}, []).values.shape == (1, 0, 2)
    none = decay.solve({"k": []}, [1.0])
    assert none.values.shape == (0, 1, 2) and none.status.shape == (0,)


def test_repeated_output_times(decay):
    x = decay.solve({}, [0.0, 1.0, 1.0, 1.0, 2.0])["x"][0]
    assert x[1] == x[2] == x[3] and x[4] < x[3]


def test_initial_values_by_patient(decay):
    result = decay.solve({"k": 0.0}, [1.0], initial={"x": [3.0, np.nan]}, schedule_index=[0, 0])
    np.testing.assert_allclose(result["x"][:, 0], [3.0, 1.0])


@pytest.mark.parametrize(("call", "text"), [
    (lambda m: m.solve({"kk": 1.0}, [1.0]), "nearest: k"),
    (lambda m: m.solve({}, [1.0], Schedule().set(0, "y", 1)), "parameter to set"),
    (lambda m: m.solve({}, [1.0], Schedule().add(0, "k", 1)), "state to add to"),
    (lambda m: m.solve({}, [1.0], Schedule().add(-1, "x", 1)), "before the start"),
    (lambda m: Schedule().add(np.nan, "x", 1), "finite"),
    (lambda m: m.solve({}, [2.0, 1.0]), "ascending"),
    (lambda m: m.solve({}, [-1.0]), "not before the start"),
    (lambda m: m.solve({}, [1.0], [Schedule(), Schedule()]), "schedule_index"),
    (lambda m: m.solve({}, [1.0], [Schedule()], [1]), "one of the schedules"),
    (lambda m: m.solve({"k": [1, 2]}, [1.0], [Schedule()], [0]), "different lengths"),
    (lambda m: m.solve({"k": [1, 2], "s": [1, 2, 3]}, [1.0]), "one length"),
    (lambda m: m.solve(np.zeros((3, 9)), [1.0]), "wrong shape"),
    (lambda m: m.solve({}, [1.0], initial={"q": 1.0}), "state"),
    (lambda m: m.solve({}, [1.0], initial=np.zeros(5)), "wrong shape"),
    (lambda m: m.solve({}, [1.0], rtol=-1.0), "positive"),
    (lambda m: m.solve({}, [1.0], threads=0), "at least 1"),
    (lambda m: m.solve({}, [1.0])["q"], "observable"),
    (lambda m: m.default("q"), "parameter"),
])  # fmt: skip
def test_wrong_calls_say_what_is_wrong(decay, call, text):
    with pytest.raises(RpointError, match=text):
        call(decay)


def test_schedules_travel_and_join(decay):
    a, b = Schedule().add(5.0, "x", 1.0), Schedule().set(1.0, "k", 0.1).add(5.0, "x", 2.0)
    assert pickle.loads(pickle.dumps(a)) == a
    both = a + b
    assert [c[0] for c in both.changes] == [1.0, 5.0, 5.0] and both.changes[1][3] == 1.0
    copy = pickle.loads(pickle.dumps(decay))
    results = [m.solve({}, [9.0], both).values.tobytes() for m in (copy, decay)]
    assert results[0] == results[1]


def test_results_as_a_table(decay):
    frame = decay.solve({"k": [0.0, 1.0]}, [0.0, 1.0, 2.0]).to_frame()
    assert list(frame.columns) == ["patient", "time", "x", "w"] and len(frame) == 6
    assert frame["patient"].tolist() == [0, 0, 0, 1, 1, 1]
    assert frame["time"].tolist() == [0.0, 1.0, 2.0] * 2
