"""Regimens, pharmacokinetics and exposure: from what is ordered to what the tumour sees."""
