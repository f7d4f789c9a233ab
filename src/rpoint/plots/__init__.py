"""Figures as data: each function takes a table and gives a `Figure`; nothing here simulates."""

from rpoint.plots._figure import Figure

__all__ = ["Figure"]
