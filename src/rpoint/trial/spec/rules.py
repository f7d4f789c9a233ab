"""Dose rules in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rpoint.blood.rules import CountRule, DoseRules, EventRule

_TIMES = {1: "", 2: ", from the second time on", 3: ", from the third time on"}


def rules_in_words(rules: Mapping[str, Any]) -> Iterator[str]:
    """Sentences that say what is done about counts and events.

    Parameters
    ----------
    rules
        Drug -> name of a rule set, or a set written out, as in a trial file.
    """
    from rpoint.blood.rules import dose_rules

    for drug, given in rules.items():
        found = dose_rules(given)
        known = f", {found.grade}" if found.grade else ""
        yield f"{drug}: {_levels(found)} ({found.title or 'written out in the file'}{known})"
        yield f"{drug}: counted on {_checks(found)}"
        for rule in found.counts:
            yield f"{drug}: {_count(rule)}"
        if found.events is not None:
            yield f"{drug}: {_event(found.events)}"
        lost = "their doses are lost" if found.calendar == "keep" else "the cycle is delayed"
        yield f"{drug}: holds of at most {found.max_hold_days} days; {lost}"


def _levels(rules: DoseRules) -> str:
    if rules.levels_mg:
        return "dose levels " + ", ".join(f"{mg:g}" for mg in rules.levels_mg) + " mg"
    if rules.levels:
        return "dose levels " + ", ".join(f"{100 * f:.0f}" for f in rules.levels) + " %"
    return "one dose level"


def _checks(rules: DoseRules) -> str:
    checks = rules.checks
    first = ", ".join(str(day + 1) for day in checks.days)
    text = f"day {first} of {checks.cycle_days}"
    if checks.until_cycle is not None:
        then = ", ".join(str(day + 1) for day in checks.then) or "none"
        text += f" in {checks.until_cycle} cycles, then on day {then}"
    return text


def _count(rule: CountRule) -> str:
    when = " at the start of a cycle" if rule.cycle_start else ""
    what = f"{rule.analyte} of grade {rule.grade}{'' if rule.grade == 4 else ' or worse'}{when}"
    what += _TIMES.get(rule.occurrence, f", from occurrence {rule.occurrence} on")
    if rule.discontinue:
        return f"{what}: stop for good"
    done = []
    if rule.hold:
        done.append(f"hold until grade {rule.recover}")
    if rule.reduce:
        done.append(_lower(rule.reduce))
    elif rule.hold and rule.slow_days is not None:
        done.append(f"{_lower(rule.slow_reduce)} if that takes more than {rule.slow_days} days")
    elif rule.hold:
        done.append("resume the same dose")
    return f"{what}: {', '.join(done) or 'nothing'}"


def _event(rule: EventRule) -> str:
    held = "while it lasts" if rule.hold_days is None else f"for {rule.hold_days} days"
    text = f"other event of grade 3: hold {held}, {_lower(rule.reduce)}"
    text += _TIMES.get(rule.occurrence, f", from occurrence {rule.occurrence} on")
    if rule.discontinue_grade <= 4:
        text += f"; grade {rule.discontinue_grade}: stop for good"
    return text


def _lower(levels: int) -> str:
    if not levels:
        return "resume the same dose"
    return f"resume {'one level' if levels == 1 else f'{levels} levels'} lower"
