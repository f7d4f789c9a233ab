"""What no part of a trial file can see alone: names of arms, numbers that contradict each other.

Works on plain mappings, not on the models, so that a file with a wrong value elsewhere still gets
these checks: whatever is missing or of the wrong kind is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rpoint.errors import unknown_name
from rpoint.trial.spec.checks_arms import arm_problems
from rpoint.trial.spec.problems import Key, Problem, from_error

ALL = "all"  # stands for all arms together in a published row


def cross_problems(data: Mapping[str, Any]) -> list[Problem]:
    """Every contradiction between the parts of a trial.

    Parameters
    ----------
    data
        The trial as plain mappings and lists; may be incomplete or wrong elsewhere.
    """
    arms = {str(k): v for k, v in _map(data.get("arms")).items() if isinstance(v, Mapping)}
    if not arms:
        return []
    checks = (_names, _contrast, _follow, _cutoff, _events, _simon, _sets, _arms, _facts)
    return [problem for check in checks for problem in check(data, arms)]


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _patients(arms: Mapping[str, Any]) -> float | None:
    counts = [_number(arm.get("patients")) for arm in arms.values()]
    return None if None in counts else sum(c for c in counts if c is not None)


def _unknown(key: Key, name: Any, arms: Mapping[str, Any]) -> Iterator[Problem]:
    if isinstance(name, str) and name not in arms:
        yield from_error(unknown_name("arm", name, arms), key)


def _names(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    for name in arms:
        if name == ALL or " vs " in name or not name.strip() or name != name.strip():
            yield Problem(
                ("arms", name),
                "this cannot be the name of an arm",
                allowed="any text but 'all', without ' vs ' and without spaces at its ends",
            )
    rows = data.get("published")
    for i, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
        named = _map(row).get("arm")
        if not isinstance(named, str) or named == ALL:
            continue
        for part in named.split(" vs "):
            yield from _unknown(("published", i, "arm"), part, arms)


def _contrast(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    pair = _map(data.get("analysis")).get("contrast")
    if not isinstance(pair, list | tuple):
        return
    for i, name in enumerate(pair):
        yield from _unknown(("analysis", "contrast", i), name, arms)
    if len(pair) == 2 and pair[0] == pair[1]:
        yield Problem(
            ("analysis", "contrast"),
            "a contrast compares two different arms",
            found=f"{pair[0]} twice",
            allowed="[treated arm, control arm]",
        )


def _follow(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    for name, arm in arms.items():
        key: Key = ("arms", name, "crossover")
        yield from _unknown(key, arm.get("crossover"), arms)
        goal = _map(arms.get(str(arm.get("crossover"))))
        if arm.get("crossover") == name:
            yield Problem(key, "an arm cannot cross over to itself", found=name)
        elif goal and goal.get("regimen") is None:
            yield Problem(key, "patients cannot cross over to an observed control")
        if arm.get("crossover") is not None and arm.get("next") is not None:
            yield Problem(
                key,
                "an arm has either a next line or a crossover",
                found="both",
                mend="leave out next or crossover",
            )


def _cutoff(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    enrolment = _number(_map(data.get("enrolment")).get("months"))
    cut = _number(_map(data.get("cutoff")).get("months_after_first_entry"))
    if enrolment is not None and cut is not None and cut < enrolment:
        yield Problem(
            ("cutoff", "months_after_first_entry"),
            "the data are cut off before the last patient has entered",
            found=f"{cut:g} months, with enrolment over {enrolment:g} months",
            allowed=f"at least {enrolment:g}",
        )


def _events(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    events = _number(_map(data.get("cutoff")).get("events"))
    patients = _patients(arms)
    if events is not None and patients is not None and events > patients:
        yield Problem(
            ("cutoff", "events"),
            "more events than patients",
            found=f"{events:g} events, {patients:g} patients in all arms",
            allowed=f"at most {patients:g}",
        )


def _simon(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    interim = _map(_map(data.get("analysis")).get("interim"))
    n = _number(_map(interim.get("simon")).get("n"))
    if n is None:
        return
    if len(arms) != 1:
        yield Problem(
            ("analysis", "interim", "simon"),
            "Simon's design is for a single arm",
            found=f"{len(arms)} arms",
        )
    patients = _patients(arms)
    if len(arms) == 1 and patients is not None and n > patients:
        yield Problem(
            ("analysis", "interim", "simon", "n"),
            "Simon's design needs more patients than the arm has",
            found=f"n {n:g}, {patients:g} patients",
            mend="raise patients, or take a smaller design",
        )


def _sets(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    efficacy = _map(_map(data.get("analysis")).get("sets")).get("efficacy")
    population = _map(data.get("population"))
    if efficacy == "central" and not population.get("central"):
        yield Problem(
            ("analysis", "sets", "efficacy"),
            "the efficacy set is central, but the population names no central test",
            mend='give population.central, such as ["MDM2:cn>=8"], or set efficacy: all',
        )
    required, excluded = population.get("require"), population.get("exclude")
    if isinstance(required, list | tuple) and isinstance(excluded, list | tuple):
        for i, text in enumerate(excluded):
            if text in required:
                yield Problem(
                    ("population", "exclude", i), "required and excluded at once", found=str(text)
                )


def _arms(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    for name, arm in arms.items():
        yield from arm_problems(name, arm)


def _facts(data: Mapping[str, Any], arms: Mapping[str, Any]) -> Iterator[Problem]:
    for path in _map(data.get("facts")):
        here: Any = data
        for part in str(path).split("."):
            known = isinstance(here, Mapping) and part in here
            here = here[part] if known else None
            if not known:
                yield Problem(
                    ("facts", str(path)),
                    "facts tells about a value that the file does not have",
                    mend="write the path of a value of this file, such as visits.scan_weeks",
                )
                break
