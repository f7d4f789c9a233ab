"""Claims of the founding documents as experiments with falsifiers and verdicts."""
