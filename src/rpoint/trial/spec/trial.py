"""The trial file: what a virtual trial is, in one immutable object.

>>> from rpoint.trial.read import read_trial
>>> trial = read_trial("mantra-2")
>>> trial.patients, tuple(trial.arms), trial.visits.scan_weeks
(40, ('milademetan 260 mg 3/14',), 8.0)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from rpoint.trial.spec.analysis import Analysis
from rpoint.trial.spec.arms import Arms
from rpoint.trial.spec.base import Items, Spec, Text
from rpoint.trial.spec.checks import cross_problems
from rpoint.trial.spec.conduct import Assessment, Cutoff, Dropout, Enrolment, Treatment, Visits
from rpoint.trial.spec.population import Population
from rpoint.trial.spec.problems import CrossProblems
from rpoint.trial.spec.published import Fact, Published
from rpoint.trial.spec.words import check_name

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1


class Trial(Spec):
    """A virtual trial."""

    rpoint_trial: Literal[1]
    """Version of this format; 1."""
    name: Annotated[str, AfterValidator(check_name)]
    """Short name: small letters, digits and hyphens."""
    title: Text
    """What the trial is, in one line."""
    registry: Text | None = None
    """Number in a register of trials."""
    source: Text | None = None
    """Publication: key of the catalogue's sources, or a citation."""
    question: Text | None = None
    """The question that the simulation is to answer."""
    context_of_use: Text | None = None
    """What the answer informs, for whom, and what it does not."""
    population: Population
    """Who may enter."""
    arms: Arms
    """The arms by name."""
    enrolment: Enrolment
    """When patients enter."""
    visits: Visits
    """Scans and blood counts."""
    assessment: Assessment = Assessment()
    """How scans are read."""
    dropout: Dropout = Dropout()
    """Patients who leave."""
    treatment: Treatment = Treatment()
    """How long treatment lasts."""
    cutoff: Cutoff
    """When the data are cut off."""
    analysis: Analysis = Analysis()
    """What is analysed."""
    published: Items[Published] = ()
    """What was published, to compare with."""
    facts: dict[str, Fact] = Field(default_factory=dict)
    """How well values of this file are known: path of the value -> grade, source, note."""
    notes: Items[Text] = ()
    """What a reader should know."""

    @model_validator(mode="after")
    def _parts_agree(self) -> Trial:
        problems = cross_problems(self.model_dump())
        if problems:
            raise CrossProblems(problems)
        return self

    @property
    def patients(self) -> int:
        """Number of patients in all arms."""
        return sum(arm.patients for arm in self.arms.values())

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ids of all drugs of all arms and next lines, each once."""
        return tuple(dict.fromkeys(drug for arm in self.arms.values() for drug in arm.drugs))

    def to_dict(self) -> dict[str, Any]:
        """The trial as plain mappings, lists, texts and numbers; defaults included."""
        return self.model_dump(mode="json")

    def to_frame(self) -> pd.DataFrame:
        """One row for each arm: arm, patients, regimen, rules."""
        import pandas as pd

        rows = [
            (name, arm.patients, arm.regimen, ", ".join(arm.rules or ()) or "none")
            for name, arm in self.arms.items()
        ]
        return pd.DataFrame(rows, columns=["arm", "patients", "regimen", "rules"])

    def __repr__(self) -> str:
        arms = "1 arm" if len(self.arms) == 1 else f"{len(self.arms)} arms"
        return f"<Trial {self.name}: {arms}, {self.patients} patients>"

    __str__ = __repr__

    def digest(self) -> str:
        """SHA-256 of the content, whatever the layout and comments of the file; hexadecimal."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=True, allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def changed(self, changes: Mapping[Any, Any]) -> Trial:
        """A copy with other values, checked as a file is.

        Parameters
        ----------
        changes
            Path of the value -> new value: `{"visits.scan_weeks": 12}`.  A part of a path that
            itself holds a dot, such as an arm's name, is given as a tuple of parts instead.

        Raises
        ------
        TrialProblems
            If the path or the value cannot be.
        """
        from rpoint.trial.read import trial_of

        data = self.model_dump()
        for path, value in changes.items():
            *above, last = path.split(".") if isinstance(path, str) else path
            here = data
            for part in above:
                here = here.setdefault(part, {})
            here[last] = value
        return trial_of(data, where=f"changed copy of {self.name}")
