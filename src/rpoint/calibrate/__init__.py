"""Calibration: measured targets, acceptance, sampling, and the shipped ensemble."""
