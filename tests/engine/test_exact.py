"""Models whose solution is known."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.engine import compile_model

TIGHT = {"rtol": 1e-10, "atol": 1e-13}


def test_decay_of_many_patients(sbml):
    model = compile_model(sbml("x' = -k*x; x = 3; k = 0.2"))
    k = np.linspace(0.0, 2.0, 23)
    t = np.array([0.0, 0.5, 1.0, 7.25, 30.0])
    result = model.solve({"k": k}, t, **TIGHT)
    assert result.ok.all()
    np.testing.assert_allclose(result["x"], 3 * np.exp(-np.outer(k, t)), rtol=1e-8, atol=1e-11)


def test_error_follows_the_tolerance(sbml):
    model = compile_model(sbml("x' = y; y' = -x; x = 1; y = 0"))
    errors = []
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        x = model.solve({}, [10.0], rtol=rtol, atol=rtol)["x"][0, 0]
        errors.append(abs(x - np.cos(10.0)))
    assert all(e < 30 * r for e, r in zip(errors, (1e-4, 1e-6, 1e-8, 1e-10), strict=True))


def test_dense_output_is_of_order_four(sbml):
    """Between steps the error falls about 2**5-fold when the step is halved (order 4 or more)."""
    model = compile_model(sbml("x' = y; y' = -x; x = 1; y = 0"))
    t = np.linspace(0.0, 6.0, 601)
    few = model.solve({}, t, rtol=1e-6, atol=1e-6)
    many = model.solve({}, t, rtol=1e-9, atol=1e-9)
    error = [np.abs(r["x"][0] - np.cos(t)).max() for r in (few, many)]
    order = np.log(error[0] / error[1]) / np.log(many.steps[0] / few.steps[0])
    assert order > 3.7
    assert few.steps[0] < 60, "output times must not shorten the steps"


def test_outputs_do_not_change_the_steps(sbml):
    model = compile_model(sbml("x' = -x; x = 1"))
    one = model.solve({}, [8.0])
    many = model.solve({}, np.linspace(0, 8, 200))
    assert one.steps[0] == many.steps[0]
    assert one["x"][0, -1] == many["x"][0, -1]


def test_time_in_a_rate(sbml):
    model = compile_model(sbml("x' = a*cos_like; cos_like := 1 - 3*time^2; x = 0; a = 2"))
    t = np.array([0.1, 0.7, 2.0])
    x = model.solve({"a": [2.0, -1.0]}, t, **TIGHT)["x"]
    np.testing.assert_allclose(x, np.outer([2.0, -1.0], t - t**3), rtol=1e-9)


def test_stiff_problem_that_follows_time(sbml):
    """Prothero and Robinson (1974): x' = -1e6 (x - g(t)) + g'(t) has the solution g(t)."""
    model = compile_model(sbml("g := exp(-time); x' = -1e6*(x - g) - g; x = 1"))
    t = np.linspace(0, 3, 7)
    result = model.solve({}, t, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(result["x"][0], np.exp(-t), rtol=1e-6)
    assert result.steps[0] < 1000


def test_robertson(sbml):
    """Robertson's kinetics over eleven decades; values of CVODE's documentation (cvRoberts)."""
    model = compile_model(sbml("""
        A -> B; 0.04*A
        B -> A; 1e4*B*C
        2 B -> B + C; 3e7*B^2
        compartment v = 1; species A in v = 1; species B in v = 0; species C in v = 0
    """))
    t = [0.4, 4.0, 40.0, 4e2, 4e3]
    result = model.solve({}, t, rtol=1e-9, atol=1e-14)
    known = [[0.98517, 3.3864e-5, 0.014794], [0.90553, 2.2405e-5, 0.094452],
             [0.71583, 9.1851e-6, 0.28416], [0.45052, 3.2229e-6, 0.54947],
             [0.18320, 8.9423e-7, 0.81680]]  # fmt: skip
    np.testing.assert_allclose(result.values[0], known, rtol=1e-3)
    np.testing.assert_allclose(result.values[0].sum(axis=1), 1.0, rtol=1e-12)


def test_conserved_moieties_stay_conserved(sbml):
    """Fast binding with a singular Jacobian, over a time in which the step grows freely."""
    model = compile_model(sbml("""
        A + B -> AB; kon*A*B - koff*AB; AB + C -> ABC; kon*AB*C - koff*ABC
        compartment v = 1
        species A in v = 10; species B in v = 7; species C in v = 3
        species AB in v; species ABC in v
        AB = 0; ABC = 0; kon = 3e4; koff = 2e3
    """))
    result = model.solve({"kon": np.geomspace(1e2, 1e5, 13)}, [0.0, 1e-3, 1.0, 600.0, 1e5])
    assert result.ok.all()
    for members, total in ((("A", "AB", "ABC"), 10), (("B", "AB", "ABC"), 7), (("C", "ABC"), 3)):
        held = sum(result[name] for name in members)
        np.testing.assert_allclose(held, total, rtol=1e-11)
    assert result.steps.max() < 120


def test_fractional_powers_from_zero(sbml):
    """x' = c x**n with n between 0 and 1 has a rate without a finite slope at zero."""
    model = compile_model(sbml("x' = 1 - k*x^n; x = 0; k = 1; n = 0.5"))
    result = model.solve({"n": [0.5, 0.37, 1.0, 2.0, 2.37]}, [0.3, 50.0], **TIGHT)
    assert result.ok.all()
    np.testing.assert_allclose(result["x"][:, 1], 1.0, rtol=1e-6)
    root = model.solve({"n": 0.5, "k": 0.0}, [0.3], **TIGHT)["x"][0, 0]
    assert root == pytest.approx(0.3, rel=1e-12)


