"""The published definitions of hyperprogression, as data.

Strict and non-strict signs are as printed.  Sources and grades: definition tables of published
reviews (PMC7011624 and others) unless another source is named; "read: abstract" was read in the
paper's own abstract.
"""

from __future__ import annotations

from dataclasses import dataclass

from rpoint.endpoints._hp_rules import All, AtLeast, Is, Rule, leaves
from rpoint.errors import RpointError, unknown_name

# Indices that cannot be had without a scan before the baseline scan.
FROM_PRE = frozenset(
    ("tgr_pre", "tgr_ratio", "delta_tgr", "tgk_pre", "tgk_ratio", "pace_pre", "pace_ratio")
)
# Of these, the ratios: undefined unless the tumour grew before treatment.
RATIOS = frozenset(("tgr_ratio", "tgk_ratio", "pace_ratio"))

SHORT_TTF = Is("ttf_months", "<", 2)
PD_FIRST = Is("pd_at_first", "is", 1)
UP_BY_HALF = Is("burden_change_pct", ">", 50)


@dataclass(frozen=True)
class Definition:
    """One definition.

    Attributes
    ----------
    key, name
        Such as "kato", "Kato 2017".
    rule
        The rule as data.
    source, grade
        Where the rule was seen, and how (read, secondary, unverified, inferred).
    note
        What is open in its wording.
    """

    key: str
    name: str
    rule: Rule
    source: str
    grade: str
    note: str = ""

    @property
    def indices(self) -> tuple[str, ...]:
        """The indices that the rule compares, each once."""
        return tuple(dict.fromkeys(leaf.index for leaf in leaves(self.rule)))

    @property
    def needs_pre_scan(self) -> bool:
        """Whether the rule compares growth before treatment."""
        return bool(FROM_PRE.intersection(self.indices))

    def text(self) -> str:
        """The rule in words."""
        return self.rule.text()


REVIEW = "definition tables of reviews (PMC7011624 and others)"
OWN_PACE = "the paper's own formula of pace was not seen; the convention is an option"

_CHAMPIAT = All(PD_FIRST, Is("tgr_ratio", ">=", 2))

# Lo Russo 2019: at least three of five.
_LO_RUSSO = AtLeast(
    3,
    SHORT_TTF,
    Is("burden_change_pct", ">=", 50),
    Is("new_in_involved_organ", ">=", 2),
    Is("new_organ", "is", 1),
    Is("ecog_worsening", ">=", 2),
)

# Matos 2020: the exact wording was not seen.  Two readings.
MATOS: dict[str, Rule] = {
    "increase": All(
        Is("pd_within_8_weeks", "is", 1),
        Is("increase_mm", ">=", 10),
        AtLeast(
            1,
            Is("burden_change_pct", ">=", 40),
            All(Is("burden_change_pct", ">=", 20), Is("organs_with_new", ">=", 2)),
        ),
    ),
    "review": All(
        Is("ttf_months", "<=", 2),
        AtLeast(
            1,
            Is("burden_change_pct", ">", 40),
            Is("new_in_involved_organ", ">=", 2),
            Is("new_organ", "is", 1),
        ),
    ),
}


def definitions(*, matos: str = "increase", kas_needs_pd: bool = False) -> tuple[Definition, ...]:
    """All twelve definitions.

    Parameters
    ----------
    matos
        "increase" (progression within 8 weeks, 10 mm, and +40 % or +20 % with new lesions in two
        organs) or "review" (the wording of a review table).
    kas_needs_pd
        Ask for RECIST progression at the first evaluation, too, in the rule of Kas 2020.
    """
    if matos not in MATOS:
        raise unknown_name("wording of the Matos rule", matos, MATOS, where="matos")
    over_100 = Is("delta_tgr", ">", 100)
    kas = All(PD_FIRST, over_100) if kas_needs_pd else over_100
    return (
        Definition("champiat", "Champiat 2017", _CHAMPIAT, REVIEW, "secondary"),
        Definition(
            "saada_bouzid", "Saâda-Bouzid 2017", Is("tgk_ratio", ">=", 2), REVIEW, "secondary"
        ),
        Definition(
            "kato", "Kato 2017", All(SHORT_TTF, UP_BY_HALF, Is("pace_ratio", ">", 2)),
            "Kato 2017, PMID 28351930", "read: abstract", OWN_PACE,
        ),
        Definition(
            "nanchang", "Nanchang 2019", All(SHORT_TTF, UP_BY_HALF),
            "Ju 2019, J Clin Oncol 37(15 suppl):2557", "read: abstract",
        ),
        Definition(
            "ferrara", "Ferrara 2018", All(PD_FIRST, Is("delta_tgr", ">", 50)), REVIEW, "secondary"
        ),
        Definition("lo_russo", "Lo Russo 2019", _LO_RUSSO, REVIEW, "secondary"),
        Definition(
            "matos", "Matos 2020", MATOS[matos],
            REVIEW if matos == "review" else "from memory",
            "secondary" if matos == "review" else "unverified",
            "the exact boolean wording was not seen",
        ),
        Definition(
            "kas", "Kas 2020", kas, "Kas 2020, PMC7290708", "read: abstract",
            "whether progression is also asked was not seen",
        ),
        Definition("kanjanapan", "Kanjanapan 2019", _CHAMPIAT, REVIEW, "secondary"),
        Definition(
            "kim", "Kim 2019",
            All(AtLeast(1, Is("tgk_ratio", ">=", 2), Is("tgr_ratio", ">=", 2)), SHORT_TTF),
            REVIEW, "secondary",
        ),
        Definition(
            "fast_progression", "fast progression",
            All(Is("burden_change_pct", ">=", 50), Is("first_scan_weeks", "<=", 6)),
            REVIEW, "secondary", "a first scan later than 6 weeks is a no",
        ),
        Definition(
            "early_death", "early death", Is("death_from_pd_within_12_weeks", "is", 1),
            REVIEW, "secondary", "12 weeks are counted from the first dose",
        ),
    )  # fmt: skip


KEYS: tuple[str, ...] = tuple(one.key for one in definitions())


def choose(
    wanted: str | list[str | Definition] | tuple[str | Definition, ...] | None,
    known: tuple[Definition, ...],
) -> tuple[Definition, ...]:
    """Definitions by key or name, or definitions of one's own; None and "all" mean every one.

    Raises
    ------
    RpointError
        For an unknown name, or two definitions with one key.
    """
    if wanted is None or wanted == "all":
        return known
    names = {one.key: one for one in known} | {one.name.casefold(): one for one in known}
    found: list[Definition] = []
    for item in wanted.split(",") if isinstance(wanted, str) else wanted:
        if isinstance(item, Definition):
            found.append(item)
            continue
        word = str(item).strip().casefold()
        if word not in names:
            raise unknown_name("definition of hyperprogression", item, [one.key for one in known])
        found.append(names[word])
    found = list({id(one): one for one in found}.values())
    keys = [one.key for one in found]
    if len(set(keys)) < len(keys) or not keys:
        raise RpointError(
            "definitions need different keys, and at least one", found=", ".join(keys) or "none"
        )
    return tuple(found)
