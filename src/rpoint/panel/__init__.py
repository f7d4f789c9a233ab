"""Panels of real tumours: from genotype and expression to predicted response, and how good."""