FORMULAS = [
    ("exp(-3.7)", np.exp(-3.7)), ("ln(z)", np.log(0.37)), ("log10(z)", np.log10(0.37)),
    ("sqrt(z)", np.sqrt(0.37)), ("z^2.37", 0.37**2.37), ("z^-1.5", 0.37**-1.5), ("z^5", 0.37**5),
    ("abs(-z)", 0.37), ("min(z, 0.2, 3)", 0.2), ("max(z, 0.2)", 0.37), ("floor(7*z)", 2.0),
    ("ceil(7*z)", 3.0), ("tanh(z)", np.tanh(0.37)), ("sinh(z)", np.sinh(0.37)),
    ("cosh(z)", np.cosh(0.37)), ("piecewise(1, z > 1, 2, z > 0.3, 3)", 2.0),
    ("piecewise(1, z >= 0.37 && z <= 0.37, 3)", 1.0), ("piecewise(1, !(z < 1) || z == 2, 3)", 3.0),
    ("zero^2.5", 0.0), ("zero^0", 1.0), ("(zero - 1e-30)^2.5", 0.0), ("(-z)^two", 0.37**2),
    ("(-z)^(two + 1)", -(0.37**3)), ("exp(-1e4)", 0.0), ("ln(1)", 0.0), ("pi", np.pi),
    ("root(3, z)", 0.37 ** (1 / 3)),
]  # fmt: skip


@pytest.fixture(scope="module")
def formulas(sbml):
    """One model with all formulas, each an observable."""
    rules = "; ".join(f"w{i} := {formula} + 0*x" for i, (formula, _) in enumerate(FORMULAS))
    names = [f"w{i}" for i in range(len(FORMULAS))]
    text = f"x' = 0*z; x = 0; {rules}; z = 0.37; zero = 0; two = 2"
    return compile_model(sbml(text), names).solve({}, [1.0]).values[0, 0]


@pytest.mark.parametrize("number", range(len(FORMULAS)), ids=[f for f, _ in FORMULAS])
def test_functions(formulas, number):
    assert formulas[number] == pytest.approx(FORMULAS[number][1], rel=3e-15, abs=1e-300)


def test_vector_functions_over_their_range(sbml):
    text = "x' = 0; x = 0; a := exp(u) + 0*x; b := ln(v) + 0*x; c := v^e + 0*x; u = 0; v = 1; e = 1"
    model = compile_model(sbml(text), ["a", "b", "c"])
    generator = np.random.default_rng(5)
    u, v, e = (generator.uniform(lo, hi, 4001) for lo, hi in ((-700, 700), (-300, 300), (-3, 3)))
    v = np.exp(v / 2)
    run = model.solve({"u": u, "v": v, "e": e}, [0.0])
    np.testing.assert_allclose(run["a"][:, 0], np.exp(u), rtol=2e-15)
    np.testing.assert_allclose(run["b"][:, 0], np.log(v), rtol=2e-15, atol=1e-16)
    np.testing.assert_allclose(run["c"][:, 0], v**e, rtol=2e-13)


def test_observables_of_every_kind(sbml):
    model = compile_model(sbml("""
        J: S -> P; k*S; compartment c = 1; species S in c = 2; species P in c = 0
        k = 0.5; total := S + P; share := P/total
    """), ["share", "total", "k", "J", "S", "time"])
    result = model.solve({"k": [0.5, 1.0]}, [0.0, 2.0], **TIGHT)
    s = 2 * np.exp(-np.array([0.5, 1.0]) * 2)
    np.testing.assert_allclose(result["total"], 2.0, rtol=1e-12)
    np.testing.assert_allclose(result["share"][:, 1], 1 - s / 2, rtol=1e-8)
    np.testing.assert_allclose(result["J"][:, 1], [0.5, 1.0] * s, rtol=1e-8)
    np.testing.assert_array_equal(result["k"][:, 0], [0.5, 1.0])
    np.testing.assert_array_equal(result["time"][0], [0.0, 2.0])
