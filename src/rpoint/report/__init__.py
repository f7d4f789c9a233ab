"""One-file HTML reports: everything inside, nothing loaded from a network."""

from rpoint.report.page import Page, Section, Table, write_page

__all__ = ["Page", "Section", "Table", "write_page"]
