"""Runs on disk: chunks, manifest, resume, workers and clusters, and their tables again."""
