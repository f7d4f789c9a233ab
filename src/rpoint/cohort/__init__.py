"""Who is enrolled: tumour types, genotypes, copy numbers and their assays."""

from rpoint.cohort.expressions import Expression, Term, parse_alteration, parse_expression

__all__ = ["Expression", "Term", "parse_alteration", "parse_expression"]
