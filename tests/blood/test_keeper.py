"""One drug's rules, step by step, on grades that are written down here."""

from __future__ import annotations

import numpy as np

from rpoint.blood import dose_rules
from rpoint.blood.keeper import Keeper, Log

RULES = dose_rules(
    {
        "levels": [1.0, 0.75, 0.5],
        "checks": {"days": [0, 14], "cycle_days": 28},
        "max_hold_days": 21,
        "counts": [
            {"analyte": "platelets", "grade": 3, "recover": 1},
            {"analyte": "platelets", "grade": 3, "occurrence": 2, "recover": 1, "reduce": 1},
            {"analyte": "platelets", "grade": 4, "recover": 1, "reduce": 1},
            {"analyte": "neutrophils", "grade": 3, "cycle_start": True, "recover": 2,
             "slow_days": 7},
        ],
        "events": {"reduce": 1, "discontinue_grade": 4},
    }
)  # fmt: skip


def grades(neutrophils=0, platelets=0):
    return np.array([[neutrophils], [platelets], [0], [0]])


class Story:
    """Judges readings one after the other and keeps what happened."""

    def __init__(self, rules=RULES):
        self.keeper, self.log = Keeper("drug", rules, 1), Log([])

    def see(self, day, **kinds):
        self.keeper.clock[:] = day
        self.keeper.judge(day, np.ones(1, bool), grades(**kinds), self.log)
        return self

    @property
    def told(self):
        return [(e[1], e[3], int(e[5][0])) for e in self.log.entries]


def test_grade_3_platelets_hold_until_grade_1_and_resume_at_the_same_dose():
    story = Story().see(14, platelets=3).see(21, platelets=2).see(28, platelets=1)
    assert story.told == [(14, "hold", 0), (28, "resume", 0)]


def test_the_second_grade_3_and_a_grade_4_reduce_on_resuming():
    story = Story().see(0, platelets=3).see(7).see(14, platelets=3).see(21)
    assert story.told[-2:] == [(21, "resume", 0), (21, "reduce", 1)]
    assert Story().see(0, platelets=4).see(7).told[-1] == (7, "reduce", 1)


def test_below_the_last_level_the_drug_is_stopped():
    story = Story()
    for k in range(3):
        story.see(28 * k, platelets=4).see(28 * k + 7)
    assert [t for t in story.told if t[1] == "reduce"] == [(7, "reduce", 1), (35, "reduce", 2)]
    assert story.told[-1][1] == "discontinue" and story.keeper.stopped.all()
    assert story.see(90, platelets=4).told[-1][1] == "discontinue"


def test_a_hold_that_lasts_too_long_stops_the_drug():
    story = Story().see(0, platelets=3)
    for day in (7, 14, 21):
        story.see(day, platelets=3)
    assert story.told == [(0, "hold", 0), (21, "discontinue", 0)]
    assert list(story.log.entries[-1][4]) == ["held for 21 days"]


def test_a_rule_for_the_start_of_a_cycle_waits_for_it():
    assert Story().see(14, neutrophils=3).told == []
    assert Story().see(28, neutrophils=3).told == [(28, "hold", 0)]


def test_a_slow_recovery_costs_a_level():
    quick = Story().see(28, neutrophils=3).see(35)
    slow = Story().see(28, neutrophils=3).see(35, neutrophils=3).see(42)
    assert quick.told[-1] == (35, "resume", 0)
    assert slow.told[-1] == (42, "reduce", 1)


def test_both_counts_must_have_recovered():
    story = Story().see(28, neutrophils=3, platelets=3)
    story.see(35, platelets=2).see(42, neutrophils=3)
    assert story.told == [(28, "hold", 0)]
    assert story.see(48, neutrophils=2, platelets=1).told[1][:2] == (48, "resume")


def test_an_event_holds_for_its_duration_and_grade_4_stops():
    story, one = Story(), np.array([0])
    story.keeper.event(one, 10, "rash", np.array([3]), np.array([6]), story.log)
    assert story.keeper.held.all()
    story.see(12).see(16)
    assert story.told == [(10, "hold", 0), (16, "resume", 0), (16, "reduce", 1)]
    story.keeper.event(one, 30, "rash", np.array([4]), np.array([6]), story.log)
    assert story.told[-1][:2] == (30, "discontinue")


def test_counts_are_due_on_the_days_of_the_drugs_own_clock():
    keeper = Keeper("drug", RULES, 3)
    keeper.clock[:] = [0, 13, 42]
    assert keeper.due(5, RULES.checks).tolist() == [True, False, True]
    # a clock that stands still is not checked twice
    assert keeper.due(6, RULES.checks).tolist() == [False, False, False]
    keeper.held[0], keeper.since[0] = True, 6
    assert keeper.due(12, RULES.checks)[0] == np.False_
    assert keeper.due(13, RULES.checks)[0] == np.True_
