"""The words of a trial file that other rooms define: drugs, tumours, alterations, rule sets."""

from __future__ import annotations

import re

from rpoint.errors import RpointError, unknown_name

NO_DRUG = "none"
NAME_PATTERN = r"[a-z0-9]+(-[a-z0-9]+)*"
MAX_NAME = 60


def check_tumour(name: str) -> str:
    """The id of a tumour type that cohorts are drawn from; `solid` is all of them."""
    from rpoint.cohort.types import SOLID, cohort_type

    return SOLID if name.strip().casefold() == SOLID else cohort_type(name).id


def check_alteration(name: str) -> str:
    """The name of an alteration of the catalogue, as it is written."""
    from rpoint import catalog

    catalog.alteration(name)
    return name


def check_expression(text: str) -> str:
    """A genotype expression such as `MDM2:cn>=12` or `AKT1|PIK3CA|PTEN:altered`."""
    from rpoint.cohort.expressions import parse_expression

    parse_expression(text)
    return text


def check_regimen(text: str) -> str:
    """A regimen in the regimen grammar; `none` is no drug."""
    from rpoint.pharmacology.regimen import parse

    if text.strip().casefold() != NO_DRUG:
        parse(text)
    return text


def check_clone(name: str) -> str:
    """The name of a resistant clone."""
    from rpoint.tumour.clones import vocabulary_alterations

    vocabulary_alterations(name)
    return name


def check_name(name: str) -> str:
    """The short name of a trial."""
    if re.fullmatch(NAME_PATTERN, name) and len(name) <= MAX_NAME:
        return name
    better = re.sub(r"[^a-z0-9]+", "-", name[: 2 * MAX_NAME].casefold()).strip("-")
    raise RpointError(
        "this cannot be the name of a trial",
        found=name,
        allowed=f"small letters and digits, in words joined by hyphens, at most {MAX_NAME}",
        nearest=better[:MAX_NAME].strip("-") or None,
    )


# Words of a published row's subset besides genotype expressions.
SUBSETS: tuple[str, ...] = (
    "prior:yes",
    "prior:no",
    "visceral:yes",
    "visceral:no",
    "measurable:yes",
    "pakt:high",
    "pakt:low",
    "exposure:q1",
    "exposure:q2",
    "exposure:q3",
    "exposure:q4",
)


def check_subset(text: str) -> str:
    """A genotype expression or one of `SUBSETS`."""
    head = text.partition(":")[0]
    if head in {word.partition(":")[0] for word in SUBSETS}:
        if text not in SUBSETS:
            raise unknown_name("subset", text, SUBSETS)
        return text
    return check_expression(text)
