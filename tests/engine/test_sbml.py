"""What SBML means: each construct against libRoadRunner; what is not supported is refused."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.engine import compile_model
from rpoint.engine.oracles import roadrunner_run, scipy_run
from rpoint.errors import RpointError

pytestmark = pytest.mark.oracle
TIMES = np.array([0.0, 0.5, 2.0, 7.0])

MODELS = {
    "amounts and concentrations": ("""
        compartment a = 2.5; compartment b = 0.4
        substanceOnly species X in a = 3; species Y in b = 2; species Z in a; Z = 1
        J1: X -> Y; k1*X; J2: Y -> Z; k2*Y*b; J3: 2 Z -> ; k3*Z^2*a
        k1 = 0.7; k2 = 0.3; k3 = 0.2
    """, {"a": 3.5, "k2": 0.9}),
    "boundary and constant species": ("""
        compartment c = 1; species $S in c = 4; const species E in c = 2; species P in c = 0
        S -> P; k*S*E; P -> ; P; k = 0.3
    """, {"k": 0.6}),
    "initial assignments of everything": ("""
        compartment c = 1; species A in c = 2; species B in c; species C in c
        half = 3; k = ln(2)/half; B = 2*A + k; total = A + B; C = total/4
        A -> C; k*A; B -> C; k*B*total/(total + C)
    """, {"half": 1.2}),
    "assignment and rate rules": ("""
        compartment c = 1; species A in c = 2; species $R in c; R = 1
        q' = A - q; q = 0.25; R' = 0.1*A; s := (A + q)^2/(1 + A); w := s + sqrt(s)
        A -> ; k*A/w; k = 2
    """, {"k": 1.1}),
    "function definitions": ("""
        function hill(x, K, n); x^n/(K^n + x^n); end
        function twice(x); 2*hill(x, 1, 1); end
        model m()
        compartment c = 1; species A in c = 2; species B in c = 0.1
        A -> B; v*hill(A, K, n); B -> A; twice(B); v = 2; K = 0.7; n = 2.6
        end
    """, {"n": 3.4, "K": 1.1}),
    "piecewise laws": ("""
        compartment c = 1; species A in c = 2; species B in c = 0.1
        A -> B; piecewise(k, A > 1.2 && B < 3, 0.5*k, A > 0.6, 0.1)*A; k = 0.4
        B -> ; max(min(B, 0.5), 0.01)*abs(sin0 - B); sin0 = 0.2
    """, {"k": 0.9}),
    "stoichiometries": ("""
        compartment c = 1; species A in c = 5; species B in c = 0
        J: 3 A -> 1.5 B; k*A^3; J2: A + A -> B + A; 0.1*A; k = 0.01
    """, {"k": 0.02}),
    "reaction rates in formulas": ("""
        compartment c = 1; species A in c = 5; species B in c = 0; flow := J; f' = J - f; f = 0
        J: A -> B; k*A; k = 0.3
    """, {"k": 0.5}),
    "explicit time": ("""
        compartment c = 1; species A in c = 1
        A -> ; k*A*exp(-time/5); -> A; time/(1 + time); k = 1
    """, {"k": 2.0}),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_construct(sbml, name):
    text, parameters = MODELS[name]
    document = sbml(text)
    model = compile_model(document)
    for given in ({}, parameters):
        ours = model.solve(given, TIMES, rtol=1e-9, atol=1e-12)
        assert ours.ok.all()
        for reference in (roadrunner_run, scipy_run):
            known = reference(document, list(model.states), TIMES, parameters=given)
            np.testing.assert_allclose(ours.values[0], known, rtol=1e-6, atol=1e-9,
                                       err_msg=reference.__name__)


def test_local_parameters():
    text = """<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4">
      <model><listOfCompartments><compartment id="c" size="1"/></listOfCompartments>
      <listOfSpecies><species id="A" compartment="c" initialConcentration="2"/></listOfSpecies>
      <listOfParameters><parameter id="k" value="9"/></listOfParameters>
      <listOfReactions><reaction id="J" reversible="false"><listOfReactants>
        <speciesReference species="A"/></listOfReactants>
        <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>k</ci>
        <ci>A</ci></apply></math><listOfParameters><parameter id="k" value="0.5"/>
        </listOfParameters></kineticLaw></reaction></listOfReactions></model></sbml>"""
    model = compile_model(text)
    assert model.parameters == ("c", "k", "J_k") or set(model.parameters) >= {"k", "J_k"}
    x = model.solve({}, [2.0], rtol=1e-9, atol=1e-12)["A"][0, 0]
    assert x == pytest.approx(2 * np.exp(-1.0), rel=1e-7)
    assert model.solve({"J_k": 0.0}, [2.0])["A"][0, 0] == 2.0


def test_defaults_and_names(sbml):
    model = compile_model(sbml("A -> ; k*A; k = 0.25; compartment c = 1; species A in c = 1"))
    assert model.states == ("A",) and model.observables == ("A",)
    assert "k" in model.parameters and model.default("k") == 0.25
    assert len(model.hash) == 64 and "1 states" in repr(model)


REFUSED = {
    "events": "x' = -x; x = 1; at time > 1: x = 2",
    "a compartment whose size changes": "compartment c; c' = 0.1; c = 1; species A in c = 1",
    "delay()": "x' = -delay(x, 1); x = 1",
    "the function 'sin'": "x' = sin(time); x = 0",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_by_name(sbml, what):
    with pytest.raises(RpointError) as caught:
        compile_model(sbml(REFUSED[what]))
    assert what in str(caught.value)


def test_algebraic_rule_is_refused():
    text = """<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">
      <model><listOfParameters><parameter id="x" value="1" constant="false"/></listOfParameters>
      <listOfRules><algebraicRule><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><minus/>
      <ci>x</ci><cn>1</cn></apply></math></algebraicRule></listOfRules></model></sbml>"""
    with pytest.raises(RpointError, match="algebraic rule"):
        compile_model(text)


@pytest.mark.parametrize("text", [
    "<sbml", "<sbml></sbml>", "<sbml " + "x" * 1_000_000,
    '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"/>',
    '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model>'
    '<listOfRules><rateRule variable="nobody"><math xmlns="http://www.w3.org/1998/Math/MathML">'
    "<cn>1</cn></math></rateRule></listOfRules></model></sbml>",
])  # fmt: skip
def test_broken_documents(text):
    with pytest.raises(RpointError) as caught:
        compile_model(text)
    assert len(str(caught.value)) < 2000


def test_missing_file_and_unknown_observable(sbml):
    with pytest.raises(RpointError, match="no such SBML file"):
        compile_model("nowhere/model.xml")
    with pytest.raises(RpointError, match="nearest: tumour"):
        compile_model(sbml("tumour' = 0; tumour = 1"), ["tumor"])


def test_definitions_in_a_circle():
    parameter = '<parameter id="{}" constant="false"/>'
    rule = ('<assignmentRule variable="{}"><math xmlns="http://www.w3.org/1998/Math/MathML">'
            "<ci>{}</ci></math></assignmentRule>")
    text = ('<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">'
            f"<model><listOfParameters>{parameter.format('a')}{parameter.format('b')}"
            f"</listOfParameters><listOfRules>{rule.format('a', 'b')}{rule.format('b', 'a')}"
            "</listOfRules></model></sbml>")
    with pytest.raises(RpointError, match=r"valid SBML|defined by each other"):
        compile_model(text)


def test_a_path_is_read(sbml, tmp_path):
    path = tmp_path / "model.xml"
    path.write_text(sbml("x' = 1; x = 0"), encoding="utf-8")
    assert compile_model(path).solve({}, [2.0])["x"][0, 0] == pytest.approx(2.0)
    assert compile_model(str(path)).hash == compile_model(path.read_text(encoding="utf-8")).hash


def test_a_formula_that_is_nested_too_deeply(sbml):
    text = sbml("x' = 1; x = 0; w := 2")
    nested = "<apply><exp/>" * 3000 + "<cn> 1 </cn>" + "</apply>" * 3000
    start = text.index("<math", text.index("assignmentRule"))
    inner = text.index(">", start) + 1
    end = text.index("</math>", inner)
    with pytest.raises(RpointError, match=r"nested too deeply|valid SBML"):
        compile_model(text[:inner] + nested + text[end:])


def test_a_model_that_is_too_large(sbml, monkeypatch):
    monkeypatch.setattr("rpoint.engine.build.MAX_ELIMINATION", 10)
    names = [f"x{i}" for i in range(5)]
    rules = "; ".join(f"{n}' = -{n}*({' + '.join(names)}); {n} = 1" for n in names)
    with pytest.raises(RpointError, match="too large"):
        compile_model(sbml(rules), cache=False)
