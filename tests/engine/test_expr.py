"""The expression graph: sharing, simplification and derivatives."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpoint.engine.expr import Graph
from rpoint.engine.oracles import python_function


def test_equal_expressions_are_one_node():
    g = Graph()
    a, b = g.y(0), g.p(0)
    assert g.mul(a, b) == g.mul(b, a)
    assert g.add([(1, a), (2, b)]) == g.add([(2, b), (1, a)])


def test_simplification():
    g = Graph()
    x, zero, one = g.y(0), g.const(0.0), g.const(1.0)
    assert g.mul(x, zero) == zero and g.mul(x, one) == x
    assert g.sub(x, x) == zero and g.add([(1, x), (1, zero)]) == x
    assert g.mul(x, g.inv(x)) == one and g.inv(g.inv(x)) == x
    assert g.pow(x, one) == x and g.pow(x, zero) == one
    assert g.pow(x, g.const(0.5)) == g.sqrt(x)
    assert g.select(g.compare("lt", x, one), x, x) == x


def test_parameters_are_gathered():
    """k1*x*k2 keeps k1*k2 as one node, so that it can be computed once per patient."""
    g = Graph()
    product = g.mul(g.p(0), g.y(0), g.p(1))
    assert g.mul(g.p(0), g.p(1)) in g.children(product)


NAMES = ("y0", "y1", "p0", "t")


def _leaf(g: Graph, name: str) -> int:
    return {"y0": g.y(0), "y1": g.y(1), "p0": g.p(0), "t": g.time()}[name]


trees = st.recursive(
    st.sampled_from(NAMES) | st.floats(0.2, 3).map(lambda v: round(v, 3)),
    lambda inner: st.tuples(st.sampled_from("+-*/^esla?"), inner, inner),
    max_leaves=12,
)


def _build(g: Graph, tree) -> int:
    if isinstance(tree, str):
        return _leaf(g, tree)
    if isinstance(tree, float):
        return g.const(tree)
    kind, a, b = tree[0], _build(g, tree[1]), _build(g, tree[2])
    positive = g.add([(1, g.mul(a, a))], 0.5)
    return {
        "+": lambda: g.add([(1, a), (1, b)]), "-": lambda: g.sub(a, b), "*": lambda: g.mul(a, b),
        "/": lambda: g.div(b, positive),
        "^": lambda: g.pow(positive, g.inv(g.add([(1, g.mul(b, b))], 1.0))),
        "e": lambda: g.exp(g.neg(positive)), "s": lambda: g.sqrt(positive),
        "l": lambda: g.log(positive), "a": lambda: g.pow(positive, g.const(1.7)),
        "?": lambda: g.select(g.compare("lt", a, b), g.mul(a, b), g.add([(2, a)])),
    }[kind]()  # fmt: skip


def _evaluate(tree, v: dict) -> float:
    if isinstance(tree, str):
        return v[tree]
    if isinstance(tree, float):
        return tree
    kind, a, b = tree[0], _evaluate(tree[1], v), _evaluate(tree[2], v)
    positive = a * a + 0.5
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: b / positive,
            "^": lambda: positive ** (1 / (b * b + 1)), "e": lambda: math.exp(-positive),
            "s": lambda: math.sqrt(positive), "l": lambda: math.log(positive),
            "a": lambda: positive**1.7, "?": lambda: a * b if a < b else 2 * a}[kind]()


POINT = {"y0": 0.7, "y1": 1.3, "p0": 0.9, "t": 1.9}


@given(trees)
def test_value_of_any_expression(tree):
    g = Graph()
    node = _build(g, tree)
    (ours,) = python_function(g, [node])([POINT["y0"], POINT["y1"]], [POINT["p0"]], POINT["t"])
    assert ours == pytest.approx(_evaluate(tree, POINT), rel=1e-9, abs=1e-9)


@given(trees, st.sampled_from(["y0", "y1", "t"]))
def test_derivative_of_any_expression(tree, name):
    g = Graph()
    node = _build(g, tree)
    slope = g.dtime(node) if name == "t" else g.gradient(node).get(int(name[1]), g.const(0.0))
    (ours,) = python_function(g, [slope])([POINT["y0"], POINT["y1"]], [POINT["p0"]], POINT["t"])
    h = 1e-5
    up, down = ({**POINT, name: POINT[name] + s * h} for s in (1, -1))
    numeric = (_evaluate(tree, up) - _evaluate(tree, down)) / (2 * h)
    if abs(numeric) < 1e6:
        assert ours == pytest.approx(numeric, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("power", [1.0, 2.3, 40.0, 95.5])
@pytest.mark.parametrize("x", [1e-3, 0.2, 300.0])
def test_slope_of_a_steep_hill_function(power, x):
    """x**n/(K**n + x**n) with values of x**n down to 1e-280 and up to 1e230."""
    g = Graph()
    raised = g.pow(g.y(0), g.p(0))
    hill = g.div(raised, g.add([(1, raised), (1, g.pow(g.p(1), g.p(0)))]))
    (slope,) = python_function(g, [g.gradient(hill)[0]])([x], [power, 0.1], 0.0)
    ratio = math.exp(-abs(power * math.log(x / 0.1)))  # the slope is even in log(x/K)
    assert slope == pytest.approx(power / x * ratio / (1 + ratio) ** 2, abs=1e-14 * power / x)
