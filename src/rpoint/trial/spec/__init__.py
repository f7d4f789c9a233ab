"""The trial file: what it may say, how it is checked, what it plans and costs."""

from rpoint.trial.spec.analysis import ENDPOINTS, Analysis, Interim, Sets, Simon
from rpoint.trial.spec.arms import Arm, Immune, NextLine, ObservedControl
from rpoint.trial.spec.conduct import (
    MONTH_D,
    Assessment,
    Cutoff,
    Dropout,
    Enrolment,
    Treatment,
    Visits,
)
from rpoint.trial.spec.population import Growth, Population, ResistantClone
from rpoint.trial.spec.published import Fact, Published
from rpoint.trial.spec.trial import SCHEMA_VERSION, Trial

__all__ = [
    "ENDPOINTS",
    "MONTH_D",
    "SCHEMA_VERSION",
    "Analysis",
    "Arm",
    "Assessment",
    "Cutoff",
    "Dropout",
    "Enrolment",
    "Fact",
    "Growth",
    "Immune",
    "Interim",
    "NextLine",
    "ObservedControl",
    "Population",
    "Published",
    "ResistantClone",
    "Sets",
    "Simon",
    "Treatment",
    "Trial",
    "Visits",
]
