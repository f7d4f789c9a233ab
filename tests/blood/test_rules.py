"""Rule sets as data: what is refused, with the key, and what the named ones say."""

from __future__ import annotations

import pytest

from rpoint.blood import Checks, DoseRules, dose_rules, rule_sets
from rpoint.errors import RpointError

NAMES = (
    "palbociclib ribociclib abemaciclib capivasertib alpelisib alisertib milademetan siremadlin"
    " generic"
).split()


def test_every_drug_of_the_catalogue_of_trials_has_a_rule_set():
    assert set(NAMES) <= set(rule_sets())
    for one in rule_sets().values():
        assert one.title and one.source and one.grade in ("secondary", "inferred", "unverified")
        assert one.fractions[0] == 1.0 and len(one.fractions) > 1


def test_levels_in_mg_are_fractions_of_the_first():
    assert dose_rules("palbociclib").fractions == pytest.approx((1.0, 0.8, 0.6))
    assert DoseRules().fractions == (1.0,)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("palbocicilb", "palbociclib"),
        ({"levles": [1, 0.5]}, "levels"),
        ({"counts": [{"analyte": "platelets", "grade": 3, "recovery": 1}]}, "recover"),
        ({"counts": [{"analyte": "thrombocytes", "grade": 3}]}, "counts > 0 > analyte"),
        ({"counts": [{"analyte": "platelets", "grade": 5}]}, "grade"),
        ({"levels": [1.0, 1.2]}, "descend"),
        ({"levels": [1.0], "levels_mg": [100]}, "not both"),
        ({"checks": {"days": [28], "cycle_days": 28}}, "day 28 is not in a cycle"),
        ({"calendar": "pause"}, "calendar"),
        ({"recheck_days": 0}, "recheck_days"),
        (3, "mapping"),
    ],
)
def test_what_is_wrong_is_named(what, says):
    with pytest.raises(RpointError) as error:
        dose_rules(what, "arms > A > rules")
    assert says in str(error.value)
    assert "arms > A > rules" in str(error.value)


def test_a_rule_set_is_read_from_a_mapping_as_in_a_file():
    one = dose_rules(
        {
            "levels_mg": [260, 200],
            "checks": {"days": [0, 7], "cycle_days": 14},
            "counts": [{"analyte": "platelets", "grade": 3, "recover": 1, "reduce": 1}],
            "events": None,
        }
    )
    assert one.checks == Checks(days=(0, 7), cycle_days=14)
    assert one.counts[0].reduce == 1 and one.counts[0].hold and one.events is None
    assert dose_rules(one) is one
