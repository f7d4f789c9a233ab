"""Every number about blood has unit, source, grade and range; draws stay inside their ranges."""

from __future__ import annotations

import numpy as np
import pytest

from rpoint.blood import central, draw_parameters, fact, facts, risks
from rpoint.blood.parameters import MDM2_ANTAGONISTS, ensemble, spread
from rpoint.blood.sources import OURS, cited
from rpoint.errors import RpointError
from rpoint.facts import GRADES, Fact


def every_fact() -> list[Fact]:
    found = list(facts().values())
    for own in risks().values():
        found += [f for r in own for f in (r.incidence, r.onset, r.duration, r.grade4)]
    return found


def whole(one: Fact) -> bool:
    low, high = one.range
    return (
        bool(one.unit and one.source and one.note)
        and one.grade in GRADES
        and 0 < low <= one.value <= high
        and low < high
    )


@pytest.mark.parametrize("one", every_fact(), ids=lambda one: one.name)
def test_every_fact_is_whole(one):
    assert whole(one)
    assert one.source in OURS or cited([one.source])


@pytest.mark.parametrize(
    "change",
    [{"unit": ""}, {"source": ""}, {"grade": "sure"}, {"range": (2.0, 3.0)}, {"note": ""}],
)
def test_a_fact_that_lacks_something_is_found(change):
    one = facts()["platelets_gamma"]
    assert not whole(Fact(**{**vars(one), **change}))


def test_an_unknown_fact_has_a_nearest_name():
    with pytest.raises(RpointError, match="platelets_gamma"):
        fact("platelet_gamma")
    with pytest.raises(RpointError, match="kill_max"):
        central().with_values(kill_maximum=1.0)


def test_draws_are_reproducible_and_stay_in_their_ranges():
    one, two = draw_parameters(7, 3), draw_parameters(7, 3)
    assert one.values == two.values != draw_parameters(7, 4).values
    solved = set(ensemble().columns)
    for name, f in facts().items():
        if name not in solved:
            assert f.range[0] <= one[name] <= f.range[1], name


def test_the_range_is_the_5th_to_95th_percentile():
    f = facts()["slope_palbociclib"]
    assert spread(f, 0.0) == pytest.approx(f.value)
    values = spread(f, np.random.default_rng(1).standard_normal(4000))
    inside = (values > f.range[0]) & (values < f.range[1])
    assert inside.mean() == pytest.approx(0.9, abs=0.03)


def test_siremadlin_is_the_reference_of_its_class():
    p = draw_parameters(1, 0)
    assert p.transfer("siremadlin") == 1.0
    assert len({p.transfer(drug) for drug in MDM2_ANTAGONISTS}) == len(MDM2_ANTAGONISTS)


def test_a_draw_takes_the_solved_numbers_with_the_assumptions_they_were_solved_under():
    p, table = draw_parameters(3, 5), ensemble()
    match = np.isclose(table["kill_max"], p["kill_max"])
    assert match.sum() == 1
    row = table[match].iloc[0]
    for name in ("platelets_mtt", "kill_cv", "stages_platelets", "exchange"):
        assert p[name] == row[name]
    frame = p.to_frame()
    assert set(frame["name"]) == set(facts()) and frame["source"].all()
