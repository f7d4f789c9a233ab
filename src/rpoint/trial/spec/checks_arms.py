"""What an arm's treatment must agree with: its rules, its antibodies, its observed control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rpoint.errors import RpointError, unknown_name
from rpoint.trial.spec.messages import problems_of
from rpoint.trial.spec.problems import Key, Problem, from_error
from rpoint.trial.spec.words import NO_DRUG

if TYPE_CHECKING:
    from rpoint.pharmacology.regimen import Regimen


def arm_problems(name: str, arm: Mapping[str, Any]) -> Iterator[Problem]:
    """Every contradiction inside one arm.

    Parameters
    ----------
    name
        Its name.
    arm
        Its part of the file, as a plain mapping; what is wrong elsewhere is passed over.
    """
    yield from _one_treatment(name, arm)
    given = _regimens(arm)
    if given is None:
        return
    yield from _for_patients(name, given)
    yield from _antibodies(name, arm, given)
    yield from _rules(name, arm, given)


def _one_treatment(name: str, arm: Mapping[str, Any]) -> Iterator[Problem]:
    regimen, control = arm.get("regimen"), arm.get("observed_control")
    if (regimen is None) == (control is None):
        yield Problem(
            ("arms", name),
            "an arm has either a regimen or an observed control",
            found="neither" if regimen is None else "both",
            mend='write regimen: "DRUG DOSE ..." or regimen: none; observed_control is for '
            "a comparator without a drug model",
        )


def _regimens(arm: Mapping[str, Any]) -> list[Regimen] | None:
    """The regimens of the arm and its next line; None if any cannot be read."""
    from rpoint.pharmacology.regimen import parse

    follows = arm.get("next")
    texts = [arm.get("regimen"), follows.get("regimen") if isinstance(follows, Mapping) else None]
    read = []
    for text in texts:
        if text is None or (isinstance(text, str) and text.strip().casefold() == NO_DRUG):
            continue
        try:
            read.append(parse(text))
        except RpointError:
            return None
    return read


def _for_patients(name: str, given: list[Regimen]) -> Iterator[Problem]:
    """Doses that no patient can be given."""
    from rpoint import catalog

    key: Key = ("arms", name, "regimen")
    parts = [part for regimen in given for part in regimen.components]
    for drug in dict.fromkeys(p.drug for p in parts if p.dose.kind == "concentration"):
        yield Problem(
            key,
            f"{drug} is given as a constant concentration, as in a dish",
            allowed="a dose in mg or mg/kg",
        )
    for drug in dict.fromkeys(part.drug for part in parts):
        if catalog.drug(drug).pk_human is None:
            yield Problem(
                key,
                f"{drug} has no human pharmacokinetics",
                mend="`rpoint list drugs` shows which drugs have; for a comparator without a drug "
                "model give observed_control",
            )


def _antibodies(name: str, arm: Mapping[str, Any], given: list[Regimen]) -> Iterator[Problem]:
    from rpoint import catalog

    drugs = [drug for regimen in given for drug in regimen.drugs]
    antibodies = [drug for drug in drugs if catalog.drug(drug).kind == "antibody"]
    if antibodies and arm.get("immune") is None:
        yield Problem(
            ("arms", name),
            f"{antibodies[0]} acts through T cells, which this arm does not have",
            mend="add `immune: {}`; its switches are hypotheses that are off unless named",
        )


def _rules(name: str, arm: Mapping[str, Any], given: list[Regimen]) -> Iterator[Problem]:
    rules = arm.get("rules")
    if not isinstance(rules, Mapping):
        return
    drugs = list(dict.fromkeys(drug for regimen in given for drug in regimen.drugs))
    for drug, rule in rules.items():
        key: Key = ("arms", name, "rules", str(drug))
        if drug not in drugs:
            yield from_error(unknown_name("drug of this arm", drug, drugs), key)
        yield from _rule_set(rule, key)


def _rule_set(rule: Any, key: Key) -> Iterator[Problem]:
    """What is wrong with one set of dose rules; what is neither name nor mapping is passed over."""
    from rpoint.blood.rules import DoseRules, rule_sets

    if isinstance(rule, str) and rule not in rule_sets():
        yield from_error(unknown_name("rule set", rule, rule_sets()), key)
    if not isinstance(rule, Mapping):
        return
    try:
        DoseRules.model_validate(dict(rule))
    except ValidationError as error:
        for problem in problems_of(error, DoseRules):
            yield replace(problem, key=(*key, *problem.key))
