"""Who is enrolled: tumour types, genotypes, copy numbers and their assays."""

from rpoint.cohort.cohort import Cohort, effective_size
from rpoint.cohort.draw import draw_cohort
from rpoint.cohort.expressions import Expression, Term, parse_alteration, parse_expression
from rpoint.cohort.population import Population
from rpoint.cohort.types import case_mix, cohort_type, cohort_types

__all__ = [
    "Cohort",
    "Expression",
    "Population",
    "Term",
    "case_mix",
    "cohort_type",
    "cohort_types",
    "draw_cohort",
    "effective_size",
    "parse_alteration",
    "parse_expression",
]
