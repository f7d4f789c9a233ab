"""Hundreds of command lines in one process: the options of a command are read once."""

from __future__ import annotations

from functools import cache

import pytest
import typer.main


@pytest.fixture(autouse=True, scope="session")
def options_read_once():
    """Typer reads the signature of every command at every call: once is enough here."""
    patch = pytest.MonkeyPatch()
    name = "get_params_from_function"
    patch.setattr(typer.main, name, cache(getattr(typer.main, name)))
    yield
    patch.undo()
