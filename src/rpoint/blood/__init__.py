"""Blood counts under drugs, their grades, and the dose rules that follow from them."""

from rpoint.blood.counts import BloodRun, counts, draw_patients, schedules
from rpoint.blood.course import LOWER_LIMITS, BloodCourse, run_blood
from rpoint.blood.nominal import Nominal, Taken, nominal
from rpoint.blood.outcomes import (
    TERMS,
    course_table,
    incidence_table,
    share_with_action,
    worst_grade,
)
from rpoint.blood.parameters import Parameters, central, draw_parameters, fact, facts
from rpoint.blood.people import ANALYTES, UNITS, BloodPatients
from rpoint.blood.predict import (
    Setting,
    check_settings,
    predicted_against_published,
    predicted_rates,
    rate_interval,
)
from rpoint.blood.risks import Risk, risk_table, risks
from rpoint.blood.rules import Checks, CountRule, DoseRules, EventRule, dose_rules, rule_sets

__all__ = [
    "ANALYTES",
    "LOWER_LIMITS",
    "TERMS",
    "UNITS",
    "BloodCourse",
    "BloodPatients",
    "BloodRun",
    "Checks",
    "CountRule",
    "DoseRules",
    "EventRule",
    "Nominal",
    "Parameters",
    "Risk",
    "Setting",
    "Taken",
    "central",
    "check_settings",
    "counts",
    "course_table",
    "dose_rules",
    "draw_patients",
    "draw_parameters",
    "fact",
    "facts",
    "incidence_table",
    "nominal",
    "predicted_against_published",
    "predicted_rates",
    "rate_interval",
    "risk_table",
    "risks",
    "rule_sets",
    "run_blood",
    "schedules",
    "share_with_action",
    "worst_grade",
]
