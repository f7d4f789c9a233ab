"""Regimens: what is given, how much, when.

A regimen is a text that a clinician would write::

    palbociclib 125 mg qd 21/28 + fulvestrant 500 mg im d1,15,29 then q28d

and an immutable object that prints back as one line and gives its doses as a table.  The grammar
(optional parts in brackets, in any order after the dose)::

    regimen    = phase ["then" phase "at progression" | "then" "from" dN phase] ...
    phase      = "vehicle" | component ["+" component] ...
    component  = drug dose [route] ["over" N h] [frequency] [days] [load] [from] [until] [hold]
                 ["then" dose "from" dN] ...            | "continue" drug
    dose       = N mg | g | ug | mg/kg | ug/kg          (a dose)
               | N nM | uM | pM | mM                    (a constant unbound concentration)
    route      = po | iv | im | sc | ip                 (default: the catalogue's)
    frequency  = qd bid tid qid qod qw qNw qNd qNh once
    days       = 21/28 | 4 on/3 off | d1-3,15-17/28 | d1,15,29 ["then" qNd] | mon-fri | mon,wed,fri
    load       = "load" dose dN,..     in place of the doses of those days
    from       = "from" dN | "delay" Nd            until = "until" dN | "for" Nd
    hold       = "hold" dA-B,..        these days without doses, nothing shifted

Conventions.  Day 1 begins at time 0 and is a Monday.  Days of a pattern count from the component's
first day; `from`, `until`, `hold` and the days of dose steps count from the start of the treatment;
in a phase that begins at progression, from that day, which then counts as a Monday.  A dose several
times a day is given at equal intervals, the first at the start of the day.  A new phase ends what
went before; `continue DRUG` carries a drug on as if nothing had changed.  `A then B + C from d57`
is read as `A then from d57 B + C`: a day at the very end of a phase is the phase's.

Not supported, and refused by name: doses per body surface, doses adjusted to a measured level,
decimal commas, parentheses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpoint.pharmacology._components import PROGRESSION, Component, Continued, Phase
from rpoint.pharmacology._parts import Cycle, Days, Dose, Load, Pattern, Step, Weekdays
from rpoint.pharmacology._segments import COLUMNS, MEDIUM, dose_table
from rpoint.pharmacology._text import RegimenError
from rpoint.pharmacology._units import MAX_COMPONENTS, MAX_PHASES
from rpoint.pharmacology.names import NameBook

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "MEDIUM",
    "PROGRESSION",
    "Component",
    "Continued",
    "Cycle",
    "Days",
    "Dose",
    "Load",
    "NameBook",
    "Pattern",
    "Phase",
    "Regimen",
    "RegimenError",
    "Step",
    "Weekdays",
    "parse",
]


def parse(text: str, names: NameBook | None = None) -> Regimen:
    """Read a regimen.

    Parameters
    ----------
    text
        In the grammar of this module's docstring; letter case does not count.
    names
        The drugs that may occur; the catalogue's by default.

    Raises
    ------
    RegimenError
        For a text that cannot be read or contradicts itself: shows the text with carets under the
        word, what is allowed there, the nearest valid name, and how to mend it.

    >>> print(parse("palbociclib 125mg QD 21/28 + fulvestrant 500 mg d1,15,29 then q28d"))
    palbociclib 125 mg po qd 21/28 + fulvestrant 500 mg im d1,15,29 then q28d
    """
    from rpoint.pharmacology._parse import read

    if names is None:
        from rpoint.pharmacology.names import catalogue_names

        names = catalogue_names()
    return Regimen(read(text, names))


@dataclass(frozen=True, slots=True)
class Regimen:
    """What is given, phase after phase; prints as text that `parse` reads back to an equal object.

    Attributes
    ----------
    phases
        At least one.  A phase without components is the untreated arm, 'vehicle'.
    """

    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        if not self.phases or self.phases[0].start != 1:
            raise RegimenError("a regimen starts on day 1", mend="use 'from dN' for a later drug")
        if len(self.phases) > MAX_PHASES:
            raise RegimenError(f"a regimen has at most {MAX_PHASES} phases")
        if len(self.components) > MAX_COMPONENTS:
            raise RegimenError(f"a regimen has at most {MAX_COMPONENTS} components")
        for before, after in zip(self.phases, self.phases[1:], strict=False):
            if after.start == PROGRESSION:
                continue
            if before.start == PROGRESSION:
                raise RegimenError(
                    f"the phase from day {after.start} follows one that begins at progression,"
                    " on a day that is not known",
                    mend="let it begin at progression, too",
                )
            if int(after.start) <= int(before.start):
                raise RegimenError(
                    f"the phase from day {after.start} does not follow that of day {before.start}"
                )
        self._check_continued()

    def _check_continued(self) -> None:
        known: set[str] = set()
        for phase in self.phases:
            for item in phase.components:
                if isinstance(item, Continued) and item.drug not in known:
                    raise RegimenError(
                        f"{item.drug} cannot be continued: the phase before does not give it",
                        allowed=", ".join(sorted(known)) or "nothing in a first phase",
                    )
            known = {item.drug for item in phase.components}

    @classmethod
    def vehicle(cls) -> Regimen:
        """No drug."""
        return cls((Phase(()),))

    @classmethod
    def of(cls, *components: Component) -> Regimen:
        """One phase of these components."""
        return cls((Phase(components),))

    @property
    def components(self) -> tuple[Component, ...]:
        """Every component of every phase, in the order of the text."""
        return tuple(c for p in self.phases for c in p.components if isinstance(c, Component))

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ids of all drugs, each once, in the order of the text."""
        return tuple(dict.fromkeys(c.drug for c in self.components))

    @property
    def needs_weight(self) -> bool:
        """Whether any dose is per kg of body weight."""
        doses = [d for c in self.components for d in (c.dose, *(s.dose for s in c.steps))]
        doses += [c.load.dose for c in self.components if c.load is not None]
        return any(dose.kind == "amount per kg" for dose in doses)

    def segments(
        self,
        weeks: float,
        weight_kg: float | None = None,
        progression_days: Sequence[int] = (),
    ) -> pd.DataFrame:
        """Every dose that falls before the end of `weeks`.

        Parameters
        ----------
        weeks
            Length of the treatment; a dose at exactly its end is not given.
        weight_kg
            Body weight; needed for doses per kg only.
        progression_days
            Days on which the phases 'at progression' begin, ascending; a phase without a day here
            is not reached.

        Returns
        -------
        DataFrame
            Sorted by time; columns `COLUMNS`: time_h (0 = start of day 1), drug, route, amount_mg,
            conc_nM, duration_h.  A dose has an amount and, if it is infused, a duration, else 0;
            a constant concentration has conc_nM, route 'medium' and the length of the exposure.

        Raises
        ------
        RegimenError
            If the weight is missing, or the times cannot be.
        """
        return dose_table(self.phases, weeks, weight_kg, progression_days)

    def ordered_mg(
        self,
        weeks: float,
        weight_kg: float | None = None,
        progression_days: Sequence[int] = (),
    ) -> dict[str, float]:
        """Total amount (mg) of each drug that is dosed within `weeks`."""
        table = self.segments(weeks, weight_kg, progression_days).dropna(subset="amount_mg")
        totals = table.groupby("drug")["amount_mg"].sum()
        return {drug: float(totals[drug]) for drug in self.drugs if drug in totals.index}

    def with_dose_factor(self, factor: float, drug: str | None = None) -> Regimen:
        """A copy with the doses of `drug` (of all drugs) times `factor`."""
        return self._map(lambda c: c.scaled(factor) if drug in (None, c.drug) else c)

    def without(self, drug: str) -> Regimen:
        """A copy that does not give `drug`."""
        return Regimen(
            tuple(
                Phase(tuple(c for c in phase.components if c.drug != drug), phase.start)
                for phase in self.phases
            )
        )

    def only(self, drug: str) -> Regimen:
        """A copy that gives `drug` alone."""
        regimen = self
        for other in self.drugs:
            regimen = regimen if other == drug else regimen.without(other)
        return regimen

    def __add__(self, other: Regimen) -> Regimen:
        """Both regimens together; each must have one phase."""
        if len(self.phases) != 1 or len(other.phases) != 1:
            raise RegimenError(
                "only regimens of one phase can be added",
                mend="write the sequence as one text: A + C then B + C at progression",
            )
        return Regimen((Phase(self.phases[0].components + other.phases[0].components),))

    def _map(self, change) -> Regimen:
        return Regimen(
            tuple(
                Phase(
                    tuple(change(c) if isinstance(c, Component) else c for c in phase.components),
                    phase.start,
                )
                for phase in self.phases
            )
        )

    def to_dict(self) -> dict[str, object]:
        """The text, the drugs, and each component's parts as texts and numbers."""
        rows = [_row(i, phase, c) for i, phase in enumerate(self.phases) for c in phase.components]
        return {"regimen": str(self), "drugs": list(self.drugs), "components": rows}

    def to_frame(self) -> pd.DataFrame:
        """One row for each component: phase, its start, drug, dose, route, how often, days."""
        import pandas as pd

        return pd.DataFrame(self.to_dict()["components"], columns=list(_ROW))

    def __str__(self) -> str:
        text = str(self.phases[0])
        for phase in self.phases[1:]:
            if phase.start == PROGRESSION:
                text += f" then {phase} at progression"
            else:
                text += f" then from d{phase.start} {phase}"
        return text

    def __repr__(self) -> str:
        return f"Regimen({str(self)!r})"


_ROW = ("phase", "start", "drug", "dose", "unit", "route", "interval_h", "days", "text")


def _row(index: int, phase: Phase, item: Component | Continued) -> dict[str, object]:
    """One component as a flat record; a continued drug has its name and text only."""
    row: dict[str, object] = dict.fromkeys(_ROW)
    row |= {"phase": index + 1, "start": phase.start, "drug": item.drug, "text": str(item)}
    if isinstance(item, Component):
        row |= {
            "dose": item.dose.amount,
            "unit": item.dose.unit,
            "route": item.route,
            "interval_h": item.interval_h,
            "days": None if item.pattern is None else str(item.pattern),
        }
    return row
