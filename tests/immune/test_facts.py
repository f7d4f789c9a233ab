"""Facts of the room: each with unit, source, grade and range, or refused."""

import pytest

from rpoint.errors import RpointError
from rpoint.facts import GRADES, read_facts
from rpoint.immune.facts import fact, facts, sources, values

GOOD = """
some_rate:
  value: 1.0
  unit: "1/d"
  source: rpoint_assumption
  grade: inferred
  range: [0.5, 2.0]
  note: "why"
"""


def test_every_fact_is_complete_and_its_source_is_listed():
    assert len(facts()) > 30
    for one in facts().values():
        assert one.unit and one.note and one.grade in GRADES and one.source in sources()
        assert one.range[0] <= one.value <= one.range[1] and one.range[0] < one.range[1]


def test_every_source_is_used():
    unused = set(sources()) - {one.source for one in facts().values()}
    assert unused <= {"kosinsky2018"}  # named in notes


@pytest.mark.parametrize("field", ["unit", "source", "grade", "range", "note", "value"])
def test_a_fact_without_a_field_is_refused(field):
    lines = [line for line in GOOD.splitlines() if not line.strip().startswith(f"{field}:")]
    with pytest.raises(RpointError, match="a fact has the fields"):
        read_facts("\n".join(lines), "test", sources())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("inferred", "certain", "grade of a fact"),
        ("rpoint_assumption", "somebody2020", "source of a fact"),
        ("value: 1.0", "value: 3.0", "inside its range"),
        ("[0.5, 2.0]", "[1.0, 1.0]", "inside its range"),
    ],
)
def test_a_fact_that_contradicts_itself_is_refused(old, new, message):
    assert read_facts(GOOD, "test", sources())["some_rate"].value == 1.0
    with pytest.raises(RpointError, match=message):
        read_facts(GOOD.replace(old, new), "test", sources())


def test_values_can_be_replaced_inside_their_range_only():
    assert values({"fitness_cv": 0.5})["fitness_cv"] == 0.5
    assert values()["fitness_cv"] == fact("fitness_cv")
    with pytest.raises(RpointError, match="outside its range"):
        values({"fitness_cv": 50.0})
    with pytest.raises(RpointError, match="fitness_cv"):
        values({"fitnes_cv": 0.5})
    with pytest.raises(RpointError, match="fitness_cv"):
        fact("fitnes_cv")
