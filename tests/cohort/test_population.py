"""Populations: from a trial file's words to types, conditions and numbers; what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rpoint.cohort import Population
from rpoint.cohort.population import Population as Same
from rpoint.errors import RpointError


def test_weights_become_shares_and_solid_the_case_mix():
    found = Population({"HR+ breast": 1, "lung": 3}).types
    assert found == {"breast": 0.25, "lung": 0.75}
    mixed = Population({"solid": 1}).types
    assert len(mixed) == 36 and sum(mixed.values()) == pytest.approx(1)
    both = Population({"solid": 1, "glioma": 1}).types
    assert both["glioma"] == pytest.approx(0.5)
    assert Population({"lung": 1, "breast": 0}).types == {"lung": 1.0}


def test_a_single_text_is_one_condition():
    assert Population(require="TP53:wt").require == ("TP53:wt",)


def test_the_population_of_a_mapping_or_of_an_object():
    words = {
        "tumours": {"breast": 1}, "line": 2, "require": ["PIK3CA:mut"], "central_missing": 0.1,
        "frequencies": {"ESR1:mut": 0.3}, "prior": "palbociclib 125 mg qd 21/28",
        "growth": {"doubling_time_d": 80, "cv": None}, "measurable": "required",
    }  # fmt: skip
    found = Population.of(words)
    assert found.line == 2 and found.require == ("PIK3CA:mut",) and found.doubling_time_d == 80
    thing = SimpleNamespace(**{**words, "growth": SimpleNamespace(doubling_time_d=80, cv=0.4)})
    assert Population.of(thing).growth_cv == 0.4
    assert Population.of(found) == found and Same is Population


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"tumours": {}}, "weight above 0"),
        ({"tumours": {"breast": -1}}, "0 to"),
        ({"tumours": {"breast": "much"}}, "out of range"),
        ({"tumours": {"brest": 1}}, "nearest: breast"),
        ({"line": 0}, "line"),
        ({"line": True}, "line"),
        ({"setting": "metastases"}, "nearest: metastasis"),
        ({"tumours": {"lung": 1}, "setting": "after CDK4/6i"}, "breast cancer alone"),
        ({"require": ("TPP53:wt",)}, "population.require"),
        ({"exclude": ("RB1:lost",)}, "population.exclude"),
        ({"central": ("MDM2:cn=8",)}, "population.central"),
        ({"central_missing": 1.5}, "central_missing"),
        ({"local_error": -0.1}, "local_error"),
        ({"frequencies": {"ESR1:mut": 2}}, "ESR1:mut"),
        ({"frequencies": {"ESR1:wt": 0.2}}, "one alteration"),
        ({"frequencies": {"CDK2:ko": 0.2}}, "alteration with a frequency"),
        ({"doubling_time_d": 0}, "doubling_time_d"),
        ({"growth_cv": float("nan")}, "growth_cv"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(words, says):
    with pytest.raises(RpointError) as caught:
        Population(**words)
    assert says in str(caught.value)


def test_too_many_conditions_are_refused():
    from rpoint.cohort import draw_cohort

    every = "TP53|RB1|CDKN2A|PIK3CA|AKT1|PTEN|KRAS|NRAS|NF1|ERBB2|ESR1:altered"
    with pytest.raises(RpointError, match="too many alterations"):
        draw_cohort(Population(require=(every,)), 3, 1)
